//! Image processing on download (Cloud Infinite, 1045/33713), for what a test has prepared.
//!
//! The twin decodes no pictures. It knows that a processed object was asked for, holds the request to the same
//! signature as any other, and answers with the rendition that was put beside the object, whatever its size.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use super::error::{Code, Error};
use super::reply::Reply;
use super::request::Request;
use super::service::Service;
use super::signature::Caller;

/// How a parameter begins whose name is a process.
const PROCESS: &str = "imageMogr2/";

/// What processing makes of objects, by bucket and key.
#[derive(Debug, Default)]
pub(super) struct Renditions(Mutex<BTreeMap<(String, String), Bytes>>);

impl Renditions {
    pub(super) fn put(&self, bucket: &str, key: &str, bytes: Bytes) {
        let mut renditions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        renditions.insert((bucket.to_owned(), key.to_owned()), bytes);
    }

    fn get(&self, request: &Request) -> Option<Bytes> {
        let renditions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        renditions.get(&(request.bucket.clone(), request.key.clone())).cloned()
    }
}

/// Whether a request wants an object processed.
pub(super) fn is_processed(request: &Request) -> bool {
    request.query.iter().any(|(name, _)| name.starts_with(PROCESS))
}

impl Service {
    pub(super) fn get_processed(&self, request: &Request, caller: Caller) -> Result<Reply, Error> {
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
        let Some(rendition) = self.renditions.get(request) else {
            return Err(Error::because(Code::INVALID_ARGUMENT, "The picture cannot be processed."));
        };
        let mut reply = Reply::new(200).header("Content-Type", "image/jpeg");
        reply.body = rendition;
        Ok(reply)
    }
}
