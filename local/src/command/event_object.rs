//! The object that a record of an event describes.

use scf_local::Object;
use serde_json::{Value, json};

/// Returns the records of an event.
pub(super) fn records(event: &mut Value) -> &mut [Value] {
    event.get_mut("Records").and_then(Value::as_array_mut).map(Vec::as_mut_slice).unwrap_or_default()
}

/// Gives a record the size and ETag of the photo that was uploaded, where it has these members.
pub(super) fn describe(record: &mut Value, object: &Object) {
    if let Some(size) = record.pointer_mut("/cos/cosObject/size").filter(|size| size.is_number()) {
        *size = object.bytes.len().into();
    }
    if let Some(etag) = record.pointer_mut("/cos/cosObject/meta/ETag") {
        *etag = object.etag.clone().into();
    }
}

/// Gives the object of a record another key.
pub(super) fn rename(record: &mut Value, key: &str) {
    let Some(EventObject { bucket, region, .. }) = EventObject::read(record) else { return };
    let (name, app_id) = bucket.rsplit_once('-').unwrap_or((&bucket, ""));
    let full_key = format!("/{app_id}/{name}/{key}");
    if let Some(object) = record.pointer_mut("/cos/cosObject").and_then(Value::as_object_mut) {
        object.insert("key".to_owned(), json!(full_key));
        object.insert("url".to_owned(), json!(format!("http://{bucket}.cos.{region}.myqcloud.com/{key}")));
    }
}

/// Change of an object that its event reports.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Change {
    /// None that can be made: unfinished restores, folder markers, and buckets with impossible names.
    None,
    /// The object is gone after the event.
    Removed,
    /// The object exists after the event.
    Stored,
}

/// Object of one record.
#[derive(Debug, PartialEq)]
pub(super) struct EventObject {
    pub(super) bucket: String,
    pub(super) region: String,
    pub(super) key: String,
    pub(super) version: Option<String>,
    pub(super) content_type: String,
    /// `x-cos-meta-*` headers.
    pub(super) metadata: Vec<(String, String)>,
    pub(super) change: Change,
}

