//! GET Bucket Object versions (436/35521).

use std::collections::BTreeMap;

use crate::cos::operations::listing::{MAX_ENTRIES, max_keys, owner};
use crate::cos::service::Service;
use crate::cos::storage::version::{Version, Versioning};
use crate::cos::wire::error::CosError;
use crate::cos::wire::request::CosRequest;
use crate::cos::wire::response::CosResponse;
use crate::cos::wire::xml_writer;
use crate::dates::iso_date;

/// Parameters of the listing.
struct VersionsQuery<'a> {
    prefix: &'a str,
    delimiter: &'a str,
    key_marker: &'a str,
    version_marker: Option<&'a str>,
    max_keys: usize,
    url_encoded: bool,
}

/// Page of the listing.
#[derive(Default)]
struct VersionsPage {
    /// Key, version, and whether it is the latest.
    versions: Vec<(String, Version, bool)>,
    prefixes: Vec<String>,
    /// Key and version id that the next page begins after.
    next: Option<(String, String)>,
}

impl Service {
    pub(crate) fn list_versions(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let text = |name| request.parameter(name).unwrap_or_default();
        let query = VersionsQuery {
            prefix: text("prefix"),
            delimiter: text("delimiter"),
            key_marker: text("key-marker"),
            version_marker: request.parameter("version-id-marker").filter(|marker| !marker.is_empty()),
            max_keys: max_keys(request)?.min(MAX_ENTRIES),
            url_encoded: request.parameter("encoding-type") == Some("url"),
        };
        let (page, versioning) = self
            .store
            .with_bucket(&request.bucket, |bucket| Ok((query.page(&bucket.objects), bucket.versioning)))?;
        Ok(CosResponse::xml(query.document(&request.bucket, &page, versioning)))
    }
}

impl VersionsQuery<'_> {
    /// Selects the entries after the markers, newest versions first.
    fn page(&self, objects: &BTreeMap<String, Vec<Version>>) -> VersionsPage {
        let mut page = VersionsPage::default();
        let mut last = (String::new(), String::new());
        for (key, versions) in objects.range(self.prefix.to_owned()..) {
            let Some(rest) = key.strip_prefix(self.prefix) else { break };
            let group = (!self.delimiter.is_empty())
                .then(|| rest.find(self.delimiter))
                .flatten()
                .and_then(|at| key.get(..self.prefix.len() + at + self.delimiter.len()));
            if let Some(group) = group {
                if group <= self.key_marker || page.prefixes.last().is_some_and(|last| last == group) {
                    continue;
                }
                if page.versions.len() + page.prefixes.len() >= self.max_keys {
                    page.next = Some(last);
                    return page;
                }
                page.prefixes.push(group.to_owned());
                last = (group.to_owned(), String::new());
                continue;
            }
            for (version, is_latest) in self.after_marker(key, versions) {
                if page.versions.len() + page.prefixes.len() >= self.max_keys {
                    page.next = Some(last);
                    return page;
                }
                last = (key.clone(), version.id.clone());
                page.versions.push((key.clone(), version.clone(), is_latest));
            }
        }
        page
    }

    /// Returns the versions of a key after the markers, newest first, and whether each is the latest.
    fn after_marker<'v>(&self, key: &str, versions: &'v [Version]) -> Vec<(&'v Version, bool)> {
        let newest = versions.iter().rev().enumerate().map(|(index, version)| (version, index == 0));
        match (key.cmp(self.key_marker), self.version_marker) {
            (std::cmp::Ordering::Greater, _) => newest.collect(),
            (std::cmp::Ordering::Equal, Some(marker)) => {
                newest.skip_while(|(version, _)| version.id != marker).skip(1).collect()
            }
            _ => Vec::new(),
        }
    }

    fn document(&self, bucket: &str, page: &VersionsPage, versioning: Versioning) -> String {
        let encode = |text: &str| xml_writer::listed(text, self.url_encoded);
        let id = |id: &str| if versioning == Versioning::Off { String::new() } else { id.to_owned() };
        let mut document = format!("{}<ListVersionsResult>", xml_writer::HEAD);
        let mut element = |name: &str, value: &str| xml_writer::element(&mut document, name, value);
        element("Name", bucket);
        if self.url_encoded {
            element("EncodingType", "url");
        }
        element("Prefix", &encode(self.prefix));
        element("KeyMarker", &encode(self.key_marker));
        element("VersionIdMarker", self.version_marker.unwrap_or_default());
        element("MaxKeys", &self.max_keys.to_string());
        if !self.delimiter.is_empty() {
            element("Delimiter", &encode(self.delimiter));
        }
        element("IsTruncated", if page.next.is_some() { "true" } else { "false" });
        if let Some((key, version)) = &page.next {
            element("NextKeyMarker", &encode(key));
            element("NextVersionIdMarker", version);
        }
        for prefix in &page.prefixes {
            document.push_str("<CommonPrefixes>");
            xml_writer::element(&mut document, "Prefix", &encode(prefix));
            document.push_str("</CommonPrefixes>");
        }
        for (key, version, is_latest) in &page.versions {
            let root = if version.is_marker() { "DeleteMarker" } else { "Version" };
            document.push_str(&format!("<{root}>"));
            xml_writer::element(&mut document, "Key", &encode(key));
            xml_writer::element(&mut document, "VersionId", &id(&version.id));
            xml_writer::element(&mut document, "IsLatest", if *is_latest { "true" } else { "false" });
            xml_writer::element(&mut document, "LastModified", &iso_date(version.modified));
            if !version.is_marker() {
                xml_writer::element(&mut document, "ETag", &version.etag);
                xml_writer::element(&mut document, "Size", &version.size.to_string());
                xml_writer::element(&mut document, "StorageClass", version.storage_class());
            }
            owner(&mut document, bucket);
            document.push_str(&format!("</{root}>"));
        }
        document.push_str("</ListVersionsResult>");
        document
    }
}
