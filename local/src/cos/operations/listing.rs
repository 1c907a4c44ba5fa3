//! GET Bucket: the list of objects (436/30614), and its second version in S3.

use std::collections::BTreeMap;

use crate::cos::service::Service;
use crate::cos::storage::version::Version;
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::CosRequest;
use crate::cos::wire::response::CosResponse;
use crate::cos::wire::xml_writer;
use crate::dates::iso_date;

/// Largest number of entries of a page.
pub(super) const MAX_ENTRIES: usize = 1000;

impl Service {
    pub(crate) fn list_objects(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let query = ListQuery::read(request)?;
        let page = self.store.with_bucket(&request.bucket, |bucket| Ok(query.page(&bucket.objects)))?;
        Ok(CosResponse::xml(query.document(&request.bucket, &page)))
    }
}

/// Parameters of List Objects (436/30614).
struct ListQuery {
    prefix: String,
    delimiter: String,
    marker: String,
    max_keys: usize,
    url_encoded: bool,
    /// True for the second version of S3.
    is_second_version: bool,
}

/// Page of a listing: objects and common prefixes, both in UTF-8 binary order.
#[derive(Default)]
struct ListPage {
    objects: Vec<(String, Version)>,
    prefixes: Vec<String>,
    /// Marker of the next page; `None` on the last page.
    next: Option<String>,
}

impl ListQuery {
    fn read(request: &CosRequest) -> Result<Self, CosError> {
        let text = |name| request.parameter(name).unwrap_or_default().to_owned();
        let is_second_version = request.parameter("list-type") == Some("2");
        let marker = if is_second_version {
            // The token is the marker in hexadecimal digits.
            let token = request.parameter("continuation-token").filter(|token| !token.is_empty());
            let decoded =
                token.map(|token| hex::decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok()));
            match decoded {
                Some(marker) => marker.ok_or_else(|| {
                    CosError::with_message(ErrorCode::INVALID_ARGUMENT, "The continuation token is unknown.")
                })?,
                None => text("start-after"),
            }
        } else {
            text("marker")
        };
        Ok(Self {
            prefix: text("prefix"),
            delimiter: text("delimiter"),
            marker,
            max_keys: max_keys(request)?.min(MAX_ENTRIES),
            url_encoded: request.parameter("encoding-type") == Some("url"),
            is_second_version,
        })
    }

    /// Selects the entries after the marker.
    fn page(&self, objects: &BTreeMap<String, Vec<Version>>) -> ListPage {
        let mut page = ListPage::default();
        let mut last = None;
        for (key, versions) in objects.range(self.prefix.clone()..) {
            let Some(rest) = key.strip_prefix(&self.prefix) else { break };
            let Some(version) = versions.last().filter(|version| !version.is_marker()) else { continue };
            let group = (!self.delimiter.is_empty())
                .then(|| rest.find(&self.delimiter))
                .flatten()
                .and_then(|at| key.get(..self.prefix.len() + at + self.delimiter.len()));
            let entry = group.unwrap_or(key);
            if entry <= self.marker.as_str()
                || page.prefixes.last().map(String::as_str) == group && group.is_some()
            {
                continue;
            }
            if page.objects.len() + page.prefixes.len() >= self.max_keys {
                page.next = last;
                break;
            }
            match group {
                Some(group) => page.prefixes.push(group.to_owned()),
                None => page.objects.push((key.clone(), version.clone())),
            }
            last = Some(entry.to_owned());
        }
        page
    }

    /// Writes the document of a page.
    fn document(&self, bucket: &str, page: &ListPage) -> String {
        let encode = |text: &str| xml_writer::listed(text, self.url_encoded);
        let mut document = format!("{}<ListBucketResult>", xml_writer::HEAD);
        xml_writer::element(&mut document, "Name", bucket);
        if self.url_encoded {
            xml_writer::element(&mut document, "EncodingType", "url");
        }
        xml_writer::element(&mut document, "Prefix", &encode(&self.prefix));
        if self.is_second_version {
            let count = page.objects.len().saturating_add(page.prefixes.len());
            xml_writer::element(&mut document, "KeyCount", &count.to_string());
        } else {
            xml_writer::element(&mut document, "Marker", &encode(&self.marker));
        }
        xml_writer::element(&mut document, "MaxKeys", &self.max_keys.to_string());
        if !self.delimiter.is_empty() {
            xml_writer::element(&mut document, "Delimiter", &encode(&self.delimiter));
        }
        xml_writer::element(&mut document, "IsTruncated", if page.next.is_some() { "true" } else { "false" });
        if let Some(next) = &page.next {
            if self.is_second_version {
                xml_writer::element(&mut document, "NextContinuationToken", &hex::encode(next));
            } else {
                xml_writer::element(&mut document, "NextMarker", &encode(next));
            }
        }
        for prefix in &page.prefixes {
            document.push_str("<CommonPrefixes>");
            xml_writer::element(&mut document, "Prefix", &encode(prefix));
            document.push_str("</CommonPrefixes>");
        }
        for (key, version) in &page.objects {
            document.push_str("<Contents>");
            xml_writer::element(&mut document, "Key", &encode(key));
            xml_writer::element(&mut document, "LastModified", &iso_date(version.modified));
            xml_writer::element(&mut document, "ETag", &version.etag);
            xml_writer::element(&mut document, "Size", &version.size.to_string());
            owner(&mut document, bucket);
            xml_writer::element(&mut document, "StorageClass", version.storage_class());
            document.push_str("</Contents>");
        }
        document.push_str("</ListBucketResult>");
        document
    }
}

