//! AVIF decoder (AV1 Image File Format; MIAF, ISO/IEC 23000-22): metadata first, then AV1 by rav1d.
//!
//! Items may lie anywhere, so the file is read whole; its declared size is admitted before, if the metadata come
//! first. Of an image sequence the still image is decoded. Rotation, mirroring and crop are properties of the image.
//! The orientation in EXIF repeats them and is ignored (MIAF, section 7.3.9).
//!
//! Memory: the file, and a copy of what is being decoded; a picture for each layer in the decoder, one more for film
//! grain, and 1 byte per pixel of working memory; the joined tiles of a grid; and the reduced picture.

mod boxes;
mod cicp;
mod convert;
mod meta;
mod planes;
mod stream;

use std::io::Read;
use std::ops::Range;

use crate::imaging::color::code_points::Colorimetry;
use crate::imaging::decode::avif::boxes::{BoxHeader, ByteReader};
use crate::imaging::decode::avif::cicp::Matrix;
use crate::imaging::decode::avif::convert::{Converter, Crop};
use crate::imaging::decode::avif::meta::{CodePoints, Meta, Property};
use crate::imaging::decoded::Decoded;
use crate::imaging::error::Error;
use crate::imaging::exif::copyright::Copyright;
use crate::imaging::input::source::{SourceReader, TRUNCATED};
use crate::imaging::limits::{Budget, bytes_of, to_u64};
use crate::imaging::picture::Picture;
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::pixels::reduce::Reducer;
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;

/// Most bytes in which metadata are searched before the file is read whole.
const MAX_EARLY_BYTES: usize = 1024 * 1024;

/// Most bytes of a box header.
const BOX_HEADER_BYTES: usize = 16;

/// The still image of a file: its items and properties.
#[derive(Debug)]
struct StillImage<'a> {
    color: planes::TileGrid,
    alpha: Option<planes::TileGrid>,
    /// `true` if colours are stored multiplied by alpha.
    premultiplied: bool,
    /// Clean aperture, or the whole image.
    crop: Crop,
    orientation: Orientation,
    /// Code points of `colr`, which override those of the bitstream.
    code_points: Option<CodePoints>,
    icc: Option<&'a [u8]>,
    copyright: Copyright,
}

/// Decodes the still image of an AVIF.
///
/// # Errors
/// As [`decode::decode`](crate::imaging::decode::decode).
pub(super) fn decode<R: Read>(
    source: &mut SourceReader<'_, R>,
    demand: Demand<'_>,
    budget: &mut Budget,
) -> Result<Decoded, Error> {
    admit_early(source, budget)?;
    let cancel = source.cancel();
    let file = source.take_bytes(budget)?;
    let content = match find_meta(&file) {
        MetaLocation::At(range) => {
            file.get(range).ok_or_else(|| Error::damaged(SourceFormat::Avif, TRUNCATED))?
        }
        MetaLocation::NotBefore(_) => return Err(Error::damaged(SourceFormat::Avif, TRUNCATED)),
        MetaLocation::Missing => {
            return Err(Error::unsupported(SourceFormat::Avif, "a sequence without a still picture"));
        }
    };
    budget.reserve(to_u64(content.len()).saturating_mul(meta::MEMORY_FACTOR))?;
    let meta =
        Meta::read(content).ok_or_else(|| Error::damaged(SourceFormat::Avif, "its metadata are broken"))?;
    let still = StillImage::new(&meta, &file)?;
    budget.admit(still.color.size)?;
    let full = still.crop.size;
    let ratio = demand.ratio(full, still.orientation);

    let color = planes::decode(&meta, &file, &still.color, budget, cancel)?;
    let alpha = still.alpha.as_ref().map(|grid| planes::decode(&meta, &file, grid, budget, cancel));
    let alpha = alpha.transpose()?;
    let code_points = still.code_points.unwrap_or(color.color);
    let alpha_matrix = |alpha: &planes::Planes| Matrix::new(alpha.color.grey(), alpha.format.bits);
    let converter = Converter {
        matrix: Matrix::new(code_points, color.format.bits)?,
        color: &color,
        alpha: alpha.as_ref().map(|alpha| Ok((alpha, alpha_matrix(alpha)?))).transpose()?,
        premultiplied: still.premultiplied,
        crop: still.crop,
    };
    let (layout, depth) = converter.layout();
    let wanted = Reducer::cell(ratio);
    let (picture, cell) = if layout.has_alpha() {
        let mut reducer = Reducer::new(full, layout, depth, wanted, budget)?;
        converter.convert_all(&mut reducer, cancel)?;
        reducer.finish()
    } else {
        let cell = converter.cell(wanted);
        let size = cell.reduced(full);
        budget.reserve(bytes_of(size, to_u64(layout.channels() * depth.bytes())))?;
        let mut picture = Picture::blank(size, layout, depth);
        converter.convert_averaged(cell, &mut picture, cancel)?;
        (picture, cell)
    };
    let profile = match still.icc {
        Some(icc) => Some(icc.to_vec()),
        None => Colorimetry::by_code_points(code_points.primaries, code_points.transfer).profile(layout),
    };
    Ok(Decoded {
        orientation: still.orientation,
        profile,
        copyright: still.copyright,
        ..Decoded::plain(SourceFormat::Avif, picture, full, cell)
    })
}

