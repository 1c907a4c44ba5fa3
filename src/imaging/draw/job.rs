//! One thumbnail to be drawn, and what was drawn for it.

use crate::imaging::error::Error;
use crate::imaging::picture::Picture;
use crate::imaging::picture::geometry::{Size, Window};
use crate::imaging::plan::DrawPlan;
use crate::recipe::Recipe;

/// One thumbnail to be drawn.
#[derive(Debug)]
pub(crate) struct DrawJob<'a> {
    /// Where it stands among the recipes.
    pub(crate) place: usize,
    pub(crate) recipe: &'a Recipe,
    pub(crate) plan: DrawPlan,
    /// Where the subject was found, for each stage.
    pub(crate) subject_windows: Vec<Option<Window>>,
}

impl<'a> DrawJob<'a> {
    /// One for each recipe, in the order they are drawn in, and apart from them those that a source of this size cannot
    /// follow.
    pub(crate) fn all(full: Size, recipes: &[&'a Recipe]) -> (Vec<Self>, Vec<(usize, Error)>) {
        let (mut jobs, mut refused) = (Vec::new(), Vec::new());
        for (place, &recipe) in recipes.iter().enumerate() {
            match DrawPlan::new(full, &recipe.steps) {
                Ok(plan) => {
                    let subject_windows = vec![None; plan.stages.len()];
                    jobs.push(Self { place, recipe, plan, subject_windows });
                }
                Err(refusal) => refused.push((place, refusal)),
            }
        }
        // Light is averaged from the source itself.
        let is_later = |job: &Self| !job.recipe.linear;
        jobs.sort_by(|a, b| is_later(a).cmp(&is_later(b)).then(b.plan.ratio().total_cmp(&a.plan.ratio())));
        (jobs, refused)
    }
}

/// The pixels of one thumbnail.
pub(crate) struct DrawnPicture {
    pub(crate) picture: Picture,
    /// Bytes that are reserved for drawing it and for what is made of it then; to be released.
    pub(crate) working: u64,
}
