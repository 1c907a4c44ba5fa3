//! Chroma at half the resolution: means of pixels, sharpened.
//!
//! A decoder interpolates chroma (libjpeg's triangle) or repeats it, and both blur it more than the mean of pixels
//! already has. Each mean is moved away from those around it: it becomes twice itself less a blur of its surroundings
//! by (1 6 1)/8 along each axis that has half the resolution. At edges the means there are repeated.

use std::collections::TryReserveError;

use crate::vector::I16x8;

/// Limit of samples, almost 128: with it the transform does not overflow.
const MOST: i16 = 2047;

/// Samples before and behind a row of means, for the neighbours of the outermost. Rows start at a whole vector.
pub(super) const MARGIN: usize = 8;

/// Rows of means that a row of blocks is made of, and the one below.
const MEANS: usize = 9;

/// Sharpens a row of means across only. The row has a [`MARGIN`] on both sides, which is filled.
pub(super) fn sharpen_row(means: &mut [i16], out: &mut [i16]) {
    fill_margins(means);
    for (mean, place) in neighbours(means).zip(out.as_chunks_mut().0) {
        let [_, middle, _] = mean;
        *place = sharpened(middle, blurred(mean)).numbers();
    }
}

/// The means of one component on their way to a row of blocks.
#[derive(Debug)]
pub(super) struct SharpenedMeans {
    width: usize,
    /// Rows with their margins.
    means: Vec<i16>,
    /// The same rows, blurred across, and before them the one above.
    blurred: Vec<i16>,
    /// Rows that are there.
    count: usize,
    /// True when there is a row above.
    has_above: bool,
}

impl SharpenedMeans {
    /// For rows of so many samples, a multiple of eight.
    pub(super) fn new(width: usize) -> Result<Self, TryReserveError> {
        let means = zeros(MEANS * (width + 2 * MARGIN))?;
        Ok(Self { width, means, blurred: zeros((MEANS + 1) * width)?, count: 0, has_above: false })
    }

    /// The place of the next row of means.
    pub(super) fn next_row(&mut self) -> &mut [i16] {
        let (width, stride) = (self.width, self.width + 2 * MARGIN);
        let row = self.means.chunks_exact_mut(stride).nth(self.count).unwrap_or_default();
        row.get_mut(MARGIN..MARGIN + width).unwrap_or_default()
    }

    /// Takes the row in the place of [`Self::next_row`]. When that is the row below eight others, these are sharpened
    /// and written to `out`; false when there are not so many yet.
    pub(super) fn push(&mut self, out: &mut [i16]) -> bool {
        let (width, stride) = (self.width, self.width + 2 * MARGIN);
        let row = self.means.chunks_exact_mut(stride).nth(self.count).unwrap_or_default();
        fill_margins(row);
        let place = self.blurred.chunks_exact_mut(width).nth(self.count + 1).unwrap_or_default();
        for (mean, place) in neighbours(row).zip(place.as_chunks_mut().0) {
            *place = blurred(mean).numbers();
        }
        if !self.has_above {
            self.blurred.copy_within(width..2 * width, 0);
            self.has_above = true;
        }
        self.count += 1;
        let is_complete = self.count == MEANS;
        if is_complete {
            self.sharpen(out);
        }
        is_complete
    }

    /// Repeats the last row until eight are written to `out`; to be called behind the last row.
    pub(super) fn finish(&mut self, out: &mut [i16]) {
        let (width, stride) = (self.width, self.width + 2 * MARGIN);
        let last = self.count.saturating_sub(1);
        for row in self.count..MEANS {
            self.means.copy_within(last * stride..(last + 1) * stride, row * stride);
            self.blurred.copy_within((last + 1) * width..(last + 2) * width, (row + 1) * width);
        }
        self.sharpen(out);
    }

    fn sharpen(&mut self, out: &mut [i16]) {
        let (width, stride) = (self.width, self.width + 2 * MARGIN);
        let blurs = self.blurred.chunks_exact(width);
        let blurs = blurs.clone().zip(blurs.clone().skip(1)).zip(blurs.skip(2));
        let rows = self.means.chunks_exact(stride).zip(blurs).zip(out.chunks_exact_mut(width));
        for ((means, ((above, middle), below)), out) in rows {
            let means = means.get(MARGIN..).unwrap_or_default().as_chunks().0.iter();
            let blurs = above.as_chunks().0.iter().zip(middle.as_chunks().0).zip(below.as_chunks().0);
            for ((mean, ((above, middle), below)), out) in means.zip(blurs).zip(out.as_chunks_mut().0) {
                let blur = blurred([above, middle, below].map(|row| I16x8::new(*row)));
                *out = sharpened(I16x8::new(*mean), blur).numbers();
            }
        }
        let last = MEANS - 1;
        self.means.copy_within(last * stride.., 0);
        self.blurred.copy_within(last * width.., 0);
        self.count = 1;
    }
}

/// `(a + 6 b + c) / 8`, rounded. Samples are within 2^11, so sums within 2^14.
#[inline(always)]
fn blurred([a, b, c]: [I16x8; 3]) -> I16x8 {
    let twice = b.add(b);
    a.add(c).add(twice.add(twice).add(twice)).add(I16x8::splat(4)).shift::<3>()
}

#[inline(always)]
fn sharpened(mean: I16x8, blur: I16x8) -> I16x8 {
    mean.add(mean).sub(blur).clamp(I16x8::splat(MOST))
}

/// The vectors of a row with margins, each between those that are shifted by one to either side.
#[inline(always)]
fn neighbours(row: &[i16]) -> impl Iterator<Item = [I16x8; 3]> {
    let shifted = |by: usize| row.get(by..).unwrap_or_default().as_chunks::<8>().0.iter();
    let count = (row.len() / 8).saturating_sub(2 * MARGIN / 8);
    let vectors = shifted(MARGIN - 1).zip(shifted(MARGIN)).zip(shifted(MARGIN + 1)).take(count);
    vectors.map(|((before, at), behind)| [before, at, behind].map(|vector| I16x8::new(*vector)))
}

/// Repeats the first and the last sample of a row in its margins.
fn fill_margins(row: &mut [i16]) {
    let Some((before, rest)) = row.split_at_mut_checked(MARGIN) else { return };
    let Some((samples, behind)) = rest.split_at_mut_checked(rest.len().saturating_sub(MARGIN)) else {
        return;
    };
    if let ([first, ..], [.., last]) = (&*samples, &*samples) {
        before.fill(*first);
        behind.fill(*last);
    }
}

/// So many zeros.
pub(super) fn zeros(length: usize) -> Result<Vec<i16>, TryReserveError> {
    let mut numbers = Vec::new();
    numbers.try_reserve_exact(length)?;
    numbers.resize(length, 0);
    Ok(numbers)
}
