//! Decoding of a trigger message from JSON to records.
//!
//! Decoding is tolerant: only members that a record needs are required, and a bad record does not stop the
//! others.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::event::member::text;
use crate::event::{
    Error, EventKind, Home, Record, RejectedRecord, Remark, SYNC_ANSWERED, key, member, message, region,
    sender,
};
use crate::object::{Bucket, ETag, VersionId};
use crate::text::excerpt;

/// Prefix of user metadata among the headers of an object.
const META_PREFIX: &str = "x-cos-meta-";

/// Longest record, bytes: the limit of a whole event that a trigger sends (583/11637). It bounds the memory for the
/// values of one record.
const LONGEST_RECORD: usize = 128 * 1024;

/// Decodes one trigger message, and calls `each` with its records, in their order.
///
/// A COS trigger is always in the region and the account of its bucket (583/9707), which `home` names.
///
/// # Errors
/// What the message is instead of a list of records. Nothing was called then.
pub fn decode(
    message: &[u8],
    home: &Home,
    each: &mut dyn FnMut(Result<Record, RejectedRecord>),
) -> Result<(), Error> {
    let marked = message::has_byte_order_mark(message);
    message::read(message, &mut |record| {
        let mut record = decode_record(record, home);
        if marked {
            record = record.map(|record| record.with(Remark::ByteOrderMark));
        }
        each(record);
    })
}

fn decode_record(text: &RawValue, home: &Home) -> Result<Record, RejectedRecord> {
    let rejected =
        |error| RejectedRecord { bucket: String::new(), key: String::new(), name: String::new(), error };
    let text = text.get();
    if text.len() > LONGEST_RECORD {
        return Err(rejected(Error::TooLong(text.len())));
    }
    if !text.starts_with('{') {
        return Err(rejected(Error::NotARecord));
    }
    let record = serde_json::from_str(text).map_err(|error| rejected(Error::NotJson(error.to_string())))?;
    let excerpt_of = |pointer| excerpt(&member::text(&record, pointer).unwrap_or_default());
    read_record(&record, home).map_err(|error| RejectedRecord {
        bucket: excerpt_of("/cos/cosBucket/name"),
        key: excerpt_of("/cos/cosObject/key"),
        name: excerpt_of("/event/eventName"),
        error,
    })
}

fn read_record(record: &Value, home: &Home) -> Result<Record, Error> {
    if let Some(what) = sender::of_record(record) {
        return Err(Error::Foreign(what));
    }
    let required = |pointer, name| text(record, pointer).ok_or(Error::Missing(name));
    let name = required("/event/eventName", "event.eventName")?;
    let bucket_name = required("/cos/cosBucket/name", "cos.cosBucket.name")?;
    let app_id = required("/cos/cosBucket/appid", "cos.cosBucket.appid")?;
    let raw_key = required("/cos/cosObject/key", "cos.cosObject.key")?;
    let url = text(record, "/cos/cosObject/url");
    let bucket = Bucket::from_parts(&bucket_name, &app_id)?;
    let (key, bare) = key::parse(&raw_key, &bucket, url.as_deref())?;
    let (region, odd_region) = region::find(record, url.as_deref(), home.region.as_ref())
        .ok_or_else(|| Error::Region(bucket.clone()))?;
    let name: String = name.chars().filter(|c| !c.is_whitespace()).collect();
    let (etag, meta) = read_headers(record.pointer("/cos/cosObject/meta"));
    Ok(Record {
        kind: EventKind::of(&name),
        name,
        remarks: [bare, odd_region, Remark::of_accounts(record, &bucket, home)]
            .into_iter()
            .flatten()
            .collect(),
        bucket,
        key,
        region,
        version: text(record, "/cos/cosObject/vid")
            .filter(|vid| !vid.is_empty())
            .map(|vid| VersionId::parse(&vid))
            .transpose()?,
        size: text(record, "/cos/cosObject/size").and_then(|size| size.parse().ok()),
        etag,
        wants_outcomes: text(record, "/event/eventSource").as_deref() == Some(SYNC_ANSWERED),
        time: text(record, "/event/eventTime").and_then(|time| time.parse().ok()),
        meta,
    })
}

