//! Errors of reading a JPEG.

use std::borrow::Cow;
use std::io;

/// Reason for a JPEG to give no picture.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file ends in the middle of a segment, before anything can be made of it.
    #[error("the JPEG ends before its picture does")]
    CutShort,
    /// The file breaks the rules, or ends early, where nothing can be made of it.
    #[error("a damaged JPEG: {0}")]
    Damaged(Cow<'static, str>),
    /// The reader that was handed in failed; the file itself may be sound.
    #[error("the source could not be read to its end")]
    Read(#[source] io::Error),
    /// The receiver of the rows wants no more, or a thread of the decoder ended early.
    #[error("the reading was stopped")]
    Stopped,
    /// The file is coded in a way that is not decoded here.
    #[error("a JPEG with {0}")]
    Unsupported(Cow<'static, str>),
}

impl Error {
    pub(crate) fn damaged(detail: &'static str) -> Self {
        Self::Damaged(Cow::Borrowed(detail))
    }

    pub(crate) fn unsupported(feature: &'static str) -> Self {
        Self::Unsupported(Cow::Borrowed(feature))
    }
}
