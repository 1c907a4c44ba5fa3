//! The format of a page's pixels, parsed from its directory and checked against what is decoded.
//!
//! Memory: a palette of at most 65,536 colours, 27 bytes each while it is read, reserved before.

use crate::imaging::decode::tiff::coding::TiffCompression;
use crate::imaging::decode::tiff::lab::LabCoding;
use crate::imaging::decode::tiff::numbers::{NumberKind, Scale};
use crate::imaging::decode::tiff::samples::{Alpha, Colors, GreyScale, MOST_SAMPLES, PixelFormat, Predictor};
use crate::imaging::decode::tiff::ycbcr::YCbCr;
use crate::imaging::error::Error;
use crate::imaging::exif::directory::{Directory, DirectoryError, tag};
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::source_format::SourceFormat;

/// Bytes of a palette's colour while it is read: three numbers and the colour itself.
const PALETTE_COLOR: u64 = 3 * 8 + 3;

impl PixelFormat {
    /// Parses the format; it must be one that the compression can hold.
    ///
    /// # Errors
    /// [`DirectoryError::Truncated`] if bytes are missing; [`DirectoryError::Refused`] for a format that is not decoded.
    pub(super) fn read(
        directory: &Directory<'_>,
        compression: TiffCompression,
        budget: &mut Budget,
    ) -> Result<Self, DirectoryError> {
        let bits = bits(directory, compression)?;
        let kind = kind(directory, bits)?;
        let colors = colors(directory, compression, bits, budget)?;
        // The default is 1, but some writers leave the tag out for colours too.
        let count = directory.number(tag::SAMPLES)?.unwrap_or_else(|| to_u64(colors.count()));
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        if !(colors.count()..=MOST_SAMPLES).contains(&count) {
            return Err(Error::damaged(SourceFormat::Tiff, format!("it has {count} samples a pixel")).into());
        }
        let alpha = alpha(directory, &colors, count)?;
        let predictor = predictor(directory, compression, kind, bits)?;
        let is_planar = directory.number(tag::PLANAR)? == Some(2) && count > 1;
        let format = Self {
            colors,
            count,
            is_planar,
            bits,
            kind,
            scale: Scale::UNIT,
            light: None,
            alpha,
            order: directory.order,
            predictor,
        };
        let fits = match compression {
            TiffCompression::Jpeg | TiffCompression::OldJpeg => bits == 8 && kind == NumberKind::Unsigned,
            TiffCompression::Fax(_) => bits == 1 && count == 1,
            TiffCompression::Deflate
            | TiffCompression::Lzw
            | TiffCompression::None
            | TiffCompression::PackBits => true,
        };
        if is_planar && (!compression.has_rows() || format.block() != (1, 1)) {
            let feature = "JPEG or subsampled YCbCr with its samples apart";
            return Err(Error::unsupported(SourceFormat::Tiff, feature).into());
        }
        if !fits || !format.is_known() {
            let feature = format!("{count} {kind} samples of {bits} bits in a coding for others");
            return Err(Error::unsupported(SourceFormat::Tiff, &feature).into());
        }
        Ok(format)
    }

    /// Returns `true` if the colours are defined for samples of this kind and size.
    fn is_known(&self) -> bool {
        let is_plain = self.kind == NumberKind::Unsigned;
        match self.colors {
            Colors::Cmyk | Colors::Grey(_) | Colors::Rgb => true,
            // a and b are signed in one of the codings, whatever SampleFormat says of all samples.
            Colors::Lab(_) => self.kind != NumberKind::Float && matches!(self.bits, 8 | 16),
            Colors::Palette(_) => is_plain,
            Colors::StoredYCbCr(_) | Colors::YCbCr => is_plain && self.bits == 8,
        }
    }
}

/// Bits per sample. They must be the same for all samples.
fn bits(directory: &Directory<'_>, compression: TiffCompression) -> Result<u32, DirectoryError> {
    let default = if compression.has_rows() { 1 } else { 8 };
    let sizes = directory.numbers(tag::BITS, to_u64(MOST_SAMPLES))?.unwrap_or_else(|| vec![default]);
    let first = sizes.first().copied().unwrap_or(0);
    if sizes.iter().any(|other| *other != first) {
        return Err(Error::unsupported(SourceFormat::Tiff, "samples of different sizes").into());
    }
    let bits = u32::try_from(first).ok().filter(|bits| matches!(bits, 1..=32 | 64));
    Ok(bits.ok_or_else(|| Error::unsupported(SourceFormat::Tiff, &format!("samples of {first} bits")))?)
}

/// The kind of numbers that samples are. SampleFormat 1 is unsigned, 4 is undefined.
fn kind(directory: &Directory<'_>, bits: u32) -> Result<NumberKind, DirectoryError> {
    let kind = match directory.number(tag::SAMPLE_FORMAT)?.unwrap_or(1) {
        1 | 4 => NumberKind::Unsigned,
        2 if bits > 1 => NumberKind::Signed,
        3 if matches!(bits, 16 | 24 | 32 | 64) => NumberKind::Float,
        2 | 3 => {
            let feature = format!("signed or floating-point samples of {bits} bits");
            return Err(Error::unsupported(SourceFormat::Tiff, &feature).into());
        }
        5 | 6 => return Err(Error::unsupported(SourceFormat::Tiff, "complex samples").into()),
        other => {
            return Err(Error::unsupported(SourceFormat::Tiff, &format!("samples of kind {other}")).into());
        }
    };
    Ok(kind)
}

