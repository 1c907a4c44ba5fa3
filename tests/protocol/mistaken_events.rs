//! Events that people send by mistake: each gets one sentence that says what it is and what to do.

use cos_thumbnailer::event::{self, Error, Record, RejectedRecord};
use cos_thumbnailer::object::Region;
use serde_json::json;

fn decoded(message: &[u8]) -> Result<Vec<Result<Record, RejectedRecord>>, Error> {
    let region = Region::parse("ap-guangzhou").unwrap();
    let home = event::Home { region: Some(region), app_id: Some("1250000000".to_owned()) };
    let mut records = Vec::new();
    event::decode(message, &home, &mut |record| records.push(record)).map(|()| records)
}

/// The one sentence about a message: of the message, its refused record, or its odd one.
fn told(message: &[u8]) -> String {
    match decoded(message) {
        Err(error) => error.to_string(),
        Ok(records) => {
            let [record] = &records[..] else { panic!("{records:?}") };
            match record {
                Ok(record) => format!("{}; {}", record.key, record.note().unwrap()),
                Err(rejected) => rejected.error.to_string(),
            }
        }
    }
}

#[test]
fn each_file_is_told_what_it_is() {
    let table = [
        (
            "bare-key",
            "photos/lake.jpg; the key of the event was taken as it is, because /1250000000/example/",
        ),
        (
            "bom",
            "photos/lake.jpg; the event begins with a byte order mark, which was skipped; save it as UTF-8",
        ),
        (
            "bucket-upper",
            "\"Example-1250000000\" has upper-case letters, which no COS bucket has; write example-125",
        ),
        ("empty-records", "the Records list of the event is empty; send at least one record"),
        (
            "half-appid",
            "the event contradicts itself: cosBucket.appid is 1259999999, but url belongs to app id 1250000000",
        ),
        (
            "no-records",
            "the event is one record of COS without its list; send it in a list: {\"Records\": [...]}",
        ),
        (
            "other-appid",
            "photos/lake.jpg; the bucket belongs to app id 1259999999 and the function to 1250000000, but a COS trigger",
        ),
        (
            "region",
            "photos/lake.jpg; the event names the region ap-nowhere, which COS does not have, and ap-guangzhou",
        ),
        (
            "s3-event",
            "this is a record of Amazon S3, not a COS trigger event; bind a COS trigger to the function",
        ),
        ("trailing-comma", "the event is not JSON: trailing comma at line 1 column 16; correct it there"),
    ];
    for (file, sentence) in table {
        let message = std::fs::read(format!("tests/data/faults/use/{file}.json")).unwrap();
        let told = told(&message);
        assert!(told.starts_with(sentence), "{file}: {told}");
        assert!(!told.contains('\n'), "{file}: {told}");
    }
    assert_eq!(std::fs::read_dir("tests/data/faults/use").unwrap().count(), table.len());
}

#[test]
fn events_of_other_senders_are_named() {
    let record = |record| json!({"Records": [record]});
    let table = [
        (record(json!({"eventSource": "aws:s3", "s3": {}})), "a record of Amazon S3"),
        (record(json!({"eventSource": "minio:s3", "s3": {}})), "a record of MinIO"),
        (record(json!({"eventSource": "aws:sqs", "body": "{}"})), "a message of Amazon SQS"),
        (record(json!({"EventSource": "aws:sns", "Sns": {}})), "a notification of Amazon SNS"),
        (record(json!({"eventSource": "aws:kinesis"})), "a record of Amazon Web Services"),
        (record(json!({"eventSource": "OBS", "obs": {}})), "a record of Huawei Cloud OBS"),
        (record(json!({"CMQ": {"msgBody": "{}"}})), "a message of a CMQ trigger"),
        (record(json!({"Ckafka": {"msgBody": "{}"}})), "a message of a CKafka trigger"),
        (json!({"Type": "Timer", "TriggerName": "t", "Message": ""}), "an event of a timer trigger"),
        (json!({"requestContext": {}, "httpMethod": "POST", "body": "{}"}), "an HTTP request"),
        (json!({"clslogs": {"data": "H4sI"}}), "an event of a CLS trigger"),
        (json!({"events": [{"eventSource": "acs:oss"}]}), "an event of Alibaba Cloud OSS"),
        (json!({"Type": "Notification", "TopicArn": "arn"}), "a notification of Amazon SNS"),
        (json!({"source": "aws.s3", "detail-type": "Object Created"}), "an event of Amazon EventBridge"),
        (json!({"Service": "Amazon S3", "Event": "s3:TestEvent"}), "the test event of Amazon S3"),
        (json!({"kind": "storage#object"}), "an event of Google Cloud Storage"),
        (json!({"specversion": "1.0", "type": "cos:ObjectCreated:Put"}), "a CloudEvents event"),
        (json!({"key1": "test value 1", "key2": "test value 2"}), "the Hello World test event"),
    ];
    for (message, sender) in table {
        let told = told(message.to_string().as_bytes());
        assert!(told.starts_with(&format!("this is {sender}")), "{told}");
        assert!(
            told.contains("not a COS trigger event; bind a COS trigger to the function, or send"),
            "{told}"
        );
    }
}

