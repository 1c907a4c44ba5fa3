//! BMP run-length decoding (`BI_RLE4`, `BI_RLE8` and OS/2's RLE24).
//!
//! A run is a count and a value. A count of 0 introduces an escape: end of row, end of bitmap, a move, or literal
//! pixels. Pixels that no run covers are black, as in other readers. Pixels past the end of a row are dropped.
//!
//! Memory: one row of RGB.

use std::io::Read;

use crate::imaging::decode::bmp::canvas::BmpCanvas;
use crate::imaging::decode::bmp::pixels::{Palette, RunUnit};
use crate::imaging::error::Error;
use crate::imaging::input::forward::ForwardReader;
use crate::imaging::limits::{Cancel, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::side;

/// Decodes rows and pushes them in the order of the file.
///
/// # Errors
/// [`Error::Damaged`] if the file ends early, a failed reader, or cancellation.
pub(super) fn decode<R: Read>(
    file: &mut ForwardReader<'_, '_, R>,
    (unit, palette): (RunUnit, &Palette),
    size: Size,
    canvas: &mut BmpCanvas,
    cancel: &Cancel,
) -> Result<(), Error> {
    let mut row = vec![[0; 3]; side(size.width)];
    let (mut x, mut rows_left) = (0, size.height);
    while rows_left > 0 {
        let run = match read_run(file, (unit, palette), &mut row, x) {
            Ok(run) => run,
            Err(error) => {
                // The end of the last row may be missing, like that of the bitmap.
                canvas.push_start(row.as_flattened_mut(), to_u64(x));
                return Err(error);
            }
        };
        x = run.x;
        let down = run.rows.unwrap_or(rows_left).min(rows_left);
        for _ in 0..down {
            cancel.check()?;
            canvas.push(row.as_flattened());
            row.fill([0; 3]);
        }
        rows_left -= down;
    }
    Ok(())
}

/// The position after a run or an escape.
struct Run {
    /// Column of the next pixel.
    x: usize,
    /// Rows that are complete; `None` for all.
    rows: Option<u32>,
}

/// Reads a run or an escape, and writes its pixels to `row` from column `x` on.
fn read_run<R: Read>(
    file: &mut ForwardReader<'_, '_, R>,
    (unit, palette): (RunUnit, &Palette),
    row: &mut [[u8; 3]],
    x: usize,
) -> Result<Run, Error> {
    Ok(match file.array()? {
        // End of row.
        [0, 0] => Run { x: 0, rows: Some(1) },
        // End of bitmap.
        [0, 1] => Run { x, rows: None },
        // Move to the right and to later rows.
        [0, 2] => {
            let [right, rows] = file.array()?;
            Run { x: x.saturating_add(right.into()), rows: Some(rows.into()) }
        }
        // Literal pixels, padded to an even number of bytes.
        [0, count] => {
            let mut literal = [0; 256 * 3];
            let length = unit.bytes(count.into()).next_multiple_of(2);
            file.read(literal.get_mut(..length).unwrap_or_default())?;
            for (number, pixel) in row.iter_mut().skip(x).take(count.into()).enumerate() {
                *pixel = unit.color(&literal, number, palette);
            }
            Run { x: x.saturating_add(count.into()), rows: Some(0) }
        }
        // A run of one value.
        [count, first] => {
            let mut value = [first, 0, 0];
            if let (RunUnit::Bgr, [_, rest @ ..]) = (unit, &mut value) {
                file.read(rest)?;
            }
            for (number, pixel) in row.iter_mut().skip(x).take(count.into()).enumerate() {
                *pixel = unit.color(&value, if unit == RunUnit::Nibble { number % 2 } else { 0 }, palette);
            }
            Run { x: x.saturating_add(count.into()), rows: Some(0) }
        }
    })
}
