//! What is known of a source beside its pixels, and holds for all of its frames.

use crate::imaging::color::Profile;
use crate::imaging::decoded::Decoded;
use crate::imaging::exif::copyright::Copyright;
use crate::imaging::picture::geometry::{Size, Window};
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::{Layout, Sampling};
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;
use crate::recipe::{Format, Recipe};

/// All that turns decoded pixels into upright ones of a known colour.
pub(crate) struct SourceProperties {
    /// Size of the source at full resolution, upright.
    pub(crate) full: Size,
    pub(crate) format: SourceFormat,
    pub(crate) profile: Profile,
    /// The profile itself, where a recipe keeps it and the pixels are RGB.
    kept: Option<Vec<u8>>,
    pub(crate) copyright: Copyright,
    pub(crate) orientation: Orientation,
    /// Part of the decoded picture that is the source; its last column and row may be wider than what they show.
    pub(crate) stored: Window,
    pub(crate) sampling: Sampling,
    /// What the source was compressed with, when it is a JPEG.
    quality: Option<u8>,
    /// Length of the source, if it is known.
    bytes: Option<u64>,
}

impl SourceProperties {
    /// `bytes` is the length of the file, if it is known.
    pub(crate) fn new(decoded: &Decoded, bytes: Option<u64>, demand: Demand<'_>) -> Self {
        let Decoded { picture, full, reduction, orientation, profile: icc, .. } = decoded;
        let is_rgb = matches!(picture.layout, Layout::Rgb | Layout::RgbAlpha);
        let kept = icc.as_deref().filter(|icc| demand.keeps_profile() && is_rgb && Profile::is_rgb(icc));
        Self {
            full: orientation.size(*full),
            format: decoded.format,
            profile: Profile::new(icc.as_deref(), picture.layout, picture.depth),
            kept: kept.map(<[u8]>::to_vec),
            copyright: decoded.copyright.clone(),
            orientation: *orientation,
            stored: Window {
                x: 0.0,
                y: 0.0,
                width: f64::from(full.width) / reduction.across,
                height: f64::from(full.height) / reduction.down,
            },
            sampling: decoded.sampling,
            quality: decoded.quality,
            bytes,
        }
    }

    /// Bytes of the profile that is kept.
    pub(crate) fn kept_profile_bytes(&self) -> u64 {
        self.kept.as_ref().map_or(0, |icc| u64::try_from(icc.len()).unwrap_or(u64::MAX))
    }

    /// The profile that a recipe's thumbnail keeps.
    pub(crate) fn kept_profile(&self, recipe: &Recipe) -> Option<&[u8]> {
        let keeps = recipe.keep.profile && supports_metadata(recipe, self.format);
        self.kept.as_deref().filter(|_| keeps)
    }

    /// What decides how thumbnails are written.
    pub(crate) fn source_file(&self) -> SourceFile {
        SourceFile { format: self.format, size: self.full, quality: self.quality, bytes: self.bytes }
    }
}

/// What of the source decides how its thumbnails are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SourceFile {
    pub(crate) format: SourceFormat,
    /// Pixels, upright.
    pub(crate) size: Size,
    /// Estimated libjpeg quality, of a JPEG.
    pub(crate) quality: Option<u8>,
    /// Length of the file, if it is known.
    pub(crate) bytes: Option<u64>,
}

/// Whether thumbnails of this recipe can carry a profile and EXIF.
pub(crate) fn supports_metadata(recipe: &Recipe, source: SourceFormat) -> bool {
    let is_gif = match recipe.format {
        Some(format) => format == Format::Gif,
        None => source == SourceFormat::Gif,
    };
    !is_gif
}

impl SourceFile {
    /// Bytes of the source, when it is of this format and has as many pixels: then nothing was won by making
    /// the thumbnail, and it shall not be larger.
    pub(crate) fn byte_limit(&self, format: Format, size: Size) -> Option<u64> {
        let same = match self.format {
            SourceFormat::Gif => format == Format::Gif,
            SourceFormat::Jpeg => format == Format::Jpeg,
            SourceFormat::Png => format == Format::Png,
            SourceFormat::WebP => format == Format::WebP,
            SourceFormat::Avif
            | SourceFormat::Bmp
            | SourceFormat::Pnm
            | SourceFormat::Qoi
            | SourceFormat::Tiff => false,
        };
        self.bytes.filter(|_| same && size.pixels() == self.size.pixels())
    }
}