/// Reads the ETag and the user metadata from the object headers that an event repeats. Their names come in
/// any case.
fn read_headers(headers: Option<&Value>) -> (Option<ETag>, BTreeMap<String, String>) {
    let mut etag = None;
    let mut meta = BTreeMap::new();
    for (name, value) in headers.and_then(Value::as_object).into_iter().flatten() {
        let (name, Some(value)) = (name.to_ascii_lowercase(), value.as_str()) else { continue };
        if name == "etag" {
            etag = ETag::parse(value).ok();
        } else if let Some(name) = name.strip_prefix(META_PREFIX) {
            meta.insert(name.to_owned(), value.to_owned());
        }
    }
    (etag, meta)
}

impl EventKind {
    /// Reads an event name without white space. The oldest form lacks `cos:`, and `*` stands for an unnamed
    /// kind of creation or removal.
    fn of(name: &str) -> Self {
        match name.strip_prefix("cos:").unwrap_or(name).split_once(':') {
            Some(("ObjectCreated", _)) => Self::Created,
            Some(("ObjectRemove", _)) => Self::Removed,
            Some(("ObjectRestore", "Post")) => Self::RestoreStarted,
            Some(("ObjectRestore", _)) => Self::Restored,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(message: &[u8]) -> Result<Vec<Result<Record, RejectedRecord>>, Error> {
        let mut records = Vec::new();
        decode(message, &Home::default(), &mut |record| records.push(record)).map(|()| records)
    }

    fn message(record: &str) -> Vec<Result<Record, RejectedRecord>> {
        decoded(format!(r#"{{"Records":[{record}]}}"#).as_bytes()).unwrap()
    }

    #[test]
    fn event_names_in_every_spelling() {
        let table = [
            ("cos:ObjectCreated:Put", EventKind::Created),
            ("cos:ObjectCreated:*", EventKind::Created),
            ("ObjectCreated:Put", EventKind::Created),
            ("cos:ObjectCreated:Append", EventKind::Created),
            ("cos:ObjectRemove:DeleteMarkerCreated", EventKind::Removed),
            ("cos:ObjectRestore:Post", EventKind::RestoreStarted),
            ("cos:ObjectRestore:Completed", EventKind::Restored),
            ("cos:ObjectTagging:Put", EventKind::Other),
            ("ObjectCreated", EventKind::Other),
            ("", EventKind::Other),
        ];
        for (name, kind) in table {
            assert_eq!(EventKind::of(name), kind, "{name}");
        }
    }

    #[test]
    fn one_bad_record_does_not_stop_the_others() {
        let good = r#"{"cos":{"cosBucket":{"name":"p","appid":1250000000,"cosRegion":"ap-guangzhou"},
            "cosObject":{"key":"/1250000000/p/a.jpg","size":"1024"}},"event":{"eventName":"cos:ObjectCreated:Put"}}"#;
        let records = message(&format!(r#"7,{{"event":{{"eventName":"x"}}}},{good}"#));
        assert_eq!(records[0].as_ref().unwrap_err().error, Error::NotARecord);
        assert_eq!(records[1].as_ref().unwrap_err().error, Error::Missing("cos.cosBucket.name"));
        let record = records[2].as_ref().unwrap();
        assert_eq!((record.key.as_str(), record.size), ("a.jpg", Some(1024)));
    }

    #[test]
    fn unknown_region_is_refused_by_name() {
        let refused = message(
            r#"{"cos":{"cosBucket":{"name":"p","appid":"1"},"cosObject":{"key":"a"}},"event":{"eventName":"x"}}"#,
        );
        assert!(matches!(refused[0].as_ref().unwrap_err().error, Error::Region(_)));
    }
}
