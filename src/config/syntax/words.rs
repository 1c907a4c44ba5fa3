//! Words between slashes, read from left to right, and the options that several forms share.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::recipe::{Animation, Focus, Format, Gravity, Keep, Quality, Rgb, Subsampling};

use super::refusal::Refusal;
use super::sizes::{self, Flaw};
use super::values;

/// Colours as Tencent writes them: URL-safe base64 of `#RRGGBB`, with or without its padding.
const COLOR: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Sharpening in Tencent's numbers, of which it recommends 70.
const SHARPEN: std::ops::RangeInclusive<u32> = 10..=300;

/// How a thumbnail is written, as far as its own text says so.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Output {
    pub(super) format: Option<Format>,
    pub(super) quality: Option<Quality>,
    pub(super) background: Option<Rgb>,
    pub(super) interlace: Option<bool>,
    pub(super) subsampling: Option<Subsampling>,
    pub(super) greyscale: Option<bool>,
    pub(super) linear: Option<bool>,
    pub(super) sharpen: Option<u16>,
    pub(super) max_bytes: Option<u64>,
    pub(super) keep: Option<Keep>,
    pub(super) animation: Option<Animation>,
}

/// The words of one text.
pub(super) struct Words<'a>(std::iter::Peekable<std::str::Split<'a, char>>);

impl<'a> Words<'a> {
    /// The words after the first, which the caller knows.
    pub(super) fn after_first(text: &'a str) -> Self {
        let mut words = text.split('/').peekable();
        words.next();
        Self(words)
    }

    pub(super) fn next(&mut self) -> Option<&'a str> {
        self.0.next()
    }

    pub(super) fn next_is(&mut self, word: &str) -> bool {
        self.0.next_if(|next| *next == word).is_some()
    }

    /// Whether nothing stands there, or nothing but a slash.
    pub(super) fn are_none(&mut self) -> bool {
        self.0.peek().is_none_or(|first| first.is_empty())
    }

    pub(super) fn peek(&mut self) -> Option<&'a str> {
        self.0.peek().copied()
    }

    /// The argument of an operation.
    pub(super) fn argument(
        &mut self,
        operation: &'static str,
        form: &'static str,
    ) -> Result<&'a str, Refusal> {
        let argument = self.next().filter(|argument| !argument.is_empty());
        argument.ok_or(Refusal::Argument { operation, form })
    }

    /// An argument that is one of few words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        operation: &'static str,
        form: &'static str,
        choices: &[(&str, T)],
    ) -> Result<T, Refusal> {
        let argument = self.argument(operation, form)?;
        let found = choices.iter().find(|(word, _)| *word == argument);
        found.map(|(_, choice)| *choice).ok_or_else(|| Refusal::form(operation, argument, form))
    }

    pub(super) fn switch(&mut self, operation: &'static str) -> Result<bool, Refusal> {
        self.choice(operation, "0 or 1", &[("0", false), ("1", true)])
    }

    pub(super) fn number(
        &mut self,
        operation: &'static str,
        form: &'static str,
        allowed: std::ops::RangeInclusive<u32>,
    ) -> Result<u32, Refusal> {
        let argument = self.argument(operation, form)?;
        sizes::number(argument, operation, allowed)
            .map_err(|flaw| Refusal::of(flaw, operation, argument, form))
    }

    /// A colour in base64.
    pub(super) fn color(&mut self) -> Result<Rgb, Refusal> {
        const FORM: &str = "<URL-safe base64 of #RRGGBB> such as I2ZmZmZmZg";
        let argument = self.argument("color", FORM)?;
        COLOR
            .decode(argument)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .and_then(|text| Rgb::parse(&text))
            .ok_or_else(|| Refusal::form("color", argument, FORM))
    }

    pub(super) fn gravity(&mut self) -> Result<Gravity, Refusal> {
        const FORM: &str = "auto, northwest, north, northeast, west, center, east, southwest, south, southeast \
                            or a point such as 0.31x0.62";
        let argument = self.argument("gravity", FORM)?;
        let places = Gravity::POSITIONS.into_iter().chain([Gravity::Auto]);
        let place = places.into_iter().find(|gravity| gravity.to_string() == argument);
        place
            .or_else(|| Focus::parse(argument).map(Gravity::Focus))
            .ok_or_else(|| Refusal::form("gravity", argument, FORM))
    }
}

