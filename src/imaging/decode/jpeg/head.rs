//! What a JPEG says before its first scan (ITU-T T.81, annex B; JFIF; Exif; ICC.1, annex B.4).

use std::io::{BufRead, Read};

use super::super::super::Error;
use super::super::super::geometry::Size;
use super::super::super::orient::Orientation;
use super::super::super::source::{CUT_SHORT, Source};
use super::super::exif_orientation;
use super::{damaged, unsupported};

/// Everything that is known before pixels are.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) size: Size,
    pub(super) process: Process,
    /// One, three or four.
    pub(super) components: Vec<Component>,
    pub(super) orientation: Orientation,
    pub(super) profile: Option<Vec<u8>>,
    /// Colour transform in Adobe's segment, if there is one: 0 none, 1 `YCbCr`, 2 YCCK.
    pub(super) adobe: Option<u8>,
    pub(super) is_jfif: bool,
    /// Estimated libjpeg quality.
    pub(super) quality: Option<u8>,
}

/// How coefficients are coded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Process {
    Baseline,
    Progressive,
}

/// One plane.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Component {
    pub(super) name: u8,
    /// Sampling factors, 1 to 4.
    pub(super) across: u8,
    pub(super) down: u8,
    table: u8,
}

impl Head {
    /// Reads up to the first scan; the source keeps what was read.
    pub(super) fn read<R: Read>(source: &mut Source<'_, R>) -> Result<Self, Error> {
        let mut segments = Segments::default();
        segments.read(source)?;
        segments.head()
    }

    /// Sizes of the planes in samples, padded to whole units of coding (T.81, A.2.4).
    pub(super) fn plane_sizes(&self) -> impl Iterator<Item = Size> {
        let most = |factor: fn(&Component) -> u8| {
            u32::from(self.components.iter().map(factor).max().unwrap_or(1).max(1))
        };
        let units = |length: u32, most: u32| length.div_ceil(8 * most);
        let across = units(self.size.width, most(|component| component.across));
        let down = units(self.size.height, most(|component| component.down));
        self.components.iter().map(move |component| Size {
            width: across * 8 * u32::from(component.across),
            height: down * 8 * u32::from(component.down),
        })
    }
}

/// Segments as they come.
#[derive(Default)]
struct Segments {
    frame: Option<(Size, Process, Vec<Component>)>,
    orientation: Option<Orientation>,
    icc: Vec<(u8, u8, Vec<u8>)>,
    adobe: Option<u8>,
    is_jfif: bool,
    /// Sums of the quantisation tables.
    tables: [Option<u32>; 4],
}

impl Segments {
    fn read<R: Read>(&mut self, source: &mut Source<'_, R>) -> Result<(), Error> {
        skip(source, 2)?;
        loop {
            let marker = next_marker(source)?;
            match marker {
                // Restart markers, TEM and SOI have no content.
                0x01 | 0xd0..=0xd8 => continue,
                0xd9 => return Err(damaged("it ends before its first scan")),
                _ => (),
            }
            let length = u16::from_be_bytes(array(source)?);
            let Some(length) = length.checked_sub(2) else {
                return Err(damaged("a segment is shorter than its own length"));
            };
            match marker {
                0xda => return Ok(()),
                0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcf | 0xdb | 0xe0..=0xe2 | 0xee => {
                    let mut content = vec![0; usize::from(length)];
                    source.read_exact(&mut content).map_err(cut_short)?;
                    self.take(marker, &content)?;
                }
                _ => skip(source, usize::from(length))?,
            }
        }
    }

    fn take(&mut self, marker: u8, content: &[u8]) -> Result<(), Error> {
        match marker {
            0xdb => self.take_tables(content),
            0xe0 => self.is_jfif |= content.starts_with(b"JFIF\0"),
            0xe1 => {
                if let Some(exif) = content.strip_prefix(b"Exif\0") {
                    // One byte of padding follows, by the standard zero.
                    self.orientation
                        .get_or_insert_with(|| exif_orientation(exif.get(1..).unwrap_or_default()));
                }
            }
            0xe2 => {
                if let Some([number, count, data @ ..]) = content.strip_prefix(b"ICC_PROFILE\0") {
                    self.icc.push((*number, *count, data.to_vec()));
                }
            }
            0xee => {
                if content.starts_with(b"Adobe") {
                    self.adobe = content.get(11).copied();
                }
            }
            _ => self.take_frame(marker, content)?,
        }
        Ok(())
    }

