//! The eight orientations of an image: EXIF orientation, mirroring, and rotation by right angles.
//!
//! They form a group: every orientation is a transposition or none, followed by mirroring of both axes, one or none;
//! [`Orientation::then`] composes two and [`Orientation::inverse`] inverts one. Pixels move and keep their values.
//! Rotation by other angles needs interpolation and is [`canvas::rotate`](crate::imaging::pixels::canvas::rotate).

use crate::imaging::picture::geometry::{Ratio, Size, Window};
use crate::imaging::picture::{Picture, side};
use crate::recipe::Flip;

/// Rows of a turned picture that are made at a time.
const TURNED_ROWS: usize = 32;

/// A map from stored pixels to oriented ones. The oriented pixel at (x, y) is the stored pixel at (x, y), or at
/// (y, x) if transposed; `flip_x` and `flip_y` count the stored column and row from the other end.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Orientation {
    transpose: bool,
    flip_x: bool,
    flip_y: bool,
}

impl Orientation {
    /// The orientation that changes nothing.
    pub(crate) const UPRIGHT: Self = Self { transpose: false, flip_x: false, flip_y: false };

    /// The orientation of EXIF tag 0x0112 (Exif 2.32, section 4.6.4); values other than 1 to 8 mean upright.
    pub(crate) fn from_exif(value: u16) -> Self {
        let (transpose, flip_x, flip_y) = match value {
            2 => (false, true, false),
            3 => (false, true, true),
            4 => (false, false, true),
            5 => (true, false, false),
            6 => (true, false, true),
            7 => (true, true, true),
            8 => (true, true, false),
            _ => (false, false, false),
        };
        Self { transpose, flip_x, flip_y }
    }

    /// All eight orientations.
    pub(crate) fn all() -> Vec<Self> {
        (1..=8).map(Self::from_exif).collect()
    }

    /// Clockwise rotation by `turns` right angles, modulo four.
    pub(crate) fn quarters(turns: u8) -> Self {
        Self::from_exif(match turns % 4 {
            1 => 6,
            2 => 3,
            3 => 8,
            _ => 1,
        })
    }

    /// Mirroring along one axis.
    pub(crate) fn flip(flip: Flip) -> Self {
        Self::from_exif(match flip {
            Flip::Horizontal => 2,
            Flip::Vertical => 4,
        })
    }

    /// The composition: this orientation, then `next`.
    pub(crate) fn then(self, next: Self) -> Self {
        // `next` flips axes of this one's output. A transposition swaps the axes: the output's x runs along the stored
        // y. Two flips of one stored axis cancel, and so do two transpositions.
        let (x, y) = if self.transpose { (next.flip_y, next.flip_x) } else { (next.flip_x, next.flip_y) };
        Self {
            transpose: self.transpose != next.transpose,
            flip_x: self.flip_x != x,
            flip_y: self.flip_y != y,
        }
    }

    /// The orientation that undoes this one.
    pub(crate) fn inverse(self) -> Self {
        // Flips alone undo themselves. With a transposition, each flip changes to the other axis.
        let Self { transpose, flip_x, flip_y } = self;
        if transpose { Self { transpose, flip_x: flip_y, flip_y: flip_x } } else { self }
    }

    /// The size of the oriented image. An involution: applied to an oriented size it gives the stored one.
    pub(crate) fn size(self, stored: Size) -> Size {
        if self.transpose { Size { width: stored.height, height: stored.width } } else { stored }
    }

    /// The ratio along the stored axes, from that along the oriented ones. An involution, like [`Self::size`].
    pub(crate) fn ratio(self, oriented: Ratio) -> Ratio {
        if self.transpose { Ratio { across: oriented.down, down: oriented.across } } else { oriented }
    }

    /// The window of the oriented image that shows the pixels of `window` in a stored image of size `stored`.
    pub(crate) fn window(self, window: Window, stored: Size) -> Window {
        let mut oriented = window;
        if self.flip_x {
            oriented.x = f64::from(stored.width) - window.x - window.width;
        }
        if self.flip_y {
            oriented.y = f64::from(stored.height) - window.y - window.height;
        }
        if self.transpose {
            oriented =
                Window { x: oriented.y, y: oriented.x, width: oriented.height, height: oriented.width };
        }
        oriented
    }

    /// The oriented picture. Both pictures are in memory at once, unless the orientation is upright.
    pub(crate) fn apply(self, picture: Picture) -> Picture {
        if self == Self::default() {
            return picture;
        }
        match picture.pixel_bytes() {
            1 => self.permuted::<1>(&picture),
            2 => self.permuted::<2>(&picture),
            3 => self.permuted::<3>(&picture),
            4 => self.permuted::<4>(&picture),
            6 => self.permuted::<6>(&picture),
            _ => self.permuted::<8>(&picture),
        }
    }

