//! Refusals of a text that does not describe a thumbnail, with what to write instead.

use std::ops::RangeInclusive;

use crate::config::source::watermark_files::WatermarkError;

/// The reason why a text does not describe a thumbnail. Each reads as the rule that a value breaks.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(in crate::config) enum Refusal {
    #[error("{operation} needs a value: {form}")]
    Argument { operation: &'static str, form: &'static str },
    #[error("thumbnails are separated by semicolons and not by commas: small=150x150;large=1600x1600")]
    Comma,
    #[error("{operation} is not supported: {reason}")]
    Foreign { operation: &'static str, reason: &'static str },
    #[error("{argument:?} is not a value of {operation}, which reads {form}")]
    Form { operation: &'static str, argument: String, form: &'static str },
    #[error("{0:?} cannot be joined with |; join imageMogr2/…, imageView2/… and watermark/1/…")]
    Link(String),
    #[error("{operation} has no effect without {needs}; add that or remove {operation}")]
    Lonely { operation: &'static str, needs: &'static str },
    #[error("{text} names no operation; write one such as {example}")]
    NoOperation { text: &'static str, example: &'static str },
    #[error("a size has an x and no unit: {0}x{0} is a box, {0}x a width and x{0} a height, in pixels")]
    OneSide(String),
    #[error("{number} is out of range; {what} goes from {least} to {most}")]
    Range { number: String, what: &'static str, least: String, most: String },
    #[error(
        "{0}:{1} is a ratio, to which an image is only cropped; write {0}:{1} with fit/cover, or a size in pixels for \
         other fits"
    )]
    Ratio(u32, u32),
    #[error("{0} is written twice; keep one")]
    Repeated(&'static str),
    #[error(
        "a size reads 400x300, 400x, x300 or 16:9; for Tencent's syntax write a text in place of the object"
    )]
    Size,
    #[error(
        "a thumbnail reads 300x300, 300x, x300, each also with options as in 300x300/fit/cover, or imageMogr2/… \
         or imageView2/… in Tencent's syntax"
    )]
    Thumbnail,
    #[error("{0} operations are joined with |, at most 10 may be; leave some out")]
    TooMany(usize),
    #[error("{operation:?} is not supported; {form} takes {known}")]
    Unsupported { operation: String, form: &'static str, known: String },
    #[error("the watermark {name:?} cannot be used: {error}")]
    Watermark { name: String, error: WatermarkError },
}

impl Refusal {
    /// The refusal of a number outside of its bounds.
    pub(super) fn range(number: String, what: &'static str, allowed: &RangeInclusive<u32>) -> Self {
        Self::Range { number, what, least: allowed.start().to_string(), most: allowed.end().to_string() }
    }

    /// The refusal of a number with decimals, whose bounds are in hundredths.
    pub(super) fn hundredths(number: String, what: &'static str, allowed: &RangeInclusive<u16>) -> Self {
        let text = |bound: &u16| (f64::from(*bound) / 100.0).to_string();
        Self::Range { number, what, least: text(allowed.start()), most: text(allowed.end()) }
    }

    /// The refusal of HDR gain maps, which belong to their base picture at every pixel.
    pub(super) fn gain_map() -> Self {
        let reason = "thumbnails show the base picture of an HDR photograph, without its gain map; remove it";
        Self::Foreign { operation: "keep/gainmap", reason }
    }

    /// The refusal of an operation that Tencent has and this program has not.
    pub(super) fn foreign(name: &str) -> Option<Self> {
        const EFFECT: &str = "effects are left to what shows the image; remove it";
        const SCALED: &str = "watermarks keep their size; save the PNG in the size that thumbnails show";
        const FOREIGN: [(&str, &str); 12] = [
            ("blogo", SCALED),
            ("bright", EFFECT),
            ("cgif", "thumbnails show the first frame; remove it"),
            ("contrast", EFFECT),
            ("degree", "watermarks are not turned; save the PNG turned"),
            (
                "ignore-error",
                "a source that cannot become a thumbnail fails with its reason and is never stored in its \
                 place; remove it",
            ),
            (
                "image of a bucket",
                "put the PNG beside bootstrap, and write image/<URL-safe base64 of its name>",
            ),
            ("scatype", SCALED),
            ("spcent", SCALED),
            ("style", "styles are stored at Tencent; write what the style says"),
            ("watermark", "it is a link of its own; write imageMogr2/…|watermark/1/image/…"),
            ("watermark/2", "there are no fonts; write the text into a PNG, and write watermark/1"),
        ];
        let (operation, reason) = FOREIGN.into_iter().find(|(operation, _)| *operation == name)?;
        Some(Self::Foreign { operation, reason })
    }
}
