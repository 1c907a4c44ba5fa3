//! Decoding of one item by the coding that its type names.

use crate::imaging::decode::heif::allowance::PixelAllowance;
use crate::imaging::decode::heif::av1;
use crate::imaging::decode::heif::av1::decoder::LoopFilters;
use crate::imaging::decode::heif::container::content;
use crate::imaging::decode::heif::container::meta::Meta;
use crate::imaging::decode::heif::grid::{Selection, item_kind, not_av1};
use crate::imaging::decode::heif::planes::DecodedItem;
use crate::imaging::error::Error;
use crate::imaging::limits::Budget;

/// Decodes one item. Its reservation stays with the caller.
///
/// # Errors
/// [`Error::Damaged`], [`Error::Unsupported`] or an exceeded limit.
pub(super) fn decode(
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
    let decoded = av1::decode(&content, Selection::of(meta, item), filters, allowance, budget)?;
    content::release(content, budget);
    Ok(decoded)
}
