//! Plans: from the size of a source and the steps of a recipe to crop windows and sizes. Arithmetic only, no pixels.
//!
//! Steps are folded into stages. A [`Stage`] resamples once: it takes a window of its input, scales that to a size and
//! orients the result by right angles. Cropping, scaling, mirroring and rotation by right angles keep this form, so any
//! number of them fit one stage:
//!
//! - scaling replaces the size;
//! - mirroring and rotation compose with the orientation;
//! - a crop is mapped back through orientation and scaling, and shrinks the window.
//!
//! A stage ends where the next step needs its pixels: padding, rotation by other angles, a crop to the subject, blur,
//! round corners, watermarks, and enlarging after shrinking. Nearly all recipes have one stage.
//!
//! Invariant: sizes are as if every step were done by itself on whole pixels. Only windows have fractions.

pub(crate) mod anchor;
pub(crate) mod demand;
pub(crate) mod sizes;
mod source_part;
pub(crate) mod target;

use crate::imaging::error::Error;
use crate::imaging::picture::geometry::{Ratio, Size, Window};
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::plan::anchor::anchors;
use crate::imaging::plan::sizes::LONGEST_SIDE;
use crate::recipe::{Blur, Gravity, Rgb, Step, Watermark};

/// The operation that ends a stage.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Finish {
    /// Gaussian blur.
    Blur(Blur),
    /// Padding, centred in a box of `size` pixels; larger images are cropped. Without `color` the recipe's background.
    Pad { size: Size, color: Option<Rgb> },
    /// A crop to the window of `size` pixels that shows the subject best.
    CropToSubject { size: Size },
    /// Clockwise rotation by an angle that is not a right one, on a canvas of `size` pixels.
    Rotate { degrees: u16, size: Size },
    /// Corners rounded by `radius` pixels, or by half of the shorter side.
    Round { radius: Option<u32> },
    /// A picture laid over the image.
    Watermark(Watermark),
}

/// One resampling, with the operations that follow it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stage {
    /// Crop window in the input of the stage, pixels of the input.
    pub(super) window: Window,
    /// Size to which the window is scaled, pixels, before orientation.
    pub(super) size: Size,
    /// Orientation applied to the scaled pixels.
    pub(super) orientation: Orientation,
    /// Operation applied last.
    pub(super) finish: Option<Finish>,
}

impl Stage {
    /// The size of the stage's output, pixels.
    pub(super) fn final_size(&self) -> Size {
        match self.finish {
            None | Some(Finish::Blur(_) | Finish::Round { .. } | Finish::Watermark(_)) => {
                self.orientation.size(self.size)
            }
            Some(Finish::Pad { size, .. } | Finish::CropToSubject { size } | Finish::Rotate { size, .. }) => {
                size
            }
        }
    }

    /// `true` if the stage takes all pixels of an input of this size, at their scale.
    pub(super) fn takes_whole(&self, input: Size) -> bool {
        self.size == input && self.window == Window::whole(input)
    }

    /// `true` if the size of the window changes.
    fn scales(&self) -> bool {
        f64::from(self.size.width) != self.window.width || f64::from(self.size.height) != self.window.height
    }

    /// Output pixels per pixel of the window, before orientation.
    pub(super) fn ratio(&self) -> Ratio {
        Ratio {
            across: f64::from(self.size.width) / self.window.width,
            down: f64::from(self.size.height) / self.window.height,
        }
    }
}

/// The stages that turn one upright image into one thumbnail.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DrawPlan {
    /// At least one. The first takes pixels of the source at full resolution, the others the output before.
    pub(super) stages: Vec<Stage>,
}

impl DrawPlan {
    /// Folds the steps of a recipe for a source of this size, upright, into stages.
    ///
    /// # Errors
    /// [`Error::Outside`] for a crop that lies outside of the image.
    pub(super) fn new(source: Size, steps: &[Step]) -> Result<Self, Error> {
        let mut stages = Vec::new();
        let mut builder = StageBuilder::new(source);
        for step in steps {
            if let Step::Thumbnail(geometry) = *step {
                let current = builder.output_size();
                let target = sizes::scaled(current, geometry);
                // Shrinking and then enlarging must blur: folded into one scaling, the lost detail would come back.
                if builder.is_shrunk() && (target.width > current.width || target.height > current.height) {
                    stages.push(builder.stage(None));
                    builder = StageBuilder::new(current);
                }
                // The target is given after orientation, the builder's size before it.
                builder.size = builder.orientation.size(target);
            } else if let Some(finish) = builder.fold(step)? {
                let stage = builder.stage(Some(finish));
                builder = StageBuilder::new(stage.final_size());
                stages.push(stage);
            }
        }
        // A last stage that changes nothing is left out, unless it is the only one.
        let input = stages.last().map(Stage::final_size);
        if input.is_none_or(|input| builder != StageBuilder::new(input)) {
            stages.push(builder.stage(None));
        }
        Ok(Self { stages })
    }

