//! The result of decoding: a reduced picture and the facts of its file.
//!
//! Invariant: `picture` is stored as in the file, not turned; `full` and `reduction` relate its pixels to those of
//! the file.

use crate::imaging::damage::Damage;
use crate::imaging::exif::copyright::Copyright;
use crate::imaging::picture::geometry::{Cell, Size};
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::{Picture, Sampling};
use crate::imaging::source_format::SourceFormat;

/// A decoded source, before its orientation is applied.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// Pixels of the file, or means of several of them.
    pub(crate) picture: Picture,
    /// Size in the file, pixels, before the orientation is applied.
    pub(crate) full: Size,
    /// Pixels of the file per pixel of `picture`.
    pub(crate) reduction: Reduction,
    /// Averages or point samples.
    pub(crate) sampling: Sampling,
    /// Turn and mirroring that make the picture upright.
    pub(crate) orientation: Orientation,
    /// Embedded ICC profile.
    pub(crate) profile: Option<Vec<u8>>,
    /// Artist and Copyright from EXIF.
    pub(crate) copyright: Copyright,
    /// Format of the file.
    pub(crate) format: SourceFormat,
    /// Share of `picture` that was filled in.
    pub(crate) damage: Damage,
    /// Estimated libjpeg quality of a JPEG.
    pub(crate) quality: Option<u8>,
}

impl Decoded {
    /// An undamaged sRGB picture without metadata, upright, whose pixels are means of such cells of the file.
    pub(crate) fn plain(format: SourceFormat, picture: Picture, full: Size, cell: Cell) -> Self {
        Self {
            picture,
            full,
            reduction: cell.into(),
            sampling: Sampling::of(cell),
            orientation: Orientation::default(),
            profile: None,
            copyright: Copyright::default(),
            format,
            damage: Damage::NONE,
            quality: None,
        }
    }
}

/// Pixels of the file per pixel of a picture. Where averaging left partial cells, the last column and row cover less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reduction {
    /// Columns of the file per column of the picture.
    pub(crate) across: f64,
    /// Rows of the file per row of the picture.
    pub(crate) down: f64,
}

impl Reduction {
    /// The reduction of a picture that was scaled as a whole to `scaled`, so that all its pixels cover equal areas.
    #[cfg_attr(not(feature = "libwebp"), expect(dead_code, reason = "no other decoder scales"))]
    pub(crate) fn fitted(full: Size, scaled: Size) -> Self {
        Self {
            across: f64::from(full.width) / f64::from(scaled.width),
            down: f64::from(full.height) / f64::from(scaled.height),
        }
    }
}

/// The reduction of a picture whose pixels are means of these cells.
impl From<Cell> for Reduction {
    fn from(cell: Cell) -> Self {
        Self { across: f64::from(cell.across), down: f64::from(cell.down) }
    }
}
