//! The demands of all recipes of one source on its decoder: resolution, orientation and metadata.
//!
//! A decoder may reduce an image while it decodes. The [`Demand`] says how far: every thumbnail comes from one decode,
//! so the largest of them decides. It knows recipes and sizes, and no format.

use crate::imaging::picture::geometry::{Ratio, Size};
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::plan::DrawPlan;
use crate::imaging::plan::target::Target;
use crate::recipe::Recipe;

/// Decoded pixels per pixel of the thumbnail, along one axis: the fewest that a decoder leaves when it decodes at a
/// reduced size.
pub const DECODE_MARGIN: f64 = 2.4;

/// The recipes of one source, for its decoder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand<'a> {
    /// All recipes, in the order of the thumbnails.
    pub(crate) recipes: &'a [&'a Recipe],
    /// The treatment of EXIF orientation.
    pub(crate) upright: Upright,
    /// The number of the source for labels in which a recipe names a propagator.
    pub(crate) propagate_id: Option<&'a str>,
}

/// The treatment of a source's EXIF orientation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Upright {
    /// Ignored: the pixels are upright already.
    Already,
    /// Applied: it makes the pixels upright.
    ByExif,
}

impl Demand<'_> {
    /// The orientation to apply to a source with the orientation `stored` in its metadata.
    pub(crate) fn orientation(self, stored: Orientation) -> Orientation {
        match self.upright {
            Upright::ByExif => stored,
            Upright::Already => Orientation::default(),
        }
    }

    /// `true` if a recipe keeps the source's ICC profile.
    pub(crate) fn keeps_profile(self) -> bool {
        self.recipes.iter().any(|recipe| recipe.keep.profile)
    }

    /// The targets of a source of this size, each once, from the largest to the smallest. `orientations` are those that may
    /// make it upright.
    pub(crate) fn targets(self, stored: Size, orientations: &[Orientation]) -> Vec<Target> {
        let mut all = Vec::new();
        for (recipe, orientation) in
            self.recipes.iter().flat_map(|recipe| orientations.iter().map(move |o| (recipe, *o)))
        {
            // A recipe without a plan for this source fails later, alone.
            let plan = DrawPlan::new(orientation.size(stored), &recipe.steps);
            let stage = plan.ok().and_then(|plan| plan.stages.first().cloned());
            all.extend(stage.map(|stage| Target::new(&stage, recipe.linear, stored, orientation)));
        }
        all.sort_by(|a, b| b.ratio().larger().total_cmp(&a.ratio().larger()));
        let mut each: Vec<Target> = Vec::new();
        for target in all {
            if !each.contains(&target) {
                each.push(target);
            }
        }
        each
    }

    /// The largest [`DrawPlan::ratio`] of all recipes, along each axis, for a source of this size; at most 1. Size and
    /// ratio are those of the stored image, which `orientation` makes upright.
    ///
    /// A decoder has to give at least this part of the source's pixels along each axis, times its margin.
    pub(crate) fn ratio(self, stored: Size, orientation: Orientation) -> Ratio {
        let upright = orientation.size(stored);
        // A recipe without a plan for this source fails later, alone.
        let ratios = self.recipes.iter().filter_map(|recipe| {
            let ratio = DrawPlan::new(upright, &recipe.steps).ok()?.ratio();
            // Reducing decoders average samples on their curve, not linear light, so they must give all pixels.
            Some(if recipe.linear { Ratio { across: 1.0, down: 1.0 } } else { ratio })
        });
        let least = Ratio { across: f64::MIN_POSITIVE, down: f64::MIN_POSITIVE };
        let Ratio { across, down } = orientation.ratio(ratios.fold(least, Ratio::max));
        Ratio { across: across.min(1.0), down: down.min(1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{Geometry, Step};

    #[test]
    fn ratio_is_that_of_the_largest_recipe() {
        let recipes = [Recipe::fit_inside(100, 100), Recipe::fit_inside(400, 400)];
        let demand = Demand {
            recipes: &recipes.iter().collect::<Vec<_>>(),
            upright: Upright::ByExif,
            propagate_id: None,
        };
        let upright = Orientation::default();
        let ratio = demand.ratio(Size { width: 4000, height: 2000 }, upright);
        assert!((ratio.across - 0.1).abs() < 1e-9 && (ratio.down - 0.1).abs() < 1e-9);
        assert_eq!(
            demand.ratio(Size { width: 40, height: 20 }, upright),
            Ratio { across: 1.0, down: 1.0 },
            "at most 1"
        );
    }

    #[test]
    fn axes_are_those_of_the_stored_image() {
        let exact = Recipe {
            steps: vec![Step::Thumbnail(Geometry::Exact { width: 100, height: 200 })],
            ..Recipe::default()
        };
        let demand = Demand { recipes: &[&exact], upright: Upright::ByExif, propagate_id: None };
        let stored = Size { width: 2000, height: 1000 };
        assert_eq!(demand.ratio(stored, Orientation::default()), Ratio { across: 0.05, down: 0.2 });
        assert_eq!(demand.ratio(stored, Orientation::from_exif(6)), Ratio { across: 0.1, down: 0.1 });
    }
}
