//! Targets: parts of a source, and the sizes to which its rows are scaled while they come.
//!
//! The first stage of every plan has one. It is in pixels of the source as it is stored: rows are scaled in the order in
//! which they come, and only the small results are turned upright.

use crate::imaging::picture::geometry::{Ratio, Size, Window};
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::plan::Stage;

/// Pixels of a target per pixel of a smaller one that is made of it, along each axis, at least. Two sizes of a picture
/// differ by 2 but for the rounding of their sides.
const SHARED_MARGIN: f64 = 1.9;

/// A part of a source, and the size to which it is scaled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Target {
    /// Part of the source, pixels at full resolution.
    pub(crate) window: Window,
    /// Size of the result, pixels.
    pub(crate) size: Size,
    /// `true` if it is scaled in linear light.
    pub(crate) is_linear: bool,
}

impl Target {
    /// The target of the first stage of a plan, for a source of size `stored` that `orientation` makes upright.
    pub(crate) fn new(stage: &Stage, is_linear: bool, stored: Size, orientation: Orientation) -> Self {
        let back = orientation.inverse();
        Self {
            window: back.window(stage.window, orientation.size(stored)),
            size: back.size(stage.size),
            is_linear,
        }
    }

    /// Pixels of the result per pixel of the source.
    pub(crate) fn ratio(&self) -> Ratio {
        Ratio {
            across: f64::from(self.size.width) / self.window.width,
            down: f64::from(self.size.height) / self.window.height,
        }
    }

    /// `true` if another target can be made of this one's result, as well as of the source.
    pub(crate) fn serves(&self, other: &Self) -> bool {
        let (Ratio { across, down }, smaller) = (self.ratio(), other.ratio());
        !self.is_linear
            && !other.is_linear
            && self.window.contains(other.window)
            && across >= SHARED_MARGIN * smaller.across
            && down >= SHARED_MARGIN * smaller.down
    }

    /// The part of another target within this one's result, pixels of that.
    pub(crate) fn locate(&self, window: Window) -> Window {
        let Ratio { across, down } = self.ratio();
        Window { x: window.x - self.window.x, y: window.y - self.window.y, ..window }.scaled(across, down)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(x: f64, width: f64, size: u32) -> Target {
        let window = Window { x, y: 0.0, width, height: 1000.0 };
        Target { window, size: Size { width: size, height: size }, is_linear: false }
    }

    #[test]
    fn smaller_targets_within_a_large_one_are_made_of_it() {
        let large = target(0.0, 1000.0, 400);
        assert!(large.serves(&target(0.0, 1000.0, 200)));
        assert!(large.serves(&target(100.0, 400.0, 50)));
        assert!(!large.serves(&target(0.0, 1000.0, 300)), "too large");
        assert!(!target(100.0, 800.0, 400).serves(&target(0.0, 500.0, 100)), "outside");
        assert!(!large.serves(&Target { is_linear: true, ..target(0.0, 1000.0, 100) }));
        let part = large.locate(Window { x: 100.0, y: 0.0, width: 400.0, height: 500.0 });
        assert_eq!(part, Window { x: 40.0, y: 0.0, width: 160.0, height: 200.0 });
    }

    #[test]
    fn targets_are_those_of_the_stored_source() {
        let stage = Stage {
            window: Window { x: 10.0, y: 20.0, width: 30.0, height: 40.0 },
            size: Size { width: 3, height: 4 },
            orientation: Orientation::default(),
            finish: None,
        };
        let stored = Size { width: 200, height: 100 };
        let turned = Target::new(&stage, false, stored, Orientation::from_exif(6));
        assert_eq!(turned.size, Size { width: 4, height: 3 });
        assert_eq!(turned.window, Window { x: 20.0, y: 60.0, width: 40.0, height: 30.0 });
    }
}