    /// The part of the source's resolution that the first stage uses; see [`Stage::ratio`].
    pub(super) fn ratio(&self) -> Ratio {
        self.stages.first().map_or(Ratio { across: 1.0, down: 1.0 }, Stage::ratio)
    }

    /// Index of the stage after whose resampling the image is sharpened: the last that scales, or else the first.
    pub(super) fn sharpened_stage(&self) -> usize {
        self.stages.iter().rposition(Stage::scales).unwrap_or(0)
    }

    /// Pixels of the largest picture of any stage, after its resampling.
    pub(super) fn peak_pixels(&self) -> u64 {
        let sizes = self.stages.iter().map(|stage| stage.size.pixels().max(stage.final_size().pixels()));
        sizes.max().unwrap_or(0)
    }
}

/// A stage into which further steps can be folded; the fields are those of [`Stage`].
#[derive(Clone, Copy, Debug, PartialEq)]
struct StageBuilder {
    window: Window,
    size: Size,
    orientation: Orientation,
}

impl StageBuilder {
    /// The stage that changes nothing in an image of this size.
    fn new(source: Size) -> Self {
        Self { window: Window::whole(source), size: source, orientation: Orientation::default() }
    }

    /// The size as the next step sees it, after orientation.
    fn output_size(&self) -> Size {
        self.orientation.size(self.size)
    }

    /// `true` if the stage shrinks along either axis.
    fn is_shrunk(&self) -> bool {
        f64::from(self.size.width) < self.window.width || f64::from(self.size.height) < self.window.height
    }

    fn stage(&self, finish: Option<Finish>) -> Stage {
        Stage { window: self.window, size: self.size, orientation: self.orientation, finish }
    }

    /// Folds a step other than scaling into the stage, or gives the operation that has to end the stage.
    fn fold(&mut self, step: &Step) -> Result<Option<Finish>, Error> {
        let current = self.output_size();
        match *step {
            Step::Blur(blur) => return Ok(Some(Finish::Blur(blur))),
            Step::Circle { radius } => {
                let side = radius.saturating_mul(2).clamp(1, current.width.min(current.height).max(1));
                self.crop(Size { width: side, height: side }, Gravity::Center);
                return Ok(Some(Finish::Round { radius: None }));
            }
            Step::Crop { width, height, gravity } => {
                let size = Size {
                    width: width.map_or(current.width, |width| width.clamp(1, current.width)),
                    height: height.map_or(current.height, |height| height.clamp(1, current.height)),
                };
                return Ok(self.crop(size, gravity));
            }
            Step::CropEdges { long, short } => {
                let Size { width, height } = sizes::oriented_like(current, long, short);
                let size =
                    Size { width: width.clamp(1, current.width), height: height.clamp(1, current.height) };
                return Ok(self.crop(size, Gravity::Center));
            }
            Step::CropToRatio { across, down, gravity } => {
                return Ok(self.crop(sizes::within_ratio(current, across, down), gravity));
            }
            Step::Cut { width, height, x, y, gravity } => {
                let (across, down) = anchors(gravity);
                let outside = || Error::Outside { x, y, width: current.width, height: current.height };
                let (x, width) = across.span(current.width, width, x).ok_or_else(outside)?;
                let (y, height) = down.span(current.height, height, y).ok_or_else(outside)?;
                self.narrow(x, y, Size { width, height });
            }
            Step::Flip(flip) => self.orientation = self.orientation.then(Orientation::flip(flip)),
            Step::Pad { width, height, color } => {
                let size =
                    Size { width: width.clamp(1, LONGEST_SIDE), height: height.clamp(1, LONGEST_SIDE) };
                return Ok(Some(Finish::Pad { size, color }));
            }
            Step::Rotate(degrees) if degrees % 90 == 0 => {
                let turns = u8::try_from(degrees / 90 % 4).unwrap_or(0);
                self.orientation = self.orientation.then(Orientation::quarters(turns));
            }
            Step::Rotate(degrees) => {
                return Ok(Some(Finish::Rotate { degrees, size: rotated_size(current, degrees) }));
            }
            Step::Round { radius } => return Ok(Some(Finish::Round { radius })),
            Step::Thumbnail(_) => {}
            Step::Watermark(ref watermark) => return Ok(Some(Finish::Watermark(watermark.clone()))),
        }
        Ok(None)
    }

