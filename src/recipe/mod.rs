//! A recipe: all that decides the pixels and bytes of one thumbnail, apart from its source.
//!
//! Configuration parses to recipes, imaging obeys them, and the stamp on a stored thumbnail carries the
//! recipe's hash. Neither the network nor a decoder is known here.

mod output;
mod step;

use std::collections::BTreeSet;
use std::fmt;

use sha1::{Digest, Sha1};

pub use self::output::{Animation, Format, Keep, Quality, Rgb, Subsampling};
pub use self::step::{Flip, Focus, Geometry, Gravity, Scaling, Step};

/// Changes whenever the same recipe and source would give other bytes than before, so that stamps differ. A build without
/// libwebp writes other WebP files.
const ENCODER_VERSION: &str = if cfg!(feature = "libwebp") { "1" } else { "1 without libwebp" };

/// How one thumbnail is made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recipe {
    /// Geometry, in the order written. The picture has been turned upright before the first step.
    pub steps: Vec<Step>,
    /// The format written; `None` is the source's own for JPEG, PNG, WebP and GIF, and otherwise PNG for
    /// a picture with alpha and JPEG for one without.
    pub format: Option<Format>,
    /// Quality of JPEG and WebP.
    pub quality: Quality,
    /// What shows through where the format has no alpha, and what fills padding that names no colour.
    pub background: Rgb,
    /// Progressive JPEG instead of baseline.
    pub interlace: bool,
    /// Colour resolution of JPEG.
    pub subsampling: Subsampling,
    /// Shades of grey instead of colours.
    pub greyscale: bool,
    /// Scaled as light, from all pixels of the source.
    pub linear: bool,
    /// How much the scaled picture is sharpened, percent of what a small blur takes away.
    pub sharpen: Option<u16>,
    /// Most bytes of the file.
    pub max_bytes: Option<u64>,
    /// What is carried on beside pixels.
    pub keep: Keep,
    /// What becomes of a source that moves.
    pub animation: Animation,
}

impl Recipe {
    /// The recipe of `WxH`: fit inside, never enlarge.
    #[must_use]
    pub fn fit_inside(width: u32, height: u32) -> Self {
        let geometry =
            Geometry::Fit { width: Some(width), height: Some(height), scaling: Scaling::ShrinkOnly };
        Self { steps: vec![Step::Thumbnail(geometry)], ..Self::default() }
    }

    /// Names everything that changes the bytes of a thumbnail, apart from its source: this recipe, the encoders, and the
    /// other recipes of its rule. Those count because all thumbnails of a source come from one decoding, whose scale is
    /// chosen for the largest of them. Their order does not count, nor how often one stands there.
    #[must_use]
    pub fn hash_among(&self, rule: &[&Self]) -> RecipeHash {
        let others: BTreeSet<String> =
            rule.iter().filter(|other| **other != self).map(ToString::to_string).collect();
        let mut canonical = format!("{ENCODER_VERSION};{self}");
        for other in others {
            canonical.push('\n');
            canonical.push_str(&other);
        }
        RecipeHash(hex::encode(Sha1::digest(canonical)))
    }
}

/// What a stamp calls a recipe: forty hexadecimal digits when this program wrote it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct RecipeHash(String);

impl RecipeHash {
    /// Takes what a stamp says; a text that is no hash equals none.
    #[must_use]
    pub fn from_stamp(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for RecipeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            steps: Vec::new(),
            format: None,
            quality: Quality::default(),
            background: Rgb::WHITE,
            interlace: false,
            subsampling: Subsampling::default(),
            greyscale: false,
            linear: false,
            sharpen: None,
            max_bytes: None,
            keep: Keep::default(),
            animation: Animation::default(),
        }
    }
}

