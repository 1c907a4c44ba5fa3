//! Operations on one object: GET, HEAD, PUT, copy, DELETE, restore.

use std::collections::BTreeMap;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use md5::{Digest, Md5};
use percent_encoding::percent_decode_str;

use crate::cos::operations::acl::unsigned;
use crate::cos::operations::tagging;
use crate::cos::service::Service;
use crate::cos::signature::authenticator::Caller;
use crate::cos::storage::version::{NewVersion, Version, Versioning};
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::{CosRequest, check_key};
use crate::cos::wire::response::CosResponse;
use crate::cos::wire::tagging::TagSet;
use crate::cos::wire::xml_writer;
use crate::dates::{http_date, iso_date, seconds};

/// Headers, besides user metadata, that are stored with an object and returned with it.
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

/// Largest user metadata of one object, names and values together, in bytes (436/7749).
const METADATA_MAX: usize = 2048;

/// Values of `x-cos-traffic-limit`, in bit/s (436/7749).
const TRAFFIC_LIMITS: std::ops::RangeInclusive<u64> = 819_200..=838_860_800;

impl Service {
    pub(crate) fn get_object(&self, request: &CosRequest, caller: Caller) -> Result<CosResponse, CosError> {
        let (version, bytes) = self.read(request)?;
        if caller == Caller::Anonymous && !self.is_public(&request.bucket, &version)? {
            return Err(unsigned());
        }
        check_preconditions(request, "", &version)?;
        let restored = version.restored_until.is_some_and(|until| until > self.now());
        if request.method == "GET" && is_archived(&version) && !restored {
            return Err(ErrorCode::INVALID_OBJECT_STATE.into());
        }
        let mut response = CosResponse::new(200).header("Accept-Ranges", "bytes");
        self.describe(&mut response, request, &version)?;
        for (name, value) in &request.query {
            if let Some(header) = name.strip_prefix("response-") {
                if caller == Caller::Anonymous {
                    return Err(CosError::with_message(
                        ErrorCode::INVALID_ARGUMENT,
                        "response-* needs a signature.",
                    ));
                }
                response.set(header, value);
            }
        }
        match request.header("range").map(|range| parse_range(range, bytes.len())) {
            Some(ByteRange::Part(range)) => {
                let last = range.end.saturating_sub(1);
                response.status = 206;
                response.set("Content-Range", &format!("bytes {}-{last}/{}", range.start, bytes.len()));
                response.body = bytes.slice(range);
            }
            Some(ByteRange::Unsatisfiable) => {
                let whole = format!("bytes */{}", bytes.len());
                return Err(CosError::from(ErrorCode::INVALID_RANGE).header("Content-Range", whole));
            }
            Some(ByteRange::Whole) | None => response.body = bytes,
        }
        Ok(response)
    }

    /// Reads the version of the request with its bytes. A delete marker gives an error with headers of its own.
    fn read(&self, request: &CosRequest) -> Result<(Version, Bytes), CosError> {
        let id = request.parameter("versionId").or(request.stale_version.as_deref());
        let found = self.store.get(&request.bucket, &request.key, id);
        let version = self
            .store
            .with_bucket(&request.bucket, |bucket| bucket.version(&request.key, id).cloned())
            .ok()
            .filter(Version::is_marker);
        match (found, version) {
            (Err(error), Some(marker)) => {
                let error = if id.is_some() { ErrorCode::METHOD_NOT_ALLOWED.into() } else { error };
                Err(error.header("x-cos-delete-marker", "true").header("x-cos-version-id", marker.id))
            }
            (found, _) => found,
        }
    }

    /// Adds the headers of a version.
    fn describe(
        &self,
        response: &mut CosResponse,
        request: &CosRequest,
        version: &Version,
    ) -> Result<(), CosError> {
        response.set("Content-Type", "application/octet-stream");
        for (name, value) in &version.headers {
            match name.as_str() {
                "x-cos-acl" => {}
                "x-cos-storage-class" if value == "STANDARD" => {}
                "x-cos-tagging" => {
                    response.set("x-cos-tagging-count", &value.split('&').count().to_string());
                }
                _ => response.set(name, value),
            }
        }
        response.set("ETag", &version.etag);
        response.set("Last-Modified", &http_date(version.modified));
        response.set("x-cos-hash-crc64ecma", &version.crc64.to_string());
        if let Some(until) = version.restored_until {
            let text = format!("ongoing-request=\"false\", expiry-date=\"{}\"", http_date(until));
            response.set("x-cos-restore", &text);
        }
        if self.versioning(&request.bucket)? != Versioning::Off {
            response.set("x-cos-version-id", &version.id);
        }
        Ok(())
    }

