//! BMP run-length decoding (`BI_RLE4`, `BI_RLE8` and OS/2's RLE24).
//!
//! A run is a count and a value. A count of 0 introduces an escape: end of row, end of bitmap, a move, or literal
//! pixels. Pixels that no run covers are black, as in other readers. Pixels past the end of a row are dropped.
//!
//! Memory: one row of RGB.

use std::io::Read;

use crate::imaging::decode::bmp::pixels::{Palette, RunUnit};
use crate::imaging::error::Error;
use crate::imaging::input::forward::ForwardReader;
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::side;

/// Decodes rows and pushes them in the order of the file.
///
/// # Errors
/// [`Error::Damaged`], a failed reader, or the error of `push`.
pub(super) fn decode<R: Read>(
    file: &mut ForwardReader<'_, '_, R>,
    (unit, palette): (RunUnit, &Palette),
    size: Size,
    mut push: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut row = vec![[0; 3]; side(size.width)];
    let (mut x, mut rows_left) = (0_usize, size.height);
    while rows_left > 0 {
        // Rows that are complete after this run or escape.
        let mut down = 0;
        match file.array()? {
            // End of row.
            [0, 0] => (x, down) = (0, 1),
            // End of bitmap.
            [0, 1] => down = rows_left,
            // Move to the right and to later rows.
            [0, 2] => {
                let [right, rows] = file.array()?;
                (x, down) = (x.saturating_add(right.into()), rows.into());
            }
            // Literal pixels, padded to an even number of bytes.
            [0, count] => {
                let mut literal = [0; 256 * 3];
                // Padded to an even number.
                let length = unit.bytes(count.into()).next_multiple_of(2);
                file.read(literal.get_mut(..length).unwrap_or_default())?;
                for (number, pixel) in row.iter_mut().skip(x).take(count.into()).enumerate() {
                    *pixel = unit.color(&literal, number, palette);
                }
                x = x.saturating_add(count.into());
            }
            // A run of one value.
            [count, first] => {
                let mut value = [first, 0, 0];
                if let (RunUnit::Bgr, [_, rest @ ..]) = (unit, &mut value) {
                    file.read(rest)?;
                }
                for (number, pixel) in row.iter_mut().skip(x).take(count.into()).enumerate() {
                    *pixel =
                        unit.color(&value, if unit == RunUnit::Nibble { number % 2 } else { 0 }, palette);
                }
                x = x.saturating_add(count.into());
            }
        }
        for _ in 0..down.min(rows_left) {
            push(row.as_flattened())?;
            row.fill([0; 3]);
        }
        rows_left = rows_left.saturating_sub(down);
    }
    Ok(())
}
