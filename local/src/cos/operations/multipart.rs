//! Operations of multipart uploads (436/7746, 7750, 7742, 7740, 7747).

use std::collections::BTreeMap;

use bytes::Bytes;
use md5::{Digest, Md5};

use crate::cos::operations::object::{self, ByteRange};
use crate::cos::service::Service;
use crate::cos::storage::checksum::crc64;
use crate::cos::storage::ids;
use crate::cos::storage::uploads::{MultipartUpload, UploadedPart};
use crate::cos::storage::version::{NULL_VERSION_ID, Versioning};
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::CosRequest;
use crate::cos::wire::response::CosResponse;
use crate::cos::wire::{xml, xml_writer};
use crate::dates::iso_date;

impl Service {
    pub(crate) fn initiate_upload(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let id = ids::upload();
        let upload = MultipartUpload {
            key: request.key.clone(),
            headers: object::stored_headers(request)?,
            initiated: self.now(),
            parts: BTreeMap::new(),
        };
        self.store.with_bucket(&request.bucket, |bucket| {
            bucket.uploads.insert(id.clone(), upload);
            Ok(())
        })?;
        let mut document = format!("{}<InitiateMultipartUploadResult>", xml_writer::HEAD);
        xml_writer::element(&mut document, "Bucket", &request.bucket);
        xml_writer::element(&mut document, "Key", &request.key);
        xml_writer::element(&mut document, "UploadId", &id);
        document.push_str("</InitiateMultipartUploadResult>");
        Ok(CosResponse::xml(document))
    }

    pub(crate) fn upload_part(&self, request: &CosRequest, id: &str) -> Result<CosResponse, CosError> {
        object::check_digest(request)?;
        let part = self.add_part(request, id, request.body.clone())?;
        let crc = crc64(&request.body).to_string();
        Ok(CosResponse::new(200).header("ETag", &part.etag()).header("x-cos-hash-crc64ecma", &crc))
    }

    /// Makes an object, or a range of it, a part (436/8287).
    pub(crate) fn copy_part(&self, request: &CosRequest, id: &str) -> Result<CosResponse, CosError> {
        let (version, bytes) = self.copy_source(request)?;
        let range = request.header("x-cos-copy-source-range");
        let bytes = match range.map(|range| object::parse_range(range, bytes.len())) {
            None => bytes,
            Some(ByteRange::Part(range)) => bytes.slice(range),
            Some(ByteRange::Unsatisfiable) => return Err(ErrorCode::INVALID_RANGE.into()),
            Some(ByteRange::Whole) => {
                let message = "x-cos-copy-source-range has the form bytes=first-last.";
                return Err(CosError::with_message(ErrorCode::INVALID_ARGUMENT, message));
            }
        };
        let part = self.add_part(request, id, bytes)?;
        let mut document = format!("{}<CopyPartResult>", xml_writer::HEAD);
        xml_writer::element(&mut document, "ETag", &part.etag());
        xml_writer::element(&mut document, "LastModified", &iso_date(part.uploaded));
        document.push_str("</CopyPartResult>");
        let mut response = CosResponse::xml(document);
        if version.id != NULL_VERSION_ID {
            response.set("x-cos-copy-source-version-id", &version.id);
        }
        Ok(response)
    }

    /// Adds a part to the upload.
    fn add_part(&self, request: &CosRequest, id: &str, bytes: Bytes) -> Result<UploadedPart, CosError> {
        let number = request
            .parameter("partNumber")
            .and_then(|text| text.parse().ok())
            .filter(|number| (1..=10_000).contains(number))
            .ok_or_else(|| {
                CosError::with_message(ErrorCode::INVALID_ARGUMENT, "partNumber must be between 1 and 10000.")
            })?;
        let part = UploadedPart { digest: Md5::digest(&bytes).into(), bytes, uploaded: self.now() };
        self.with_upload(request, id, |upload| {
            upload.parts.insert(number, part.clone());
        })?;
        Ok(part)
    }

    pub(crate) fn complete_upload(
        &self,
        request: &CosRequest,
        id: &str,
        request_id: &str,
    ) -> Result<CosResponse, CosError> {
        let body: xml::CompleteUploadRequest = xml::read(&request.body)?;
        let upload = self.with_upload(request, id, |upload| upload.clone())?;
        let (bytes, etag) = upload.assemble(&body)?;
        let mut new_version = self.new_version(request, upload.headers, bytes.clone(), request_id);
        new_version.etag = Some(etag);
        let version = self.store.put(&request.bucket, &request.key, new_version)?;
        self.abort_upload(request, id)?;
        self.notify_created("cos:ObjectCreated:CompleteMultipartUpload", request, &version, &bytes);
        let mut document = format!("{}<CompleteMultipartUploadResult>", xml_writer::HEAD);
        xml_writer::element(&mut document, "Location", &format!("http://{}", request.resource()));
        xml_writer::element(&mut document, "Bucket", &request.bucket);
        xml_writer::element(&mut document, "Key", &request.key);
        xml_writer::element(&mut document, "ETag", &version.etag);
        document.push_str("</CompleteMultipartUploadResult>");
        let mut response =
            CosResponse::xml(document).header("x-cos-hash-crc64ecma", &version.crc64.to_string());
        if self.versioning(&request.bucket)? == Versioning::Enabled {
            response.set("x-cos-version-id", &version.id);
        }
        Ok(response)
    }

    pub(crate) fn abort_upload(&self, request: &CosRequest, id: &str) -> Result<CosResponse, CosError> {
        self.with_upload(request, id, |_| ())?;
        self.store.with_bucket(&request.bucket, |bucket| {
            bucket.uploads.remove(id);
            Ok(CosResponse::new(204))
        })
    }

    /// Runs `work` on the upload of the request, which must belong to its key.
    pub(super) fn with_upload<T>(
        &self,
        request: &CosRequest,
        id: &str,
        work: impl FnOnce(&mut MultipartUpload) -> T,
    ) -> Result<T, CosError> {
        self.store.with_bucket(&request.bucket, |bucket| {
            let upload = bucket.uploads.get_mut(id).filter(|upload| upload.key == request.key);
            upload.map(work).ok_or_else(|| ErrorCode::NO_SUCH_UPLOAD.into())
        })
    }
}
