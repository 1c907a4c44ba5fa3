//! How one thumbnail is made, as users write it: a size such as `300x300`, or Tencent's own syntax
//! `imageMogr2/thumbnail/…` (1045/33713 to 33717).
//!
//! Everything Tencent documents and we do not do is refused by name: a part skipped in silence would store
//! thumbnails that nobody asked for.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::recipe::{Format, Geometry, Gravity, Quality, Recipe, Rgb, Scaling, Step};

use super::geometry::{self, Flaw};
use super::rule::ThumbnailRule;
use super::values;

const LONG_FORM: &str = "imageMogr2";

/// Colours as Tencent writes them: URL-safe base64 of `#RRGGBB`, with or without its padding.
const COLOR: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a text is no way to make a thumbnail. Each reads as the rule that a value breaks.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("{operation} needs a value: {form}")]
    Argument { operation: &'static str, form: &'static str },
    #[error("{argument:?} is not a value of {operation}, which reads {form}")]
    Form { operation: &'static str, argument: String, form: &'static str },
    #[error("imageView2 is not supported; write imageMogr2/thumbnail/!300x300r/gravity/center/crop/300x300")]
    ImageView2,
    #[error("{operation} has no effect without {needs}; add that or remove {operation}")]
    Lonely { operation: &'static str, needs: &'static str },
    #[error("imageMogr2 names no operation; write one such as imageMogr2/thumbnail/300x300")]
    NoOperation,
    #[error("{number} is out of range; {what} goes from {least} to {most}")]
    Range { number: String, what: &'static str, least: u32, most: u32 },
    #[error("{0} stands there twice; keep one")]
    Repeated(&'static str),
    #[error("several operations joined by | are not supported; write one imageMogr2/…")]
    Several,
    #[error("a thumbnail reads 300x300, 300x, x300, or imageMogr2/… in Tencent's syntax")]
    Size,
    #[error(
        "{0:?} is not supported; imageMogr2 takes thumbnail (then pad, color), crop, gravity, rotate, \
         format, quality, interlace, auto-orient and strip"
    )]
    Unsupported(String),
}

impl Refusal {
    /// The refusal of an operation's argument.
    fn of(flaw: Flaw, operation: &'static str, argument: &str, form: &'static str) -> Self {
        match flaw {
            Flaw::Form => Self::Form { operation, argument: argument.to_owned(), form },
            Flaw::Range { number, what, allowed } => {
                Self::Range { number, what, least: *allowed.start(), most: *allowed.end() }
            }
        }
    }
}

/// What one thumbnail's own text says. What it leaves open comes from the rule.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Process {
    steps: Vec<Step>,
    format: Option<Format>,
    quality: Option<Quality>,
    interlace: Option<bool>,
}

/// What thumbnails have whose own text does not say otherwise.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Defaults {
    pub(super) format: Option<Format>,
    pub(super) quality: Quality,
    pub(super) background: Rgb,
}

impl Defaults {
    /// The thumbnail of a rule that names none.
    pub(super) fn thumbnail(&self) -> ThumbnailRule {
        let Self { format, quality, background } = *self;
        let recipe = Recipe { format, quality, background, ..Recipe::fit_inside(300, 300) };
        ThumbnailRule { name: "300x300".to_owned(), recipe }
    }
}

impl Process {
    /// Whether the text is in the long form; a short one can serve as a name.
    pub(super) fn is_long(text: &str) -> bool {
        text.strip_prefix(LONG_FORM).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Parses either form.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        if text.contains('|') {
            return Err(Refusal::Several);
        }
        if text.starts_with("imageView2") {
            return Err(Refusal::ImageView2);
        }
        if Self::is_long(text) {
            return Reader::new(text).read();
        }
        let (width, height) = geometry::sides(text).map_err(|flaw| match flaw {
            Flaw::Form => Refusal::Size,
            Flaw::Range { .. } => Refusal::of(flaw, "size", text, ""),
        })?;
        let geometry = Geometry::Fit { width, height, scaling: Scaling::ShrinkOnly };
        Ok(Self { steps: vec![Step::Thumbnail(geometry)], ..Self::default() })
    }

