//! What is done to a picture: cutting, scaling, turning, padding.

use std::fmt;

use super::Rgb;

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

/// A side that may be left out.
struct Side(Option<u32>);

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |side| write!(f, "{side}"))
    }
}
