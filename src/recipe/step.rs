//! Steps of a recipe: crop, scale, rotate, flip, pad, blur, round, and mark.
//!
//! They print in a canonical form, which enters the hash of the recipe. The sizes that they lead to are
//! computed in `imaging::plan`.

use std::fmt;

use crate::recipe::gravity::Gravity;
use crate::recipe::output::Rgb;
use crate::recipe::watermark::Watermark;

/// One operation on the pixels of an image.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// Blurs.
    Blur(Blur),
    /// Crops to a circle in the middle, or to the largest where the image has no room for it.
    Circle {
        /// Radius, pixels.
        radius: u32,
    },
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
    /// Crops to the largest window with these proportions.
    CropToRatio {
        /// Part of the width in the proportions.
        across: u32,
        /// Part of the height in the proportions.
        down: u32,
        /// Position of the window in the image.
        gravity: Gravity,
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
    /// Rounds the corners, which become transparent, or have the background in formats without alpha.
    Round {
        /// Radius, pixels, at most half of the shorter side; `None` is that half.
        radius: Option<u32>,
    },
    /// Scales.
    Thumbnail(Geometry),
    /// Lays a picture over the image.
    Watermark(Watermark),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blur(blur) => write!(f, "blur={blur}"),
            Self::Circle { radius } => write!(f, "circle={radius}"),
            Self::Crop { width, height, gravity } => {
                write!(f, "crop={}x{}@{}", Side(*width), Side(*height), gravity)
            }
            Self::CropEdges { long, short } => write!(f, "crop-edges={long}x{short}"),
            Self::CropToRatio { across, down, gravity } => write!(f, "crop-ratio={across}:{down}@{gravity}"),
            Self::Cut { width, height, x, y, gravity } => write!(f, "cut={width}x{height}x{x}x{y}@{gravity}"),
            Self::Flip(flip) => write!(f, "flip={}", flip.name()),
            Self::Pad { width, height, color: None } => write!(f, "pad={width}x{height}"),
            Self::Pad { width, height, color: Some(color) } => write!(f, "pad={width}x{height}@{color}"),
            Self::Rotate(degrees) => write!(f, "rotate={degrees}"),
            Self::Round { radius } => write!(f, "round={}", Side(*radius)),
            Self::Thumbnail(geometry) => write!(f, "thumbnail={geometry}"),
            Self::Watermark(watermark) => write!(f, "watermark={watermark}"),
        }
    }
}

/// Gaussian blur.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Blur {
    /// Distance of the farthest pixels that count, along each axis.
    pub radius: u16,
    /// Standard deviation, hundredths of a pixel; at least 1.
    pub sigma: u16,
}

/// Prints the form of Tencent's `blur` operation, radius and standard deviation in pixels.
impl fmt::Display for Blur {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.radius, f64::from(self.sigma) / 100.0)
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
}
