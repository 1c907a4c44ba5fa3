//! Operations on one object: GET, HEAD, PUT, copy, DELETE, restore.

use std::collections::BTreeMap;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use md5::{Digest, Md5};
use percent_encoding::percent_decode_str;

use crate::cos::service::Service;
use crate::cos::storage::store::{Upcoming, Version, Versioning};
use crate::cos::wire::dates::{http_date, iso_date, seconds};
use crate::cos::wire::error::{Code, Error};
use crate::cos::wire::reply::Reply;
use crate::cos::wire::request::{Request, check_key};
use crate::cos::wire::signature::Caller;
use crate::cos::wire::xml_writer;

/// Standard headers that are stored with an object and come back with it.
const STORED: [&str; 10] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
    "x-cos-acl",
    "x-cos-server-side-encryption",
    "x-cos-storage-class",
    "x-cos-tagging",
];

/// Storage classes of PUT Object (436/7749).
const CLASSES: [&str; 8] = [
    "STANDARD",
    "MAZ_STANDARD",
    "STANDARD_IA",
    "MAZ_STANDARD_IA",
    "INTELLIGENT_TIERING",
    "MAZ_INTELLIGENT_TIERING",
    "ARCHIVE",
    "DEEP_ARCHIVE",
];

/// User metadata of one object, names and values together, in bytes (436/7749).
const METADATA_MAX: usize = 2048;

/// Bandwidth COS accepts for one request, in bit/s (436/7749).
const TRAFFIC: std::ops::RangeInclusive<u64> = 819_200..=838_860_800;

impl Service {
    pub(crate) fn get_object(&self, request: &Request, caller: Caller) -> Result<Reply, Error> {
        let (version, bytes) = self.read(request)?;
        if caller == Caller::Anonymous && !is_public(&version) {
            return Err(Code::ACCESS_DENIED.into());
        }
        check_preconditions(request, &version)?;
        let restored = version.restored_until.is_some_and(|until| until > self.now());
        if request.method == "GET" && is_archived(&version) && !restored {
            return Err(Code::INVALID_OBJECT_STATE.into());
        }
        let mut reply = Reply::new(200).header("Accept-Ranges", "bytes");
        self.describe(&mut reply, request, &version)?;
        for (name, value) in &request.query {
            if let Some(header) = name.strip_prefix("response-") {
                if caller == Caller::Anonymous {
                    return Err(Error::because(Code::INVALID_ARGUMENT, "response-* needs a signature."));
                }
                reply.set(header, value);
            }
        }
        match request.header("range").map(|range| read_range(range, bytes.len())) {
            Some(Span::Part(range)) => {
                let last = range.end.saturating_sub(1);
                reply.status = 206;
                reply.set("Content-Range", &format!("bytes {}-{last}/{}", range.start, bytes.len()));
                reply.body = bytes.slice(range);
            }
            Some(Span::Outside) => {
                let whole = format!("bytes */{}", bytes.len());
                return Err(Error::from(Code::INVALID_RANGE).header("Content-Range", whole));
            }
            Some(Span::Whole) | None => reply.body = bytes,
        }
        Ok(reply)
    }

    /// The version the request names, with its bytes; a delete marker is a missing object of its own kind.
    fn read(&self, request: &Request) -> Result<(Version, Bytes), Error> {
        let id = request.parameter("versionId");
        let found = self.store.get(&request.bucket, &request.key, id);
        let version = self
            .store
            .with(&request.bucket, |bucket| bucket.version(&request.key, id).cloned())
            .ok()
            .filter(Version::is_marker);
        match (found, version) {
            (Err(error), Some(marker)) => {
                let error = if id.is_some() { Code::METHOD_NOT_ALLOWED.into() } else { error };
                Err(error.header("x-cos-delete-marker", "true").header("x-cos-version-id", marker.id))
            }
            (found, _) => found,
        }
    }

