//! A recipe: all that decides the pixels and bytes of one thumbnail, apart from its source.
//!
//! Configuration parses to recipes, imaging obeys them, and the stamp on a stored thumbnail carries the
//! recipe's hash. Neither the network nor a decoder is known here.

use std::fmt;

use sha1::{Digest, Sha1};

/// Changes whenever the same recipe and source would give other bytes than before, so that stamps differ.
const ENCODER_VERSION: &str = "1";

/// How one thumbnail is made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recipe {
    /// Geometry, in the order written. The picture has been turned upright before the first step.
    pub steps: Vec<Step>,
    /// The format written; `None` is the source's own for JPEG, PNG, WebP and GIF, and otherwise PNG for
    /// a picture with alpha and JPEG for one without.
    pub format: Option<Format>,
    /// Quality of JPEG and WebP.
    pub quality: Quality,
    /// What shows through where the format has no alpha, and what fills padding that names no colour.
    pub background: Rgb,
    /// Progressive JPEG instead of baseline.
    pub interlace: bool,
}

impl Recipe {
    /// The recipe of `WxH`: fit inside, never enlarge.
    #[must_use]
    pub fn fit_inside(width: u32, height: u32) -> Self {
        let geometry =
            Geometry::Fit { width: Some(width), height: Some(height), scaling: Scaling::ShrinkOnly };
        Self { steps: vec![Step::Thumbnail(geometry)], ..Self::default() }
    }

    /// Forty hexadecimal digits that name everything in this recipe that changes a thumbnail's bytes.
    #[must_use]
    pub fn hash(&self) -> String {
        hex::encode(Sha1::digest(format!("{ENCODER_VERSION};{self}")))
    }
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            steps: Vec::new(),
            format: None,
            quality: Quality::default(),
            background: Rgb::WHITE,
            interlace: false,
        }
    }
}

/// The canonical form, which [`Recipe::hash`] digests: two recipes print alike exactly when they are equal.
impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            write!(f, "{step};")?;
        }
        let format = self.format.map_or("source", Format::name);
        write!(f, "format={format};quality={};background={}", self.quality, self.background)?;
        if self.interlace { f.write_str(";interlace") } else { Ok(()) }
    }
}

/// One geometric operation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// Cuts a window out of the picture. A side left out, or larger than the picture, keeps its length.
    Crop {
        /// Width of the window, pixels.
        width: Option<u32>,
        /// Height of the window, pixels.
        height: Option<u32>,
        /// Where in the picture the window lies.
        gravity: Gravity,
    },
    /// Puts the picture in the middle of a box of this size; what it does not cover shows the colour.
    Pad {
        /// Width of the box, pixels.
        width: u32,
        /// Height of the box, pixels.
        height: u32,
        /// Colour of the border; `None` is the recipe's background.
        color: Option<Rgb>,
    },
    /// Turns clockwise by degrees, 0 to 359. Angles other than right ones enlarge the canvas; the corners
    /// are transparent, or the background where the format has no alpha.
    Rotate(u16),
    /// Scales.
    Thumbnail(Geometry),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crop { width, height, gravity } => {
                write!(f, "crop={}x{}@{}", Side(*width), Side(*height), gravity.name())
            }
            Self::Pad { width, height, color: None } => write!(f, "pad={width}x{height}"),
            Self::Pad { width, height, color: Some(color) } => write!(f, "pad={width}x{height}@{color}"),
            Self::Rotate(degrees) => write!(f, "rotate={degrees}"),
            Self::Thumbnail(geometry) => write!(f, "thumbnail={geometry}"),
        }
    }
}