    /// [`Self::apply`] for pixels of `N` bytes.
    ///
    /// With a transposition, a row of the result is a column of the stored picture. Rows are made in bands, so that of each
    /// cache line that is read several pixels are used.
    fn permuted<const N: usize>(self, picture: &Picture) -> Picture {
        debug_assert_eq!(picture.pixel_bytes(), N);
        let mut oriented = Picture::blank(self.size(picture.size), picture.layout, picture.depth);
        let (width, height) = (side(picture.size.width), side(picture.size.height));
        let columns = side(oriented.size.width).max(1);
        let (stored, _) = picture.samples.as_chunks::<N>();
        let (targets, _) = oriented.samples.as_chunks_mut::<N>();
        let from = |x: usize, y: usize| {
            let (x, y) = if self.transpose { (y, x) } else { (x, y) };
            let x = if self.flip_x { width - 1 - x } else { x };
            let y = if self.flip_y { height - 1 - y } else { y };
            stored.get(y * width + x)
        };
        let band = if self.transpose { TURNED_ROWS } else { 1 };
        for (number, rows) in targets.chunks_mut(columns.saturating_mul(band)).enumerate() {
            let mut rows: Vec<&mut [[u8; N]]> = rows.chunks_exact_mut(columns).collect();
            for x in 0..columns {
                for (y, row) in (number * band..).zip(&mut rows) {
                    if let (Some(target), Some(pixel)) = (row.get_mut(x), from(x, y)) {
                        *target = *pixel;
                    }
                }
            }
        }
        oriented
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::picture::{Depth, Layout};

    fn grey(width: u32, height: u32, samples: &[u8]) -> Picture {
        Picture {
            size: Size { width, height },
            layout: Layout::Grey,
            depth: Depth::Eight,
            samples: samples.to_vec(),
        }
    }

    /// Each stored picture has rows `1 2 3` and `4 5 6` once its orientation is applied.
    #[test]
    fn all_eight_orientations_end_upright() {
        let cases: [(u16, u32, u32, [u8; 6]); 8] = [
            (1, 3, 2, [1, 2, 3, 4, 5, 6]),
            (2, 3, 2, [3, 2, 1, 6, 5, 4]),
            (3, 3, 2, [6, 5, 4, 3, 2, 1]),
            (4, 3, 2, [4, 5, 6, 1, 2, 3]),
            (5, 2, 3, [1, 4, 2, 5, 3, 6]),
            (6, 2, 3, [3, 6, 2, 5, 1, 4]),
            (7, 2, 3, [6, 3, 5, 2, 4, 1]),
            (8, 2, 3, [4, 1, 5, 2, 6, 3]),
        ];
        for (value, width, height, samples) in cases {
            let upright = Orientation::from_exif(value).apply(grey(width, height, &samples));
            assert_eq!(upright, grey(3, 2, &[1, 2, 3, 4, 5, 6]), "orientation {value}");
        }
    }

    #[test]
    fn composition_and_inverse_agree_with_the_pixels() {
        let picture = grey(3, 2, &[1, 2, 3, 4, 5, 6]);
        for (first, second) in (1..=8).flat_map(|first| (1..=8).map(move |second| (first, second))) {
            let (one, other) = (Orientation::from_exif(first), Orientation::from_exif(second));
            let in_turn = other.apply(one.apply(picture.clone()));
            assert_eq!(one.then(other).apply(picture.clone()), in_turn, "{first} then {second}");
            assert_eq!(one.then(one.inverse()), Orientation::default(), "{first}");
        }
        let mirrored = Orientation::flip(Flip::Horizontal).apply(picture.clone());
        assert_eq!(mirrored, grey(3, 2, &[3, 2, 1, 6, 5, 4]));
        assert_eq!(Orientation::flip(Flip::Vertical).apply(picture), grey(3, 2, &[4, 5, 6, 1, 2, 3]));
    }

    #[test]
    fn windows_are_oriented_like_their_pixels() {
        let stored = Size { width: 3, height: 2 };
        let corner = Window { x: 2.0, y: 0.0, width: 1.0, height: 1.0 };
        for value in 1..=8 {
            let orientation = Orientation::from_exif(value);
            let turned = orientation.apply(grey(3, 2, &[0, 0, 9, 0, 0, 0]));
            let at = turned.samples.iter().position(|sample| *sample == 9).unwrap();
            let width = turned.size.width as usize;
            let window = orientation.window(corner, stored);
            assert_eq!(
                (window.x, window.y),
                ((at % width) as f64, (at / width) as f64),
                "orientation {value}"
            );
        }
    }
}
