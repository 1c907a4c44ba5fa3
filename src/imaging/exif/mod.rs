//! EXIF: the orientation, and the artist and copyright, from the TIFF directories that hold them.
//!
//! A damaged block of EXIF never fails an image: what cannot be read is absent.

use crate::imaging::exif::directory::{Directory, DirectoryError, tag};
use crate::imaging::picture::orientation::Orientation;

pub(crate) mod copyright;
pub(crate) mod directory;

/// The orientation in a block of EXIF; upright if there is none.
pub(crate) fn exif_orientation(exif: &[u8]) -> Orientation {
    let directory = Directory::of_exif(exif).ok();
    directory.and_then(|directory| orientation(&directory).ok()).unwrap_or_default()
}

/// The orientation that a directory declares; upright if there is none.
///
/// # Errors
/// [`DirectoryError::Truncated`] if the value is past the end of the input.
pub(crate) fn orientation(directory: &Directory<'_>) -> Result<Orientation, DirectoryError> {
    let value = directory.number(tag::ORIENTATION)?.and_then(|value| u16::try_from(value).ok());
    Ok(value.map_or_else(Orientation::default, Orientation::from_exif))
}
