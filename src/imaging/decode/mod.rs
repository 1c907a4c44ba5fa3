//! Files to pixels: one room a format.
//!
//! Each room reads its header first, has size and memory admitted by the [`Budget`], and only then takes
//! pixels on, as few as the [`Demand`] allows. What the models of memory count is said in each room.

mod avif;
mod bmp;
mod forward;
mod gif;
mod jpeg;
mod png;
mod pnm;
mod qoi;
mod screen;
#[cfg(test)]
mod streamed;
mod tiff;
mod webp;

use std::io::Read;

pub(super) use self::jpeg::rehearse as rehearse_jpeg;
use self::tiff::exif_orientation;
use super::credits::Credits;
use super::damage::Damage;
use super::film::Film;
use super::geometry::{Demand, Size};
use super::limits::Budget;
use super::orient::Orientation;
use super::picture::{Grain, Picture};
use super::source::Source;
use super::{Error, SourceFormat, probe};

/// A decoded source, lying as it was stored.
#[derive(Debug)]
pub(super) struct Decoded {
    /// The pixels: those of the file, or means of several of them.
    pub(super) picture: Picture,
    /// Size in the file, pixels.
    pub(super) full: Size,
    pub(super) reduction: Reduction,
    /// Whether the pixels are means.
    pub(super) grain: Grain,
    pub(super) orientation: Orientation,
    /// Embedded ICC profile.
    pub(super) profile: Option<Vec<u8>>,
    /// Of its EXIF.
    pub(super) credits: Credits,
    pub(super) format: SourceFormat,
    /// What of `picture` is made up.
    pub(super) damage: Damage,
    /// Estimated libjpeg quality, of a JPEG.
    pub(super) quality: Option<u8>,
}

/// Pixels of the file for each pixel of a picture. The last column and row of the picture may show less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reduction {
    pub(super) across: f64,
    pub(super) down: f64,
}

impl Reduction {
    /// Of a picture that was scaled to a size as a whole, so that its last column and row are as good as the others.
    #[cfg_attr(not(feature = "libwebp"), expect(dead_code, reason = "no other decoder scales"))]
    fn fitted(full: Size, scaled: Size) -> Self {
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

/// Decodes a source of any format, at least as large as the recipes demand. Frames after the first go to the film.
pub(super) fn decode<R: Read>(
    source: &mut Source<'_, R>,
    demand: Demand<'_>,
    budget: &mut Budget,
    film: &mut Film<'_>,
) -> Result<Decoded, Error> {
    let head = source.head(probe::HEAD)?;
    let format = probe::format(head)?;
    if let Some(size) = probe::declared_size(format, head) {
        budget.admit(size)?;
    }
    let decoded = match format {
        SourceFormat::Avif => avif::decode(source, demand, budget),
        SourceFormat::Bmp => bmp::decode(source, demand, budget),
        SourceFormat::Gif => gif::decode(source, demand, budget, film),
        SourceFormat::Jpeg => jpeg::decode(source, demand, budget),
        SourceFormat::Png => png::decode(source, demand, budget, film),
        SourceFormat::Pnm => pnm::decode(source, demand, budget),
        SourceFormat::Qoi => qoi::decode(source, demand, budget),
        SourceFormat::Tiff => tiff::decode(source, demand, budget),
        SourceFormat::WebP => webp::decode(source, demand, budget, film),
    };
    let decoded = decoded.map(|decoded| {
        let orientation = demand.orientation(decoded.orientation);
        Decoded { orientation, ..decoded }
    });
    match source.culprit() {
        // A frame that did not arrive is not damaged.
        Some(culprit) if film.is_torn() => Err(culprit),
        culprit => blame(decoded, culprit),
    }
}

/// Decoders take a reader that failed for a file that ends early: for an error, or for damage.
fn blame(decoded: Result<Decoded, Error>, culprit: Option<Error>) -> Result<Decoded, Error> {
    match decoded {
        Ok(decoded) if decoded.damage.lost == 0 => Ok(decoded),
        decoded => culprit.map_or(decoded, Err),
    }
}

/// Bytes of so many pixels.
fn bytes_of(size: Size, pixel: u64) -> u64 {
    size.pixels().saturating_mul(pixel)
}

/// A length in memory as a number of bytes to reserve.
fn reserved(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::picture::{Depth, Layout};
    use super::*;

    fn decoded(damage: Damage) -> Result<Decoded, Error> {
        let full = Size { width: 1, height: 1 };
        Ok(Decoded {
            picture: Picture::blank(full, Layout::Grey, Depth::Eight),
            full,
            reduction: 1.into(),
            grain: Grain::Points,
            orientation: Orientation::default(),
            profile: None,
            credits: Credits::default(),
            format: SourceFormat::Jpeg,
            damage,
            quality: None,
        })
    }

    #[test]
    fn a_short_download_is_not_taken_for_damage() {
        let broken = || Some(Error::Read(std::io::ErrorKind::ConnectionAborted.into()));
        let damage = Damage { lost: 1, all: 100 };
        assert!(matches!(blame(decoded(damage), broken()), Err(Error::Read(_))));
        assert!(matches!(blame(Err(Error::NotAnImage), broken()), Err(Error::Read(_))));
        assert_eq!(blame(decoded(damage), None).unwrap().damage, damage, "the file itself is short");
        assert!(blame(decoded(Damage::NONE), broken()).is_ok(), "what came was enough");
    }
}
