//! Members of an event record, which come in several JSON types.
//!
//! Callers decide which members must exist.

use serde_json::Value;

/// Reads a member as text. Some events write a number where others write a string.
pub(super) fn text(record: &Value, pointer: &str) -> Option<String> {
    match record.pointer(pointer)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