    fn take_frame(&mut self, marker: u8, content: &[u8]) -> Result<(), Error> {
        let process = match marker {
            0xc0 | 0xc1 => Process::Baseline,
            0xc2 => Process::Progressive,
            0xc3 => return Err(unsupported("lossless coding")),
            0xc4 | 0xcc => return Ok(()),
            0xc5..=0xc7 | 0xcd..=0xcf => return Err(unsupported("hierarchical coding")),
            _ => return Err(unsupported("arithmetic coding")),
        };
        if self.frame.is_some() {
            return Err(damaged("it has two frames"));
        }
        let short = || damaged("its frame header is cut short");
        let ([precision, high_y, low_y, high_x, low_x, count], rest) =
            content.split_first_chunk().ok_or_else(short)?;
        if *precision != 8 {
            return Err(unsupported(&format!("{precision} bits a sample")));
        }
        let size = Size {
            width: u16::from_be_bytes([*high_x, *low_x]).into(),
            height: u16::from_be_bytes([*high_y, *low_y]).into(),
        };
        if size.height == 0 {
            return Err(unsupported("its height at the end"));
        }
        if size.width == 0 {
            return Err(damaged("it has no width"));
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(unsupported(&format!("{count} components")));
        }
        let (chunks, _) = rest.as_chunks::<3>();
        let components: Vec<Component> = chunks.iter().take(usize::from(*count)).map(component).collect();
        if components.len() < usize::from(*count) {
            return Err(short());
        }
        if components.iter().any(|c| !(1..=4).contains(&c.across) || !(1..=4).contains(&c.down)) {
            return Err(damaged("a sampling factor is not between 1 and 4"));
        }
        self.frame = Some((size, process, components));
        Ok(())
    }

    /// Tables of 64 values of one or two bytes, each behind a byte of precision and number.
    fn take_tables(&mut self, mut content: &[u8]) {
        while let Some((kind, rest)) = content.split_first() {
            let length = if kind >> 4 == 0 { 64 } else { 128 };
            let Some((table, rest)) = rest.split_at_checked(length) else { return };
            let sum = match length {
                64 => table.iter().map(|value| u32::from(*value)).sum(),
                _ => table.as_chunks().0.iter().map(|pair| u32::from(u16::from_be_bytes(*pair))).sum(),
            };
            if let Some(place) = self.tables.get_mut(usize::from(kind & 15)) {
                *place = Some(sum);
            }
            content = rest;
        }
    }

    fn head(&mut self) -> Result<Head, Error> {
        let no_frame = || damaged("its first scan comes before its frame header");
        let (size, process, components) = self.frame.take().ok_or_else(no_frame)?;
        let table = components.first().and_then(|first| self.tables.get(usize::from(first.table)));
        Ok(Head {
            size,
            process,
            orientation: self.orientation.unwrap_or_default(),
            profile: joined(&mut self.icc),
            adobe: self.adobe,
            is_jfif: self.is_jfif,
            quality: table.copied().flatten().map(quality),
            components,
        })
    }
}

fn component(&[name, factors, table]: &[u8; 3]) -> Component {
    Component { name, across: factors >> 4, down: factors & 15, table }
}

