//! From the size of a source and the steps of a recipe to sizes and windows. Pure arithmetic, no pixels.
//!
//! Steps that only cut, scale and turn by right angles are folded into one [`Stage`], so that a thumbnail is
//! resampled once where its recipe allows. Sizes come out as if each step were done by itself on whole
//! pixels. Rounding is half up; no side is ever less than one pixel.

use super::orient::Orientation;
use crate::recipe::{Geometry, Gravity, Recipe, Rgb, Scaling, Step};

/// Longest side that scaling or padding gives; more is treated as this (460/36620).
const LONGEST_SIDE: u32 = 10_000;

/// Width and height, pixels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Size {
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Size {
    /// The area, pixels.
    pub(super) fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// A part of a picture, pixels from its top left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Window {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Window {
    /// The whole of a picture.
    pub(super) fn whole(size: Size) -> Self {
        Self { x: 0.0, y: 0.0, width: f64::from(size.width), height: f64::from(size.height) }
    }

    /// The same part of a picture that is scaled by these factors.
    pub(super) fn scaled(self, across: f64, down: f64) -> Self {
        Self { x: self.x * across, y: self.y * down, width: self.width * across, height: self.height * down }
    }
}

/// What ends a stage, because the next step needs its pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Finish {
    /// Into the middle of a box; what does not fit is cut off.
    Pad { size: Size, color: Option<Rgb> },
    /// Clockwise by an angle that is not a right one.
    Rotate { degrees: u16, size: Size },
}

/// One resampling and what follows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stage {
    /// Part of the picture before, in its own pixels.
    pub(super) window: Window,
    /// Size that part is scaled to.
    pub(super) size: Size,
    /// How it is turned then.
    pub(super) turn: Orientation,
    pub(super) finish: Option<Finish>,
}

impl Stage {
    /// The size after turn and finish.
    pub(super) fn final_size(&self) -> Size {
        match self.finish {
            None => self.turn.size(self.size),
            Some(Finish::Pad { size, .. } | Finish::Rotate { size, .. }) => size,
        }
    }

    /// Pixels made for each pixel of the window, along the axis that keeps more; 1 is no scaling.
    pub(super) fn ratio(&self) -> f64 {
        let across = f64::from(self.size.width) / self.window.width;
        let down = f64::from(self.size.height) / self.window.height;
        across.max(down)
    }
}

/// How one thumbnail comes out of one upright picture.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    /// At least one.
    pub(super) stages: Vec<Stage>,
}

impl Plan {
    /// Follows the steps of a recipe from a picture of this size.
    pub(super) fn new(source: Size, steps: &[Step]) -> Self {
        let mut stages = Vec::new();
        let mut draft = Draft::new(source);
        for step in steps {
            let finish = match *step {
                Step::Crop { width, height, gravity } => {
                    draft.crop(width, height, gravity);
                    continue;
                }
                Step::Pad { width, height, color } => {
                    let size =
                        Size { width: width.clamp(1, LONGEST_SIDE), height: height.clamp(1, LONGEST_SIDE) };
                    Finish::Pad { size, color }
                }
                Step::Rotate(degrees) if degrees % 90 == 0 => {
                    draft.quarters = (draft.quarters + u8::try_from(degrees / 90 % 4).unwrap_or(0)) % 4;
                    continue;
                }
                Step::Rotate(degrees) => Finish::Rotate { degrees, size: enclosing(draft.shown(), degrees) },
                Step::Thumbnail(geometry) => {
                    let shown = draft.shown();
                    let target = scaled(shown, geometry);
                    // Enlarging what an earlier step made small must not bring lost detail back.
                    if draft.is_scaled() && (target.width > shown.width || target.height > shown.height) {
                        stages.push(draft.stage(None));
                        draft = Draft::new(shown);
                    }
                    draft.size = draft.turn().size(target);
                    continue;
                }
            };
            let stage = draft.stage(Some(finish));
            draft = Draft::new(stage.final_size());
            stages.push(stage);
        }
        if stages.is_empty() || draft != Draft::new(draft.shown()) {
            stages.push(draft.stage(None));
        }
        Self { stages }
    }

    /// How much of the source's resolution the first stage uses; see [`Stage::ratio`].
    pub(super) fn ratio(&self) -> f64 {
        self.stages.first().map_or(1.0, Stage::ratio)
    }

