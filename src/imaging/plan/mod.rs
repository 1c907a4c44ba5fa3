//! From the size of a source and the steps of a recipe to sizes and windows. Pure arithmetic, no pixels.
//!
//! Steps that only cut, scale, mirror and turn by right angles are folded into one [`Stage`], so that a
//! thumbnail is resampled once where its recipe allows. Sizes come out as if each step were done by itself on
//! whole pixels.

pub(crate) mod anchor;
pub(crate) mod demand;
pub(crate) mod sizes;

use crate::imaging::error::Error;
use crate::imaging::picture::geometry::{Size, Window};
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::plan::anchor::anchors;
use crate::imaging::plan::sizes::LONGEST_SIDE;
use crate::recipe::{Gravity, Rgb, Step};

/// What ends a stage, because the next step needs its pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Finish {
    /// Into the middle of a box; what does not fit is cut off.
    Pad { size: Size, color: Option<Rgb> },
    /// To the part of this size that shows the subject best.
    CropToSubject { size: Size },
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
            Some(Finish::Pad { size, .. } | Finish::CropToSubject { size } | Finish::Rotate { size, .. }) => {
                size
            }
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
pub(super) struct DrawPlan {
    /// At least one.
    pub(super) stages: Vec<Stage>,
}

impl DrawPlan {
    /// Follows the steps of a recipe from a picture of this size.
    ///
    /// # Errors
    /// [`Error::Outside`] for a cut that lies beside the picture.
    pub(super) fn new(source: Size, steps: &[Step]) -> Result<Self, Error> {
        let mut stages = Vec::new();
        let mut draft = StageBuilder::new(source);
        for step in steps {
            if let Step::Thumbnail(geometry) = *step {
                let shown = draft.shown();
                let target = sizes::scaled(shown, geometry);
                // Enlarging what an earlier step made small must not bring lost detail back.
                if draft.is_scaled() && (target.width > shown.width || target.height > shown.height) {
                    stages.push(draft.stage(None));
                    draft = StageBuilder::new(shown);
                }
                draft.size = draft.turn.size(target);
            } else if let Some(finish) = draft.follow(*step)? {
                let stage = draft.stage(Some(finish));
                draft = StageBuilder::new(stage.final_size());
                stages.push(stage);
            }
        }
        if stages.is_empty() || draft != StageBuilder::new(draft.shown()) {
            stages.push(draft.stage(None));
        }
        Ok(Self { stages })
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

/// A stage that may still take in steps.
#[derive(Clone, Copy, Debug, PartialEq)]
struct StageBuilder {
    window: Window,
    size: Size,
    turn: Orientation,
}

impl StageBuilder {
    fn new(source: Size) -> Self {
        Self { window: Window::whole(source), size: source, turn: Orientation::default() }
    }

    /// The size as the next step sees it.
    fn shown(&self) -> Size {
        self.turn.size(self.size)
    }

    fn is_scaled(&self) -> bool {
        f64::from(self.size.width) < self.window.width || f64::from(self.size.height) < self.window.height
    }

    fn stage(&self, finish: Option<Finish>) -> Stage {
        Stage { window: self.window, size: self.size, turn: self.turn, finish }
    }

    /// Takes a step in that does not scale, or tells how it ends the stage.
    fn follow(&mut self, step: Step) -> Result<Option<Finish>, Error> {
        let shown = self.shown();
        match step {
            Step::Crop { width, height, gravity } => {
                let size = Size {
                    width: width.map_or(shown.width, |width| width.clamp(1, shown.width)),
                    height: height.map_or(shown.height, |height| height.clamp(1, shown.height)),
                };
                return Ok(self.crop(size, gravity));
            }
            Step::CropEdges { long, short } => {
                let Size { width, height } = sizes::oriented_like(shown, long, short);
                let size = Size { width: width.clamp(1, shown.width), height: height.clamp(1, shown.height) };
                return Ok(self.crop(size, Gravity::Center));
            }
            Step::Cut { width, height, x, y, gravity } => {
                let (across, down) = anchors(gravity);
                let outside = || Error::Outside { x, y, width: shown.width, height: shown.height };
                let (x, width) = across.cut(shown.width, width, x).ok_or_else(outside)?;
                let (y, height) = down.cut(shown.height, height, y).ok_or_else(outside)?;
                self.narrow(x, y, Size { width, height });
            }
            Step::Flip(flip) => self.turn = self.turn.then(Orientation::flip(flip)),
            Step::Pad { width, height, color } => {
                let size =
                    Size { width: width.clamp(1, LONGEST_SIDE), height: height.clamp(1, LONGEST_SIDE) };
                return Ok(Some(Finish::Pad { size, color }));
            }
            Step::Rotate(degrees) if degrees % 90 == 0 => {
                let turns = u8::try_from(degrees / 90 % 4).unwrap_or(0);
                self.turn = self.turn.then(Orientation::quarters(turns));
            }
            Step::Rotate(degrees) => {
                return Ok(Some(Finish::Rotate { degrees, size: enclosing(shown, degrees) }));
            }
            Step::Thumbnail(_) => {}
        }
        Ok(None)
    }

    /// Cuts to a size that is not larger than the picture. Where the subject is, only pixels can tell.
    fn crop(&mut self, size: Size, gravity: Gravity) -> Option<Finish> {
        let shown = self.shown();
        if gravity == Gravity::Auto {
            return (size != shown).then_some(Finish::CropToSubject { size });
        }
        let (across, down) = anchors(gravity);
        let x = across.place(shown.width, size.width);
        let y = down.place(shown.height, size.height);
        self.narrow(x, y, size);
        None
    }

    /// Cuts out the window at a place in what is shown.
    fn narrow(&mut self, x: u32, y: u32, size: Size) {
        let cut = Window { x: f64::from(x), y: f64::from(y), ..Window::whole(size) };
        // Back through the turn, then through the scaling, into pixels of the stage's input.
        let back = self.turn.inverse();
        let cut = back.window(cut, self.shown());
        let across = self.window.width / f64::from(self.size.width);
        let down = self.window.height / f64::from(self.size.height);
        let cut = cut.scaled(across, down);
        self.window = Window { x: self.window.x + cut.x, y: self.window.y + cut.y, ..cut };
        self.size = back.size(size);
    }
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
        assert!((plan.ratio() - 0.4).abs() < 1e-9);
    }

    /// Where a window of 3 x 6 lies in a picture of 10 x 10.
    #[test]
    fn gravity_places_the_window() {
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

    /// As 1045/33714 has it: the middle knows no distance.
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
    fn cuts_end_at_the_edge_and_fail_beside_it() {
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

    /// Two edges of a box that lies as the picture does.
    #[test]
    fn edges_follow_the_shape_of_the_picture() {
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
    fn a_crop_to_the_subject_waits_for_pixels() {
        let crop = |width| Step::Crop { width: Some(width), height: None, gravity: Gravity::Auto };
        let plan = DrawPlan::new(size(100, 50), &[Step::Rotate(90), crop(20)]).unwrap();
        let [stage] = plan.stages.as_slice() else { panic!("{plan:?}") };
        assert_eq!(stage.finish, Some(Finish::CropToSubject { size: size(20, 100) }));
        let plan = DrawPlan::new(size(100, 50), &[crop(200)]).unwrap();
        assert_eq!(plan.stages[0].finish, None, "nothing is cut");
    }

    /// The upper left corner of what a quarter turn shows is the lower left one of what is stored.
    #[test]
    fn crop_after_a_turn_cuts_the_turned_picture() {
        let crop = Step::Crop { width: Some(10), height: Some(20), gravity: Gravity::NorthWest };
        let plan = DrawPlan::new(size(100, 50), &[Step::Rotate(90), crop]).unwrap();
        let [stage] = plan.stages.as_slice() else { panic!("{plan:?}") };
        assert_eq!(stage.window, Window { x: 0.0, y: 40.0, width: 20.0, height: 10.0 });
        assert_eq!(stage.final_size(), size(10, 20));
    }

    /// Mirrored, the left is what was on the right.
    #[test]
    fn crop_after_a_mirror_cuts_the_mirrored_picture() {
        let crop = Step::Crop { width: Some(10), height: Some(20), gravity: Gravity::NorthWest };
        for (flip, x, y) in [(Flip::Horizontal, 90.0, 0.0), (Flip::Vertical, 0.0, 30.0)] {
            let plan = DrawPlan::new(size(100, 50), &[Step::Flip(flip), crop]).unwrap();
            assert_eq!(plan.stages[0].window, Window { x, y, width: 10.0, height: 20.0 }, "{flip:?}");
        }
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
            let plan = DrawPlan::new(size(100, 50), &steps).unwrap();
            assert_eq!(plan.stages.len(), stages, "{steps:?}");
            assert_eq!(plan.stages.last().unwrap().final_size(), size(last.0, last.1), "{steps:?}");
        }
    }
}