fn predictor(
    directory: &Directory<'_>,
    compression: TiffCompression,
    kind: NumberKind,
    bits: u32,
) -> Result<Predictor, DirectoryError> {
    match directory.number(tag::PREDICTOR)?.unwrap_or(1) {
        _ if !compression.has_predictor() => Ok(Predictor::None),
        1 => Ok(Predictor::None),
        2 if matches!(bits, 8 | 16 | 32 | 64) => Ok(Predictor::Difference),
        3 if kind == NumberKind::Float => Ok(Predictor::FloatingPoint),
        predictor => {
            let feature = format!("predictor {predictor} for {kind} samples of {bits} bits");
            Err(Error::unsupported(SourceFormat::Tiff, &feature).into())
        }
    }
}

/// The colours by PhotometricInterpretation. Without the tag they follow from the number of samples and the
/// compression.
fn colors(
    directory: &Directory<'_>,
    compression: TiffCompression,
    bits: u32,
    budget: &mut Budget,
) -> Result<Colors, DirectoryError> {
    let is_fax = matches!(compression, TiffCompression::Fax(_));
    let name = match directory.number(tag::PHOTOMETRIC)? {
        None if directory.number(tag::SAMPLES)?.unwrap_or(1) > 2 => return Ok(Colors::Rgb),
        None if is_fax => return Ok(Colors::Grey(GreyScale::WhiteIsZero)),
        None => return Ok(Colors::Grey(GreyScale::BlackIsZero)),
        Some(0) => return Ok(Colors::Grey(GreyScale::WhiteIsZero)),
        Some(1) => return Ok(Colors::Grey(GreyScale::BlackIsZero)),
        Some(2) => return Ok(Colors::Rgb),
        Some(3) => return palette(directory, bits, budget),
        // A mask: 1 is inside of the shape, and shown white.
        Some(4) => return Ok(Colors::Grey(GreyScale::BlackIsZero)),
        Some(5) if directory.number(tag::INK_SET)?.unwrap_or(1) == 1 => return Ok(Colors::Cmyk),
        // The decoder of JPEG converts it to RGB.
        Some(6) if compression == TiffCompression::Jpeg => return Ok(Colors::YCbCr),
        // The decoder gives chroma to every pixel. Readers obey the references only in JPEG of the old kind.
        Some(6) if compression == TiffCompression::OldJpeg => {
            return Ok(Colors::StoredYCbCr(Box::new(YCbCr::read_upsampled(directory)?)));
        }
        Some(6) => return Ok(Colors::StoredYCbCr(Box::new(YCbCr::read(directory)?))),
        Some(8) => return Ok(Colors::Lab(LabCoding::Cie)),
        Some(9) => return Ok(Colors::Lab(LabCoding::Icc)),
        Some(5) => "inks other than CMYK",
        Some(10) => "ITULAB",
        Some(32_803 | 34_892) => "raw samples of a camera",
        Some(32_844 | 32_845) => "LogLuv",
        Some(other) => {
            return Err(Error::unsupported(SourceFormat::Tiff, &format!("colours of kind {other}")).into());
        }
    };
    Err(Error::unsupported(SourceFormat::Tiff, name).into())
}

/// The palette: 2^`bits` reds, then as many greens and blues, of 16 bits each. The high bytes are kept.
fn palette(directory: &Directory<'_>, bits: u32, budget: &mut Budget) -> Result<Colors, DirectoryError> {
    if bits > 16 {
        return Err(Error::unsupported(SourceFormat::Tiff, &format!("a palette for {bits} bits")).into());
    }
    let count = 1_usize << bits;
    budget.reserve(to_u64(count).saturating_mul(PALETTE_COLOR))?;
    let numbers = directory.numbers(tag::COLOR_MAP, to_u64(count * 3))?.unwrap_or_default();
    // Some old writers stored eight bits.
    let shift = if numbers.iter().all(|number| *number < 256) { 0 } else { 8 };
    let high = |number: &u64| u8::try_from(*number >> shift & 0xff).unwrap_or(0);
    let mut planes = numbers.chunks_exact(count);
    let (Some(reds), Some(greens), Some(blues)) = (planes.next(), planes.next(), planes.next()) else {
        return Err(Error::damaged(SourceFormat::Tiff, "its palette is too short").into());
    };
    let colors = reds.iter().zip(greens).zip(blues).map(|((r, g), b)| [r, g, b].map(high));
    Ok(Colors::Palette(colors.collect()))
}

/// The index of alpha among the samples, and its kind; `None` without alpha.
fn alpha(
    directory: &Directory<'_>,
    colors: &Colors,
    count: usize,
) -> Result<Option<(usize, Alpha)>, DirectoryError> {
    let at = colors.count();
    if at == count {
        return Ok(None);
    }
    let alpha = match directory.number(tag::EXTRA_SAMPLES)? {
        Some(1) => Alpha::Premultiplied,
        Some(2) => Alpha::Straight,
        // Programs that did not know the tag wrote RGBA without it.
        None if *colors == Colors::Rgb && count == 4 => Alpha::Straight,
        _ => return Ok(None),
    };
    match colors {
        Colors::Cmyk => Err(Error::unsupported(SourceFormat::Tiff, "CMYK with alpha").into()),
        Colors::StoredYCbCr(colors) if colors.is_subsampled() => {
            Err(Error::unsupported(SourceFormat::Tiff, "YCbCr with alpha").into())
        }
        Colors::Grey(_)
        | Colors::Lab(_)
        | Colors::Palette(_)
        | Colors::Rgb
        | Colors::StoredYCbCr(_)
        | Colors::YCbCr => Ok(Some((at, alpha))),
    }
}
