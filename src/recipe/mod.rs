//! Recipe of a thumbnail: everything that decides its pixels and bytes, apart from its source.
//!
//! Configuration is parsed to recipes, imaging follows them, and the stamp of a stored thumbnail has the hash
//! of its recipe. Recipes know neither the network nor a decoder.
//!
//! Equal recipes print alike and hash alike, also across versions of this program.

mod ai_labels;
mod gravity;
mod output;
mod step;
mod watermark;

use std::collections::BTreeSet;
use std::fmt;

use sha1::{Digest, Sha1};

pub use self::ai_labels::{AiLabels, Propagator};
pub use self::gravity::{Focus, Gravity};
pub use self::output::{Animation, Effort, Format, Keep, Loss, Quality, Rgb, Scans, Subsampling};
pub use self::step::{Blur, Flip, Geometry, Scaling, Step};
pub use self::watermark::{Watermark, WatermarkPicture};

/// Version of the bytes that a recipe gives. A change of the encoders that changes bytes needs a new one, so
/// that stamps differ. A build without libwebp writes other WebP files.
const ENCODER_VERSION: &str = if cfg!(feature = "libwebp") { "3" } else { "3 without libwebp" };

/// Steps and output of one thumbnail.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recipe {
    /// Geometry and effects, in the order written. The image is upright before the first step.
    pub steps: Vec<Step>,
    /// Output format. `None` keeps JPEG, PNG, WebP and GIF; other sources become PNG with alpha and JPEG
    /// without.
    pub format: Option<Format>,
    /// Quality of JPEG, WebP and AVIF.
    pub quality: Quality,
    /// Colour behind transparency in formats without alpha, and of padding without a colour of its own.
    pub background: Rgb,
    /// Scans of JPEG.
    pub scans: Scans,
    /// Chroma subsampling of JPEG.
    pub subsampling: Subsampling,
    /// Work that goes into a small JPEG.
    pub effort: Effort,
    /// Most colours of PNG; `None` keeps all.
    pub colors: Option<u16>,
    /// Loss of WebP.
    pub loss: Loss,
    /// Greyscale instead of colours.
    pub greyscale: bool,
    /// Scaling in linear light, from all pixels of the source.
    pub linear: bool,
    /// Sharpening of the scaled image, percent of what a small blur takes away.
    pub sharpen: Option<u16>,
    /// Largest file, bytes.
    pub max_bytes: Option<u64>,
    /// Metadata to keep.
    pub keep: Keep,
    /// Treatment of animations.
    pub animation: Animation,
    /// ThumbHash and dominant colour, for the metadata of the thumbnail and a manifest.
    pub placeholder: bool,
    /// Treatment of the labels of AI-generated content.
    pub ai_labels: AiLabels,
}

impl Recipe {
    /// Returns the recipe of the size `WxH`: fit inside, never enlarge.
    #[must_use]
    pub fn fit_inside(width: u32, height: u32) -> Self {
        let geometry =
            Geometry::Fit { width: Some(width), height: Some(height), scaling: Scaling::ShrinkOnly };
        Self { steps: vec![Step::Thumbnail(geometry)], ..Self::default() }
    }

    /// Hashes everything that changes the bytes of a thumbnail, apart from its source: this recipe, the
    /// encoders, and the other recipes of its rule.
    ///
    /// The others count because all thumbnails of a source come from one decode, whose scale suits the
    /// largest of them. Their order and repetitions do not count.
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

/// Version of the content of manifests.
const MANIFEST_VERSION: &str = "1";

/// Hash of a recipe in a stamp: forty hexadecimal digits when this program wrote it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct RecipeHash(String);

impl RecipeHash {
    /// Takes the text of a stamp; a text that is not a hash equals no hash.
    #[must_use]
    pub fn from_stamp(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Hashes everything but the source that decides a manifest: its version, and key and hash of each thumbnail.
    #[must_use]
    pub fn of_manifest<'a>(thumbnails: impl IntoIterator<Item = (&'a str, &'a Self)>) -> Self {
        let mut canonical = format!("manifest {MANIFEST_VERSION}");
        for (key, hash) in thumbnails {
            canonical.push_str(&format!("\n{hash} {key}"));
        }
        Self(hex::encode(Sha1::digest(canonical)))
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
            scans: Scans::default(),
            subsampling: Subsampling::default(),
            effort: Effort::default(),
            colors: None,
            loss: Loss::default(),
            greyscale: false,
            linear: false,
            sharpen: None,
            max_bytes: None,
            keep: Keep::default(),
            animation: Animation::default(),
            placeholder: false,
            ai_labels: AiLabels::default(),
        }
    }
}