    /// The headers every answer about a version has.
    fn describe(&self, reply: &mut Reply, request: &Request, version: &Version) -> Result<(), Error> {
        reply.set("Content-Type", "application/octet-stream");
        for (name, value) in &version.headers {
            match name.as_str() {
                "x-cos-acl" => {}
                "x-cos-storage-class" if value == "STANDARD" => {}
                "x-cos-tagging" => {
                    reply.set("x-cos-tagging-count", &value.split('&').count().to_string());
                }
                _ => reply.set(name, value),
            }
        }
        reply.set("ETag", &version.etag);
        reply.set("Last-Modified", &http_date(version.modified));
        reply.set("x-cos-hash-crc64ecma", &version.crc64.to_string());
        if let Some(until) = version.restored_until {
            let text = format!("ongoing-request=\"false\", expiry-date=\"{}\"", http_date(until));
            reply.set("x-cos-restore", &text);
        }
        if self.versioning(&request.bucket)? != Versioning::Off {
            reply.set("x-cos-version-id", &version.id);
        }
        Ok(())
    }

    pub(crate) fn put_object(&self, request: &Request, request_id: &str) -> Result<Reply, Error> {
        let has_length =
            request.header("content-length").is_some() || request.header("transfer-encoding").is_some();
        if !has_length {
            return Err(Code::MISSING_CONTENT_LENGTH.into());
        }
        check_digest(request)?;
        check_traffic_limit(request)?;
        let upcoming = self.upcoming(request, stored_headers(request)?, request.body.clone(), request_id);
        let version = self.store.put(&request.bucket, &request.key, upcoming)?;
        self.created("cos:ObjectCreated:Put", request, &version, &request.body);
        let mut reply = Reply::new(200)
            .header("ETag", &version.etag)
            .header("x-cos-hash-crc64ecma", &version.crc64.to_string());
        if self.versioning(&request.bucket)? == Versioning::Enabled {
            reply.set("x-cos-version-id", &version.id);
        }
        Ok(reply)
    }

    pub(crate) fn upcoming(
        &self,
        request: &Request,
        headers: BTreeMap<String, String>,
        bytes: Bytes,
        request_id: &str,
    ) -> Upcoming {
        let forbid_overwrite = request.header("x-cos-forbid-overwrite") == Some("true");
        let (modified, request_id) = (self.now(), request_id.to_owned());
        Upcoming { bytes, headers, id: None, etag: None, forbid_overwrite, modified, request_id }
    }

    pub(crate) fn copy_object(&self, request: &Request, request_id: &str) -> Result<Reply, Error> {
        let source = request.header("x-cos-copy-source").unwrap_or_default();
        let (bucket, key, id) = copy_source(source)?;
        let (version, bytes) = self.store.get(&bucket, &key, id.as_deref())?;
        let headers = match request.header("x-cos-metadata-directive").unwrap_or("Copy") {
            "Copy" => version.headers,
            "Replaced" => stored_headers(request)?,
            _ => return Err(Error::because(Code::INVALID_ARGUMENT, "x-cos-metadata-directive is unknown.")),
        };
        let upcoming = self.upcoming(request, headers, bytes.clone(), request_id);
        let version = self.store.put(&request.bucket, &request.key, upcoming)?;
        self.created("cos:ObjectCreated:Copy", request, &version, &bytes);
        let mut document = String::from(xml_writer::HEAD);
        document.push_str("<CopyObjectResult>");
        xml_writer::element(&mut document, "ETag", &version.etag);
        xml_writer::element(&mut document, "LastModified", &iso_date(version.modified));
        xml_writer::element(&mut document, "CRC64", &version.crc64.to_string());
        document.push_str("</CopyObjectResult>");
        Ok(Reply::xml(document))
    }

