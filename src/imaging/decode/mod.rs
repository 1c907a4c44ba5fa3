//! Decoders: source bytes to pixels, one module per format.
//!
//! Every decoder reads the header, has the size and the memory admitted by the [`Budget`], and only then decodes
//! pixels. It decodes as few pixels as the [`Demand`] allows. Each module states its memory model.
//!
//! Invariant: for any truncation or damage a decoder returns an error or counts [`damage`](crate::imaging::damage).
//! It never panics.

mod animation_screen;
mod bmp;
mod gif;
mod heif;
mod image_crate;
mod jpeg;
#[cfg(feature = "jxl")]
mod jxl;
mod lzw;
mod pcx;
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
use crate::imaging::input::source::SourceReader;
use crate::imaging::input::{known_formats, probe};
use crate::imaging::limits::Budget;
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;

/// Decodes a source of any format, at least as large as the recipes demand. Frames after the first go to `animation`.
///
/// # Errors
/// The file cannot be decoded, a limit is exceeded, the reader fails, or the rendering is cancelled.
pub(super) fn decode<R: Read>(
    source: &mut SourceReader<'_, R>,
    demand: Demand<'_>,
    budget: &mut Budget,
    animation: &mut AnimationSink<'_>,
) -> Result<Decoded, Error> {
    let head = source.head(probe::HEAD)?;
    let format = match probe::format(head) {
        Err(Error::NotAnImage) => {
            let head = source.head(known_formats::LONG_HEAD)?;
            return Err(known_formats::refusal(head).unwrap_or(Error::NotAnImage));
        }
        format => format?,
    };
    if let Some(size) = probe::declared_size(format, head) {
        budget.admit(size)?;
    }
    let decoded = match format {
        SourceFormat::Avif | SourceFormat::Heic => heif::decode(source, format, demand, budget),
        SourceFormat::Bmp => bmp::decode(source, demand, budget),
        SourceFormat::Dds
        | SourceFormat::Exr
        | SourceFormat::Farbfeld
        | SourceFormat::Hdr
        | SourceFormat::Ico
        | SourceFormat::Tga => image_crate::decode(format, source, demand, budget),
        SourceFormat::Gif => gif::decode(source, demand, budget, animation),
        SourceFormat::Jpeg => jpeg::decode(source, demand, budget),
        #[cfg(feature = "jxl")]
        SourceFormat::Jxl => jxl::decode(source, demand, budget),
        #[cfg(not(feature = "jxl"))]
        SourceFormat::Jxl => Err(Error::Unsupported { what: "a JPEG XL picture".into() }),
        SourceFormat::Pcx => pcx::decode(source, demand, budget),
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
    match source.take_external_error() {
        // The animation ended early because the download failed, not because the file is damaged.
        Some(error) if animation.has_failed() => Err(error),
        error => prefer_external(decoded, error),
    }
}

/// Replaces damage by the failure of the reader that caused it: decoders cannot tell a failed reader from a truncated
/// file, and report an error or damage for both.
fn prefer_external(decoded: Result<Decoded, Error>, external: Option<Error>) -> Result<Decoded, Error> {
    match decoded {
        Ok(decoded) if decoded.damage.lost == 0 => Ok(decoded),
        decoded => external.map_or(decoded, Err),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::damage::Damage;
    use crate::imaging::picture::geometry::Size;
    use crate::imaging::picture::{Depth, Layout};
    use crate::imaging::pixels::source_scaler::ScaledSource;

    fn decoded(damage: Damage) -> Result<Decoded, Error> {
        let full = Size { width: 1, height: 1 };
        let scaled = ScaledSource {
            full,
            layout: Layout::Grey,
            depth: Depth::Eight,
            pictures: vec![],
            refused: vec![],
        };
        Ok(Decoded { damage, ..Decoded::plain(SourceFormat::Jpeg, scaled) })
    }

    #[test]
    fn failed_download_is_not_reported_as_damage() {
        let failure = || Some(Error::Read(std::io::ErrorKind::ConnectionAborted.into()));
        let damage = Damage { lost: 1, total: 100 };
        assert!(matches!(prefer_external(decoded(damage), failure()), Err(Error::Read(_))));
        assert!(matches!(prefer_external(Err(Error::NotAnImage), failure()), Err(Error::Read(_))));
        assert_eq!(
            prefer_external(decoded(damage), None).unwrap().damage,
            damage,
            "the file itself is truncated"
        );
        assert!(prefer_external(decoded(Damage::NONE), failure()).is_ok(), "all needed bytes arrived");
    }
}
