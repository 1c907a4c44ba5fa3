//! The options of a thumbnail: one table for texts and for members of `thumbnails.json`.

use super::form::{self, Form, ListForm};
use super::refusal::Refusal;
use super::sizes::{self, Flaw};
use super::values;
use super::watermark;
use super::words::{Argument, NUMBER_TO_100, SWITCH, Words, once};
use crate::recipe::{
    Animation, Blur, Effort, Focus, Format, Gravity, Keep, Loss, Quality, Rgb, Scaling, Scans, Subsampling,
    Watermark,
};

/// One option: a word and its value.
pub(in crate::config) struct ThumbnailOption {
    pub(in crate::config) word: &'static str,
    /// Form of the value, for people.
    pub(in crate::config) form: &'static str,
    /// Form of the value in `thumbnails.json`.
    pub(in crate::config) values: Form,
    /// The list that the value may be instead; `None` for a single value.
    pub(in crate::config) list: Option<ListForm>,
    /// `true` if Tencent's forms accept the same option.
    is_shared: bool,
    pub(super) set: fn(&mut Options, Argument<'_>) -> Result<(), Refusal>,
}

/// Forms of values, for people.
const QUALITY: &str = "<n> from 1 to 100, auto, or auto:<score> from 40 to 95";
const FIT: &str = "inside, cover, ratio, exact or pad";
pub(super) const GRAVITY: &str = "auto, northwest, north, northeast, west, center, east, southwest, south, southeast \
                                  or a point such as 0.31x0.62";

/// Percentages of sharpening in Tencent's numbers, of which it recommends 70.
const SHARPEN: std::ops::RangeInclusive<u32> = 10..=300;

/// Radii of round corners and circles: more is half of the shorter side in any case.
pub(super) const RADII: std::ops::RangeInclusive<u32> = 1..=5_000;

/// Colours of a palette.
const COLORS: std::ops::RangeInclusive<u32> = 2..=256;

const fn option(
    word: &'static str,
    form: &'static str,
    values: Form,
    set: fn(&mut Options, Argument<'_>) -> Result<(), Refusal>,
) -> ThumbnailOption {
    ThumbnailOption { word, form, values, list: None, is_shared: false, set }
}

const fn shared(option: ThumbnailOption) -> ThumbnailOption {
    ThumbnailOption { is_shared: true, ..option }
}

/// Pattern of a point such as `0.31x0.62`.
const POINT: &str = r"^[0-9]+(\.[0-9]{1,4})?x[0-9]+(\.[0-9]{1,4})?$";

const FITS: [(&str, Fit); 5] = [
    ("inside", Fit::Inside),
    ("cover", Fit::Cover),
    ("ratio", Fit::Ratio),
    ("exact", Fit::Exact),
    ("pad", Fit::Pad),
];

const ENLARGEMENTS: [(&str, Scaling); 3] =
    [("never", Scaling::ShrinkOnly), ("always", Scaling::Both), ("only", Scaling::EnlargeOnly)];

const PLACES: [(&str, Gravity); 10] = [
    ("auto", Gravity::Auto),
    ("northwest", Gravity::NorthWest),
    ("north", Gravity::North),
    ("northeast", Gravity::NorthEast),
    ("west", Gravity::West),
    ("center", Gravity::Center),
    ("east", Gravity::East),
    ("southwest", Gravity::SouthWest),
    ("south", Gravity::South),
    ("southeast", Gravity::SouthEast),
];

const SUBSAMPLINGS: [(&str, Subsampling); 2] = [("420", Subsampling::Quarter), ("444", Subsampling::Full)];

const EFFORTS: [(&str, Effort); 3] =
    [("fast", Effort::Fast), ("usual", Effort::Usual), ("light", Effort::Light)];

const LOSSES: [(&str, Loss); 3] = [("0", Loss::ByQuality), ("1", Loss::Nothing), ("near", Loss::Nearly)];

const METADATA: [(&str, Keep); 4] = [
    ("copyright", Keep { copyright: true, profile: false }),
    ("profile", Keep { copyright: false, profile: true }),
    ("copyright+profile", Keep { copyright: true, profile: true }),
    ("profile+copyright", Keep { copyright: true, profile: true }),
];

const ANIMATIONS: [(&str, Animation); 2] = [("first", Animation::First), ("keep", Animation::Keep)];

/// Every option, in the order of `docs/configuration.md`.
pub(in crate::config) const OPTIONS: [ThumbnailOption; 21] = [
    option("fit", FIT, Form::Words(|| form::words(&FITS)), |options, argument| {
        once(&mut options.fit, argument.choice(&FITS)?, "fit")
    }),
    option(
        "enlarge",
        "never, always or only",
        Form::Words(|| form::words(&ENLARGEMENTS)),
        |options, argument| once(&mut options.enlarge, argument.choice(&ENLARGEMENTS)?, "enlarge"),
    ),
    option("gravity", GRAVITY, Form::WordsOr(|| form::words(&PLACES), POINT), |options, argument| {
        once(&mut options.gravity, gravity(argument)?, "gravity or focus")
    }),
    ThumbnailOption {
        list: Some(ListForm { separator: "x", longest: 2, item: Form::Fraction }),
        ..option(
            "focus",
            "a point such as 0.31x0.62, parts of width and height from 0 to 1",
            Form::Text(POINT),
            |options, argument| {
                let focus = argument.known(Focus::parse(argument.text))?;
                once(&mut options.gravity, Gravity::Focus(focus), "gravity or focus")
            },
        )
    },
    shared(option(
        "sharpen",
        "<n> from 10 to 300, such as 70",
        Form::Number(SHARPEN),
        |options, argument| {
            let percent = argument.number(SHARPEN)?;
            once(&mut options.sharpen, u16::try_from(percent).unwrap_or(u16::MAX), "sharpen")
        },
    )),
    option("blur", "<sigma> from 0.1 to 25 pixels", Form::Decimal(0..=25), |options, argument| {
        let sigma = argument.sound(sizes::hundredths(argument.text, "blur", 10..=2500))?;
        // Farther pixels have weights of less than a hundredth of the one in the middle.
        let radius = (sigma * 3).div_ceil(100);
        once(&mut options.blur, Blur { radius, sigma }, "blur")
    }),
    option(
        "watermark",
        watermark::FORM,
        Form::TextOrMembers(watermark::PATTERN, watermark::members),
        |options, argument| once(&mut options.watermark, watermark::option(argument)?, "watermark"),
    ),
    option(
        "radius",
        "<n> from 1 to 5000 pixels, or round",
        Form::NumberOr(RADII, "^([0-9]+|round)$"),
        |options, argument| {
            let radius = if argument.text == "round" { None } else { Some(argument.number(RADII)?) };
            once(&mut options.radius, radius, "radius")
        },
    ),
    shared(option("grayscale", SWITCH, Form::Switch, |options, argument| {
        once(&mut options.greyscale, argument.switch()?, "grayscale")
    })),
    shared(option("linear", SWITCH, Form::Switch, |options, argument| {
        once(&mut options.linear, argument.switch()?, "linear")
    })),
    shared(option("format", "jpg, png, webp, avif or gif", values::FORMAT, |options, argument| {
        once(&mut options.format, argument.known(values::format(argument.text).ok())?, "format")
    })),
    option("quality", QUALITY, values::QUALITY, |options, argument| {
        match values::auto_quality(argument.text) {
            Some(auto) => once(&mut options.quality, auto, "a quality"),
            None => options.set_quality(Quality::Fixed, argument),
        }
    }),
    option("background", "#rrggbb or #rgb, such as #ffffff", values::BACKGROUND, |options, argument| {
        once(&mut options.background, argument.known(values::background(argument.text).ok())?, "background")
    }),
    option("progressive", SWITCH, Form::Switch, |options, argument| {
        options.set_scans(argument, "progressive")
    }),
    shared(option(
        "subsampling",
        "420 or 444",
        Form::Words(|| form::words(&SUBSAMPLINGS)),
        |options, argument| once(&mut options.subsampling, argument.choice(&SUBSAMPLINGS)?, "subsampling"),
    )),
    shared(option(
        "effort",
        "fast, usual or light",
        Form::Words(|| form::words(&EFFORTS)),
        |options, argument| once(&mut options.effort, argument.choice(&EFFORTS)?, "effort"),
    )),
    shared(option("colors", "<n> from 2 to 256", Form::Number(COLORS), |options, argument| {
        let colors = argument.number(COLORS)?;
        once(&mut options.colors, u16::try_from(colors).unwrap_or(u16::MAX), "colors")
    })),
    shared(option("lossless", "0, 1 or near", Form::Words(|| form::words(&LOSSES)), |options, argument| {
        once(&mut options.loss, argument.choice(&LOSSES)?, "lossless")
    })),
    option("max_bytes", "a number of bytes, <n>k or <n>m", Form::Bytes, |options, argument| {
        let bytes = argument.sound(bytes(argument.text, Unit::Free))?;
        once(&mut options.max_bytes, bytes, "max_bytes")
    }),
    ThumbnailOption {
        list: Some(ListForm { separator: "+", longest: 2, item: Form::Words(|| form::words(&METADATA)) }),
        ..shared(option(
            "keep",
            "copyright, profile or copyright+profile",
            Form::Words(|| form::words(&METADATA)),
            |options, argument| {
                if argument.text == "gainmap" {
                    return Err(Refusal::gain_map());
                }
                once(&mut options.keep, argument.choice(&METADATA)?, "keep")
            },
        ))
    },
    shared(option(
        "animation",
        "first or keep",
        Form::Words(|| form::words(&ANIMATIONS)),
        |options, argument| once(&mut options.animation, argument.choice(&ANIMATIONS)?, "animation"),
    )),
];

/// Relation between an image and its box.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fit {
    Cover,
    Exact,
    Inside,
    Pad,
    Ratio,
}

/// The options of one thumbnail, as far as its own text has them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Options {
    pub(super) fit: Option<Fit>,
    pub(super) enlarge: Option<Scaling>,
    pub(super) gravity: Option<Gravity>,
    pub(super) format: Option<Format>,
    pub(super) quality: Option<Quality>,
    pub(super) background: Option<Rgb>,
    pub(super) scans: Option<Scans>,
    pub(super) subsampling: Option<Subsampling>,
    pub(super) effort: Option<Effort>,
    pub(super) colors: Option<u16>,
    pub(super) loss: Option<Loss>,
    pub(super) greyscale: Option<bool>,
    pub(super) linear: Option<bool>,
    pub(super) sharpen: Option<u16>,
    pub(super) blur: Option<Blur>,
    pub(super) watermark: Option<Watermark>,
    /// Radius of the corners; without one, half of the shorter side.
    pub(super) radius: Option<Option<u32>>,
    pub(super) max_bytes: Option<u64>,
    pub(super) keep: Option<Keep>,
    pub(super) animation: Option<Animation>,
}

