//! The packet of XMP that a thumbnail carries (ISO 16684-1, section 7): the labels alone.
//!
//! Of the escapes only those are written that XML asks for in text: quotation marks stay, as in the packets of Adobe's
//! toolkit. A label of 8 KB becomes at most 41 KB, so that the packet fits into a segment of JPEG.

use crate::imaging::provenance::aigc_label::AigcLabel;
use crate::imaging::provenance::digital_source_type::DigitalSourceType;
use crate::imaging::provenance::xmp::{IPTC_EXTENSION, RDF, TC260};

/// The packet with these labels; `None` without any.
pub(super) fn write(
    aigc: Option<&AigcLabel>,
    digital_source_type: Option<&DigitalSourceType>,
) -> Option<Vec<u8>> {
    let (mut namespaces, mut properties) = (String::new(), String::new());
    if let Some(aigc) = aigc {
        namespaces.push_str(&format!(" xmlns:TC260=\"{TC260}\""));
        properties.push_str(&format!("<TC260:AIGC>{}</TC260:AIGC>", escaped(aigc.text())));
    }
    if let Some(digital_source_type) = digital_source_type {
        let name = "Iptc4xmpExt:DigitalSourceType";
        namespaces.push_str(&format!(" xmlns:Iptc4xmpExt=\"{IPTC_EXTENSION}\""));
        properties.push_str(&format!("<{name}>{}</{name}>", digital_source_type.text()));
    }
    if properties.is_empty() {
        return None;
    }
    let packet = format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
         <rdf:RDF xmlns:rdf=\"{RDF}\"><rdf:Description rdf:about=\"\"{namespaces}>{properties}</rdf:Description>\
         </rdf:RDF></x:xmpmeta><?xpacket end=\"r\"?>"
    );
    Some(packet.into_bytes())
}

/// A text as the content of an element. A carriage return would be read as a line feed.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\r' => escaped.push_str("&#13;"),
            other => escaped.push(other),
        }
    }
    escaped
}
