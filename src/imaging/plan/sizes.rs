//! Sizes of scaled images: pure arithmetic from a size and a [`Geometry`] to a size, in whole pixels.
//!
//! Rounding is the same for every thumbnail. The side that a geometry names comes out exactly. The other side is its
//! exact proportion, rounded half up. For an area both sides are rounded down, so that it is never exceeded.
//!
//! Invariant: no side is below 1 pixel or above [`LONGEST_SIDE`].

use crate::imaging::picture::geometry::Size;
use crate::recipe::{Geometry, Scaling};

/// Longest side that scaling or padding gives, pixels; more is treated as this (460/36620).
pub const LONGEST_SIDE: u32 = 10_000;

/// The size to which a `thumbnail` step scales an image of size `from` (1045/33713).
pub(crate) fn scaled(from: Size, geometry: Geometry) -> Size {
    let capped = |length: u32| length.clamp(1, LONGEST_SIDE);
    match geometry {
        Geometry::Area(pixels) => within_area(from, pixels.max(1)),
        Geometry::Cover { width, height, scaling } => {
            allowed(from, covering(from, Size { width: capped(width), height: capped(height) }), scaling)
        }
        Geometry::CoverEdges { long, short } => {
            let covering = covering(from, oriented_like(from, capped(long), capped(short)));
            allowed(from, covering, Scaling::ShrinkOnly)
        }
        Geometry::Exact { width, height } => Size { width: capped(width), height: capped(height) },
        Geometry::Fit { width, height, scaling } => {
            allowed(from, fitted(from, width.map(capped), height.map(capped)), scaling)
        }
        Geometry::Percent { width, height } => {
            let percent = |length, percent| proportional(length, percent, 100);
            within_longest(Size { width: percent(from.width, width), height: percent(from.height, height) })
        }
    }
}

/// The size `to`, or `from` if this scaling is not allowed.
fn allowed(from: Size, to: Size, scaling: Scaling) -> Size {
    let enlarges = to.width > from.width || to.height > from.height;
    let shrinks = to.width < from.width || to.height < from.height;
    match scaling {
        Scaling::EnlargeOnly if shrinks => from,
        Scaling::ShrinkOnly if enlarges => from,
        Scaling::Both | Scaling::EnlargeOnly | Scaling::ShrinkOnly => within_longest(to),
    }
}

/// The largest size with these proportions within an image of size `from`.
pub(crate) fn within_ratio(from: Size, across: u32, down: u32) -> Size {
    let ratio = Size { width: across.clamp(1, LONGEST_SIDE), height: down.clamp(1, LONGEST_SIDE) };
    // Rounding up stays inside: what is rounded is at most the side, which is whole.
    fitted(ratio, Some(from.width), Some(from.height))
}

/// A box of these edges with the orientation of the image, landscape or portrait; a square counts as landscape.
pub(crate) fn oriented_like(image: Size, long: u32, short: u32) -> Size {
    if image.width >= image.height {
        Size { width: long, height: short }
    } else {
        Size { width: short, height: long }
    }
}

/// The smallest size with the proportions of `from` that covers the box.
fn covering(from: Size, cover: Size) -> Size {
    let Size { width, height } = cover;
    let by_width = Size { width, height: proportional(from.height, width, from.width) };
    let by_height = Size { width: proportional(from.width, height, from.height), height };
    if by_width.height >= height { by_width } else { by_height }
}

/// The largest size with the proportions of `from` inside the box; a missing side is free.
fn fitted(from: Size, width: Option<u32>, height: Option<u32>) -> Size {
    let by_width = |width| Size { width, height: proportional(from.height, width, from.width) };
    let by_height = |height| Size { width: proportional(from.width, height, from.height), height };
    match (width, height) {
        (None, None) => from,
        (Some(width), None) => by_width(width),
        (None, Some(height)) => by_height(height),
        (Some(width), Some(height)) => {
            // The width limits if width / from.width <= height / from.height, here without division.
            let width_limits =
                u64::from(from.width) * u64::from(height) >= u64::from(from.height) * u64::from(width);
            if width_limits { by_width(width) } else { by_height(height) }
        }
    }
}

