//! The result of decoding: the source at the sizes that were wanted, and the facts of its file.

use crate::imaging::damage::Damage;
use crate::imaging::exif::copyright::Copyright;
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::pixels::source_scaler::ScaledSource;
use crate::imaging::provenance::Provenance;
use crate::imaging::source_format::SourceFormat;

/// A decoded source, before its orientation is applied.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// The source at the sizes that are made of its rows.
    pub(crate) scaled: ScaledSource,
    /// Turn and mirroring that make the picture upright.
    pub(crate) orientation: Orientation,
    /// Embedded ICC profile.
    pub(crate) profile: Option<Vec<u8>>,
    /// Artist and Copyright from EXIF.
    pub(crate) copyright: Copyright,
    /// Labels of AI-generated content.
    pub(crate) provenance: Provenance,
    /// Format of the file.
    pub(crate) format: SourceFormat,
    /// Share of the source that was filled in.
    pub(crate) damage: Damage,
    /// Estimated libjpeg quality of a JPEG.
    pub(crate) quality: Option<u8>,
}

impl Decoded {
    /// An undamaged sRGB source without metadata, upright.
    pub(crate) fn plain(format: SourceFormat, scaled: ScaledSource) -> Self {
        Self {
            scaled,
            orientation: Orientation::default(),
            profile: None,
            copyright: Copyright::default(),
            provenance: Provenance::default(),
            format,
            damage: Damage::NONE,
            quality: None,
        }
    }
}
