//! Operation of a request: the method, and the object or bucket it applies to.
//!
//! Every error of this client names its operation, and the CAM action and resource for it.

use std::fmt;

use crate::cos::BucketLocation;
use crate::object::{Key, VersionId};

/// HTTP method of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Method {
    /// Delete Object (436/7743).
    Delete,
    /// GET Object (436/7753).
    Get,
    /// HEAD Object (436/7745).
    Head,
    /// GET Bucket (436/7734), which lists objects.
    List,
    /// PUT Object (436/7749).
    Put,
}

impl Method {
    /// Name of the method in a request line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Get | Self::List => "GET",
            Self::Head => "HEAD",
            Self::Put => "PUT",
        }
    }

    /// CAM action that a role needs for the method (436/30580).
    #[must_use]
    pub fn action(self) -> &'static str {
        match self {
            Self::Delete => "name/cos:DeleteObject",
            Self::Get => "name/cos:GetObject",
            Self::Head => "name/cos:HeadObject",
            Self::List => LIST_ACTION,
            Self::Put => "name/cos:PutObject",
        }
    }
}

/// CAM action of GET Bucket (436/7734). The function never lists, but COS may hide from a role without this right
/// that an object is missing.
pub const LIST_ACTION: &str = "name/cos:GetBucket";

/// CAM action of PUT Object acl (436/7748). The page of PUT Object (436/7749) does not say if an upload with
/// an ACL needs it.
pub const ACL_ACTION: &str = "name/cos:PutObjectACL";

/// One method on one object or bucket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Operation {
    /// Method.
    pub method: Method,
    /// Bucket.
    pub location: BucketLocation,
    /// Key of the object; `None` is the bucket itself.
    pub key: Option<Key>,
    /// Version; `None` is the newest.
    pub version: Option<VersionId>,
    /// Image processing to apply, such as `imageMogr2/format/jpg`; `None` is the object as stored.
    pub process: Option<String>,
}

impl Operation {
    pub(super) fn new(
        method: Method,
        location: &BucketLocation,
        key: &Key,
        version: Option<&VersionId>,
    ) -> Self {
        Self {
            method,
            location: location.clone(),
            key: Some(key.clone()),
            version: version.cloned(),
            process: None,
        }
    }

    /// Listing of a bucket.
    pub(super) fn list(location: &BucketLocation) -> Self {
        let location = location.clone();
        Self { method: Method::List, location, key: None, version: None, process: None }
    }

    /// Resource name of the object in CAM policies (436/30580); that of all objects for a bucket.
    #[must_use]
    pub fn resource(&self) -> String {
        match &self.key {
            Some(key) => self.location.resource(key),
            None => self.location.resource(&"*"),
        }
    }

    /// Name for people: `<bucket>/<key>`, or `<bucket>`.
    #[must_use]
    pub fn object(&self) -> String {
        match &self.key {
            Some(key) => format!("{}/{key}", self.location.bucket),
            None => self.location.bucket.to_string(),
        }
    }
}

/// Prints the method, the object and the processing.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.name(), self.object())?;
        self.process.as_ref().map_or(Ok(()), |process| write!(f, "?{process}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{Bucket, Region};

    #[test]
    fn an_operation_prints_on_one_line_and_names_its_resource() {
        let operation = Operation {
            method: Method::Get,
            location: BucketLocation {
                bucket: Bucket::parse("photos-1250000000").unwrap(),
                region: Region::parse("ap-guangzhou").unwrap(),
            },
            key: Some(Key::parse("图片/a\nb.jpg").unwrap()),
            version: None,
            process: None,
        };
        assert_eq!(operation.to_string(), "GET photos-1250000000/图片/a\\u{a}b.jpg");
        let processed = Operation { process: Some("imageMogr2/format/jpg".to_owned()), ..operation.clone() };
        assert_eq!(processed.to_string(), "GET photos-1250000000/图片/a\\u{a}b.jpg?imageMogr2/format/jpg");
        assert_eq!(
            operation.resource(),
            "qcs::cos:ap-guangzhou:uid/1250000000:photos-1250000000/图片/a\\u{a}b.jpg"
        );
    }
}
