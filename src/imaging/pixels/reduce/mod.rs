//! Box averaging of pixels into a smaller picture while they are decoded, so that the full one is never in memory.
//!
//! A [`Cell`] of pixels becomes one pixel, the rounded mean. Cells at the right and lower edge cover only the
//! pixels that exist, and their mean is over those. Alpha weights the colours. [`Reducer`] takes rows in their order
//! and gives rows of cells; [`Scatter`] takes pixels in any order and holds the sums of all cells.
//!
//! Invariant: both give the same picture to the bit, since sums of integers do not depend on their order.
//!
//! Pixels of a damaged file may never come. Means are over those that came; a cell of which none came is a [gap]. Both
//! count the pixels that are missing.
//!
//! [gap]: crate::imaging::damage
//!
//! # Widths of the sums
//!
//! A cell has at most 256 rows and 256 x 256 pixels ([`LARGEST_CELL`]). Each sum fits its type:
//!
//! | samples | largest term | 256 rows ([`Reducer`]) | 65,536 pixels ([`Scatter`]) |
//! |---|---|---|---|
//! | 8 bits | 255 | 65,280 < 2^16: `u16` | < 2^24: `u32` |
//! | 8 bits times alpha | 255^2 | < 2^24: `u32` | 4,261,478,400 < 2^32: `u32` |
//! | 16 bits | 65,535 | < 2^24: `u32` | 4,294,901,760 < 2^32: `u32` |
//! | 16 bits times alpha | 65,535^2 | < 2^40: `u64` | < 2^48: `u64` |

mod rows;
mod scatter;

pub(crate) use self::rows::Reducer;
pub(crate) use self::scatter::{Run, Scatter};
use std::mem;
use std::ops::{AddAssign, Mul};

use crate::imaging::error::Error;
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::picture::geometry::{Cell, Ratio, Size};
use crate::imaging::picture::{Depth, Layout, Picture};

/// Reduced pixels per pixel of the thumbnail along one axis, at least. An integer box and then Lanczos keep 96 of 100
/// SSIMULACRA2 points at 4, and 94 on fine textures at 3.
const MARGIN: f64 = 4.0;

/// Largest side of a cell, pixels: the limit of the table above.
const LARGEST_CELL: u32 = 256;

/// The largest cell that leaves [`MARGIN`] for a
/// [`Demand::ratio`](crate::imaging::plan::demand::Demand::ratio).
///
/// The ratios of an image that is scaled in proportion differ by the rounding of the thumbnail's sides, and its cells
/// are squares. Much longer than wide are the cells of a strip whose thumbnail is one pixel wide, or of an image that
/// is squeezed along one axis.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and LARGEST_CELL")]
pub(crate) fn cell(ratio: Ratio) -> Cell {
    // There are `1 / ratio` source pixels per pixel of the thumbnail, and `1 / (ratio * side)` reduced ones.
    let side = |ratio: f64| (1.0 / (MARGIN * ratio)).floor().clamp(1.0, f64::from(LARGEST_CELL)) as u32;
    let (across, down) = (side(ratio.across), side(ratio.down));
    let shorter = across.min(down);
    let is_proportional = across.max(down) / shorter < 2;
    if is_proportional { Cell { across: shorter, down: shorter } } else { Cell { across, down } }
}

/// The division of a source into cells.
#[derive(Clone, Copy)]
struct Grid {
    source: Size,
    layout: Layout,
    depth: Depth,
    /// Sides of 1 to [`LARGEST_CELL`] pixels.
    cell: Cell,
}

impl Grid {
    /// The size of the reduced picture, one pixel per cell.
    fn reduced(self) -> Size {
        self.cell.reduced(self.source)
    }

    /// Reserves the reduced picture and `pixels` sums per channel of `width` bytes each, and allocates the picture.
    fn picture(self, pixels: u64, width: u64, budget: &mut Budget) -> Result<Picture, Error> {
        debug_assert!(
            [self.cell.across, self.cell.down].iter().all(|side| (1..=LARGEST_CELL).contains(side))
        );
        let picture = self.sample_bytes(self.reduced().pixels(), to_u64(self.depth.bytes()));
        budget.reserve(picture.saturating_add(self.sample_bytes(pixels, width)))?;
        Ok(Picture::blank(self.reduced(), self.layout, self.depth))
    }

