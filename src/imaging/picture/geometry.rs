//! Sizes and rectangles of images, in pixels.
//!
//! [`Size`] is whole pixels, for images that exist or will exist. [`Window`] is real numbers, since a rectangle of a
//! scaled image seldom falls on whole pixels of the original. Both count from the top left corner, x to the right
//! and y down.

/// Width and height, pixels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Size {
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Size {
    /// The area, pixels.
    pub(crate) fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// A rectangle of an image, pixels and fractions of them from its top left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Window {
    /// Left edge.
    pub(crate) x: f64,
    /// Upper edge.
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Window {
    /// The rectangle of an entire image.
    pub(crate) fn whole(size: Size) -> Self {
        Self { x: 0.0, y: 0.0, width: f64::from(size.width), height: f64::from(size.height) }
    }

    /// The same rectangle in the pixels of an image that is `across` times as wide and `down` times as high.
    pub(crate) fn scaled(self, across: f64, down: f64) -> Self {
        Self { x: self.x * across, y: self.y * down, width: self.width * across, height: self.height * down }
    }
}
