//! The XML documents of the API: written by hand, read with serde.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use quick_xml::escape::escape;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::{Code, Error};

/// What `encoding-type=url` leaves as it is.
const LISTED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// First line of every document but errors.
pub(crate) const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Appends `<name>value</name>`, escaped.
pub(crate) fn element(document: &mut String, name: &str, value: &str) {
    document.push('<');
    document.push_str(name);
    document.push('>');
    document.push_str(&escape(value));
    document.push_str("</");
    document.push_str(name);
    document.push('>');
}

/// A key as a listing shows it: percent-encoded on request, because XML cannot carry every key.
pub(crate) fn listed(text: &str, url_encoded: bool) -> String {
    if url_encoded { utf8_percent_encode(text, LISTED).to_string() } else { text.to_owned() }
}

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