    /// The recipe, with what the text leaves open filled in.
    pub(super) fn into_recipe(self, defaults: &Defaults) -> Recipe {
        Recipe {
            steps: self.steps,
            format: self.format.or(defaults.format),
            quality: self.quality.unwrap_or(defaults.quality),
            background: defaults.background,
            interlace: self.interlace.unwrap_or_default(),
        }
    }
}

/// Reads the long form from left to right.
struct Reader<'a> {
    segments: std::iter::Peekable<std::str::Split<'a, char>>,
    process: Process,
    gravity: Option<Gravity>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let mut segments = text.split('/').peekable();
        // The first segment is the word imageMogr2 itself.
        segments.next();
        Self { segments, process: Process::default(), gravity: None }
    }

    fn read(mut self) -> Result<Process, Refusal> {
        if self.segments.peek().is_none_or(|first| first.is_empty()) {
            return Err(Refusal::NoOperation);
        }
        while let Some(operation) = self.segments.next() {
            match operation {
                // Pictures are always turned upright, and metadata is never copied.
                "auto-orient" | "strip" => {}
                "crop" => self.crop()?,
                "format" => self.format()?,
                "gravity" => self.gravity()?,
                "interlace" => self.interlace()?,
                "quality" => self.quality()?,
                "rotate" => self.rotate()?,
                "thumbnail" => self.thumbnail()?,
                "pad" => return Err(Refusal::Lonely { operation: "pad", needs: "thumbnail before it" }),
                "color" => return Err(Refusal::Lonely { operation: "color", needs: "pad/1 before it" }),
                other => return Err(Refusal::Unsupported(other.to_owned())),
            }
        }
        self.finish()
    }

    /// Gives the crops their gravity, which may stand before or after them.
    fn finish(mut self) -> Result<Process, Refusal> {
        let mut crops = 0_usize;
        for step in &mut self.process.steps {
            if let Step::Crop { gravity, .. } = step {
                *gravity = self.gravity.unwrap_or_default();
                crops = crops.saturating_add(1);
            }
        }
        if crops == 0 && self.gravity.is_some() {
            return Err(Refusal::Lonely { operation: "gravity", needs: "crop" });
        }
        Ok(self.process)
    }

    fn argument(&mut self, operation: &'static str, form: &'static str) -> Result<&'a str, Refusal> {
        self.segments
            .next()
            .filter(|argument| !argument.is_empty())
            .ok_or(Refusal::Argument { operation, form })
    }

    fn crop(&mut self) -> Result<(), Refusal> {
        const FORM: &str = "<W>x<H>, <W>x or x<H>";
        let argument = self.argument("crop", FORM)?;
        let (width, height) =
            geometry::sides(argument).map_err(|flaw| Refusal::of(flaw, "crop", argument, FORM))?;
        self.process.steps.push(Step::Crop { width, height, gravity: Gravity::default() });
        Ok(())
    }

    fn format(&mut self) -> Result<(), Refusal> {
        const FORM: &str = "jpg, png, webp or gif";
        let argument = self.argument("format", FORM)?;
        let format = values::format(argument).map_err(|_| Refusal::Form {
            operation: "format",
            argument: argument.to_owned(),
            form: FORM,
        })?;
        once(&mut self.process.format, format, "format")
    }

    fn gravity(&mut self) -> Result<(), Refusal> {
        const FORM: &str = "northwest, north, northeast, west, center, east, southwest, south or southeast";
        let argument = self.argument("gravity", FORM)?;
        let gravity =
            Gravity::ALL.into_iter().find(|gravity| gravity.name() == argument).ok_or_else(|| {
                Refusal::Form { operation: "gravity", argument: argument.to_owned(), form: FORM }
            })?;
        once(&mut self.gravity, gravity, "gravity")
    }

    fn interlace(&mut self) -> Result<(), Refusal> {
        let progressive = self.switch("interlace")?;
        once(&mut self.process.interlace, progressive, "interlace")
    }

    fn quality(&mut self) -> Result<(), Refusal> {
        const FORM: &str = "<n>, or <n>! whatever the source's quality is";
        let argument = self.argument("quality", FORM)?;
        let (digits, fixed) = match argument.strip_suffix('!') {
            Some(digits) => (digits, true),
            None => (argument, false),
        };
        let refuse = |flaw| Refusal::of(flaw, "quality", argument, FORM);
        let number = geometry::number(digits, "quality", 1..=100).map_err(refuse)?;
        let number = u8::try_from(number).map_err(|_| refuse(Flaw::Form))?;
        let quality = if fixed { Quality::Fixed(number) } else { Quality::AtMostSource(number) };
        once(&mut self.process.quality, quality, "quality")
    }

    fn rotate(&mut self) -> Result<(), Refusal> {
        const FORM: &str = "<degrees> from 0 to 360";
        let argument = self.argument("rotate", FORM)?;
        let refuse = |flaw| Refusal::of(flaw, "rotate", argument, FORM);
        let degrees = geometry::number(argument, "rotate", 0..=360).map_err(refuse)?;
        // A full turn is none.
        match u16::try_from(degrees % 360).map_err(|_| refuse(Flaw::Form))? {
            0 => {}
            degrees => self.process.steps.push(Step::Rotate(degrees)),
        }
        Ok(())
    }

    fn thumbnail(&mut self) -> Result<(), Refusal> {
        const FORM: &str = geometry::FORMS;
        let argument = self.argument("thumbnail", FORM)?;
        let geometry =
            geometry::geometry(argument).map_err(|flaw| Refusal::of(flaw, "thumbnail", argument, FORM))?;
        self.process.steps.push(Step::Thumbnail(geometry));
        if self.segments.next_if_eq(&"pad").is_none() {
            return Ok(());
        }
        let pad = self.switch("pad")?;
        let color = match self.segments.next_if_eq(&"color") {
            Some(_) => Some(self.color()?),
            None => None,
        };
        match geometry {
            _ if !pad => Ok(()),
            Geometry::Fit { width: Some(width), height: Some(height), .. } => {
                self.process.steps.push(Step::Pad { width, height, color });
                Ok(())
            }
            Geometry::Area(_)
            | Geometry::Cover { .. }
            | Geometry::Exact { .. }
            | Geometry::Fit { .. }
            | Geometry::Percent { .. } => {
                Err(Refusal::Lonely { operation: "pad", needs: "thumbnail/<W>x<H> before it" })
            }
        }
    }

    fn color(&mut self) -> Result<Rgb, Refusal> {
        const FORM: &str = "<URL-safe base64 of #RRGGBB> such as I2ZmZmZmZg";
        let argument = self.argument("color", FORM)?;
        COLOR
            .decode(argument)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .and_then(|text| Rgb::parse(&text))
            .ok_or_else(|| Refusal::Form { operation: "color", argument: argument.to_owned(), form: FORM })
    }

    fn switch(&mut self, operation: &'static str) -> Result<bool, Refusal> {
        const FORM: &str = "0 or 1";
        match self.argument(operation, FORM)? {
            "0" => Ok(false),
            "1" => Ok(true),
            other => Err(Refusal::Form { operation, argument: other.to_owned(), form: FORM }),
        }
    }
}

