//! Senders of other events, by the members that only their events have.
//!
//! People bind the wrong trigger, or send the test event of another product. They are told what it is.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::event::top::Members;

/// Returns the sender of a message that is not a COS trigger event; `None` if it may be one.
pub(super) fn of_message(members: &Members<'_>) -> Option<&'static str> {
    let has = |name| members.get(name).is_some();
    let is = |name, value: &str| members.text(name).as_deref() == Some(value);
    let contains = |name, part: &str| members.get(name).is_some_and(|value| value.get().contains(part));
    if has("Records") {
        return None;
    }
    let table = [
        (has("TriggerName") && is("Type", "Timer"), "an event of a timer trigger"),
        (
            has("httpMethod") || has("requestContext"),
            "an HTTP request, as API Gateway, CLB and function URLs send it",
        ),
        (has("clslogs"), "an event of a CLS trigger, which has log lines"),
        (contains("events", "acs:oss"), "an event of Alibaba Cloud OSS"),
        (has("TopicArn"), "a notification of Amazon SNS"),
        (is("Event", "s3:TestEvent"), "the test event of Amazon S3"),
        (contains("source", "aws."), "an event of Amazon EventBridge"),
        (is("kind", "storage#object"), "an event of Google Cloud Storage"),
        (has("specversion"), "a CloudEvents event, as EventBridge sends it"),
        (has("key1"), "the Hello World test event of the console"),
    ];
    table.into_iter().find(|(matches, _)| *matches).map(|(_, sender)| sender)
}

/// Returns the sender of a record that is not one of COS; `None` if it may be one.
pub(super) fn of_record(record: &Value) -> Option<&'static str> {
    let has = |name| record.get(name).is_some();
    let source = record.get("eventSource").and_then(Value::as_str).unwrap_or_default();
    let table = [
        (has("cos"), None),
        (source == "minio:s3", Some("a record of MinIO")),
        (source == "aws:sqs", Some("a message of Amazon SQS")),
        (has("Sns"), Some("a notification of Amazon SNS")),
        (source == "OBS" || has("obs"), Some("a record of Huawei Cloud OBS")),
        (source == "acs:oss" || has("oss"), Some("a record of Alibaba Cloud OSS")),
        (source == "aws:s3" || has("s3"), Some("a record of Amazon S3")),
        (source.starts_with("aws:"), Some("a record of Amazon Web Services")),
        (has("CMQ"), Some("a message of a CMQ trigger")),
        (has("Ckafka"), Some("a message of a CKafka trigger")),
        (has("TDMQ"), Some("a message of a TDMQ trigger")),
    ];
    table.into_iter().find(|(matches, _)| *matches).and_then(|(_, sender)| sender)
}

/// Returns `true` for a record of COS that stands where a message is expected.
pub(super) fn is_record_members(members: &Members<'_>) -> bool {
    members.get("cos").is_some()
}

/// Returns `true` for a record of COS that stands in a list without a name.
pub(super) fn is_record(value: &RawValue) -> bool {
    serde_json::from_str(value.get()).is_ok_and(|record: Value| record.get("cos").is_some())
}

/// Returns what a text is that is not JSON, and the remedy; `None` if it seems to be JSON with a mistake.
pub(super) fn other_text(text: &str) -> Option<&'static str> {
    let text = text.trim_start();
    if text.starts_with('<') {
        Some("XML or HTML; send a COS trigger event, which is JSON, like events/put.json")
    } else if text.starts_with("eyJ") {
        Some("Base64; send the JSON text itself")
    } else {
        None
    }
}