/// The largest size with the proportions of `from` and at most `pixels` pixels; smaller images keep their size.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "less than a side of the image")]
#[expect(clippy::cast_precision_loss, reason = "far below 2^53 wherever it matters")]
fn within_area(from: Size, pixels: u64) -> Size {
    if from.pixels() <= pixels {
        return within_longest(from);
    }
    // Both sides shrink by the same factor f, and the area by f^2.
    let factor = (pixels as f64 / from.pixels() as f64).sqrt();
    let shrunk = |length: u32| ((f64::from(length) * factor) as u32).max(1);
    let (width, height) = (shrunk(from.width), shrunk(from.height));
    // A side below one pixel becomes 1, so the other one must be shorter for the area to fit.
    let most = |other: u32| u32::try_from(pixels / u64::from(other)).unwrap_or(u32::MAX).max(1);
    within_longest(Size { width: width.min(most(height)), height: height.min(most(width)) })
}

/// The size, shrunk in proportion so that no side exceeds [`LONGEST_SIDE`].
fn within_longest(size: Size) -> Size {
    if size.width.max(size.height) <= LONGEST_SIDE {
        return size;
    }
    fitted(size, Some(LONGEST_SIDE), Some(LONGEST_SIDE))
}

/// `length * to / from`, rounded half up, at least 1.
fn proportional(length: u32, to: u32, from: u32) -> u32 {
    let (length, to, from) = (u64::from(length), u64::from(to), u64::from(from.max(1)));
    // One factor is a side of at most 10,000, a part of a ratio up to that, or a percentage up to 1,000. The sum is below
    // 2 * 2^32 * 10,000 + 2^32 < 2^47. Two factors of 32 bits would saturate.
    let rounded = length.saturating_mul(to).saturating_mul(2).saturating_add(from) / (2 * from);
    u32::try_from(rounded).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(width: u32, height: u32) -> Size {
        Size { width, height }
    }

    fn fit(width: Option<u32>, height: Option<u32>, scaling: Scaling) -> Geometry {
        Geometry::Fit { width, height, scaling }
    }

    fn cover(width: u32, height: u32, scaling: Scaling) -> Geometry {
        Geometry::Cover { width, height, scaling }
    }

    fn edges(long: u32, short: u32) -> Geometry {
        Geometry::CoverEdges { long, short }
    }

    #[test]
    fn each_geometry_gives_its_size() {
        use Scaling::{Both, EnlargeOnly, ShrinkOnly};
        let cases = [
            ((9000, 2), fit(Some(300), Some(300), ShrinkOnly), (300, 1)),
            ((4032, 3024), fit(Some(300), Some(300), ShrinkOnly), (300, 225)),
            ((100, 50), fit(Some(300), Some(300), ShrinkOnly), (100, 50)),
            ((100, 50), fit(Some(300), Some(300), Both), (300, 150)),
            ((100, 50), fit(Some(300), Some(300), EnlargeOnly), (300, 150)),
            ((1000, 500), fit(Some(300), Some(300), EnlargeOnly), (1000, 500)),
            ((1000, 500), fit(Some(300), None, Both), (300, 150)),
            ((1000, 500), fit(None, Some(300), Both), (600, 300)),
            ((3, 2), fit(Some(2), Some(2), ShrinkOnly), (2, 1)),
            ((1000, 500), cover(200, 200, Both), (400, 200)),
            ((500, 1000), cover(200, 200, Both), (200, 400)),
            ((10, 5), cover(20, 20, Both), (40, 20)),
            ((10, 5), cover(20, 20, ShrinkOnly), (10, 5)),
            ((1000, 500), cover(200, 200, EnlargeOnly), (1000, 500)),
            // The example in the documentation of imageView2, w 500 and h 400: modes 1 and 3, mode 2.
            ((1000, 500), cover(500, 400, ShrinkOnly), (800, 400)),
            ((1000, 500), fit(Some(500), Some(400), ShrinkOnly), (500, 250)),
            ((1000, 500), edges(500, 400), (800, 400)),
            ((500, 1000), edges(500, 400), (400, 800)),
            ((500, 1000), edges(1200, 100), (500, 1000)),
            // Rounded half up: 66.5, 33.5 and 33.33 pixels.
            ((200, 133), fit(Some(100), None, Both), (100, 67)),
            ((200, 67), fit(Some(100), None, Both), (100, 34)),
            ((300, 100), fit(Some(100), None, Both), (100, 33)),
            ((1001, 999), Geometry::Percent { width: 50, height: 50 }, (501, 500)),
            ((1000, 500), Geometry::Exact { width: 7, height: 9 }, (7, 9)),
            ((1000, 500), Geometry::Exact { width: 20_000, height: 9 }, (10_000, 9)),
            ((1000, 500), Geometry::Percent { width: 50, height: 100 }, (500, 500)),
            ((5, 3), Geometry::Percent { width: 10, height: 10 }, (1, 1)),
            ((3000, 2000), Geometry::Percent { width: 1000, height: 1000 }, (10_000, 6667)),
            ((1000, 500), Geometry::Area(50_000), (316, 158)),
            ((100, 50), Geometry::Area(50_000), (100, 50)),
            // Rounded down, so that the area is not exceeded: 346.4 x 288.67 pixels.
            ((1200, 1000), Geometry::Area(100_000), (346, 288)),
            ((9000, 2), Geometry::Area(100), (100, 1)),
            ((1000, 1), fit(None, Some(300), Both), (10_000, 10)),
        ];
        for ((width, height), geometry, (to_width, to_height)) in cases {
            let to = scaled(size(width, height), geometry);
            assert_eq!(to, size(to_width, to_height), "{width}x{height} {geometry}");
        }
    }

    #[test]
    fn the_largest_window_of_a_ratio_touches_two_edges() {
        for ((width, height), (across, down), (to_width, to_height)) in [
            ((4032, 3024), (16, 9), (4032, 2268)),
            ((3024, 4032), (16, 9), (3024, 1701)),
            ((4000, 500), (1920, 1080), (889, 500)),
            ((1920, 1080), (16, 9), (1920, 1080)),
            ((1000, 1000), (3, 2), (1000, 667)),
            ((1000, 1000), (2, 3), (667, 1000)),
            ((100, 7), (1, 1), (7, 7)),
            ((1, 100), (10_000, 1), (1, 1)),
            ((65_535, 2), (1, 10_000), (1, 2)),
        ] {
            let window = within_ratio(size(width, height), across, down);
            assert_eq!(window, size(to_width, to_height), "{width}x{height} {across}:{down}");
        }
        let sides = [1, 2, 65_535, u32::MAX];
        for (width, height) in sides.iter().flat_map(|w| sides.iter().map(move |h| (*w, *h))) {
            for (across, down) in [(0, 0), (1, u32::MAX), (9999, 10_000), (3, 7)] {
                let to = within_ratio(size(width, height), across, down);
                assert!((1..=width).contains(&to.width) && (1..=height).contains(&to.height), "{to:?}");
            }
        }
    }

    #[test]
    fn extreme_sizes_stay_between_one_pixel_and_the_longest_side() {
        let sides = [1, 2, 65_535, u32::MAX];
        for (width, height) in sides.iter().flat_map(|w| sides.iter().map(move |h| (*w, *h))) {
            for geometry in [
                Geometry::Area(1),
                Geometry::Area(u64::MAX),
                cover(u32::MAX, 1, Scaling::Both),
                Geometry::Exact { width: 0, height: u32::MAX },
                Geometry::Percent { width: 1, height: 1000 },
                fit(Some(u32::MAX), Some(1), Scaling::Both),
            ] {
                let to = scaled(size(width, height), geometry);
                assert!(
                    (1..=10_000).contains(&to.width) && (1..=10_000).contains(&to.height),
                    "{width}x{height} {geometry} => {to:?}"
                );
            }
        }
    }
}
