//! The source formats that are decoded, and their names.
//!
//! [`probe`](crate::imaging::input::probe) detects the format of a file.

use crate::recipe::Format;

/// A source format that is decoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum SourceFormat {
    Avif,
    Bmp,
    Dds,
    Exr,
    Farbfeld,
    Gif,
    Hdr,
    Heic,
    Ico,
    Jpeg,
    Jxl,
    Pcx,
    Png,
    Pnm,
    Qoi,
    Tga,
    Tiff,
    WebP,
}

impl SourceFormat {
    /// The format of thumbnails that keep the source's; `None` if the source's is not written, or only on request.
    pub(crate) fn kept_format(self) -> Option<Format> {
        match self {
            Self::Gif => Some(Format::Gif),
            Self::Jpeg => Some(Format::Jpeg),
            Self::Png => Some(Format::Png),
            Self::WebP => Some(Format::WebP),
            Self::Avif
            | Self::Bmp
            | Self::Dds
            | Self::Exr
            | Self::Farbfeld
            | Self::Hdr
            | Self::Heic
            | Self::Ico
            | Self::Jxl
            | Self::Pcx
            | Self::Pnm
            | Self::Qoi
            | Self::Tga
            | Self::Tiff => None,
        }
    }

    /// Lower-case name in logs, spelled like [`recipe::Format`](crate::recipe::Format).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Avif => "avif",
            Self::Bmp => "bmp",
            Self::Dds => "dds",
            Self::Exr => "exr",
            Self::Farbfeld => "farbfeld",
            Self::Gif => "gif",
            Self::Hdr => "hdr",
            Self::Heic => "heic",
            Self::Ico => "ico",
            Self::Jpeg => "jpeg",
            Self::Jxl => "jxl",
            Self::Pcx => "pcx",
            Self::Png => "png",
            Self::Pnm => "pnm",
            Self::Qoi => "qoi",
            Self::Tga => "tga",
            Self::Tiff => "tiff",
            Self::WebP => "webp",
        }
    }

    /// Name in sentences.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Avif => "AVIF",
            Self::Bmp => "BMP",
            Self::Dds => "DDS",
            Self::Exr => "OpenEXR",
            Self::Farbfeld => "farbfeld",
            Self::Gif => "GIF",
            Self::Hdr => "Radiance HDR",
            Self::Heic => "HEIC",
            Self::Ico => "ICO",
            Self::Jpeg => "JPEG",
            Self::Jxl => "JPEG XL",
            Self::Pcx => "PCX",
            Self::Png => "PNG",
            Self::Pnm => "PNM",
            Self::Qoi => "QOI",
            Self::Tga => "TGA",
            Self::Tiff => "TIFF",
            Self::WebP => "WebP",
        }
    }
}
