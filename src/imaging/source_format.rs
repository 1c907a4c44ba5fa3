//! Formats of sources.

/// A format that is decoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum SourceFormat {
    Avif,
    Bmp,
    Gif,
    Jpeg,
    Png,
    Pnm,
    Qoi,
    Tiff,
    WebP,
}

impl SourceFormat {
    /// The word for it in logs, as [`recipe::Format`](crate::recipe::Format) has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Avif => "avif",
            Self::Bmp => "bmp",
            Self::Gif => "gif",
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Pnm => "pnm",
            Self::Qoi => "qoi",
            Self::Tiff => "tiff",
            Self::WebP => "webp",
        }
    }

    /// The usual name, as a sentence would have it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Avif => "AVIF",
            Self::Bmp => "BMP",
            Self::Gif => "GIF",
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Pnm => "PNM",
            Self::Qoi => "QOI",
            Self::Tiff => "TIFF",
            Self::WebP => "WebP",
        }
    }
}
