//! Reading of XMP packets (ISO 16684-1, section 7): two properties, in every form that RDF allows for simple values.
//!
//! Namespaces count by their URI, whatever prefix stands for them. Only properties of the image itself are read, which
//! are children or attributes of the nodes in `rdf:RDF`: the packet may also hold those of images that it was made of.
//!
//! Nothing is expanded but the five entities of XML and references to characters. A document type ends the reading, and
//! so does an error; what was read before counts.

use quick_xml::NsReader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{LocalName, Namespace, ResolveResult};

use crate::imaging::provenance::aigc_label::AigcLabel;
use crate::imaging::provenance::digital_source_type::DigitalSourceType;

/// Namespace of the label of GB 45438-2025 (TC260-PG-20258A).
pub(super) const TC260: &str = "http://www.tc260.org.cn/ns/AIGC/1.0/";

/// Namespace of IPTC's extension schema.
pub(super) const IPTC_EXTENSION: &str = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";

pub(super) const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

/// Deepest level of elements. Properties of XMP have few levels.
const DEEPEST: u32 = 100;

/// The labels in a packet.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct PacketLabels {
    pub(super) aigc: Option<AigcLabel>,
    pub(super) digital_source_type: Option<DigitalSourceType>,
}

/// Reads the labels in a packet. Bytes after the last valid UTF-8, such as the trailer in GIF, are not part of it.
pub(super) fn read(packet: &[u8]) -> PacketLabels {
    let text = match std::str::from_utf8(packet) {
        Ok(text) => text,
        Err(error) => {
            let valid = packet.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(valid).unwrap_or_default()
        }
    };
    let mut reader = PacketReader {
        xml: NsReader::from_str(text.trim_start_matches('\u{feff}')),
        depth: 0,
        rdf: None,
        open: None,
        found: PacketLabels::default(),
    };
    while reader.step().is_some() {}
    reader.found
}

/// A property that is read.
#[derive(Clone, Copy)]
enum Property {
    Aigc,
    DigitalSourceType,
}

struct PacketReader<'p> {
    xml: NsReader<&'p [u8]>,
    /// Elements that are open.
    depth: u32,
    /// Level of `rdf:RDF`, once it is open: nodes are one level below, and their properties two.
    rdf: Option<u32>,
    /// The property whose element is open, and its text so far.
    open: Option<(Property, String)>,
    found: PacketLabels,
}

impl PacketReader<'_> {
    /// Reads the next event; `None` if nothing after it counts.
    fn step(&mut self) -> Option<()> {
        match self.xml.read_event().ok()? {
            Event::Start(element) => {
                self.depth += 1;
                self.open_element(&element, self.depth);
                (self.depth <= DEEPEST).then_some(())
            }
            Event::Empty(element) => {
                let level = self.depth + 1;
                let is_inside = self.open.is_some();
                self.open_element(&element, level);
                if !is_inside {
                    self.open = None;
                }
                (self.rdf != Some(level)).then_some(())
            }
            Event::End(_) => self.close_element(),
            Event::Text(text) => {
                self.push(&text.xml10_content());
                Some(())
            }
            Event::CData(text) => {
                self.push(&text.xml10_content());
                Some(())
            }
            Event::GeneralRef(reference) => {
                let mut buffer = [0; 4];
                match reference.resolve_char_ref().ok()? {
                    Some(character) => self.push(character.encode_utf8(&mut buffer)),
                    None => self.push(resolve_predefined_entity(&reference)?),
                }
                Some(())
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => Some(()),
            Event::DocType(_) | Event::Eof => None,
        }
    }

    fn push(&mut self, text: &str) {
        if let Some((_, value)) = &mut self.open {
            value.push_str(text);
        }
    }

    fn open_element(&mut self, element: &BytesStart<'_>, level: u32) {
        if self.open.is_some() {
            return;
        }
        let local = element.name().local_name();
        match self.rdf {
            None if local.as_ref() == "RDF" => {
                let (namespace, _) = self.xml.resolver().resolve_element(element.name());
                if is(&namespace, RDF) {
                    self.rdf = Some(level);
                }
            }
            Some(rdf) if level == rdf + 1 => self.read_attributes(element),
            Some(rdf) if level == rdf + 2 => {
                let (namespace, _) = self.xml.resolver().resolve_element(element.name());
                if let Some(property) = property(&namespace, local) {
                    self.take_resource(element, property);
                    self.open = Some((property, String::new()));
                }
            }
            _ => (),
        }
    }

    fn close_element(&mut self) -> Option<()> {
        let rdf = self.rdf;
        if rdf.is_some_and(|rdf| self.depth == rdf + 2)
            && let Some((property, value)) = self.open.take()
        {
            self.take(property, &value);
        }
        let is_end = rdf == Some(self.depth);
        self.depth = self.depth.checked_sub(1)?;
        (!is_end).then_some(())
    }

    /// Takes properties that are attributes of a node.
    fn read_attributes(&mut self, node: &BytesStart<'_>) {
        for attribute in node.attributes().with_checks(false).flatten() {
            let (namespace, local) = self.xml.resolver().resolve_attribute(attribute.key);
            if let Some(property) = property(&namespace, local) {
                self.take_attribute(&attribute, property);
            }
        }
    }

    /// Takes a value that is the attribute `rdf:resource` of its element.
    fn take_resource(&mut self, element: &BytesStart<'_>, property: Property) {
        for attribute in element.attributes().with_checks(false).flatten() {
            let (namespace, local) = self.xml.resolver().resolve_attribute(attribute.key);
            if local.as_ref() == "resource" && is(&namespace, RDF) {
                self.take_attribute(&attribute, property);
            }
        }
    }

    fn take_attribute(&mut self, attribute: &Attribute<'_>, property: Property) {
        if let Ok(value) = attribute.normalized_value(XmlVersion::Explicit1_0) {
            self.take(property, &value);
        }
    }

    /// Takes a value, unless a valid one came before.
    fn take(&mut self, property: Property, value: &str) {
        let PacketLabels { aigc, digital_source_type } = &mut self.found;
        match property {
            Property::Aigc => *aigc = aigc.take().or_else(|| AigcLabel::parse(value)),
            Property::DigitalSourceType => {
                *digital_source_type = digital_source_type.take().or_else(|| DigitalSourceType::parse(value));
            }
        }
    }
}

/// The property of a name.
fn property(namespace: &ResolveResult<'_>, local: LocalName<'_>) -> Option<Property> {
    match local.as_ref() {
        "AIGC" if is(namespace, TC260) => Some(Property::Aigc),
        "DigitalSourceType" if is(namespace, IPTC_EXTENSION) => Some(Property::DigitalSourceType),
        _ => None,
    }
}

fn is(namespace: &ResolveResult<'_>, uri: &str) -> bool {
    *namespace == ResolveResult::Bound(Namespace(uri))
}