    /// Pixels of the largest picture on the way.
    pub(super) fn peak_pixels(&self) -> u64 {
        let sizes = self.stages.iter().map(|stage| stage.size.pixels().max(stage.final_size().pixels()));
        sizes.max().unwrap_or(0)
    }
}

/// What the recipes of one source ask of its decoder.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demand<'a> {
    pub(super) recipes: &'a [&'a Recipe],
    pub(super) lying: Lying,
}

/// Whether a source has to be turned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Lying {
    /// As its EXIF data say.
    AsItSays,
    /// It has been turned, and its EXIF data may not know.
    Upright,
}

impl Demand<'_> {
    /// How a source is turned whose own data say this.
    pub(super) fn orientation(self, said: Orientation) -> Orientation {
        match self.lying {
            Lying::AsItSays => said,
            Lying::Upright => Orientation::default(),
        }
    }

    /// The largest [`Plan::ratio`] of any recipe, for an upright source of this size; at most 1.
    pub(super) fn ratio(self, upright: Size) -> f64 {
        let ratios = self.recipes.iter().map(|recipe| Plan::new(upright, &recipe.steps).ratio());
        ratios.fold(f64::MIN_POSITIVE, f64::max).min(1.0)
    }
}

/// A stage that may still take in steps.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Draft {
    window: Window,
    size: Size,
    quarters: u8,
}

impl Draft {
    fn new(source: Size) -> Self {
        Self { window: Window::whole(source), size: source, quarters: 0 }
    }

    fn turn(&self) -> Orientation {
        Orientation::quarters(self.quarters)
    }

    /// The size as the next step sees it.
    fn shown(&self) -> Size {
        self.turn().size(self.size)
    }

    fn is_scaled(&self) -> bool {
        f64::from(self.size.width) < self.window.width || f64::from(self.size.height) < self.window.height
    }

    fn stage(&self, finish: Option<Finish>) -> Stage {
        Stage { window: self.window, size: self.size, turn: self.turn(), finish }
    }

    fn crop(&mut self, width: Option<u32>, height: Option<u32>, gravity: Gravity) {
        let shown = self.shown();
        let size = Size {
            width: width.map_or(shown.width, |width| width.clamp(1, shown.width)),
            height: height.map_or(shown.height, |height| height.clamp(1, shown.height)),
        };
        let (x, y) = placed(shown.width - size.width, shown.height - size.height, gravity);
        let cut = Window { x: f64::from(x), y: f64::from(y), ..Window::whole(size) };
        // Back through the turn, then through the scaling, into pixels of the stage's input.
        let back = Orientation::quarters(4 - self.quarters);
        let cut = back.window(cut, shown);
        let across = self.window.width / f64::from(self.size.width);
        let down = self.window.height / f64::from(self.size.height);
        let cut = cut.scaled(across, down);
        self.window = Window { x: self.window.x + cut.x, y: self.window.y + cut.y, ..cut };
        self.size = back.size(size);
    }
}

/// Where the free space goes; an odd pixel is left to the right and below.
fn placed(free_width: u32, free_height: u32, gravity: Gravity) -> (u32, u32) {
    let (across, down) = match gravity {
        Gravity::NorthWest => (0, 0),
        Gravity::North => (1, 0),
        Gravity::NorthEast => (2, 0),
        Gravity::West => (0, 1),
        Gravity::Center => (1, 1),
        Gravity::East => (2, 1),
        Gravity::SouthWest => (0, 2),
        Gravity::South => (1, 2),
        Gravity::SouthEast => (2, 2),
    };
    let share = |free: u32, halves: u32| match halves {
        0 => 0,
        1 => free / 2,
        _ => free,
    };
    (share(free_width, across), share(free_height, down))
}

/// The size that a `thumbnail` step scales to (1045/33713).
fn scaled(from: Size, geometry: Geometry) -> Size {
    let capped = |length: u32| length.clamp(1, LONGEST_SIDE);
    match geometry {
        Geometry::Area(pixels) => within_area(from, pixels.max(1)),
        Geometry::Cover { width, height } => {
            let (width, height) = (capped(width), capped(height));
            let by_width = Size { width, height: proportional(from.height, width, from.width) };
            let by_height = Size { width: proportional(from.width, height, from.height), height };
            within_longest(if by_width.height >= height { by_width } else { by_height })
        }
        Geometry::Exact { width, height } => Size { width: capped(width), height: capped(height) },
        Geometry::Fit { width, height, scaling } => {
            let fitted = fitted(from, width.map(capped), height.map(capped));
            let enlarges = fitted.width > from.width || fitted.height > from.height;
            let shrinks = fitted.width < from.width || fitted.height < from.height;
            match scaling {
                Scaling::EnlargeOnly if shrinks => from,
                Scaling::ShrinkOnly if enlarges => from,
                Scaling::Both | Scaling::EnlargeOnly | Scaling::ShrinkOnly => within_longest(fitted),
            }
        }
        Geometry::Percent { width, height } => {
            let percent = |length, percent| proportional(length, percent, 100);
            within_longest(Size { width: percent(from.width, width), height: percent(from.height, height) })
        }
    }
}