#[test]
fn messages_of_another_form_are_named() {
    let event = std::fs::read_to_string("events/put.json").unwrap();
    let utf16 = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> { event.encode_utf16().flat_map(bytes).collect() };
    let records = serde_json::from_str::<serde_json::Value>(&event).unwrap()["Records"].to_string();
    let table: [(Vec<u8>, &str); 19] = [
        (Vec::new(), "the event is empty; send"),
        (b" \n".to_vec(), "the event is empty; send"),
        (b"\x1f\x8b\x08\0\0".to_vec(), "the event is gzip-compressed; send the JSON text itself"),
        (utf16(u16::to_le_bytes), "the event is UTF-16 text; save it as UTF-8"),
        (utf16(u16::to_be_bytes), "the event is UTF-16 text; save it as UTF-8"),
        (b"\xff\xfe{\0".to_vec(), "the event is UTF-16 text; save it as UTF-8"),
        (b"{\"Records\":\"\xe9\"}".to_vec(), "the event is not UTF-8 text; save it as UTF-8"),
        (b"<?xml version='1.0'?>".to_vec(), "the event is XML or HTML; send a COS trigger event"),
        (b"eyJSZWNvcmRzIjpbXX0=".to_vec(), "the event is Base64; send the JSON text itself"),
        (
            b"{'Records': []}".to_vec(),
            "the event is not JSON: key must be a string at line 1 column 2; correct it there",
        ),
        (
            b"{\"Records\": [{\"a\": 1,\n  }]}".to_vec(),
            "the event is not JSON: trailing comma at line 2 column 3; correct it there",
        ),
        (
            b"{\"Records\": [],\n}".to_vec(),
            "the event is not JSON: trailing comma at line 2 column 1; correct it there",
        ),
        (
            b"{\"Records\": [".to_vec(),
            "the event is not JSON: EOF while parsing a list at line 1 column 13; correct",
        ),
        (
            serde_json::to_vec(&event).unwrap(),
            "the event is a JSON text within a string; send the JSON object itself",
        ),
        (records.into_bytes(), "the event is a list of records; send it as the member Records of an object"),
        (b"[1]".to_vec(), "this is not a COS trigger event: it is a list, not an object with a Records list"),
        (b"7".to_vec(), "this is not a COS trigger event: it is a number, not an object with a Records list"),
        (
            b"{\"Records\":{}}".to_vec(),
            "the Records of the event are not a list; put the records into square brackets",
        ),
        (
            b"{\"a\":1,\"b\":2}".to_vec(),
            "this is not a COS trigger event: it has no Records list, but a, b; send one",
        ),
    ];
    for (message, sentence) in table {
        let told = told(&message);
        assert!(told.starts_with(sentence), "{told}");
    }
}

#[test]
fn records_beyond_every_event_of_cos_are_refused_alone() {
    let deep = format!("{}1{}", "{\"a\":".repeat(500), "}".repeat(500));
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(200_000));
    let event = std::fs::read_to_string("events/put.json").unwrap();
    let good = serde_json::from_str::<serde_json::Value>(&event).unwrap()["Records"][0].to_string();
    let records = decoded(format!("{{\"Records\":[{deep},{long},[],{good}]}}").as_bytes()).unwrap();
    let errors: Vec<String> =
        records[..3].iter().map(|record| record.as_ref().unwrap_err().error.to_string()).collect();
    assert!(errors[0].contains("recursion limit exceeded"), "{errors:?}");
    assert!(errors[1].contains("200008 bytes, more than a whole event of COS"), "{errors:?}");
    assert!(errors[2].contains("is not an object"), "{errors:?}");
    assert!(records[3].is_ok());
}

#[test]
fn damaged_events_are_read_or_told_in_one_printable_sentence() {
    let mut files = Vec::new();
    for folder in ["events", "tests/data/events", "tests/data/faults/use"] {
        let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.extend(paths.filter(|path| path.is_file()).map(|path| std::fs::read(path).unwrap()));
    }
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..3_000 {
        let mut message = files[round % files.len()].clone();
        for _ in 0..random.usize(1..8) {
            let at = random.usize(..message.len());
            match random.u8(..4) {
                0 => message[at] = random.u8(..),
                1 => message.truncate(at.max(1)),
                2 => message.insert(at, *random.choice(b"\"\\,:[]{}\n\0\x1b0").unwrap()),
                _ => drop(message.remove(at)),
            }
            if message.is_empty() {
                break;
            }
        }
        let sentences = match decoded(&message) {
            Err(error) => vec![error.to_string()],
            Ok(records) => records
                .into_iter()
                .filter_map(|record| {
                    record.map_or_else(|rejected| Some(rejected.error.to_string()), |read| read.note())
                })
                .collect(),
        };
        for sentence in sentences {
            assert!(!sentence.contains(char::is_control), "{sentence:?}");
            assert!((10..1500).contains(&sentence.len()), "{sentence}");
        }
    }
}
