//! The header of a WebP file, as both decoders return it.

use crate::imaging::picture::Layout;
use crate::imaging::picture::geometry::Size;

/// Facts of a file's header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct WebpHeader {
    pub(super) size: Size,
    pub(super) layout: Layout,
    pub(super) coding: WebpCoding,
}

/// Coding of the pixels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum WebpCoding {
    Animated,
    Lossless,
    Lossy,
}