/// Location of the `meta` box.
enum MetaLocation {
    /// Range of its content.
    At(Range<usize>),
    /// Not before this offset, at which the next box begins.
    NotBefore(usize),
    Missing,
}

/// Finds the first `meta` box at the top level of a file, or of its beginning.
fn find_meta(file: &[u8]) -> MetaLocation {
    let mut at = 0_usize;
    while let Some(rest) = file.get(at..) {
        if rest.is_empty() {
            return MetaLocation::Missing;
        }
        let Some(BoxHeader { kind, header, length }) = BoxHeader::read(rest) else {
            let is_cut = rest.len() < BOX_HEADER_BYTES;
            return if is_cut { MetaLocation::NotBefore(at) } else { MetaLocation::Missing };
        };
        let end = length.map_or(Some(file.len()), |length| at.checked_add(length));
        let Some(end) = end else { return MetaLocation::Missing };
        if kind == *b"meta" {
            return MetaLocation::At(at.saturating_add(header)..end);
        }
        at = end;
    }
    MetaLocation::NotBefore(at)
}

/// Admits the declared size before the whole file has arrived. MIAF asks for the metadata at the beginning.
fn admit_early<R: Read>(source: &mut SourceReader<'_, R>, budget: &Budget) -> Result<(), Error> {
    let mut known = BOX_HEADER_BYTES;
    while known <= MAX_EARLY_BYTES {
        match find_meta(source.head(known)?) {
            MetaLocation::At(range) if range.end <= MAX_EARLY_BYTES => {
                // Broken metadata are reported later, after the whole file was read.
                let meta = source.head(range.end)?.get(range).and_then(Meta::read);
                let size = meta.and_then(|meta| declared_size(&meta, meta.primary?));
                return size.map_or(Ok(()), |size| budget.admit(size));
            }
            MetaLocation::NotBefore(at) if at.saturating_add(BOX_HEADER_BYTES) > known => {
                known = at.saturating_add(BOX_HEADER_BYTES);
            }
            MetaLocation::At(_) | MetaLocation::NotBefore(_) | MetaLocation::Missing => return Ok(()),
        }
    }
    Ok(())
}

impl<'a> StillImage<'a> {
    /// Collects the primary item's tiles, alpha and properties.
    fn new(meta: &Meta<'a>, file: &'a [u8]) -> Result<Self, Error> {
        let primary =
            meta.primary.ok_or_else(|| Error::unsupported(SourceFormat::Avif, "no primary picture"))?;
        let color = tile_grid(meta, file, primary)?;
        let alpha = alpha_grid(meta, file, primary, &color)?;
        let mut still = Self {
            premultiplied: !meta.references_from(*b"prem", primary).is_empty(),
            crop: Crop { left: 0, top: 0, size: color.size },
            color,
            alpha,
            orientation: Orientation::default(),
            code_points: None,
            icc: None,
            copyright: copyright(meta, file, primary),
        };
        // Crop, rotation and mirroring apply in the order of the properties.
        for (_, property) in meta.properties_of(primary) {
            match property {
                Property::CleanAperture(numbers) if still.orientation == Orientation::default() => {
                    still.crop = clean_aperture(still.color.size, numbers).ok_or_else(|| {
                        Error::damaged(SourceFormat::Avif, "its clean aperture is outside of the picture")
                    })?;
                }
                Property::CleanAperture(_) => {
                    return Err(Error::unsupported(
                        SourceFormat::Avif,
                        "a picture that is cropped after it is turned",
                    ));
                }
                Property::CodePoints(code_points) => still.code_points = Some(code_points),
                Property::Icc(icc) => still.icc = Some(icc),
                Property::Mirror(axis) => {
                    let mirror = Orientation::from_exif(if axis == 0 { 4 } else { 2 });
                    still.orientation = still.orientation.then(mirror);
                }
                Property::Rotation(turns) => {
                    // Turns are anti-clockwise in the file, clockwise in `quarters`.
                    still.orientation = still.orientation.then(Orientation::quarters(4 - turns.min(4)));
                }
                Property::Auxiliary(_)
                | Property::Ignored
                | Property::Layer(_)
                | Property::OperatingPoint(_)
                | Property::Size(_)
                | Property::Unknown(_) => (),
            }
        }
        Ok(still)
    }
}

