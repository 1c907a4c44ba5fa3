//! Writing of XML documents.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use quick_xml::escape::escape;

/// Characters that `encoding-type=url` does not encode.
const LISTED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// First line of every document except errors.
pub(crate) const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Appends `<name>value</name>` with the value escaped.
pub(crate) fn element(document: &mut String, name: &str, value: &str) {
    document.push('<');
    document.push_str(name);
    document.push('>');
    document.push_str(&escape(value));
    document.push_str("</");
    document.push_str(name);
    document.push('>');
}

/// Returns a key for a listing. It is percent-encoded on request, because XML cannot contain every key.
pub(crate) fn listed(text: &str, url_encoded: bool) -> String {
    if url_encoded { utf8_percent_encode(text, LISTED).to_string() } else { text.to_owned() }
}
