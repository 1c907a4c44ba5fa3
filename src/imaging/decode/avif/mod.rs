//! AVIF: the metadata come first and decide; then the file is read whole, for its items may lie anywhere.
//!
//! Of a sequence, its still picture counts. What rotates, mirrors and crops a picture are its properties; an
//! orientation in its EXIF data says the same again and is not obeyed (MIAF, ISO/IEC 23000-22, section 7.3.9).
//!
//! Memory: the file and a copy of what is being decoded; in the decoder a picture for each layer, one more for animation
//! sampling, and 2 bytes a pixel of working memory; the tiles of a grid put together; and the picture, averaged as far as
//! its recipes allow.

mod boxes;
mod cicp;
mod convert;
mod meta;
mod planes;
mod stream;

use std::io::Read;
use std::ops::Range;

use crate::imaging::color::code_points::Colorimetry;
use crate::imaging::decode::avif::boxes::{BoxHeader, Bytes};
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

/// Bytes in which the metadata are looked for before the file is read whole.
const HEAD: usize = 1024 * 1024;

/// Bytes that are enough for the header of a box.
const BOX: usize = 16;

/// What a file says of its picture.
#[derive(Debug)]
struct Still<'a> {
    color: planes::TileGrid,
    alpha: Option<planes::TileGrid>,
    premultiplied: bool,
    part: Crop,
    orientation: Orientation,
    coded: Option<CodePoints>,
    icc: Option<&'a [u8]>,
    copyright: Copyright,
}

pub(super) fn decode<R: Read>(
    source: &mut SourceReader<'_, R>,
    demand: Demand<'_>,
    budget: &mut Budget,
) -> Result<Decoded, Error> {
    admit_early(source, budget)?;
    let cancel = source.cancel();
    let file = source.take_bytes(budget)?;
    let content = match find(&file) {
        Metadata::At(place) => {
            file.get(place).ok_or_else(|| Error::damaged(SourceFormat::Avif, TRUNCATED))?
        }
        Metadata::Beyond(_) => return Err(Error::damaged(SourceFormat::Avif, TRUNCATED)),
        Metadata::Missing => {
            return Err(Error::unsupported(SourceFormat::Avif, "a sequence without a still picture"));
        }
    };
    budget.reserve(to_u64(content.len()).saturating_mul(meta::MEMORY))?;
    let meta =
        Meta::read(content).ok_or_else(|| Error::damaged(SourceFormat::Avif, "its metadata are broken"))?;
    let still = Still::new(&meta, &file)?;
    budget.admit(still.color.size)?;
    let full = still.part.size;
    let ratio = demand.ratio(still.orientation.size(full));

    let color = planes::decode(&meta, &file, &still.color, budget, cancel)?;
    let alpha = still.alpha.as_ref().map(|layout| planes::decode(&meta, &file, layout, budget, cancel));
    let alpha = alpha.transpose()?;
    let coded = still.coded.unwrap_or(color.color);
    let alpha_matrix = |alpha: &planes::Planes| Matrix::new(alpha.color.grey(), alpha.format.bits);
    let converter = Converter {
        matrix: Matrix::new(coded, color.format.bits)?,
        color: &color,
        alpha: alpha.as_ref().map(|alpha| Ok((alpha, alpha_matrix(alpha)?))).transpose()?,
        premultiplied: still.premultiplied,
        part: still.part,
    };
    let (layout, depth) = converter.layout();
    let wanted = Reducer::cell(ratio);
    let (picture, cell) = if layout.has_alpha() {
        let mut reducer = Reducer::new(full, layout, depth, wanted, budget)?;
        converter.all(&mut reducer, cancel)?;
        reducer.finish()
    } else {
        let cell = converter.cell(wanted);
        let size = Size { width: full.width.div_ceil(cell), height: full.height.div_ceil(cell) };
        budget.reserve(bytes_of(size, to_u64(layout.channels() * depth.bytes())))?;
        let mut picture = Picture::blank(size, layout, depth);
        converter.averaged(cell, &mut picture, cancel)?;
        (picture, cell)
    };
    let profile = match still.icc {
        Some(icc) => Some(icc.to_vec()),
        None => Colorimetry::by_code_points(coded.primaries, coded.transfer).profile(layout),
    };
    Ok(Decoded {
        orientation: still.orientation,
        profile,
        copyright: still.copyright,
        ..Decoded::plain(SourceFormat::Avif, picture, full, cell)
    })
}

/// Where the metadata are.
enum Metadata {
    /// The content of the box.
    At(Range<usize>),
    /// Not before the next box, which begins here.
    Beyond(usize),
    Missing,
}

fn find(file: &[u8]) -> Metadata {
    let mut at = 0_usize;
    while let Some(rest) = file.get(at..) {
        if rest.is_empty() {
            return Metadata::Missing;
        }
        let Some(BoxHeader { kind, header, length }) = BoxHeader::read(rest) else {
            return if rest.len() < BOX { Metadata::Beyond(at) } else { Metadata::Missing };
        };
        let end = length.map_or(Some(file.len()), |length| at.checked_add(length));
        let Some(end) = end else { return Metadata::Missing };
        if kind == *b"meta" {
            return Metadata::At(at.saturating_add(header)..end);
        }
        at = end;
    }
    Metadata::Beyond(at)
}