    /// Bytes of some pixels at `width` bytes per channel.
    fn sample_bytes(self, pixels: u64, width: u64) -> u64 {
        pixels.saturating_mul(to_u64(self.layout.channels())).saturating_mul(width)
    }

    /// Rows that the row of cells at `index` covers: fewer at the end.
    fn rows(self, index: u32) -> u32 {
        self.source.height.saturating_sub(index.saturating_mul(self.cell.down)).min(self.cell.down)
    }

    /// Columns that the column of cells at `index` covers: fewer at the end.
    fn columns(self, index: u32) -> u32 {
        self.source.width.saturating_sub(index.saturating_mul(self.cell.across)).min(self.cell.across)
    }

    /// Writes the mean of a cell of `count` pixels to `target`, rounded half up. `totals` are sums of [`weighted`].
    ///
    /// With alpha, the last total is the largest sample times the sum of alpha. Divided by the largest sample, it is
    /// the weight of the colours, and divided by `count` as well, the mean of alpha.
    ///
    /// Doubles round here like exact fractions. A mean is a fraction with a denominator of at most 2^32, the sum of
    /// alpha at sixteen bits. It is one half exactly, or at least 2^-33 away from it. Means are below 2^16, where both
    /// roundings, of the quotient and of adding 0.5, are off by at most 2^-37 together.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "sums are below 2^48 and means are samples"
    )]
    fn write_mean<const C: usize>(self, totals: [u64; C], count: u64, target: &mut [u8]) {
        debug_assert!(totals.iter().all(|total| *total < 1 << 48));
        let means = match totals.last() {
            Some(alpha) if self.layout.has_alpha() => {
                let opacity = *alpha as f64 / opaque(self.depth);
                // In a transparent cell all totals are 0, and the divisor 1 gives transparent black.
                let mut means = totals.map(|total| total as f64 / opacity.max(1.0));
                means.last_mut().into_iter().for_each(|mean| *mean = opacity / count as f64);
                means
            }
            _ => totals.map(|total| total as f64 / count as f64),
        };
        match self.depth {
            Depth::Eight => {
                target.iter_mut().zip(means).for_each(|(target, mean)| *target = (mean + 0.5) as u8);
            }
            Depth::Sixteen => {
                for (target, mean) in target.as_chunks_mut::<2>().0.iter_mut().zip(means) {
                    *target = ((mean + 0.5) as u16).to_ne_bytes();
                }
            }
        }
    }
}

/// An integer wide enough for sums of one kind of samples; see the table in the [module](self).
trait Sum: AddAssign + Copy + Default + From<u8> + From<u16> + Into<u64> + Mul<Output = Self> {}

impl Sum for u16 {}
impl Sum for u32 {}
impl Sum for u64 {}

/// The terms that a pixel of `C` samples of `B` bytes adds to its sums: the samples, or with `ALPHA` the colours times
/// alpha. Alpha itself is treated as a colour of the largest sample everywhere.
fn weighted<S: Sum, const C: usize, const B: usize, const ALPHA: bool>(pixel: &[[u8; B]; C]) -> [S; C] {
    let mut samples = pixel.map(|bytes| match bytes.as_slice() {
        [only] => S::from(*only),
        bytes => S::from(bytes.first_chunk().map_or(0, |pair| u16::from_ne_bytes(*pair))),
    });
    if ALPHA {
        let opaque = if B == 1 { S::from(u8::MAX) } else { S::from(u16::MAX) };
        let alpha = samples.last_mut().map_or(opaque, |last| mem::replace(last, opaque));
        samples = samples.map(|sample| sample * alpha);
    }
    samples
}

/// Fills pixels that never came: transparent, or medium in every channel.
pub(crate) fn fill_gap(target: &mut [u8], layout: Layout, depth: Depth) {
    match depth {
        _ if layout.has_alpha() => target.fill(0),
        Depth::Eight => target.fill(0x80),
        Depth::Sixteen => {
            target.as_chunks_mut::<2>().0.fill(0x8000_u16.to_ne_bytes());
        }
    }
}

