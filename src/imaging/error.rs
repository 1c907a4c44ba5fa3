//! Errors of reading sources and making thumbnails.
//!
//! Each variant names one cause: the file, the reader, the recipe, a limit, the encoder or the caller. The display text
//! says what happened to which object, and what to do.

use std::borrow::Cow;
use std::fmt;
use std::io;

use crate::imaging::source_format::SourceFormat;
use crate::recipe::Format;

/// A source that could not be decoded, or a thumbnail that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// [`Cancel`](crate::imaging::limits::Cancel) was set.
    #[error("the work was cancelled before the thumbnail was made")]
    Cancelled,
    /// The content is compressed as a whole, as `Content-Encoding` says or as SVGZ is.
    #[error(
        "the content is compressed with {coding}; upload it as it is, without Content-Encoding, or convert an SVGZ to \
         JPEG, PNG or WebP"
    )]
    Compressed {
        /// Name of the compression.
        coding: &'static str,
    },
    /// The file violates its format, or is truncated.
    #[error("the {} file is damaged: {detail}; upload an intact copy", format.title())]
    Damaged {
        /// Format detected from the first bytes.
        format: SourceFormat,
        /// Violation that the decoder found.
        detail: String,
    },
    /// The source has no bytes.
    #[error("the source is empty; upload it again")]
    Empty,
    /// The encoder failed.
    #[error("the thumbnail could not be written as {}: {detail}", format.name())]
    Encode {
        /// Output format.
        format: Format,
        /// Message of the encoder.
        detail: String,
    },
    /// HEIC image in a program without the feature `heic`, or for a rule that refuses it.
    #[error(
        "a HEIC picture {}; set HEIC=ci (in thumbnails.json: \"heic\": \"ci\") to have COS's own image processing turn \
         it into JPEG, {}, convert it before the upload, or leave such files out of the rules",
        if cfg!(feature = "heic") { "is refused, as HEIC says" } else { "cannot be decoded here" },
        if cfg!(feature = "heic") { "or HEIC=decode" } else { "build the function with scripts/package --heic" }
    )]
    Heic,
    /// The recipe asks for a side longer than the output format allows.
    #[error(
        "a thumbnail of {width}x{height} px cannot be written as {}, whose sides end at {longest} px; \
         choose a smaller size or another format",
        format.name()
    )]
    Impossible {
        /// Output format.
        format: Format,
        /// Requested width, pixels.
        width: u32,
        /// Requested height, pixels.
        height: u32,
        /// Longest side that the format allows, pixels.
        longest: u32,
    },
    /// PNG in the variety of Apple's tools, whose pixels are stored otherwise and which declares no size where PNG does.
    #[error(
        "an iOS-optimised PNG (CgBI), which only Apple's software reads, cannot be decoded; \
         re-export it as an ordinary PNG, or leave such files out of the rules"
    )]
    IosPng,
    /// The first bytes match no known format.
    #[error(
        "the content is not a picture, whatever its name says; upload JPEG, PNG, WebP, AVIF, JPEG XL, GIF, BMP or TIFF"
    )]
    NotAnImage,
    /// The crop lies outside of the image.
    #[error(
        "the cut begins {x} px across and {y} px down, outside of the picture of {width}x{height} px; \
         cut nearer to the edge or leave such pictures out of the rules"
    )]
    Outside {
        /// Distance from the left or right edge, pixels.
        x: u32,
        /// Distance from the upper or lower edge, pixels.
        y: u32,
        /// Width of the picture, pixels.
        width: u32,
        /// Height of the picture, pixels.
        height: u32,
    },
    /// The caller's reader failed; the file itself may be intact.
    #[error("the source could not be read to its end")]
    Read(#[source] io::Error),
    /// The resampler rejected a size.
    #[error("the picture could not be scaled: {detail}")]
    Resize {
        /// Message of the resampler.
        detail: String,
    },
    /// No quality setting brings the thumbnail below the recipe's byte limit.
    #[error(
        "a thumbnail of {width}x{height} px cannot be written as {} in {allowed} bytes; \
         allow more bytes or choose a smaller size{}",
        format.name(),
        if matches!(format, Format::Gif | Format::Png) { ", or jpeg or webp" } else { "" }
    )]
    TooManyBytes {
        /// Output format.
        format: Format,
        /// Width, pixels.
        width: u32,
        /// Height, pixels.
        height: u32,
        /// Byte limit of the recipe.
        allowed: u64,
    },
    /// The image has more pixels than [`Limits`](crate::imaging::limits::Limits) allow.
    #[error(
        "the picture has {width}x{height} = {have} pixels, {allowed} are allowed; \
         upload a smaller one or raise MAX_PIXELS"
    )]
    TooManyPixels {
        /// Width in the file, pixels.
        width: u32,
        /// Height in the file, pixels.
        height: u32,
        /// Width × height, pixels.
        have: u64,
        /// [`Limits::max_pixels`](crate::imaging::limits::Limits::max_pixels).
        allowed: u64,
    },
    /// The quality is to be found by a score, for a thumbnail of more pixels than are compared.
    #[error(
        "a thumbnail of {width}x{height} px is too large for quality/auto, which compares up to {allowed} pixels; \
         write a number from 1 to 100 as its quality or choose a smaller size"
    )]
    TooLargeToScore {
        /// Width, pixels.
        width: u32,
        /// Height, pixels.
        height: u32,
        /// Most pixels.
        allowed: u64,
    },
    /// The memory limit would be exceeded; found before the memory is allocated.
    #[error(
        "this needs {} MB of memory, {} MB are allowed; give the function more memory or upload a smaller picture",
        Megabytes(*needed),
        Megabytes(*allowed)
    )]
    TooMuchMemory {
        /// Bytes needed in all, by the memory model of the format.
        needed: u64,
        /// [`Limits::memory`](crate::imaging::limits::Limits::memory).
        allowed: u64,
    },
    /// The format, or a variety of it, is known but not decoded.
    #[error(
        "{what} cannot be decoded; convert it to JPEG, PNG or WebP, or leave such files out of the rules"
    )]
    Unsupported {
        /// Name of the format or of the feature.
        what: Cow<'static, str>,
    },
}

impl Error {
    /// An [`Error::Damaged`] with this `detail`.
    pub(super) fn damaged(format: SourceFormat, detail: impl Into<String>) -> Self {
        Self::Damaged { format, detail: detail.into() }
    }

    /// An [`Error::Unsupported`] for a variety of `format`, named by the feature that it needs.
    pub(super) fn unsupported(format: SourceFormat, feature: &str) -> Self {
        Self::Unsupported { what: Cow::Owned(format!("this variety of {} ({feature})", format.title())) }
    }
}

/// Bytes, displayed as MB of 1,048,576 bytes like the platform's memory sizes, rounded up.
struct Megabytes(u64);

impl fmt::Display for Megabytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.div_ceil(1024 * 1024))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_text_contains_the_numbers() {
        let memory = Error::TooMuchMemory { needed: (400 << 20) + 1, allowed: 256 << 20 };
        assert!(
            memory.to_string().starts_with("this needs 401 MB of memory, 256 MB are allowed"),
            "{memory}"
        );
        let pixels = Error::TooManyPixels { width: 3, height: 4, have: 12, allowed: 11 };
        assert!(pixels.to_string().contains("3x4 = 12 pixels, 11 are allowed"), "{pixels}");
        assert!(pixels.to_string().ends_with("raise MAX_PIXELS"), "{pixels}");
    }
}