/// The largest size of this shape inside the box; a side left out is free.
fn fitted(from: Size, width: Option<u32>, height: Option<u32>) -> Size {
    let by_width = |width| Size { width, height: proportional(from.height, width, from.width) };
    let by_height = |height| Size { width: proportional(from.width, height, from.height), height };
    match (width, height) {
        (None, None) => from,
        (Some(width), None) => by_width(width),
        (None, Some(height)) => by_height(height),
        (Some(width), Some(height)) => {
            // w/W >= h/H in whole numbers: the width is what limits.
            let width_limits =
                u64::from(from.width) * u64::from(height) >= u64::from(from.height) * u64::from(width);
            if width_limits { by_width(width) } else { by_height(height) }
        }
    }
}

/// The largest size of this shape with at most so many pixels; smaller pictures stay.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "less than a side of the picture"
)]
#[expect(clippy::cast_precision_loss, reason = "far below 2^53 wherever it matters")]
fn within_area(from: Size, pixels: u64) -> Size {
    if from.pixels() <= pixels {
        return within_longest(from);
    }
    let factor = (pixels as f64 / from.pixels() as f64).sqrt();
    let part = |length: u32| ((f64::from(length) * factor) as u32).max(1);
    let (width, height) = (part(from.width), part(from.height));
    // A side that would vanish keeps one pixel and its share of the area goes back.
    let most = |other: u32| u32::try_from(pixels / u64::from(other)).unwrap_or(u32::MAX).max(1);
    within_longest(Size { width: width.min(most(height)), height: height.min(most(width)) })
}

/// In proportion, no side over [`LONGEST_SIDE`].
fn within_longest(size: Size) -> Size {
    if size.width.max(size.height) <= LONGEST_SIDE {
        return size;
    }
    fitted(size, Some(LONGEST_SIDE), Some(LONGEST_SIDE))
}

/// `length * to / from`, rounded half up, at least 1.
fn proportional(length: u32, to: u32, from: u32) -> u32 {
    let (length, to, from) = (u64::from(length), u64::from(to), u64::from(from.max(1)));
    // (2^32)^2 * 2 + 2^32 does not fit in 64 bits, but one factor is always a capped side or a percentage.
    let rounded = length.saturating_mul(to).saturating_mul(2).saturating_add(from) / (2 * from);
    u32::try_from(rounded).unwrap_or(u32::MAX).max(1)
}

