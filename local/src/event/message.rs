//! Messages of events, with the members of events captured in 2022.

use std::time::{SystemTime, UNIX_EPOCH};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::cos::{EventNotification, Object, ids};
use crate::event::kind::EventKind;

/// Characters of `url` paths that are not percent-encoded.
const URL_PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// Content type in the event of a form upload: that of the whole form, as captured in 2019.
const FORM_TYPE: &str = "multipart/form-data; boundary=---------------------------b45c43a0b3";

/// Short codes that were observed in `cosBucket.region`. Other regions keep their long form here.
const REGION_CODES: [(&str, &str); 8] = [
    ("ap-beijing", "bj"),
    ("ap-chengdu", "cd"),
    ("ap-guangzhou", "gz"),
    ("ap-hongkong", "hk"),
    ("ap-shanghai", "sh"),
    ("ap-singapore", "sgp"),
    ("eu-frankfurt", "ger"),
    ("na-toronto", "ca"),
];

/// Builds the event of a new object.
///
/// `name` is the concrete event, such as `cos:ObjectCreated:Put`; `bucket` is `<name>-<appid>`; `key` is not encoded.
#[must_use]
pub fn created(name: &str, bucket: &str, region: &str, key: &str, object: &Object) -> Value {
    let mut meta = Map::new();
    let content_type = object.headers.get("content-type").map_or("", String::as_str);
    meta.insert("Content-Type".to_owned(), json!(content_type));
    meta.insert("ETag".to_owned(), json!(object.etag));
    meta.insert("x-cos-request-id".to_owned(), json!(object.request_id));
    let class = object.headers.get("x-cos-storage-class").map_or("STANDARD", String::as_str);
    meta.insert("x-cos-storage-class".to_owned(), json!(capitalised(class)));
    for (header, value) in object.headers.iter().filter(|(header, _)| header.starts_with("x-cos-meta-")) {
        meta.insert(header.clone(), json!(value));
    }
    let version = object.version.as_deref().unwrap_or_default();
    message(name, bucket, region, &EventObject { key, version, size: object.bytes.len() as u64, meta })
}

/// Builds the event of a removed object. Size 0 and no headers are an assumption: no document describes them.
#[must_use]
pub fn removed(name: &str, bucket: &str, region: &str, key: &str) -> Value {
    message(name, bucket, region, &EventObject { key, version: "", size: 0, meta: Map::new() })
}

/// Object that an event describes, which need not exist.
#[derive(Clone, Debug, Default)]
pub struct DescribedObject<'a> {
    /// Key, not encoded.
    pub key: &'a str,
    /// Size in bytes. Messages of removals state 0 instead.
    pub size: u64,
    /// ETag with its quotes. Messages of removals have none.
    pub etag: Option<&'a str>,
    /// Content type; `None` for that of the examples.
    pub content_type: Option<&'a str>,
    /// Version id, in buckets with versioning.
    pub version: Option<&'a str>,
    /// Storage class such as `ARCHIVE`; `None` for that of the examples.
    pub storage_class: Option<&'a str>,
}

/// Builds the event of this kind for an object.
///
/// `bucket` is `<name>-<appid>`. Members that the description lacks are those of the example in the folder `events`.
#[must_use]
pub fn of_kind(kind: EventKind, bucket: &str, region: &str, object: &DescribedObject<'_>) -> Value {
    let content_type = object.content_type.unwrap_or(match kind {
        EventKind::Post => FORM_TYPE,
        _ => "image/jpeg",
    });
    let class = object.storage_class.unwrap_or(match kind {
        EventKind::RestoreStarted | EventKind::RestoreCompleted => "ARCHIVE",
        _ => "STANDARD",
    });
    let mut meta = Map::new();
    meta.insert("Content-Type".to_owned(), json!(content_type));
    if let Some(etag) = object.etag.filter(|_| !kind.is_removal()) {
        meta.insert("ETag".to_owned(), json!(etag));
    }
    meta.insert("x-cos-request-id".to_owned(), json!(ids::request()));
    meta.insert("x-cos-storage-class".to_owned(), json!(capitalised(class)));
    // A delete marker is a version of its own.
    let marker = (kind == EventKind::RemoveMarker).then(ids::version);
    let version = object.version.or(marker.as_deref()).unwrap_or_default();
    let size = if kind.is_removal() { 0 } else { object.size };
    let described = EventObject { key: object.key, version, size, meta };
    let mut message = message(kind.event_name(), bucket, region, &described);
    if kind == EventKind::ConsoleTemplate {
        shorten(&mut message);
    }
    message
}

/// Removes the members that the template of the console does not have.
fn shorten(message: &mut Value) {
    let members: [(&str, &[&str]); 3] = [
        ("/Records/0/cos/cosBucket", &["cosRegion", "s3Region"]),
        ("/Records/0/cos/cosObject", &["vid"]),
        ("/Records/0/event", &["reqid", "reservedInfo"]),
    ];
    for (place, names) in members {
        let members = message.pointer_mut(place).and_then(Value::as_object_mut);
        members.into_iter().for_each(|members| members.retain(|name, _| !names.contains(&name.as_str())));
    }
}

