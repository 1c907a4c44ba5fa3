//! Access control lists (436/7733, 7737, 7744, 7748), as far as one of the canned ones expresses them.

use serde::{Deserialize, Serialize};

use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::{xml, xml_writer};

/// Group of everybody, as COS writes it.
const EVERYBODY: &str = "http://cam.qcloud.com/groups/global/AllUsers";

/// Owner of every bucket.
const OWNER: &str = "qcs::cam::uin/100000000001:uin/100000000001";

/// Canned ACL of a bucket or an object.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CannedAcl {
    /// Of objects only: that of the bucket.
    Default,
    #[default]
    Private,
    PublicRead,
    /// Of buckets only.
    PublicReadWrite,
}

/// The document `AccessControlPolicy`.
#[derive(Deserialize)]
struct AccessControlPolicy {
    #[serde(rename = "AccessControlList")]
    list: AccessControlList,
}

#[derive(Deserialize)]
struct AccessControlList {
    #[serde(rename = "Grant", default)]
    grants: Vec<Grant>,
}

#[derive(Deserialize)]
struct Grant {
    #[serde(rename = "Grantee")]
    grantee: Grantee,
    #[serde(rename = "Permission")]
    permission: String,
}

#[derive(Deserialize)]
struct Grantee {
    #[serde(rename = "URI")]
    uri: Option<String>,
    #[serde(rename = "ID")]
    id: Option<String>,
}

impl CannedAcl {
    /// Reads the value of `x-cos-acl`.
    pub(crate) fn read(text: &str) -> Result<Self, CosError> {
        [Self::Default, Self::Private, Self::PublicRead, Self::PublicReadWrite]
            .into_iter()
            .find(|acl| acl.name() == text)
            .ok_or_else(|| CosError::with_message(ErrorCode::INVALID_ARGUMENT, "x-cos-acl is unknown."))
    }

    /// Reads a document. Grants to single accounts other than the owner are not part of the local COS.
    pub(crate) fn read_document(body: &[u8]) -> Result<Self, CosError> {
        let policy: AccessControlPolicy = xml::read(body)?;
        let (mut reads, mut writes) = (false, false);
        for Grant { grantee, permission } in &policy.list.grants {
            let is_everybody =
                grantee.uri.as_deref().is_some_and(|uri| uri.ends_with("/groups/global/AllUsers"));
            match (is_everybody, permission.as_str()) {
                (true, "READ") => reads = true,
                (true, "WRITE") => writes = true,
                (true, "FULL_CONTROL") => (reads, writes) = (true, true),
                (false, "FULL_CONTROL") if grantee.id.is_some() => {}
                _ => {
                    let message = "Grants to single accounts are not part of the local COS.";
                    return Err(CosError::with_message(ErrorCode::NOT_IMPLEMENTED, message));
                }
            }
        }
        Ok(match (reads, writes) {
            (_, true) => Self::PublicReadWrite,
            (true, false) => Self::PublicRead,
            (false, false) => Self::Private,
        })
    }

    /// Writes the document.
    pub(crate) fn document(self) -> String {
        let mut document = String::from(xml_writer::HEAD);
        document.push_str("<AccessControlPolicy><Owner>");
        xml_writer::element(&mut document, "ID", OWNER);
        xml_writer::element(&mut document, "DisplayName", OWNER);
        document.push_str("</Owner><AccessControlList>");
        let mut grant = |kind: &str, name: &str, grantee: &str, permission: &str| {
            document.push_str(
                "<Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"",
            );
            document.push_str(kind);
            document.push_str("\">");
            xml_writer::element(&mut document, name, grantee);
            document.push_str("</Grantee>");
            xml_writer::element(&mut document, "Permission", permission);
            document.push_str("</Grant>");
        };
        grant("CanonicalUser", "ID", OWNER, "FULL_CONTROL");
        if matches!(self, Self::PublicRead | Self::PublicReadWrite) {
            grant("Group", "URI", EVERYBODY, "READ");
        }
        if self == Self::PublicReadWrite {
            grant("Group", "URI", EVERYBODY, "WRITE");
        }
        document.push_str("</AccessControlList></AccessControlPolicy>");
        document
    }

    /// Returns the value of `x-cos-acl`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Private => "private",
            Self::PublicRead => "public-read",
            Self::PublicReadWrite => "public-read-write",
        }
    }

    /// Returns whether everybody may read.
    pub(crate) fn is_public(self) -> bool {
        matches!(self, Self::PublicRead | Self::PublicReadWrite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_as_it_was_written() {
        for acl in [CannedAcl::Private, CannedAcl::PublicRead, CannedAcl::PublicReadWrite] {
            assert_eq!(CannedAcl::read_document(acl.document().as_bytes()).unwrap(), acl);
            assert_eq!(CannedAcl::read(acl.name()).unwrap(), acl);
        }
        let other = CannedAcl::PublicRead.document().replace("<Permission>FULL_CONTROL", "<Permission>READ");
        assert_eq!(CannedAcl::read_document(other.as_bytes()).unwrap_err().code(), "NotImplemented");
    }
}