/// Canonical form, which [`Recipe::hash_among`] hashes: two recipes print alike exactly when they are equal.
///
/// Members added later are printed only with other than their default values, so that older hashes stay.
impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            steps,
            format,
            quality,
            background,
            scans,
            subsampling,
            effort,
            colors,
            loss,
            greyscale,
            linear,
            sharpen,
            max_bytes,
            keep: Keep { copyright, profile },
            animation,
            placeholder,
            ai_labels,
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
        if let Some(colors) = colors {
            write!(f, ";colors={colors}")?;
        }
        for (is_set, word) in [
            (*loss == Loss::Nearly, ";nearly lossless"),
            (*loss == Loss::Nothing, ";lossless"),
            (*scans == Scans::Progressive, ";interlace"),
            (*scans == Scans::Baseline, ";baseline"),
            (*subsampling == Subsampling::Full, ";444"),
            (*subsampling == Subsampling::Quarter, ";420"),
            (*effort == Effort::Fast, ";effort=fast"),
            (*effort == Effort::Light, ";effort=light"),
            (*greyscale, ";greyscale"),
            (*linear, ";linear"),
            (*copyright, ";keep=copyright"),
            (*profile, ";keep=profile"),
            (*animation == Animation::Keep, ";animation=keep"),
            (*placeholder, ";placeholder"),
        ] {
            if is_set {
                f.write_str(word)?;
            }
        }
        write!(f, "{ai_labels}")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn watermark() -> Watermark {
        let picture = WatermarkPicture::new("logo.png", b"content", 1, vec![[0; 4]]).unwrap();
        Watermark { picture, gravity: Gravity::SouthEast, x: 0, y: 0, opacity: 100, is_tiled: false }
    }

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
            with(|r| r.steps.push(Step::Blur(Blur { radius: 8, sigma: 500 }))),
            with(|r| r.steps.push(Step::Blur(Blur { radius: 8, sigma: 50 }))),
            with(|r| r.steps.push(Step::Circle { radius: 9 })),
            with(|r| r.steps.push(Step::Round { radius: Some(9) })),
            with(|r| r.steps.push(Step::Round { radius: None })),
            with(|r| {
                r.steps.push(Step::CropToRatio { across: 16, down: 9, gravity: Gravity::Center });
            }),
            with(|r| r.steps.push(Step::Watermark(watermark()))),
            with(|r| r.steps.push(Step::Watermark(Watermark { x: 10, ..watermark() }))),
            with(|r| r.steps.push(Step::Watermark(Watermark { y: 10, ..watermark() }))),
            with(|r| r.steps.push(Step::Watermark(Watermark { opacity: 10, ..watermark() }))),
            with(|r| r.steps.push(Step::Watermark(Watermark { is_tiled: true, ..watermark() }))),
            with(|r| r.steps.push(Step::Watermark(Watermark { gravity: Gravity::East, ..watermark() }))),
            with(|r| {
                let picture = WatermarkPicture::new("logo.png", b"other", 1, vec![[0; 4]]).unwrap();
                r.steps.push(Step::Watermark(Watermark { picture, ..watermark() }));
            }),
            with(|r| r.format = Some(Format::Jpeg)),
            with(|r| r.quality = Quality::Fixed(81)),
            with(|r| r.quality = Quality::AtMostSource(80)),
            with(|r| r.background = Rgb([0; 3])),
            with(|r| r.scans = Scans::Progressive),
            with(|r| r.scans = Scans::Baseline),
            with(|r| r.effort = Effort::Fast),
            with(|r| r.effort = Effort::Light),
            with(|r| r.subsampling = Subsampling::Quarter),
            with(|r| r.quality = Quality::AtLeastSource(80)),
            with(|r| r.quality = Quality::OfSource(80)),
            with(|r| r.subsampling = Subsampling::Full),
            with(|r| r.greyscale = true),
            with(|r| r.linear = true),
            with(|r| r.quality = Quality::Auto(80)),
            with(|r| r.colors = Some(80)),
            with(|r| r.loss = Loss::Nearly),
            with(|r| r.loss = Loss::Nothing),
            with(|r| r.sharpen = Some(70)),
            with(|r| r.max_bytes = Some(70)),
            with(|r| r.keep.copyright = true),
            with(|r| r.keep.profile = true),
            with(|r| r.keep = Keep { copyright: true, profile: true }),
            with(|r| r.animation = Animation::Keep),
            with(|r| r.placeholder = true),
            with(|r| r.ai_labels = AiLabels::Drop),
            with(|r| r.ai_labels = AiLabels::Keep { propagator: Propagator::parse("a") }),
            with(|r| r.ai_labels = AiLabels::Keep { propagator: Propagator::parse("b") }),
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

    /// Hashes of stored thumbnails must not change.
    #[test]
    fn hashes_of_older_recipes_stay() {
        assert_eq!(
            Recipe::fit_inside(300, 300).hash_among(&[]).to_string(),
            "56e07a27563210de84a1ee0418eac7ed2f111d60"
        );
        let recipe = Recipe {
            steps: vec![
                Step::Thumbnail(Geometry::Cover { width: 400, height: 300, scaling: Scaling::Both }),
                Step::Crop { width: Some(400), height: Some(300), gravity: Gravity::Center },
            ],
            format: Some(Format::Jpeg),
            quality: Quality::AtMostSource(70),
            scans: Scans::Progressive,
            ..Recipe::default()
        };
        assert_eq!(recipe.hash_among(&[]).to_string(), "61d6a6364cd5dabc4cdf47997eea765231defac6");
    }
}
