//! Segments of a file (ITU-T T.81, annex B; JFIF 1.02; Exif 2.3, section 4.5.5; XMP, part 3, section 1.1.3; ICC.1,
//! annex B.4).

use crate::encode::huffman::Code;
use crate::encode::picture::EncodeError;
use crate::encode::script::Scan;
use crate::encode::symbols::TABLES;
use crate::index::index;
use crate::syntax::frame::NATURAL;

/// Most bytes of a segment behind its length.
const MOST_BYTES: usize = 65_533;

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const ICC: &[u8] = b"ICC_PROFILE\0";

/// A file that is being written.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) bytes: Vec<u8>,
}

impl File {
    /// The file up to its tables: SOI, JFIF's segment with square pixels of no stated size, and metadata.
    pub(super) fn begin(
        &mut self,
        exif: Option<&[u8]>,
        xmp: Option<&[u8]>,
        icc: Option<&[u8]>,
    ) -> Result<(), EncodeError> {
        self.marker(0xd8);
        self.segment(0xe0, &[b"JFIF\0", &[1, 1, 0, 0, 1, 0, 1, 0, 0]]);
        if let Some(exif) = exif {
            check("EXIF", exif, MOST_BYTES - EXIF.len())?;
            self.segment(0xe1, &[EXIF, exif]);
        }
        if let Some(xmp) = xmp {
            check("XMP", xmp, MOST_BYTES - XMP.len())?;
            self.segment(0xe1, &[XMP, xmp]);
        }
        if let Some(icc) = icc {
            // Two bytes count the chunks.
            let most = MOST_BYTES - ICC.len() - 2;
            check("colour profile", icc, 255 * most)?;
            let count = icc.len().div_ceil(most);
            for (number, chunk) in (1..=255).zip(icc.chunks(most)) {
                self.segment(0xe2, &[ICC, &[number, byte(count)], chunk]);
            }
        }
        Ok(())
    }

    /// Tables of quantisation, of which the first is for luma (DQT).
    pub(super) fn quantisation(&mut self, tables: &[[u8; 64]]) {
        let mut contents = Vec::new();
        for (number, steps) in (0..).zip(tables) {
            contents.push(number);
            contents.extend(NATURAL.iter().filter_map(|place| steps.get(usize::from(*place))));
        }
        self.segment(0xdb, &[&contents]);
    }

    /// The frame: of one component, or of three of which the first has these sampling factors (SOF0, SOF2).
    pub(super) fn frame(
        &mut self,
        is_progressive: bool,
        size: (u16, u16),
        components: u8,
        factors: (u8, u8),
    ) {
        let ([x, y], [z, w]) = (size.1.to_be_bytes(), size.0.to_be_bytes());
        let mut contents = vec![8, x, y, z, w, components];
        for number in 0..components {
            let (across, down) = if number == 0 { factors } else { (1, 1) };
            contents.extend([number + 1, across << 4 | down, number.min(1)]);
        }
        self.segment(if is_progressive { 0xc2 } else { 0xc0 }, &[&contents]);
    }

    /// Huffman tables: DC of luma and chroma, AC of luma and chroma (DHT).
    pub(super) fn codes(&mut self, codes: &[Option<Code>; TABLES]) {
        let mut contents = Vec::new();
        for (number, code) in [0x00, 0x01, 0x10, 0x11].into_iter().zip(codes) {
            if let Some(code) = code {
                contents.push(number);
                contents.extend(code.counts);
                contents.extend(&code.symbols);
            }
        }
        if !contents.is_empty() {
            self.segment(0xc4, &[&contents]);
        }
    }

    /// The header of a scan (SOS).
    pub(super) fn scan(&mut self, scan: Scan, components: u8) {
        let (first, end, band) = match scan {
            Scan::All => (0, components, [0, 63, 0]),
            Scan::AllDc => (0, components, [0, 0, 0]),
            Scan::Band { component, band } => {
                (component, component + 1, [band.first, band.last, band.high << 4 | band.low])
            }
        };
        let mut contents = vec![end - first];
        for number in first..end {
            // The same slot for DC and AC.
            contents.extend([number + 1, number.min(1) * 0x11]);
        }
        contents.extend(band);
        self.segment(0xda, &[&contents]);
    }

    pub(super) fn marker(&mut self, code: u8) {
        self.bytes.extend([0xff, code]);
    }

    /// A segment; its parts have at most [`MOST_BYTES`] together.
    fn segment(&mut self, code: u8, parts: &[&[u8]]) {
        self.marker(code);
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let length = u16::try_from(length + 2).unwrap_or(u16::MAX);
        self.bytes.extend(length.to_be_bytes());
        parts.iter().for_each(|part| self.bytes.extend(*part));
    }
}

fn check(kind: &'static str, bytes: &[u8], most: usize) -> Result<(), EncodeError> {
    if bytes.len() > most {
        return Err(EncodeError::Metadata { kind, bytes: bytes.len(), most });
    }
    Ok(())
}

/// A number below 256.
fn byte(number: usize) -> u8 {
    debug_assert!(number <= index(255));
    u8::try_from(number).unwrap_or(u8::MAX)
}