/// Builds the event for a notification of the local COS.
#[must_use]
pub fn from_notification(notification: &EventNotification) -> Value {
    let EventNotification { name, bucket, region, key, object } = notification;
    match object {
        Some(object) => created(name, bucket, region, key, object),
        None => removed(name, bucket, region, key),
    }
}

/// Merges the records of several messages into one message, which the documents allow.
#[must_use]
pub fn merged(messages: &[Value]) -> Value {
    let records = messages.iter().filter_map(|message| message.get("Records")?.as_array()).flatten();
    json!({ "Records": records.collect::<Vec<_>>() })
}

/// Members of `cosObject`.
struct EventObject<'a> {
    key: &'a str,
    version: &'a str,
    size: u64,
    meta: Map<String, Value>,
}

fn message(name: &str, bucket: &str, region: &str, object: &EventObject<'_>) -> Value {
    let (short_name, app_id) = bucket.rsplit_once('-').unwrap_or((bucket, ""));
    let short_region =
        REGION_CODES.iter().find(|(long, _)| *long == region).map_or(region, |(_, short)| short);
    let path = utf8_percent_encode(object.key, URL_PATH);
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    json!({ "Records": [{
        "cos": {
            "cosBucket": {
                "appid": app_id,
                "cosRegion": region,
                "name": short_name,
                "region": short_region,
                "s3Region": region,
            },
            "cosNotificationId": "unkown",
            "cosObject": {
                "key": format!("/{app_id}/{short_name}/{}", object.key),
                "meta": object.meta,
                "size": object.size,
                "url": format!("http://{bucket}.cos.{region}.myqcloud.com/{path}"),
                "vid": object.version,
            },
            "cosSchemaVersion": "1.0",
        },
        "event": {
            "eventName": name,
            "eventQueue": format!("qcs:0:scf:{region}:appid/{app_id}:default.thumbnails.$DEFAULT"),
            "eventSource": "qcs::cos",
            "eventTime": time,
            "eventVersion": "1.0",
            "reqid": 0,
            "requestParameters": {
                "requestHeaders": { "Authorization": "" },
                "requestSourceIP": "127.0.0.1",
            },
            "reservedInfo": "",
        },
    }] })
}

/// Capitalises a storage class, as captured events do: `Standard` for `STANDARD`.
fn capitalised(class: &str) -> String {
    let (first, rest) = class.split_at_checked(1).unwrap_or((class, ""));
    format!("{first}{}", rest.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bytes::Bytes;

    use super::*;

    fn object() -> Object {
        Object {
            bytes: Bytes::from_static(b"12345"),
            headers: BTreeMap::from([
                ("content-type".to_owned(), "image/jpeg".to_owned()),
                ("x-cos-meta-a".to_owned(), "b".to_owned()),
                ("cache-control".to_owned(), "no-store".to_owned()),
            ]),
            etag: "\"abc\"".to_owned(),
            version: None,
            request_id: "Tm8=".to_owned(),
        }
    }

    #[test]
    fn the_key_is_raw_and_the_url_encoded() {
        let bucket = "my-photos-1250000000";
        let event = created("cos:ObjectCreated:Put", bucket, "ap-shanghai", "a//b +%!猫.jpg", &object());
        let cos = &event["Records"][0]["cos"];
        assert_eq!(cos["cosObject"]["key"], "/1250000000/my-photos/a//b +%!猫.jpg");
        assert_eq!(
            cos["cosObject"]["url"],
            "http://my-photos-1250000000.cos.ap-shanghai.myqcloud.com/a//b%20%2B%25%21%E7%8C%AB.jpg"
        );
        assert_eq!(cos["cosObject"]["size"], 5);
        assert_eq!(cos["cosBucket"]["name"], "my-photos");
        assert_eq!(
            (&cos["cosBucket"]["region"], &cos["cosBucket"]["cosRegion"]),
            (&json!("sh"), &json!("ap-shanghai"))
        );
        let meta = json!({ "Content-Type": "image/jpeg", "ETag": "\"abc\"", "x-cos-meta-a": "b",
            "x-cos-request-id": "Tm8=", "x-cos-storage-class": "Standard" });
        assert_eq!(cos["cosObject"]["meta"], meta);
    }

    #[test]
    fn merging_keeps_every_record() {
        let one = removed("cos:ObjectRemove:Delete", "b-1", "ap-guangzhou", "a");
        let two = created("cos:ObjectCreated:Copy", "b-1", "ap-guangzhou", "b", &object());
        let both = merged(&[one, two]);
        let names: Vec<_> =
            both["Records"].as_array().unwrap().iter().map(|r| r["event"]["eventName"].clone()).collect();
        assert_eq!(names, ["cos:ObjectRemove:Delete", "cos:ObjectCreated:Copy"]);
    }
}
