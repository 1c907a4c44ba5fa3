//! Prepared results of image processing.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

/// Results of image processing by bucket and key.
#[derive(Debug, Default)]
pub(crate) struct Renditions(Mutex<BTreeMap<(String, String), Bytes>>);

impl Renditions {
    /// Sets the result for an object.
    pub(crate) fn put(&self, bucket: &str, key: &str, bytes: Bytes) {
        let mut renditions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        renditions.insert((bucket.to_owned(), key.to_owned()), bytes);
    }

    /// Returns the result for an object.
    pub(crate) fn get(&self, bucket: &str, key: &str) -> Option<Bytes> {
        let renditions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        renditions.get(&(bucket.to_owned(), key.to_owned())).cloned()
    }
}
