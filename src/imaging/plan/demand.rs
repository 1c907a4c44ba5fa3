//! The recipes of one source, and how small it may be decoded for them.

use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::plan::DrawPlan;
use crate::recipe::Recipe;

/// Decoded pixels per pixel of the thumbnail, along one axis: the fewest that a decoder leaves when it decodes at a
/// reduced size.
pub const DECODE_MARGIN: f64 = 2.4;

/// What the recipes of one source ask of its decoder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand<'a> {
    pub(crate) recipes: &'a [&'a Recipe],
    pub(crate) upright: Upright,
}

/// Whether a source has to be turned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Upright {
    /// It is upright already, whatever its EXIF data say.
    Already,
    /// Its EXIF orientation makes it upright.
    ByExif,
}

impl Demand<'_> {
    /// How a source is turned whose own data say this.
    pub(crate) fn orientation(self, said: Orientation) -> Orientation {
        match self.upright {
            Upright::ByExif => said,
            Upright::Already => Orientation::default(),
        }
    }

    /// Whether a recipe keeps the source's profile.
    pub(crate) fn keeps_profile(self) -> bool {
        self.recipes.iter().any(|recipe| recipe.keep.profile)
    }

    /// The largest [`DrawPlan::ratio`] of any recipe, for an upright source of this size; at most 1.
    pub(crate) fn ratio(self, upright: Size) -> f64 {
        // A recipe that this source cannot follow fails later, by itself.
        let ratios = self.recipes.iter().filter_map(|recipe| {
            let ratio = DrawPlan::new(upright, &recipe.steps).ok()?.ratio();
            // Decoders that make pictures smaller do not average light.
            Some(if recipe.linear { 1.0 } else { ratio })
        });
        ratios.fold(f64::MIN_POSITIVE, f64::max).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demand_is_that_of_the_largest_recipe() {
        let recipes = [Recipe::fit_inside(100, 100), Recipe::fit_inside(400, 400)];
        let demand = Demand { recipes: &recipes.iter().collect::<Vec<_>>(), upright: Upright::ByExif };
        assert!((demand.ratio(Size { width: 4000, height: 2000 }) - 0.1).abs() < 1e-9);
        assert!((demand.ratio(Size { width: 40, height: 20 }) - 1.0).abs() < f64::EPSILON);
    }
}
