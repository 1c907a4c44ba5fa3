//! What is done to a picture: cutting, scaling, turning, padding.

use std::fmt;

use crate::recipe::output::Rgb;

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
    /// Cuts a window out of the middle that lies as the picture does. Sides larger than the picture's keep
    /// their length.
    CropEdges {
        /// The window's side along the longer side of the picture, pixels; of a square one, along its width.
        long: u32,
        /// The other, pixels.
        short: u32,
    },
    /// Cuts a window out at a distance from the edges, as far as it lies inside the picture.
    Cut {
        /// Width of the window, pixels.
        width: u32,
        /// Height of the window, pixels.
        height: u32,
        /// Distance from the edge that the gravity names, west or else east, pixels; none from the middle.
        x: u32,
        /// Distance from the edge that the gravity names, north or else south, pixels; none from the middle.
        y: u32,
        /// One of the nine places; with others the window lies where [`Step::Crop`] would put it.
        gravity: Gravity,
    },
    /// Mirrors.
    Flip(Flip),
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
                write!(f, "crop={}x{}@{}", Side(*width), Side(*height), gravity)
            }
            Self::CropEdges { long, short } => write!(f, "crop-edges={long}x{short}"),
            Self::Cut { width, height, x, y, gravity } => write!(f, "cut={width}x{height}x{x}x{y}@{gravity}"),
            Self::Flip(flip) => write!(f, "flip={}", flip.name()),
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
    /// As small as covers the box, in proportion: `!<W>x<H>r`.
    Cover {
        /// Width of the box, pixels.
        width: u32,
        /// Height of the box, pixels.
        height: u32,
        /// Which pictures are scaled.
        scaling: Scaling,
    },
    /// As small as covers a box that lies as the picture does, in proportion, shrinking only: modes 4 and 5
    /// of Tencent's `imageView2`.
    CoverEdges {
        /// The box's side along the longer side of the picture, pixels; of a square one, along its width.
        long: u32,
        /// The other, pixels.
        short: u32,
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
            Self::Cover { width, height, scaling } => write!(f, "!{width}x{height}r{}", scaling.mark()),
            Self::CoverEdges { long, short } => write!(f, "!{long}x{short}edges"),
            Self::Exact { width, height } => write!(f, "{width}x{height}!"),
            Self::Fit { width, height, scaling } => {
                write!(f, "{}x{}{}", Side(width), Side(height), scaling.mark())
            }
            Self::Percent { width, height } => write!(f, "!{width}p,{height}p"),
        }
    }
}

/// Whether fitting or covering may shrink, enlarge, or both.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scaling {
    /// Every picture comes to touch the box.
    Both,
    /// Larger pictures stay as they are.
    EnlargeOnly,
    /// Smaller pictures stay as they are.
    ShrinkOnly,
}

impl Scaling {
    /// Tencent's mark behind a box.
    fn mark(self) -> &'static str {
        match self {
            Self::Both => "",
            Self::EnlargeOnly => "<",
            Self::ShrinkOnly => ">",
        }
    }
}

/// How a picture is mirrored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flip {
    /// Left and right change places.
    Horizontal,
    /// Top and bottom change places.
    Vertical,
}

impl Flip {
    /// The word for it in Tencent's syntax.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Horizontal => "horizontal",
            Self::Vertical => "vertical",
        }
    }
}

/// What of a picture a window shows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Gravity {
    /// What seems to be its subject.
    Auto,
    /// The surroundings of a point.
    Focus(Focus),
    /// One of nine places.
    #[default]
    NorthWest,
    /// The middle of the upper edge.
    North,
    /// The upper right corner.
    NorthEast,
    /// The middle of the left edge.
    West,
    /// The middle.
    Center,
    /// The middle of the right edge.
    East,
    /// The lower left corner.
    SouthWest,
    /// The middle of the lower edge.
    South,
    /// The lower right corner.
    SouthEast,
}

impl Gravity {
    /// The nine places, row by row.
    pub const POSITIONS: [Self; 9] = [
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
}

/// A place by its word in Tencent's syntax, a point by its coordinates.
impl fmt::Display for Gravity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Focus(focus) => return focus.fmt(f),
            Self::NorthWest => "northwest",
            Self::North => "north",
            Self::NorthEast => "northeast",
            Self::West => "west",
            Self::Center => "center",
            Self::East => "east",
            Self::SouthWest => "southwest",
            Self::South => "south",
            Self::SouthEast => "southeast",
        })
    }
}

/// A point of a picture, which comes as near to the middle of a window as the edges allow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Focus {
    /// Distance from the left edge, ten-thousandths of the width.
    pub x: u16,
    /// Distance from the upper edge, ten-thousandths of the height.
    pub y: u16,
}

impl Focus {
    /// The whole of a side.
    pub const WHOLE: u16 = 10_000;

    /// Parses `<x>x<y>`, each from 0 to 1 with at most four decimals: `0.31x0.62`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (x, y) = text.split_once('x')?;
        Some(Self { x: ten_thousandths(x)?, y: ten_thousandths(y)? })
    }
}

/// As [`Focus::parse`] takes it, without needless zeros.
impl fmt::Display for Focus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |part: u16| f64::from(part) / f64::from(Self::WHOLE);
        write!(f, "{}x{}", text(self.x), text(self.y))
    }
}

/// Parses a decimal fraction to ten-thousandths.
fn ten_thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > 4 {
        return None;
    }
    let decimals: u16 = format!("{decimals:0<4}").parse().ok()?;
    let part = whole.parse::<u16>().ok()?.checked_mul(Focus::WHOLE)?.checked_add(decimals)?;
    (part <= Focus::WHOLE).then_some(part)
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
    fn canonical_form_tells_open_sides_apart() {
        let fit = |width, height| Geometry::Fit { width, height, scaling: Scaling::Both }.to_string();
        assert_eq!(fit(Some(20), None), "20x");
        assert_eq!(fit(None, Some(20)), "x20");
    }

    #[test]
    fn a_point_is_two_fractions() {
        for (text, x, y, shown) in [
            ("0.31x0.62", 3100, 6200, "0.31x0.62"),
            ("0x1", 0, 10_000, "0x1"),
            ("1.0x0.0005", 10_000, 5, "1x0.0005"),
            ("0.5000x00.5", 5000, 5000, "0.5x0.5"),
        ] {
            let focus = Focus::parse(text).unwrap();
            assert_eq!((focus.x, focus.y), (x, y), "{text}");
            assert_eq!(focus.to_string(), shown, "{text}");
        }
        for text in [
            "",
            "x",
            "0.5",
            "0.5x",
            "1.1x0",
            "1x1.0001",
            "0.12345x0",
            ".5x.5",
            "5.x1",
            "-1x0",
            "9x9",
            "0,5x0,5",
        ] {
            assert_eq!(Focus::parse(text), None, "{text}");
        }
    }
}
