//! Output of a recipe: format, quality, colours, metadata, animation.
//!
//! These are settings only; `imaging::encode` carries them out.

use std::fmt;
use std::ops::RangeInclusive;

/// Format of a thumbnail.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Format {
    Avif,
    Gif,
    Jpeg,
    Png,
    WebP,
}

impl Format {
    /// Name in configuration, logs and canonical forms.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Avif => "avif",
            Self::Gif => "gif",
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::WebP => "webp",
        }
    }

    /// Usual file extension, without a dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            other => other.name(),
        }
    }

    /// `Content-Type` of the objects.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Avif => "image/avif",
            Self::Gif => "image/gif",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
        }
    }
}

/// Quality of the lossy formats, on libjpeg's scale of 1 to 100. Only JPEG sources have a quality; for others
/// every variant means its own number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Quality {
    /// The lowest with which the thumbnail has this score of SSIMULACRA2: `quality/auto:<score>`.
    Auto(u8),
    /// The higher of this and the quality of a JPEG source: `lquality/<n>`.
    AtLeastSource(u8),
    /// The lower of this and the quality of a JPEG source: `quality/<n>`.
    AtMostSource(u8),
    /// Exactly this: `quality/<n>!`, and the plain setting.
    Fixed(u8),
    /// Percentage of the quality of a JPEG source: `rquality/<n>`.
    OfSource(u8),
}

impl Quality {
    /// The quality of a recipe that names none.
    const DEFAULT: u8 = 80;

    /// The score of `quality/auto`: that of libjpeg's quality 75 on photographs, in the mean.
    pub const DEFAULT_SCORE: u8 = 75;

    /// Scores that can be asked for. Below, pictures are so coarse that scores say little; above, few pictures get there
    /// with eight bits.
    pub const SCORES: RangeInclusive<u8> = 40..=95;

    /// Returns the quality to encode with, for a source of this quality. Where it is to be found by its score, this is
    /// that of thumbnails that are not searched, such as animations: the default.
    #[must_use]
    pub fn of(self, source: Option<u8>) -> u8 {
        let quality = match (self, source) {
            (Self::Auto(_), _) => Self::DEFAULT,
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
        Self::Fixed(Self::DEFAULT)
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto(score) => write!(f, "auto:{score}"),
            Self::AtLeastSource(quality) => write!(f, "{quality}+"),
            Self::AtMostSource(quality) => write!(f, "{quality}"),
            Self::Fixed(quality) => write!(f, "{quality}!"),
            Self::OfSource(percent) => write!(f, "{percent}%"),
        }
    }
}

/// Chroma subsampling of JPEG. AVIF and WebP always have 4:2:0.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Subsampling {
    /// 4:2:0, or 4:4:4 where that would show at the quality.
    #[default]
    Auto,
    /// 4:2:0: one colour sample for two by two pixels.
    Quarter,
    /// 4:4:4: one colour sample for each pixel, for letters and thin lines in strong colours.
    Full,
}

/// Loss of WebP.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Loss {
    /// As the quality says.
    #[default]
    ByQuality,
    /// Samples may change a little where that makes the file smaller.
    Nearly,
    /// None: every sample is kept.
    Nothing,
}

/// Scans of JPEG.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Scans {
    /// Baseline or progressive, whichever is smaller.
    #[default]
    Smallest,
    /// Baseline.
    Baseline,
    /// Progressive.
    Progressive,
}

/// Work that goes into a small JPEG.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Effort {
    /// About half the time of the usual work, and about 3 % more bytes.
    Fast,
    /// The usual work.
    #[default]
    Usual,
    /// About twice the time of the usual work, and about 1 % fewer bytes.
    Light,
}

/// Metadata that thumbnails keep of their source, beside [`AiLabels`](crate::recipe::AiLabels). No other is ever kept.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Keep {
    /// Artist and Copyright of EXIF, in formats that have EXIF: not GIF.
    pub copyright: bool,
    /// ICC profile of an RGB source, whose colours are then not converted to sRGB. Not in GIF.
    pub profile: bool,
}

/// Treatment of animations: GIF, WebP, PNG.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Animation {
    /// Still image of the first frame.
    #[default]
    First,
    /// Animated thumbnail, in formats that can: GIF, WebP and PNG.
    Keep,
}

/// sRGB colour.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rgb(pub [u8; 3]);

impl Rgb {
    /// White, `#ffffff`.
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
            (Quality::Auto(60), Some(35), 80),
        ] {
            assert_eq!(quality.of(source), number, "{quality} {source:?}");
        }
    }
}
