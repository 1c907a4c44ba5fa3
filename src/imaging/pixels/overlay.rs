//! Watermarks: a picture laid over another one.
//!
//! Colours are blended as they are stored, in sRGB, as browsers and image editors do.

use crate::imaging::picture::{Layout, Picture, side};
use crate::recipe::{Gravity, Watermark};

/// Lays a watermark over a picture of eight bits that is not CMYK. What lies outside of the picture is cropped.
pub(crate) fn overlay(picture: Picture, watermark: &Watermark) -> Picture {
    let is_grey = |[r, g, b, _]: &[u8; 4]| r == g && g == b;
    let mut picture =
        if watermark.picture.pixels().iter().all(is_grey) { picture } else { picture.colored() };
    match picture.layout {
        Layout::Grey => draw::<1, 1>(&mut picture, watermark),
        Layout::GreyAlpha => draw::<2, 1>(&mut picture, watermark),
        Layout::Rgb => draw::<3, 3>(&mut picture, watermark),
        Layout::Cmyk | Layout::RgbAlpha => draw::<4, 3>(&mut picture, watermark),
    }
    picture
}

/// [`overlay`] for pixels of `C` samples: `COLORS` colours, then alpha if `C` is larger.
fn draw<const C: usize, const COLORS: usize>(picture: &mut Picture, watermark: &Watermark) {
    let mark = &watermark.picture;
    let (left, top) = watermark_place(watermark.gravity);
    let across = Placed::new(left, picture.size.width, mark.width(), watermark.x, watermark.is_tiled);
    let down = Placed::new(top, picture.size.height, mark.height(), watermark.y, watermark.is_tiled);
    let row_bytes = picture.row_bytes();
    let mark_width = side(mark.width()).max(1);
    for (y, row) in (0_i64..).zip(picture.samples.chunks_exact_mut(row_bytes)) {
        let Some(mark_y) = down.within(y) else { continue };
        let mark_row = mark.pixels().chunks_exact(mark_width).nth(mark_y).unwrap_or_default();
        for (x, pixel) in (0_i64..).zip(row.as_chunks_mut::<C>().0) {
            if let Some(over) = across.within(x).and_then(|x| mark_row.get(x)) {
                *pixel = composite::<C, COLORS>(*pixel, *over, watermark.opacity);
            }
        }
    }
}

/// Edge to which a watermark is attached.
#[derive(Clone, Copy)]
enum Edge {
    Start,
    Middle,
    End,
}

/// The edges of a position, across and down. Only the nine positions occur.
fn watermark_place(gravity: Gravity) -> (Edge, Edge) {
    use Edge::{End, Middle, Start};
    match gravity {
        Gravity::NorthWest => (Start, Start),
        Gravity::North => (Middle, Start),
        Gravity::NorthEast => (End, Start),
        Gravity::West => (Start, Middle),
        Gravity::Auto | Gravity::Focus(_) | Gravity::Center => (Middle, Middle),
        Gravity::East => (End, Middle),
        Gravity::SouthWest => (Start, End),
        Gravity::South => (Middle, End),
        Gravity::SouthEast => (End, End),
    }
}

/// A length placed along one axis, once or again and again.
struct Placed {
    start: i64,
    length: i64,
    /// Distance from one start to the next; `None` if there is only one.
    period: Option<i64>,
}

impl Placed {
    fn new(edge: Edge, whole: u32, length: u32, distance: u32, is_tiled: bool) -> Self {
        let [whole, length, distance] = [whole, length, distance].map(i64::from);
        if is_tiled {
            return Self { start: 0, length, period: Some(length + distance) };
        }
        let start = match edge {
            Edge::Start => distance,
            // An odd pixel is left at the end.
            Edge::Middle => (whole - length).div_euclid(2),
            Edge::End => whole - length - distance,
        };
        Self { start, length, period: None }
    }

    /// The position within the length that lies at `at`; `None` where there is none.
    fn within(&self, at: i64) -> Option<usize> {
        let within = at - self.start;
        let within = self.period.map_or(within, |period| within.rem_euclid(period));
        usize::try_from(within).ok().filter(|_| within < self.length)
    }
}

