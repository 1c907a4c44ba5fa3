//! Operations on a bucket: listing, deletion of several objects, versioning.

use std::collections::BTreeMap;

use crate::cos::operations::object;
use crate::cos::service::Service;
use crate::cos::storage::bucket::BucketSettings;
use crate::cos::storage::version::{Version, Versioning};
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::CosRequest;
use crate::cos::wire::response::CosResponse;
use crate::cos::wire::{xml, xml_writer};
use crate::dates::iso_date;

/// Largest number of entries of a page, and of keys of a Delete Multiple Objects.
const MAX_ENTRIES: usize = 1000;

impl Service {
    pub(crate) fn head_bucket(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        self.versioning(&request.bucket)?;
        Ok(CosResponse::new(200).header("x-cos-bucket-region", &self.region_of(&request.bucket)))
    }

    /// Creates a bucket in the region of the host name.
    pub(crate) fn put_bucket(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let region = request.region.clone().filter(|region| *region != self.region);
        self.store.create(&request.bucket, BucketSettings { region })?;
        Ok(CosResponse::new(200).header("Location", &format!("/{}", request.bucket)))
    }

    pub(crate) fn delete_bucket(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        self.store.delete_bucket(&request.bucket)?;
        Ok(CosResponse::new(204))
    }

    pub(crate) fn list_objects(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let query = ListQuery::read(request)?;
        let page = self.store.with_bucket(&request.bucket, |bucket| Ok(query.page(&bucket.objects)))?;
        Ok(CosResponse::xml(query.document(&request.bucket, &page)))
    }

    pub(crate) fn delete_objects(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        if request.header("content-md5").is_none() {
            return Err(CosError::with_message(
                ErrorCode::INVALID_ARGUMENT,
                "Missing required header Content-MD5.",
            ));
        }
        object::check_digest(request)?;
        let body: xml::DeleteRequest = xml::read(&request.body)?;
        if body.objects.is_empty() || body.objects.len() > MAX_ENTRIES {
            return Err(ErrorCode::MALFORMED_XML.into());
        }
        let mut document = format!("{}<DeleteResult>", xml_writer::HEAD);
        for item in &body.objects {
            let id = item.version_id.as_deref();
            match self.store.delete(&request.bucket, &item.key, id, self.now()) {
                Ok(deletion) => {
                    if deletion.existed {
                        self.notify_removed(request, &item.key, id.is_none() && deletion.marker);
                    }
                    if !body.quiet {
                        document.push_str("<Deleted>");
                        xml_writer::element(&mut document, "Key", &item.key);
                        if let Some(id) = &deletion.version_id {
                            xml_writer::element(&mut document, "VersionId", id);
                        }
                        document.push_str("</Deleted>");
                    }
                }
                Err(error) => {
                    document.push_str("<Error>");
                    xml_writer::element(&mut document, "Key", &item.key);
                    xml_writer::element(&mut document, "Code", error.code());
                    xml_writer::element(&mut document, "Message", error.message());
                    document.push_str("</Error>");
                }
            }
        }
        document.push_str("</DeleteResult>");
        Ok(CosResponse::xml(document))
    }

    pub(crate) fn get_versioning(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let mut document = format!("{}<VersioningConfiguration>", xml_writer::HEAD);
        match self.versioning(&request.bucket)? {
            Versioning::Enabled => xml_writer::element(&mut document, "Status", "Enabled"),
            Versioning::Off => {}
            Versioning::Suspended => xml_writer::element(&mut document, "Status", "Suspended"),
        }
        document.push_str("</VersioningConfiguration>");
        Ok(CosResponse::xml(document))
    }

    pub(crate) fn put_versioning(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let body: xml::VersioningConfiguration = xml::read(&request.body)?;
        let versioning = match body.status.as_str() {
            "Enabled" => Versioning::Enabled,
            "Suspended" => Versioning::Suspended,
            _ => return Err(ErrorCode::MALFORMED_XML.into()),
        };
        self.store.set_versioning(&request.bucket, versioning)?;
        Ok(CosResponse::new(200))
    }
}

/// Parameters of List Objects (436/30614).
struct ListQuery {
    prefix: String,
    delimiter: String,
    marker: String,
    max_keys: usize,
    url_encoded: bool,
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
        let max_keys = match request.parameter("max-keys") {
            None | Some("") => MAX_ENTRIES,
            Some(text) => text.parse::<usize>().map_err(|_| {
                CosError::with_message(ErrorCode::INVALID_ARGUMENT, "max-keys is not a number.")
            })?,
        };
        Ok(Self {
            prefix: text("prefix"),
            delimiter: text("delimiter"),
            marker: text("marker"),
            max_keys: max_keys.min(MAX_ENTRIES),
            url_encoded: request.parameter("encoding-type") == Some("url"),
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
        xml_writer::element(&mut document, "Marker", &encode(&self.marker));
        xml_writer::element(&mut document, "MaxKeys", &self.max_keys.to_string());
        if !self.delimiter.is_empty() {
            xml_writer::element(&mut document, "Delimiter", &encode(&self.delimiter));
        }
        xml_writer::element(&mut document, "IsTruncated", if page.next.is_some() { "true" } else { "false" });
        if let Some(next) = &page.next {
            xml_writer::element(&mut document, "NextMarker", &encode(next));
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
            document.push_str("<Owner><ID>1250000000</ID><DisplayName>1250000000</DisplayName></Owner>");
            xml_writer::element(&mut document, "StorageClass", version.storage_class());
            document.push_str("</Contents>");
        }
        document.push_str("</ListBucketResult>");
        document
    }
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
