//! Task: a source that the function is to visit.

use crate::sync::Source;

/// Most bytes of a record in an event, without key and ETag.
const RECORD_BYTES: usize = 480;

/// Reason for a visit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Need {
    /// A thumbnail is missing.
    Missing,
    /// The source is gone, and a thumbnail of it is there.
    Orphan,
    /// A thumbnail is of another content or recipe.
    Stale,
    /// Nothing is known.
    Unverified,
}

/// A source to visit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Task {
    /// Source.
    pub source: Source,
    /// Reason.
    pub need: Need,
}

impl Task {
    /// Bytes of memory that it takes, nearly.
    pub(super) fn weight(&self) -> usize {
        let etag = self.source.etag.as_ref().map_or(0, |etag| etag.as_str().len());
        size_of::<Self>().saturating_add(self.source.key.as_str().len()).saturating_add(etag)
    }

    /// Most bytes that its record takes in an event.
    pub(super) fn event_bytes(&self) -> usize {
        let key = self.source.key.as_str().chars().map(|character| match character {
            '"' | '\\' => 2,
            ' '..='~' => 1,
            // Escaped as one or two units of UTF-16, if it has no shape of its own.
            _ => 12,
        });
        let etag = self.source.etag.as_ref().map_or(0, |etag| etag.as_str().len());
        key.sum::<usize>().saturating_add(etag).saturating_add(RECORD_BYTES)
    }
}
