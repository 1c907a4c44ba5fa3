//! The XML documents that clients send.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::cos::wire::error::{Code, Error};

/// Body of Delete Multiple Objects (436/8289).
#[derive(Debug, Deserialize)]
pub(crate) struct Delete {
    #[serde(rename = "Quiet", default)]
    pub(crate) quiet: bool,
    #[serde(rename = "Object", default)]
    pub(crate) objects: Vec<DeleteObject>,
}

/// One object to delete.
#[derive(Debug, Deserialize)]
pub(crate) struct DeleteObject {
    #[serde(rename = "Key")]
    pub(crate) key: String,
    #[serde(rename = "VersionId")]
    pub(crate) version_id: Option<String>,
}

/// Body of Complete Multipart Upload (436/7742).
#[derive(Debug, Deserialize)]
pub(crate) struct Complete {
    #[serde(rename = "Part", default)]
    pub(crate) parts: Vec<CompletePart>,
}

/// One part of it.
#[derive(Debug, Deserialize)]
pub(crate) struct CompletePart {
    #[serde(rename = "PartNumber")]
    pub(crate) number: u16,
    #[serde(rename = "ETag")]
    pub(crate) etag: String,
}

/// Body of PUT Bucket versioning (436/19889).
#[derive(Debug, Deserialize)]
pub(crate) struct VersioningConfiguration {
    #[serde(rename = "Status")]
    pub(crate) status: String,
}

/// Reads a document sent by the client.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let text = std::str::from_utf8(body).map_err(|_| Error::from(Code::MALFORMED_XML))?;
    quick_xml::de::from_str(text).map_err(|_| Error::from(Code::MALFORMED_XML))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delete_reads_keys_with_entities_and_spaces() {
        let body = b"<Delete><Quiet>true</Quiet><Object><Key>a &amp; b/ c</Key></Object>\
            <Object><Key>d</Key><VersionId>v1</VersionId></Object></Delete>";
        let delete: Delete = read(body).unwrap();
        assert!(delete.quiet);
        let read: Vec<_> = delete.objects.iter().map(|o| (o.key.as_str(), o.version_id.as_deref())).collect();
        assert_eq!(read, [("a & b/ c", None), ("d", Some("v1"))]);
    }

    #[test]
    fn anything_else_is_malformed() {
        assert_eq!(read::<Complete>(b"<Complete").unwrap_err().code(), "MalformedXML");
    }
}
