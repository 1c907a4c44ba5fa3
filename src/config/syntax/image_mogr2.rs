//! Tencent's long form `imageMogr2/thumbnail/…` (1045/33713 to 33717).

use crate::recipe::{Flip, Geometry, Gravity, Quality, Step};

use super::refusal::Refusal;
use super::sizes::{self, Flaw};
use super::words::{Output, Words, once};

/// Every operation, as a refusal lists them. `subsampling`, `keep` and `animation` are ours.
const OPERATIONS: &str = "thumbnail (then pad, color), cut, crop, gravity, rotate, flip, sharpen, grayscale, linear, \
                          format, quality, rquality, lquality, interlace, size-limit, auto-orient, strip, \
                          subsampling, keep and animation";

/// Takes one link of a chain in.
pub(super) fn read(text: &str, steps: &mut Vec<Step>, output: &mut Output) -> Result<(), Refusal> {
    let mut words = Words::after_first(text);
    if words.are_none() {
        let example = "imageMogr2/thumbnail/300x300";
        return Err(Refusal::NoOperation { text: "imageMogr2", example });
    }
    let mut link = Link { words, steps: Vec::new(), gravity: None };
    while let Some(operation) = link.words.next() {
        link.take(operation, output)?;
    }
    steps.extend(link.finish()?);
    Ok(())
}

/// One link, read from left to right.
struct Link<'a> {
    words: Words<'a>,
    steps: Vec<Step>,
    gravity: Option<Gravity>,
}

impl Link<'_> {
    fn take(&mut self, operation: &str, output: &mut Output) -> Result<(), Refusal> {
        let words = &mut self.words;
        match operation {
            // Pictures are always turned upright, and metadata is copied only on request.
            "auto-orient" | "strip" => Ok(()),
            "crop" => self.crop(),
            "cut" => self.cut(),
            "flip" => self.flip(),
            "gravity" => once(&mut self.gravity, words.gravity()?, "gravity"),
            "interlace" => once(&mut output.interlace, words.switch("interlace")?, "interlace"),
            "lquality" => output.relative_quality("lquality", Quality::AtLeastSource, words),
            "quality" => output.quality("quality", words),
            "rotate" => self.rotate(),
            "rquality" => output.relative_quality("rquality", Quality::OfSource, words),
            "size-limit" => output.size_limit(words),
            "thumbnail" => self.thumbnail(),
            "pad" => Err(Refusal::Lonely { operation: "pad", needs: "thumbnail before it" }),
            "color" => Err(Refusal::Lonely { operation: "color", needs: "pad/1 before it" }),
            other if output.shared(other, words)? => Ok(()),
            other => Err(Refusal::foreign(other).unwrap_or_else(|| Refusal::Unsupported {
                operation: other.to_owned(),
                form: "imageMogr2",
                known: OPERATIONS,
            })),
        }
    }

    /// Gives crops and cuts their gravity, which may stand before or after them.
    fn finish(mut self) -> Result<Vec<Step>, Refusal> {
        let mut placed = 0_usize;
        for step in &mut self.steps {
            match step {
                Step::Crop { gravity, .. } => *gravity = self.gravity.unwrap_or_default(),
                Step::Cut { gravity, .. } => match self.gravity.unwrap_or_default() {
                    Gravity::Auto | Gravity::Focus(_) => {
                        return Err(Refusal::Lonely { operation: "gravity/auto or a point", needs: "crop" });
                    }
                    place => *gravity = place,
                },
                Step::CropEdges { .. }
                | Step::Flip(_)
                | Step::Pad { .. }
                | Step::Rotate(_)
                | Step::Thumbnail(_) => continue,
            }
            placed = placed.saturating_add(1);
        }
        if placed == 0 && self.gravity.is_some() {
            return Err(Refusal::Lonely { operation: "gravity", needs: "crop or cut" });
        }
        Ok(self.steps)
    }

    fn crop(&mut self) -> Result<(), Refusal> {
        const FORM: &str = "<W>x<H>, <W>x or x<H>";
        let argument = self.words.argument("crop", FORM)?;
        let (width, height) =
            sizes::sides(argument).map_err(|flaw| Refusal::of(flaw, "crop", argument, FORM))?;
        self.steps.push(Step::Crop { width, height, gravity: Gravity::default() });
        Ok(())
    }

    fn cut(&mut self) -> Result<(), Refusal> {
        const FORM: &str = "<W>x<H>x<dx>x<dy>";
        let argument = self.words.argument("cut", FORM)?;
        let refuse = |flaw| Refusal::of(flaw, "cut", argument, FORM);
        let parts: Vec<&str> = argument.split('x').collect();
        let [width, height, x, y] = parts.as_slice() else { return Err(refuse(Flaw::Form)) };
        let side = |digits| sizes::number(digits, "a side", sizes::SIDES).map_err(refuse);
        let distance = |digits| sizes::number(digits, "a distance", 0..=1_000_000).map_err(refuse);
        self.steps.push(Step::Cut {
            width: side(width)?,
            height: side(height)?,
            x: distance(x)?,
            y: distance(y)?,
            gravity: Gravity::default(),
        });
        Ok(())
    }

    fn flip(&mut self) -> Result<(), Refusal> {
        let choices = [Flip::Horizontal, Flip::Vertical].map(|flip| (flip.name(), flip));
        self.steps.push(Step::Flip(self.words.choice("flip", "vertical or horizontal", &choices)?));
        Ok(())
    }

    fn rotate(&mut self) -> Result<(), Refusal> {
        let degrees = self.words.number("rotate", "<degrees> from 0 to 360", 0..=360)?;
        // A full turn is none.
        match u16::try_from(degrees % 360).unwrap_or(0) {
            0 => {}
            degrees => self.steps.push(Step::Rotate(degrees)),
        }
        Ok(())
    }

    fn thumbnail(&mut self) -> Result<(), Refusal> {
        const FORM: &str = sizes::FORMS;
        let argument = self.words.argument("thumbnail", FORM)?;
        let geometry =
            sizes::geometry(argument).map_err(|flaw| Refusal::of(flaw, "thumbnail", argument, FORM))?;
        self.steps.push(Step::Thumbnail(geometry));
        if !self.words.next_is("pad") {
            return Ok(());
        }
        let pad = self.words.switch("pad")?;
        let color = if self.words.next_is("color") { Some(self.words.color()?) } else { None };
        match geometry {
            _ if !pad => Ok(()),
            Geometry::Fit { width: Some(width), height: Some(height), .. } => {
                self.steps.push(Step::Pad { width, height, color });
                Ok(())
            }
            Geometry::Area(_)
            | Geometry::Cover { .. }
            | Geometry::CoverEdges { .. }
            | Geometry::Exact { .. }
            | Geometry::Fit { .. }
            | Geometry::Percent { .. } => {
                Err(Refusal::Lonely { operation: "pad", needs: "thumbnail/<W>x<H> before it" })
            }
        }
    }
}
