//! Image processing on download (Cloud Infinite, 1045/33713), for what a test has prepared.
//!
//! The twin decodes no pictures. It knows that a processed object was asked for, holds the request to the same
//! signature as any other, and answers with the rendition that was put beside the object, whatever its size.

use crate::cos::service::Service;
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::{CosRequest, PROCESS};
use crate::cos::wire::response::CosResponse;
use crate::cos::wire::signature::Caller;

impl Service {
    pub(crate) fn get_processed(
        &self,
        request: &CosRequest,
        caller: Caller,
    ) -> Result<CosResponse, CosError> {
        // The object must be there, and the caller be allowed to read it.
        self.get_object(request, caller)?;
        let complete = |(name, value): &(String, String)| {
            let known = name
                .strip_prefix(PROCESS)
                .is_some_and(|process| process.split('/').all(|part| !part.is_empty()));
            known && value.is_empty() || name == "versionId"
        };
        if !request.query.iter().all(complete) {
            return Err(CosError::with_message(ErrorCode::INVALID_ARGUMENT, "The process is not complete."));
        }
        let Some(rendition) = self.renditions.get(&request.bucket, &request.key) else {
            return Err(CosError::with_message(
                ErrorCode::INVALID_ARGUMENT,
                "The picture cannot be processed.",
            ));
        };
        let mut response = CosResponse::new(200).header("Content-Type", "image/jpeg");
        response.body = rendition;
        Ok(response)
    }
}