/// The canonical form, which [`Recipe::hash_among`] digests: two recipes print alike exactly when they are equal.
/// What came to recipes later stands there only where it is not as before, so that older hashes stay.
impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            steps,
            format,
            quality,
            background,
            interlace,
            subsampling,
            greyscale,
            linear,
            sharpen,
            max_bytes,
            keep: Keep { copyright, profile },
            animation,
        } = self;
        for step in steps {
            write!(f, "{step};")?;
        }
        let format = format.map_or("source", Format::name);
        write!(f, "format={format};quality={quality};background={background}")?;
        if let Some(percent) = sharpen {
            write!(f, ";sharpen={percent}")?;
        }
        if let Some(bytes) = max_bytes {
            write!(f, ";max-bytes={bytes}")?;
        }
        for (is_set, word) in [
            (*interlace, ";interlace"),
            (*subsampling == Subsampling::Full, ";444"),
            (*greyscale, ";greyscale"),
            (*linear, ";linear"),
            (*copyright, ";keep=copyright"),
            (*profile, ";keep=profile"),
            (*animation == Animation::Keep, ";animation=keep"),
        ] {
            if is_set {
                f.write_str(word)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_part_of_a_recipe_changes_its_hash() {
        let base = Recipe::fit_inside(300, 300);
        let with = |change: fn(&mut Recipe)| {
            let mut recipe = base.clone();
            change(&mut recipe);
            recipe
        };
        let variants = [
            base.clone(),
            with(|r| r.steps.clear()),
            with(|r| r.steps.push(Step::Rotate(90))),
            with(|r| r.format = Some(Format::Jpeg)),
            with(|r| r.quality = Quality::Fixed(81)),
            with(|r| r.quality = Quality::AtMostSource(80)),
            with(|r| r.background = Rgb([0; 3])),
            with(|r| r.interlace = true),
            with(|r| r.quality = Quality::AtLeastSource(80)),
            with(|r| r.quality = Quality::OfSource(80)),
            with(|r| r.subsampling = Subsampling::Full),
            with(|r| r.greyscale = true),
            with(|r| r.linear = true),
            with(|r| r.sharpen = Some(70)),
            with(|r| r.max_bytes = Some(70)),
            with(|r| r.keep.copyright = true),
            with(|r| r.keep.profile = true),
            with(|r| r.keep = Keep { copyright: true, profile: true }),
            with(|r| r.animation = Animation::Keep),
        ];
        let hashes: HashSet<RecipeHash> = variants.iter().map(|recipe| recipe.hash_among(&[])).collect();
        assert_eq!(hashes.len(), variants.len());
    }

    #[test]
    fn other_recipes_of_the_rule_change_the_hash_in_any_order() {
        let [small, large, huge] = [10, 20, 30].map(|side| Recipe::fit_inside(side, side));
        let alone = small.hash_among(&[&small]);
        assert_eq!(alone, small.hash_among(&[]));
        let beside = small.hash_among(&[&small, &large, &huge]);
        assert_eq!(beside, small.hash_among(&[&huge, &small, &large, &huge]));
        assert_ne!(beside, alone);
        assert_ne!(beside, small.hash_among(&[&small, &large]));
        assert_ne!(beside, large.hash_among(&[&small, &large, &huge]));
    }

    /// Stored thumbnails carry these.
    #[test]
    fn hashes_of_older_recipes_stay() {
        assert_eq!(
            Recipe::fit_inside(300, 300).hash_among(&[]).to_string(),
            "eb3e3482b3ebe10b1f5fc84b62518a411358e1e9"
        );
        let recipe = Recipe {
            steps: vec![
                Step::Thumbnail(Geometry::Cover { width: 400, height: 300, scaling: Scaling::Both }),
                Step::Crop { width: Some(400), height: Some(300), gravity: Gravity::Center },
            ],
            format: Some(Format::Jpeg),
            quality: Quality::AtMostSource(70),
            interlace: true,
            ..Recipe::default()
        };
        assert_eq!(recipe.hash_among(&[]).to_string(), "f42372e7783daa85f35c28b3d0a793f8b95c85c4");
    }
}
