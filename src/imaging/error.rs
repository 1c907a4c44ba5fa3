//! Why a picture or a thumbnail could not be made, by culprit and fact.

use std::borrow::Cow;
use std::fmt;
use std::io;

use crate::imaging::source_format::SourceFormat;
use crate::recipe::Format;

/// Why a source or one of its thumbnails came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// [`Cancel`](crate::imaging::limits::Cancel) was set.
    #[error("the work was cancelled before the thumbnail was made")]
    Cancelled,
    /// The file breaks the rules of its format, or ends early.
    #[error("the {} file is damaged: {detail}; upload an intact copy", format.title())]
    Damaged {
        /// The format its first bytes announce.
        format: SourceFormat,
        /// What the decoder ran into.
        detail: String,
    },
    /// No bytes at all.
    #[error("the source is empty; upload it again")]
    Empty,
    /// The encoder refused the picture.
    #[error("the thumbnail could not be written as {}: {detail}", format.name())]
    Encode {
        /// The format that was to be written.
        format: Format,
        /// The encoder's own words.
        detail: String,
    },
    /// A HEIC picture: its codec is patented, and no decoder under a permissive licence exists.
    #[error(
        "a HEIC picture cannot be decoded here; set HEIC=ci (in thumbnails.json: \"heic\": \"ci\") to have COS's own \
         image processing turn it into JPEG, convert it before the upload, or leave such files out of the rules"
    )]
    Heic,
    /// The format cannot hold a picture of the size that the recipe asks for.
    #[error(
        "a thumbnail of {width}x{height} px cannot be written as {}, whose sides end at {longest} px; \
         choose a smaller size or another format",
        format.name()
    )]
    Impossible {
        /// The format that was to be written.
        format: Format,
        /// Width asked for, pixels.
        width: u32,
        /// Height asked for, pixels.
        height: u32,
        /// The format's longest side, pixels.
        longest: u32,
    },
    /// The first bytes belong to no format that is known here.
    #[error(
        "the content is not a picture, whatever its name says; upload JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF, PNM or QOI"
    )]
    NotAnImage,
    /// A cut that shows nothing of this picture.
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
    /// The reader that was handed in failed; the file itself may be sound.
    #[error("the source could not be read to its end")]
    Read(#[source] io::Error),
    /// The resampler refused a size.
    #[error("the picture could not be scaled: {detail}")]
    Resize {
        /// The resampler's own words.
        detail: String,
    },
    /// No quality makes the thumbnail as small as the recipe wants it.
    #[error(
        "a thumbnail of {width}x{height} px cannot be written as {} in {allowed} bytes; \
         allow more bytes or choose a smaller size{}",
        format.name(),
        if matches!(format, Format::Gif | Format::Png) { ", or jpeg or webp" } else { "" }
    )]
    TooManyBytes {
        /// The format that was to be written.
        format: Format,
        /// Width, pixels.
        width: u32,
        /// Height, pixels.
        height: u32,
        /// Most bytes by the recipe.
        allowed: u64,
    },
    /// More pixels than the limit.
    #[error(
        "the picture has {width}x{height} = {have} pixels, {allowed} are allowed; \
         upload a smaller one or raise MAX_PIXELS"
    )]
    TooManyPixels {
        /// Width in the file, pixels.
        width: u32,
        /// Height in the file, pixels.
        height: u32,
        /// Their product.
        have: u64,
        /// [`Limits::max_pixels`](crate::imaging::limits::Limits::max_pixels).
        allowed: u64,
    },
    /// More memory than the limit, found out before it was taken.
    #[error(
        "this needs {} MB of memory, {} MB are allowed; give the function more memory or upload a smaller picture",
        Megabytes(*needed),
        Megabytes(*allowed)
    )]
    TooMuchMemory {
        /// Bytes needed by the model of the format.
        needed: u64,
        /// [`Limits::memory`](crate::imaging::limits::Limits::memory).
        allowed: u64,
    },
    /// A format, or a variety of one, that is known and not decoded.
    #[error(
        "{what} cannot be decoded; convert it to JPEG, PNG or WebP, or leave such files out of the rules"
    )]
    Unsupported {
        /// Name of the format or feature.
        what: Cow<'static, str>,
    },
}

impl Error {
    /// A file that breaks the rules of its format, in the words of `detail`.
    pub(super) fn damaged(format: SourceFormat, detail: impl Into<String>) -> Self {
        Self::Damaged { format, detail: detail.into() }
    }

    /// A variety of a format that is not decoded, named by the feature that it needs.
    pub(super) fn unsupported(format: SourceFormat, feature: &str) -> Self {
        Self::Unsupported { what: Cow::Owned(format!("this variety of {} ({feature})", format.title())) }
    }
}

/// Bytes as MB of 1,048,576, which is how the platform counts, rounded up.
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
    fn numbers_of_a_refusal_are_in_its_sentence() {
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