    pub(crate) fn delete_object(&self, request: &Request) -> Result<Reply, Error> {
        let id = request.parameter("versionId");
        let deleted = self.store.delete(&request.bucket, &request.key, id, self.now())?;
        if deleted.existed {
            self.removed(request, &request.key, id.is_none() && deleted.marker);
        }
        let mut reply = Reply::new(204);
        if let Some(id) = &deleted.version_id {
            reply.set("x-cos-version-id", id);
        }
        if deleted.marker {
            reply.set("x-cos-delete-marker", "true");
        }
        Ok(reply)
    }

    /// Restores at once what the service would take minutes or hours for.
    pub(crate) fn restore_object(&self, request: &Request) -> Result<Reply, Error> {
        let id = request.parameter("versionId");
        let days = std::str::from_utf8(&request.body)
            .ok()
            .and_then(|text| text.split_once("<Days>")?.1.split_once("</Days>")?.0.parse::<u64>().ok())
            .ok_or(Code::MALFORMED_XML)?;
        let until = self.now().saturating_add(days.saturating_mul(86_400));
        let mut again = false;
        self.store.update(&request.bucket, &request.key, id, |version| {
            if !is_archived(version) {
                return Err(Code::RESTORE_NON_ARCHIVE_OBJECT.into());
            }
            again = version.restored_until.replace(until).is_some();
            Ok(())
        })?;
        let (version, bytes) = self.store.get(&request.bucket, &request.key, id)?;
        self.created("cos:ObjectRestore:Post", request, &version, &bytes);
        self.created("cos:ObjectRestore:Completed", request, &version, &bytes);
        Ok(Reply::new(if again { 200 } else { 202 }))
    }
}

fn is_archived(version: &Version) -> bool {
    matches!(version.storage_class(), "ARCHIVE" | "DEEP_ARCHIVE")
}

fn is_public(version: &Version) -> bool {
    version.headers.get("x-cos-acl").is_some_and(|acl| acl == "public-read")
}

/// The headers of a request that stay with the object.
pub(crate) fn stored_headers(request: &Request) -> Result<BTreeMap<String, String>, Error> {
    let mut headers = BTreeMap::new();
    let mut metadata = 0_usize;
    for (name, value) in &request.headers {
        let user = name.starts_with("x-cos-meta-");
        if user {
            metadata = metadata.saturating_add(name.len()).saturating_add(value.len());
        }
        if user || STORED.contains(&name.as_str()) {
            headers.insert(name.clone(), value.clone());
        }
    }
    if metadata > METADATA_MAX {
        return Err(Code::METADATA_TOO_LARGE.into());
    }
    let unknown =
        |name: &str, known: &[&str]| headers.get(name).is_some_and(|value| !known.contains(&value.as_str()));
    if unknown("x-cos-storage-class", &CLASSES) {
        return Err(Error::because(Code::INVALID_ARGUMENT, "x-cos-storage-class is unknown."));
    }
    if unknown("x-cos-acl", &["default", "private", "public-read"]) {
        return Err(Error::because(Code::INVALID_ARGUMENT, "x-cos-acl is unknown."));
    }
    Ok(headers)
}

/// `Content-MD5` against the body.
pub(crate) fn check_digest(request: &Request) -> Result<(), Error> {
    let Some(text) = request.header("content-md5") else { return Ok(()) };
    match STANDARD.decode(text) {
        Ok(digest) if digest.len() == 16 => {
            if digest == Md5::digest(&request.body).as_slice() {
                Ok(())
            } else {
                Err(Code::BAD_DIGEST.into())
            }
        }
        _ => Err(Code::INVALID_DIGEST.into()),
    }
}

fn check_traffic_limit(request: &Request) -> Result<(), Error> {
    let Some(limit) = request.header("x-cos-traffic-limit") else { return Ok(()) };
    if limit.parse().is_ok_and(|limit| TRAFFIC.contains(&limit)) {
        Ok(())
    } else {
        Err(Error::because(Code::INVALID_ARGUMENT, "x-cos-traffic-limit is out of range."))
    }
}

