//! Sizes and rectangles of images, in pixels.
//!
//! [`Size`] is whole pixels, for images that exist or will exist. [`Window`] is real numbers, since a rectangle of a
//! scaled image seldom falls on whole pixels of the original. Both count from the top left corner, x to the right
//! and y down. [`Ratio`] and [`Cell`] relate the pixels of two images, along each axis.

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

    /// `true` if another rectangle lies within this one, but for rounding errors.
    pub(crate) fn contains(self, other: Self) -> bool {
        const ERROR: f64 = 1e-6;
        self.x <= other.x + ERROR
            && self.y <= other.y + ERROR
            && self.x + self.width >= other.x + other.width - ERROR
            && self.y + self.height >= other.y + other.height - ERROR
    }

    /// The same rectangle in the pixels of an image that is `across` times as wide and `down` times as high.
    pub(crate) fn scaled(self, across: f64, down: f64) -> Self {
        Self { x: self.x * across, y: self.y * down, width: self.width * across, height: self.height * down }
    }
}

/// Pixels of a result per pixel of its source, along each axis; 1 is no scaling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ratio {
    pub(crate) across: f64,
    pub(crate) down: f64,
}

impl Ratio {
    /// The ratio along the axis that keeps more.
    pub(crate) fn larger(self) -> f64 {
        self.across.max(self.down)
    }

    /// The larger of two ratios, along each axis.
    pub(crate) fn max(self, other: Self) -> Self {
        Self { across: self.across.max(other.across), down: self.down.max(other.down) }
    }

    /// The ratio to a source that has `across` and `down` times fewer pixels.
    pub(crate) fn times(self, across: f64, down: f64) -> Self {
        Self { across: self.across * across, down: self.down * down }
    }
}

/// Pixels that are averaged to one: a rectangle of whole pixels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Cell {
    pub(crate) across: u32,
    pub(crate) down: u32,
}

impl Cell {
    /// A single pixel: no averaging.
    pub(crate) const PIXEL: Self = Self { across: 1, down: 1 };

    /// The size of a picture of this size once it is averaged. Cells at the right and lower edge may be cut off.
    pub(crate) fn reduced(self, size: Size) -> Size {
        Size { width: size.width.div_ceil(self.across), height: size.height.div_ceil(self.down) }
    }
}

/// Pixels of a source per pixel of a picture of it. Where averaging left partial cells, the last column and row cover
/// less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reduction {
    /// Columns of the source per column of the picture.
    pub(crate) across: f64,
    /// Rows of the source per row of the picture.
    pub(crate) down: f64,
}

impl Reduction {
    /// No reduction.
    pub(crate) const NONE: Self = Self { across: 1.0, down: 1.0 };

    /// The reduction of a picture that was scaled as a whole to `scaled`, so that all its pixels cover equal areas.
    #[cfg_attr(not(feature = "libwebp"), expect(dead_code, reason = "no other decoder scales"))]
    pub(crate) fn fitted(full: Size, scaled: Size) -> Self {
        Self {
            across: f64::from(full.width) / f64::from(scaled.width),
            down: f64::from(full.height) / f64::from(scaled.height),
        }
    }

    /// A rectangle of the source in pixels of the picture.
    pub(crate) fn window(self, window: Window) -> Window {
        window.scaled(1.0 / self.across, 1.0 / self.down)
    }
}

/// The reduction of a picture whose pixels are means of these cells.
impl From<Cell> for Reduction {
    fn from(cell: Cell) -> Self {
        Self { across: f64::from(cell.across), down: f64::from(cell.down) }
    }
}