/// The canvas that holds a picture turned by this angle.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
fn enclosing(size: Size, degrees: u16) -> Size {
    let (sin, cos) = f64::from(degrees).to_radians().sin_cos();
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    // A hair less, so that a side that is whole but for rounding does not grow.
    let whole = |length: f64| ((length - 1e-6).ceil() as u32).max(1);
    Size {
        width: whole(width * cos.abs() + height * sin.abs()),
        height: whole(width * sin.abs() + height * cos.abs()),
    }
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
            ((1000, 500), Geometry::Cover { width: 200, height: 200 }, (400, 200)),
            ((500, 1000), Geometry::Cover { width: 200, height: 200 }, (200, 400)),
            ((10, 5), Geometry::Cover { width: 20, height: 20 }, (40, 20)),
            ((1000, 500), Geometry::Exact { width: 7, height: 9 }, (7, 9)),
            ((1000, 500), Geometry::Exact { width: 20_000, height: 9 }, (10_000, 9)),
            ((1000, 500), Geometry::Percent { width: 50, height: 100 }, (500, 500)),
            ((5, 3), Geometry::Percent { width: 10, height: 10 }, (1, 1)),
            ((3000, 2000), Geometry::Percent { width: 1000, height: 1000 }, (10_000, 6667)),
            ((1000, 500), Geometry::Area(50_000), (316, 158)),
            ((100, 50), Geometry::Area(50_000), (100, 50)),
            ((9000, 2), Geometry::Area(100), (100, 1)),
            ((1000, 1), fit(None, Some(300), Both), (10_000, 10)),
        ];
        for ((width, height), geometry, (to_width, to_height)) in cases {
            let to = scaled(size(width, height), geometry);
            assert_eq!(to, size(to_width, to_height), "{width}x{height} {geometry}");
        }
    }

    #[test]
    fn extreme_sizes_stay_between_one_pixel_and_the_longest_side() {
        let sides = [1, 2, 65_535, u32::MAX];
        for (width, height) in sides.iter().flat_map(|w| sides.iter().map(move |h| (*w, *h))) {
            for geometry in [
                Geometry::Area(1),
                Geometry::Area(u64::MAX),
                Geometry::Cover { width: u32::MAX, height: 1 },
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

    #[test]
    fn cover_and_crop_become_one_stage() {
        let steps = [
            Step::Thumbnail(Geometry::Cover { width: 200, height: 200 }),
            Step::Crop { width: Some(200), height: Some(200), gravity: Gravity::Center },
        ];
        let plan = Plan::new(size(1000, 500), &steps);
        let [stage] = plan.stages.as_slice() else { panic!("{plan:?}") };
        assert_eq!(stage.window, Window { x: 250.0, y: 0.0, width: 500.0, height: 500.0 });
        assert_eq!(stage.size, size(200, 200));
        assert!((plan.ratio() - 0.4).abs() < 1e-9);
    }

    #[test]
    fn gravity_places_the_window() {
        for (gravity, x, y) in [
            (Gravity::NorthWest, 0, 0),
            (Gravity::North, 3, 0),
            (Gravity::NorthEast, 7, 0),
            (Gravity::West, 0, 2),
            (Gravity::Center, 3, 2),
            (Gravity::East, 7, 2),
            (Gravity::SouthWest, 0, 4),
            (Gravity::South, 3, 4),
            (Gravity::SouthEast, 7, 4),
        ] {
            assert_eq!(placed(7, 4, gravity), (x, y), "{}", gravity.name());
        }
    }

    /// The upper left corner of what a quarter turn shows is the lower left one of what is stored.
    #[test]
    fn crop_after_a_turn_cuts_the_turned_picture() {
        let crop = Step::Crop { width: Some(10), height: Some(20), gravity: Gravity::NorthWest };
        let plan = Plan::new(size(100, 50), &[Step::Rotate(90), crop]);
        let [stage] = plan.stages.as_slice() else { panic!("{plan:?}") };
        assert_eq!(stage.window, Window { x: 0.0, y: 40.0, width: 20.0, height: 10.0 });
        assert_eq!(stage.final_size(), size(10, 20));
    }

    #[test]
    fn steps_that_need_pixels_end_a_stage() {
        let shrink = Step::Thumbnail(fit(Some(10), Some(10), Scaling::ShrinkOnly));
        let enlarge = Step::Thumbnail(fit(Some(50), Some(50), Scaling::Both));
        let pad = Step::Pad { width: 60, height: 70, color: None };
        for (steps, stages, last) in [
            (vec![], 1, (100, 50)),
            (vec![shrink], 1, (10, 5)),
            (vec![enlarge, shrink], 1, (10, 5)),
            (vec![shrink, enlarge], 2, (50, 25)),
            (vec![shrink, pad], 1, (60, 70)),
            (vec![shrink, pad, enlarge], 2, (43, 50)),
            (vec![Step::Rotate(45)], 1, (107, 107)),
            (vec![Step::Rotate(270)], 1, (50, 100)),
            (vec![Step::Rotate(45), shrink], 2, (10, 10)),
        ] {
            let plan = Plan::new(size(100, 50), &steps);
            assert_eq!(plan.stages.len(), stages, "{steps:?}");
            assert_eq!(plan.stages.last().unwrap().final_size(), size(last.0, last.1), "{steps:?}");
        }
    }

    #[test]
    fn demand_is_that_of_the_largest_recipe() {
        let recipes = [Recipe::fit_inside(100, 100), Recipe::fit_inside(400, 400)];
        let demand = Demand { recipes: &recipes.iter().collect::<Vec<_>>(), lying: Lying::AsItSays };
        assert!((demand.ratio(size(4000, 2000)) - 0.1).abs() < 1e-9);
        assert!((demand.ratio(size(40, 20)) - 1.0).abs() < f64::EPSILON);
    }
}