/// Artist and Copyright from the EXIF item of an image. The item begins with the offset of its TIFF header from there
/// (ISO/IEC 23008-12, annex A.2.1).
fn copyright(meta: &Meta<'_>, file: &[u8], primary: u32) -> Copyright {
    let exif = || {
        let item = meta.references_to(*b"cdsc", primary).find(|item| meta.kind(*item) == Some(*b"Exif"))?;
        let content = meta.content(item, file)?;
        let mut bytes = ByteReader(&content);
        let offset = bytes.u32()?;
        bytes.take(usize::try_from(offset).ok()?)?;
        Some(Copyright::read(bytes.0))
    };
    exif().unwrap_or_default()
}

fn declared_size(meta: &Meta<'_>, item: u32) -> Option<Size> {
    meta.properties_of(item).find_map(|(_, property)| match property {
        Property::Size(size) => Some(size),
        _ => None,
    })
}

/// The tiles of an item; one for a plain AV1 image. Refuses unknown essential properties.
fn tile_grid(meta: &Meta<'_>, file: &[u8], item: u32) -> Result<planes::TileGrid, Error> {
    for (essential, property) in meta.properties_of(item) {
        if let (true, Property::Unknown(kind)) = (essential, property) {
            return Err(Error::unsupported(
                SourceFormat::Avif,
                &format!("a property {}", kind.escape_ascii()),
            ));
        }
    }
    match &meta.kind(item).unwrap_or_default() {
        b"av01" => {
            let size = declared_size(meta, item)
                .ok_or_else(|| Error::damaged(SourceFormat::Avif, "its size is missing"))?;
            Ok(planes::TileGrid { tiles: vec![item], columns: 1, size })
        }
        b"grid" => {
            let content =
                meta.content(item, file).ok_or_else(|| Error::damaged(SourceFormat::Avif, TRUNCATED))?;
            let tiles = meta.references_from(*b"dimg", item);
            read_grid(ByteReader(&content), tiles)
                .ok_or_else(|| Error::damaged(SourceFormat::Avif, "its grid is broken"))
        }
        b"hev1" | b"hvc1" => Err(Error::Heic),
        other => Err(Error::unsupported(
            SourceFormat::Avif,
            &format!("a picture of the type {}", other.escape_ascii()),
        )),
    }
}

/// Reads the content of a grid item (ISO/IEC 23008-12, section 6.6.2.3): version, flags, rows less one, columns less
/// one, width and height.
fn read_grid(mut content: ByteReader<'_>, tiles: &[u32]) -> Option<planes::TileGrid> {
    content.u8()?;
    let is_long = content.u8()? & 1 == 1;
    let [rows, columns] = content.array()?.map(|less_one: u8| usize::from(less_one) + 1);
    let size = Size { width: content.u16_or_u32(is_long)?, height: content.u16_or_u32(is_long)? };
    (rows * columns == tiles.len() && size.pixels() > 0).then(|| planes::TileGrid {
        tiles: tiles.to_vec(),
        columns,
        size,
    })
}

