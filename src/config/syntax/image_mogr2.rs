//! Tencent's long form `imageMogr2/thumbnail/…` (1045/33713 to 33717).

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::recipe::{Flip, Geometry, Gravity, Quality, Rgb, Step};

use super::options::{self, GRAVITY, Options, SWITCH, once};
use super::refusal::Refusal;
use super::sizes;
use super::words::{Argument, Words};

/// Colours as Tencent writes them: URL-safe base64 of `#RRGGBB`, with or without its padding.
const COLOR: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const COLOR_FORM: &str = "<URL-safe base64 of #RRGGBB> such as I2ZmZmZmZg";

/// Every operation, as a refusal lists them. `subsampling`, `effort`, `keep` and `animation` are ours.
const OPERATIONS: &str = "thumbnail (then pad, color), cut, crop, gravity, rotate, flip, sharpen, grayscale, linear, \
                          format, quality, rquality, lquality, interlace, size-limit, auto-orient, strip, \
                          subsampling, effort, colors, lossless, keep and animation";

/// Reads one link of a chain.
pub(super) fn read(text: &str, steps: &mut Vec<Step>, options: &mut Options) -> Result<(), Refusal> {
    let mut words = Words::after_first(text);
    if words.are_none() {
        let example = "imageMogr2/thumbnail/300x300";
        return Err(Refusal::NoOperation { text: "imageMogr2", example });
    }
    let mut link = Link { words, steps: Vec::new(), gravity: None };
    while let Some(operation) = link.words.next() {
        link.take(operation, options)?;
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
    fn take(&mut self, operation: &str, options: &mut Options) -> Result<(), Refusal> {
        let words = &mut self.words;
        match operation {
            // Images are always turned upright, and metadata is copied only on request.
            "auto-orient" | "strip" => Ok(()),
            "crop" => self.crop(),
            "cut" => self.cut(),
            "flip" => self.flip(),
            "gravity" => {
                let argument = words.argument("gravity", GRAVITY)?;
                once(&mut self.gravity, options::gravity(argument)?, "gravity")
            }
            "interlace" => options.set_scans(words.argument("interlace", SWITCH)?, "interlace"),
            "lquality" => options.relative_quality("lquality", Quality::AtLeastSource, words),
            "quality" => options.quality("quality", words),
            "rotate" => self.rotate(),
            "rquality" => options.relative_quality("rquality", Quality::OfSource, words),
            "size-limit" => options.size_limit(words),
            "thumbnail" => self.thumbnail(),
            "pad" => Err(Refusal::Lonely { operation: "pad", needs: "thumbnail before it" }),
            "color" => Err(Refusal::Lonely { operation: "color", needs: "pad/1 before it" }),
            other if options.take_shared(other, words)? => Ok(()),
            other => Err(Refusal::foreign(other).unwrap_or_else(|| Refusal::Unsupported {
                operation: other.to_owned(),
                form: "imageMogr2",
                known: OPERATIONS.to_owned(),
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
        let argument = self.words.argument("crop", "<W>x<H>, <W>x or x<H>")?;
        let (width, height) = argument.sound(sizes::sides(argument.text))?;
        self.steps.push(Step::Crop { width, height, gravity: Gravity::default() });
        Ok(())
    }

    fn cut(&mut self) -> Result<(), Refusal> {
        let argument = self.words.argument("cut", "<W>x<H>x<dx>x<dy>")?;
        let numbers: Vec<&str> = argument.text.split('x').collect();
        let numbers: Option<[&str; 4]> = numbers.try_into().ok();
        let [width, height, x, y] = argument.known(numbers)?;
        let side = |digits| argument.sound(sizes::number(digits, "a side", sizes::SIDES));
        let distance = |digits| argument.sound(sizes::number(digits, "a distance", 0..=1_000_000));
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
        self.steps.push(Step::Flip(self.words.argument("flip", "vertical or horizontal")?.choice(&choices)?));
        Ok(())
    }

    fn rotate(&mut self) -> Result<(), Refusal> {
        let degrees = self.words.argument("rotate", "<degrees> from 0 to 360")?.number(0..=360)?;
        // A full turn is none.
        match u16::try_from(degrees % 360).unwrap_or(0) {
            0 => {}
            degrees => self.steps.push(Step::Rotate(degrees)),
        }
        Ok(())
    }

    fn thumbnail(&mut self) -> Result<(), Refusal> {
        let argument = self.words.argument("thumbnail", sizes::FORMS)?;
        let geometry = argument.sound(sizes::geometry(argument.text))?;
        self.steps.push(Step::Thumbnail(geometry));
        if !self.words.next_is("pad") {
            return Ok(());
        }
        let pad = self.words.argument("pad", SWITCH)?.switch()?;
        let color = if self.words.next_is("color") {
            Some(color(self.words.argument("color", COLOR_FORM)?)?)
        } else {
            None
        };
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

/// A colour in base64.
fn color(argument: Argument<'_>) -> Result<Rgb, Refusal> {
    let text = COLOR.decode(argument.text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    argument.known(text.and_then(|text| Rgb::parse(&text)))
}