impl EventObject {
    /// Reads a record of any captured or documented form.
    pub(super) fn read(record: &Value) -> Option<Self> {
        let text = |pointer: &str| match record.pointer(pointer) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let (name, app_id) = (text("/cos/cosBucket/name")?, text("/cos/cosBucket/appid")?);
        let full_key = text("/cos/cosObject/key")?;
        // Captured events and old templates contain keys with another bucket, or without one.
        let key = full_key
            .strip_prefix(&format!("/{app_id}/{name}/"))
            .or_else(|| Some(full_key.strip_prefix(&format!("/{app_id}/"))?.split_once('/')?.1))
            .or_else(|| full_key.strip_prefix('/'))
            .unwrap_or(&full_key)
            .to_owned();
        let region = text("/cos/cosBucket/cosRegion")
            .or_else(|| {
                let url = text("/cos/cosObject/url")?;
                let label = url.split_once(".cos.")?.1.split('.').next()?;
                label.contains('-').then(|| label.to_owned())
            })
            .unwrap_or_else(|| "ap-guangzhou".to_owned());
        let kind: String = text("/event/eventName")?.split_whitespace().collect();
        let exists = kind.contains("ObjectCreated") || kind.ends_with("ObjectRestore:Completed");
        let is_removed = kind.contains("ObjectRemove");
        let meta = record.pointer("/cos/cosObject/meta").and_then(Value::as_object);
        let headers = meta
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.to_ascii_lowercase(), value.as_str()?.to_owned())));
        let metadata = headers.filter(|(name, _)| name.starts_with("x-cos-meta-")).collect();
        let content_type = text("/cos/cosObject/meta/Content-Type").unwrap_or_default();
        let valid_bucket = app_id.bytes().all(|b| b.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let change = match valid_bucket && !key.is_empty() && !key.ends_with('/') {
            true if exists => Change::Stored,
            true if is_removed => Change::Removed,
            _ => Change::None,
        };
        let version = text("/cos/cosObject/vid").filter(|id| !id.is_empty());
        let bucket = format!("{name}-{app_id}");
        Some(Self { bucket, region, key, version, content_type, metadata, change })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(name: &str, key: &str) -> Value {
        json!({ "cos": {
            "cosBucket": { "name": "my-photos", "appid": 1250000000_u64, "region": "sh" },
            "cosObject": { "key": key, "vid": "v1", "size": 1, "url": "http://my-photos-1250000000.cos.ap-shanghai.myqcloud.com/x",
                "meta": { "Content-Type": "image/jpeg", "x-cos-meta-a": "b", "ETag": "\"e\"" } } },
            "event": { "eventName": name } })
    }

    #[test]
    fn a_record_names_the_object() {
        let object =
            EventObject::read(&record("cos:ObjectCreated:Put", "/1250000000/my-photos/a//b.jpg")).unwrap();
        let expected = EventObject {
            bucket: "my-photos-1250000000".to_owned(),
            region: "ap-shanghai".to_owned(),
            key: "a//b.jpg".to_owned(),
            version: Some("v1".to_owned()),
            content_type: "image/jpeg".to_owned(),
            metadata: vec![("x-cos-meta-a".to_owned(), "b".to_owned())],
            change: Change::Stored,
        };
        assert_eq!(object, expected);
    }

    #[test]
    fn every_form_of_the_key_is_read() {
        let cases = [
            ("/1250000000/my-photos/1250000000/my-photos/x", "1250000000/my-photos/x"),
            ("/1250000000/other/x/y.jpg", "x/y.jpg"),
            ("/x.jpg", "x.jpg"),
            ("x.jpg", "x.jpg"),
        ];
        for (full_key, key) in cases {
            assert_eq!(
                EventObject::read(&record("cos:ObjectCreated:Put", full_key)).unwrap().key,
                key,
                "{full_key}"
            );
        }
    }

    #[test]
    fn a_record_gets_size_and_etag_of_the_photo() {
        let object = Object {
            bytes: "photo".into(),
            headers: std::collections::BTreeMap::new(),
            etag: "\"of the photo\"".to_owned(),
            version: None,
            request_id: String::new(),
        };
        let mut record = record("cos:ObjectCreated:Put", "/1250000000/my-photos/a.jpg");
        describe(&mut record, &object);
        let described = &record["cos"]["cosObject"];
        assert_eq!((&described["size"], &described["meta"]["ETag"]), (&json!(5), &json!("\"of the photo\"")));
        let mut bare = json!({ "cos": { "cosObject": { "size": "1024", "meta": {} } } });
        describe(&mut bare, &object);
        assert_eq!(bare, json!({ "cos": { "cosObject": { "size": "1024", "meta": {} } } }));
    }

    #[test]
    fn an_event_tells_the_change_of_its_object() {
        let cases = [
            ("cos:ObjectCreated:Put", "/1250000000/my-photos/a.jpg", Change::Stored),
            ("cos: ObjectCreated: *", "/a.jpg", Change::Stored),
            ("cos:ObjectRestore:Completed", "/1250000000/my-photos/a.jpg", Change::Stored),
            ("cos:ObjectRestore:Post", "/1250000000/my-photos/a.jpg", Change::None),
            ("cos:ObjectRemove:Delete", "/1250000000/my-photos/a.jpg", Change::Removed),
            ("cos:ObjectRemove:DeleteMarkerCreated", "/1250000000/my-photos/a.jpg", Change::Removed),
            ("cos:ObjectCreated:Put", "/1250000000/my-photos/folder/", Change::None),
        ];
        for (name, key, expected) in cases {
            assert_eq!(EventObject::read(&record(name, key)).unwrap().change, expected, "{name} {key}");
        }
    }

    #[test]
    fn a_record_gets_another_key() {
        let mut record = record("cos:ObjectCreated:Put", "/1250000000/my-photos/a.jpg");
        rename(&mut record, "b//猫 1.jpg");
        assert_eq!(EventObject::read(&record).unwrap().key, "b//猫 1.jpg");
        let url = &record["cos"]["cosObject"]["url"];
        assert_eq!(url, "http://my-photos-1250000000.cos.ap-shanghai.myqcloud.com/b//猫 1.jpg");
    }
}
