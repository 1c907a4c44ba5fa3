//! Records that ended well in this process. COS and SCF deliver some of them again.

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};

use crate::event::Record;

/// Records that are remembered; they take 8 kB.
const CAPACITY: usize = 1024;

/// The latest records after which all thumbnails were current.
///
/// A hint for the first request of a source: delivered again, such a record most likely needs no more than headers. A
/// wrong hint costs one request.
#[derive(Debug, Default)]
pub(crate) struct RecentRecords {
    hasher: RandomState,
    hashes: Mutex<VecDeque<u64>>,
}

impl RecentRecords {
    /// Returns `true` if a record of the same content of the same object is remembered.
    pub(super) fn contains(&self, record: &Record) -> bool {
        let hash = self.hash(record);
        hash.is_some_and(|hash| self.hashes.lock().unwrap_or_else(PoisonError::into_inner).contains(&hash))
    }

    /// Remembers a record, and forgets the oldest if there are too many. One that names no content is not remembered, for
    /// it cannot be told from that of the next upload.
    pub(super) fn insert(&self, record: &Record) {
        let Some(hash) = self.hash(record) else { return };
        let mut hashes = self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
        if hashes.contains(&hash) {
            return;
        }
        if hashes.len() >= CAPACITY {
            hashes.pop_front();
        }
        hashes.push_back(hash);
    }

    fn hash(&self, record: &Record) -> Option<u64> {
        Some(self.hasher.hash_one((&record.bucket, &record.key, record.content()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Home, decode};

    fn record(key: &str, etag: &str) -> Record {
        let message = format!(
            r#"{{"Records":[{{"cos":{{"cosBucket":{{"name":"p","appid":"1","region":"gz"}},"cosObject":{{"key":"{key}",
                "size":9,"meta":{{"ETag":"{etag}"}}}}}},"event":{{"eventName":"cos:ObjectCreated:Put"}}}}]}}"#
        );
        let mut records = Vec::new();
        decode(message.as_bytes(), &Home::default(), &mut |record| records.push(record)).unwrap();
        records.remove(0).unwrap()
    }

    #[test]
    fn another_content_of_the_same_object_is_not_remembered() {
        let recent = RecentRecords::default();
        recent.insert(&record("a.jpg", "1"));
        assert!(recent.contains(&record("a.jpg", "1")));
        assert!(!recent.contains(&record("a.jpg", "2")));
        assert!(!recent.contains(&record("b.jpg", "1")));
        recent.insert(&record("a.jpg", ""));
        assert!(!recent.contains(&record("a.jpg", "")), "it names no content");
    }

    #[test]
    fn the_oldest_is_forgotten() {
        let recent = RecentRecords::default();
        for number in 0..=CAPACITY {
            recent.insert(&record("a.jpg", &number.to_string()));
        }
        assert!(!recent.contains(&record("a.jpg", "0")));
        assert!(recent.contains(&record("a.jpg", "1")));
        assert_eq!(recent.hashes.lock().unwrap().len(), CAPACITY);
    }
}
