//! HEIF decoder (ISO/IEC 23008-12), for AVIF (AV1 Image File Format; MIAF, ISO/IEC 23000-22) and, with the feature
//! `heic`, HEIC (annex B): metadata first, then the coded pictures.
//!
//! Items may lie anywhere, so the file is read whole; its declared size is admitted before, if the metadata come
//! first. Of an image sequence the still image is decoded, or else the first frame. Rotation, mirroring and crop are
//! properties of the image. The orientation in EXIF repeats them and is ignored (MIAF, section 7.3.9).
//!
//! Memory: the file, tables of its items, and a copy of what is being decoded; the decoder; the joined tiles of a grid;
//! and the scaler. The decoder of AV1 (`av1/stream.rs`) takes a picture for each layer, one more for superres and for film
//! grain, 1 byte per pixel, and 14 KiB for each tile of AV1; that of HEVC up to three pictures, 2 bytes per pixel and
//! three copies more.
//!
//! Time: no item is decoded twice, and the size of the image bounds the pixels that are decoded
//! ([`PixelAllowance`]). Items together have no more bytes than the file.

mod allowance;
mod av1;
mod bits;
mod cicp;
mod container;
mod convert;
mod grid;
#[cfg(feature = "heic")]
mod hevc;
mod item;
mod planes;
mod sequence;
mod still_image;
mod tiles;

use std::io::Read;
use std::ops::Range;

use crate::imaging::color::code_points::Colorimetry;
use crate::imaging::decode::heif::allowance::PixelAllowance;
use crate::imaging::decode::heif::av1::decoder::LoopFilters;
use crate::imaging::decode::heif::cicp::Matrix;
use crate::imaging::decode::heif::container::boxes::BoxHeader;
use crate::imaging::decode::heif::container::meta::Meta;
use crate::imaging::decode::heif::container::property::CodePoints;
use crate::imaging::decode::heif::convert::Converter;
use crate::imaging::decode::heif::grid::TileGrid;
use crate::imaging::decode::heif::still_image::StillImage;
use crate::imaging::decoded::Decoded;
use crate::imaging::error::Error;
use crate::imaging::input::source::{SourceReader, TRUNCATED};
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::picture::geometry::Cell;
use crate::imaging::pixels::reduce;
use crate::imaging::pixels::source_rows::SourceRows;
use crate::imaging::pixels::source_scaler::SourceScaler;
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;

/// Most bytes in which metadata are searched before the file is read whole.
const MAX_EARLY_BYTES: usize = 1024 * 1024;

/// Identifier of the box that has a manifest of C2PA (C2PA, embedding in BMFF).
const C2PA: [u8; 16] = *b"\xd8\xfe\xc3\xd6\x1b\x0e\x48\x3c\x92\x97\x58\x28\x87\x7e\xc4\x81";

/// Most bytes of a box header.
const BOX_HEADER_BYTES: usize = 16;

/// Decodes the still image of a file whose brands tell `format`. The items decide whether it is AVIF or HEIC.
///
/// # Errors
/// As [`decode::decode`](crate::imaging::decode::decode).
pub(super) fn decode<R: Read>(
    source: &mut SourceReader<'_, R>,
    format: SourceFormat,
    demand: Demand<'_>,
    budget: &mut Budget,
) -> Result<Decoded, Error> {
    admit_early(source, budget)?;
    let cancel = source.cancel();
    let file = source.take_bytes(budget)?;
    let meta = read_meta(&file, format, budget)?;
    let format = meta.format();
    let still = StillImage::new(&meta, &file, budget)?;
    budget.admit(still.color.size)?;
    let full = still.crop.size;
    let ratio = demand.ratio(full, still.orientation);

    let filters = LoopFilters::needed_for(ratio);
    let mut allowance = PixelAllowance::new(still.color.size, format);
    let mut decode =
        |grid: &TileGrid| tiles::decode(&meta, &file, grid, filters, &mut allowance, budget, cancel);
    let color = decode(&still.color)?;
    let alpha = still.alpha.as_ref().map(decode).transpose()?;
    let code_points = still.code_points.unwrap_or(color.color);
    let alpha_matrix = |alpha: &planes::Planes| {
        let grey = alpha.color.grey();
        // Alpha is from 0 to the largest sample. HEVC without usability information would have the limited range.
        let full_range = grey.full_range || format == SourceFormat::Heic;
        Matrix::new(CodePoints { full_range, ..grey }, alpha.format.bits, format)
    };
    let converter = Converter {
        matrix: Matrix::new(code_points, color.format.bits, format)?,
        color: &color,
        alpha: alpha.as_ref().map(|alpha| Ok((alpha, alpha_matrix(alpha)?))).transpose()?,
        premultiplied: still.premultiplied,
        crop: still.crop,
    };
    let (layout, depth) = converter.layout();
    budget.reserve(converter.row_bytes())?;
    // Cells are averaged in the planes, unless alpha weights their colours.
    let wanted = if converter.needs_every_pixel() { Cell::PIXEL } else { reduce::cell(ratio) };
    let cell = converter.cell(wanted);
    let rows = SourceRows::averaged(full, layout, depth, cell);
    let mut scaler = SourceScaler::new(rows, demand, Some(still.orientation), budget)?;
    converter.convert(cell, &mut scaler, cancel)?;
    let profile = match still.icc {
        Some(icc) => {
            budget.reserve(to_u64(icc.len()))?;
            Some(icc.to_vec())
        }
        None => Colorimetry::by_code_points(code_points.primaries, code_points.transfer).profile(layout),
    };
    let mut provenance = still.provenance;
    provenance.has_c2pa = has_c2pa(&file);
    Ok(Decoded {
        orientation: still.orientation,
        profile,
        copyright: still.copyright,
        provenance,
        ..Decoded::plain(format, scaler.finish())
    })
}