/// Conditional requests, in the order of RFC 9110, 13.2.2.
fn check_preconditions(request: &Request, version: &Version) -> Result<(), Error> {
    let etag = version.etag.trim_matches('"');
    let names = |list: &str| list.split(',').map(str::trim).any(|e| e == "*" || e.trim_matches('"') == etag);
    let time = |text| httpdate::parse_http_date(text).ok().and_then(seconds);
    let modified = i64::try_from(version.modified).unwrap_or(i64::MAX);
    let failed = match request.header("if-match") {
        Some(list) => !names(list),
        None => request.header("if-unmodified-since").and_then(time).is_some_and(|since| modified > since),
    };
    if failed {
        return Err(Code::PRECONDITION_FAILED.into());
    }
    let same = match request.header("if-none-match") {
        Some(list) => names(list),
        None => request.header("if-modified-since").and_then(time).is_some_and(|since| modified <= since),
    };
    if same { Err(Error::from(Code::NOT_MODIFIED).header("ETag", &version.etag)) } else { Ok(()) }
}

/// What a `Range` asks of an object.
#[derive(Debug, Eq, PartialEq)]
enum Span {
    /// Not one range of bytes: the header is ignored (RFC 9110, 14.2).
    Whole,
    Part(Range<usize>),
    Outside,
}

fn read_range(text: &str, length: usize) -> Span {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Span::Whole;
    };
    let range = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Ok(first), Err(_)) if last.is_empty() => first..length,
        (Err(_), Ok(count)) if first.is_empty() => length.saturating_sub(count)..length,
        _ => return Span::Whole,
    };
    if range.is_empty() { Span::Outside } else { Span::Part(range) }
}

/// Bucket, key and version of `<bucket>.cos.<region>.myqcloud.com/<encoded key>[?versionId=…]`.
fn copy_source(text: &str) -> Result<(String, String, Option<String>), Error> {
    let invalid = || Error::because(Code::INVALID_ARGUMENT, "x-cos-copy-source is malformed.");
    let (place, id) = match text.split_once("?versionId=") {
        Some((place, id)) => (place, Some(id.to_owned())),
        None => (text, None),
    };
    let (host, key) = place.trim_start_matches('/').split_once('/').ok_or_else(invalid)?;
    let key = percent_decode_str(key).decode_utf8().map_err(|_| invalid())?.into_owned();
    check_key(&key)?;
    let bucket = host.split('.').next().unwrap_or_default().to_owned();
    Ok((bucket, key, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_read_as_http_defines_them() {
        let cases = [
            ("bytes=0-3", Span::Part(0..4)),
            ("bytes=8-", Span::Part(8..10)),
            ("bytes=-3", Span::Part(7..10)),
            ("bytes=-30", Span::Part(0..10)),
            ("bytes=5-99", Span::Part(5..10)),
            ("bytes=10-", Span::Outside),
            ("bytes=10-12", Span::Outside),
            ("bytes=-0", Span::Outside),
            ("bytes=3-2", Span::Whole),
            ("bytes=0-1,3-4", Span::Whole),
            ("lines=1-2", Span::Whole),
        ];
        for (text, expected) in cases {
            assert_eq!(read_range(text, 10), expected, "{text}");
        }
        assert_eq!(read_range("bytes=0-", 0), Span::Outside);
    }

    #[test]
    fn copy_source_names_bucket_key_and_version() {
        let source = "b-1.cos.ap-guangzhou.myqcloud.com/a%2Fb//%E7%8C%AB.jpg?versionId=v";
        let expected = ("b-1".to_owned(), "a/b//猫.jpg".to_owned(), Some("v".to_owned()));
        assert_eq!(copy_source(source).unwrap(), expected);
        assert_eq!(copy_source("b-1").unwrap_err().code(), "InvalidArgument");
    }
}
