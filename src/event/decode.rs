//! Decoding of a trigger message from JSON to records.
//!
//! Decoding is tolerant: only members that a record needs are required, and a bad record does not stop the
//! others.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::event::member::text;
use crate::event::{Error, EventKind, Record, RejectedRecord, key, region};
use crate::object::{Bucket, ETag, Region, VersionId};
use crate::text::excerpt;

/// Prefix of user metadata among the headers of an object.
const META_PREFIX: &str = "x-cos-meta-";

/// Decodes one trigger message.
///
/// `default_region` is the region of the function: a COS trigger is always in the region of its bucket
/// (583/9707).
///
/// A dead letter queue wraps a failed event in its own message. It is unwrapped, so that it can be sent again
/// as it is.
///
/// # Errors
/// [`Error::NotJson`] or [`Error::NotCos`] when the message has no list of records.
pub fn decode(
    message: &[u8],
    default_region: Option<&Region>,
) -> Result<Vec<Result<Record, RejectedRecord>>, Error> {
    let message = parse(message)?;
    let wrapped = message.pointer("/Body/ClientContext").and_then(Value::as_str);
    let message = match wrapped {
        Some(inner) => parse(inner.as_bytes())?,
        None => message,
    };
    let records = message.get("Records").and_then(Value::as_array).ok_or(Error::NotCos)?;
    Ok(records.iter().map(|record| decode_record(record, default_region)).collect())
}

fn parse(text: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(text).map_err(|error| Error::NotJson(error.to_string()))
}

fn decode_record(record: &Value, default_region: Option<&Region>) -> Result<Record, RejectedRecord> {
    let excerpt_of = |pointer| excerpt(&text(record, pointer).unwrap_or_default());
    read_record(record, default_region).map_err(|error| RejectedRecord {
        bucket: excerpt_of("/cos/cosBucket/name"),
        key: excerpt_of("/cos/cosObject/key"),
        name: excerpt_of("/event/eventName"),
        error,
    })
}

fn read_record(record: &Value, default_region: Option<&Region>) -> Result<Record, Error> {
    let name = text(record, "/event/eventName").ok_or(Error::Missing("event.eventName"))?;
    let bucket_name = text(record, "/cos/cosBucket/name").ok_or(Error::Missing("cos.cosBucket.name"))?;
    let app_id = text(record, "/cos/cosBucket/appid").ok_or(Error::Missing("cos.cosBucket.appid"))?;
    let raw_key = text(record, "/cos/cosObject/key").ok_or(Error::Missing("cos.cosObject.key"))?;
    let url = text(record, "/cos/cosObject/url");
    let bucket = Bucket::from_parts(&bucket_name, &app_id)?;
    let key = key::parse(&raw_key, &bucket, url.as_deref())?;
    let region =
        region::find(record, url.as_deref(), default_region).ok_or_else(|| Error::Region(bucket.clone()))?;
    let name: String = name.chars().filter(|c| !c.is_whitespace()).collect();
    let (etag, meta) = read_headers(record.pointer("/cos/cosObject/meta"));
    Ok(Record {
        kind: EventKind::of(&name),
        name,
        bucket,
        key,
        region,
        version: text(record, "/cos/cosObject/vid")
            .filter(|vid| !vid.is_empty())
            .map(|vid| VersionId::parse(&vid))
            .transpose()?,
        size: text(record, "/cos/cosObject/size").and_then(|size| size.parse().ok()),
        etag,
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

    fn message(record: &str) -> Vec<Result<Record, RejectedRecord>> {
        decode(format!(r#"{{"Records":[{record}]}}"#).as_bytes(), None).unwrap()
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
    fn other_texts_are_not_messages() {
        assert!(matches!(decode(b"hello", None), Err(Error::NotJson(_))));
        assert_eq!(decode(br#"{"key1":"test value 1"}"#, None), Err(Error::NotCos));
        assert_eq!(decode(br#"{"Records":{}}"#, None), Err(Error::NotCos));
        assert_eq!(decode(br#"{"Records":[]}"#, None), Ok(vec![]));
    }

    #[test]
    fn one_bad_record_does_not_stop_the_others() {
        let good = r#"{"cos":{"cosBucket":{"name":"p","appid":1250000000,"cosRegion":"ap-guangzhou"},
            "cosObject":{"key":"/1250000000/p/a.jpg","size":"1024"}},"event":{"eventName":"cos:ObjectCreated:Put"}}"#;
        let records = message(&format!(r#"7,{{"event":{{"eventName":"x"}}}},{good}"#));
        assert_eq!(records[0].as_ref().unwrap_err().error, Error::Missing("event.eventName"));
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
