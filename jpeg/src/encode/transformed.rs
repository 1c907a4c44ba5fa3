//! A picture as coefficients that are not quantised yet.

use std::collections::TryReserveError;

use crate::encode::chroma::{MARGIN, SharpenedMeans, sharpen_row, zeros};
use crate::encode::color::{CHUNK, Rows, convert_full, convert_grey, convert_half, convert_quarter};
use crate::encode::picture::{Channels, EncodeError, Pixels, Sampling};
use crate::encode::transform::{Block, transform_row};

/// The DCT coefficients of a picture, from which files of any quality are written.
///
/// Coefficients have 16 bits, four of them of fraction. Only blocks that have pixels are kept.
#[derive(Clone, Debug)]
pub struct Transformed {
    pub(super) width: u16,
    pub(super) height: u16,
    pub(super) sampling: Sampling,
    /// Luma, or luma and both components of chroma.
    pub(super) planes: Vec<Plane>,
}

/// The blocks of one component.
#[derive(Clone, Debug)]
pub(super) struct Plane {
    /// Blocks across and down.
    pub(super) count: (usize, usize),
    /// Their coefficients, row by row.
    pub(super) blocks: Vec<Block>,
}

impl Plane {
    fn new(count: (usize, usize)) -> Result<Self, TryReserveError> {
        let mut blocks = Vec::new();
        // Sides are below 2^13 blocks, so their product fits.
        blocks.try_reserve_exact(count.0 * count.1)?;
        Ok(Self { count, blocks })
    }

    /// Transforms the next row of blocks.
    fn push_row(&mut self, lines: &[i16], stride: usize) {
        let start = self.blocks.len();
        if start == self.count.0 * self.count.1 {
            return;
        }
        self.blocks.resize(start + self.count.0, [0; 64]);
        transform_row(lines, stride, self.blocks.get_mut(start..).unwrap_or_default());
    }
}

impl Transformed {
    /// Transforms a picture: colours, means of chroma, cosines. A grey picture has no chroma, whatever its sampling.
    ///
    /// # Errors
    /// [`EncodeError::Empty`], [`EncodeError::Samples`] and [`EncodeError::Memory`].
    pub fn new(pixels: &Pixels<'_>, sampling: Sampling) -> Result<Self, EncodeError> {
        pixels.check()?;
        let counts = block_counts(pixels.width, pixels.height, pixels.channels, sampling);
        let planes = counts.into_iter().map(Plane::new).collect::<Result<_, _>>()?;
        let sampling = if pixels.channels == Channels::Grey { Sampling::Full } else { sampling };
        let mut transformed = Self { width: pixels.width, height: pixels.height, sampling, planes };
        match (transformed.planes.as_mut_slice(), sampling) {
            ([luma], _) => transform_grey(pixels, luma)?,
            ([luma, cb, cr], Sampling::Quarter) => transform_quarter(pixels, luma, [cb, cr])?,
            ([luma, cb, cr], _) => transform_full_height(pixels, luma, [cb, cr], sampling)?,
            _ => (),
        }
        Ok(transformed)
    }
}

/// Blocks across and down of each component (section A.1.1 and A.2.4), without those that only fill up an MCU.
pub(super) fn block_counts(
    width: u16,
    height: u16,
    channels: Channels,
    sampling: Sampling,
) -> Vec<(usize, usize)> {
    let (width, height) = (usize::from(width), usize::from(height));
    let luma = (width.div_ceil(8), height.div_ceil(8));
    if channels == Channels::Grey {
        return vec![luma];
    }
    let (across, down) = sampling.factors();
    let blocks = |pixels: usize, factor: u8| pixels.div_ceil(usize::from(factor)).div_ceil(8);
    let chroma = (blocks(width, across), blocks(height, down));
    vec![luma, chroma, chroma]
}

/// Samples of a row of luma, whole chunks.
fn stride(pixels: &Pixels<'_>) -> usize {
    usize::from(pixels.width).next_multiple_of(CHUNK)
}