/// A pixel over another one (Porter and Duff). The upper one's alpha is reduced to `opacity` percent.
///
/// With alphas of 0 to 255, the result has the alpha `a = top + below (255 - top) / 255`, and colours are means by the
/// weights `255 top` and `below (255 - top)`, which add up to `255 a`.
#[expect(clippy::indexing_slicing, reason = "constant indices below the constant lengths C and 4")]
fn composite<const C: usize, const COLORS: usize>(below: [u8; C], over: [u8; 4], opacity: u8) -> [u8; C] {
    let top = (u32::from(over[3]) * u32::from(opacity) + 50) / 100;
    if top == 0 {
        return below;
    }
    let below_alpha = if C > COLORS { u32::from(below[C - 1]) } else { 255 };
    let (over_weight, below_weight) = (255 * top, below_alpha * (255 - top));
    let weight = over_weight + below_weight;
    let mut pixel = below;
    for (sample, over) in pixel.iter_mut().zip(over).take(COLORS) {
        let sum = u32::from(over) * over_weight + u32::from(*sample) * below_weight;
        *sample = u8::try_from((sum + weight / 2) / weight).unwrap_or(u8::MAX);
    }
    if C > COLORS {
        pixel[C - 1] = u8::try_from((weight + 127) / 255).unwrap_or(u8::MAX);
    }
    pixel
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::picture::Depth;
    use crate::imaging::picture::geometry::Size;
    use crate::recipe::WatermarkPicture;

    fn watermark(width: u32, pixels: &[[u8; 4]]) -> Watermark {
        let picture = WatermarkPicture::new("a.png", b"", width, pixels.to_vec()).unwrap();
        Watermark { picture, gravity: Gravity::SouthEast, x: 0, y: 0, opacity: 100, is_tiled: false }
    }

    fn over_black(width: u32, height: u32, watermark: &Watermark) -> Vec<u8> {
        overlay(Picture::blank(Size { width, height }, Layout::Grey, Depth::Eight), watermark).samples
    }

    const MARK: [[u8; 4]; 2] = [[1, 1, 1, 255], [2, 2, 2, 255]];

    #[test]
    fn gravity_and_margins_place_the_watermark() {
        for (gravity, x, y, shown) in [
            (Gravity::NorthWest, 0, 0, [1, 2, 0, 0, 0, 0, 0, 0]),
            (Gravity::NorthWest, 1, 1, [0, 0, 0, 0, 0, 1, 2, 0]),
            (Gravity::North, 9, 0, [0, 1, 2, 0, 0, 0, 0, 0]),
            (Gravity::East, 1, 9, [0, 1, 2, 0, 0, 0, 0, 0]),
            (Gravity::SouthEast, 0, 0, [0, 0, 0, 0, 0, 0, 1, 2]),
            (Gravity::SouthEast, 3, 0, [0, 0, 0, 0, 2, 0, 0, 0]),
            (Gravity::SouthEast, 1, 1, [0, 1, 2, 0, 0, 0, 0, 0]),
            (Gravity::SouthEast, 0, 2, [0; 8]),
        ] {
            let mark = Watermark { gravity, x, y, ..watermark(2, &MARK) };
            assert_eq!(over_black(4, 2, &mark), shown, "{gravity} {x} {y}");
        }
    }

    #[test]
    fn a_watermark_larger_than_the_picture_is_cropped() {
        let mark = watermark(5, &[1, 2, 3, 4, 5].map(|grey| [grey, grey, grey, 255]));
        let at = |gravity| over_black(2, 1, &Watermark { gravity, ..mark.clone() });
        assert_eq!(at(Gravity::West), [1, 2]);
        assert_eq!(at(Gravity::Center), [3, 4]);
        assert_eq!(at(Gravity::East), [4, 5]);
    }

    #[test]
    fn tiles_have_gaps_and_begin_in_the_corner() {
        let tiled = Watermark { is_tiled: true, x: 1, y: 1, ..watermark(2, &MARK) };
        assert_eq!(over_black(5, 3, &tiled), [1, 2, 0, 1, 2, 0, 0, 0, 0, 0, 1, 2, 0, 1, 2]);
    }

    #[test]
    fn colours_and_alpha_are_blended() {
        let red = watermark(1, &[[255, 0, 0, 255]]);
        let below = |layout, samples: &[u8]| {
            let size = Size { width: 1, height: 1 };
            Picture { size, layout, depth: Depth::Eight, samples: samples.to_vec() }
        };
        let half = Watermark { opacity: 50, ..red };
        let grey = overlay(below(Layout::Grey, &[100]), &half);
        assert_eq!((grey.layout, grey.samples), (Layout::Rgb, vec![178, 50, 50]));
        let clear = overlay(below(Layout::RgbAlpha, &[9, 9, 9, 0]), &half);
        assert_eq!(clear.samples, [255, 0, 0, 128]);
        let mixed = overlay(below(Layout::RgbAlpha, &[0, 0, 255, 128]), &half);
        assert_eq!(mixed.samples, [170, 0, 85, 192]);
    }
}
