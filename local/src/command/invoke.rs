//! `scf-local invoke`: one event, from upload to table.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use scf_local::{Cos, CosOptions, Object, Trigger, print};
use serde_json::Value;

use crate::command::function::Function;
use crate::command::{outcome, serve};

/// Deliver one event to the function and show what came of it.
///
/// The photo the event speaks of is uploaded into the local COS first, under the event's bucket and key: the file of
/// --image, else photos/<file name of the key> beside the event file or one folder up, else the first photo in
/// photos/ there. Size and ETag in the event become those of the photo; all else is delivered as it stands.
/// The exit code is not zero when an outcome is failed, the function answered with an error, or its process died.
#[derive(Args, Debug)]
pub(crate) struct Invoke {
    /// Event file: a COS message as the function receives it
    event: PathBuf,
    /// Photo to upload under the event's key
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
    /// Go on serving until Ctrl-C: everything that then happens in the event's bucket is delivered as well
    #[arg(long)]
    keep: bool,
    #[command(flatten)]
    function: Function,
}

/// Runs the command.
pub(crate) async fn run(invoke: Invoke) -> Result<ExitCode> {
    let path = invoke.event.display();
    let text = std::fs::read_to_string(&invoke.event).with_context(|| format!("{path} cannot be read"))?;
    let mut event: Value = serde_json::from_str(&text).with_context(|| format!("{path} is not JSON"))?;
    let subjects: Vec<Subject> = records(&mut event).iter().filter_map(Subject::read).collect();
    let region = subjects.first().map_or("ap-guangzhou", |subject| subject.region.as_str()).to_owned();
    let root = invoke.function.root.clone();
    let options = CosOptions { root, strict: true, region: region.clone(), ..CosOptions::default() };
    let cos = Cos::start(options.clone()).await.context("the local COS cannot start")?;
    for record in records(&mut event) {
        if let Some(subject) = Subject::read(record).filter(|subject| subject.has_photo) {
            let object = upload(&cos, &subject, &invoke)?;
            describe(record, &object);
        }
    }
    // The answer of a doctor has all that it logs.
    let echo = event.get("doctor").is_none();
    let scf = invoke.function.start(&cos, &region, echo).await?;
    let answer = scf.invoke(&event.to_string()).await;
    let good = outcome::show(&cos, &answer);
    if invoke.keep {
        let source = subjects.first().map_or("photos-1250000000", |subject| subject.bucket.as_str());
        // From here on an upload may come at any time: whoever reads the address may use it.
        let notices = cos.notices();
        print::line(&format!("\n{}", serve::welcome(source, &cos, &options)));
        let bucket = source.to_owned();
        serve::deliver(&Trigger { bucket, copies: 1, ..Trigger::default() }, notices, &cos, &scf).await?;
    }
    scf.stop().await;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn records(event: &mut Value) -> &mut [Value] {
    event.get_mut("Records").and_then(Value::as_array_mut).map(Vec::as_mut_slice).unwrap_or_default()
}

/// Makes a record speak of the photo that stands for its object: its size and ETag, where it has them.
fn describe(record: &mut Value, object: &Object) {
    if let Some(size) = record.pointer_mut("/cos/cosObject/size").filter(|size| size.is_number()) {
        *size = object.bytes.len().into();
    }
    if let Some(etag) = record.pointer_mut("/cos/cosObject/meta/ETag") {
        *etag = object.etag.clone().into();
    }
}

/// The object one record speaks of.
#[derive(Debug, PartialEq)]
struct Subject {
    bucket: String,
    region: String,
    key: String,
    version: Option<String>,
    content_type: String,
    metadata: Vec<(String, String)>,
    /// Not so for removals, restores in progress, folder markers, and buckets that cannot exist.
    has_photo: bool,
}

impl Subject {
    fn read(record: &Value) -> Option<Self> {
        let text = |pointer: &str| match record.pointer(pointer) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let (name, app_id) = (text("/cos/cosBucket/name")?, text("/cos/cosBucket/appid")?);
        let full = text("/cos/cosObject/key")?;
        // Records whose key names another bucket, or none at all, exist in captures and old templates.
        let key = full
            .strip_prefix(&format!("/{app_id}/{name}/"))
            .or_else(|| Some(full.strip_prefix(&format!("/{app_id}/"))?.split_once('/')?.1))
            .or_else(|| full.strip_prefix('/'))
            .unwrap_or(&full)
            .to_owned();
        let region = text("/cos/cosBucket/cosRegion")
            .or_else(|| {
                let url = text("/cos/cosObject/url")?;
                let label = url.split_once(".cos.")?.1.split('.').next()?;
                label.contains('-').then(|| label.to_owned())
            })
            .unwrap_or_else(|| "ap-guangzhou".to_owned());
        let kind: String = text("/event/eventName")?.split_whitespace().collect();
        let made = kind.contains("ObjectCreated") || kind.ends_with("ObjectRestore:Completed");
        let meta = record.pointer("/cos/cosObject/meta").and_then(Value::as_object);
        let headers = meta
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.to_ascii_lowercase(), value.as_str()?.to_owned())));
        let metadata = headers.filter(|(name, _)| name.starts_with("x-cos-meta-")).collect();
        let content_type = text("/cos/cosObject/meta/Content-Type").unwrap_or_default();
        let possible = app_id.bytes().all(|b| b.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let has_photo = made && possible && !key.is_empty() && !key.ends_with('/');
        let version = text("/cos/cosObject/vid").filter(|id| !id.is_empty());
        let bucket = format!("{name}-{app_id}");
        Some(Self { bucket, region, key, version, content_type, metadata, has_photo })
    }
}

