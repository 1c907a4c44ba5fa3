//! Image processing on download (Cloud Infinite, 1045/33713), for what a test has prepared.
//!
//! The twin decodes no pictures. It knows that a processed object was asked for, holds the request to the same
//! signature as any other, and answers with the rendition that was put beside the object, whatever its size.

use crate::cos::service::Service;
use crate::cos::wire::error::{Code, Error};
use crate::cos::wire::reply::Reply;
use crate::cos::wire::request::{PROCESS, Request};
use crate::cos::wire::signature::Caller;

impl Service {
    pub(crate) fn get_processed(&self, request: &Request, caller: Caller) -> Result<Reply, Error> {
        // The object must be there, and the caller be allowed to read it.
        self.get_object(request, caller)?;
        let complete = |(name, value): &(String, String)| {
            let known = name
                .strip_prefix(PROCESS)
                .is_some_and(|process| process.split('/').all(|part| !part.is_empty()));
            known && value.is_empty() || name == "versionId"
        };
        if !request.query.iter().all(complete) {
            return Err(Error::because(Code::INVALID_ARGUMENT, "The process is not complete."));
        }
        let Some(rendition) = self.renditions.get(&request.bucket, &request.key) else {
            return Err(Error::because(Code::INVALID_ARGUMENT, "The picture cannot be processed."));
        };
        let mut reply = Reply::new(200).header("Content-Type", "image/jpeg");
        reply.body = rendition;
        Ok(reply)
    }
}
