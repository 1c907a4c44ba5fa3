//! The source formats that are decoded, and their names.
//!
//! [`probe`](crate::imaging::input::probe) detects the format of a file.

/// A source format that is decoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum SourceFormat {
    Avif,
    Bmp,
    Gif,
    Heic,
    Jpeg,
    Png,
    Pnm,
    Qoi,
    Tiff,
    WebP,
}

impl SourceFormat {
    /// Lower-case name in logs, spelled like [`recipe::Format`](crate::recipe::Format).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Avif => "avif",
            Self::Bmp => "bmp",
            Self::Gif => "gif",
            Self::Heic => "heic",
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Pnm => "pnm",
            Self::Qoi => "qoi",
            Self::Tiff => "tiff",
            Self::WebP => "webp",
        }
    }

    /// Name in sentences.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Avif => "AVIF",
            Self::Bmp => "BMP",
            Self::Gif => "GIF",
            Self::Heic => "HEIC",
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Pnm => "PNM",
            Self::Qoi => "QOI",
            Self::Tiff => "TIFF",
            Self::WebP => "WebP",
        }
    }
}
