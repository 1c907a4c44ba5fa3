//! Results of rendering one source: thumbnails, properties of the source, and timings.
//!
//! These are plain values for the caller. A recipe that fails leaves an error in its place and the other thumbnails
//! untouched; a source that fails gives no [`Rendering`] at all.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU8;
use std::time::Duration;

use bytes::Bytes;

use crate::imaging::error::Error;
use crate::imaging::source_format::SourceFormat;
use crate::recipe::{Format, Rgb};

/// The result of rendering one source.
#[derive(Debug)]
pub struct Rendering {
    /// Properties of the source.
    pub source: SourceInfo,
    /// One result per recipe, in the order of the recipes.
    pub thumbnails: Vec<Result<Thumbnail, Error>>,
    /// Time of each phase.
    pub timings: Timings,
}

/// Properties of a source.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SourceInfo {
    /// Format of the content, whatever the name of the object says.
    pub format: SourceFormat,
    /// Width after orientation, pixels.
    pub width: u32,
    /// Height after orientation, pixels.
    pub height: u32,
    /// Percentage of the image that is damaged and filled in; `None` if the image is intact.
    pub damaged: Option<NonZeroU8>,
    /// `true` if it carries the label of AI-generated content of GB 45438-2025.
    pub has_aigc_label: bool,
    /// `true` if it carries a manifest of C2PA, which thumbnails never do.
    pub has_c2pa: bool,
}

/// One thumbnail, ready to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Thumbnail {
    /// Content of the file.
    pub bytes: Bytes,
    /// Format of the file.
    pub format: Format,
    /// Width, pixels.
    pub width: u32,
    /// Height, pixels.
    pub height: u32,
    /// Quality with which it was encoded, 1 to 100, if the format has one.
    pub quality: Option<u8>,
    /// SSIMULACRA2 of the file against the pixels before encoding, if the quality was found by it.
    pub score: Option<f64>,
    /// Still or animated.
    pub motion: Motion,
    /// Part of the source that it shows; `None` if that is no rectangle, after a rotation.
    pub part: Option<SourcePart>,
    /// What a page can show before the thumbnail has come, if the recipe asks for it.
    pub placeholder: Option<Placeholder>,
}

/// What a page can show before a thumbnail has come.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Placeholder {
    /// ThumbHash in base64: for most proportions 28 characters.
    pub thumbhash: String,
    /// Dominant colour.
    pub color: Rgb,
}

/// A rectangle of the upright source, pixels and fractions of them from its top left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SourcePart {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Thumbnail {
    /// Length of the file, bytes.
    pub(crate) fn length(&self) -> u64 {
        u64::try_from(self.bytes.len()).unwrap_or(u64::MAX)
    }
}

/// Still or animated, and the reason where an animation was lost.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Motion {
    /// Still, although the source is animated and the recipe keeps animations.
    NotAnimated(NotAnimated),
    /// Animated, with this number of frames.
    Animated(u32),
    /// Still, as the source or the recipe wants it.
    Still,
}

/// Time of each phase of one [`render`](crate::imaging::render).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Timings {
    /// Reading, decoding and scaling of rows, with the time waited for the source.
    pub decode: Duration,
    /// What is done with scaled pictures, for all recipes: smaller sizes, colour conversion, orientation.
    pub resize: Duration,
    /// Encoding, for all recipes: the sum over all encoders, also of those that ran at the same time.
    pub encode: Duration,
}

/// The reason why a thumbnail is still although its recipe keeps animations.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NotAnimated {
    /// The file would exceed the recipe's limit of this many bytes.
    Bytes(u64),
    /// A frame after the first is damaged.
    Damaged {
        /// Number of the frame; the first is 1.
        frame: u32,
        /// Description by the decoder.
        detail: String,
    },
    /// The encoder failed, with this description.
    Encode(String),
    /// The source has more frames than this.
    Frames(u32),
    /// Frames and file exceed the memory. Such a thumbnail fails: with more memory it would be a different file.
    Memory {
        /// Bytes needed.
        needed: u64,
        /// Bytes allowed.
        allowed: u64,
    },
    /// The frames have more pixels than this together, which a file of this length may have.
    Pixels(u64),
}

impl From<&Error> for NotAnimated {
    fn from(error: &Error) -> Self {
        match *error {
            Error::TooMuchMemory { needed, allowed } => Self::Memory { needed, allowed },
            ref other => Self::Encode(other.to_string()),
        }
    }
}

impl fmt::Display for NotAnimated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(allowed) => write!(f, "with its frames it has more than {allowed} bytes"),
            Self::Damaged { frame, detail } => write!(f, "frame {frame} is damaged: {detail}"),
            Self::Encode(detail) => write!(f, "its frames cannot be written: {detail}"),
            Self::Frames(allowed) => write!(f, "it has more than {allowed} frames"),
            Self::Memory { .. } => f.write_str("its frames need more memory"),
            Self::Pixels(allowed) => write!(
                f,
                "its frames have more than {allowed} pixels together, the most for a file of its size"
            ),
        }
    }
}

/// Animated thumbnails, or the reasons against them, by the index of their recipes.
pub(crate) type AnimatedThumbnails = BTreeMap<usize, Result<Thumbnail, NotAnimated>>;
