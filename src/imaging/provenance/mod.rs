//! Labels of a source that say how its content came about, and the packet in which a thumbnail carries them on.
//!
//! - [`aigc_label`]: the implicit label of GB 45438-2025, a JSON object;
//! - [`digital_source_type`]: the property of IPTC;
//! - [`xmp`]: both in a packet of XMP, where their standards place them;
//! - [`elsewhere`]: other places where services write the first;
//! - [`packet`]: the packet of a thumbnail.
//!
//! A label is data of a file that anybody may have made: what cannot be read is absent, and fails no image. Invariant:
//! nothing else of the source's metadata, such as a position or a serial number, reaches a thumbnail.
//!
//! Memory: a label has at most 8 KB, and the packet of a thumbnail at most 42 KB. Reading reserves a multiple of the
//! source's packet and releases it.

mod aigc_label;
mod digital_source_type;
mod elsewhere;
mod packet;
mod xmp;

use memchr::memmem;

use crate::imaging::error::Error;
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::provenance::aigc_label::AigcLabel;
use crate::imaging::provenance::digital_source_type::DigitalSourceType;
use crate::recipe::AiLabels;

/// Most bytes of a packet that is read, where the whole file is in memory.
pub(crate) const LONGEST_PACKET: usize = 1024 * 1024;

/// Most bytes of a packet that is kept of a file that is read forward: what a segment of JPEG can hold.
pub(crate) const LONGEST_STREAMED_PACKET: usize = 64 * 1024;

/// Bytes of memory per byte of a packet while it is read: names and namespaces of open elements, a value, and a copy of
/// it without escapes.
const MEMORY_FACTOR: u64 = 4;

/// Names of the two properties, one of which a packet has to contain to be worth parsing. Names in XML have no escapes.
const PROPERTY_NAMES: [&[u8]; 2] = [b"AIGC", b"DigitalSourceType"];

/// The labels of a source.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Provenance {
    aigc: Option<AigcLabel>,
    digital_source_type: Option<DigitalSourceType>,
    /// `true` if the source has a manifest of C2PA. It is bound to the bytes of the source, so it never goes on.
    pub(crate) has_c2pa: bool,
}

impl Provenance {
    /// No labels, of a source with or without a manifest of C2PA.
    pub(crate) fn new(has_c2pa: bool) -> Self {
        Self { has_c2pa, ..Self::default() }
    }

    /// Reads a packet of XMP. Labels that are known already stay.
    ///
    /// # Errors
    /// [`Error::TooMuchMemory`] or [`Error::Cancelled`]. A packet that is broken or too long has no labels.
    pub(crate) fn read_xmp(&mut self, packet: &[u8], budget: &mut Budget) -> Result<(), Error> {
        let is_worth_parsing = PROPERTY_NAMES.iter().any(|name| memmem::find(packet, name).is_some());
        if packet.len() > LONGEST_PACKET || !is_worth_parsing {
            return Ok(());
        }
        let memory = to_u64(packet.len()).saturating_mul(MEMORY_FACTOR);
        budget.reserve(memory)?;
        let found = xmp::read(packet);
        budget.release(memory);
        self.aigc = self.aigc.take().or(found.aigc);
        self.digital_source_type = self.digital_source_type.take().or(found.digital_source_type);
        Ok(())
    }

    /// Reads the label in a block of EXIF, from its TIFF header on, unless it is known already.
    pub(crate) fn read_exif(&mut self, exif: &[u8]) {
        self.aigc = self.aigc.take().or_else(|| elsewhere::in_exif(exif));
    }

    /// Reads a text that a file names `AIGC`, unless the label is known already.
    pub(crate) fn read_text(&mut self, text: &[u8]) {
        self.aigc = self.aigc.take().or_else(|| elsewhere::in_text(text));
    }

    /// `true` if the source has the label of GB 45438-2025.
    pub(crate) fn has_aigc(&self) -> bool {
        self.aigc.is_some()
    }

    /// The packet of a thumbnail; `None` if the source has no label, or the recipe keeps none.
    ///
    /// `propagate_id` is the number that the recipe's propagator gives the image.
    pub(crate) fn packet(&self, labels: &AiLabels, propagate_id: Option<&str>) -> Option<Vec<u8>> {
        let AiLabels::Keep { propagator } = labels else { return None };
        let aigc = self.aigc.as_ref().map(|label| match propagator {
            Some(propagator) => label.spread_by(propagator.as_str(), propagate_id),
            None => label.clone(),
        });
        packet::write(aigc.as_ref(), self.digital_source_type.as_ref())
    }
}

#[cfg(test)]
mod tests;
