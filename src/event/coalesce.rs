//! Coalescing of the records of a message: one record for each object.
//!
//! Thumbnails follow from the present state of an object, so only the newest of its records needs work. The
//! others are reported as superseded, never dropped.

use std::collections::HashMap;

use crate::event::Record;
use crate::object::{Bucket, Key};

/// Newest record of an object, and the records it supersedes.
#[derive(Clone, Debug, PartialEq)]
pub struct CoalescedRecord {
    /// Newest record of the object.
    pub record: Record,
    /// Older records of the same object, in their order in the message.
    pub superseded: Vec<Record>,
}

/// Groups the records of a message by object, in the order in which the objects first appear.
///
/// The newest is the one with the latest event time. Without times, or with equal ones, it is the last one.
#[must_use]
pub fn coalesce(records: Vec<Record>) -> Vec<CoalescedRecord> {
    let mut work: Vec<CoalescedRecord> = Vec::with_capacity(records.len());
    let mut positions: HashMap<(Bucket, Key), usize> = HashMap::new();
    for record in records {
        let object = (record.bucket.clone(), record.key.clone());
        let earlier = positions.get(&object).and_then(|&position| work.get_mut(position));
        match earlier {
            None => {
                positions.insert(object, work.len());
                work.push(CoalescedRecord { record, superseded: Vec::new() });
            }
            Some(known) if is_superseded_by(&record, &known.record) => known.superseded.push(record),
            Some(known) => known.superseded.push(std::mem::replace(&mut known.record, record)),
        }
    }
    work
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
    use crate::event::decode;

    fn record(key: &str, event: &str, time: Option<u64>) -> Record {
        let time = time.map_or_else(|| "null".to_owned(), |time| time.to_string());
        let message = format!(
            r#"{{"Records":[{{"cos":{{"cosBucket":{{"name":"p","appid":"1","region":"gz"}},"cosObject":{{"key":"{key}"}}}},
                "event":{{"eventName":"{event}","eventTime":{time}}}}}]}}"#
        );
        decode(message.as_bytes(), None).unwrap().remove(0).unwrap()
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
