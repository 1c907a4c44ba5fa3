//! Reading of the XML documents that clients send.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::cos::wire::error::{CosError, ErrorCode};

/// Body of Delete Multiple Objects (436/8289).
#[derive(Debug, Deserialize)]
pub(crate) struct DeleteRequest {
    #[serde(rename = "Quiet", default)]
    pub(crate) quiet: bool,
    #[serde(rename = "Object", default)]
    pub(crate) objects: Vec<DeleteEntry>,
}

/// Object to delete.
#[derive(Debug, Deserialize)]
pub(crate) struct DeleteEntry {
    #[serde(rename = "Key")]
    pub(crate) key: String,
    #[serde(rename = "VersionId")]
    pub(crate) version_id: Option<String>,
}

/// Body of Complete Multipart Upload (436/7742).
#[derive(Debug, Deserialize)]
pub(crate) struct CompleteUploadRequest {
    #[serde(rename = "Part", default)]
    pub(crate) parts: Vec<CompletedPart>,
}

/// Part of the list.
#[derive(Debug, Deserialize)]
pub(crate) struct CompletedPart {
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

/// Reads a document.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, CosError> {
    let text = std::str::from_utf8(body).map_err(|_| CosError::from(ErrorCode::MALFORMED_XML))?;
    quick_xml::de::from_str(text).map_err(|_| CosError::from(ErrorCode::MALFORMED_XML))
}

/// Writes a document whose root has the name of its type.
pub(crate) fn write(document: &impl Serialize) -> Result<String, CosError> {
    quick_xml::se::to_string(document)
        .map_err(|error| CosError::with_message(ErrorCode::INTERNAL_ERROR, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_with_entities_and_spaces_are_read() {
        let body = b"<Delete><Quiet>true</Quiet><Object><Key>a &amp; b/ c</Key></Object>\
            <Object><Key>d</Key><VersionId>v1</VersionId></Object></Delete>";
        let delete: DeleteRequest = read(body).unwrap();
        assert!(delete.quiet);
        let read: Vec<_> = delete.objects.iter().map(|o| (o.key.as_str(), o.version_id.as_deref())).collect();
        assert_eq!(read, [("a & b/ c", None), ("d", Some("v1"))]);
    }

    #[test]
    fn an_incomplete_document_is_malformed() {
        assert_eq!(read::<CompleteUploadRequest>(b"<Complete").unwrap_err().code(), "MalformedXML");
    }
}
