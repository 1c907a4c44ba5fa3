//! Run-length coding: pairs of a count and a value, and escapes for what else there is.
//!
//! Pixels that are not said anything of are black, as elsewhere. What a run says beyond the end of its row is not
//! heard.

use std::io::Read;

use crate::imaging::decode::bmp::pixels::{Palette, Unit};
use crate::imaging::error::Error;
use crate::imaging::input::forward::ForwardReader;
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::side;

/// Hands on the rows in the order of the file.
pub(super) fn decode<R: Read>(
    file: &mut ForwardReader<'_, '_, R>,
    (unit, palette): (Unit, &Palette),
    size: Size,
    mut push: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut row = vec![[0; 3]; side(size.width)];
    let (mut x, mut left) = (0_usize, size.height);
    while left > 0 {
        let mut down = 0;
        match file.array()? {
            [0, 0] => (x, down) = (0, 1),
            [0, 1] => down = left,
            [0, 2] => {
                let [right, rows] = file.array()?;
                (x, down) = (x.saturating_add(right.into()), rows.into());
            }
            [0, count] => {
                let mut literal = [0; 256 * 3];
                // Padded to an even number.
                let length = unit.bytes(count.into()).next_multiple_of(2);
                file.read(literal.get_mut(..length).unwrap_or_default())?;
                for (pixel, place) in row.iter_mut().skip(x).take(count.into()).enumerate() {
                    *place = unit.color(&literal, pixel, palette);
                }
                x = x.saturating_add(count.into());
            }
            [count, first] => {
                let mut value = [first, 0, 0];
                if let (Unit::Bgr, [_, rest @ ..]) = (unit, &mut value) {
                    file.read(rest)?;
                }
                for (pixel, place) in row.iter_mut().skip(x).take(count.into()).enumerate() {
                    *place = unit.color(&value, if unit == Unit::Nibble { pixel % 2 } else { 0 }, palette);
                }
                x = x.saturating_add(count.into());
            }
        }
        for _ in 0..down.min(left) {
            push(row.as_flattened())?;
            row.fill([0; 3]);
        }
        left = left.saturating_sub(down);
    }
    Ok(())
}
