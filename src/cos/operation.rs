//! What a request does to which object: the subject of every error.

use std::fmt;

use crate::cos::BucketLocation;
use crate::object::{Key, VersionId};
use crate::text::Printable;

/// The HTTP method of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Method {
    /// Delete Object (436/7743).
    Delete,
    /// GET Object (436/7753).
    Get,
    /// HEAD Object (436/7745).
    Head,
    /// PUT Object (436/7749).
    Put,
}

impl Method {
    /// The method as it stands in a request line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Put => "PUT",
        }
    }

    /// The CAM action that a role needs for it (436/30580).
    #[must_use]
    pub fn action(self) -> &'static str {
        match self {
            Self::Delete => "name/cos:DeleteObject",
            Self::Get => "name/cos:GetObject",
            Self::Head => "name/cos:HeadObject",
            Self::Put => "name/cos:PutObject",
        }
    }
}

/// The CAM action of GET Bucket (436/7734). No request here needs it; but a role without it may not be told that an object
/// is not there.
pub const LIST_ACTION: &str = "name/cos:GetBucket";

/// The CAM action of PUT Object acl (436/7748). The page of PUT Object (436/7749) does not say whether an upload that sets
/// one needs it.
pub const ACL_ACTION: &str = "name/cos:PutObjectACL";

/// One method on one object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Operation {
    /// What is done.
    pub method: Method,
    /// Where the object is.
    pub location: BucketLocation,
    /// Its key.
    pub key: Key,
    /// Its version; `None` is the newest.
    pub version: Option<VersionId>,
    /// The image processing that it comes through, such as `imageMogr2/format/jpg`; `None` is the object as it is.
    pub process: Option<String>,
}

impl Operation {
    /// The object as CAM policies name it (436/30580).
    #[must_use]
    pub fn resource(&self) -> String {
        self.location.resource(&Printable(self.key.as_str()))
    }

    /// The object as people name it: `<bucket>/<key>`.
    #[must_use]
    pub fn object(&self) -> String {
        format!("{}/{}", self.location.bucket, Printable(self.key.as_str()))
    }
}

/// The method and the object.
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
            key: Key::parse("图片/a\nb.jpg").unwrap(),
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
