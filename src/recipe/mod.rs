//! A recipe: all that decides the pixels and bytes of one thumbnail, apart from its source.
//!
//! Configuration parses to recipes, imaging obeys them, and the stamp on a stored thumbnail carries the
//! recipe's hash. Neither the network nor a decoder is known here.

mod output;
mod step;

use std::fmt;

use sha1::{Digest, Sha1};

pub use output::{Format, Keep, Quality, Rgb, Subsampling};
pub use step::{Flip, Focus, Geometry, Gravity, Scaling, Step};

/// Changes whenever the same recipe and source would give other bytes than before, so that stamps differ.
const ENCODER_VERSION: &str = "1";

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
}

impl Recipe {
    /// The recipe of `WxH`: fit inside, never enlarge.
    #[must_use]
    pub fn fit_inside(width: u32, height: u32) -> Self {
        let geometry =
            Geometry::Fit { width: Some(width), height: Some(height), scaling: Scaling::ShrinkOnly };
        Self { steps: vec![Step::Thumbnail(geometry)], ..Self::default() }
    }

    /// Forty hexadecimal digits that name everything in this recipe that changes a thumbnail's bytes.
    #[must_use]
    pub fn hash(&self) -> String {
        hex::encode(Sha1::digest(format!("{ENCODER_VERSION};{self}")))
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
        }
    }
}

/// The canonical form, which [`Recipe::hash`] digests: two recipes print alike exactly when they are equal.
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
        ];
        let hashes: std::collections::HashSet<String> = variants.iter().map(Recipe::hash).collect();
        assert_eq!(hashes.len(), variants.len());
    }

    /// Stored thumbnails carry these.
    #[test]
    fn hashes_of_older_recipes_stay() {
        assert_eq!(Recipe::fit_inside(300, 300).hash(), "eb3e3482b3ebe10b1f5fc84b62518a411358e1e9");
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
        assert_eq!(recipe.hash(), "f42372e7783daa85f35c28b3d0a793f8b95c85c4");
    }
}
