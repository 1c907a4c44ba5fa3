//! Properties of a source beside its pixels: size, format, profile, orientation, metadata.
//!
//! They are read once, after the first frame is decoded, and hold for all frames and all thumbnails. [`SourceFile`] is
//! the part of them on which encoders depend. Nothing here changes while thumbnails are drawn.

use crate::imaging::color::Profile;
use crate::imaging::decoded::Decoded;
use crate::imaging::exif::copyright::Copyright;
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::{Depth, Layout};
use crate::imaging::pixels::source_scaler::ScaledSource;
use crate::imaging::plan::demand::Demand;
use crate::imaging::provenance::Provenance;
use crate::imaging::source_format::SourceFormat;
use crate::recipe::{Format, Recipe};

/// Everything about a source that turns its decoded pixels into upright sRGB and decides what thumbnails keep.
pub(crate) struct SourceProperties {
    /// Size of the source at full resolution after orientation, pixels.
    pub(crate) full: Size,
    pub(crate) format: SourceFormat,
    /// Layout and depth of the decoded samples.
    pub(crate) layout: Layout,
    pub(crate) depth: Depth,
    /// Conversion of the decoded samples to sRGB.
    pub(crate) profile: Profile,
    /// The ICC profile itself, if a recipe keeps it and the pixels are RGB.
    kept_profile: Option<Vec<u8>>,
    pub(crate) copyright: Copyright,
    pub(crate) provenance: Provenance,
    /// Number of the source for labels in which a recipe names a propagator.
    propagate_id: Option<String>,
    pub(crate) orientation: Orientation,
    /// Estimated libjpeg quality of the source, 1 to 100, if it is a JPEG.
    quality: Option<u8>,
    /// Length of the source, bytes, if known.
    bytes: Option<u64>,
}

impl SourceProperties {
    /// The properties of a decoded source. `bytes` is the length of the file, if known.
    pub(crate) fn new(decoded: &Decoded, bytes: Option<u64>, demand: Demand<'_>) -> Self {
        let Decoded { scaled: ScaledSource { full, layout, depth, .. }, orientation, profile: icc, .. } =
            decoded;
        let is_rgb = matches!(layout, Layout::Rgb | Layout::RgbAlpha);
        let kept_profile =
            icc.as_deref().filter(|icc| demand.keeps_profile() && is_rgb && Profile::is_rgb(icc));
        Self {
            full: orientation.size(*full),
            format: decoded.format,
            layout: *layout,
            depth: *depth,
            profile: Profile::new(icc.as_deref(), *layout, *depth),
            kept_profile: kept_profile.map(<[u8]>::to_vec),
            copyright: decoded.copyright.clone(),
            provenance: decoded.provenance.clone(),
            propagate_id: demand.propagate_id.map(str::to_owned),
            orientation: *orientation,
            quality: decoded.quality,
            bytes,
        }
    }

    /// Bytes of the ICC profile that is kept in memory.
    pub(crate) fn kept_profile_bytes(&self) -> u64 {
        self.kept_profile.as_ref().map_or(0, |icc| u64::try_from(icc.len()).unwrap_or(u64::MAX))
    }

    /// The ICC profile that the thumbnail of a recipe keeps; its pixels are then not converted.
    pub(crate) fn kept_profile(&self, recipe: &Recipe) -> Option<&[u8]> {
        let keeps = recipe.keep.profile && supports_metadata(recipe, self.format);
        self.kept_profile.as_deref().filter(|_| keeps)
    }

    /// The packet of XMP with the labels that the thumbnail of a recipe carries.
    pub(crate) fn labels(&self, recipe: &Recipe) -> Option<Vec<u8>> {
        self.provenance.packet(&recipe.ai_labels, self.propagate_id.as_deref())
    }

    /// The properties on which encoders depend.
    pub(crate) fn source_file(&self) -> SourceFile {
        SourceFile { format: self.format, size: self.full, quality: self.quality, bytes: self.bytes }
    }
}

/// The source as a file: the properties on which encoders depend.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SourceFile {
    pub(crate) format: SourceFormat,
    /// Pixels, after orientation.
    pub(crate) size: Size,
    /// Estimated libjpeg quality, 1 to 100, if it is a JPEG.
    pub(crate) quality: Option<u8>,
    /// Length of the file, bytes, if known.
    pub(crate) bytes: Option<u64>,
}

impl SourceFile {
    /// Most bytes of a thumbnail: the length of the source, if that has the same format and number of pixels.
    ///
    /// Such a thumbnail saves no pixels, so it shall not be larger than the source.
    pub(crate) fn byte_limit(&self, format: Format, size: Size) -> Option<u64> {
        // Not AVIF: writing it once takes long enough.
        let is_same_format = self.format.kept_format() == Some(format);
        self.bytes.filter(|_| is_same_format && size.pixels() == self.size.pixels())
    }
}

/// `true` if the format of a recipe's thumbnails can hold an ICC profile and EXIF: any but GIF, which holds XMP only.
pub(crate) fn supports_metadata(recipe: &Recipe, source: SourceFormat) -> bool {
    let is_gif = match recipe.format {
        Some(format) => format == Format::Gif,
        None => source == SourceFormat::Gif,
    };
    !is_gif
}