/// Fills a place that can be filled only once.
fn once<T>(place: &mut Option<T>, value: T, operation: &'static str) -> Result<(), Refusal> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Refusal::Repeated(operation)),
    }
}

#[cfg(test)]
mod tests {
    use super::geometry::FORMS;
    use super::*;

    const DEFAULTS: Defaults = Defaults { format: None, quality: Quality::Fixed(80), background: Rgb::WHITE };

    /// The canonical form of the recipe, without what is default.
    fn canonical(text: &str) -> Result<String, String> {
        let process = Process::parse(text).map_err(|refusal| refusal.to_string())?;
        let recipe = process.into_recipe(&DEFAULTS).to_string();
        Ok(recipe.replace("format=source;", "").replace("quality=80!;", "").replace("background=#ffffff", ""))
    }

    #[test]
    fn sizes_fit_inside_and_never_enlarge() {
        let table = [
            ("300x200", "thumbnail=300x200>;"),
            ("300x", "thumbnail=300x>;"),
            ("x200", "thumbnail=x200>;"),
            ("1x10000", "thumbnail=1x10000>;"),
        ];
        for (text, recipe) in table {
            assert_eq!(canonical(text).as_deref(), Ok(recipe), "{text}");
        }
    }

    #[test]
    fn padding_follows_a_box() {
        let table = [
            ("300x", "thumbnail=300x;"),
            ("300x200/pad/1", "thumbnail=300x200;pad=300x200;"),
            ("300x200/pad/0", "thumbnail=300x200;"),
            ("300x200>/pad/1/color/I0ZGMDAwMA==", "thumbnail=300x200>;pad=300x200@#ff0000;"),
            ("300x200/pad/1/color/I0ZGMDAwMA", "thumbnail=300x200;pad=300x200@#ff0000;"),
        ];
        for (form, recipe) in table {
            assert_eq!(canonical(&format!("imageMogr2/thumbnail/{form}")).as_deref(), Ok(recipe), "{form}");
        }
    }

