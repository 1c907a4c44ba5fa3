//! Artist and Copyright: the two EXIF fields that thumbnails keep on request (Exif 2.32, section 4.6.5).
//!
//! They are copied out of the source's EXIF into a new block. Invariant: nothing else of the source's EXIF, such as
//! a position or a serial number, reaches a thumbnail.

use crate::imaging::exif::directory::{Directory, tag};

/// Most bytes of a field that are kept. Longer fields are texts, not names, and are cut.
const MAX_FIELD_BYTES: usize = 1024;

/// The EXIF fields Artist and Copyright, without their terminating zero.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Copyright {
    artist: Option<Vec<u8>>,
    copyright: Option<Vec<u8>>,
}

impl Copyright {
    /// Reads a block that begins with a TIFF header. Fields that cannot be read are absent.
    pub(crate) fn read(exif: &[u8]) -> Self {
        let Ok(directory) = Directory::of_exif(exif) else { return Self::default() };
        let field = |tag| directory.text(tag, MAX_FIELD_BYTES).ok().flatten().and_then(trimmed);
        Self { artist: field(tag::ARTIST), copyright: field(tag::COPYRIGHT) }
    }

    /// A block of EXIF with only these fields; `None` without any.
    pub(crate) fn to_exif(&self) -> Option<Vec<u8>> {
        let fields = [(tag::ARTIST, &self.artist), (tag::COPYRIGHT, &self.copyright)];
        let fields: Vec<(u16, &Vec<u8>)> =
            fields.into_iter().filter_map(|(tag, text)| text.as_ref().map(|text| (tag, text))).collect();
        if fields.is_empty() {
            return None;
        }
        // TIFF 6.0, section 2: the header of 8 bytes, the number of entries in 2, the entries in 12 each, and the
        // offset of the next IFD in 4. The texts that do not fit in an entry follow.
        let mut exif = b"II*\0\x08\0\0\0".to_vec();
        let mut texts = Vec::new();
        let texts_offset = 8 + 2 + 12 * fields.len() + 4;
        exif.extend(u16::try_from(fields.len()).unwrap_or(0).to_le_bytes());
        for (tag, text) in fields {
            let length = text.len() + 1;
            exif.extend(tag.to_le_bytes());
            exif.extend(2_u16.to_le_bytes());
            exif.extend(u32::try_from(length).unwrap_or(0).to_le_bytes());
            if length <= 4 {
                let mut inline = text.clone();
                inline.resize(4, 0);
                exif.extend(inline);
            } else {
                exif.extend(u32::try_from(texts_offset + texts.len()).unwrap_or(0).to_le_bytes());
                texts.extend(text);
                texts.push(0);
                // Offsets must be even.
                texts.resize(texts.len().next_multiple_of(2), 0);
            }
        }
        exif.extend([0; 4]);
        exif.extend(texts);
        Some(exif)
    }
}

/// A field without terminating zeros; `None` for the spaces with which cameras fill it.
fn trimmed(text: &[u8]) -> Option<Vec<u8>> {
    let end = text.iter().rposition(|byte| *byte != 0)? + 1;
    let text = text.get(..end)?;
    (!text.trim_ascii().is_empty()).then(|| text.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(artist: &str, copyright: &str) -> Copyright {
        let field = |text: &str| (!text.is_empty()).then(|| text.as_bytes().to_vec());
        Copyright { artist: field(artist), copyright: field(copyright) }
    }

    #[test]
    fn written_fields_are_read_back() {
        for (artist, copyright) in [
            ("Ann", "© 2026 Ann"),
            ("A", ""),
            ("", "(c) me\0and my editor"),
            ("孙悟空", "odd"),
            ("even", "x"),
        ] {
            let written = fields(artist, copyright);
            assert_eq!(Copyright::read(&written.to_exif().unwrap()), written, "{artist:?} {copyright:?}");
        }
        assert_eq!(Copyright::default().to_exif(), None);
    }

    #[test]
    fn both_byte_orders_are_read() {
        let entries = b"\0\x03\x01\x0f\0\x02\0\0\0\x04ACM\0\x01\x3b\0\x02\0\0\0\x04Bo \0\x82\x98\0\x02\0\0\0\x06\0\0\0\x32";
        let block = [&b"MM\0*\0\0\0\x08"[..], entries, &[0; 4], b"(c)Bo\0"].concat();
        assert_eq!(Copyright::read(&block), fields("Bo ", "(c)Bo"));
    }

    #[test]
    fn blank_and_invalid_fields_are_absent() {
        let blank = fields(" ", "   ").to_exif().unwrap();
        assert_eq!(Copyright::read(&blank), Copyright::default());
        let whole = fields("somebody", "everybody").to_exif().unwrap();
        for length in 0..whole.len() {
            let cut = Copyright::read(&whole[..length]);
            assert!(cut == Copyright::default() || cut == fields("somebody", ""), "{length}: {cut:?}");
        }
        for block in [&b"II*\0\xff\xff\xff\xff"[..], b"MM\0*\0\0\0\x04\xff\xff", b"", b"Exif"] {
            assert_eq!(Copyright::read(block), Copyright::default());
        }
        let mut wild = whole;
        wild[18..22].fill(0xff);
        assert_eq!(Copyright::read(&wild).artist, None);
    }

    #[test]
    fn long_field_is_cut() {
        let long = fields(&"x".repeat(5000), "").to_exif().unwrap();
        assert_eq!(Copyright::read(&long).artist.unwrap().len(), MAX_FIELD_BYTES);
    }
}
