//! `decode` of arbitrary bytes never panics, and a record that it accepts is the same when COS sends it again: with the
//! key as it is, with the key beside a URL, and with the key encoded as in the URL.

use cos_thumbnailer::event::{CoalescedRecords, Home, Record, decode};
use cos_thumbnailer::object::Region;
use serde_json::{Map, Value, json};

/// Texts of an event that a rejected record repeats have at most so many characters, the ellipsis included.
const LONGEST_EXCERPT: usize = 101;

/// Longer records are refused, and a repeated one may be longer than the first.
const LONGEST_REPEATED: usize = 100_000;

/// Checks the property. `false` if the input is not worth keeping.
pub(crate) fn check(data: &[u8]) -> bool {
    let mut records = Vec::new();
    let outcome = decode(data, &home(), &mut |record| records.push(record));
    if let Err(error) = outcome {
        assert!(records.is_empty(), "records of a message that is refused");
        assert!(!error.to_string().is_empty());
        return true;
    }
    let (mut coalesced, mut accepted) = (CoalescedRecords::default(), 0);
    for record in records {
        match record {
            Ok(record) => {
                survives(&record);
                accepted += 1;
                coalesced.push(record);
            }
            Err(rejected) => {
                for text in [&rejected.bucket, &rejected.key, &rejected.name] {
                    assert!(text.chars().count() <= LONGEST_EXCERPT, "{text}");
                }
                assert!(!rejected.error.to_string().is_empty());
            }
        }
    }
    assert_eq!(coalesced.count(), accepted, "a record was lost");
    true
}

fn home() -> Home {
    Home { region: Region::parse("ap-guangzhou").ok(), app_id: Some("1250000000".to_owned()) }
}

/// Asserts that a record is the same in each form in which COS may send it.
fn survives(record: &Record) {
    let Record { bucket, key, region, .. } = record;
    let path = key.request_path();
    let url = format!("http://{bucket}.cos.{region}.myqcloud.com{path}");
    for (key, url) in [
        (key.as_str(), None),
        (key.as_str(), Some(&url)),
        // The key as the URL has it is decoded once.
        (path.strip_prefix('/').unwrap_or_default(), Some(&url)),
    ] {
        let message = message(record, key, url);
        if message.len() > LONGEST_REPEATED {
            return;
        }
        let mut again = Vec::new();
        decode(message.as_bytes(), &home(), &mut |record| again.push(record))
            .expect("it was accepted before");
        let again = again.pop().expect("one record was sent").expect("it was accepted before");
        let plain = |record: &Record| Record { remarks: Vec::new(), ..record.clone() };
        assert_eq!(plain(&again), plain(record), "{message}");
    }
}

/// The event of one record, with this text of its key.
fn message(record: &Record, key: &str, url: Option<&String>) -> String {
    let Record { name, bucket, region, version, size, etag, time, meta, wants_outcomes, .. } = record;
    let mut headers = Map::new();
    for (name, value) in meta {
        headers.insert(format!("x-cos-meta-{name}"), Value::from(value.as_str()));
    }
    if let Some(etag) = etag {
        headers.insert("ETag".to_owned(), Value::from(etag.quoted()));
    }
    let object = json!({
        "key": format!("/{}/{}/{key}", bucket.app_id(), bucket.name()),
        "url": url,
        "size": size,
        "vid": version.as_ref().map_or("", |version| version.as_str()),
        "meta": headers,
    });
    let bucket = json!({"name": bucket.name(), "appid": bucket.app_id(), "cosRegion": region.as_str()});
    let source = if *wants_outcomes { "cos-thumbnailer:sync" } else { "qcs::cos" };
    let event = json!({"eventName": name, "eventSource": source, "eventTime": time});
    json!({"Records": [{"cos": {"cosBucket": bucket, "cosObject": object}, "event": event}]}).to_string()
}
