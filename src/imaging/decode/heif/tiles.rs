//! Decoding of an image to planes: one item, or the joined tiles of a grid.
//!
//! Memory is reserved from the bitstream of each item before it is decoded, not from the container. Tiles are decoded
//! one after the other, so that only one is held beside the joined planes.

use crate::imaging::decode::heif::allowance::PixelAllowance;
use crate::imaging::decode::heif::av1::decoder::LoopFilters;
use crate::imaging::decode::heif::container::meta::Meta;
use crate::imaging::decode::heif::grid::{Placement, TileGrid};
use crate::imaging::decode::heif::item;
use crate::imaging::decode::heif::planes::{DecodedItem, Plane, PlaneSamples, Planes};
use crate::imaging::error::Error;
use crate::imaging::limits::{Budget, Cancel, bytes_of, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::side;

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
    let [only] = grid.tiles.as_slice() else {
        return decode_grid(meta, file, grid, filters, allowance, budget, cancel);
    };
    let DecodedItem { mut planes, reserved_bytes, picture_bytes } =
        item::decode(meta, file, *only, filters, allowance, budget, cancel)?;
    budget.release(reserved_bytes.saturating_sub(picture_bytes));
    if grid.is_derived {
        planes.crop(grid.size);
    }
    if planes.planes.first().is_none_or(|luma| luma.size != grid.size) {
        return Err(Error::damaged(meta.format(), "its pixels have another size than its header says"));
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
    let mismatch = || grid_mismatch(meta);
    let mut joined: Option<(Planes, Size)> = None;
    for places in grid.placements(meta, file)?.chunk_by(Placement::shows_same) {
        let Some(first) = places.first() else { continue };
        let DecodedItem { planes: tile, reserved_bytes, .. } =
            item::decode(meta, file, first.item, filters, allowance, budget, cancel)?;
        let size = tile.planes.first().map(|luma| luma.size).ok_or_else(mismatch)?;
        if joined.is_none() {
            joined = Some((blank_planes(&tile, grid, size, budget)?.ok_or_else(mismatch)?, size));
        }
        let Some((planes, expected)) = joined.as_mut() else { return Err(mismatch()) };
        if *expected != size || planes.format != tile.format {
            return Err(mismatch());
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
    joined.map(|(planes, _)| planes).ok_or_else(mismatch)
}

/// Blank planes for all tiles of `size`; `None` unless the tiles cover the image, and no seam splits a chroma sample.
fn blank_planes(
    tile: &Planes,
    grid: &TileGrid,
    size: Size,
    budget: &mut Budget,
) -> Result<Option<Planes>, Error> {
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
        return Ok(None);
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
        Plane { samples: PlaneSamples::Own(vec![0; stride.saturating_mul(side(size.height))]), stride, size }
    });
    Ok(Some(Planes { planes: planes.collect(), format: tile.format, color: tile.color }))
}

/// Copies the rows of a tile, of `row_bytes` each, to its column and row in the grid, clipped to the image.
fn copy_tile(to: &mut Plane, from: &Plane, row_bytes: usize, column: usize, row: usize) {
    let PlaneSamples::Own(samples) = &mut to.samples else { return };
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

fn grid_mismatch(meta: &Meta<'_>) -> Error {
    Error::damaged(meta.format(), "the tiles of its grid do not fit together")
}
