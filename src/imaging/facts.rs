//! What is known of a source beside its pixels, and holds for all of its frames.

use super::SourceFormat;
use super::color::Profile;
use super::credits::Credits;
use super::decode::Decoded;
use super::encode::{self, Origin};
use super::geometry::{Demand, Size, Window};
use super::orient::Orientation;
use super::picture::{Grain, Layout};
use crate::recipe::Recipe;

/// All that turns decoded pixels into upright ones of a known colour.
pub(super) struct Facts {
    /// Size of the source at full resolution, upright.
    pub(super) full: Size,
    pub(super) format: SourceFormat,
    pub(super) profile: Profile,
    /// The profile itself, where a recipe keeps it and the pixels are RGB.
    kept: Option<Vec<u8>>,
    pub(super) credits: Credits,
    pub(super) orientation: Orientation,
    /// Part of the decoded picture that is the source; its last column and row may be wider than what they show.
    pub(super) stored: Window,
    pub(super) grain: Grain,
    /// What the source was compressed with, when it is a JPEG.
    quality: Option<u8>,
    /// Length of the source, if it is known.
    bytes: Option<u64>,
}

impl Facts {
    /// `bytes` is the length of the file, if it is known.
    pub(super) fn new(decoded: &Decoded, bytes: Option<u64>, demand: Demand<'_>) -> Self {
        let Decoded { picture, full, reduction, orientation, profile: icc, .. } = decoded;
        let is_rgb = matches!(picture.layout, Layout::Rgb | Layout::RgbAlpha);
        let kept = icc.as_deref().filter(|icc| demand.keeps_profile() && is_rgb && Profile::is_rgb(icc));
        Self {
            full: orientation.size(*full),
            format: decoded.format,
            profile: Profile::new(icc.as_deref(), picture.layout, picture.depth),
            kept: kept.map(<[u8]>::to_vec),
            credits: decoded.credits.clone(),
            orientation: *orientation,
            stored: Window {
                x: 0.0,
                y: 0.0,
                width: f64::from(full.width) / reduction.across,
                height: f64::from(full.height) / reduction.down,
            },
            grain: decoded.grain,
            quality: decoded.quality,
            bytes,
        }
    }

    /// Bytes of the profile that is kept.
    pub(super) fn kept_bytes(&self) -> u64 {
        self.kept.as_ref().map_or(0, |icc| u64::try_from(icc.len()).unwrap_or(u64::MAX))
    }

    /// The profile that a recipe's thumbnail keeps.
    pub(super) fn kept_for(&self, recipe: &Recipe) -> Option<&[u8]> {
        let keeps = recipe.keep.profile && encode::carries_metadata(recipe, self.format);
        self.kept.as_deref().filter(|_| keeps)
    }

    /// What decides how thumbnails are written.
    pub(super) fn origin(&self) -> Origin {
        Origin { format: self.format, size: self.full, quality: self.quality, bytes: self.bytes }
    }
}
