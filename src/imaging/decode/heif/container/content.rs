//! The bytes of items: extents found in the file, and joined if there are several.
//!
//! Extents may overlap and repeat, so that a small table could claim any number of bytes. An item that is longer than
//! the file is therefore damaged. Memory: the length of an item with several extents, reserved before it is joined.

use std::borrow::Cow;

use crate::imaging::decode::heif::container::meta::{Extents, Meta};
use crate::imaging::error::Error;
use crate::imaging::input::source::TRUNCATED;
use crate::imaging::limits::{Budget, to_u64};

/// Identity of an item's bytes: items with equal identities have equal bytes.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(in crate::imaging::decode::heif) enum ContentId {
    /// An extent of the file or of `idat`: offset and length, bytes.
    Extent { in_meta: bool, offset: u64, length: u64 },
    /// The joined extents of an item, or an item that is missing.
    Item(u32),
}

impl ContentId {
    /// Identity of an item's bytes.
    pub(in crate::imaging::decode::heif) fn of(meta: &Meta<'_>, file: &[u8], item: u32) -> Self {
        match meta.extents(item, file) {
            Some(Extents { in_meta, list: [(offset, length)], .. }) => {
                Self::Extent { in_meta, offset: *offset, length: *length }
            }
            _ => Self::Item(item),
        }
    }
}

impl<'a> Extents<'a> {
    /// The parts of the item; `None` for a part that is not in the file.
    fn parts(self) -> impl Iterator<Item = Option<&'a [u8]>> {
        self.list.iter().map(move |(offset, length)| {
            let rest = self.container.get(usize::try_from(*offset).ok()?..)?;
            if *length == 0 { Some(rest) } else { rest.get(..usize::try_from(*length).ok()?) }
        })
    }
}

/// Length of an item, bytes.
///
/// # Errors
/// [`Error::Damaged`] if the item is not in the file, or longer than the file.
pub(in crate::imaging::decode::heif) fn length(
    meta: &Meta<'_>,
    file: &[u8],
    item: u32,
) -> Result<usize, Error> {
    let truncated = || Error::damaged(meta.format(), TRUNCATED);
    let extents = meta.extents(item, file).ok_or_else(truncated)?;
    let mut length = 0_usize;
    for part in extents.parts() {
        length = length.saturating_add(part.ok_or_else(truncated)?.len());
        if length > file.len() {
            return Err(overlapping(meta));
        }
    }
    Ok(length)
}

/// The bytes of an item. Joined ones are reserved; [`release`] gives them back.
///
/// # Errors
/// As [`length`], or [`Error::TooMuchMemory`].
pub(in crate::imaging::decode::heif) fn read<'a>(
    meta: &'a Meta<'_>,
    file: &'a [u8],
    item: u32,
    budget: &mut Budget,
) -> Result<Cow<'a, [u8]>, Error> {
    let length = length(meta, file, item)?;
    let truncated = || Error::damaged(meta.format(), TRUNCATED);
    let extents = meta.extents(item, file).ok_or_else(truncated)?;
    let mut parts = extents.parts();
    if let [_] = extents.list {
        return parts.next().flatten().map(Cow::Borrowed).ok_or_else(truncated);
    }
    budget.reserve(to_u64(length))?;
    let mut joined = Vec::new();
    joined
        .try_reserve_exact(length)
        .map_err(|_| Error::TooMuchMemory { needed: to_u64(length), allowed: budget.left() })?;
    parts.flatten().for_each(|part| joined.extend_from_slice(part));
    Ok(Cow::Owned(joined))
}

/// Drops the bytes of an item, and releases their reservation.
pub(in crate::imaging::decode::heif) fn release(content: Cow<'_, [u8]>, budget: &mut Budget) {
    if let Cow::Owned(joined) = content {
        budget.release(to_u64(joined.len()));
    }
}

/// Extents that overlap or repeat until there are more bytes than in the file.
pub(in crate::imaging::decode::heif) fn overlapping(meta: &Meta<'_>) -> Error {
    Error::damaged(meta.format(), "its parts overlap to more bytes than the file has")
}
