//! Numbers of the format as indices.

/// A number of pixels, blocks or bits as an index or a length in memory. It always fits where there are 32 bits to a
/// `usize` or more.
#[inline(always)]
pub(crate) fn index(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
