//! Averaging of a picture that was decoded whole.
//!
//! Memory: what [`Reducer`] reserves; the caller has reserved the picture itself.

use crate::imaging::decoded::Reduction;
use crate::imaging::error::Error;
use crate::imaging::limits::Budget;
use crate::imaging::picture::Picture;
use crate::imaging::pixels::reduce::Reducer;

/// Averages a picture over cells of `cell` × `cell` pixels. A cell of 1 returns it unchanged.
///
/// # Errors
/// [`Error::TooMuchMemory`].
pub(super) fn averaged(
    picture: Picture,
    cell: u32,
    budget: &mut Budget,
) -> Result<(Picture, Reduction), Error> {
    if cell == 1 {
        return Ok((picture, cell.into()));
    }
    let mut reducer = Reducer::new(picture.size, picture.layout, picture.depth, cell, budget)?;
    picture.rows().for_each(|row| reducer.push(row));
    let (picture, cell) = reducer.finish();
    Ok((picture, cell.into()))
}
