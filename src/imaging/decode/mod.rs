//! Files to pixels: one room a format.
//!
//! Each room reads its header first, has size and memory admitted by the [`Budget`], and only then takes
//! pixels on, as few as the [`Demand`] allows. What the models of memory count is said in each room.

mod animation_screen;
mod avif;
mod bmp;
mod gif;
mod jpeg;
mod png;
mod pnm;
mod qoi;
#[cfg(test)]
mod streamed;
mod tiff;
mod webp;

use std::io::Read;

pub(super) use self::jpeg::estimate as estimate_jpeg;
use crate::imaging::decoded::Decoded;
use crate::imaging::draw::frames::AnimationSink;
use crate::imaging::error::Error;
use crate::imaging::input::probe;
use crate::imaging::input::source::SourceReader;
use crate::imaging::limits::Budget;
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;

/// Decodes a source of any format, at least as large as the recipes demand. Frames after the first go to the animation.
pub(super) fn decode<R: Read>(
    source: &mut SourceReader<'_, R>,
    demand: Demand<'_>,
    budget: &mut Budget,
    animation: &mut AnimationSink<'_>,
) -> Result<Decoded, Error> {
    let head = source.head(probe::HEAD)?;
    let format = probe::format(head)?;
    if let Some(size) = probe::declared_size(format, head) {
        budget.admit(size)?;
    }
    let decoded = match format {
        SourceFormat::Avif => avif::decode(source, demand, budget),
        SourceFormat::Bmp => bmp::decode(source, demand, budget),
        SourceFormat::Gif => gif::decode(source, demand, budget, animation),
        SourceFormat::Jpeg => jpeg::decode(source, demand, budget),
        SourceFormat::Png => png::decode(source, demand, budget, animation),
        SourceFormat::Pnm => pnm::decode(source, demand, budget),
        SourceFormat::Qoi => qoi::decode(source, demand, budget),
        SourceFormat::Tiff => tiff::decode(source, demand, budget),
        SourceFormat::WebP => webp::decode(source, demand, budget, animation),
    };
    let decoded = decoded.map(|decoded| {
        let orientation = demand.orientation(decoded.orientation);
        Decoded { orientation, ..decoded }
    });
    match source.culprit() {
        // A frame that did not arrive is not damaged.
        Some(culprit) if animation.has_failed() => Err(culprit),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::damage::Damage;
    use crate::imaging::picture::geometry::Size;
    use crate::imaging::picture::{Depth, Layout, Picture};

    fn decoded(damage: Damage) -> Result<Decoded, Error> {
        let full = Size { width: 1, height: 1 };
        let picture = Picture::blank(full, Layout::Grey, Depth::Eight);
        Ok(Decoded { damage, ..Decoded::plain(SourceFormat::Jpeg, picture, full, 1) })
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
