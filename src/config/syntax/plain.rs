//! Our own form: a size, and options in plain words after it, `400x300/fit/cover/gravity/auto`.

use crate::recipe::{Focus, Geometry, Gravity, Quality, Scaling, Step};

use super::refusal::Refusal;
use super::sizes::{self, Flaw};
use super::values;
use super::words::{Output, Words, once};

/// Every option, as a refusal lists them.
const OPTIONS: &str = "fit, enlarge, gravity, focus, sharpen, grayscale, linear, format, quality, background, \
                       progressive, subsampling, max_bytes, keep and animation";

/// How a picture comes to its box.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fit {
    Cover,
    Exact,
    Inside,
    Pad,
}

/// What the options say of the geometry.
#[derive(Debug, Default)]
struct Options {
    fit: Option<Fit>,
    enlarge: Option<Scaling>,
    gravity: Option<Gravity>,
}

/// Reads the whole text.
pub(super) fn read(text: &str, steps: &mut Vec<Step>, output: &mut Output) -> Result<(), Refusal> {
    let size = text.split('/').next().unwrap_or(text);
    let (width, height) = sizes::sides(size).map_err(|flaw| match flaw {
        Flaw::Form => Refusal::Size,
        Flaw::Range { .. } => Refusal::of(flaw, "size", size, ""),
    })?;
    let mut words = Words::after_first(text);
    let mut options = Options::default();
    while let Some(option) = words.next() {
        options.take(option, &mut words, output)?;
    }
    steps.extend(options.steps(width, height)?);
    Ok(())
}

impl Options {
    fn take(&mut self, option: &str, words: &mut Words<'_>, output: &mut Output) -> Result<(), Refusal> {
        match option {
            "background" => {
                const FORM: &str = "#rrggbb, such as #ffffff";
                let argument = words.argument("background", FORM)?;
                let color = values::background(argument);
                let color = color.map_err(|_| Refusal::form("background", argument, FORM))?;
                once(&mut output.background, color, "background")
            }
            "enlarge" => {
                let choices = [
                    ("never", Scaling::ShrinkOnly),
                    ("always", Scaling::Both),
                    ("only", Scaling::EnlargeOnly),
                ];
                once(
                    &mut self.enlarge,
                    words.choice("enlarge", "never, always or only", &choices)?,
                    "enlarge",
                )
            }
            "fit" => {
                let choices = [
                    ("inside", Fit::Inside),
                    ("cover", Fit::Cover),
                    ("exact", Fit::Exact),
                    ("pad", Fit::Pad),
                ];
                once(&mut self.fit, words.choice("fit", "inside, cover, exact or pad", &choices)?, "fit")
            }
            "focus" => {
                const FORM: &str = "a point such as 0.31x0.62, parts of width and height from 0 to 1";
                let argument = words.argument("focus", FORM)?;
                let focus = Focus::parse(argument).ok_or_else(|| Refusal::form("focus", argument, FORM))?;
                once(&mut self.gravity, Gravity::Focus(focus), "gravity or focus")
            }
            "gravity" => once(&mut self.gravity, words.gravity()?, "gravity or focus"),
            "max_bytes" => output.max_bytes(words),
            "progressive" => once(&mut output.interlace, words.switch("progressive")?, "progressive"),
            "quality" => {
                let number = words.number("quality", "<n> from 1 to 100", 1..=100)?;
                output.put_quality(Quality::Fixed, number)
            }
            other if output.shared(other, words)? => Ok(()),
            other => {
                Err(Refusal::Unsupported { operation: other.to_owned(), form: "a size", known: OPTIONS })
            }
        }
    }

    fn steps(&self, width: Option<u32>, height: Option<u32>) -> Result<Vec<Step>, Refusal> {
        let fit = self.fit.unwrap_or(Fit::Inside);
        let scaling = self.enlarge.unwrap_or(Scaling::ShrinkOnly);
        let inside = Step::Thumbnail(Geometry::Fit { width, height, scaling });
        if self.gravity.is_some() && fit != Fit::Cover {
            return Err(Refusal::Lonely { operation: "gravity or focus", needs: "fit/cover" });
        }
        if self.enlarge.is_some() && fit == Fit::Exact {
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
            gravity: self.gravity.unwrap_or(Gravity::Center),
        };
        Ok(match fit {
            Fit::Cover => vec![Step::Thumbnail(Geometry::Cover { width, height, scaling }), crop],
            Fit::Exact => vec![Step::Thumbnail(Geometry::Exact { width, height })],
            Fit::Inside => vec![inside],
            Fit::Pad => vec![inside, Step::Pad { width, height, color: None }],
        })
    }
}
