//! Tencent's long form `imageMogr2/thumbnail/…` (1045/33713 to 33717).

use crate::config::source::watermark_files::WatermarkFiles;
use crate::recipe::{Blur, Flip, Geometry, Gravity, Quality, Rgb, Scaling, Step};

use super::base64_text;
use super::options::{self, GRAVITY, Options, RADII};
use super::refusal::Refusal;
use super::sizes;
use super::words::{Argument, SWITCH, Words, once};

const RADIUS: &str = "<n> from 1 to 5000";

const COLOR_FORM: &str = "<URL-safe base64 of #RRGGBB> such as I2ZmZmZmZg";

/// Every operation, as a refusal lists them. `subsampling`, `effort`, `keep` and `animation` are ours.
const OPERATIONS: &str = "thumbnail (then pad, color), cut, crop, scrop, gravity, iradius, rradius, rotate, flip, blur, \
                          sharpen, grayscale, linear, format, quality, rquality, lquality, interlace, size-limit, auto-orient, strip, \
                          subsampling, effort, colors, lossless, keep and animation";

/// Reads one link of a chain.
pub(super) fn read(
    text: &str,
    files: &WatermarkFiles,
    steps: &mut Vec<Step>,
    options: &mut Options,
) -> Result<(), Refusal> {
    let mut words = Words::after_first(text, files);
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
            "blur" => self.blur(),
            "crop" => self.crop(),
            "cut" => self.cut(),
            "flip" => self.flip(),
            "gravity" => {
                let argument = words.argument("gravity", GRAVITY)?;
                once(&mut self.gravity, options::gravity(argument)?, "gravity")
            }
            "interlace" => options.set_scans(words.argument("interlace", SWITCH)?, "interlace"),
            "iradius" => {
                let radius = words.argument("iradius", RADIUS)?.number(RADII)?;
                self.steps.push(Step::Circle { radius });
                Ok(())
            }
            "lquality" => options.relative_quality("lquality", Quality::AtLeastSource, words),
            "quality" => options.quality("quality", words),
            "rotate" => self.rotate(),
            "rquality" => options.relative_quality("rquality", Quality::OfSource, words),
            "rradius" => {
                let radius = Some(words.argument("rradius", RADIUS)?.number(RADII)?);
                self.steps.push(Step::Round { radius });
                Ok(())
            }
            "scrop" => self.smart_crop(),
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
                // This is a smart crop.
                Step::Crop { gravity: Gravity::Auto, .. } => continue,
                Step::Crop { gravity, .. } => *gravity = self.gravity.unwrap_or_default(),
                Step::Cut { gravity, .. } => match self.gravity.unwrap_or_default() {
                    Gravity::Auto | Gravity::Focus(_) => {
                        return Err(Refusal::Lonely { operation: "gravity/auto or a point", needs: "crop" });
                    }
                    place => *gravity = place,
                },
                Step::Blur(_)
                | Step::Circle { .. }
                | Step::CropEdges { .. }
                | Step::CropToRatio { .. }
                | Step::Flip(_)
                | Step::Pad { .. }
                | Step::Rotate(_)
                | Step::Round { .. }
                | Step::Thumbnail(_)
                | Step::Watermark(_) => continue,
            }
            placed = placed.saturating_add(1);
        }
        if placed == 0 && self.gravity.is_some() {
            return Err(Refusal::Lonely { operation: "gravity", needs: "crop or cut" });
        }
        Ok(self.steps)
    }

    fn blur(&mut self) -> Result<(), Refusal> {
        let argument = self.words.argument("blur", "<radius>x<sigma>, such as 8x5")?;
        let (radius, sigma) = argument.known(argument.text.split_once('x'))?;
        let radius = argument.sound(sizes::number(radius, "the radius of blur", 1..=50))?;
        let sigma = argument.sound(sizes::hundredths(sigma, "the sigma of blur", 1..=10_000))?;
        self.steps.push(Step::Blur(Blur { radius: u16::try_from(radius).unwrap_or(u16::MAX), sigma }));
        Ok(())
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

    /// Scales to cover, and crops to the subject: `thumbnail/!<W>x<H>r/gravity/auto/crop/<W>x<H>`.
    fn smart_crop(&mut self) -> Result<(), Refusal> {
        let argument = self.words.argument("scrop", "<W>x<H>")?;
        let (Some(width), Some(height)) = argument.sound(sizes::sides(argument.text))? else {
            return Err(argument.refuse(sizes::Flaw::Form));
        };
        let scaling = Scaling::Both;
        self.steps.push(Step::Thumbnail(Geometry::Cover { width, height, scaling }));
        let (width, height) = (Some(width), Some(height));
        self.steps.push(Step::Crop { width, height, gravity: Gravity::Auto });
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
    argument.known(base64_text(argument.text).and_then(|text| Rgb::parse(&text)))
}
