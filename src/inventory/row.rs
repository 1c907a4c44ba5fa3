//! Row of a data file: one object of the bucket.

use std::time::SystemTime;

use percent_encoding::percent_decode;

use crate::inventory::date;
use crate::inventory::record::{MAX_COLUMNS, MAX_LEN};
use crate::inventory::schema::Schema;
use crate::object::{self, Bucket, ETag, Key};
use crate::text::{excerpt, first};

/// Longest storage class that is kept, characters.
const MAX_CLASS: usize = 40;

/// Object as a report lists it. The report may be older than the bucket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Row {
    /// Key, decoded. A `+` in the report is kept.
    pub key: Key,
    /// Bytes.
    pub size: Option<u64>,
    /// ETag.
    pub etag: Option<ETag>,
    /// Time of the upload.
    pub last_modified: Option<SystemTime>,
    /// Storage class, as it is written.
    pub storage_class: Option<String>,
    /// `true` if the report writes the key with a `+`, which may stand for a blank. Tencent does not say
    /// which.
    pub raw_plus: bool,
}

/// Reason why a row names no object.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RowFault {
    /// The row lists an object of another bucket.
    #[error("it is of the bucket {0:?}")]
    Bucket(String),
    /// No object can have the key.
    #[error(transparent)]
    Key(#[from] object::Error),
    /// The key, decoded, is not UTF-8.
    #[error("its key {0:?} is not UTF-8")]
    NotUtf8(String),
    /// The row has fewer columns than the schema.
    #[error("it has no key")]
    Short,
    /// The row is longer than any.
    #[error("it is longer than {MAX_LEN} bytes or {MAX_COLUMNS} columns")]
    TooLong,
}

impl Row {
    /// Reads a row from its values. `None` for delete markers, and for versions that are not the latest.
    pub(super) fn read<'a>(
        schema: &Schema,
        bucket: Option<&Bucket>,
        value: impl Fn(usize) -> Option<&'a [u8]>,
    ) -> Result<Option<Self>, RowFault> {
        let raw_key = value(schema.key).ok_or(RowFault::Short)?;
        let text = |column: Option<usize>| {
            let text = String::from_utf8_lossy(value(column?)?);
            Some(text).filter(|text| !text.is_empty())
        };
        let is = |column, word| text(column).is_some_and(|text| text.eq_ignore_ascii_case(word));
        if is(schema.is_delete_marker, "true") || is(schema.is_latest, "false") {
            return Ok(None);
        }
        if let (Some(bucket), Some(named)) = (bucket, text(schema.bucket))
            && ![bucket.name(), bucket.as_str()].iter().any(|name| named.eq_ignore_ascii_case(name))
        {
            return Err(RowFault::Bucket(excerpt(&named)));
        }
        let key = percent_decode(raw_key).decode_utf8();
        let key = key.map_err(|_| RowFault::NotUtf8(excerpt(&String::from_utf8_lossy(raw_key))))?;
        Ok(Some(Self {
            key: Key::parse(&key)?,
            size: text(schema.size).and_then(|text| text.parse().ok()),
            etag: text(schema.etag).and_then(|text| ETag::parse(&text).ok()),
            last_modified: text(schema.last_modified).and_then(|text| date::parse(&text)),
            storage_class: text(schema.storage_class).map(|text| first(&text, MAX_CLASS)),
            raw_plus: raw_key.contains(&b'+'),
        }))
    }

    /// Returns `true` for a first row that repeats the names of the columns.
    pub(super) fn is_header<'a>(schema: &Schema, value: impl Fn(usize) -> Option<&'a [u8]>) -> bool {
        let is = |column, name: &[u8]| value(column).is_some_and(|text| text.eq_ignore_ascii_case(name));
        // An object may have the key `Key`, but its bucket is not named `Bucket`.
        is(schema.key, b"key") && schema.bucket.is_none_or(|column| is(column, b"bucket"))
    }
}