fn transform_grey(pixels: &Pixels<'_>, luma: &mut Plane) -> Result<(), EncodeError> {
    let stride = stride(pixels);
    let mut lines = zeros(8 * stride)?;
    for row in 0..luma.count.1 {
        for (line, samples) in (8 * row..).zip(lines.chunks_exact_mut(stride)) {
            convert_grey(pixels.row(line), samples);
        }
        luma.push_row(&lines, stride);
    }
    Ok(())
}

/// Chroma with all rows of luma: 4:4:4 and 4:2:2.
fn transform_full_height(
    pixels: &Pixels<'_>,
    luma: &mut Plane,
    [cb, cr]: [&mut Plane; 2],
    sampling: Sampling,
) -> Result<(), EncodeError> {
    let stride = stride(pixels);
    let chroma_stride = if sampling == Sampling::Full { stride } else { stride / 2 };
    let mut lines = zeros(8 * stride)?;
    let (mut cb_lines, mut cr_lines) = (zeros(8 * chroma_stride)?, zeros(8 * chroma_stride)?);
    let mut means = [zeros(chroma_stride + 2 * MARGIN)?, zeros(chroma_stride + 2 * MARGIN)?];
    for row in 0..luma.count.1 {
        let chroma = cb_lines.chunks_exact_mut(chroma_stride).zip(cr_lines.chunks_exact_mut(chroma_stride));
        let rows = lines.chunks_exact_mut(stride).zip(chroma);
        for (line, (y, (cb, cr))) in (8 * row..).zip(rows) {
            let rgb = pixels.row(line);
            if sampling == Sampling::Full {
                convert_full(rgb, &mut Rows { luma: y, cb, cr });
                continue;
            }
            let [cb_means, cr_means] = &mut means;
            let places =
                [&mut *cb_means, &mut *cr_means].map(|row| row.get_mut(MARGIN..).unwrap_or_default());
            let [cb_place, cr_place] = places;
            convert_half(rgb, &mut Rows { luma: y, cb: cb_place, cr: cr_place });
            sharpen_row(cb_means, cb);
            sharpen_row(cr_means, cr);
        }
        luma.push_row(&lines, stride);
        cb.push_row(&cb_lines, chroma_stride);
        cr.push_row(&cr_lines, chroma_stride);
    }
    Ok(())
}

/// Chroma of half the resolution along both axes. The means of a row of blocks are sharpened when the first row of means
/// below them is there.
fn transform_quarter(
    pixels: &Pixels<'_>,
    luma: &mut Plane,
    [cb, cr]: [&mut Plane; 2],
) -> Result<(), EncodeError> {
    let stride = stride(pixels);
    let mut lines = zeros(16 * stride)?;
    let mut means = [SharpenedMeans::new(stride / 2)?, SharpenedMeans::new(stride / 2)?];
    let mut sharpened = zeros(8 * stride / 2)?;
    for row in 0..cb.count.1 {
        for (line, y) in (16 * row..).step_by(2).zip(lines.chunks_exact_mut(2 * stride)) {
            let [cb_means, cr_means] = &mut means;
            let (above, below) = y.split_at_mut(stride);
            let mut rows = Rows { luma: above, cb: cb_means.next_row(), cr: cr_means.next_row() };
            convert_quarter([line, line + 1].map(|line| pixels.row(line)), &mut rows, below);
            for (means, plane) in [(cb_means, &mut *cb), (cr_means, &mut *cr)] {
                if means.push(&mut sharpened) {
                    plane.push_row(&sharpened, stride / 2);
                }
            }
        }
        for rows in lines.chunks_exact(8 * stride) {
            luma.push_row(rows, stride);
        }
    }
    for (means, plane) in means.iter_mut().zip([cb, cr]) {
        means.finish(&mut sharpened);
        plane.push_row(&sharpened, stride / 2);
    }
    Ok(())
}
