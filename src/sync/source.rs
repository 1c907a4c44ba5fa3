//! Source: an object that may have thumbnails, as a listing or an inventory shows it.

use std::time::SystemTime;

use crate::cos::ListedObject;
use crate::object::{ContentId, ETag, Key};

/// An object that may be a source.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Source {
    /// Key.
    pub key: Key,
    /// Bytes, if known.
    pub length: Option<u64>,
    /// ETag, if known.
    pub etag: Option<ETag>,
    /// Time of the upload, if known.
    pub last_modified: Option<SystemTime>,
    /// `true` if it has to be restored from an archive before it can be read.
    pub is_archived: bool,
}

impl Source {
    /// The content, if its ETag is known.
    #[must_use]
    pub fn content(&self) -> Option<ContentId> {
        Some(ContentId { etag: self.etag.clone()?, length: self.length, crc64: None })
    }
}

impl From<ListedObject> for Source {
    fn from(object: ListedObject) -> Self {
        let ListedObject { key, length, etag, last_modified, is_archived } = object;
        Self { key, length: Some(length), etag, last_modified, is_archived }
    }
}
