//! Image processing on download (Cloud Infinite, 1045/33713), with prepared results.
//!
//! Pictures are not decoded. A request for a processed object needs the same signature as any other, and returns the
//! rendition that a test has stored for the object.

use crate::cos::service::Service;
use crate::cos::signature::authenticator::Caller;
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::{CosRequest, PROCESS};
use crate::cos::wire::response::CosResponse;

impl Service {
    pub(crate) fn get_processed(
        &self,
        request: &CosRequest,
        caller: Caller,
    ) -> Result<CosResponse, CosError> {
        // The object must exist, and the caller must be allowed to read it.
        self.get_object(request, caller)?;
        let is_valid = |(name, value): &(String, String)| {
            let is_process = name
                .strip_prefix(PROCESS)
                .is_some_and(|process| process.split('/').all(|part| !part.is_empty()));
            is_process && value.is_empty() || name == "versionId"
        };
        if !request.query.iter().all(is_valid) {
            return Err(CosError::with_message(ErrorCode::INVALID_ARGUMENT, "The process is incomplete."));
        }
        let Some(rendition) = self.renditions.get(&request.bucket, &request.key) else {
            let process = request.query.first().map_or("", |(name, _)| name);
            let message = format!("The local COS has no image processing: ?{process} of {}.", request.key);
            let hint = "HEIC=ci cannot be tried here; the real service processes the image";
            return Err(CosError::with_message(ErrorCode::NOT_IMPLEMENTED, message).hint(hint));
        };
        let mut response = CosResponse::new(200).header("Content-Type", "image/jpeg");
        response.body = rendition;
        Ok(response)
    }
}
