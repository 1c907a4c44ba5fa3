//! The head of a file: what stands before the entropy-coded data of its first scan (ITU-T T.81, section B.2.1).

use std::io::BufRead;

use crate::error::Error;
use crate::syntax::frame::Frame;
use crate::syntax::input::Input;
use crate::syntax::metadata::Metadata;
use crate::syntax::tables::{ScanHeader, Tables};

/// Everything that is known before pixels are.
///
/// A head is read from the start of a file; [`decode`](Self::decode) and [`coefficients`](Self::coefficients) read on
/// with the same reader. Its fields may be changed between: a height that stands at the end of the file is put in,
/// and [`Metadata::adobe`] and [`Metadata::is_jfif`] say which colours come out.
#[derive(Clone, Debug)]
pub struct Head {
    /// Size and components.
    pub frame: Frame,
    /// Orientation, profile and the like.
    pub metadata: Metadata,
    /// Tables for the first scan.
    pub(crate) tables: Tables,
    /// Header of the first scan.
    pub(crate) scan: ScanHeader,
    /// Bytes of the file up to the first entropy-coded one.
    pub length: u64,
}

impl Head {
    /// Reads up to the first entropy-coded byte.
    ///
    /// # Errors
    /// [`Error::Read`] when the reader fails, [`Error::CutShort`] and [`Error::Damaged`] when the file ends or breaks
    /// the rules before its first scan, and [`Error::Unsupported`] when it is coded in a way that is not decoded
    /// here.
    pub fn read(reader: impl BufRead) -> Result<Self, Error> {
        let mut input = Input::new(reader);
        let mut tables = Tables::default();
        let mut metadata = Metadata::default();
        let mut frame: Option<Frame> = None;
        loop {
            let Some(marker) = input.marker()? else {
                return Err(Error::damaged("it ends before its first scan"));
            };
            match marker {
                // Restart markers, TEM and SOI have no content.
                0x01 | 0xd0..=0xd8 => (),
                0xd9 => return Err(Error::damaged("it ends before its first scan")),
                0xda => {
                    let no_frame = Error::damaged("its first scan comes before its frame header");
                    let frame = frame.ok_or(no_frame)?;
                    let scan = ScanHeader::parse(&input.segment()?, &frame)?;
                    tables.complete(frame.process)?;
                    return Ok(Self { frame, metadata, tables, scan, length: input.consumed() });
                }
                0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                    if frame.is_some() {
                        return Err(Error::damaged("it has two frames"));
                    }
                    frame = Some(Frame::parse(marker, &input.segment()?)?);
                }
                0xc4 | 0xcc | 0xdb | 0xdd => tables.define(marker, &input.segment()?)?,
                _ if Metadata::is_kept(marker) => metadata.take(marker, &input.segment()?),
                _ => input.skip_segment()?,
            }
        }
    }

    /// The quality, 1 to 100, at which libjpeg would write the first component's quantisation table; `None` when
    /// there is no such table. Of tables that libjpeg did not write, it is the one whose steps have the nearest sum.
    #[must_use]
    pub fn quality(&self) -> Option<u8> {
        let first = self.frame.components.first()?;
        let table = self.tables.quantisation.get(first.table)?.as_ref()?;
        Some(quality(table.iter().map(|step| u32::from(*step)).sum()))
    }
}

/// The quality at which libjpeg would write a luminance table of this sum (`jpeg_quality_scaling`).
fn quality(sum: u32) -> u8 {
    /// T.81, table K.1; the order does not matter here.
    const LUMINANCE: [u32; 64] = [
        16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14,
        17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49,
        64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
    ];
    let sum_at = |quality: u8| -> u32 {
        let quality = u32::from(quality);
        let percent = if quality < 50 { 5000 / quality } else { 200 - quality * 2 };
        LUMINANCE.iter().map(|value| ((value * percent + 50) / 100).clamp(1, 255)).sum()
    };
    (1..=100).min_by_key(|quality| sum_at(*quality).abs_diff(sum)).unwrap_or(100)
}

/// The height that a whole file defines behind its first scan (section B.2.5), for a frame that leaves it open;
/// `None` when there is none.
#[must_use]
pub fn height_at_end(file: &[u8]) -> Option<u32> {
    let mut input = Input::new(file);
    while let Ok(Some(marker)) = input.marker() {
        match marker {
            0xdc => {
                let content = input.segment().ok()?;
                return content.first_chunk().map(|height| u32::from(u16::from_be_bytes(*height)));
            }
            0x01 | 0xd0..=0xd9 => (),
            // Content of segments may look like markers.
            _ => input.skip_segment().ok()?,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A start, segments of marker and content, and a scan header.
    fn file(segments: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8];
        for (marker, content) in segments {
            bytes.extend([0xff, *marker]);
            bytes.extend(u16::try_from(content.len() + 2).unwrap().to_be_bytes());
            bytes.extend(*content);
        }
        bytes.extend([0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0]);
        bytes
    }

    const FRAME: &[u8] = &[8, 0, 17, 0, 33, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];

    #[test]
    fn frame_gives_size_and_units() {
        let head = Head::read(file(&[(0xc2, FRAME)]).as_slice()).unwrap();
        assert_eq!((head.frame.width, head.frame.height), (33, 17));
        assert_eq!(head.frame.mcus(), (3, 2));
        let blocks: Vec<_> = head.frame.components.iter().map(|c| head.frame.blocks(c)).collect();
        assert_eq!(blocks, [(5, 3), (3, 2), (3, 2)]);
    }

    #[test]
    fn coding_processes_that_cannot_be_decoded_are_named() {
        for (marker, word) in [(0xc3, "lossless"), (0xc5, "hierarchical"), (0xcb, "lossless")] {
            let refusal = Head::read(file(&[(marker, FRAME)]).as_slice()).unwrap_err();
            assert!(matches!(&refusal, Error::Unsupported(what) if what.contains(word)), "{refusal:?}");
        }
    }

    #[test]
    fn every_cut_before_the_scan_is_damage() {
        let whole = file(&[(0xe0, b"JFIF\0"), (0xdb, &[0; 65]), (0xc0, FRAME)]);
        for length in 2..whole.len() {
            let refusal = Head::read(&whole[..length]).unwrap_err();
            assert!(matches!(refusal, Error::CutShort | Error::Damaged(_)), "{length}: {refusal:?}");
        }
    }

    #[test]
    fn quality_is_that_of_the_scaled_table() {
        // Sums of libjpeg's luminance table at these qualities.
        for (sum, expected) in [(3688, 50), (64, 100), (740, 90), (1477, 80)] {
            assert!(quality(sum).abs_diff(expected) <= 1, "{sum}: {}", quality(sum));
        }
    }
}