    /// Crops to a size that is not larger than the output. A crop to the subject needs pixels, so it ends the stage.
    fn crop(&mut self, size: Size, gravity: Gravity) -> Option<Finish> {
        let current = self.output_size();
        if gravity == Gravity::Auto {
            return (size != current).then_some(Finish::CropToSubject { size });
        }
        let (across, down) = anchors(gravity);
        let x = across.offset(current.width, size.width);
        let y = down.offset(current.height, size.height);
        self.narrow(x, y, size);
        None
    }

    /// Narrows the stage to a window of its output.
    fn narrow(&mut self, x: u32, y: u32, size: Size) {
        let output = self.output_size();
        debug_assert!(u64::from(x) + u64::from(size.width) <= u64::from(output.width));
        debug_assert!(u64::from(y) + u64::from(size.height) <= u64::from(output.height));
        let crop = Window { x: f64::from(x), y: f64::from(y), ..Window::whole(size) };
        // The output is oriented(scaled(window)). Mapped back through the orientation, the crop is in scaled pixels.
        // Scaled back, it is in pixels of the input, counted from the corner of the window.
        let inverse = self.orientation.inverse();
        let crop = inverse.window(crop, output);
        let across = self.window.width / f64::from(self.size.width);
        let down = self.window.height / f64::from(self.size.height);
        let crop = crop.scaled(across, down);
        self.window = Window { x: self.window.x + crop.x, y: self.window.y + crop.y, ..crop };
        self.size = inverse.size(size);
    }
}

