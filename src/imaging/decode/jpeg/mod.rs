//! JPEG, read forward, with the inverse transform done at the scale that is needed.
//!
//! Memory: what stands before the first scan; for each component its plane at the reduced size, and the planes
//! once more as pixels; progressive files also every coefficient, two bytes each, at full size.

mod guard;
mod head;

use std::borrow::Cow;
use std::io::{ErrorKind, Read};

use jpeg_decoder::{ColorTransform, Decoder, UnsupportedFeature};

use self::guard::Guard;
use self::head::{Head, Process};
use super::super::damage::Damage;
use super::super::geometry::{Demand, Size};
use super::super::limits::Budget;
use super::super::picture::{Depth, Layout, Picture, side};
use super::super::source::{CUT_SHORT, Source};
use super::super::{Error, SourceFormat};
use super::{Decoded, bytes_of};

const FORMAT: SourceFormat = SourceFormat::Jpeg;

/// Decoded pixels for each pixel of the thumbnail, at least, when decoding smaller than the file. Chroma mostly
/// has half of them, and needs 2.4: that keeps 95 of 100 SSIMULACRA2 points against Lanczos on every pixel,
/// where 2.4 for luma keeps 90 to 95.
const MARGIN: f64 = 4.9;

pub(super) fn decode<R: Read>(
    source: &mut Source<'_, R>,
    demand: Demand<'_>,
    budget: &mut Budget,
) -> Result<Decoded, Error> {
    let head = Head::read(source)?;
    let full = head.size;
    budget.admit(full)?;
    let reduction = reduction(demand.ratio(head.orientation.size(full)));
    budget.reserve(source.kept().saturating_add(working_bytes(&head, reduction)))?;
    source.rewind();
    let picture = pixels(source, &head, reduction)?;
    Ok(Decoded {
        picture,
        full,
        reduction,
        orientation: head.orientation,
        profile: head.profile,
        format: FORMAT,
        damage: Damage::NONE,
        quality: head.quality,
    })
}

/// The largest of the transform's reductions that leaves [`MARGIN`].
fn reduction(ratio: f64) -> u32 {
    let enough = |reduction: &u32| MARGIN * ratio * f64::from(*reduction) <= 1.0;
    [8, 4, 2].into_iter().find(enough).unwrap_or(1)
}

/// See the model above.
fn working_bytes(head: &Head, reduction: u32) -> u64 {
    let samples: u64 = head.plane_sizes().map(Size::pixels).sum();
    let planes = samples / u64::from(reduction).pow(2);
    let reduced = reduced(head.size, reduction);
    let pixels = bytes_of(reduced, u64::try_from(head.components.len()).unwrap_or(u64::MAX));
    let coefficients = match head.process {
        Process::Baseline => 0,
        Process::Progressive => samples.saturating_mul(2),
    };
    planes.saturating_add(pixels).saturating_add(coefficients)
}

fn reduced(full: Size, reduction: u32) -> Size {
    Size { width: full.width.div_ceil(reduction), height: full.height.div_ceil(reduction) }
}

/// What to ask the decoder for. It is content with one side that is long enough, and several scales may give
/// a short one the same length: only the longer side is asked for, and more of the other than there can be.
fn request(size: Size) -> (u16, u16) {
    let short = |side: u32| u16::try_from(side).unwrap_or(u16::MAX);
    if size.width >= size.height { (short(size.width), u16::MAX) } else { (u16::MAX, short(size.height)) }
}

fn pixels<R: Read>(source: &mut Source<'_, R>, head: &Head, reduction: u32) -> Result<Picture, Error> {
    let size = reduced(head.size, reduction);
    let (width, height) = request(size);
    let mut decoder = Decoder::new(Guard::new(&mut *source));
    decoder.set_color_transform(head.color_transform());
    let scaled = decoder.scale(width, height).and_then(|scaled| {
        let samples = decoder.decode()?;
        Ok((scaled, samples))
    });
    let ((width, height), samples) = scaled.map_err(refusal)?;
    let layout = match head.components.len() {
        1 => Layout::Grey,
        3 => Layout::Rgb,
        _ => Layout::Cmyk,
    };
    let size = Size { width: width.into(), height: height.into() };
    let mut picture = Picture { size, layout, depth: Depth::Eight, samples };
    if picture.rows().len() != side(size.height) || reduced(head.size, reduction) != size {
        return Err(damaged("its scans do not fill the picture"));
    }
    // The decoder turns the stored inks round, as if they were Adobe's, whose 0 is full ink.
    if layout == Layout::Cmyk && head.adobe.is_none() {
        for sample in &mut picture.samples {
            *sample = 255 - *sample;
        }
    }
    Ok(picture)
}

impl Head {
    /// What the samples are before they are pixels, as libjpeg decides it (`default_decompress_parms`).
    fn color_transform(&self) -> ColorTransform {
        let names: Vec<u8> = self.components.iter().map(|component| component.name).collect();
        match (names.as_slice(), self.adobe) {
            ([_], _) => ColorTransform::Grayscale,
            ([_, _, _], _) if self.is_jfif => ColorTransform::YCbCr,
            ([_, _, _], Some(0)) => ColorTransform::RGB,
            ([_, _, _], Some(_)) => ColorTransform::YCbCr,
            ([b'R', b'G', b'B'], None) => ColorTransform::RGB,
            ([_, _, _], None) => ColorTransform::YCbCr,
            (_, Some(0) | None) => ColorTransform::CMYK,
            (_, Some(_)) => ColorTransform::YCCK,
        }
    }
}

fn refusal(error: jpeg_decoder::Error) -> Error {
    use jpeg_decoder::Error as E;
    match error {
        E::Format(detail) => damaged(&detail),
        E::Io(error) if error.kind() == ErrorKind::UnexpectedEof => damaged(CUT_SHORT),
        E::Io(error) => damaged(&error.to_string()),
        E::Unsupported(feature) => unsupported(match feature {
            UnsupportedFeature::DNL => "its height at the end",
            UnsupportedFeature::NonIntegerSubsamplingRatio | UnsupportedFeature::SubsamplingRatio => {
                "unusual chroma subsampling"
            }
            _ => "an unusual coding process",
        }),
        E::Internal(error) => damaged(&error.to_string()),
    }
}

fn damaged(detail: &str) -> Error {
    Error::Damaged { format: FORMAT, detail: detail.to_owned() }
}

fn unsupported(feature: &str) -> Error {
    Error::Unsupported { what: Cow::Owned(format!("a JPEG with {feature}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reduction_leaves_the_margin() {
        for (width, target, expected) in [
            (11648.0, 290.0, 8),
            (6000.0, 300.0, 4),
            (4032.0, 300.0, 2),
            (2048.0, 300.0, 1),
            (300.0, 300.0, 1),
        ] {
            assert_eq!(reduction(target / width), expected, "{width} to {target}");
        }
    }
}
