//! How a thumbnail is written: format, quality, colours.

use std::fmt;

/// A format thumbnails are written in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Format {
    Gif,
    Jpeg,
    Png,
    WebP,
}

impl Format {
    /// The word for it in configuration, logs and canonical forms.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gif => "gif",
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::WebP => "webp",
        }
    }

    /// The usual file extension, without a dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            other => other.name(),
        }
    }

    /// The `Content-Type` of its objects.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Gif => "image/gif",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
        }
    }
}

/// Quality of the lossy formats, on libjpeg's scale of 1 to 100.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Quality {
    /// The lower of this and a JPEG source's own: `quality/<n>`.
    AtMostSource(u8),
    /// Exactly this: `quality/<n>!`, and the plain setting.
    Fixed(u8),
}

impl Default for Quality {
    fn default() -> Self {
        Self::Fixed(80)
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMostSource(quality) => write!(f, "{quality}"),
            Self::Fixed(quality) => write!(f, "{quality}!"),
        }
    }
}

/// An sRGB colour.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rgb(pub [u8; 3]);

impl Rgb {
    /// `#ffffff`.
    pub const WHITE: Self = Self([255; 3]);

    /// Parses `#rrggbb`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut color = [0; 3];
        hex::decode_to_slice(text.strip_prefix('#')?, &mut color).ok()?;
        Some(Self(color))
    }
}

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", hex::encode(self.0))
    }
}