/// The largest sample, which is opaque alpha.
fn opaque(depth: Depth) -> f64 {
    match depth {
        Depth::Eight => u8::MAX.into(),
        Depth::Sixteen => u16::MAX.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::damage::{Damage, Tolerance};
    use crate::imaging::limits::Limits;
    use crate::imaging::picture::geometry::Ratio;

    const LAYOUTS: [Layout; 5] =
        [Layout::Cmyk, Layout::Grey, Layout::GreyAlpha, Layout::Rgb, Layout::RgbAlpha];

    fn budget(memory: u64) -> Budget {
        Budget::new(Limits {
            max_pixels: 1_000_000,
            memory,
            damage: Tolerance::default(),
            threads: std::num::NonZeroUsize::MIN,
        })
    }

    fn square(side: u32) -> Cell {
        Cell { across: side, down: side }
    }

    fn picture(width: u32, height: u32, layout: Layout, samples: &[u8]) -> Picture {
        Picture { size: Size { width, height }, layout, depth: Depth::Eight, samples: samples.to_vec() }
    }

    /// A picture of random samples, whose alpha is often transparent or opaque.
    fn noise(size: Size, layout: Layout, depth: Depth) -> Picture {
        let mut picture = Picture::blank(size, layout, depth);
        let mut state = 0x9e37_79b9_u32;
        let mut roll = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state
        };
        let pixel = picture.pixel_bytes();
        for samples in picture.samples.chunks_exact_mut(pixel) {
            samples.iter_mut().for_each(|byte| *byte = roll().to_ne_bytes()[0]);
            if layout.has_alpha() {
                let alpha = &mut samples[pixel - depth.bytes()..];
                match roll() % 4 {
                    0 => alpha.fill(0),
                    1 => alpha.fill(255),
                    _ => (),
                }
            }
        }
        picture
    }

    /// The picture that the rows of a reducer make.
    fn gathered<'r>(reducer: &mut Reducer, rows: impl IntoIterator<Item = Option<&'r [u8]>>) -> Vec<u8> {
        let mut samples = Vec::new();
        for row in rows {
            samples.extend_from_slice(reducer.push(row).unwrap_or_default());
        }
        samples
    }

    fn by_rows(from: &Picture, cell: Cell) -> Picture {
        let mut reducer = Reducer::new(from.size, from.layout, from.depth, cell);
        let samples = gathered(&mut reducer, from.rows().map(Some));
        Picture { size: cell.reduced(from.size), layout: from.layout, depth: from.depth, samples }
    }

    /// Reduces by the passes of interlaced PNG, the last of them first.
    fn by_passes(from: &Picture, cell: Cell) -> Picture {
        let Size { width, height } = from.size;
        let mut scatter =
            Scatter::new(from.size, from.layout, from.depth, cell, &mut budget(u64::MAX)).unwrap();
        for (x, top, step, down) in
            [(0, 1, 1, 2), (1, 0, 2, 2), (0, 2, 2, 4), (2, 0, 4, 4), (0, 4, 4, 8), (4, 0, 8, 8), (0, 0, 8, 8)]
        {
            for y in (top..height).step_by(down) {
                let row = from.rows().nth(y as usize).unwrap().chunks_exact(from.pixel_bytes());
                let mut samples: Vec<u8> =
                    row.skip(x as usize).step_by(step as usize).flatten().copied().collect();
                // Samples past the right edge, as padded tiles have.
                samples.extend([77; 64]);
                scatter.push(Run { x, y, step }, &samples);
                scatter.push(Run { x: width, y, step }, &samples);
                scatter.push(Run { x, y: height, step }, &samples);
            }
        }
        scatter.finish().0
    }

    /// Means in floating point, from the definition.
    fn by_definition(from: &Picture, cell: Cell) -> Vec<f64> {
        let (channels, bytes) = (from.layout.channels(), from.depth.bytes());
        let sample = |x: u32, y: u32, channel: usize| {
            let at = (y as usize * from.size.width as usize + x as usize) * channels + channel;
            match from.depth {
                Depth::Eight => f64::from(from.samples[at]),
                Depth::Sixteen => {
                    f64::from(u16::from_ne_bytes([from.samples[at * bytes], from.samples[at * bytes + 1]]))
                }
            }
        };
        let mut means = Vec::new();
        for (top, left) in (0..from.size.height)
            .step_by(cell.down as usize)
            .flat_map(|y| (0..from.size.width).step_by(cell.across as usize).map(move |x| (y, x)))
        {
            let ys = top..(top + cell.down).min(from.size.height);
            let pixels: Vec<(u32, u32)> = ys
                .flat_map(|y| (left..(left + cell.across).min(from.size.width)).map(move |x| (x, y)))
                .collect();
            for channel in 0..channels {
                let is_weighed = from.layout.has_alpha() && channel + 1 < channels;
                let weight = |x, y| if is_weighed { sample(x, y, channels - 1) } else { 1.0 };
                let all: f64 = pixels.iter().map(|&(x, y)| weight(x, y)).sum();
                let sum: f64 = pixels.iter().map(|&(x, y)| sample(x, y, channel) * weight(x, y)).sum();
                means.push(if all > 0.0 { sum / all } else { 0.0 });
            }
        }
        means
    }

    fn samples(picture: &Picture) -> Vec<f64> {
        match picture.depth {
            Depth::Eight => picture.samples.iter().map(|sample| f64::from(*sample)).collect(),
            Depth::Sixteen => {
                let pairs = picture.samples.as_chunks::<2>().0;
                pairs.iter().map(|pair| f64::from(u16::from_ne_bytes(*pair))).collect()
            }
        }
    }

    /// Sizes that are multiples of the cell, and sizes that are not.
    #[test]
    fn every_layout_and_depth_is_reduced_to_its_means() {
        for (layout, depth) in LAYOUTS.iter().flat_map(|l| [(*l, Depth::Eight), (*l, Depth::Sixteen)]) {
            for (width, height, across, down) in [
                (12, 8, 4, 4),
                (13, 7, 3, 3),
                (13, 7, 1, 3),
                (11, 9, 5, 2),
                (1, 9, 2, 2),
                (9, 1, 5, 5),
                (3, 2, 256, 256),
            ] {
                let cell = Cell { across, down };
                let picture = noise(Size { width, height }, layout, depth);
                let (have, want) = (by_rows(&picture, cell), by_definition(&picture, cell));
                let off =
                    samples(&have).iter().zip(&want).filter(|(a, b)| (*a - *b).abs() > 0.500_001).count();
                assert_eq!(have.samples.len(), want.len() * depth.bytes());
                assert_eq!(
                    off, 0,
                    "{layout:?} {depth:?} {width}x{height} by {cell:?}: {have:?} is not {want:?}"
                );
            }
        }
    }

    #[test]
    fn result_does_not_depend_on_the_order_of_pixels() {
        for (layout, depth) in LAYOUTS.iter().flat_map(|l| [(*l, Depth::Eight), (*l, Depth::Sixteen)]) {
            for (width, height, across, down) in [
                (24, 16, 4, 4),
                (19, 23, 3, 3),
                (19, 23, 1, 7),
                (19, 23, 9, 2),
                (1, 9, 2, 2),
                (9, 1, 5, 5),
                (7, 5, 1, 1),
                (13, 12, 256, 256),
            ] {
                let (picture, cell) = (noise(Size { width, height }, layout, depth), Cell { across, down });
                let what = format!("{layout:?} {depth:?} {width}x{height} by {cell:?}");
                assert_eq!(by_passes(&picture, cell), by_rows(&picture, cell), "{what}");
            }
        }
    }

    #[test]
    fn sums_of_the_largest_cell_do_not_overflow() {
        for (layout, depth) in LAYOUTS.iter().flat_map(|l| [(*l, Depth::Eight), (*l, Depth::Sixteen)]) {
            let size = Size { width: LARGEST_CELL, height: LARGEST_CELL };
            let mut white = Picture::blank(size, layout, depth);
            white.samples.fill(255);
            let cell = square(LARGEST_CELL);
            for reduced in [by_rows(&white, cell), by_passes(&white, cell)] {
                assert_eq!(reduced.samples, vec![255; white.pixel_bytes()], "{layout:?} {depth:?}");
            }
        }
    }

    #[test]
    fn single_pixels_are_copied() {
        let size = Size { width: 3, height: 2 };
        for (layout, depth) in LAYOUTS.iter().flat_map(|l| [(*l, Depth::Eight), (*l, Depth::Sixteen)]) {
            let picture = noise(size, layout, depth);
            assert_eq!(by_rows(&picture, Cell::PIXEL), picture);
        }
    }

    #[test]
    fn halves_are_rounded_up() {
        assert_eq!(by_rows(&picture(2, 1, Layout::Grey, &[10, 11]), square(2)).samples, [11]);
        assert_eq!(
            by_rows(&picture(2, 1, Layout::GreyAlpha, &[10, 255, 11, 255]), square(2)).samples,
            [11, 255]
        );
    }

    #[test]
    fn transparent_colour_does_not_bleed() {
        let half = picture(2, 1, Layout::GreyAlpha, &[200, 255, 0, 0]);
        assert_eq!(by_rows(&half, square(2)).samples, [200, 128]);
        let clear = picture(2, 1, Layout::GreyAlpha, &[200, 0, 100, 0]);
        assert_eq!(by_rows(&clear, square(2)).samples, [0, 0]);
    }

    #[test]
    fn means_are_over_the_rows_that_came_and_gaps_are_neutral() {
        let size = Size { width: 1, height: 6 };
        let reduced = |rows: [Option<u8>; 6]| {
            let rows: Vec<_> = rows.into_iter().map(|row| row.map(|sample| vec![sample])).collect();
            let mut reducer = Reducer::new(size, Layout::Grey, Depth::Eight, square(2));
            gathered(&mut reducer, rows.iter().map(|row| row.as_deref()))
        };
        assert_eq!(reduced([Some(10), Some(20), Some(30), None, None, None]), [15, 30, 128]);
        assert_eq!(reduced([Some(10), None, None, None, Some(50), Some(60)]), [10, 128, 55]);
    }

    #[test]
    fn skipped_pixels_leave_the_mean_of_their_cell_to_the_others() {
        let size = Size { width: 4, height: 2 };
        let skipped = |cell, stand_in| {
            let mut budget = budget(u64::MAX);
            let mut scatter = Scatter::new(size, Layout::Grey, Depth::Eight, cell, &mut budget).unwrap();
            scatter.push(Run { x: 0, y: 0, step: 1 }, &[10, 20]);
            scatter.push(Run { x: 0, y: 1, step: 2 }, &[30]);
            scatter.skip(Run { x: 1, y: 1, step: 2 }, 1, stand_in, &mut budget).unwrap();
            scatter.skip(Run { x: 2, y: 0, step: 1 }, u32::MAX, None, &mut budget).unwrap();
            scatter.skip(Run { x: 2, y: 1, step: 1 }, 9, None, &mut budget).unwrap();
            assert_eq!(scatter.missing(), Damage { lost: 5, total: 8 });
            scatter.finish().0.samples
        };
        assert_eq!(skipped(square(2), None), [20, 128]);
        assert_eq!(skipped(Cell::PIXEL, Some((0, 1))), [10, 20, 128, 128, 30, 20, 128, 128]);
    }

    #[test]
    fn memory_is_the_sums_of_a_row_and_its_cells() {
        let size = Size { width: 1000, height: 1000 };
        // 100 cells of 3 bytes, and 1000 x 3 column sums of 2 bytes.
        assert_eq!(Reducer::bytes(size, Layout::Rgb, Depth::Eight, square(10)), 300 + 6_000);
    }

    #[test]
    fn cell_leaves_four_pixels_per_pixel_of_the_thumbnail() {
        for (ratio, expected) in [(1.0, 1), (0.2, 1), (0.1, 2), (300.0 / 4032.0, 3), (0.000_01, 256)] {
            assert_eq!(cell(Ratio { across: ratio, down: ratio }), square(expected), "{ratio}");
        }
    }

    #[test]
    fn cells_are_square_unless_an_image_is_squeezed() {
        let sides = |across, down| cell(Ratio { across, down });
        assert_eq!(sides(0.0623, 0.0627), square(3), "4 and 3, by the rounding of sides");
        assert_eq!(sides(0.1, 0.000_03), Cell { across: 2, down: 256 }, "10 x 10,000,000 to 1 x 300");
        assert_eq!(sides(1.0, 0.01), Cell { across: 1, down: 25 });
    }
}
