//! The still image of a file: its tiles, its alpha, and the properties of the whole.

use crate::imaging::decode::heif::container::boxes::ByteReader;
use crate::imaging::decode::heif::container::content;
use crate::imaging::decode::heif::container::meta::Meta;
use crate::imaging::decode::heif::container::property::{CodePoints, Property};
use crate::imaging::decode::heif::convert::Crop;
use crate::imaging::decode::heif::grid::TileGrid;
use crate::imaging::error::Error;
use crate::imaging::exif::copyright::Copyright;
use crate::imaging::limits::Budget;
use crate::imaging::picture::geometry::{Size, Window};
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::provenance::Provenance;

/// The still image of a file: its items and properties.
#[derive(Debug)]
pub(super) struct StillImage<'a> {
    pub(super) color: TileGrid,
    pub(super) alpha: Option<TileGrid>,
    /// `true` if colours are stored multiplied by alpha.
    pub(super) premultiplied: bool,
    /// Clean aperture, or the whole image.
    pub(super) crop: Crop,
    pub(super) orientation: Orientation,
    /// Code points of `colr`, which override those of the bitstream.
    pub(super) code_points: Option<CodePoints>,
    pub(super) icc: Option<&'a [u8]>,
    pub(super) copyright: Copyright,
    pub(super) provenance: Provenance,
}

impl<'a> StillImage<'a> {
    /// Collects the primary item's tiles, alpha and properties.
    pub(super) fn new(meta: &Meta<'a>, file: &'a [u8], budget: &mut Budget) -> Result<Self, Error> {
        let primary = meta.primary.ok_or_else(|| Error::unsupported(meta.format(), "no primary picture"))?;
        let color = TileGrid::of_item(meta, file, primary, budget)?;
        let alpha = color.alpha_of(meta, file, primary, budget)?;
        let (copyright, provenance) = metadata(meta, file, primary, budget)?;
        let mut still = Self {
            premultiplied: !meta.references_from(*b"prem", primary).is_empty(),
            crop: Crop { left: 0, top: 0, size: color.size },
            color,
            alpha,
            orientation: Orientation::default(),
            code_points: None,
            icc: None,
            copyright,
            provenance,
        };
        // Crop, rotation and mirroring apply in the order of the properties.
        for (_, property) in meta.properties_of(primary) {
            match property {
                Property::CleanAperture(numbers) => still.crop = still.cropped(numbers),
                Property::CodePoints(code_points) => still.code_points = Some(code_points),
                Property::Icc(icc) => still.icc = Some(icc),
                Property::Mirror(axis) => {
                    let mirror = Orientation::from_exif(if axis == 0 { 4 } else { 2 });
                    still.orientation = still.orientation.then(mirror);
                }
                Property::Rotation(turns) => {
                    // Turns are anti-clockwise in the file, clockwise in `quarters`.
                    still.orientation = still.orientation.then(Orientation::quarters(4 - turns.min(4)));
                }
                Property::Auxiliary(_)
                | Property::HevcConfiguration(_)
                | Property::Ignored
                | Property::Layer(_)
                | Property::OperatingPoint(_)
                | Property::Size(_)
                | Property::Unknown(_) => (),
            }
        }
        Ok(still)
    }

    /// The crop after a clean aperture of the image as the properties before have left it. An aperture that is invalid
    /// is ignored, as viewers do.
    fn cropped(&self, aperture: [u32; 8]) -> Crop {
        let Crop { left, top, size } = self.crop;
        let turned = self.orientation.size(size);
        let Some(shown) = clean_aperture(turned, aperture) else { return self.crop };
        let Window { x, y, width, height } = self.orientation.inverse().window(shown, turned);
        let [x, y, width, height] = [x, y, width, height].map(whole);
        Crop { left: left + x, top: top + y, size: Size { width, height } }
    }
}

/// Artist, Copyright and labels from the items of XMP and EXIF that describe an image. A damaged item has none.
///
/// # Errors
/// [`Error::TooMuchMemory`] or [`Error::Cancelled`].
fn metadata(
    meta: &Meta<'_>,
    file: &[u8],
    primary: u32,
    budget: &mut Budget,
) -> Result<(Copyright, Provenance), Error> {
    let (mut copyright, mut provenance) = (Copyright::default(), Provenance::default());
    let describing = || meta.references_to(*b"cdsc", primary);
    let xmp = describing().find(|item| meta.is_xmp(*item));
    let exif = describing().find(|item| meta.kind(*item) == Some(*b"Exif"));
    for item in xmp.into_iter().chain(exif) {
        let content = match content::read(meta, file, item, budget) {
            Ok(content) => content,
            Err(Error::Damaged { .. }) => continue,
            Err(error) => return Err(error),
        };
        if xmp == Some(item) {
            provenance.read_xmp(&content, budget)?;
        } else if let Some(exif) = tiff_header(&content) {
            copyright = Copyright::read(exif);
            provenance.read_exif(exif);
        }
        content::release(content, budget);
    }
    Ok((copyright, provenance))
}

/// The content of an EXIF item from its TIFF header on, whose offset comes first (ISO/IEC 23008-12, annex A.2.1).
fn tiff_header(content: &[u8]) -> Option<&[u8]> {
    let mut bytes = ByteReader(content);
    let offset = bytes.u32()?;
    bytes.take(usize::try_from(offset).ok()?)?;
    Some(bytes.0)
}

/// The crop of a clean aperture in whole pixels; `None` if it is not inside the image (ISO/IEC 14496-12, section
/// 12.1.4).
///
/// The aperture's centre is the image's centre plus an offset x. The left edge is (W − w) / 2 + x, rounded, for an
/// image of width W and an aperture of width w. The upper edge likewise.
fn clean_aperture(whole: Size, numbers: [u32; 8]) -> Option<Window> {
    let [wn, wd, hn, hd, xn, xd, yn, yd] = numbers;
    let quotient = |n: f64, d: u32| if d == 0 { None } else { Some(n / f64::from(d)) };
    let signed = |n: u32| f64::from(n.cast_signed());
    let (width, height) = (quotient(f64::from(wn), wd)?.floor(), quotient(f64::from(hn), hd)?.floor());
    let (x, y) = (quotient(signed(xn), xd)?, quotient(signed(yn), yd)?);
    let left = ((f64::from(whole.width) - width) / 2.0 + x).round();
    let top = ((f64::from(whole.height) - height) / 2.0 + y).round();
    let inside = width >= 1.0
        && height >= 1.0
        && left >= 0.0
        && top >= 0.0
        && left + width <= f64::from(whole.width)
        && top + height <= f64::from(whole.height);
    inside.then_some(Window { x: left, y: top, width, height })
}

/// A whole number of pixels within an image.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be within the image")]
fn whole(pixels: f64) -> u32 {
    pixels as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_aperture_is_centred_and_must_be_inside() {
        let whole = Size { width: 100, height: 50 };
        let crop = |numbers| clean_aperture(whole, numbers).map(|p| [p.x, p.y, p.width, p.height]);
        assert_eq!(crop([80, 1, 40, 1, 0, 1, 0, 1]), Some([10.0, 5.0, 80.0, 40.0]));
        assert_eq!(
            crop([96, 1, 50, 1, u32::MAX, 2, 0, 1]),
            Some([2.0, 0.0, 96.0, 50.0]),
            "half a pixel to the left"
        );
        assert_eq!(crop([80, 1, 40, 1, 11, 1, 0, 1]), None);
        assert_eq!(crop([80, 0, 40, 1, 0, 1, 0, 1]), None);
        assert_eq!(crop([0, 1, 40, 1, 0, 1, 0, 1]), None);
    }
}