impl Options {
    /// Takes an option of the table.
    pub(super) fn take(&mut self, word: &str, words: &mut Words<'_>) -> Result<(), Refusal> {
        let option = find(word).ok_or_else(|| unsupported(word))?;
        (option.set)(self, words.argument(option.word, option.form)?)
    }

    /// Takes an option that every form has in the same words; `false` when the word is none.
    pub(super) fn take_shared(&mut self, word: &str, words: &mut Words<'_>) -> Result<bool, Refusal> {
        let Some(option) = find(word).filter(|option| option.is_shared) else { return Ok(false) };
        (option.set)(self, words.argument(option.word, option.form)?)?;
        Ok(true)
    }

    /// `quality`, or `q` of imageView2: at most the source's, or with `!` exactly.
    pub(super) fn quality(&mut self, operation: &'static str, words: &mut Words<'_>) -> Result<(), Refusal> {
        let argument = words.argument(operation, "<n>, <n>! whatever the source's quality is, or auto")?;
        if let Some(auto) = values::auto_quality(argument.text) {
            return once(&mut self.quality, auto, "a quality");
        }
        let (digits, kind): (_, fn(u8) -> Quality) = match argument.text.strip_suffix('!') {
            Some(digits) => (digits, Quality::Fixed),
            None => (argument.text, Quality::AtMostSource),
        };
        let number = argument.sound(sizes::number(digits, "quality", 1..=100))?;
        self.put_quality(kind, number)
    }

