//! The machine's byte order of samples, and the predictors that compressed samples were coded by.

use crate::imaging::decode::tiff::samples::{MOST_SAMPLES, PixelFormat, Predictor};
use crate::imaging::exif::directory::ByteOrder;

impl PixelFormat {
    /// Converts a stored row in place to the machine's byte order, and from differences to samples. `scratch` is as long
    /// as the row for floating-point differences.
    ///
    /// The predictor stores each sample less the same sample of the pixel before, modulo 2^bits, so a running wrapping
    /// sum per sample restores it.
    pub(super) fn normalize(&self, row: &mut [u8], scratch: &mut [u8]) {
        let (step, is_predicted) = (self.interleaved(), self.predictor == Predictor::Difference);
        debug_assert!((1..=MOST_SAMPLES).contains(&step));
        if self.predictor == Predictor::FloatingPoint {
            let bytes = usize::try_from(self.bits / 8).unwrap_or(1);
            return undo_float_predictor(row, bytes, step, scratch);
        }
        match (self.bits, step) {
            (8, 3) if is_predicted => undo_differences::<3>(row),
            (8, 4) if is_predicted => undo_differences::<4>(row),
            (8, _) if is_predicted => add_up(row, step, |[byte]| byte, u8::wrapping_add, |sum| [sum]),
            (16, _) => {
                self.order_bytes::<2>(row);
                if is_predicted {
                    add_up(row, step, u16::from_ne_bytes, u16::wrapping_add, u16::to_ne_bytes);
                }
            }
            (32, _) => {
                self.order_bytes::<4>(row);
                if is_predicted {
                    add_up(row, step, u32::from_ne_bytes, u32::wrapping_add, u32::to_ne_bytes);
                }
            }
            (64, _) => {
                self.order_bytes::<8>(row);
                if is_predicted {
                    add_up(row, step, u64::from_ne_bytes, u64::wrapping_add, u64::to_ne_bytes);
                }
            }
            // Samples of other sizes are bit strings, highest bit first, except for 24 bits in little-endian files.
            (24, _) if self.order == ByteOrder::Little => {
                row.as_chunks_mut::<3>().0.iter_mut().for_each(|bytes| bytes.reverse());
            }
            _ => (),
        }
    }

    /// Converts samples of `B` bytes to the machine's byte order.
    fn order_bytes<const B: usize>(&self, row: &mut [u8]) {
        let is_reversed = match self.order {
            ByteOrder::Big => cfg!(target_endian = "little"),
            ByteOrder::Little => cfg!(target_endian = "big"),
        };
        if is_reversed {
            row.as_chunks_mut::<B>().0.iter_mut().for_each(|bytes| bytes.reverse());
        }
    }
}

/// Undoes the predictor for `C` interleaved samples of 8 bits.
fn undo_differences<const C: usize>(row: &mut [u8]) {
    let mut last = [0_u8; C];
    for pixel in row.as_chunks_mut::<C>().0 {
        for (sample, last) in pixel.iter_mut().zip(&mut last) {
            *last = last.wrapping_add(*sample);
            *sample = *last;
        }
    }
}

/// Undoes the predictor: replaces each sample of `B` bytes by the sum of it and the same sample of the pixel before;
/// `step` samples are interleaved.
fn add_up<const B: usize, S: Copy + Default>(
    row: &mut [u8],
    step: usize,
    read: impl Fn([u8; B]) -> S,
    add: impl Fn(S, S) -> S,
    write: impl Fn(S) -> [u8; B],
) {
    let mut last = [S::default(); MOST_SAMPLES];
    for pixel in row.as_chunks_mut::<B>().0.chunks_mut(step) {
        for (bytes, last) in pixel.iter_mut().zip(&mut last) {
            *last = add(*last, read(*bytes));
            *bytes = write(*last);
        }
    }
}

/// Undoes the floating-point predictor (TIFF Technical Note 3) for a row of samples of `width` bytes, `step` of which are
/// interleaved. `scratch` is as long as the row.
///
/// The row is stored as differences of bytes, `step` apart. Then come the highest bytes of all samples, the next bytes,
/// etc. The result has the machine's byte order, or highest byte first for samples of 24 bits.
pub(super) fn undo_float_predictor(row: &mut [u8], width: usize, step: usize, scratch: &mut [u8]) {
    for at in step..row.len() {
        let before = row.get(at - step).copied().unwrap_or(0);
        if let Some(byte) = row.get_mut(at) {
            *byte = byte.wrapping_add(before);
        }
    }
    let count = row.len() / width.max(1);
    for (index, plane) in row.chunks_exact(count.max(1)).enumerate() {
        let is_reversed = cfg!(target_endian = "little") && width != 3;
        let place = if is_reversed { width.saturating_sub(index + 1) } else { index };
        for (target, byte) in scratch.iter_mut().skip(place).step_by(width.max(1)).zip(plane) {
            *target = *byte;
        }
    }
    row.iter_mut().zip(scratch.iter()).for_each(|(target, byte)| *target = *byte);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::decode::tiff::numbers::float_at;

    #[test]
    fn float_predictor_is_undone() {
        // 1.0 and 2.0 are 3f80_0000 and 4000_0000: bytes 3f 40 80 00 00 00 00 00 by planes, then differences.
        let mut row = [0x3f, 1, 0x40, 0x80, 0, 0, 0, 0];
        undo_float_predictor(&mut row, 4, 1, &mut [0; 8]);
        assert_eq!([float_at(&row, 0, 32), float_at(&row, 1, 32)], [1.0, 2.0]);
    }
}
