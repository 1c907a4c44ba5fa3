//! A decoded source.

use crate::imaging::damage::Damage;
use crate::imaging::exif::copyright::Copyright;
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::{Picture, Sampling};
use crate::imaging::source_format::SourceFormat;

/// A decoded source, lying as it was stored.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// The pixels: those of the file, or means of several of them.
    pub(crate) picture: Picture,
    /// Size in the file, pixels.
    pub(crate) full: Size,
    pub(crate) reduction: Reduction,
    /// Whether the pixels are means.
    pub(crate) sampling: Sampling,
    pub(crate) orientation: Orientation,
    /// Embedded ICC profile.
    pub(crate) profile: Option<Vec<u8>>,
    /// Of its EXIF.
    pub(crate) copyright: Copyright,
    pub(crate) format: SourceFormat,
    /// What of `picture` is made up.
    pub(crate) damage: Damage,
    /// Estimated libjpeg quality, of a JPEG.
    pub(crate) quality: Option<u8>,
}

impl Decoded {
    /// A picture of cells of `cell` × `cell` pixels of the file, undamaged, stored upright, sRGB, without metadata.
    pub(crate) fn plain(format: SourceFormat, picture: Picture, full: Size, cell: u32) -> Self {
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

/// Pixels of the file for each pixel of a picture. The last column and row of the picture may show less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reduction {
    pub(crate) across: f64,
    pub(crate) down: f64,
}

impl Reduction {
    /// Of a picture that was scaled to a size as a whole, so that its last column and row are as good as the others.
    #[cfg_attr(not(feature = "libwebp"), expect(dead_code, reason = "no other decoder scales"))]
    pub(crate) fn fitted(full: Size, scaled: Size) -> Self {
        Self {
            across: f64::from(full.width) / f64::from(scaled.width),
            down: f64::from(full.height) / f64::from(scaled.height),
        }
    }
}

/// Of a picture made of squares with this side.
impl From<u32> for Reduction {
    fn from(cell: u32) -> Self {
        Self { across: f64::from(cell), down: f64::from(cell) }
    }
}