impl Output {
    /// Takes an option that every form has in the same words; `false` when the word is none.
    pub(super) fn shared(&mut self, operation: &str, words: &mut Words<'_>) -> Result<bool, Refusal> {
        match operation {
            "animation" => {
                let choices = [("first", Animation::First), ("keep", Animation::Keep)];
                once(
                    &mut self.animation,
                    words.choice("animation", "first or keep", &choices)?,
                    "animation",
                )?;
            }
            "format" => self.format(words)?,
            "grayscale" => once(&mut self.greyscale, words.switch("grayscale")?, "grayscale")?,
            "keep" => self.keep(words)?,
            "linear" => once(&mut self.linear, words.switch("linear")?, "linear")?,
            "sharpen" => {
                let percent = words.number("sharpen", "<n> from 10 to 300, such as 70", SHARPEN)?;
                once(&mut self.sharpen, u16::try_from(percent).unwrap_or(u16::MAX), "sharpen")?;
            }
            "subsampling" => {
                let choices = [("420", Subsampling::Quarter), ("444", Subsampling::Full)];
                once(
                    &mut self.subsampling,
                    words.choice("subsampling", "420 or 444", &choices)?,
                    "subsampling",
                )?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(super) fn format(&mut self, words: &mut Words<'_>) -> Result<(), Refusal> {
        const FORM: &str = "jpg, png, webp or gif";
        let argument = words.argument("format", FORM)?;
        let format = values::format(argument).map_err(|_| Refusal::form("format", argument, FORM))?;
        once(&mut self.format, format, "format")
    }

    fn keep(&mut self, words: &mut Words<'_>) -> Result<(), Refusal> {
        const FORM: &str = "copyright, profile or copyright+profile";
        let choices = [
            ("copyright", Keep { copyright: true, profile: false }),
            ("profile", Keep { copyright: false, profile: true }),
            ("copyright+profile", Keep { copyright: true, profile: true }),
            ("profile+copyright", Keep { copyright: true, profile: true }),
        ];
        once(&mut self.keep, words.choice("keep", FORM, &choices)?, "keep")
    }

    /// `quality`, or `q` of imageView2: at most the source's, or with `!` exactly.
    pub(super) fn quality(&mut self, operation: &'static str, words: &mut Words<'_>) -> Result<(), Refusal> {
        const FORM: &str = "<n>, or <n>! whatever the source's quality is";
        let argument = words.argument(operation, FORM)?;
        let (digits, kind): (_, fn(u8) -> Quality) = match argument.strip_suffix('!') {
            Some(digits) => (digits, Quality::Fixed),
            None => (argument, Quality::AtMostSource),
        };
        let number = sizes::number(digits, "quality", 1..=100)
            .map_err(|flaw| Refusal::of(flaw, operation, argument, FORM))?;
        self.put_quality(kind, number)
    }

    /// `rquality` and `lquality`, or `rq` and `lq`, whose number means what `kind` says.
    pub(super) fn relative_quality(
        &mut self,
        operation: &'static str,
        kind: fn(u8) -> Quality,
        words: &mut Words<'_>,
    ) -> Result<(), Refusal> {
        let number = words.number(operation, "<n> from 1 to 100", 1..=100)?;
        self.put_quality(kind, number)
    }

    /// Only one of the ways to say it can hold.
    pub(super) fn put_quality(&mut self, kind: fn(u8) -> Quality, number: u32) -> Result<(), Refusal> {
        once(&mut self.quality, kind(u8::try_from(number).unwrap_or(u8::MAX)), "a quality")
    }

    /// `size-limit`: `k` and `m` are 1,024 and 1,048,576 bytes. The mark `!`, which returns the original rather
    /// than a larger file, changes nothing: a thumbnail is never larger than a source of its size and format.
    pub(super) fn size_limit(&mut self, words: &mut Words<'_>) -> Result<(), Refusal> {
        const FORM: &str = "<n>k or <n>m, with or without !";
        let argument = words.argument("size-limit", FORM)?;
        let bytes = bytes(argument.strip_suffix('!').unwrap_or(argument), Unit::Needed)
            .map_err(|flaw| Refusal::of(flaw, "size-limit", argument, FORM))?;
        once(&mut self.max_bytes, bytes, "size-limit")
    }

    /// Our own word for the same.
    pub(super) fn max_bytes(&mut self, words: &mut Words<'_>) -> Result<(), Refusal> {
        const FORM: &str = "a number of bytes, <n>k or <n>m";
        let argument = words.argument("max_bytes", FORM)?;
        let bytes =
            bytes(argument, Unit::Free).map_err(|flaw| Refusal::of(flaw, "max_bytes", argument, FORM))?;
        once(&mut self.max_bytes, bytes, "max_bytes")
    }
}

/// Whether a number of bytes must have its unit.
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

/// Fills a place that can be filled only once.
pub(super) fn once<T>(place: &mut Option<T>, value: T, operation: &'static str) -> Result<(), Refusal> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Refusal::Repeated(operation)),
    }
}