    pub(crate) fn put_object(&self, request: &CosRequest, request_id: &str) -> Result<CosResponse, CosError> {
        let has_length =
            request.header("content-length").is_some() || request.header("transfer-encoding").is_some();
        if !has_length {
            return Err(ErrorCode::MISSING_CONTENT_LENGTH.into());
        }
        check_digest(request)?;
        check_traffic_limit(request)?;
        let new_version =
            self.new_version(request, stored_headers(request)?, request.body.clone(), request_id);
        let version = self.store.put(&request.bucket, &request.key, new_version)?;
        self.notify_created("cos:ObjectCreated:Put", request, &version, &request.body);
        let mut response = CosResponse::new(200)
            .header("ETag", &version.etag)
            .header("x-cos-hash-crc64ecma", &version.crc64.to_string());
        if self.versioning(&request.bucket)? == Versioning::Enabled {
            response.set("x-cos-version-id", &version.id);
        }
        Ok(response)
    }

    /// Combines the parameters of a new version.
    pub(crate) fn new_version(
        &self,
        request: &CosRequest,
        headers: BTreeMap<String, String>,
        bytes: Bytes,
        request_id: &str,
    ) -> NewVersion {
        let forbid_overwrite = request.header("x-cos-forbid-overwrite") == Some("true");
        let (modified, request_id) = (self.now(), request_id.to_owned());
        NewVersion { bytes, headers, id: None, etag: None, forbid_overwrite, modified, request_id }
    }

    pub(crate) fn copy_object(
        &self,
        request: &CosRequest,
        request_id: &str,
    ) -> Result<CosResponse, CosError> {
        let (version, bytes) = self.copy_source(request)?;
        let headers = match request.header("x-cos-metadata-directive").unwrap_or("Copy") {
            "Copy" => copied_headers(request, version.headers)?,
            "Replaced" => stored_headers(request)?,
            _ => {
                return Err(CosError::with_message(
                    ErrorCode::INVALID_ARGUMENT,
                    "x-cos-metadata-directive is unknown.",
                ));
            }
        };
        let new_version = self.new_version(request, headers, bytes.clone(), request_id);
        let version = self.store.put(&request.bucket, &request.key, new_version)?;
        self.notify_created("cos:ObjectCreated:Copy", request, &version, &bytes);
        let mut document = String::from(xml_writer::HEAD);
        document.push_str("<CopyObjectResult>");
        xml_writer::element(&mut document, "ETag", &version.etag);
        xml_writer::element(&mut document, "LastModified", &iso_date(version.modified));
        xml_writer::element(&mut document, "CRC64", &version.crc64.to_string());
        document.push_str("</CopyObjectResult>");
        Ok(CosResponse::xml(document))
    }

    /// Reads the source of a copy, if it meets the preconditions of the request.
    pub(super) fn copy_source(&self, request: &CosRequest) -> Result<(Version, Bytes), CosError> {
        let source = request.header("x-cos-copy-source").unwrap_or_default();
        let read = |source: &str| {
            let (bucket, key, id) = parse_copy_source(source)?;
            self.store.get(&bucket, &key, id.as_deref())
        };
        // Some clients of S3 encode the source as forms are, with a plus for a space.
        let found = match read(source) {
            Err(error) if error.code() == ErrorCode::NO_SUCH_KEY.name && source.contains('+') => {
                read(&source.replace('+', "%20"))?
            }
            found => found?,
        };
        match check_preconditions(request, "x-cos-copy-source-", &found.0) {
            Err(_) => Err(ErrorCode::PRECONDITION_FAILED.into()),
            Ok(()) => Ok(found),
        }
    }

    pub(crate) fn delete_object(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let id = request.parameter("versionId");
        let deletion = self.store.delete(&request.bucket, &request.key, id, self.now())?;
        if deletion.existed {
            self.notify_removed(request, &request.key, id.is_none() && deletion.marker);
        }
        let mut response = CosResponse::new(204);
        if let Some(id) = &deletion.version_id {
            response.set("x-cos-version-id", id);
        }
        if deletion.marker {
            response.set("x-cos-delete-marker", "true");
        }
        Ok(response)
    }

