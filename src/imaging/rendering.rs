//! What one source gave.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU8;
use std::time::Duration;

use bytes::Bytes;

use crate::imaging::error::Error;
use crate::imaging::source_format::SourceFormat;
use crate::recipe::Format;

/// What one source gave.
#[derive(Debug)]
pub struct Rendering {
    /// What the source is.
    pub source: SourceInfo,
    /// One for each recipe, in their order.
    pub thumbnails: Vec<Result<Thumbnail, Error>>,
    /// Where the time went.
    pub timings: Timings,
}

/// What a source is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SourceInfo {
    /// By its content.
    pub format: SourceFormat,
    /// Pixels, upright.
    pub width: u32,
    /// Pixels, upright.
    pub height: u32,
    /// Percent of the picture that are damaged, and made up in the thumbnails; `None` when it is whole.
    pub damaged: Option<NonZeroU8>,
}

/// One thumbnail, ready to be stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Thumbnail {
    /// The file.
    pub bytes: Bytes,
    /// The format of the file.
    pub format: Format,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Whether it moves.
    pub motion: Motion,
}

impl Thumbnail {
    /// Bytes of the file.
    pub(crate) fn length(&self) -> u64 {
        u64::try_from(self.bytes.len()).unwrap_or(u64::MAX)
    }
}

/// Whether a thumbnail moves.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Motion {
    /// It is a still picture, though its source moves and its recipe would keep that.
    NotAnimated(NotAnimated),
    /// It moves, in so many frames.
    Animated(u32),
    /// It is a still picture.
    Still,
}

/// Where the time of one [`render`] went.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Timings {
    /// Reading and decoding, waiting for the source included.
    pub decode: Duration,
    /// Turning, scaling and colours, all recipes together.
    pub resize: Duration,
    /// Writing the files, all recipes together, also where they are written side by side.
    pub encode: Duration,
}

/// Why a thumbnail stands still although its recipe keeps animations.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NotAnimated {
    /// Its file would be larger than the recipe allows, bytes.
    Bytes(u64),
    /// A frame after the first is damaged.
    Damaged {
        /// Which, the first is 1.
        frame: u32,
        /// What the decoder ran into.
        detail: String,
    },
    /// The format cannot be written so.
    Encode(String),
    /// It has more frames than this.
    Frames(u32),
    /// Frames and file do not fit in the memory: such a thumbnail fails, since it would be another one with more.
    Memory {
        /// Bytes needed.
        needed: u64,
        /// Bytes allowed.
        allowed: u64,
    },
    /// Its frames have more pixels than this together.
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
            Self::Pixels(allowed) => write!(f, "its frames have more than {allowed} pixels together"),
        }
    }
}

/// Thumbnails that move, or why they do not, by the places of their recipes.
pub(crate) type AnimatedThumbnails = BTreeMap<usize, Result<Thumbnail, NotAnimated>>;
