//! The position of a crop window along one axis, from a gravity.
//!
//! All lengths are whole pixels. A window never leaves the image: its start is at most the free length.

use crate::recipe::{Focus, Gravity};

/// The point of an axis to which a crop window is attached.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
    /// Centred on a point, in ten-thousandths of the length.
    Point(u16),
}

/// The anchors of a gravity, across and down. The subject ([`Gravity::Auto`]) counts as the middle.
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
    /// The start of a window of `length` pixels in `whole` pixels. In the middle, an odd pixel is left at the end.
    pub(super) fn offset(self, whole: u32, length: u32) -> u32 {
        let free = whole.saturating_sub(length);
        match self {
            Self::Start => 0,
            Self::Middle => free / 2,
            Self::End => free,
            Self::Point(part) => {
                // With W = Focus::WHOLE, the start is whole * part / W - length / 2. Over the denominator 2W the
                // numerator is 2 * whole * part - length * W, and adding W before rounding down rounds half up. Both
                // products are below 2^47.
                let denominator = 2 * i64::from(Focus::WHOLE);
                let numerator =
                    2 * i64::from(whole) * i64::from(part) - i64::from(length) * i64::from(Focus::WHOLE);
                let start = (numerator + i64::from(Focus::WHOLE)).div_euclid(denominator);
                u32::try_from(start.max(0)).unwrap_or(free).min(free)
            }
        }
    }

    /// Start and length of a window at `distance` pixels from its anchor, shortened to what lies inside.
    ///
    /// The middle and a point know no distance. `None` if the whole window lies outside.
    pub(super) fn span(self, whole: u32, length: u32, distance: u32) -> Option<(u32, u32)> {
        match self {
            Self::Start | Self::End => {
                let length = length.max(1).min(whole.checked_sub(distance)?);
                let start = if matches!(self, Self::Start) { distance } else { whole - distance - length };
                (length > 0).then_some((start, length))
            }
            Self::Middle | Self::Point(_) => {
                let length = length.clamp(1, whole);
                Some((self.offset(whole, length), length))
            }
        }
    }
}
