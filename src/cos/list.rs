//! Listing of a bucket, one page at a time: GET Bucket (436/7734).
//!
//! Pages come in the order of the UTF-8 bytes of their keys. A listing is eventually consistent: a new object may be
//! missing, and a deleted one may be there.

use std::time::SystemTime;

use percent_encoding::percent_decode_str;
use reqwest::Response;
use serde::Deserialize;

use crate::cos::BucketLocation;
use crate::cos::client::Session;
use crate::cos::error::{Error, NetworkFault};
use crate::cos::exchange::Request;
use crate::cos::operation::Operation;
use crate::cos::retry::{Attempts, FailureKind};
use crate::object::{ETag, Key};

/// Longest document of a page, bytes. A thousand keys of 850 bytes take 2.6 MB if every byte is encoded, and all else less.
const LONGEST: usize = 8 * 1024 * 1024;

/// Most objects of a page (436/7734).
const MAX_KEYS: &str = "1000";

/// One page of a listing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ListPage {
    /// Objects, in the order of the bytes of their keys.
    pub objects: Vec<ListedObject>,
    /// Marker that continues the listing; `None` at its end.
    pub next: Option<String>,
    /// Number of keys that no request of this program can name.
    pub unusable: usize,
}

/// Object as a listing shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListedObject {
    /// Key.
    pub key: Key,
    /// Bytes.
    pub length: u64,
    /// ETag; `None` when the listing has none.
    pub etag: Option<ETag>,
    /// Time of the upload, to the second.
    pub last_modified: Option<SystemTime>,
    /// `true` in an archive class without a restored copy, so that the object cannot be read.
    pub is_archived: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    #[serde(default)]
    encoding_type: String,
    #[serde(default)]
    is_truncated: bool,
    next_marker: Option<String>,
    #[serde(default)]
    contents: Vec<Contents>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Contents {
    key: String,
    #[serde(default)]
    last_modified: String,
    #[serde(rename = "ETag", default)]
    etag: String,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    storage_class: String,
    #[serde(default)]
    restore_status: String,
}

impl Session {
    /// Lists the objects whose keys begin with `prefix` and follow `marker`: at most 1,000.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::NotFound`] for the bucket, [`Error::Protocol`] when the response is no listing, and
    /// those of every request.
    pub async fn list(
        &self,
        location: &BucketLocation,
        prefix: &str,
        marker: &str,
    ) -> Result<ListPage, Error> {
        let parameters =
            [("encoding-type", "url"), ("marker", marker), ("max-keys", MAX_KEYS), ("prefix", prefix)];
        let query = parameters.into_iter().filter(|(_, value)| !value.is_empty());
        let request = Request {
            operation: Operation::list(location),
            headers: Vec::new(),
            query: query.map(|(name, value)| (name, value.to_owned())).collect(),
            body: None,
            expected: &[200],
        };
        let mut attempts = self.attempts();
        loop {
            let response = self.send(&request, &mut attempts).await?;
            match self.read_document(&request.operation, response, &attempts).await? {
                Ok(text) => {
                    return parse(&text).ok_or_else(|| {
                        Error::protocol(&request.operation, "with something else than a listing")
                    });
                }
                Err((fault, kind)) => {
                    let error = Error::transport(&request.operation, fault);
                    self.back_off(&request.operation, &mut attempts, kind, error).await?;
                }
            }
        }
    }

    /// Reads the body of a response. The inner error can be retried.
    async fn read_document(
        &self,
        operation: &Operation,
        mut response: Response,
        attempts: &Attempts,
    ) -> Result<Result<Vec<u8>, ReadFailure>, Error> {
        let mut text = Vec::new();
        loop {
            match self.read_chunk(operation, &mut response, attempts, true).await? {
                Ok(Some(chunk)) if text.len().saturating_add(chunk.len()) > LONGEST => {
                    return Err(Error::protocol(operation, "with a listing of more than 8 MB"));
                }
                Ok(Some(chunk)) => text.extend_from_slice(&chunk),
                Ok(None) => return Ok(Ok(text)),
                Err(failed) => return Ok(Err(failed)),
            }
        }
    }
}

