//! Geometric steps of a recipe: crop, scale, rotate, flip, pad.
//!
//! They print in a canonical form, which enters the hash of the recipe. The sizes that they lead to are
//! computed in `imaging::plan`.

use std::fmt;

use crate::recipe::output::Rgb;

/// One geometric operation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// Crops to a window. A side that is left out, or larger than the image, keeps its length.
    Crop {
        /// Width of the window, pixels.
        width: Option<u32>,
        /// Height of the window, pixels.
        height: Option<u32>,
        /// Position of the window in the image.
        gravity: Gravity,
    },
    /// Crops to a window in the middle, with the orientation of the image. Sides larger than those of the
    /// image keep their length.
    CropEdges {
        /// Side of the window along the longer side of the image, pixels; along the width of a square one.
        long: u32,
        /// Other side, pixels.
        short: u32,
    },
    /// Crops to a window at a distance from the edges, as far as it is inside the image.
    Cut {
        /// Width of the window, pixels.
        width: u32,
        /// Height of the window, pixels.
        height: u32,
        /// Distance from the edge that the gravity names, west or else east, pixels; none from the middle.
        x: u32,
        /// Distance from the edge that the gravity names, north or else south, pixels; none from the middle.
        y: u32,
        /// One of the nine positions; with others the window is where [`Step::Crop`] would put it.
        gravity: Gravity,
    },
    /// Mirrors.
    Flip(Flip),
    /// Centres the image in a box of this size and fills the rest with the colour.
    Pad {
        /// Width of the box, pixels.
        width: u32,
        /// Height of the box, pixels.
        height: u32,
        /// Colour of the border; `None` is the background of the recipe.
        color: Option<Rgb>,
    },
    /// Rotates clockwise by degrees, 0 to 359. Angles other than right ones enlarge the canvas. The corners
    /// are transparent, or have the background in formats without alpha.
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

/// Size to scale to: all forms of Tencent's `thumbnail` operation (1045/33713).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Geometry {
    /// At most this many pixels, in proportion: `<Area>@`.
    Area(u64),
    /// Smallest size that covers the box, in proportion: `!<W>x<H>r`.
    Cover {
        /// Width of the box, pixels.
        width: u32,
        /// Height of the box, pixels.
        height: u32,
        /// Images to scale.
        scaling: Scaling,
    },
    /// Smallest size that covers a box with the orientation of the image, in proportion, shrinking only:
    /// modes 4 and 5 of Tencent's `imageView2`.
    CoverEdges {
        /// Side of the box along the longer side of the image, pixels; along the width of a square one.
        long: u32,
        /// Other side, pixels.
        short: u32,
    },
    /// Exactly this size, without keeping the proportions: `<W>x<H>!`.
    Exact {
        /// Width, pixels.
        width: u32,
        /// Height, pixels.
        height: u32,
    },
    /// Largest size inside the box, in proportion: `<W>x`, `x<H>`, `<W>x<H>`, with `>` or `<`. A side that is
    /// left out is free; at least one is given.
    Fit {
        /// Width of the box, pixels.
        width: Option<u32>,
        /// Height of the box, pixels.
        height: Option<u32>,
        /// Images to scale.
        scaling: Scaling,
    },
    /// Percentage of each side, 1 to 1000: `!<s>p`, `!<s>px`, `!x<s>p`.
    Percent {
        /// Percent of the width.
        width: u32,
        /// Percent of the height.
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

/// Directions in which fitting or covering may scale.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scaling {
    /// Shrinks and enlarges, so that every image touches the box.
    Both,
    /// Enlarges only: larger images keep their size.
    EnlargeOnly,
    /// Shrinks only: smaller images keep their size.
    ShrinkOnly,
}

impl Scaling {
    /// Returns Tencent's mark behind a box.
    fn mark(self) -> &'static str {
        match self {
            Self::Both => "",
            Self::EnlargeOnly => "<",
            Self::ShrinkOnly => ">",
        }
    }
}

/// Direction of a flip.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flip {
    /// Swaps left and right.
    Horizontal,
    /// Swaps top and bottom.
    Vertical,
}

impl Flip {
    /// Name in Tencent's syntax.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Horizontal => "horizontal",
            Self::Vertical => "vertical",
        }
    }
}

/// Part of an image that a window shows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Gravity {
    /// Most salient part, taken for the subject.
    Auto,
    /// Surroundings of a point.
    Focus(Focus),
    /// Upper left corner, the first of the nine positions.
    #[default]
    NorthWest,
    /// Middle of the upper edge.
    North,
    /// Upper right corner.
    NorthEast,
    /// Middle of the left edge.
    West,
    /// Middle.
    Center,
    /// Middle of the right edge.
    East,
    /// Lower left corner.
    SouthWest,
    /// Middle of the lower edge.
    South,
    /// Lower right corner.
    SouthEast,
}

impl Gravity {
    /// Nine positions, row by row.
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

/// Prints a position by its name in Tencent's syntax, and a point by its coordinates.
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

/// Point of an image, which comes as near to the middle of a window as the edges allow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Focus {
    /// Distance from the left edge, ten-thousandths of the width.
    pub x: u16,
    /// Distance from the upper edge, ten-thousandths of the height.
    pub y: u16,
}

impl Focus {
    /// Whole side, in these units.
    pub const WHOLE: u16 = 10_000;

    /// Parses `<x>x<y>`, each from 0 to 1 with at most four decimals: `0.31x0.62`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (x, y) = text.split_once('x')?;
        Some(Self { x: ten_thousandths(x)?, y: ten_thousandths(y)? })
    }
}

/// Prints the form that [`Focus::parse`] takes, without needless zeros.
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

/// Side that may be left out.
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
