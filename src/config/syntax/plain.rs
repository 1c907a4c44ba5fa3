//! Our own form: a size or a ratio with options in plain words, `400x300/fit/cover/gravity/auto`.

use super::form::Form;
use super::options::{self, Fit, Options, ThumbnailOption};
use super::refusal::Refusal;
use super::sizes::{self, Flaw};
use super::words::{Argument, Words};
use crate::config::mistake::{Findings, Mistake, Written};
use crate::config::source::watermark_files::WatermarkFiles;
use crate::config::source::written::{WrittenOption, WrittenValue};
use crate::recipe::{Geometry, Gravity, Scaling, Step};

/// Longest side of what a ratio is cropped to, pixels: that of every size.
const LONGEST_SIDE: u32 = *sizes::SIDES.end();

/// The size of a thumbnail as written.
#[derive(Clone, Copy, Debug)]
enum Size {
    /// Proportions of width and height, for a window of the image's own pixels.
    Ratio(u32, u32),
    /// Width and height of a box, of which one may be free.
    Sides(Option<u32>, Option<u32>),
}

/// Reads a text.
pub(super) fn read(text: &str, files: &WatermarkFiles) -> Result<(Vec<Step>, Options), Refusal> {
    let size = text.split('/').next().unwrap_or(text);
    if size.contains(',') || (text.contains(',') && text.contains('=')) {
        return Err(Refusal::Comma);
    }
    let size = parse_size(size, Refusal::Thumbnail)?;
    let mut words = Words::after_first(text, files);
    let mut options = Options::default();
    while let Some(word) = words.next() {
        options.take(word, &mut words)?;
    }
    Ok((steps(&options, size)?, options))
}

/// Reads the members of a thumbnail that is an object. Keeps the mistakes of all.
pub(super) fn read_members(
    size: &Written,
    members: &[WrittenOption],
    files: &WatermarkFiles,
    findings: &mut Findings,
) -> Option<(Vec<Step>, Options)> {
    let mut options = Options::default();
    let before = findings.len();
    let parsed = findings.note(size.parse(|text| parse_size(text, Refusal::Size)));
    for member in members {
        findings.note(read_member(&mut options, member, files));
    }
    if findings.len() > before {
        return None;
    }
    let steps = findings.note(steps(&options, parsed?).map_err(|refusal| size.refuse(refusal)))?;
    Some((steps, options))
}

fn read_member(options: &mut Options, member: &WrittenOption, files: &WatermarkFiles) -> Result<(), Mistake> {
    let WrittenOption { setting, word, value } = member;
    let Some(option) = options::find(word) else {
        let known = options::OPTIONS.map(|option| option.word).join(", ");
        return Err(Mistake::Member { path: setting.clone(), known: format!("size, {known}") });
    };
    let Some((text, fits)) = text_of(option, value) else { return Ok(()) };
    Written::new(setting.as_str(), text).parse(|text| {
        let argument = Argument::new(option.word, text, option.form, files)?;
        if fits { (option.set)(options, argument) } else { Err(argument.refuse(Flaw::Form)) }
    })
}

/// The value as it reads in a text, and whether the option takes values of this kind. `None` if it is left out.
fn text_of(option: &ThumbnailOption, value: &WrittenValue) -> Option<(String, bool)> {
    Some(match (value, &option.list) {
        (WrittenValue::Null, _) => return None,
        (WrittenValue::List(items), Some(list)) => (items.join(list.separator), true),
        (WrittenValue::Members(members), _) => {
            (joined(members), matches!(option.values, Form::TextOrMembers(..)))
        }
        (WrittenValue::List(items), None) => (format!("[{}]", items.join(", ")), false),
        (WrittenValue::Switch(switch), _) if matches!(option.values, Form::Switch) => {
            (u8::from(*switch).to_string(), true)
        }
        (WrittenValue::Switch(switch), _) => (switch.to_string(), false),
        (WrittenValue::Text(text), _) => (text.clone(), true),
    })
}

/// The members of an object as they read in a text: that of the image by its value alone, then the others.
fn joined(members: &[(String, String)]) -> String {
    let is_image = |member: &&(String, String)| member.0 == "image";
    let image = members.iter().filter(is_image).map(|(_, value)| value.clone());
    let others = members.iter().filter(|member| !is_image(member));
    image.chain(others.map(|(name, value)| format!("{name}={value}"))).collect::<Vec<_>>().join("+")
}