/// Returns `true` for a class whose objects have to be restored before they are read (436/30925).
#[must_use]
pub fn is_archive_class(class: &str) -> bool {
    ["ARCHIVE", "DEEP_ARCHIVE", "MAZ_ARCHIVE"].iter().any(|archive| class.eq_ignore_ascii_case(archive))
}

/// Fault while a body was read, and how to go on after it.
type ReadFailure = (NetworkFault, FailureKind);

/// Reads a page; `None` when the text is something else.
fn parse(text: &[u8]) -> Option<ListPage> {
    let document: Document = quick_xml::de::from_str(std::str::from_utf8(text).ok()?).ok()?;
    let is_encoded = document.encoding_type == "url";
    let decode = |text: &str| {
        if is_encoded {
            percent_decode_str(text).decode_utf8().ok().map(Into::into)
        } else {
            Some(text.to_owned())
        }
    };
    // Without NextMarker the last key continues the listing (436/30614).
    let last = document.contents.last().and_then(|last| decode(&last.key));
    let next = document.next_marker.as_deref().filter(|marker| !marker.is_empty()).and_then(decode).or(last);
    let all = document.contents.len();
    let objects: Vec<ListedObject> = document
        .contents
        .into_iter()
        .filter_map(|contents| {
            Some(ListedObject {
                key: Key::parse(&decode(&contents.key)?).ok()?,
                length: contents.size,
                etag: ETag::parse(&contents.etag).ok(),
                last_modified: humantime::parse_rfc3339_weak(&contents.last_modified).ok(),
                is_archived: is_archive_class(&contents.storage_class) && contents.restore_status != "DONE",
            })
        })
        .collect();
    let next = if document.is_truncated { Some(next?) } else { None };
    Some(ListPage { unusable: all.saturating_sub(objects.len()), objects, next })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_decoded_and_continued_after_its_last_key() {
        let text = "<?xml version='1.0' encoding='utf-8' ?><ListBucketResult><Name>photos-125</Name>\
            <EncodingType>url</EncodingType><Prefix/><Marker/><MaxKeys>1000</MaxKeys><IsTruncated>true</IsTruncated>\
            <Contents><Key>a/%E6%B5%B7%20%2B1.jpg</Key><LastModified>2020-12-10T03:37:30.000Z</LastModified>\
            <ETag>&quot;9b2c-2&quot;</ETag><Size>7</Size><Owner><ID>125</ID></Owner><StorageClass>STANDARD</StorageClass>\
            </Contents><Contents><Key>/odd</Key><Size>1</Size></Contents></ListBucketResult>";
        let page = parse(text.as_bytes()).unwrap();
        assert_eq!((page.next.as_deref(), page.unusable, page.objects.len()), (Some("/odd"), 1, 1));
        let object = &page.objects[0];
        assert_eq!((object.key.as_str(), object.length), ("a/海 +1.jpg", 7));
        assert_eq!(object.etag.as_ref().unwrap().as_str(), "9b2c-2");
        let time = object.last_modified.unwrap().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(time.as_secs(), 1_607_571_450);
    }

    #[test]
    fn an_empty_bucket_has_an_empty_page_and_another_document_none() {
        let empty = parse(b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>").unwrap();
        assert_eq!(empty, ListPage::default());
        assert_eq!(parse(b"<html>"), None);
        assert_eq!(parse(b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"), None);
    }

    #[test]
    fn a_listing_that_is_not_encoded_keeps_its_percent_signs() {
        let text = "<ListBucketResult><IsTruncated>true</IsTruncated><NextMarker>100%25</NextMarker>\
            <Contents><Key>100%25</Key></Contents></ListBucketResult>";
        let page = parse(text.as_bytes()).unwrap();
        assert_eq!((page.next.as_deref(), page.objects[0].key.as_str()), (Some("100%25"), "100%25"));
    }
}
