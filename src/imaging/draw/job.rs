//! One thumbnail to be drawn, and its pixels once they are drawn.
//!
//! A job joins a recipe with its plan for one source and with its position among all recipes. The position matters
//! because jobs are drawn from the largest to the smallest and reported in the order of the recipes.

use crate::imaging::error::Error;
use crate::imaging::picture::Picture;
use crate::imaging::picture::geometry::{Ratio, Size, Window};
use crate::imaging::plan::DrawPlan;
use crate::recipe::Recipe;

/// One thumbnail to be drawn.
#[derive(Debug)]
pub(crate) struct DrawJob<'a> {
    /// Index of the recipe among all recipes of the source.
    pub(crate) index: usize,
    pub(crate) recipe: &'a Recipe,
    pub(crate) plan: DrawPlan,
    /// The resolution that this job and those drawn after it need of the source.
    pub(crate) demand: Ratio,
    /// For each stage, the window of the subject once it was found: frames of an animation share it.
    pub(crate) subject_windows: Vec<Option<Window>>,
}

impl<'a> DrawJob<'a> {
    /// The jobs of all recipes that a source of size `full` can satisfy, in drawing order, and the errors of the
    /// others.
    ///
    /// The order is: recipes in linear light first, since they need the source before it is averaged; then by falling
    /// [`DrawPlan::ratio`], along the axis that keeps more, since drawing averages the source on the way.
    pub(crate) fn all(full: Size, recipes: &[&'a Recipe]) -> (Vec<Self>, Vec<(usize, Error)>) {
        let (mut jobs, mut refused) = (Vec::new(), Vec::new());
        for (index, &recipe) in recipes.iter().enumerate() {
            match DrawPlan::new(full, &recipe.steps) {
                Ok(plan) => {
                    let subject_windows = vec![None; plan.stages.len()];
                    let demand = plan.ratio();
                    jobs.push(Self { index, recipe, plan, demand, subject_windows });
                }
                Err(refusal) => refused.push((index, refusal)),
            }
        }
        let is_later = |job: &Self| !job.recipe.linear;
        let ratio = |job: &Self| job.plan.ratio().larger();
        jobs.sort_by(|a, b| is_later(a).cmp(&is_later(b)).then(ratio(b).total_cmp(&ratio(a))));
        let mut later = Ratio { across: 0.0, down: 0.0 };
        for job in jobs.iter_mut().rev() {
            later = later.max(job.demand);
            job.demand = later;
        }
        (jobs, refused)
    }
}

/// The pixels of one thumbnail, with the memory reserved for them.
pub(crate) struct DrawnPicture {
    pub(crate) picture: Picture,
    /// Bytes reserved for drawing and for encoding. The owner releases them once the file is written.
    pub(crate) working_bytes: u64,
}