    /// Restores an object at once; the real service takes minutes or hours.
    pub(crate) fn restore_object(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let id = request.parameter("versionId");
        let days = std::str::from_utf8(&request.body)
            .ok()
            .and_then(|text| text.split_once("<Days>")?.1.split_once("</Days>")?.0.parse::<u64>().ok())
            .ok_or(ErrorCode::MALFORMED_XML)?;
        let until = self.now().saturating_add(days.saturating_mul(86_400));
        let mut was_restored = false;
        self.store.update(&request.bucket, &request.key, id, |version| {
            if !is_archived(version) {
                return Err(ErrorCode::RESTORE_NON_ARCHIVE_OBJECT.into());
            }
            was_restored = version.restored_until.replace(until).is_some();
            Ok(())
        })?;
        let (version, bytes) = self.store.get(&request.bucket, &request.key, id)?;
        self.notify_created("cos:ObjectRestore:Post", request, &version, &bytes);
        self.notify_created("cos:ObjectRestore:Completed", request, &version, &bytes);
        Ok(CosResponse::new(if was_restored { 200 } else { 202 }))
    }
}

fn is_archived(version: &Version) -> bool {
    matches!(version.storage_class(), "ARCHIVE" | "DEEP_ARCHIVE")
}

/// Returns the headers of a request that are stored with the object.
pub(crate) fn stored_headers(request: &CosRequest) -> Result<BTreeMap<String, String>, CosError> {
    let mut headers = BTreeMap::new();
    let mut metadata = 0_usize;
    for (name, value) in &request.headers {
        let is_metadata = name.starts_with("x-cos-meta-");
        if is_metadata {
            metadata = metadata.saturating_add(name.len()).saturating_add(value.len());
        }
        if is_metadata || STORED.contains(&name.as_str()) {
            headers.insert(name.clone(), value.clone());
        }
    }
    if metadata > METADATA_MAX {
        return Err(ErrorCode::METADATA_TOO_LARGE.into());
    }
    let unknown =
        |name: &str, known: &[&str]| headers.get(name).is_some_and(|value| !known.contains(&value.as_str()));
    if unknown("x-cos-storage-class", &CLASSES) {
        return Err(CosError::with_message(ErrorCode::INVALID_ARGUMENT, "x-cos-storage-class is unknown."));
    }
    if unknown("x-cos-acl", &["default", "private", "public-read"]) {
        return Err(CosError::with_message(ErrorCode::INVALID_ARGUMENT, "x-cos-acl is unknown."));
    }
    if let Some(tags) = headers.get(tagging::HEADER) {
        TagSet::read_header(tags, tagging::OBJECT_MAX)?;
    }
    Ok(headers)
}

