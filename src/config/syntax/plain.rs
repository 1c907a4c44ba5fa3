//! Our own form: a size with options in plain words, `400x300/fit/cover/gravity/auto`.

use super::form::Form;
use super::options::{self, Fit, Options, ThumbnailOption};
use super::refusal::Refusal;
use super::sizes::{self, Flaw};
use super::words::{Argument, Words};
use crate::config::mistake::{Findings, Mistake, Written};
use crate::config::source::written::{WrittenOption, WrittenValue};
use crate::recipe::{Geometry, Gravity, Scaling, Step};

/// Width and height of the box, of which one may be free.
type Sides = (Option<u32>, Option<u32>);

/// Reads a text.
pub(super) fn read(text: &str) -> Result<(Vec<Step>, Options), Refusal> {
    let size = text.split('/').next().unwrap_or(text);
    if size.contains(',') || (text.contains(',') && text.contains('=')) {
        return Err(Refusal::Comma);
    }
    let sides = sides(size, Refusal::Thumbnail)?;
    let mut words = Words::after_first(text);
    let mut options = Options::default();
    while let Some(word) = words.next() {
        options.take(word, &mut words)?;
    }
    Ok((steps(&options, sides)?, options))
}

/// Reads the members of a thumbnail that is an object. Keeps the mistakes of all.
pub(super) fn read_members(
    size: &Written,
    members: &[WrittenOption],
    findings: &mut Findings,
) -> Option<(Vec<Step>, Options)> {
    let mut options = Options::default();
    let before = findings.len();
    let sides = findings.note(size.parse(|text| sides(text, Refusal::Size)));
    for member in members {
        findings.note(read_member(&mut options, member));
    }
    if findings.len() > before {
        return None;
    }
    let steps = findings.note(steps(&options, sides?).map_err(|refusal| size.refuse(refusal)))?;
    Some((steps, options))
}

fn read_member(options: &mut Options, member: &WrittenOption) -> Result<(), Mistake> {
    let WrittenOption { setting, word, value } = member;
    let Some(option) = options::find(word) else {
        let known = options::OPTIONS.map(|option| option.word).join(", ");
        return Err(Mistake::Member { path: setting.clone(), known: format!("size, {known}") });
    };
    let Some((text, fits)) = text_of(option, value) else { return Ok(()) };
    Written::new(setting.as_str(), text).parse(|text| {
        let argument = Argument::new(option.word, text, option.form)?;
        if fits { (option.set)(options, argument) } else { Err(argument.refuse(Flaw::Form)) }
    })
}

/// The value as it reads in a text, and whether the option takes values of this kind. `None` if it is left out.
fn text_of(option: &ThumbnailOption, value: &WrittenValue) -> Option<(String, bool)> {
    Some(match (value, &option.list) {
        (WrittenValue::Null, _) => return None,
        (WrittenValue::List(items), Some(list)) => (items.join(list.separator), true),
        (WrittenValue::List(items), None) => (format!("[{}]", items.join(", ")), false),
        (WrittenValue::Switch(switch), _) if matches!(option.values, Form::Switch) => {
            (u8::from(*switch).to_string(), true)
        }
        (WrittenValue::Switch(switch), _) => (switch.to_string(), false),
        (WrittenValue::Text(text), _) => (text.clone(), true),
    })
}

/// Parses the size. `otherwise` refuses what does not read like one.
fn sides(text: &str, otherwise: Refusal) -> Result<Sides, Refusal> {
    sizes::sides(text).map_err(|flaw| match flaw {
        Flaw::Form => {
            let number = text.strip_suffix("px").unwrap_or(text);
            let is_number = (1..=5).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
            if is_number { Refusal::OneSide(number.to_owned()) } else { otherwise }
        }
        Flaw::Range { number, what, allowed } => Refusal::range(number, what, &allowed),
    })
}

/// The steps that bring an image to the box.
fn steps(options: &Options, (width, height): Sides) -> Result<Vec<Step>, Refusal> {
    let fit = options.fit.unwrap_or(Fit::Inside);
    let scaling = options.enlarge.unwrap_or(Scaling::ShrinkOnly);
    let inside = Step::Thumbnail(Geometry::Fit { width, height, scaling });
    if options.gravity.is_some() && fit != Fit::Cover {
        return Err(Refusal::Lonely { operation: "gravity or focus", needs: "fit/cover" });
    }
    if options.enlarge.is_some() && fit == Fit::Exact {
        return Err(Refusal::Lonely { operation: "enlarge", needs: "fit/inside, fit/cover or fit/pad" });
    }
    if fit == Fit::Inside {
        return Ok(vec![inside]);
    }
    let (Some(width), Some(height)) = (width, height) else {
        return Err(Refusal::Lonely { operation: "fit", needs: "both sides, as in 400x300" });
    };
    let crop = Step::Crop {
        width: Some(width),
        height: Some(height),
        gravity: options.gravity.unwrap_or(Gravity::Center),
    };
    Ok(match fit {
        Fit::Cover => vec![Step::Thumbnail(Geometry::Cover { width, height, scaling }), crop],
        Fit::Exact => vec![Step::Thumbnail(Geometry::Exact { width, height })],
        Fit::Inside => vec![inside],
        Fit::Pad => vec![inside, Step::Pad { width, height, color: None }],
    })
}
