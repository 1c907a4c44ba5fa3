//! Texts of a PNG that may hold a label of AI-generated content, and the chunk of C2PA (PNG, third edition, section
//! 11.3.3).
//!
//! Memory: [`MEMORY`] at most. The first text of each keyword counts, so that a file cannot have any number of them
//! inflated.

use std::io::Read as _;

use flate2::read::ZlibDecoder;

use crate::imaging::error::Error;
use crate::imaging::limits::Budget;
use crate::imaging::provenance::{LONGEST_STREAMED_PACKET, Provenance};

/// Most bytes of a chunk that is read: a packet of XMP, its keyword, and a translation of that.
pub(super) const LONGEST_CHUNK: u32 = 66 * 1024;

/// Most bytes of memory: a chunk in a vector that doubles, with what is inflated of it; and two texts.
pub(super) const MEMORY: u64 = 6 * 66 * 1024;

/// Keyword of a packet of XMP (XMP, part 3, section 1.1.5).
const XMP: &[u8] = b"XML:com.adobe.xmp";

/// Keyword of a label that is a text of its own.
const AIGC: &[u8] = b"AIGC";

/// The texts of a file, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Texts {
    xmp: Option<Vec<u8>>,
    aigc: Option<Vec<u8>>,
    pub(super) has_c2pa: bool,
}

impl Texts {
    /// Takes the content of a chunk `tEXt`, `zTXt` or `iTXt`.
    pub(super) fn take(&mut self, kind: [u8; 4], content: &[u8]) {
        let Some((keyword, text)) = split_at_zero(content) else { return };
        let target = match keyword {
            XMP => &mut self.xmp,
            AIGC => &mut self.aigc,
            _ => return,
        };
        target.get_or_insert_with(|| decoded(kind, text).unwrap_or_default());
    }

    /// The labels in the texts and in this EXIF.
    ///
    /// # Errors
    /// As [`Provenance::read_xmp`].
    pub(super) fn provenance(&self, exif: Option<&[u8]>, budget: &mut Budget) -> Result<Provenance, Error> {
        let mut provenance = Provenance::new(self.has_c2pa);
        provenance.read_xmp(self.xmp.as_deref().unwrap_or_default(), budget)?;
        self.aigc.iter().for_each(|text| provenance.read_text(text));
        exif.into_iter().for_each(|exif| provenance.read_exif(exif));
        Ok(provenance)
    }
}

/// The text of a chunk, from the byte behind its keyword on; `None` if it is damaged or too long.
fn decoded(kind: [u8; 4], content: &[u8]) -> Option<Vec<u8>> {
    let (is_compressed, text) = match &kind {
        b"tEXt" => (false, content),
        // The method of compression, which is that of zlib.
        b"zTXt" => (true, content.strip_prefix(&[0])?),
        // A flag, the method, a language and a translation of the keyword.
        b"iTXt" => {
            let [flag @ (0 | 1), 0, rest @ ..] = content else { return None };
            (*flag == 1, split_at_zero(split_at_zero(rest)?.1)?.1)
        }
        _ => return None,
    };
    if !is_compressed {
        return (text.len() <= LONGEST_STREAMED_PACKET).then(|| text.to_vec());
    }
    let mut inflated = Vec::with_capacity(LONGEST_STREAMED_PACKET + 1);
    let limit = u64::try_from(LONGEST_STREAMED_PACKET).ok()? + 1;
    ZlibDecoder::new(text).take(limit).read_to_end(&mut inflated).ok()?;
    (inflated.len() <= LONGEST_STREAMED_PACKET).then_some(inflated)
}

/// The bytes before and after the first zero.
fn split_at_zero(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| *byte == 0)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    fn deflated(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn texts_of_all_kinds_are_read() {
        let small = deflated(b"<x/>");
        for (kind, content) in [
            (*b"tEXt", b"XML:com.adobe.xmp\0<x/>".to_vec()),
            (*b"zTXt", [b"XML:com.adobe.xmp\0\0", &small[..]].concat()),
            (*b"iTXt", b"XML:com.adobe.xmp\0\0\0en\0XMP\0<x/>".to_vec()),
            (*b"iTXt", [b"XML:com.adobe.xmp\0\x01\0\0\0", &small[..]].concat()),
        ] {
            let mut texts = Texts::default();
            texts.take(kind, &content);
            assert_eq!(texts.xmp.as_deref(), Some(&b"<x/>"[..]), "{}", content.escape_ascii());
        }
    }

    #[test]
    fn text_that_inflates_to_more_than_a_packet_is_passed_over() {
        let mut texts = Texts::default();
        let bomb = deflated(&vec![b' '; 30_000_000]);
        assert!(bomb.len() < 64 * 1024);
        texts.take(*b"zTXt", &[b"AIGC\0\0", &bomb[..]].concat());
        texts.take(*b"tEXt", b"AIGC\0{}");
        texts.take(*b"tEXt", b"Comment\0{}");
        assert_eq!((texts.aigc.as_deref(), texts.xmp.as_deref()), (Some(&[][..]), None));
    }
}