/// The parts of a profile in order, if all are there.
fn joined(parts: &mut [(u8, u8, Vec<u8>)]) -> Option<Vec<u8>> {
    parts.sort_by_key(|(number, _, _)| *number);
    let complete = (1_u8..)
        .zip(parts.iter())
        .all(|(expected, (number, count, _))| *number == expected && usize::from(*count) == parts.len());
    (complete && !parts.is_empty())
        .then(|| parts.iter().flat_map(|(_, _, data)| data.iter().copied()).collect())
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

/// The byte after the next 0xff that is not filling. Stray bytes before it are passed over, as by libjpeg.
fn next_marker<R: Read>(source: &mut Source<'_, R>) -> Result<u8, Error> {
    loop {
        let [byte] = array(source)?;
        if byte != 0xff {
            continue;
        }
        let mut marker = 0xff;
        while marker == 0xff {
            [marker] = array(source)?;
        }
        if marker != 0 {
            return Ok(marker);
        }
    }
}

fn array<R: Read, const N: usize>(source: &mut Source<'_, R>) -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    source.read_exact(&mut bytes).map_err(cut_short)?;
    Ok(bytes)
}

fn skip<R: Read>(source: &mut Source<'_, R>, mut count: usize) -> Result<(), Error> {
    while count > 0 {
        let there = source.fill_buf().map_err(cut_short)?.len().min(count);
        if there == 0 {
            return Err(damaged(CUT_SHORT));
        }
        source.consume(there);
        count -= there;
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn cut_short(error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => damaged(CUT_SHORT),
        _ => damaged(&error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::super::Cancel;
    use super::*;

    /// A start, segments of marker and content, and a scan header.
    fn file(segments: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8];
        for (marker, content) in segments {
            bytes.extend([0xff, *marker]);
            bytes.extend(u16::try_from(content.len() + 2).unwrap().to_be_bytes());
            bytes.extend(*content);
        }
        bytes.extend([0xff, 0xda, 0, 2]);
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Head, Error> {
        Head::read(&mut Source::new(bytes, None, &Cancel::default()))
    }

    const FRAME: &[u8] = &[8, 0, 17, 0, 33, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];

    #[test]
    fn frame_gives_size_and_planes() {
        let head = read(&file(&[(0xc2, FRAME)])).unwrap();
        assert_eq!(head.size, Size { width: 33, height: 17 });
        assert_eq!(head.process, Process::Progressive);
        let planes: Vec<(u32, u32)> = head.plane_sizes().map(|size| (size.width, size.height)).collect();
        assert_eq!(planes, [(48, 32), (24, 16), (24, 16)]);
    }

    #[test]
    fn profile_is_joined_in_order_and_only_if_complete() {
        let part = |number: u8, count: u8, data: &[u8]| {
            [b"ICC_PROFILE\0", [number, count].as_slice(), data].concat()
        };
        let (second, first) = (part(2, 2, b"cd"), part(1, 2, b"ab"));
        let head = read(&file(&[(0xe2, &second), (0xe2, &first), (0xc0, FRAME)])).unwrap();
        assert_eq!(head.profile.as_deref(), Some(&b"abcd"[..]));
        let head = read(&file(&[(0xe2, &second), (0xc0, FRAME)])).unwrap();
        assert_eq!(head.profile, None);
    }

    #[test]
    fn orientation_is_read_from_exif_in_both_byte_orders() {
        let little = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let big = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        for exif in [&little[..], &big[..]] {
            let head = read(&file(&[(0xe1, exif), (0xc0, FRAME)])).unwrap();
            assert_eq!(head.orientation, Orientation::from_exif(6));
        }
        let head = read(&file(&[(0xe1, b"Exif\0\0II*\0\xff\xff\xff\xff"), (0xc0, FRAME)])).unwrap();
        assert_eq!(head.orientation, Orientation::default());
    }

    #[test]
    fn coding_processes_that_cannot_be_decoded_are_named() {
        for (marker, word) in [(0xc3, "lossless"), (0xc5, "hierarchical"), (0xc9, "arithmetic")] {
            let refusal = read(&file(&[(marker, FRAME)])).unwrap_err();
            assert!(matches!(&refusal, Error::Unsupported { what } if what.contains(word)), "{refusal:?}");
        }
    }

    #[test]
    fn every_cut_before_the_scan_is_damage() {
        let whole = file(&[(0xe0, b"JFIF\0"), (0xdb, &[0; 65]), (0xc0, FRAME)]);
        for length in 2..whole.len() {
            let refusal = read(&whole[..length]).unwrap_err();
            assert!(matches!(refusal, Error::Damaged { .. }), "{length}: {refusal:?}");
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
