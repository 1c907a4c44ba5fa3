//! Requests of a session: one method for each COS operation.
//!
//! Each builds a [`Request`] and reads the headers of its response. Signing and retries are in `exchange`.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest, Md5};

use crate::cos::client::Session;
use crate::cos::download::Download;
use crate::cos::error::Error;
use crate::cos::exchange::Request;
use crate::cos::operation::{Method, Operation};
use crate::cos::{BucketLocation, Head, StoredObject, Upload, content_length};
use crate::object::{Acl, Key, StorageClass, VersionId};

impl Session {
    /// Starts the download of an object.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Archived`], [`Error::Denied`] and those of every request: credentials,
    /// network, deadline.
    pub async fn get(
        &self,
        location: &BucketLocation,
        key: &Key,
        version: Option<&VersionId>,
    ) -> Result<Download, Error> {
        Download::begin(self, Operation::new(Method::Get, location, key, version), None).await
    }

    /// Starts the download of the bytes of `range`, or of those that the object has.
    ///
    /// # Errors
    /// As [`get`](Self::get); [`Error::Unsendable`] when the range is empty, and [`Error::Refused`] with the
    /// code `InvalidRange` when it begins at or after the end of the object.
    pub async fn get_range(
        &self,
        location: &BucketLocation,
        key: &Key,
        version: Option<&VersionId>,
        range: Range<u64>,
    ) -> Result<Download, Error> {
        Download::begin(self, Operation::new(Method::Get, location, key, version), Some(range)).await
    }

    /// Requests the headers of an object.
    ///
    /// # Errors
    /// As [`get`](Self::get). HEAD has no error document, so a missing bucket looks like a missing object.
    pub async fn head(
        &self,
        location: &BucketLocation,
        key: &Key,
        version: Option<&VersionId>,
    ) -> Result<Head, Error> {
        let operation = Operation::new(Method::Head, location, key, version);
        let request =
            Request { operation, headers: Vec::new(), query: Vec::new(), body: None, expected: &[200] };
        let response = self.send(&request, &mut self.attempts()).await?;
        let length = content_length(&response, &request.operation)?;
        Ok(Head::from_headers(response.headers(), length))
    }

    /// Uploads an object; it replaces an existing one unless the upload says otherwise. COS checks the MD5 of
    /// the content.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::Denied`], [`Error::NotFound`] for the bucket, [`Error::Unsendable`] when a
    /// header cannot be sent, and those of every request.
    pub async fn put(
        &self,
        location: &BucketLocation,
        key: &Key,
        upload: Upload,
    ) -> Result<StoredObject, Error> {
        let operation = self.changing(Operation::new(Method::Put, location, key, None))?;
        let request = Request {
            operation,
            headers: upload_headers(&upload),
            query: Vec::new(),
            body: Some(upload.body),
            expected: &[200],
        };
        let response = self.send(&request, &mut self.attempts()).await?;
        let stored = StoredObject::from_headers(response.headers());
        // COS names the ETag of what it stored. A success without one is that of something else.
        if stored.etag.is_none() {
            return Err(Error::protocol(&request.operation, "without an ETag"));
        }
        Ok(stored)
    }

    /// Deletes an object or one version of it. Deleting a missing object is a success (436/7743).
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::NotFound`] for the bucket, and those of every request.
    pub async fn delete(
        &self,
        location: &BucketLocation,
        key: &Key,
        version: Option<&VersionId>,
    ) -> Result<(), Error> {
        let operation = self.changing(Operation::new(Method::Delete, location, key, version))?;
        let request =
            Request { operation, headers: Vec::new(), query: Vec::new(), body: None, expected: &[200, 204] };
        self.send(&request, &mut self.attempts()).await.map(drop)
    }
}

impl Session {
    /// The operation, if anything may be changed.
    fn changing(&self, operation: Operation) -> Result<Operation, Error> {
        if self.client.settings().is_read_only {
            return Err(Error::ReadOnly(Box::new(operation)));
        }
        Ok(operation)
    }
}

fn upload_headers(upload: &Upload) -> Vec<(Cow<'static, str>, String)> {
    let mut headers = vec![
        (Cow::Borrowed("content-length"), upload.body.len().to_string()),
        (Cow::Borrowed("content-type"), upload.content_type.to_owned()),
        (Cow::Borrowed("content-md5"), BASE64.encode(Md5::digest(&upload.body))),
    ];
    let optional = [
        ("cache-control", upload.cache_control.as_deref()),
        ("x-cos-storage-class", upload.storage_class.map(StorageClass::as_str)),
        ("x-cos-acl", upload.acl.map(Acl::as_str)),
    ];
    for (name, value) in optional {
        // White space around a value does not belong to it (RFC 9110, 5.5), nor to its signature.
        headers.extend(value.map(|value| (Cow::Borrowed(name), value.trim().to_owned())));
    }
    if upload.only_if_absent {
        headers.push((Cow::Borrowed("x-cos-forbid-overwrite"), "true".to_owned()));
    }
    for (name, value) in &upload.meta {
        headers.push((Cow::Owned(format!("x-cos-meta-{name}")), value.trim().to_owned()));
    }
    headers
}
