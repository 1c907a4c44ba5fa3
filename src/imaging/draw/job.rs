//! One thumbnail to be drawn, and its pixels once they are drawn.
//!
//! A job joins a recipe with its plan for one source and with its position among all recipes. The position matters
//! because jobs are drawn from the largest to the smallest and reported in the order of the recipes.

use crate::imaging::error::Error;
use crate::imaging::picture::Picture;
use crate::imaging::picture::geometry::{Size, Window};
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::plan::DrawPlan;
use crate::imaging::plan::target::Target;
use crate::imaging::rendering::SourcePart;
use crate::recipe::Recipe;

/// One thumbnail to be drawn.
#[derive(Debug)]
pub(crate) struct DrawJob<'a> {
    /// Index of the recipe among all recipes of the source.
    pub(crate) index: usize,
    pub(crate) recipe: &'a Recipe,
    pub(crate) plan: DrawPlan,
    /// The part and the size of the source of which the first stage is made.
    pub(crate) target: Target,
    /// For each stage, the window of the subject once it was found: frames of an animation share it.
    pub(crate) subject_windows: Vec<Option<Window>>,
}

impl<'a> DrawJob<'a> {
    /// The jobs of all recipes that a source of size `full` can satisfy, in drawing order, and the errors of the
    /// others.
    ///
    /// The order is by falling [`Target::ratio`], along the axis that keeps more: smaller thumbnails are made of larger
    /// ones. `orientation` makes the source upright.
    pub(crate) fn all(
        full: Size,
        orientation: Orientation,
        recipes: &[&'a Recipe],
    ) -> (Vec<Self>, Vec<(usize, Error)>) {
        let (mut jobs, mut refused) = (Vec::new(), Vec::new());
        let stored = orientation.size(full);
        for (index, &recipe) in recipes.iter().enumerate() {
            match DrawPlan::new(full, &recipe.steps) {
                Ok(plan) => {
                    let subject_windows = vec![None; plan.stages.len()];
                    let first = plan.stages.first();
                    let target = first.map(|stage| Target::new(stage, recipe.linear, stored, orientation));
                    jobs.extend(target.map(|target| Self { index, recipe, plan, target, subject_windows }));
                }
                Err(refusal) => refused.push((index, refusal)),
            }
        }
        let ratio = |job: &Self| job.target.ratio().larger();
        jobs.sort_by(|a, b| ratio(b).total_cmp(&ratio(a)));
        (jobs, refused)
    }
}

impl DrawJob<'_> {
    /// The part of the source that the thumbnail shows, once it is drawn.
    pub(crate) fn source_part(&self) -> Option<SourcePart> {
        let Window { x, y, width, height } = self.plan.source_part(&self.subject_windows)?;
        Some(SourcePart { x, y, width, height })
    }
}

/// The pixels of one thumbnail, with the memory reserved for them.
pub(crate) struct DrawnPicture {
    pub(crate) picture: Picture,
    /// Bytes reserved for drawing and for encoding. The owner releases them once the file is written.
    pub(crate) working_bytes: u64,
}
