//! Averaging of a picture that was decoded whole.
//!
//! Memory: what [`Reducer`] reserves; the caller has reserved the picture itself.

use crate::imaging::decoded::Reduction;
use crate::imaging::error::Error;
use crate::imaging::limits::Budget;
use crate::imaging::picture::Picture;
use crate::imaging::picture::geometry::Cell;
use crate::imaging::pixels::reduce::Reducer;

/// Averages a picture. Cells of one pixel return it unchanged.
///
/// # Errors
/// [`Error::TooMuchMemory`].
pub(super) fn averaged(
    picture: Picture,
    cell: Cell,
    budget: &mut Budget,
) -> Result<(Picture, Reduction), Error> {
    if cell == Cell::PIXEL {
        return Ok((picture, cell.into()));
    }
    let mut reducer = Reducer::new(picture.size, picture.layout, picture.depth, cell, budget)?;
    picture.rows().for_each(|row| reducer.push(row));
    let (picture, cell) = reducer.finish();
    Ok((picture, cell.into()))
}
