//! Watermarks of a recipe: a picture, its place and its opacity.
//!
//! The pixels are part of the recipe, and the hash of their file stands for them in its canonical form. A new file makes
//! new thumbnails.

use std::fmt;
use std::sync::Arc;

use sha1::{Digest, Sha1};

use crate::recipe::gravity::Gravity;

/// A picture that is laid over a thumbnail.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Watermark {
    /// The picture.
    pub picture: WatermarkPicture,
    /// One of the nine positions.
    pub gravity: Gravity,
    /// Distance from the edge that the gravity names, west or else east, pixels; none from the middle. Of tiles, the gap
    /// between two beside each other.
    pub x: u32,
    /// Distance from the edge that the gravity names, north or else south, pixels; none from the middle. Of tiles, the
    /// gap between two above each other.
    pub y: u32,
    /// Percent of the picture's own opacity, 1 to 100.
    pub opacity: u8,
    /// `true` if the picture is repeated from the upper left corner on.
    pub is_tiled: bool,
}

/// Canonical form.
impl fmt::Display for Watermark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { picture, gravity, x, y, opacity, is_tiled } = self;
        write!(f, "{picture}@{gravity}+{x}+{y}*{opacity}{}", if *is_tiled { "*tiled" } else { "" })
    }
}

/// The picture of a watermark, sRGB. Copies share its pixels.
#[derive(Clone)]
pub struct WatermarkPicture(Arc<Pixels>);

struct Pixels {
    name: String,
    hash: [u8; 20],
    width: u32,
    height: u32,
    pixels: Vec<[u8; 4]>,
}

impl WatermarkPicture {
    /// The picture of a file with this name and content, whose pixels are given: red, green, blue and alpha of each, not
    /// premultiplied, rows from the top. `None` if they are not rows of `width` pixels, at least one.
    #[must_use]
    pub fn new(name: &str, file: &[u8], width: u32, pixels: Vec<[u8; 4]>) -> Option<Self> {
        let height = u32::try_from(pixels.len()).ok()?.checked_div(width)?;
        let is_whole = u64::from(width).checked_mul(height.into()) == u64::try_from(pixels.len()).ok();
        let hash = Sha1::digest(file).into();
        (is_whole && height > 0)
            .then(|| Self(Arc::new(Pixels { name: name.to_owned(), hash, width, height, pixels })))
    }

    /// Name of its file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Width, pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.0.width
    }

    /// Height, pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.0.height
    }

    /// Red, green, blue and alpha of each pixel, rows from the top.
    #[must_use]
    pub fn pixels(&self) -> &[[u8; 4]] {
        &self.0.pixels
    }
}

/// Equal files have equal pixels.
impl PartialEq for WatermarkPicture {
    fn eq(&self, other: &Self) -> bool {
        self.0.hash == other.0.hash
    }
}

impl Eq for WatermarkPicture {}

/// Prints the SHA-1 of its file.
impl fmt::Display for WatermarkPicture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0.hash))
    }
}

impl fmt::Debug for WatermarkPicture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {self}", self.0.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_whole_rows() {
        let picture = |width, pixels| WatermarkPicture::new("a.png", b"", width, vec![[0; 4]; pixels]);
        let whole = picture(3, 6).unwrap();
        assert_eq!((whole.width(), whole.height()), (3, 2));
        for (width, pixels) in [(0, 0), (0, 3), (3, 0), (3, 2), (3, 7)] {
            assert!(picture(width, pixels).is_none(), "{width} {pixels}");
        }
    }
}