    /// `rquality` and `lquality`, or `rq` and `lq`, whose number means what `kind` says.
    pub(super) fn relative_quality(
        &mut self,
        operation: &'static str,
        kind: fn(u8) -> Quality,
        words: &mut Words<'_>,
    ) -> Result<(), Refusal> {
        self.set_quality(kind, words.argument(operation, NUMBER_TO_100)?)
    }

    /// `progressive`, or `interlace` of imageMogr2.
    pub(super) fn set_scans(
        &mut self,
        argument: Argument<'_>,
        operation: &'static str,
    ) -> Result<(), Refusal> {
        let scans = if argument.switch()? { Scans::Progressive } else { Scans::Baseline };
        once(&mut self.scans, scans, operation)
    }

    fn set_quality(&mut self, kind: fn(u8) -> Quality, argument: Argument<'_>) -> Result<(), Refusal> {
        self.put_quality(kind, argument.number(1..=100)?)
    }

    /// Only one of the ways to say it can hold.
    fn put_quality(&mut self, kind: fn(u8) -> Quality, number: u32) -> Result<(), Refusal> {
        once(&mut self.quality, kind(u8::try_from(number).unwrap_or(u8::MAX)), "a quality")
    }

    /// `size-limit`: `k` and `m` are 1,024 and 1,048,576 bytes. The mark `!`, which returns the original rather
    /// than a larger file, changes nothing: a thumbnail is never larger than a source of its size and format.
    pub(super) fn size_limit(&mut self, words: &mut Words<'_>) -> Result<(), Refusal> {
        let argument = words.argument("size-limit", "<n>k or <n>m, with or without !")?;
        let text = argument.text.strip_suffix('!').unwrap_or(argument.text);
        once(&mut self.max_bytes, argument.sound(bytes(text, Unit::Needed))?, "size-limit")
    }
}