/// The alpha of an image, as one item or as an item for each of its tiles.
fn alpha_grid(
    meta: &Meta<'_>,
    file: &[u8],
    primary: u32,
    color: &planes::TileGrid,
) -> Result<Option<planes::TileGrid>, Error> {
    const ALPHA: [&[u8]; 2] = [b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1"];
    let is_alpha = |item: &u32| {
        meta.properties_of(*item)
            .any(|(_, property)| matches!(property, Property::Auxiliary(kind) if ALPHA.contains(&kind)))
    };
    let alpha_of = |item: u32| meta.references_to(*b"auxl", item).find(is_alpha);
    if let Some(item) = alpha_of(primary) {
        let size = color.size;
        return Ok(Some(match &meta.kind(item).unwrap_or_default() {
            b"av01" => planes::TileGrid { tiles: vec![item], columns: 1, size },
            _ => tile_grid(meta, file, item)?,
        }));
    }
    if meta.kind(primary) != Some(*b"grid") {
        return Ok(None);
    }
    let tiles: Option<Vec<u32>> = color.tiles.iter().map(|tile| alpha_of(*tile)).collect();
    Ok(tiles.map(|tiles| planes::TileGrid { tiles, ..color.clone() }))
}

/// The crop of a clean aperture in whole pixels; `None` if it is not inside the image (ISO/IEC 14496-12, section
/// 12.1.4).
///
/// The aperture's centre is the image's centre plus an offset x. The left edge is (W − w) / 2 + x, rounded, for an
/// image of width W and an aperture of width w. The upper edge likewise.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be within the image")]
fn clean_aperture(whole: Size, numbers: [u32; 8]) -> Option<Crop> {
    let [wn, wd, hn, hd, xn, xd, yn, yd] = numbers;
    let quotient = |n: f64, d: u32| if d == 0 { None } else { Some(n / f64::from(d)) };
    let signed = |n: u32| f64::from(n.cast_signed());
    let (width, height) = (quotient(f64::from(wn), wd)?.floor(), quotient(f64::from(hn), hd)?.floor());
    let (x, y) = (quotient(signed(xn), xd)?, quotient(signed(yn), yd)?);
    let left = ((f64::from(whole.width) - width) / 2.0 + x).round();
    let top = ((f64::from(whole.height) - height) / 2.0 + y).round();
    let inside = width >= 1.0
        && height >= 1.0
        && left >= 0.0
        && top >= 0.0
        && left + width <= f64::from(whole.width)
        && top + height <= f64::from(whole.height);
    let size = Size { width: width as u32, height: height as u32 };
    inside.then_some(Crop { left: left as u32, top: top as u32, size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meta_box_is_found_or_expected_further_on() {
        let at = |file: &[u8]| match find_meta(file) {
            MetaLocation::At(range) => format!("at {range:?}"),
            MetaLocation::NotBefore(at) => format!("not before {at}"),
            MetaLocation::Missing => "missing".to_owned(),
        };
        let file = b"\0\0\0\x0cftypavif\0\0\0\x0ameta\0\0";
        assert_eq!(at(file), "at 20..22");
        assert_eq!(at(&file[..12]), "missing");
        assert_eq!(at(&file[..16]), "not before 12");
        assert_eq!(at(&file[..8]), "not before 12");
        assert_eq!(at(b"\0\0\0\x02ftyp\0\0\0\0\0\0\0\0"), "missing");
    }

    #[test]
    fn clean_aperture_is_centred_and_must_be_inside() {
        let whole = Size { width: 100, height: 50 };
        let crop =
            |numbers| clean_aperture(whole, numbers).map(|p| (p.left, p.top, p.size.width, p.size.height));
        assert_eq!(crop([80, 1, 40, 1, 0, 1, 0, 1]), Some((10, 5, 80, 40)));
        assert_eq!(crop([96, 1, 50, 1, u32::MAX, 2, 0, 1]), Some((2, 0, 96, 50)), "half a pixel to the left");
        assert_eq!(crop([80, 1, 40, 1, 11, 1, 0, 1]), None);
        assert_eq!(crop([80, 0, 40, 1, 0, 1, 0, 1]), None);
        assert_eq!(crop([0, 1, 40, 1, 0, 1, 0, 1]), None);
    }

    #[test]
    fn grid_must_have_the_declared_number_of_tiles() {
        let content = [0, 0, 1, 2, 4, 0, 2, 0];
        let grid = read_grid(ByteReader(&content), &[7, 8, 9, 10, 11, 12]).unwrap();
        assert_eq!((grid.columns, grid.size), (3, Size { width: 1024, height: 512 }));
        assert_eq!(read_grid(ByteReader(&content), &[7, 8]), None);
        assert_eq!(read_grid(ByteReader(&content[..7]), &[7, 8, 9, 10, 11, 12]), None);
    }
}