    #[test]
    fn operations_run_in_the_order_written() {
        let table = [
            (
                "thumbnail/!400x300r/gravity/center/crop/400x300/format/webp/quality/80",
                "thumbnail=!400x300r;crop=400x300@center;format=webp;quality=80;",
            ),
            ("crop/400x/gravity/south/thumbnail/100x", "crop=400x@south;thumbnail=100x;"),
            ("crop/x300/crop/20x20", "crop=x300@northwest;crop=20x20@northwest;"),
            ("rotate/90/thumbnail/100x", "rotate=90;thumbnail=100x;"),
            ("rotate/360/strip", ""),
            ("auto-orient/strip/rotate/0", ""),
            ("format/jpg", "format=jpeg;"),
            ("format/jpeg/quality/70!", "format=jpeg;quality=70!;"),
            ("format/png", "format=png;"),
            ("format/gif", "format=gif;"),
            ("interlace/1", ";interlace"),
            ("interlace/0", ""),
        ];
        for (text, recipe) in table {
            assert_eq!(canonical(&format!("imageMogr2/{text}")).as_deref(), Ok(recipe), "{text}");
        }
    }

    #[test]
    fn what_is_not_supported_is_refused_by_name() {
        let names = [
            "cut/100x100x0x0",
            "iradius/10",
            "rradius/10",
            "scrop/100x100",
            "rquality/80",
            "lquality/80",
            "size-limit/100k",
            "ignore-error/1",
            "blur/8x5",
            "sharpen/70",
            "bright/10",
            "contrast/10",
            "grayscale/1",
            "flip/vertical",
            "cgif/10",
            "watermark/1",
            "Thumbnail/100x",
            "thumbnail/100x/ignore-error/1",
        ];
        for text in names {
            let refusal = Process::parse(&format!("imageMogr2/{text}")).unwrap_err();
            let name = text.strip_prefix("thumbnail/100x/").unwrap_or(text).split('/').next().unwrap();
            assert_eq!(refusal, Refusal::Unsupported(name.to_owned()), "{text}");
        }
        assert_eq!(
            canonical("imageMogr2/blur/8x5").unwrap_err(),
            "\"blur\" is not supported; imageMogr2 takes thumbnail (then pad, color), crop, gravity, \
             rotate, format, quality, interlace, auto-orient and strip"
        );
    }

