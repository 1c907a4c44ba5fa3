//! The rows that a decoder gives: their size and format, and how they relate to the source.

use crate::imaging::picture::geometry::{Cell, Reduction, Size, Window};
use crate::imaging::picture::{Depth, Layout};

/// The order in which rows come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RowOrder {
    BottomUp,
    TopDown,
}

/// Properties of all rows of a source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SourceRows {
    /// Size of the source in the file, pixels.
    pub(crate) full: Size,
    /// Pixels of a row, and rows.
    pub(crate) size: Size,
    /// Pixels of the source per pixel of a row.
    pub(crate) reduction: Reduction,
    pub(crate) layout: Layout,
    pub(crate) depth: Depth,
    /// `true` if pixels are means over their area, not point samples as sharp as an image of this size can be.
    pub(crate) are_means: bool,
    pub(crate) order: RowOrder,
}

impl SourceRows {
    /// Rows of all pixels of a source, from the top.
    pub(crate) fn all(full: Size, layout: Layout, depth: Depth) -> Self {
        let (reduction, order) = (Reduction::NONE, RowOrder::TopDown);
        Self { full, size: full, reduction, layout, depth, are_means: false, order }
    }

    /// Rows of means over cells of a source, from the top.
    pub(crate) fn averaged(full: Size, layout: Layout, depth: Depth, cell: Cell) -> Self {
        Self {
            size: cell.reduced(full),
            reduction: cell.into(),
            are_means: cell.across > 1 && cell.down > 1,
            ..Self::all(full, layout, depth)
        }
    }

    /// A part of the source in pixels of the rows, counted in the order in which they come.
    pub(crate) fn locate(&self, window: Window) -> Window {
        let window = match self.order {
            RowOrder::BottomUp => {
                Window { y: f64::from(self.full.height) - window.y - window.height, ..window }
            }
            RowOrder::TopDown => window,
        };
        self.reduction.window(window)
    }
}