fn upload(cos: &Cos, subject: &Subject, invoke: &Invoke) -> Result<Object> {
    let Some(photo) = invoke.image.clone().or_else(|| photo_beside(&invoke.event, &subject.key)) else {
        bail!(
            "no photo for {}: name one with --image, or put one into photos/ beside the event",
            subject.key
        );
    };
    let bytes = std::fs::read(&photo).with_context(|| format!("{} cannot be read", photo.display()))?;
    let mut headers: Vec<(&str, &str)> = Vec::new();
    if !subject.content_type.is_empty() {
        headers.push(("content-type", &subject.content_type));
    }
    headers.extend(subject.metadata.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let Subject { bucket, key, version, .. } = subject;
    Ok(cos.try_put(bucket, key, version.as_deref(), bytes, &headers)?)
}

/// `photos/<file name of the key>` beside the event file or one folder up, else the first photo in `photos/` there.
fn photo_beside(event: &Path, key: &str) -> Option<PathBuf> {
    let folders = event.parent()?.ancestors().take(2).map(|folder| folder.join("photos"));
    let folder = folders.into_iter().find(|folder| folder.is_dir())?;
    let named = folder.join(key.rsplit('/').next().unwrap_or_default());
    if named.is_file() {
        return Some(named);
    }
    let is_photo = |path: &PathBuf| {
        path.extension().is_some_and(|e| e.eq_ignore_ascii_case("jpg") || e.eq_ignore_ascii_case("jpeg"))
    };
    let entries = std::fs::read_dir(folder).ok()?;
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_photo).min()
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
    fn a_record_says_what_to_upload_and_where() {
        let subject =
            Subject::read(&record("cos:ObjectCreated:Put", "/1250000000/my-photos/a//b.jpg")).unwrap();
        let expected = Subject {
            bucket: "my-photos-1250000000".to_owned(),
            region: "ap-shanghai".to_owned(),
            key: "a//b.jpg".to_owned(),
            version: Some("v1".to_owned()),
            content_type: "image/jpeg".to_owned(),
            metadata: vec![("x-cos-meta-a".to_owned(), "b".to_owned())],
            has_photo: true,
        };
        assert_eq!(subject, expected);
    }

    #[test]
    fn the_key_is_found_in_every_form() {
        let cases = [
            ("/1250000000/my-photos/1250000000/my-photos/x", "1250000000/my-photos/x"),
            ("/1250000000/other/x/y.jpg", "x/y.jpg"),
            ("/x.jpg", "x.jpg"),
            ("x.jpg", "x.jpg"),
        ];
        for (full, key) in cases {
            assert_eq!(Subject::read(&record("cos:ObjectCreated:Put", full)).unwrap().key, key, "{full}");
        }
    }

    #[test]
    fn a_record_comes_to_speak_of_the_photo_that_was_uploaded() {
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
    fn only_new_objects_need_a_photo() {
        let cases = [
            ("cos:ObjectCreated:Put", "/1250000000/my-photos/a.jpg", true),
            ("cos: ObjectCreated: *", "/a.jpg", true),
            ("cos:ObjectRestore:Completed", "/1250000000/my-photos/a.jpg", true),
            ("cos:ObjectRestore:Post", "/1250000000/my-photos/a.jpg", false),
            ("cos:ObjectRemove:Delete", "/1250000000/my-photos/a.jpg", false),
            ("cos:ObjectCreated:Put", "/1250000000/my-photos/folder/", false),
        ];
        for (name, key, expected) in cases {
            assert_eq!(Subject::read(&record(name, key)).unwrap().has_photo, expected, "{name} {key}");
        }
    }
}
