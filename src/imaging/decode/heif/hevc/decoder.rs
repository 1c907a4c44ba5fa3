//! The decoders of HEVC: rust_h265 for 4:2:0 and 4:4:4, heic-rs for what that does not have: monochrome, such as alpha, and
//! pictures that may name others as references, for each of which a decoder of video would hold a grey picture. 4:2:2 is
//! refused: rust_h265 does not have it, and what heic-rs 0.1.4 makes of it is not the picture.
//!
//! Both are run behind [`catch_unwind`]: they index tables by numbers of the bitstream, and a check that is missing
//! there is a panic. Their state is dropped with the error. heic-rs has no unsafe code. rust_h265 has some for threads,
//! of which it is given one.
//!
//! Neither can be told to leave out loop filters, and neither hears of cancellation inside of a slice segment.
//!
//! Memory: [`Engine::bytes`], measured on noise with all block sizes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use heic_rs::hevc as still;
use rust_h265::{DecodeLimits, PixelData};

use crate::imaging::decode::heif::hevc::coded_picture::CodedPicture;
use crate::imaging::decode::heif::planes::{ChromaSubsampling, Plane, PlaneFormat, PlaneSamples, Planes};
use crate::imaging::error::Error;
use crate::imaging::limits::{Cancel, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::side;
use crate::imaging::source_format::SourceFormat;

/// A decoder.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Engine {
    /// heic-rs.
    Still,
    /// rust_h265.
    Video,
}

/// The planes of a decoder, in its type of samples.
enum Samples {
    Bytes(Vec<u8>),
    Words(Vec<u16>),
}

impl Engine {
    /// The decoder of a picture; `None` for 4:2:2.
    pub(super) fn of(picture: &CodedPicture<'_>) -> Option<Self> {
        let chroma = picture.parameters.format.chroma.map(|chroma| (chroma.across, chroma.down));
        match chroma {
            Some((true, false) | (false, true)) => None,
            Some((true, true) | (false, false)) if picture.is_refresh => Some(Self::Video),
            _ => Some(Self::Still),
        }
    }

    /// Most bytes that decoding takes beside the item, whose bytes are `content`.
    ///
    /// - rust_h265 holds planes of whole blocks of 64 pixels, filters a copy of them, and cuts another one; 1.4 bytes for
    ///   each pixel are motion, quantisers and modes of blocks.
    /// - heic-rs holds planes of two bytes for each sample and cuts a copy; 1.2 bytes for each pixel are of blocks.
    /// - Each slice is copied twice, with the places of left out bytes, of four bytes each.
    pub(super) fn bytes(self, picture: &CodedPicture<'_>, content: &[u8]) -> u64 {
        let format = picture.parameters.format;
        let whole = |side: u32| side.saturating_add(63) / 64 * 64;
        let coded = picture.parameters.coded;
        let padded = Size { width: whole(coded.width), height: whole(coded.height) };
        let planes = match self {
            Self::Still => plane_bytes(PlaneFormat { bits: 16, ..format }, padded).saturating_mul(2),
            Self::Video => plane_bytes(format, padded).saturating_mul(3),
        };
        planes
            .saturating_add(padded.pixels().saturating_mul(2))
            .saturating_add(to_u64(content.len()).saturating_mul(4))
    }

    /// Decodes a picture.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Unsupported`] or [`Error::Cancelled`].
    pub(super) fn decode(self, picture: &CodedPicture<'_>, cancel: &Cancel) -> Result<Planes, Error> {
        cancel.check()?;
        let decode = AssertUnwindSafe(|| match self {
            Self::Still => decode_still(picture),
            Self::Video => decode_video(picture, cancel),
        });
        let (size, planes) =
            catch_unwind(decode).unwrap_or_else(|_| Err(broken("a number is out of range")))?;
        let parameters = picture.parameters;
        if size != parameters.size {
            return Err(broken("the size is not that of its parameters"));
        }
        // One plane after the other, so that only one is held in both types.
        let planes = planes.into_iter().enumerate().map(|(number, samples)| {
            let size = match parameters.format.chroma {
                Some(chroma) if number > 0 => chroma.size(size),
                _ => size,
            };
            let samples = samples.stored(parameters.format);
            let stride = side(size.width).saturating_mul(parameters.format.sample_bytes());
            Plane { samples: PlaneSamples::Own(samples), stride, size }
        });
        Ok(Planes { planes: planes.collect(), format: parameters.format, color: parameters.color })
    }
}

impl Samples {
    /// The samples as [`Plane`] stores them.
    #[expect(clippy::cast_possible_truncation, reason = "samples of 8 bits")]
    fn stored(self, format: PlaneFormat) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Words(words) if format.is_wide() => {
                let mut bytes = Vec::with_capacity(words.len().saturating_mul(2));
                words.iter().for_each(|word| bytes.extend(word.to_ne_bytes()));
                bytes
            }
            Self::Words(words) => words.iter().map(|word| *word as u8).collect(),
        }
    }
}

impl From<PixelData> for Samples {
    fn from(data: PixelData) -> Self {
        match data {
            PixelData::U8(bytes) => Self::Bytes(bytes),
            PixelData::U16(words) => Self::Words(words),
        }
    }
}

/// Bytes of all planes of a picture without padding.
pub(super) fn plane_bytes(format: PlaneFormat, size: Size) -> u64 {
    let halves = match format.chroma.map(|ChromaSubsampling { across, down }| (across, down)) {
        None => 2,
        Some((true, true)) => 3,
        Some((true, false) | (false, true)) => 4,
        Some((false, false)) => 6,
    };
    size.pixels().saturating_mul(halves).saturating_mul(to_u64(format.sample_bytes())) / 2
}

/// Decodes by rust_h265.
fn decode_video(picture: &CodedPicture<'_>, cancel: &Cancel) -> Result<(Size, Vec<Samples>), Error> {
    let limits = DecodeLimits {
        max_picture_pixels: picture.parameters.coded.pixels(),
        max_picture_memory_bytes: u64::MAX,
    };
    let mut decoder = rust_h265::Decoder::with_limits(limits);
    for unit in picture.sets.iter().chain(&picture.slices) {
        cancel.check()?;
        let unit = rust_h265::parse_nal(unit).ok_or_else(|| broken("a unit is cut"))?;
        decoder.decode_nal(&unit).map_err(|error| match error {
            rust_h265::DecodeError::Unsupported(what) => Error::unsupported(SourceFormat::Heic, what),
            error => broken(error),
        })?;
    }
    let frame = decoder.flush().ok_or_else(|| broken("a slice is missing"))?;
    let size = Size { width: frame.width, height: frame.height };
    Ok((size, vec![frame.y.into(), frame.u.into(), frame.v.into()]))
}

/// Decodes by heic-rs, whose planes have no padding.
fn decode_still(picture: &CodedPicture<'_>) -> Result<(Size, Vec<Samples>), Error> {
    let frame = still::decode_still(&picture.sets, &picture.slices).map_err(|error| match error {
        heic_rs::Error::Unsupported(what) => Error::unsupported(SourceFormat::Heic, what),
        error => broken(error),
    })?;
    let size = Size { width: frame.width, height: frame.height };
    let chroma = picture.parameters.format.chroma.map(|_| [frame.cb, frame.cr]);
    let planes = std::iter::once(frame.y).chain(chroma.into_iter().flatten());
    Ok((size, planes.map(Samples::Words).collect()))
}

fn broken(detail: impl std::fmt::Display) -> Error {
    Error::damaged(SourceFormat::Heic, format!("its HEVC data are broken ({detail})"))
}