/// Parses the size. `otherwise` refuses what does not read like one.
fn parse_size(text: &str, otherwise: Refusal) -> Result<Size, Refusal> {
    let parsed = if text.contains(':') {
        sizes::ratio(text).map(|(across, down)| Size::Ratio(across, down))
    } else {
        sizes::sides(text).map(|(width, height)| Size::Sides(width, height))
    };
    parsed.map_err(|flaw| match flaw {
        Flaw::Form => {
            let number = text.strip_suffix("px").unwrap_or(text);
            let is_number = (1..=5).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
            if is_number { Refusal::OneSide(number.to_owned()) } else { otherwise }
        }
        Flaw::Range { number, what, allowed } => Refusal::range(number, what, &allowed),
        Flaw::Hundredths { number, what, allowed } => Refusal::hundredths(number, what, &allowed),
    })
}

/// The steps of an image: to its size, and then the effects in the order of the options.
fn steps(options: &Options, size: Size) -> Result<Vec<Step>, Refusal> {
    let fit = options.fit.unwrap_or(Fit::Inside);
    if options.gravity.is_some() && !matches!(fit, Fit::Cover | Fit::Ratio) {
        return Err(Refusal::Lonely { operation: "gravity or focus", needs: "fit/cover or fit/ratio" });
    }
    if options.enlarge.is_some() && matches!(fit, Fit::Exact | Fit::Ratio) {
        return Err(Refusal::Lonely { operation: "enlarge", needs: "fit/inside, fit/cover or fit/pad" });
    }
    let mut steps = match size {
        Size::Ratio(across, down) => ratio_steps(options, fit, (across, down))?,
        Size::Sides(width, height) => box_steps(options, fit, (width, height))?,
    };
    steps.extend(options.blur.map(Step::Blur));
    steps.extend(options.watermark.clone().map(Step::Watermark));
    steps.extend(options.radius.map(|radius| Step::Round { radius }));
    Ok(steps)
}

/// The steps that crop an image to a ratio, in its own pixels.
fn ratio_steps(options: &Options, fit: Fit, (across, down): (u32, u32)) -> Result<Vec<Step>, Refusal> {
    if !matches!(fit, Fit::Cover | Fit::Ratio) {
        return Err(Refusal::Ratio(across, down));
    }
    if options.enlarge.is_some() {
        return Err(Refusal::Lonely { operation: "enlarge", needs: "a size in pixels, such as 1600x900" });
    }
    let longest = Some(LONGEST_SIDE);
    let within = Geometry::Fit { width: longest, height: longest, scaling: Scaling::ShrinkOnly };
    Ok(vec![crop_to_ratio(options, across, down), Step::Thumbnail(within)])
}

/// The steps that bring an image to a box, of which one side may be free.
fn box_steps(
    options: &Options,
    fit: Fit,
    (width, height): (Option<u32>, Option<u32>),
) -> Result<Vec<Step>, Refusal> {
    let scaling = options.enlarge.unwrap_or(Scaling::ShrinkOnly);
    let inside = Step::Thumbnail(Geometry::Fit { width, height, scaling });
    if fit == Fit::Inside {
        return Ok(vec![inside]);
    }
    let (Some(width), Some(height)) = (width, height) else {
        return Err(Refusal::Lonely { operation: "fit", needs: "both sides, as in 400x300" });
    };
    let cover = Step::Thumbnail(Geometry::Cover { width, height, scaling });
    let crop = Step::Crop {
        width: Some(width),
        height: Some(height),
        gravity: options.gravity.unwrap_or(Gravity::Center),
    };
    Ok(match fit {
        Fit::Cover => vec![cover, crop],
        Fit::Exact => vec![Step::Thumbnail(Geometry::Exact { width, height })],
        Fit::Inside => vec![inside],
        Fit::Pad => vec![inside, Step::Pad { width, height, color: None }],
        // An image that covers the box has one of its sides by now, so that the largest window is the box.
        Fit::Ratio => vec![cover, crop_to_ratio(options, width, height)],
    })
}

fn crop_to_ratio(options: &Options, across: u32, down: u32) -> Step {
    Step::CropToRatio { across, down, gravity: options.gravity.unwrap_or(Gravity::Center) }
}
