//! Why a JPEG could not be read.

use std::borrow::Cow;
use std::io;

/// What a JPEG ran into.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It breaks the rules, or ends early, where nothing can be made of it.
    #[error("{0}")]
    Damaged(Cow<'static, str>),
    /// The reader that was handed in failed; the file itself may be sound.
    #[error("the source could not be read to its end")]
    Read(#[source] io::Error),
    /// Whoever takes the rows wants no more.
    #[error("the reading was stopped")]
    Stopped,
    /// It is coded in a way that is not decoded here.
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
