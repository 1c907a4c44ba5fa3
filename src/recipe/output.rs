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

/// Quality of the lossy formats, on libjpeg's scale of 1 to 100. A source that is no JPEG has none: then each
/// is its number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Quality {
    /// The higher of this and a JPEG source's own: `lquality/<n>`.
    AtLeastSource(u8),
    /// The lower of this and a JPEG source's own: `quality/<n>`.
    AtMostSource(u8),
    /// Exactly this: `quality/<n>!`, and the plain setting.
    Fixed(u8),
    /// So many percent of a JPEG source's own: `rquality/<n>`.
    OfSource(u8),
}

impl Quality {
    /// The number to write with, for a source of this quality.
    #[must_use]
    pub fn of(self, source: Option<u8>) -> u8 {
        let quality = match (self, source) {
            (Self::AtLeastSource(least), Some(source)) => least.max(source),
            (Self::AtMostSource(most), Some(source)) => most.min(source),
            (Self::OfSource(percent), Some(source)) => {
                u8::try_from((u16::from(source) * u16::from(percent) + 50) / 100).unwrap_or(u8::MAX)
            }
            (Self::Fixed(quality), _)
            | (Self::AtLeastSource(quality) | Self::AtMostSource(quality) | Self::OfSource(quality), None) => {
                quality
            }
        };
        quality.clamp(1, 100)
    }
}

impl Default for Quality {
    fn default() -> Self {
        Self::Fixed(80)
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeastSource(quality) => write!(f, "{quality}+"),
            Self::AtMostSource(quality) => write!(f, "{quality}"),
            Self::Fixed(quality) => write!(f, "{quality}!"),
            Self::OfSource(percent) => write!(f, "{percent}%"),
        }
    }
}

/// How many samples of colour a JPEG keeps for each of brightness. WebP always has a quarter.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Subsampling {
    /// A quarter: the mean of two by two pixels, 4:2:0.
    #[default]
    Quarter,
    /// As many, 4:4:4: for letters and thin lines in strong colours.
    Full,
}

/// What thumbnails carry on of their source beside pixels. Nothing else ever is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Keep {
    /// The fields Artist and Copyright of EXIF, where the format has EXIF: not GIF.
    pub copyright: bool,
    /// The ICC profile of a source in RGB, whose colours are then not converted to sRGB. Not in GIF.
    pub profile: bool,
}

/// What becomes of a source that moves: GIF, WebP, PNG.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Animation {
    /// A still picture of its first frame.
    #[default]
    First,
    /// The thumbnail moves too, where its format can: GIF and WebP.
    Keep,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_six_digits() {
        assert_eq!(Rgb::parse("#1A2b3c"), Some(Rgb([0x1a, 0x2b, 0x3c])));
        for text in ["1a2b3c", "#fff", "#1a2b3c00", "#gggggg", ""] {
            assert_eq!(Rgb::parse(text), None, "{text}");
        }
    }

    #[test]
    fn quality_may_depend_on_the_source() {
        for (quality, source, number) in [
            (Quality::Fixed(90), Some(60), 90),
            (Quality::AtMostSource(80), Some(60), 60),
            (Quality::AtMostSource(80), Some(95), 80),
            (Quality::AtLeastSource(80), Some(60), 80),
            (Quality::AtLeastSource(80), Some(85), 85),
            (Quality::OfSource(50), Some(85), 43),
            (Quality::OfSource(1), Some(20), 1),
            (Quality::AtMostSource(80), None, 80),
            (Quality::AtLeastSource(80), None, 80),
            (Quality::OfSource(80), None, 80),
        ] {
            assert_eq!(quality.of(source), number, "{quality} {source:?}");
        }
    }
}
