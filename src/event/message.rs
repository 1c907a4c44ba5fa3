//! Text of a message: from its bytes to its records, one after the other.
//!
//! Each record is parsed alone, so the memory for a message is bounded by its length, whatever it holds.

use std::fmt;

use serde::de::{Deserializer as _, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::event::top::{Members, Top};
use crate::event::{Error, sender};

/// Calls `each` with the records of a message, in their order.
///
/// A dead letter queue wraps a failed event in its own message. It is unwrapped, so that it can be sent again as it is.
///
/// # Errors
/// What the message is instead of a list of records. Nothing was called then.
pub(super) fn read(message: &[u8], each: &mut dyn FnMut(&RawValue)) -> Result<(), Error> {
    let text = without_byte_order_mark(utf8(message)?);
    let members = members(text)?;
    let wrapped = members.get("Body").and_then(|body| match serde_json::from_str(body.get()) {
        Ok(Top::Object(body)) => body.text("ClientContext"),
        Ok(Top::List(_) | Top::Other(_) | Top::Text(_)) | Err(_) => None,
    });
    match wrapped {
        Some(inner) => read_records(&self::members(&inner)?, each),
        None => read_records(&members, each),
    }
}

/// Returns `true` if a message begins with the byte order mark of UTF-8, which no JSON text has (RFC 8259, 8.1).
pub(super) fn has_byte_order_mark(message: &[u8]) -> bool {
    message.starts_with("\u{feff}".as_bytes())
}

fn without_byte_order_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Reads the text of a message.
fn utf8(message: &[u8]) -> Result<&str, Error> {
    let what = match message {
        [0x1f, 0x8b, ..] => "gzip-compressed; send the JSON text itself",
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [b'{' | b'[', 0, ..] | [0, b'{' | b'[', ..] => {
            "UTF-16 text; save it as UTF-8"
        }
        _ => {
            return std::str::from_utf8(message)
                .map_err(|_| Error::NotText("not UTF-8 text; save it as UTF-8"));
        }
    };
    Err(Error::NotText(what))
}

fn members(text: &str) -> Result<Members<'_>, Error> {
    if text.trim_start().is_empty() {
        return Err(Error::NotText("empty; send a COS trigger event like events/put.json"));
    }
    match serde_json::from_str(text) {
        Ok(Top::Object(members)) => Ok(members),
        Ok(Top::List(first)) if first.is_some_and(sender::is_record) => Err(Error::ListOfRecords),
        Ok(Top::List(_)) => Err(Error::NotAnObject("a list")),
        Ok(Top::Text(text)) if text.contains("Records") => Err(Error::InAString),
        Ok(Top::Text(_)) => Err(Error::NotAnObject("a text")),
        Ok(Top::Other(what)) => Err(Error::NotAnObject(what)),
        Err(error) => {
            Err(sender::other_text(text)
                .map_or_else(|| Error::NotJson(mistake(text, &error)), Error::NotText))
        }
    }
}

/// Names a mistake of syntax and its place. The parser, which skips most values, does not name trailing commas.
fn mistake(text: &str, error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    let lines_before = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    let split = text.split_at_checked(lines_before.saturating_add(column.saturating_sub(1)));
    match split {
        Some((before, after)) if after.starts_with([']', '}']) && before.trim_end().ends_with(',') => {
            format!("trailing comma at line {line} column {column}")
        }
        Some(_) | None => error.to_string(),
    }
}

fn read_records(members: &Members<'_>, each: &mut dyn FnMut(&RawValue)) -> Result<(), Error> {
    if let Some(what) = sender::of_message(members) {
        return Err(Error::Foreign(what));
    }
    let Some(records) = members.get("Records") else {
        return Err(if sender::is_record_members(members) {
            Error::RecordWithoutList
        } else {
            Error::NoRecords(members.names().join(", "))
        });
    };
    if !records.get().starts_with('[') {
        return Err(Error::RecordsNotAList);
    }
    let mut deserializer = serde_json::Deserializer::from_str(records.get());
    let count =
        deserializer.deserialize_seq(EachRecord(each)).map_err(|error| Error::NotJson(error.to_string()))?;
    if count == 0 { Err(Error::EmptyRecords) } else { Ok(()) }
}

/// Calls a function with each item of a list, and returns their number.
struct EachRecord<'f>(&'f mut dyn FnMut(&RawValue));

impl<'de> Visitor<'de> for EachRecord<'_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<usize, A::Error> {
        let mut count = 0_usize;
        while let Some(record) = records.next_element::<&RawValue>()? {
            (self.0)(record);
            count = count.checked_add(1).ok_or_else(|| A::Error::custom("too many records"))?;
        }
        Ok(count)
    }
}