/// The size a picture is scaled to. All forms of Tencent's `thumbnail` operation (1045/33713).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Geometry {
    /// At most this many pixels, in proportion: `<Area>@`.
    Area(u64),
    /// Both sides at least this long, in proportion: `!<W>x<H>r`.
    Cover {
        /// Least width, pixels.
        width: u32,
        /// Least height, pixels.
        height: u32,
    },
    /// Exactly this size, ratio ignored: `<W>x<H>!`.
    Exact {
        /// Width, pixels.
        width: u32,
        /// Height, pixels.
        height: u32,
    },
    /// As large as fits inside the box, in proportion: `<W>x`, `x<H>`, `<W>x<H>`, with `>` or `<`. A side
    /// left out is free; at least one is given.
    Fit {
        /// Width of the box, pixels.
        width: Option<u32>,
        /// Height of the box, pixels.
        height: Option<u32>,
        /// Which pictures are scaled.
        scaling: Scaling,
    },
    /// Each side to a percentage of its length, 1 to 1000: `!<s>p`, `!<s>px`, `!x<s>p`.
    Percent {
        /// Of the width.
        width: u32,
        /// Of the height.
        height: u32,
    },
}

impl fmt::Display for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Area(pixels) => write!(f, "{pixels}@"),
            Self::Cover { width, height } => write!(f, "!{width}x{height}r"),
            Self::Exact { width, height } => write!(f, "{width}x{height}!"),
            Self::Fit { width, height, scaling } => {
                let mark = match scaling {
                    Scaling::Both => "",
                    Scaling::EnlargeOnly => "<",
                    Scaling::ShrinkOnly => ">",
                };
                write!(f, "{}x{}{mark}", Side(width), Side(height))
            }
            Self::Percent { width, height } => write!(f, "!{width}p,{height}p"),
        }
    }
}

/// Whether fitting may shrink, enlarge, or both.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scaling {
    /// The picture always touches the box.
    Both,
    /// Larger pictures stay as they are.
    EnlargeOnly,
    /// Smaller pictures stay as they are.
    ShrinkOnly,
}

/// One of nine places in a picture.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Gravity {
    #[default]
    NorthWest,
    North,
    NorthEast,
    West,
    Center,
    East,
    SouthWest,
    South,
    SouthEast,
}

impl Gravity {
    /// All nine, row by row.
    pub const ALL: [Self; 9] = [
        Self::NorthWest,
        Self::North,
        Self::NorthEast,
        Self::West,
        Self::Center,
        Self::East,
        Self::SouthWest,
        Self::South,
        Self::SouthEast,
    ];

    /// The word for it in Tencent's syntax.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NorthWest => "northwest",
            Self::North => "north",
            Self::NorthEast => "northeast",
            Self::West => "west",
            Self::Center => "center",
            Self::East => "east",
            Self::SouthWest => "southwest",
            Self::South => "south",
            Self::SouthEast => "southeast",
        }
    }
}

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

/// A side that may be left out.
struct Side(Option<u32>);

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |side| write!(f, "{side}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_recipe_changes_its_hash() {
        let base = Recipe::fit_inside(300, 300);
        let with = |change: fn(&mut Recipe)| {
            let mut recipe = base.clone();
            change(&mut recipe);
            recipe
        };
        let variants = [
            base.clone(),
            with(|r| r.steps.clear()),
            with(|r| r.steps.push(Step::Rotate(90))),
            with(|r| r.format = Some(Format::Jpeg)),
            with(|r| r.quality = Quality::Fixed(81)),
            with(|r| r.quality = Quality::AtMostSource(80)),
            with(|r| r.background = Rgb([0; 3])),
            with(|r| r.interlace = true),
        ];
        let hashes: std::collections::HashSet<String> = variants.iter().map(Recipe::hash).collect();
        assert_eq!(hashes.len(), variants.len());
    }

    #[test]
    fn canonical_form_tells_open_sides_apart() {
        let fit = |width, height| Geometry::Fit { width, height, scaling: Scaling::Both }.to_string();
        assert_eq!(fit(Some(20), None), "20x");
        assert_eq!(fit(None, Some(20)), "x20");
    }

    #[test]
    fn colours_are_six_digits() {
        assert_eq!(Rgb::parse("#1A2b3c"), Some(Rgb([0x1a, 0x2b, 0x3c])));
        for text in ["1a2b3c", "#fff", "#1a2b3c00", "#gggggg", ""] {
            assert_eq!(Rgb::parse(text), None, "{text}");
        }
    }
}
