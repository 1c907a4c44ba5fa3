//! The XML documents of answers, written by hand.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use quick_xml::escape::escape;

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