/// Returns the headers of a copy: those of the source, with the ACL and the storage class of the request.
fn copied_headers(
    request: &CosRequest,
    mut headers: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, CosError> {
    for name in ["x-cos-acl", "x-cos-object-type"] {
        headers.remove(name);
    }
    let asked = stored_headers(request)?;
    headers.extend(
        asked.into_iter().filter(|(name, _)| matches!(name.as_str(), "x-cos-acl" | "x-cos-storage-class")),
    );
    Ok(headers)
}

/// Compares `Content-MD5` with the body.
pub(crate) fn check_digest(request: &CosRequest) -> Result<(), CosError> {
    let Some(text) = request.header("content-md5") else { return Ok(()) };
    match STANDARD.decode(text) {
        Ok(digest) if digest.len() == 16 => {
            if digest == Md5::digest(&request.body).as_slice() {
                Ok(())
            } else {
                Err(ErrorCode::BAD_DIGEST.into())
            }
        }
        _ => Err(ErrorCode::INVALID_DIGEST.into()),
    }
}

pub(super) fn check_traffic_limit(request: &CosRequest) -> Result<(), CosError> {
    let Some(limit) = request.header("x-cos-traffic-limit") else { return Ok(()) };
    if limit.parse().is_ok_and(|limit| TRAFFIC_LIMITS.contains(&limit)) {
        Ok(())
    } else {
        Err(CosError::with_message(ErrorCode::INVALID_ARGUMENT, "x-cos-traffic-limit is out of range."))
    }
}

/// Evaluates the preconditions whose names begin with `prefix`, in the order of RFC 9110, 13.2.2.
fn check_preconditions(request: &CosRequest, prefix: &str, version: &Version) -> Result<(), CosError> {
    let header = |name: &str| request.header(&format!("{prefix}{name}"));
    let etag = version.etag.trim_matches('"');
    let matches =
        |list: &str| list.split(',').map(str::trim).any(|e| e == "*" || e.trim_matches('"') == etag);
    let time = |text| httpdate::parse_http_date(text).ok().and_then(seconds);
    let modified = i64::try_from(version.modified).unwrap_or(i64::MAX);
    let failed = match header("if-match") {
        Some(list) => !matches(list),
        None => header("if-unmodified-since").and_then(time).is_some_and(|since| modified > since),
    };
    if failed {
        return Err(ErrorCode::PRECONDITION_FAILED.into());
    }
    let same = match header("if-none-match") {
        Some(list) => matches(list),
        None => header("if-modified-since").and_then(time).is_some_and(|since| modified <= since),
    };
    if same { Err(CosError::from(ErrorCode::NOT_MODIFIED).header("ETag", &version.etag)) } else { Ok(()) }
}

/// Bytes that a `Range` header selects.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum ByteRange {
    /// The whole object: the header is not a single range of bytes and is ignored (RFC 9110, 14.2).
    Whole,
    Part(Range<usize>),
    Unsatisfiable,
}

pub(super) fn parse_range(text: &str, length: usize) -> ByteRange {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return ByteRange::Whole;
    };
    let range = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Ok(first), Err(_)) if last.is_empty() => first..length,
        (Err(_), Ok(count)) if first.is_empty() => length.saturating_sub(count)..length,
        _ => return ByteRange::Whole,
    };
    if range.is_empty() { ByteRange::Unsatisfiable } else { ByteRange::Part(range) }
}

/// Reads bucket, key and version of `<bucket>.cos.<region>.myqcloud.com/<encoded key>[?versionId=…]`.
fn parse_copy_source(text: &str) -> Result<(String, String, Option<String>), CosError> {
    let invalid = || CosError::with_message(ErrorCode::INVALID_ARGUMENT, "x-cos-copy-source is malformed.");
    let (path, id) = match text.split_once("?versionId=") {
        Some((path, id)) => (path, Some(id.to_owned())),
        None => (text, None),
    };
    let (host, key) = path.trim_start_matches('/').split_once('/').ok_or_else(invalid)?;
    let key = percent_decode_str(key).decode_utf8().map_err(|_| invalid())?.into_owned();
    check_key(&key)?;
    let bucket = host.split('.').next().unwrap_or_default().to_owned();
    Ok((bucket, key, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_http_defines_them() {
        let cases = [
            ("bytes=0-3", ByteRange::Part(0..4)),
            ("bytes=8-", ByteRange::Part(8..10)),
            ("bytes=-3", ByteRange::Part(7..10)),
            ("bytes=-30", ByteRange::Part(0..10)),
            ("bytes=5-99", ByteRange::Part(5..10)),
            ("bytes=10-", ByteRange::Unsatisfiable),
            ("bytes=10-12", ByteRange::Unsatisfiable),
            ("bytes=-0", ByteRange::Unsatisfiable),
            ("bytes=3-2", ByteRange::Whole),
            ("bytes=0-1,3-4", ByteRange::Whole),
            ("lines=1-2", ByteRange::Whole),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_range(text, 10), expected, "{text}");
        }
        assert_eq!(parse_range("bytes=0-", 0), ByteRange::Unsatisfiable);
    }

    #[test]
    fn copy_source_names_bucket_key_and_version() {
        let source = "b-1.cos.ap-guangzhou.myqcloud.com/a%2Fb//%E7%8C%AB.jpg?versionId=v";
        let expected = ("b-1".to_owned(), "a/b//猫.jpg".to_owned(), Some("v".to_owned()));
        assert_eq!(parse_copy_source(source).unwrap(), expected);
        assert_eq!(parse_copy_source("b-1").unwrap_err().code(), "InvalidArgument");
    }
}