/// Reads `max-keys`.
pub(super) fn max_keys(request: &CosRequest) -> Result<usize, CosError> {
    match request.parameter("max-keys") {
        None | Some("") => Ok(MAX_ENTRIES),
        Some(text) => text
            .parse()
            .map_err(|_| CosError::with_message(ErrorCode::INVALID_ARGUMENT, "max-keys is not a number.")),
    }
}

/// Appends the owner of the objects of a bucket: its app id.
pub(super) fn owner(document: &mut String, bucket: &str) {
    let app_id = bucket.rsplit_once('-').map_or("", |(_, app_id)| app_id);
    document.push_str("<Owner>");
    xml_writer::element(document, "ID", app_id);
    xml_writer::element(document, "DisplayName", app_id);
    document.push_str("</Owner>");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(keys: &[&str]) -> BTreeMap<String, Vec<Version>> {
        let version = serde_json::json!({ "id": "null", "file": "f", "size": 1, "etag": "", "crc64": 0, "modified": 0,
            "headers": {}, "request_id": "", "restored_until": null });
        keys.iter()
            .map(|key| ((*key).to_owned(), vec![serde_json::from_value(version.clone()).unwrap()]))
            .collect()
    }

    /// Returns all pages of a listing, as `key` or `prefix/`.
    fn listing(keys: &[&str], prefix: &str, delimiter: &str, max_keys: usize) -> Vec<Vec<String>> {
        let objects = objects(keys);
        let (mut marker, mut pages) = (String::new(), Vec::new());
        loop {
            let query = ListQuery {
                prefix: prefix.to_owned(),
                delimiter: delimiter.to_owned(),
                marker: marker.clone(),
                max_keys,
                url_encoded: false,
                is_second_version: false,
            };
            let page = query.page(&objects);
            let mut entries: Vec<String> = page.objects.into_iter().map(|(key, _)| key).collect();
            entries.extend(page.prefixes);
            entries.sort();
            pages.push(entries);
            match page.next {
                Some(next) => marker = next,
                None => return pages,
            }
        }
    }

    #[test]
    fn pages_are_in_binary_order_and_contain_every_key_once() {
        let keys = ["a", "B", "a/b", "a//b", "猫", "z", "a!"];
        let expected = vec![vec!["B", "a", "a!"], vec!["a//b", "a/b", "z"], vec!["猫"]];
        assert_eq!(listing(&keys, "", "", 3), expected);
    }

    #[test]
    fn common_prefixes_replace_their_keys_across_pages() {
        let keys = ["in/1.jpg", "in/a/1", "in/a/2", "in/b/1", "in/z", "out/1"];
        let expected = vec![vec!["in/1.jpg", "in/a/"], vec!["in/b/", "in/z"]];
        assert_eq!(listing(&keys, "in/", "/", 2), expected);
        assert_eq!(listing(&keys, "", "/", 1000), vec![vec!["in/", "out/"]]);
    }
}