/// Has the size admitted as soon as it has come, where the metadata stand at the beginning, as MIAF wants them to.
fn admit_early<R: Read>(source: &mut SourceReader<'_, R>, budget: &Budget) -> Result<(), Error> {
    let mut known = BOX;
    while known <= HEAD {
        match find(source.head(known)?) {
            Metadata::At(place) if place.end <= HEAD => {
                // What is wrong with them is told when all of the file is there.
                let meta = source.head(place.end)?.get(place).and_then(Meta::read);
                let size = meta.and_then(|meta| size(&meta, meta.primary?));
                return size.map_or(Ok(()), |size| budget.admit(size));
            }
            Metadata::Beyond(at) if at.saturating_add(BOX) > known => known = at.saturating_add(BOX),
            Metadata::At(_) | Metadata::Beyond(_) | Metadata::Missing => return Ok(()),
        }
    }
    Ok(())
}

impl<'a> Still<'a> {
    fn new(meta: &Meta<'a>, file: &'a [u8]) -> Result<Self, Error> {
        let primary =
            meta.primary.ok_or_else(|| Error::unsupported(SourceFormat::Avif, "no primary picture"))?;
        let color = layout(meta, file, primary)?;
        let alpha = alpha(meta, file, primary, &color)?;
        let mut still = Self {
            premultiplied: !meta.referred(*b"prem", primary).is_empty(),
            part: Crop { left: 0, top: 0, size: color.size },
            color,
            alpha,
            orientation: Orientation::default(),
            coded: None,
            icc: None,
            copyright: copyright(meta, file, primary),
        };
        for (_, property) in meta.of(primary) {
            match property {
                Property::Clean(numbers) if still.orientation == Orientation::default() => {
                    still.part = clean_part(still.color.size, numbers).ok_or_else(|| {
                        Error::damaged(SourceFormat::Avif, "its clean aperture is outside of the picture")
                    })?;
                }
                Property::Clean(_) => {
                    return Err(Error::unsupported(
                        SourceFormat::Avif,
                        "a picture that is cropped after it is turned",
                    ));
                }
                Property::Coded(coded) => still.coded = Some(coded),
                Property::Icc(icc) => still.icc = Some(icc),
                Property::Mirror(axis) => {
                    let mirror = Orientation::from_exif(if axis == 0 { 4 } else { 2 });
                    still.orientation = still.orientation.then(mirror);
                }
                Property::Turn(turns) => {
                    still.orientation = still.orientation.then(Orientation::quarters(4 - turns.min(4)));
                }
                Property::Auxiliary(_)
                | Property::Layer(_)
                | Property::OperatingPoint(_)
                | Property::Silent
                | Property::Size(_)
                | Property::Unknown(_) => (),
            }
        }
        Ok(still)
    }
}

/// What the EXIF data of a picture say of its makers; how it lies is said by its properties. In front of the data
/// stands how far their TIFF header is away (ISO/IEC 23008-12, annex A.2.1).
fn copyright(meta: &Meta<'_>, file: &[u8], primary: u32) -> Copyright {
    let exif = || {
        let item = meta.referring(*b"cdsc", primary).find(|item| meta.kind(*item) == Some(*b"Exif"))?;
        let content = meta.content(item, file)?;
        let mut bytes = Bytes(&content);
        let offset = bytes.u32()?;
        bytes.take(usize::try_from(offset).ok()?)?;
        Some(Copyright::read(bytes.0))
    };
    exif().unwrap_or_default()
}

fn size(meta: &Meta<'_>, item: u32) -> Option<Size> {
    meta.of(item).find_map(|(_, property)| match property {
        Property::Size(size) => Some(size),
        _ => None,
    })
}

/// The tiles of an item.
fn layout(meta: &Meta<'_>, file: &[u8], item: u32) -> Result<planes::TileGrid, Error> {
    for (essential, property) in meta.of(item) {
        if let (true, Property::Unknown(kind)) = (essential, property) {
            return Err(Error::unsupported(
                SourceFormat::Avif,
                &format!("a property {}", kind.escape_ascii()),
            ));
        }
    }
    match &meta.kind(item).unwrap_or_default() {
        b"av01" => {
            let size =
                size(meta, item).ok_or_else(|| Error::damaged(SourceFormat::Avif, "its size is missing"))?;
            Ok(planes::TileGrid { tiles: vec![item], columns: 1, size })
        }
        b"grid" => {
            let content =
                meta.content(item, file).ok_or_else(|| Error::damaged(SourceFormat::Avif, TRUNCATED))?;
            let tiles = meta.referred(*b"dimg", item);
            grid(Bytes(&content), tiles)
                .ok_or_else(|| Error::damaged(SourceFormat::Avif, "its grid is broken"))
        }
        b"hev1" | b"hvc1" => Err(Error::Heic),
        other => Err(Error::unsupported(
            SourceFormat::Avif,
            &format!("a picture of the type {}", other.escape_ascii()),
        )),
    }
}