    #[test]
    fn refusals_say_what_to_write() {
        let side = "is out of range; a side goes from 1 to 10000";
        let size = "a thumbnail reads 300x300, 300x, x300, or imageMogr2/… in Tencent's syntax";
        let form = |what: &str| format!("{what:?} is not a value of thumbnail, which reads {FORMS}");
        let table = [
            ("", size.to_owned()),
            ("300", size.to_owned()),
            ("x", size.to_owned()),
            ("300x300>", size.to_owned()),
            ("300X300", size.to_owned()),
            ("+300x300", size.to_owned()),
            ("300 x 300", size.to_owned()),
            ("imageMogr3/thumbnail/300x", size.to_owned()),
            ("0x300", format!("0 {side}")),
            ("300x10001", format!("10001 {side}")),
            (
                "imageMogr2",
                "imageMogr2 names no operation; write one such as imageMogr2/thumbnail/300x300"
                    .into(),
            ),
            (
                "imageMogr2/",
                "imageMogr2 names no operation; write one such as imageMogr2/thumbnail/300x300"
                    .into(),
            ),
            ("imageMogr2/thumbnail", format!("thumbnail needs a value: {FORMS}")),
            ("imageMogr2/thumbnail//crop/1x1", format!("thumbnail needs a value: {FORMS}")),
            ("imageMogr2/thumbnail/300", form("300")),
            ("imageMogr2/thumbnail/!1001p", "1001 is out of range; a percentage goes from 1 to 1000".into()),
            ("imageMogr2/quality/0", "0 is out of range; quality goes from 1 to 100".into()),
            ("imageMogr2/quality/101!", "101 is out of range; quality goes from 1 to 100".into()),
            ("imageMogr2/rotate/361", "361 is out of range; rotate goes from 0 to 360".into()),
            ("imageMogr2/interlace/2", "\"2\" is not a value of interlace, which reads 0 or 1".into()),
            (
                "imageMogr2/format/avif",
                "\"avif\" is not a value of format, which reads jpg, png, webp or gif".into(),
            ),
            (
                "imageMogr2/thumbnail/3x3/pad/1/color/red",
                "\"red\" is not a value of color, which reads <URL-safe base64 of #RRGGBB> such as I2ZmZmZmZg"
                    .into(),
            ),
        ];
        for (text, sentence) in table {
            assert_eq!(canonical(text), Err(sentence), "{text}");
        }
    }

    #[test]
    fn operations_that_mean_nothing_together_are_refused() {
        let table = [
            ("imageMogr2/format/png/format/gif", "format stands there twice; keep one"),
            ("imageMogr2/quality/1/quality/1", "quality stands there twice; keep one"),
            (
                "imageMogr2/gravity/center/thumbnail/3x",
                "gravity has no effect without crop; add that or remove gravity",
            ),
            ("imageMogr2/pad/1", "pad has no effect without thumbnail before it; add that or remove pad"),
            (
                "imageMogr2/thumbnail/3x/pad/1",
                "pad has no effect without thumbnail/<W>x<H> before it; add that or remove pad",
            ),
            (
                "imageMogr2/thumbnail/3x/color/I2ZmZmZmZg",
                "color has no effect without pad/1 before it; add that or remove color",
            ),
            (
                "imageMogr2/thumbnail/3x|imageMogr2/format/png",
                "several operations joined by | are not supported; write one imageMogr2/…",
            ),
            (
                "imageView2/1/w/300/h/300",
                "imageView2 is not supported; write \
                 imageMogr2/thumbnail/!300x300r/gravity/center/crop/300x300",
            ),
        ];
        for (text, sentence) in table {
            assert_eq!(canonical(text), Err(String::from(sentence)), "{text}");
        }
    }

    #[test]
    fn own_words_win_over_defaults() {
        let defaults =
            Defaults { format: Some(Format::WebP), quality: Quality::Fixed(60), background: Rgb([0; 3]) };
        let of = |text: &str| Process::parse(text).unwrap().into_recipe(&defaults).to_string();
        assert_eq!(of("3x"), "thumbnail=3x>;format=webp;quality=60!;background=#000000");
        assert_eq!(of("imageMogr2/format/png/quality/90"), "format=png;quality=90;background=#000000");
    }
}
