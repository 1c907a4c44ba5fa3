//! The pixels that may be decoded for an image.

use crate::imaging::error::Error;
use crate::imaging::picture::geometry::Size;
use crate::imaging::source_format::SourceFormat;

/// Least side of a frame, by the time that it takes: that of a superblock.
const LEAST_SIDE: u32 = 64;

/// Pixels that may be decoded for an image, so that its size bounds the time: layers, alpha, and tiles that extend past
/// the image take time as the image does.
#[derive(Clone, Copy, Debug)]
pub(super) struct PixelAllowance {
    left: u64,
    /// Format of the file, for refusals.
    format: SourceFormat,
}

impl PixelAllowance {
    /// Three times the declared pixels, which two layers with alpha need, and those that half a second decodes.
    pub(super) fn new(declared: Size, format: SourceFormat) -> Self {
        Self { left: declared.pixels().saturating_mul(3).saturating_add(8 << 20), format }
    }

    /// Takes the frames of an item, of this size each.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if fewer pixels are left.
    pub(super) fn take(&mut self, size: Size, frames: u32) -> Result<(), Error> {
        let [width, height] = [size.width, size.height].map(|side| side.max(LEAST_SIDE));
        let pixels = Size { width, height }.pixels().saturating_mul(frames.into());
        self.left = self.left.checked_sub(pixels).ok_or_else(|| {
            Error::unsupported(self.format, "layers or tiles of more than three times its pixels")
        })?;
        Ok(())
    }
}
