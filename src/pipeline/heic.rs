//! Conversion of HEIC sources by Cloud Infinite: the processing to request.
//!
//! This is for rules that do not have the program decode HEIC. The JPEG is requested large enough for all thumbnails, and no larger
//! than needed.

use crate::imaging::{DECODE_MARGIN, LONGEST_SIDE};
use crate::recipe::{Geometry, Recipe, Scaling, Step};

/// Returns the processing that makes a JPEG for all recipes: upright, at a quality without visible loss, and
/// no larger than the source.
pub(super) fn ci_process(recipes: &[Recipe]) -> String {
    let scaling = match recipes
        .iter()
        .map(sufficient_box)
        .try_fold(0, |most: u32, side| side.map(|side| most.max(side)))
    {
        Some(side) if side < LONGEST_SIDE => format!("thumbnail/{side}x{side}>/"),
        _ => String::new(),
    };
    format!("imageMogr2/auto-orient/{scaling}format/jpg/quality/90!")
}

/// Side of a box that leaves [`DECODE_MARGIN`]; `None` if it depends on the size of the source.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
fn sufficient_box(recipe: &Recipe) -> Option<u32> {
    match recipe.steps.first()? {
        Step::Thumbnail(Geometry::Fit {
            width: Some(width),
            height: Some(height),
            scaling: Scaling::Both | Scaling::ShrinkOnly,
        }) => Some((f64::from(*width.max(height)) * DECODE_MARGIN).ceil() as u32),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_box_leaves_the_margin() {
        let recipes = [Recipe::fit_inside(300, 200), Recipe::fit_inside(100, 400)];
        assert_eq!(ci_process(&recipes), "imageMogr2/auto-orient/thumbnail/960x960>/format/jpg/quality/90!");
    }

    #[test]
    fn sizes_relative_to_the_source_request_its_full_size() {
        let whole = "imageMogr2/auto-orient/format/jpg/quality/90!";
        for geometry in [
            Geometry::Cover { width: 300, height: 300, scaling: Scaling::Both },
            Geometry::Percent { width: 50, height: 50 },
            Geometry::Fit { width: Some(300), height: None, scaling: Scaling::ShrinkOnly },
            Geometry::Fit { width: Some(300), height: Some(300), scaling: Scaling::EnlargeOnly },
        ] {
            let recipe = Recipe { steps: vec![Step::Thumbnail(geometry)], ..Recipe::default() };
            assert_eq!(ci_process(&[Recipe::fit_inside(300, 200), recipe]), whole, "{geometry}");
        }
        assert_eq!(ci_process(&[Recipe::default()]), whole);
        assert_eq!(ci_process(&[Recipe::fit_inside(5000, 5000)]), whole);
    }
}
