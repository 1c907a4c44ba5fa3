//! Responses of the XML API.

use bytes::Bytes;

use crate::cos::wire::error::CosError;

/// Status, headers and body of a response.
#[derive(Clone, Debug)]
pub(crate) struct CosResponse {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl CosResponse {
    /// Creates a response without headers and body.
    pub(crate) fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    /// Creates a response with status 200 and a document.
    pub(crate) fn xml(document: String) -> Self {
        let mut response = Self::new(200).header("Content-Type", "application/xml");
        response.body = Bytes::from(document);
        response
    }

    /// Creates an error response. Status 304 has no document.
    pub(crate) fn error(error: &CosError, resource: &str, request_id: &str) -> Self {
        let mut response = Self::new(error.status);
        if error.status != 304 {
            response.set("Content-Type", "application/xml");
            response.body = Bytes::from(error.document(resource, request_id));
        }
        for (name, value) in &error.headers {
            response.set(name, value);
        }
        response
    }

    /// Sets a header and returns the response.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    /// Sets a header, and replaces an earlier value.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(have, _)| !have.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// Repeats the headers of COS with the names that they have in S3.
    pub(crate) fn add_amz(&mut self) {
        const REPEATED: [&str; 8] = [
            "copy-source-version-id",
            "delete-marker",
            "meta-",
            "restore",
            "server-side-encryption",
            "storage-class",
            "tagging-count",
            "version-id",
        ];
        let names = self.headers.iter().filter_map(|(name, value)| {
            let rest = name.strip_prefix("x-cos-")?;
            let is_repeated = REPEATED.iter().any(|repeated| rest.starts_with(repeated));
            is_repeated.then(|| (format!("x-amz-{rest}"), value.clone()))
        });
        let names: Vec<(String, String)> = names.collect();
        self.headers.extend(names);
    }

    /// Returns the headers in the order in which they were set.
    pub(crate) fn headers(&self) -> &[(String, String)] {
        &self.headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_repeated_with_the_names_of_s3() {
        let mut response = CosResponse::new(200)
            .header("x-cos-meta-a", "b")
            .header("x-cos-hash-crc64ecma", "1")
            .header("ETag", "e");
        response.add_amz();
        let names: Vec<&str> = response.headers().iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["x-cos-meta-a", "x-cos-hash-crc64ecma", "ETag", "x-amz-meta-a"]);
    }
}
