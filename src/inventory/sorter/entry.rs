//! Rows as bytes, in memory and in temporary files.
//!
//! An entry is: flags, 1 byte; time of the upload, 8 bytes of seconds and 4 of nanoseconds since the epoch;
//! length of the key, 4; key; and then size, 8, ETag and storage class, each after its length, if the flags
//! say that they are there. Numbers are little-endian.

use std::time::{Duration, UNIX_EPOCH};

use crate::inventory::row::Row;
use crate::object::{ETag, Key};

const HAS_TIME: u8 = 1;
const HAS_SIZE: u8 = 2;
const HAS_ETAG: u8 = 4;
const HAS_CLASS: u8 = 8;
const RAW_PLUS: u8 = 16;

/// Bytes before the key: flags, seconds, nanoseconds, length of the key.
const HEAD: usize = 1 + 8 + 4 + 4;

/// Writes a row to the end of `entry`.
pub(super) fn encode(row: &Row, entry: &mut Vec<u8>) {
    let time = row.last_modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let flag = |is_there, flag| if is_there { flag } else { 0 };
    entry.push(
        flag(time.is_some(), HAS_TIME)
            | flag(row.size.is_some(), HAS_SIZE)
            | flag(row.etag.is_some(), HAS_ETAG)
            | flag(row.storage_class.is_some(), HAS_CLASS)
            | flag(row.raw_plus, RAW_PLUS),
    );
    let time = time.unwrap_or_default();
    entry.extend_from_slice(&time.as_secs().to_le_bytes());
    entry.extend_from_slice(&time.subsec_nanos().to_le_bytes());
    push_text(row.key.as_str(), entry);
    if let Some(size) = row.size {
        entry.extend_from_slice(&size.to_le_bytes());
    }
    let texts = [row.etag.as_ref().map(ETag::as_str), row.storage_class.as_deref()];
    for text in texts.into_iter().flatten() {
        push_text(text, entry);
    }
}

fn push_text(text: &str, entry: &mut Vec<u8>) {
    // Keys, ETags and storage classes are far shorter; the lint wants it said.
    let length = u32::try_from(text.len()).unwrap_or(0);
    entry.extend_from_slice(&length.to_le_bytes());
    entry.extend_from_slice(text.as_bytes().get(..length as usize).unwrap_or_default());
}

/// Returns the key of an entry.
pub(super) fn key(entry: &[u8]) -> &[u8] {
    let mut rest = entry.get(HEAD - 4..).unwrap_or_default();
    take_bytes(&mut rest).unwrap_or_default()
}

/// Returns what decides which of two entries with one key is newer: none is older than any time.
pub(super) fn time(entry: &[u8]) -> Option<Duration> {
    let mut rest = entry;
    let flags = take::<1>(&mut rest)?;
    let (seconds, nanoseconds) = (take(&mut rest)?, take(&mut rest)?);
    let time = Duration::new(u64::from_le_bytes(seconds), u32::from_le_bytes(nanoseconds).min(999_999_999));
    (flags[0] & HAS_TIME != 0).then_some(time)
}

/// Reads a row; `None` for bytes that [`encode`] did not write.
pub(super) fn decode(entry: &[u8]) -> Option<Row> {
    let flags = *entry.first()?;
    let mut rest = entry.get(HEAD - 4..)?;
    let key = Key::parse(take_text(&mut rest)?).ok()?;
    let has = |flag| flags & flag != 0;
    let size = if has(HAS_SIZE) { Some(u64::from_le_bytes(take(&mut rest)?)) } else { None };
    let etag = if has(HAS_ETAG) { Some(ETag::parse(take_text(&mut rest)?).ok()?) } else { None };
    let storage_class = if has(HAS_CLASS) { Some(take_text(&mut rest)?.to_owned()) } else { None };
    let last_modified = time(entry).and_then(|time| UNIX_EPOCH.checked_add(time));
    rest.is_empty().then_some(Row { key, size, etag, last_modified, storage_class, raw_plus: has(RAW_PLUS) })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*bytes)
}

fn take_bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = u32::from_le_bytes(take(rest)?);
    let (bytes, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(bytes)
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    std::str::from_utf8(take_bytes(rest)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Row {
        Row {
            key: Key::parse("photos/海/+1.png").unwrap(),
            size: Some(u64::MAX),
            etag: Some(ETag::parse("1b8e2a3f0d7c4c6e9f00aa11bb22cc33-2").unwrap()),
            last_modified: Some(UNIX_EPOCH + Duration::new(1_714_724_143, 999_999_999)),
            storage_class: Some("STANDARD_IA".to_owned()),
            raw_plus: true,
        }
    }

    #[test]
    fn rows_survive_their_encoding() {
        let bare = Row {
            size: None,
            etag: None,
            last_modified: None,
            storage_class: None,
            raw_plus: false,
            ..full()
        };
        let sized = Row { size: Some(0), ..bare.clone() };
        for row in [full(), bare, sized] {
            let mut entry = Vec::new();
            encode(&row, &mut entry);
            assert_eq!(decode(&entry), Some(row.clone()));
            assert_eq!(key(&entry), row.key.as_str().as_bytes());
            assert_eq!(time(&entry).map(|time| UNIX_EPOCH + time), row.last_modified);
        }
    }

    #[test]
    fn damaged_entries_are_no_rows() {
        let mut entry = Vec::new();
        encode(&full(), &mut entry);
        for length in 0..entry.len() {
            assert_eq!(decode(&entry[..length]), None, "{length}");
            let _ = (key(&entry[..length]), time(&entry[..length]));
        }
        entry.push(0);
        assert_eq!(decode(&entry), None);
    }
}
