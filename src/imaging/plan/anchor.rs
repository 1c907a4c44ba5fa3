//! Where a cut lies on one axis.

use crate::recipe::{Focus, Gravity};

/// What a window holds on to, along one axis.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
    /// Ten-thousandths of the length.
    Point(u16),
}

/// Across and down.
pub(super) fn anchors(gravity: Gravity) -> (Anchor, Anchor) {
    use Anchor::{End, Middle, Point, Start};
    match gravity {
        Gravity::Focus(Focus { x, y }) => (Point(x), Point(y)),
        Gravity::NorthWest => (Start, Start),
        Gravity::North => (Middle, Start),
        Gravity::NorthEast => (End, Start),
        Gravity::West => (Start, Middle),
        Gravity::Auto | Gravity::Center => (Middle, Middle),
        Gravity::East => (End, Middle),
        Gravity::SouthWest => (Start, End),
        Gravity::South => (Middle, End),
        Gravity::SouthEast => (End, End),
    }
}

impl Anchor {
    /// Where a window of this length begins in a whole; in the middle, an odd pixel is left to the end.
    pub(super) fn place(self, whole: u32, length: u32) -> u32 {
        let free = whole.saturating_sub(length);
        match self {
            Self::Start => 0,
            Self::Middle => free / 2,
            Self::End => free,
            Self::Point(part) => {
                // Twice the beginning, in ten-thousandths, and half a pixel for rounding half up.
                let unit = 2 * i64::from(Focus::WHOLE);
                let twice =
                    2 * i64::from(whole) * i64::from(part) - i64::from(length) * i64::from(Focus::WHOLE);
                let begin = (twice + i64::from(Focus::WHOLE)).div_euclid(unit);
                u32::try_from(begin.max(0)).unwrap_or(free).min(free)
            }
        }
    }

    /// Beginning and length of a window at a distance from its anchor, as far as it lies inside.
    pub(super) fn cut(self, whole: u32, length: u32, distance: u32) -> Option<(u32, u32)> {
        match self {
            Self::Start | Self::End => {
                let length = length.max(1).min(whole.checked_sub(distance)?);
                let begin = if matches!(self, Self::Start) { distance } else { whole - distance - length };
                (length > 0).then_some((begin, length))
            }
            Self::Middle | Self::Point(_) => {
                let length = length.clamp(1, whole);
                Some((self.place(whole, length), length))
            }
        }
    }
}
