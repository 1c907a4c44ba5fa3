//! Members of a record.

use serde_json::Value;

/// A member that is a text, or a number where others send a text.
pub(super) fn text(record: &Value, pointer: &str) -> Option<String> {
    match record.pointer(pointer)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