/// The items of a file: of its `meta` box or, without a primary item there, of the first frame of its sequence.
fn read_meta<'a>(file: &'a [u8], format: SourceFormat, budget: &mut Budget) -> Result<Meta<'a>, Error> {
    let truncated = || Error::damaged(format, TRUNCATED);
    let meta = find_box(file, *b"meta", 0);
    if let BoxLocation::At(range) = &meta {
        let content = file.get(range.clone()).ok_or_else(truncated)?;
        budget.reserve(Meta::memory(content))?;
        let meta = Meta::read(content).ok_or_else(|| Error::damaged(format, "its metadata are broken"))?;
        if meta.primary.is_some() {
            return Ok(meta);
        }
    }
    match (find_box(file, *b"moov", 0), meta) {
        (BoxLocation::At(range), _) => {
            let content = file.get(range).ok_or_else(truncated)?;
            sequence::first_frame(content, format)
        }
        (_, BoxLocation::NotBefore(_)) => Err(truncated()),
        (_, BoxLocation::At(_) | BoxLocation::Missing) => {
            Err(Error::unsupported(format, "no primary picture"))
        }
    }
}

/// `true` if a file has a manifest of C2PA.
fn has_c2pa(file: &[u8]) -> bool {
    let mut at = 0;
    while let BoxLocation::At(content) = find_box(file, *b"uuid", at) {
        at = content.end;
        if file.get(content).is_some_and(|content| content.starts_with(&C2PA)) {
            return true;
        }
    }
    false
}

/// Location of a box at the top level of a file.
enum BoxLocation {
    /// Range of its content.
    At(Range<usize>),
    /// Not before this offset, at which the next box begins.
    NotBefore(usize),
    Missing,
}

/// Finds the first box of a kind at the top level of a file, or of its beginning, from the box at offset `at` on.
fn find_box(file: &[u8], wanted: [u8; 4], mut at: usize) -> BoxLocation {
    while let Some(rest) = file.get(at..) {
        if rest.is_empty() {
            return BoxLocation::Missing;
        }
        let Some(BoxHeader { kind, header, length }) = BoxHeader::read(rest) else {
            let is_cut = rest.len() < BOX_HEADER_BYTES;
            return if is_cut { BoxLocation::NotBefore(at) } else { BoxLocation::Missing };
        };
        let end = length.map_or(Some(file.len()), |length| at.checked_add(length));
        let Some(end) = end else { return BoxLocation::Missing };
        if kind == wanted {
            return BoxLocation::At(at.saturating_add(header)..end);
        }
        at = end;
    }
    BoxLocation::NotBefore(at)
}

/// Admits the declared size before the whole file has arrived. MIAF asks for the metadata at the beginning.
fn admit_early<R: Read>(source: &mut SourceReader<'_, R>, budget: &mut Budget) -> Result<(), Error> {
    let mut at = 0;
    loop {
        let known = at + BOX_HEADER_BYTES;
        if known > MAX_EARLY_BYTES {
            return Ok(());
        }
        match find_box(source.head(known)?, *b"meta", at) {
            BoxLocation::At(range) if range.end <= MAX_EARLY_BYTES => {
                let content = source.head(range.end)?.get(range).unwrap_or_default();
                let memory = Meta::memory(content);
                budget.reserve(memory)?;
                // Broken metadata are reported later, after the whole file was read.
                let size = Meta::read(content).and_then(|meta| grid::declared_size(&meta, meta.primary?));
                budget.release(memory);
                return size.map_or(Ok(()), |size| budget.admit(size));
            }
            // A box of the beginning is never read twice, so that many small ones take no time.
            BoxLocation::NotBefore(next) if next > at => at = next,
            BoxLocation::At(_) | BoxLocation::NotBefore(_) | BoxLocation::Missing => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meta_box_is_found_or_expected_further_on() {
        let at = |file: &[u8]| match find_box(file, *b"meta", 0) {
            BoxLocation::At(range) => format!("at {range:?}"),
            BoxLocation::NotBefore(at) => format!("not before {at}"),
            BoxLocation::Missing => "missing".to_owned(),
        };
        let file = b"\0\0\0\x0cftypavif\0\0\0\x0ameta\0\0";
        assert_eq!(at(file), "at 20..22");
        assert_eq!(at(&file[..12]), "missing");
        assert_eq!(at(&file[..16]), "not before 12");
        assert_eq!(at(&file[..8]), "not before 12");
        assert_eq!(at(b"\0\0\0\x02ftyp\0\0\0\0\0\0\0\0"), "missing");
    }
}