/// The option of this name.
pub(super) fn find(word: &str) -> Option<&'static ThumbnailOption> {
    const TABLE: &[ThumbnailOption] = &OPTIONS;
    TABLE.iter().find(|option| option.word == word)
}

/// The refusal of a word that is no option of a size.
fn unsupported(word: &str) -> Refusal {
    let mut known = OPTIONS.map(|option| option.word).join(", ");
    if let Some(last) = known.rfind(", ") {
        known.replace_range(last..last.saturating_add(1), " and");
    }
    Refusal::Unsupported { operation: word.to_owned(), form: "a size", known }
}

/// A place or a point.
pub(super) fn gravity(argument: Argument<'_>) -> Result<Gravity, Refusal> {
    let place = form::find(&PLACES, argument.text);
    argument.known(place.or_else(|| Focus::parse(argument.text).map(Gravity::Focus)))
}

/// Requirement for the unit of a number of bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Unit {
    Free,
    Needed,
}

/// Parses `<n>k`, `<n>m`, or `<n>` where the unit is free.
fn bytes(text: &str, unit: Unit) -> Result<u64, Flaw> {
    let (digits, size) = match (text.strip_suffix('k'), text.strip_suffix('m')) {
        (Some(digits), _) => (digits, 1024),
        (None, Some(digits)) => (digits, 1024 * 1024),
        (None, None) if unit == Unit::Free => (text, 1),
        (None, None) => return Err(Flaw::Form),
    };
    let number = sizes::number(digits, "a limit of bytes", 1..=1_000_000_000)?;
    Ok(u64::from(number).saturating_mul(size))
}