/// The canvas that encloses an image rotated by this angle, pixels.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
fn rotated_size(size: Size, degrees: u16) -> Size {
    let (sin, cos) = f64::from(degrees).to_radians().sin_cos();
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    // The projections of the edges onto each axis add up. Subtracting a millionth of a pixel before rounding up keeps a
    // side that is whole but for rounding errors from growing by one.
    let whole = |length: f64| ((length - 1e-6).ceil() as u32).max(1);
    Size {
        width: whole(width * cos.abs() + height * sin.abs()),
        height: whole(width * sin.abs() + height * cos.abs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{Flip, Focus, Geometry, Scaling};

    fn size(width: u32, height: u32) -> Size {
        Size { width, height }
    }

    fn fit(width: Option<u32>, height: Option<u32>, scaling: Scaling) -> Geometry {
        Geometry::Fit { width, height, scaling }
    }

    #[test]
    fn cover_and_crop_become_one_stage() {
        let steps = [
            Step::Thumbnail(Geometry::Cover { width: 200, height: 200, scaling: Scaling::Both }),
            Step::Crop { width: Some(200), height: Some(200), gravity: Gravity::Center },
        ];
        let plan = DrawPlan::new(size(1000, 500), &steps).unwrap();
        let [stage] = plan.stages.as_slice() else { panic!("{plan:?}") };
        assert_eq!(stage.window, Window { x: 250.0, y: 0.0, width: 500.0, height: 500.0 });
        assert_eq!(stage.size, size(200, 200));
        assert!((plan.ratio().larger() - 0.4).abs() < 1e-9);
    }

    /// A window of 3 x 6 in an image of 10 x 10.
    #[test]
    fn gravity_positions_the_window() {
        let focus = |x, y| Gravity::Focus(Focus { x, y });
        for (gravity, x, y) in [
            (Gravity::NorthWest, 0.0, 0.0),
            (Gravity::North, 3.0, 0.0),
            (Gravity::NorthEast, 7.0, 0.0),
            (Gravity::West, 0.0, 2.0),
            (Gravity::Center, 3.0, 2.0),
            (Gravity::East, 7.0, 2.0),
            (Gravity::SouthWest, 0.0, 4.0),
            (Gravity::South, 3.0, 4.0),
            (Gravity::SouthEast, 7.0, 4.0),
            (focus(0, 0), 0.0, 0.0),
            (focus(5000, 5000), 4.0, 2.0),
            (focus(4900, 6600), 3.0, 4.0),
            (focus(10_000, 6500), 7.0, 4.0),
        ] {
            let crop = Step::Crop { width: Some(3), height: Some(6), gravity };
            let plan = DrawPlan::new(size(10, 10), &[crop]).unwrap();
            let [stage] = plan.stages.as_slice() else { panic!("{plan:?}") };
            assert_eq!(stage.window, Window { x, y, width: 3.0, height: 6.0 }, "{gravity}");
        }
    }

    /// By 1045/33714, where the middle knows no distance.
    #[test]
    fn cuts_keep_their_distance_from_the_edge_of_their_gravity() {
        for (gravity, x, y, width, height) in [
            (Gravity::NorthWest, 20.0, 10.0, 30.0, 30.0),
            (Gravity::North, 35.0, 10.0, 30.0, 30.0),
            (Gravity::SouthEast, 50.0, 10.0, 30.0, 30.0),
            (Gravity::West, 20.0, 10.0, 30.0, 30.0),
            (Gravity::Center, 35.0, 10.0, 30.0, 30.0),
        ] {
            let cut = Step::Cut { width: 30, height: 30, x: 20, y: 10, gravity };
            let plan = DrawPlan::new(size(100, 50), &[cut]).unwrap();
            let [stage] = plan.stages.as_slice() else { panic!("{plan:?}") };
            assert_eq!(stage.window, Window { x, y, width, height }, "{gravity}");
        }
    }

    #[test]
    fn cuts_end_at_the_edge_and_fail_outside() {
        let cut = |x, y, gravity| Step::Cut { width: 30, height: 30, x, y, gravity };
        let plan = DrawPlan::new(size(100, 50), &[cut(90, 49, Gravity::NorthWest)]).unwrap();
        assert_eq!(plan.stages[0].window, Window { x: 90.0, y: 49.0, width: 10.0, height: 1.0 });
        let plan = DrawPlan::new(size(100, 50), &[cut(90, 49, Gravity::SouthEast)]).unwrap();
        assert_eq!(plan.stages[0].window, Window { x: 0.0, y: 0.0, width: 10.0, height: 1.0 });
        for (x, y) in [(100, 0), (0, 50), (u32::MAX, u32::MAX)] {
            for gravity in [Gravity::NorthWest, Gravity::SouthEast] {
                let refusal = DrawPlan::new(size(100, 50), &[cut(x, y, gravity)]).unwrap_err();
                assert!(matches!(refusal, Error::Outside { width: 100, height: 50, .. }), "{refusal:?}");
            }
        }
    }

    /// The long edge of the box runs along the longer side of the image.
    #[test]
    fn edges_follow_the_orientation_of_the_image() {
        let steps = [
            Step::Thumbnail(Geometry::CoverEdges { long: 400, short: 100 }),
            Step::CropEdges { long: 400, short: 100 },
        ];
        for (from, to) in [((1000, 500), (400, 100)), ((500, 1000), (100, 400)), ((300, 50), (300, 50))] {
            let plan = DrawPlan::new(size(from.0, from.1), &steps).unwrap();
            assert_eq!(plan.stages.last().unwrap().final_size(), size(to.0, to.1), "{from:?}");
        }
    }

    #[test]
    fn a_crop_to_the_subject_ends_its_stage() {
        let crop = |width| Step::Crop { width: Some(width), height: None, gravity: Gravity::Auto };
        let plan = DrawPlan::new(size(100, 50), &[Step::Rotate(90), crop(20)]).unwrap();
        let [stage] = plan.stages.as_slice() else { panic!("{plan:?}") };
        assert_eq!(stage.finish, Some(Finish::CropToSubject { size: size(20, 100) }));
        let plan = DrawPlan::new(size(100, 50), &[crop(200)]).unwrap();
        assert_eq!(plan.stages[0].finish, None, "nothing is cropped");
    }

    /// After a quarter turn, the upper left corner shows the lower left one of the source.
    #[test]
    fn crop_after_a_rotation_is_in_the_rotated_image() {
        let crop = Step::Crop { width: Some(10), height: Some(20), gravity: Gravity::NorthWest };
        let plan = DrawPlan::new(size(100, 50), &[Step::Rotate(90), crop]).unwrap();
        let [stage] = plan.stages.as_slice() else { panic!("{plan:?}") };
        assert_eq!(stage.window, Window { x: 0.0, y: 40.0, width: 20.0, height: 10.0 });
        assert_eq!(stage.final_size(), size(10, 20));
    }

    /// After mirroring, the left edge shows the right one of the source.
    #[test]
    fn crop_after_mirroring_is_in_the_mirrored_image() {
        let crop = || Step::Crop { width: Some(10), height: Some(20), gravity: Gravity::NorthWest };
        for (flip, x, y) in [(Flip::Horizontal, 90.0, 0.0), (Flip::Vertical, 0.0, 30.0)] {
            let plan = DrawPlan::new(size(100, 50), &[Step::Flip(flip), crop()]).unwrap();
            assert_eq!(plan.stages[0].window, Window { x, y, width: 10.0, height: 20.0 }, "{flip:?}");
        }
    }

    #[test]
    fn steps_that_need_pixels_end_a_stage() {
        let shrink = || Step::Thumbnail(fit(Some(10), Some(10), Scaling::ShrinkOnly));
        let enlarge = || Step::Thumbnail(fit(Some(50), Some(50), Scaling::Both));
        let blur = || Step::Blur(Blur { radius: 8, sigma: 500 });
        let pad = || Step::Pad { width: 60, height: 70, color: None };
        let corner = || Step::Crop { width: Some(10), height: Some(20), gravity: Gravity::NorthWest };
        for (steps, stages, last) in [
            (vec![], 1, (100, 50)),
            (vec![shrink()], 1, (10, 5)),
            (vec![enlarge(), shrink()], 1, (10, 5)),
            (vec![shrink(), enlarge()], 2, (50, 25)),
            (vec![shrink(), pad()], 1, (60, 70)),
            (vec![shrink(), pad(), enlarge()], 2, (43, 50)),
            (vec![shrink(), pad(), corner()], 2, (10, 20)),
            (vec![Step::Rotate(45)], 1, (107, 107)),
            (vec![Step::Rotate(270)], 1, (50, 100)),
            (vec![Step::Rotate(45), shrink()], 2, (10, 10)),
            (vec![shrink(), blur()], 1, (10, 5)),
            (vec![shrink(), blur(), Step::Round { radius: None }, pad()], 3, (60, 70)),
            (vec![blur(), shrink()], 2, (10, 5)),
            (vec![Step::Circle { radius: 9 }], 1, (18, 18)),
            (vec![Step::Circle { radius: 9999 }], 1, (50, 50)),
        ] {
            let plan = DrawPlan::new(size(100, 50), &steps).unwrap();
            assert_eq!(plan.stages.len(), stages, "{steps:?}");
            assert_eq!(plan.stages.last().unwrap().final_size(), size(last.0, last.1), "{steps:?}");
        }
    }
    #[test]
    fn sharpening_follows_the_last_scaling() {
        let shrink = || Step::Thumbnail(fit(Some(10), Some(10), Scaling::ShrinkOnly));
        let blur = || Step::Blur(Blur { radius: 8, sigma: 500 });
        let pad = || Step::Pad { width: 60, height: 70, color: None };
        for (steps, stage) in [
            (vec![], 0),
            (vec![shrink(), blur(), Step::Round { radius: None }], 0),
            (vec![blur(), pad()], 0),
            (vec![blur(), shrink(), pad(), blur()], 1),
            (vec![shrink(), pad(), shrink(), blur()], 1),
        ] {
            let plan = DrawPlan::new(size(100, 50), &steps).unwrap();
            assert_eq!(plan.sharpened_stage(), stage, "{steps:?}");
        }
    }

    #[test]
    fn a_box_gives_its_ratio_to_smaller_images() {
        for (from, to) in [
            ((4032, 3024), (192, 108)),
            ((100, 100), (100, 56)),
            ((4000, 50), (89, 50)),
            ((192, 108), (192, 108)),
        ] {
            let steps = [
                Step::Thumbnail(Geometry::Cover { width: 192, height: 108, scaling: Scaling::ShrinkOnly }),
                Step::CropToRatio { across: 192, down: 108, gravity: Gravity::Center },
            ];
            let plan = DrawPlan::new(size(from.0, from.1), &steps).unwrap();
            let [stage] = plan.stages.as_slice() else { panic!("{plan:?}") };
            assert_eq!(stage.final_size(), size(to.0, to.1), "{from:?}");
        }
    }
}
