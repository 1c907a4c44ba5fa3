//! The demands of all recipes of one source on its decoder: resolution, orientation and metadata.
//!
//! A decoder may reduce an image while it decodes. The [`Demand`] says how far: every thumbnail comes from one decode,
//! so the largest of them decides. It knows recipes and sizes, and no format.

use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::plan::DrawPlan;
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

    /// The largest [`DrawPlan::ratio`] of all recipes for a source of this size after orientation; at most 1.
    ///
    /// A decoder has to give at least this part of the source's pixels along each axis, times its margin.
    pub(crate) fn ratio(self, upright: Size) -> f64 {
        // A recipe without a plan for this source fails later, alone.
        let ratios = self.recipes.iter().filter_map(|recipe| {
            let ratio = DrawPlan::new(upright, &recipe.steps).ok()?.ratio();
            // Reducing decoders average samples on their curve, not linear light, so they must give all pixels.
            Some(if recipe.linear { 1.0 } else { ratio })
        });
        ratios.fold(f64::MIN_POSITIVE, f64::max).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratio_is_that_of_the_largest_recipe() {
        let recipes = [Recipe::fit_inside(100, 100), Recipe::fit_inside(400, 400)];
        let demand = Demand { recipes: &recipes.iter().collect::<Vec<_>>(), upright: Upright::ByExif };
        assert!((demand.ratio(Size { width: 4000, height: 2000 }) - 0.1).abs() < 1e-9);
        assert!((demand.ratio(Size { width: 40, height: 20 }) - 1.0).abs() < f64::EPSILON);
    }
}
