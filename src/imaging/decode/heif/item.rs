//! Decoding of one item by the coding that its type names.

use crate::imaging::decode::heif::allowance::PixelAllowance;
use crate::imaging::decode::heif::av1;
use crate::imaging::decode::heif::av1::decoder::LoopFilters;
use crate::imaging::decode::heif::container::content;
use crate::imaging::decode::heif::container::meta::Meta;
use crate::imaging::decode::heif::grid::{Selection, item_kind, undecoded};
#[cfg(feature = "heic")]
use crate::imaging::decode::heif::hevc;
use crate::imaging::decode::heif::planes::DecodedItem;
use crate::imaging::error::Error;
use crate::imaging::input::heif::Coding;
use crate::imaging::limits::{Budget, Cancel};

/// Decodes one item. Its reservation stays with the caller.
///
/// # Errors
/// [`Error::Damaged`], [`Error::Unsupported`], an exceeded limit or [`Error::Cancelled`].
pub(super) fn decode(
    meta: &Meta<'_>,
    file: &[u8],
    item: u32,
    filters: LoopFilters,
    allowance: &mut PixelAllowance,
    budget: &mut Budget,
    cancel: &Cancel,
) -> Result<DecodedItem, Error> {
    cancel.check()?;
    let kind = item_kind(meta, item)?;
    let coding = Coding::of_item(kind).filter(|coding| coding.refusal().is_none());
    let coding = coding.ok_or_else(|| undecoded(meta, kind))?;
    let content = content::read(meta, file, item, budget)?;
    let decoded = match coding {
        #[cfg(feature = "heic")]
        Coding::Hevc => {
            let configuration = meta.hevc_configuration(item).unwrap_or_default();
            hevc::decode(&content, configuration, allowance, budget, cancel)?
        }
        _ => av1::decode(&content, Selection::of(meta, item), filters, allowance, budget)?,
    };
    content::release(content, budget);
    Ok(decoded)
}
