//! The part of a source that a thumbnail shows: a plan followed backwards, from the thumbnail to the upright source.

use crate::imaging::picture::geometry::{Size, Window};
use crate::imaging::plan::{DrawPlan, Finish, Stage};

impl DrawPlan {
    /// The rectangle of the upright source from which a thumbnail is made, pixels of the source.
    ///
    /// `subjects` are the windows of the subject that were found, one place per stage. Padding shows nothing of the source.
    /// `None` after a rotation by an angle that is not a right one, which shows no rectangle.
    pub(crate) fn source_part(&self, subjects: &[Option<Window>]) -> Option<Window> {
        let shown = Window::whole(self.stages.last()?.final_size());
        let subject = |number: usize| subjects.get(number).copied().flatten();
        let mut stages = self.stages.iter().enumerate().rev();
        stages.try_fold(shown, |shown, (number, stage)| stage.input_part(shown, subject(number)))
    }
}

impl Stage {
    /// The rectangle of the stage's input of which a rectangle of its output is made.
    fn input_part(&self, shown: Window, subject: Option<Window>) -> Option<Window> {
        let oriented = self.orientation.size(self.size);
        let shown = match &self.finish {
            None | Some(Finish::Blur(_) | Finish::Round { .. } | Finish::Watermark(_)) => shown,
            Some(Finish::CropToSubject { .. }) => {
                let Window { x, y, .. } = subject?;
                Window { x: shown.x + x, y: shown.y + y, ..shown }
            }
            Some(Finish::Pad { size, .. }) => unpadded(shown, oriented, *size),
            Some(Finish::Rotate { .. }) => return None,
        };
        let scaled = self.orientation.inverse().window(shown, oriented);
        let across = self.window.width / f64::from(self.size.width);
        let down = self.window.height / f64::from(self.size.height);
        let Window { x, y, width, height } = scaled.scaled(across, down);
        Some(Window { x: self.window.x + x, y: self.window.y + y, width, height })
    }
}

/// What a rectangle of a padded image shows of the image, which stands in the middle of the box and is cropped by it.
fn unpadded(shown: Window, image: Size, padded: Size) -> Window {
    let axis = |start: f64, length: f64, image: u32, padded: u32| {
        let image = f64::from(image);
        let before = ((f64::from(padded) - image) / 2.0).floor();
        let (from, to) = ((start - before).clamp(0.0, image), (start + length - before).clamp(0.0, image));
        (from, to - from)
    };
    let (x, width) = axis(shown.x, shown.width, image.width, padded.width);
    let (y, height) = axis(shown.y, shown.height, image.height, padded.height);
    Window { x, y, width, height }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{Focus, Geometry, Gravity, Scaling, Step};

    fn part(width: u32, height: u32, steps: &[Step], subjects: &[Option<Window>]) -> Option<[f64; 4]> {
        let plan = DrawPlan::new(Size { width, height }, steps).unwrap();
        plan.source_part(subjects).map(|Window { x, y, width, height }| [x, y, width, height])
    }

    fn cover(width: u32, height: u32, gravity: Gravity) -> [Step; 2] {
        [
            Step::Thumbnail(Geometry::Cover { width, height, scaling: Scaling::Both }),
            Step::Crop { width: Some(width), height: Some(height), gravity },
        ]
    }

    #[test]
    fn a_crop_shows_its_window() {
        let steps = cover(100, 100, Gravity::East);
        assert_eq!(part(1000, 500, &steps, &[None]), Some([500.0, 0.0, 500.0, 500.0]));
        let focus = Gravity::Focus(Focus { x: 2500, y: 5000 });
        assert_eq!(part(1000, 500, &cover(100, 100, focus), &[None]), Some([0.0, 0.0, 500.0, 500.0]));
    }

    #[test]
    fn the_subject_is_where_it_was_found() {
        let found = Some(Window { x: 30.0, y: 0.0, width: 100.0, height: 100.0 });
        let steps = cover(100, 100, Gravity::Auto);
        assert_eq!(part(1000, 500, &steps, &[found]), Some([150.0, 0.0, 500.0, 500.0]));
        assert_eq!(part(1000, 500, &steps, &[None]), None, "not found yet");
    }

    #[test]
    fn steps_are_undone_in_their_order() {
        let quarter = Step::Crop { width: Some(20), height: Some(10), gravity: Gravity::NorthWest };
        // Turned clockwise, the upper left corner is the lower left one of the source.
        let turned = [Step::Rotate(90), quarter.clone()];
        assert_eq!(part(100, 50, &turned, &[None]), Some([0.0, 30.0, 10.0, 20.0]));
        let fit = Geometry::Fit { width: Some(50), height: Some(50), scaling: Scaling::Both };
        let padded = [Step::Thumbnail(fit), Step::Pad { width: 50, height: 50, color: None }];
        assert_eq!(part(100, 50, &padded, &[None]), Some([0.0, 0.0, 100.0, 50.0]));
        // The corner of the padded image has 12 rows of padding, of which 10 are shown, and nothing of the source.
        let cut = [padded[0].clone(), padded[1].clone(), quarter];
        assert_eq!(part(100, 50, &cut, &[None, None]), Some([0.0, 0.0, 40.0, 0.0]));
        assert_eq!(part(100, 50, &[Step::Rotate(45)], &[None]), None);
    }
}
