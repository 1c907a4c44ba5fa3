//! Decoding of AV1 items to planes by rav1d: one image, or the joined tiles of a grid.
//!
//! Memory is reserved from the sequence header of each item before it is decoded, not from the container. Tiles are
//! decoded one after the other, so that only one is held beside the joined planes.

use re_rav1d::dav1d::{PixelLayout, PlanarImageComponent};

use crate::imaging::decode::heif::av1_decoder::LoopFilters;
use crate::imaging::decode::heif::grid::{Placement, Selection, TileGrid, item_kind, not_av1};
use crate::imaging::decode::heif::meta::Meta;
use crate::imaging::decode::heif::property::CodePoints;
use crate::imaging::decode::heif::sequence_header::{ChromaSubsampling, PlaneFormat};
use crate::imaging::decode::heif::stream::{self, StreamInfo};
use crate::imaging::decode::heif::{av1_decoder, content};
use crate::imaging::error::Error;
use crate::imaging::limits::{Budget, Cancel, bytes_of, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::side;
use crate::imaging::source_format::SourceFormat;

/// Most frames of an item. Frames of an image are layers of increasing quality.
const MOST_LAYERS: u32 = 8;

/// Least side of a frame, by the time that it takes: that of a superblock.
const LEAST_SIDE: u32 = 64;

/// Pixels that may be decoded for an image, so that its size bounds the time: layers, alpha, and tiles that extend past
/// the image take time as the image does.
#[derive(Clone, Copy, Debug)]
pub(super) struct PixelAllowance {
    left: u64,
}

impl PixelAllowance {
    /// Three times the declared pixels, which two layers with alpha need, and those that half a second decodes.
    pub(super) fn new(declared: Size) -> Self {
        Self { left: declared.pixels().saturating_mul(3).saturating_add(8 << 20) }
    }

    /// Takes the frames of an item.
    fn take(&mut self, stream: &StreamInfo) -> Result<(), Error> {
        let [width, height] = [stream.size.width, stream.size.height].map(|side| side.max(LEAST_SIDE));
        let pixels = Size { width, height }.pixels().saturating_mul(stream.frames.into());
        self.left = self.left.checked_sub(pixels).ok_or_else(|| {
            Error::unsupported(SourceFormat::Avif, "layers or tiles of more than three times its pixels")
        })?;
        Ok(())
    }
}

/// A decoded image.
pub(super) struct Planes {
    /// Luma and, if there is chroma, both chroma planes.
    pub(super) planes: Vec<Plane>,
    pub(super) format: PlaneFormat,
    /// Code points of the bitstream.
    pub(super) color: CodePoints,
}

/// Samples of one component, of one byte each, or of two in the machine's byte order.
pub(super) struct Plane {
    samples: PlaneSamples,
    /// Bytes from row to row.
    stride: usize,
    /// Samples without padding.
    pub(super) size: Size,
}

/// Owner of a plane's samples.
enum PlaneSamples {
    Decoded(re_rav1d::dav1d::Plane),
    Joined(Vec<u8>),
}

impl Plane {
    /// A row with its padding; empty past the last row.
    pub(super) fn row(&self, y: u32) -> &[u8] {
        let samples: &[u8] = match &self.samples {
            PlaneSamples::Decoded(plane) => plane,
            PlaneSamples::Joined(samples) => samples,
        };
        let start = side(y).saturating_mul(self.stride);
        samples.get(start..start.saturating_add(self.stride)).unwrap_or_default()
    }
}

impl ChromaSubsampling {
    /// Size of a chroma plane.
    fn size(self, luma: Size) -> Size {
        let half = |side: u32, halved: bool| if halved { side.div_ceil(2) } else { side };
        Size { width: half(luma.width, self.across), height: half(luma.height, self.down) }
    }
}

/// Decodes the tiles of an image.
///
/// # Errors
/// [`Error::Damaged`], [`Error::Unsupported`], an exceeded limit or [`Error::Cancelled`].
pub(super) fn decode(
    meta: &Meta<'_>,
    file: &[u8],
    grid: &TileGrid,
    filters: LoopFilters,
    allowance: &mut PixelAllowance,
    budget: &mut Budget,
    cancel: &Cancel,
) -> Result<Planes, Error> {
    cancel.check()?;
    let [only] = grid.tiles.as_slice() else {
        return decode_grid(meta, file, grid, filters, allowance, budget, cancel);
    };
    let DecodedItem { planes, reserved_bytes, picture_bytes } =
        decode_item(meta, file, *only, filters, allowance, budget)?;
    budget.release(reserved_bytes.saturating_sub(picture_bytes));
    if planes.planes.first().is_none_or(|luma| luma.size != grid.size) {
        return Err(Error::damaged(SourceFormat::Avif, "its pixels have another size than its header says"));
    }
    Ok(planes)
}

/// Decodes tiles one after the other into joined planes (ISO/IEC 23008-12, section 6.6.2.3). A tile that the grid shows
/// in several places is decoded once.
fn decode_grid(
    meta: &Meta<'_>,
    file: &[u8],
    grid: &TileGrid,
    filters: LoopFilters,
    allowance: &mut PixelAllowance,
    budget: &mut Budget,
    cancel: &Cancel,
) -> Result<Planes, Error> {
    let mut joined: Option<(Planes, Size)> = None;
    for places in grid.placements(meta, file)?.chunk_by(Placement::shows_same) {
        let Some(first) = places.first() else { continue };
        cancel.check()?;
        let DecodedItem { planes: tile, reserved_bytes, .. } =
            decode_item(meta, file, first.item, filters, allowance, budget)?;
        let size = tile.planes.first().map(|luma| luma.size).ok_or_else(grid_mismatch)?;
        if joined.is_none() {
            joined = Some((blank_planes(&tile, grid, size, budget)?, size));
        }
        let Some((planes, expected)) = joined.as_mut() else { return Err(grid_mismatch()) };
        if *expected != size || planes.format != tile.format {
            return Err(grid_mismatch());
        }
        for place in places {
            cancel.check()?;
            let (column, row) = (place.number % grid.columns, place.number / grid.columns);
            for (to, from) in planes.planes.iter_mut().zip(&tile.planes) {
                let row_bytes = side(from.size.width).saturating_mul(planes.format.sample_bytes());
                copy_tile(to, from, row_bytes, column, row);
            }
        }
        drop(tile);
        budget.release(reserved_bytes);
    }
    joined.map(|(planes, _)| planes).ok_or_else(grid_mismatch)
}

/// Blank planes for all tiles of `size`. The tiles must cover the image, and seams must not split a chroma sample.
fn blank_planes(tile: &Planes, grid: &TileGrid, size: Size, budget: &mut Budget) -> Result<Planes, Error> {
    let rows = grid.tiles.len() / grid.columns;
    let extent = |side: u32, count: usize| u64::from(side).saturating_mul(to_u64(count));
    let covered = extent(size.width, grid.columns) >= grid.size.width.into()
        && extent(size.height, rows) >= grid.size.height.into();
    // Where chroma is halved, an odd tile side puts the next tile in the middle of a chroma sample.
    let is_odd = |side: u32, halved: bool, count: usize| halved && count > 1 && side % 2 == 1;
    let splits_chroma = tile.format.chroma.is_some_and(|chroma| {
        is_odd(size.width, chroma.across, grid.columns) || is_odd(size.height, chroma.down, rows)
    });
    if !covered || splits_chroma {
        return Err(grid_mismatch());
    }
    let sizes = tile.planes.iter().enumerate().map(|(number, _)| match tile.format.chroma {
        Some(chroma) if number > 0 => chroma.size(grid.size),
        _ => grid.size,
    });
    let sizes: Vec<Size> = sizes.collect();
    let sample_bytes = to_u64(tile.format.sample_bytes());
    budget
        .reserve(sizes.iter().fold(0, |sum: u64, size| sum.saturating_add(bytes_of(*size, sample_bytes))))?;
    let planes = sizes.into_iter().map(|size| {
        let stride = side(size.width).saturating_mul(tile.format.sample_bytes());
        Plane {
            samples: PlaneSamples::Joined(vec![0; stride.saturating_mul(side(size.height))]),
            stride,
            size,
        }
    });
    Ok(Planes { planes: planes.collect(), format: tile.format, color: tile.color })
}

/// Copies the rows of a tile, of `row_bytes` each, to its column and row in the grid, clipped to the image.
fn copy_tile(to: &mut Plane, from: &Plane, row_bytes: usize, column: usize, row: usize) {
    let PlaneSamples::Joined(samples) = &mut to.samples else { return };
    let (left, top) = (column.saturating_mul(row_bytes), row.saturating_mul(side(from.size.height)));
    let rows = samples.chunks_exact_mut(to.stride.max(1)).skip(top);
    for (y, target) in (0..from.size.height).zip(rows) {
        let target = target.get_mut(left..).unwrap_or_default();
        let length = row_bytes.min(target.len());
        if let (Some(target), Some(row)) = (target.get_mut(..length), from.row(y).get(..length)) {
            target.copy_from_slice(row);
        }
    }
}

/// A decoded item, and what is reserved for it.
struct DecodedItem {
    planes: Planes,
    /// Bytes reserved in all.
    reserved_bytes: u64,
    /// Part of them that is needed as long as the planes are.
    picture_bytes: u64,
}

/// Decodes one item.
fn decode_item(
    meta: &Meta<'_>,
    file: &[u8],
    item: u32,
    filters: LoopFilters,
    allowance: &mut PixelAllowance,
    budget: &mut Budget,
) -> Result<DecodedItem, Error> {
    let kind = item_kind(meta, item)?;
    if kind != *b"av01" {
        return Err(not_av1(kind));
    }
    let content = content::read(meta, file, item, budget)?;
    let stream = StreamInfo::read(&content)
        .ok_or_else(|| Error::damaged(SourceFormat::Avif, "its AV1 header is broken"))?;
    budget.admit(stream.size)?;
    if stream.frames > MOST_LAYERS {
        return Err(Error::unsupported(SourceFormat::Avif, "more than 8 layers"));
    }
    allowance.take(&stream)?;
    let decoder_bytes = stream.decoder_bytes();
    // The decoder takes a copy of its input.
    let reserved_bytes = to_u64(content.len()).saturating_add(decoder_bytes);
    budget.reserve(reserved_bytes)?;
    let units = stream::needed_units(&content);
    let picture = av1_decoder::decode(units, Selection::of(meta, item), &stream, filters, decoder_bytes)?;
    content::release(content, budget);
    let planes = planes_of(&picture, stream)?;
    Ok(DecodedItem { planes, reserved_bytes, picture_bytes: stream.picture_bytes() })
}

/// The planes of a decoded picture, whose format must be that of the sequence header.
fn planes_of(picture: &re_rav1d::dav1d::Picture, stream: StreamInfo) -> Result<Planes, Error> {
    let subsampled = |across, down| Some(ChromaSubsampling { across, down });
    let chroma = match picture.pixel_layout() {
        PixelLayout::I400 => None,
        PixelLayout::I420 => subsampled(true, true),
        PixelLayout::I422 => subsampled(true, false),
        PixelLayout::I444 => subsampled(false, false),
    };
    let bits = picture.bits_per_component().and_then(|bits| u8::try_from(bits.0).ok());
    if stream.format.chroma != chroma || bits != Some(stream.format.bits) {
        return Err(Error::damaged(
            SourceFormat::Avif,
            "its pixels have another format than its header says",
        ));
    }
    let luma = Size { width: picture.width(), height: picture.height() };
    let mut components = vec![(PlanarImageComponent::Y, luma)];
    if let Some(chroma) = chroma {
        let size = chroma.size(luma);
        components.extend([(PlanarImageComponent::U, size), (PlanarImageComponent::V, size)]);
    }
    let planes = components.into_iter().map(|(component, size)| Plane {
        stride: side(picture.stride(component)),
        samples: PlaneSamples::Decoded(picture.plane(component)),
        size,
    });
    Ok(Planes { planes: planes.collect(), format: stream.format, color: stream.color })
}

fn grid_mismatch() -> Error {
    Error::damaged(SourceFormat::Avif, "the tiles of its grid do not fit together")
}
