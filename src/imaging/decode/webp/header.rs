//! The header of a WebP file.

use crate::imaging::picture::Layout;
use crate::imaging::picture::geometry::Size;

/// What the header of a file says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct WebpHeader {
    pub(super) size: Size,
    pub(super) layout: Layout,
    pub(super) coding: WebpCoding,
}

/// How the pixels are coded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum WebpCoding {
    Animated,
    Lossless,
    Lossy,
}
