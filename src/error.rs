//! Errors of one record, and their meaning to the platform.
//!
//! Two properties of an error are decided here and nowhere else: its stable code, for people and searches,
//! and its disposition, which decides if the platform retries the event.

use std::io;

use serde::Serialize;

use crate::reconcile::SourceName;
use crate::{cos, event, imaging, object, runtime};

/// Treatment of a failed record, ordered by urgency. Serialised, it is its name in lower case.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Disposition {
    /// The process itself is unusable: post an error, then exit so that a new instance retries.
    Fatal,
    /// A retry may succeed: post an error, so that the platform retries the event.
    Transient,
    /// A retry would fail the same way: post a response.
    Permanent,
}

/// Failure of a record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A COS request failed.
    #[error(transparent)]
    Cos(#[from] cos::Error),
    /// The time limit is too near.
    #[error(
        "deadline: {stored} of {wanted} thumbnails stored when the time limit of {limit_ms} ms came near; the rest follows when the event is tried again; give the function more time or memory (CPU grows with memory)"
    )]
    Deadline {
        /// Thumbnails stored in time.
        stored: usize,
        /// Thumbnails requested.
        wanted: usize,
        /// Time limit of the function, ms.
        limit_ms: u128,
    },
    /// The decoder of an earlier event has not ended, and holds memory that this image needs.
    #[error(
        "an image of an earlier event is still being decoded after its time limit, and the rest of the memory is too little for this one; it follows when the event is tried again; give the function more time or memory"
    )]
    DecoderBusy,
    /// The record cannot be read.
    #[error(transparent)]
    Event(#[from] event::Error),
    /// The thumbnail cannot be made of this image.
    #[error(transparent)]
    Imaging(#[from] imaging::Error),
    /// Thumbnails would trigger the function again.
    #[error("{0}")]
    Loop(String),
    /// The system gives the decoder no thread.
    #[error("no thread for decoding can be started: {0}")]
    NoThread(io::Error),
    /// The program has a defect.
    #[error("the function panicked: {0}; please report this together with the picture")]
    Panicked(runtime::Panic),
    /// The key of a thumbnail holds the thumbnail of another source.
    #[error(
        "{key} already holds the thumbnail of {owner}; write a target key that tells the two apart, as {{key}} and {{hash}} do"
    )]
    KeyTaken {
        /// Key.
        key: String,
        /// Source of the thumbnail under this key, as its stamp names it.
        owner: SourceName,
    },
    /// The bucket or key of the thumbnail, derived from those of the source, is invalid.
    #[error("the thumbnail cannot be stored: {0}")]
    Target(#[from] object::Error),
    /// The image needs more memory than the function has, by the estimate of its format.
    #[error("this picture needs {needed} MB of memory, this function has {have} MB; {}", remedy(*needed))]
    TooMuchMemory {
        /// Memory of a function that is large enough, MB of 1,048,576 bytes.
        needed: u64,
        /// Memory of this function, MB.
        have: u64,
    },
    /// A slow format takes longer than the function has, by what it has measured.
    #[error(
        "writing this thumbnail as AVIF takes about {needed_ms} ms here, and the function has {have_ms} ms for it; give the function a longer time limit or more memory (CPU grows with memory), or choose a smaller size or webp"
    )]
    TooSlow {
        /// Time needed, ms.
        needed_ms: u128,
        /// Time that an invocation leaves for it, ms.
        have_ms: u128,
    },
    /// COS returned no ETag for a source, so its thumbnails cannot be compared with it.
    #[error("COS returned no ETag for {0}; check what stands between the function and COS")]
    NoETag(String),
    /// The source changed in every round of the visit.
    #[error("the object changed each time its thumbnails were stored; the event has to come again")]
    NotConverged,
}

impl Error {
    /// Returns the stable code of this error, as docs/outcomes.md lists it.
    #[must_use]
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Cos(error) => error.code(),
            Self::Deadline { .. } => "deadline",
            Self::DecoderBusy => "system.decoder_busy",
            Self::Event(error) => match error {
                event::Error::Contradiction(_)
                | event::Error::Missing(_)
                | event::Error::NotARecord
                | event::Error::Object(_)
                | event::Error::TooLong(_) => "event.record",
                event::Error::EmptyRecords
                | event::Error::Foreign(_)
                | event::Error::InAString
                | event::Error::ListOfRecords
                | event::Error::NoRecords(_)
                | event::Error::NotAnObject(_)
                | event::Error::NotJson(_)
                | event::Error::NotText(_)
                | event::Error::RecordWithoutList
                | event::Error::RecordsNotAList => "event.not_cos",
                event::Error::Region(_) => "event.region",
            },
            Self::Imaging(error) => match error {
                imaging::Error::Cancelled => "deadline",
                imaging::Error::Damaged { .. } => "image.damaged",
                imaging::Error::Empty => "image.empty",
                imaging::Error::Encode { .. } => "image.encode",
                imaging::Error::Compressed { .. }
                | imaging::Error::Heic
                | imaging::Error::IosPng
                | imaging::Error::Unsupported { .. } => "image.unsupported",
                imaging::Error::Impossible { .. }
                | imaging::Error::Outside { .. }
                | imaging::Error::TooLargeToScore { .. }
                | imaging::Error::TooManyBytes { .. } => "image.impossible",
                imaging::Error::NotAnImage => "image.not_an_image",
                imaging::Error::Read(_) => "cos.network",
                imaging::Error::Resize { .. } => "image.resize",
                imaging::Error::TooManyPixels { .. } => "image.too_many_pixels",
                imaging::Error::TooMuchMemory { .. } => "image.too_much_memory",
            },
            Self::Loop(_) => "config.loop",
            Self::NoThread(_) => "system.no_thread",
            Self::Panicked(_) => "panic",
            Self::KeyTaken { .. } => "target.taken",
            Self::Target(_) => "target.name",
            Self::TooMuchMemory { .. } => "image.too_much_memory",
            Self::TooSlow { .. } => "image.too_slow",
            Self::NoETag(_) => "cos.protocol",
            Self::NotConverged => "cos.changed",
        }
    }

    /// Returns the treatment of the record.
    #[must_use]
    pub(crate) fn disposition(&self) -> Disposition {
        match self {
            Self::Cos(cos::Error::CredentialsRejected { .. }) | Self::NoThread(_) => Disposition::Fatal,
            Self::Cos(error) if error.is_transient() => Disposition::Transient,
            Self::Deadline { .. }
            | Self::DecoderBusy
            | Self::Imaging(imaging::Error::Cancelled | imaging::Error::Read(_))
            | Self::Panicked(_)
            | Self::NoETag(_)
            | Self::NotConverged => Disposition::Transient,
            Self::Cos(_)
            | Self::Event(_)
            | Self::Imaging(_)
            | Self::Loop(_)
            | Self::KeyTaken { .. }
            | Self::Target(_)
            | Self::TooMuchMemory { .. }
            | Self::TooSlow { .. } => Disposition::Permanent,
        }
    }
}

/// Names the remedy for a need of this many MB. Functions come in steps of 128 MB (583/11637).
fn remedy(needed: u64) -> String {
    const STEP: u64 = 128;
    const LARGEST: u64 = 3072;
    let size = needed.next_multiple_of(STEP);
    if size > LARGEST { "upload a smaller picture".to_owned() } else { format!("set {size} MB") }
}
