//! Coalescing of the records of a message: one record for each object.
//!
//! Thumbnails follow from the present state of an object, so only the newest of its records needs work. The
//! others are reported as superseded, never dropped.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use crate::event::Record;

/// Newest record of an object, and the records it supersedes.
#[derive(Clone, Debug, PartialEq)]
pub struct CoalescedRecord {
    /// Newest record of the object.
    pub record: Record,
    /// Older records of the same object, in their order in the message.
    pub superseded: Vec<Record>,
}

/// Records of a message by object, in the order in which the objects first appear.
#[derive(Debug, Default)]
pub struct CoalescedRecords {
    work: Vec<CoalescedRecord>,
    /// Position of an object by its hash, because a copy of its name would double the memory for small records. Objects
    /// with one hash are handled as if their records were in two messages.
    positions: HashMap<u64, usize>,
    hasher: RandomState,
}

impl CoalescedRecords {
    /// Adds the next record of the message.
    ///
    /// The newest is the one with the latest event time. Without times, or with equal ones, it is the last one.
    pub fn push(&mut self, record: Record) {
        let hash = self.hasher.hash_one((&record.bucket, &record.key));
        let position = *self.positions.entry(hash).or_insert(self.work.len());
        let is_same = |known: &&mut CoalescedRecord| {
            (&known.record.bucket, &known.record.key) == (&record.bucket, &record.key)
        };
        match self.work.get_mut(position).filter(is_same) {
            None => self.work.push(CoalescedRecord { record, superseded: Vec::new() }),
            Some(known) if is_superseded_by(&record, &known.record) => known.superseded.push(record),
            Some(known) => known.superseded.push(std::mem::replace(&mut known.record, record)),
        }
    }

    /// Number of records.
    #[must_use]
    pub fn count(&self) -> usize {
        self.work.iter().fold(0, |count, work| count.saturating_add(work.superseded.len()).saturating_add(1))
    }

    /// Number of objects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.work.len()
    }

    /// Returns `true` if there are no records.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.work.is_empty()
    }
}

impl IntoIterator for CoalescedRecords {
    type Item = CoalescedRecord;
    type IntoIter = std::vec::IntoIter<CoalescedRecord>;

    fn into_iter(self) -> Self::IntoIter {
        self.work.into_iter()
    }
}

/// Returns `true` if `earlier`, which came before `record`, stays the one to work on.
///
/// A record that affects no thumbnails never supersedes one that does.
fn is_superseded_by(record: &Record, earlier: &Record) -> bool {
    if record.kind.affects_thumbnails() != earlier.kind.affects_thumbnails() {
        return earlier.kind.affects_thumbnails();
    }
    matches!((record.time, earlier.time), (Some(time), Some(other)) if time < other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Home, decode};

    fn coalesce(records: Vec<Record>) -> Vec<CoalescedRecord> {
        let mut coalesced = CoalescedRecords::default();
        records.into_iter().for_each(|record| coalesced.push(record));
        coalesced.into_iter().collect()
    }

    fn record(key: &str, event: &str, time: Option<u64>) -> Record {
        let time = time.map_or_else(|| "null".to_owned(), |time| time.to_string());
        let message = format!(
            r#"{{"Records":[{{"cos":{{"cosBucket":{{"name":"p","appid":"1","region":"gz"}},"cosObject":{{"key":"{key}"}}}},
                "event":{{"eventName":"{event}","eventTime":{time}}}}}]}}"#
        );
        let mut records = Vec::new();
        decode(message.as_bytes(), &Home::default(), &mut |record| records.push(record)).unwrap();
        records.remove(0).unwrap()
    }

    #[test]
    fn the_newest_record_of_a_key_counts() {
        let created = |key, time| record(key, "cos:ObjectCreated:Put", time);
        let removed = |key, time| record(key, "cos:ObjectRemove:Delete", time);
        let table = [
            ("by order", vec![created("a", None), removed("a", None)], "cos:ObjectRemove:Delete"),
            ("by time", vec![removed("a", Some(9)), created("a", Some(5))], "cos:ObjectRemove:Delete"),
            (
                "a restore that only begins",
                vec![created("a", Some(5)), record("a", "cos:ObjectRestore:Post", Some(9))],
                "cos:ObjectCreated:Put",
            ),
            ("same second", vec![removed("a", Some(5)), created("a", Some(5))], "cos:ObjectCreated:Put"),
        ];
        for (name, records, expected) in table {
            let work = coalesce(records);
            assert_eq!(work.len(), 1, "{name}");
            assert_eq!((work[0].record.name.as_str(), work[0].superseded.len()), (expected, 1), "{name}");
        }
    }

    #[test]
    fn different_keys_keep_their_order() {
        let work = coalesce(["b", "a", "b", "c"].map(|key| record(key, "x", None)).to_vec());
        let keys: Vec<_> = work.iter().map(|work| work.record.key.as_str()).collect();
        assert_eq!(keys, ["b", "a", "c"]);
    }
}
