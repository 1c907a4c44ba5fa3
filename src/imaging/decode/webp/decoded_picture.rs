//! The result of decoding a WebP: a picture, and how its rows relate to the source.

use crate::imaging::error::Error;
use crate::imaging::picture::Picture;
use crate::imaging::pixels::source_rows::SourceRows;

/// A picture that was decoded, perhaps in part.
pub(super) struct DecodedPicture {
    pub(super) rows: SourceRows,
    pub(super) picture: Picture,
    /// Rows of the picture that came.
    pub(super) came: u32,
    /// The reason why not all came.
    pub(super) end: Result<(), Error>,
}

impl DecodedPicture {
    /// All rows of a picture.
    pub(super) fn whole(rows: SourceRows, picture: Picture) -> Self {
        Self { rows, came: picture.size.height, picture, end: Ok(()) }
    }
}
