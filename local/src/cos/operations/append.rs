//! Append Object (436/7741).

use std::sync::PoisonError;

use bytes::BytesMut;

use crate::cos::operations::object::{check_digest, stored_headers};
use crate::cos::service::Service;
use crate::cos::storage::version::Versioning;
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::CosRequest;
use crate::cos::wire::response::CosResponse;

/// Header of objects that can be appended to.
const OBJECT_TYPE: &str = "x-cos-object-type";

impl Service {
    /// Appends the body to an object, or creates it. Buckets with versioning have no such objects.
    pub(crate) fn append_object(
        &self,
        request: &CosRequest,
        request_id: &str,
    ) -> Result<CosResponse, CosError> {
        check_digest(request)?;
        let position = request.parameter("position").and_then(|text| text.parse::<usize>().ok());
        let Some(position) = position else {
            return Err(CosError::with_message(ErrorCode::INVALID_ARGUMENT, "position is not a number."));
        };
        if self.versioning(&request.bucket)? != Versioning::Off {
            return Err(ErrorCode::OBJECT_NOT_APPENDABLE.into());
        }
        let _alone = self.append_lock.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut headers, mut bytes) = match self.store.get(&request.bucket, &request.key, None) {
            Ok((version, bytes)) => (version.headers, BytesMut::from(bytes.as_ref())),
            Err(error) if error.code() == ErrorCode::NO_SUCH_KEY.name => {
                let mut headers = stored_headers(request)?;
                headers.insert(OBJECT_TYPE.to_owned(), "appendable".to_owned());
                (headers, BytesMut::new())
            }
            Err(error) => return Err(error),
        };
        if headers.get(OBJECT_TYPE).is_none_or(|kind| kind != "appendable") {
            return Err(ErrorCode::OBJECT_NOT_APPENDABLE.into());
        }
        if position != bytes.len() {
            let next = bytes.len().to_string();
            return Err(
                CosError::from(ErrorCode::APPEND_POSITION_ERR).header("x-cos-next-append-position", next)
            );
        }
        if let Some(kind) = request.header("content-type") {
            headers.insert("content-type".to_owned(), kind.to_owned());
        }
        bytes.extend_from_slice(&request.body);
        let bytes = bytes.freeze();
        let new_version = self.new_version(request, headers, bytes.clone(), request_id);
        let version = self.store.put(&request.bucket, &request.key, new_version)?;
        self.notify_created("cos:ObjectCreated:Append", request, &version, &bytes);
        Ok(CosResponse::new(200)
            .header("ETag", &version.etag)
            .header("x-cos-next-append-position", &bytes.len().to_string())
            .header("x-cos-hash-crc64ecma", &version.crc64.to_string()))
    }
}