/// ISO/IEC 23008-12, section 6.6.2.3.
fn grid(mut content: Bytes<'_>, tiles: &[u32]) -> Option<planes::TileGrid> {
    content.u8()?;
    let long = content.u8()? & 1 == 1;
    let [rows, columns] = content.array()?.map(|less_one: u8| usize::from(less_one) + 1);
    let size = Size { width: content.short_or_long(long)?, height: content.short_or_long(long)? };
    (rows * columns == tiles.len() && size.pixels() > 0).then(|| planes::TileGrid {
        tiles: tiles.to_vec(),
        columns,
        size,
    })
}

/// The alpha of a picture, or of each of its tiles.
fn alpha(
    meta: &Meta<'_>,
    file: &[u8],
    primary: u32,
    color: &planes::TileGrid,
) -> Result<Option<planes::TileGrid>, Error> {
    const ALPHA: [&[u8]; 2] = [b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1"];
    let shows_alpha = |item: &u32| {
        meta.of(*item)
            .any(|(_, property)| matches!(property, Property::Auxiliary(kind) if ALPHA.contains(&kind)))
    };
    let alpha_of = |item: u32| meta.referring(*b"auxl", item).find(shows_alpha);
    if let Some(item) = alpha_of(primary) {
        let size = color.size;
        return Ok(Some(match &meta.kind(item).unwrap_or_default() {
            b"av01" => planes::TileGrid { tiles: vec![item], columns: 1, size },
            _ => layout(meta, file, item)?,
        }));
    }
    if meta.kind(primary) != Some(*b"grid") {
        return Ok(None);
    }
    let tiles: Option<Vec<u32>> = color.tiles.iter().map(|tile| alpha_of(*tile)).collect();
    Ok(tiles.map(|tiles| planes::TileGrid { tiles, ..color.clone() }))
}

/// The part of a picture that a clean aperture leaves, in whole pixels (ISO/IEC 14496-12, section 12.1.4).
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be within the picture"
)]
fn clean_part(whole: Size, numbers: [u32; 8]) -> Option<Crop> {
    let [wn, wd, hn, hd, xn, xd, yn, yd] = numbers;
    let over = |n: f64, d: u32| if d == 0 { None } else { Some(n / f64::from(d)) };
    let signed = |n: u32| f64::from(n.cast_signed());
    let (width, height) = (over(f64::from(wn), wd)?.floor(), over(f64::from(hn), hd)?.floor());
    let (x, y) = (over(signed(xn), xd)?, over(signed(yn), yd)?);
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
    fn metadata_are_found_or_looked_for_further_on() {
        let at = |file: &[u8]| match find(file) {
            Metadata::At(place) => format!("at {place:?}"),
            Metadata::Beyond(at) => format!("beyond {at}"),
            Metadata::Missing => "missing".to_owned(),
        };
        let file = b"\0\0\0\x0cftypavif\0\0\0\x0ameta\0\0";
        assert_eq!(at(file), "at 20..22");
        assert_eq!(at(&file[..12]), "missing");
        assert_eq!(at(&file[..16]), "beyond 12");
        assert_eq!(at(&file[..8]), "beyond 12");
        assert_eq!(at(b"\0\0\0\x02ftyp\0\0\0\0\0\0\0\0"), "missing");
    }

    #[test]
    fn clean_aperture_is_centred_and_must_be_inside() {
        let whole = Size { width: 100, height: 50 };
        let part = |numbers| clean_part(whole, numbers).map(|p| (p.left, p.top, p.size.width, p.size.height));
        assert_eq!(part([80, 1, 40, 1, 0, 1, 0, 1]), Some((10, 5, 80, 40)));
        assert_eq!(part([96, 1, 50, 1, u32::MAX, 2, 0, 1]), Some((2, 0, 96, 50)), "half a pixel to the left");
        assert_eq!(part([80, 1, 40, 1, 11, 1, 0, 1]), None);
        assert_eq!(part([80, 0, 40, 1, 0, 1, 0, 1]), None);
        assert_eq!(part([0, 1, 40, 1, 0, 1, 0, 1]), None);
    }

    #[test]
    fn grid_must_have_as_many_tiles_as_it_says() {
        let content = [0, 0, 1, 2, 4, 0, 2, 0];
        let layout = grid(Bytes(&content), &[7, 8, 9, 10, 11, 12]).unwrap();
        assert_eq!((layout.columns, layout.size), (3, Size { width: 1024, height: 512 }));
        assert_eq!(grid(Bytes(&content), &[7, 8]), None);
        assert_eq!(grid(Bytes(&content[..7]), &[7, 8, 9, 10, 11, 12]), None);
    }
}
