//! Columns of the data files, by the schema of the manifest.

/// Positions of the columns that are used, from 0.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Schema {
    pub(super) key: usize,
    pub(super) bucket: Option<usize>,
    pub(super) size: Option<usize>,
    pub(super) last_modified: Option<usize>,
    pub(super) etag: Option<usize>,
    pub(super) storage_class: Option<usize>,
    pub(super) is_latest: Option<usize>,
    pub(super) is_delete_marker: Option<usize>,
}

impl Schema {
    /// Parses `fileSchema`: names joined by commas, with or without blanks. `None` without the column `Key`.
    ///
    /// The spellings are those that Tencent's documents use for a column, which differ (436/30622, 436/30625).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let names: Vec<_> = text
            .split(',')
            .map(|name| name.trim_matches(|c: char| c.is_whitespace() || c == '"').to_ascii_lowercase())
            .collect();
        let column = |spellings: &[&str]| names.iter().position(|name| spellings.contains(&name.as_str()));
        Some(Self {
            key: column(&["key"])?,
            bucket: column(&["bucket"]),
            size: column(&["size"]),
            last_modified: column(&["lastmodifieddate", "lastmodifiedtime", "lastmodified"]),
            etag: column(&["etag"]),
            storage_class: column(&["storageclass"]),
            is_latest: column(&["islatest"]),
            is_delete_marker: column(&["isdeletemarker", "deletemarker"]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_any_spelling() {
        let schema = Schema::parse(
            "AppID,BUCKET, key ,VersionId, IsLatest, DeleteMarker, \"Size\", LastModifiedTime, eTag, storageclass",
        );
        let expected = Schema {
            key: 2,
            bucket: Some(1),
            size: Some(6),
            last_modified: Some(7),
            etag: Some(8),
            storage_class: Some(9),
            is_latest: Some(4),
            is_delete_marker: Some(5),
        };
        assert_eq!(schema, Some(expected));
    }

    #[test]
    fn only_the_key_is_necessary() {
        let schema = Schema::parse("Key").unwrap();
        assert_eq!((schema.key, schema.size, schema.etag), (0, None, None));
        assert_eq!(Schema::parse("Appid, Bucket, Size"), None);
        assert_eq!(Schema::parse(""), None);
    }
}
