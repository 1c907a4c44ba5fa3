//! A recipe: all that decides the pixels and bytes of one thumbnail, apart from its source.
//!
//! Configuration parses to recipes, imaging obeys them, and the stamp on a stored thumbnail carries the
//! recipe's hash. Neither the network nor a decoder is known here.

mod output;
mod step;

use std::fmt;

use sha1::{Digest, Sha1};

pub use output::{Format, Quality, Rgb};
pub use step::{Geometry, Gravity, Scaling, Step};

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
        }
    }
}

/// The canonical form, which [`Recipe::hash`] digests: two recipes print alike exactly when they are equal.
impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            write!(f, "{step};")?;
        }
        let format = self.format.map_or("source", Format::name);
        write!(f, "format={format};quality={};background={}", self.quality, self.background)?;
        if self.interlace { f.write_str(";interlace") } else { Ok(()) }
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
        ];
        let hashes: std::collections::HashSet<String> = variants.iter().map(Recipe::hash).collect();
        assert_eq!(hashes.len(), variants.len());
    }

    #[test]
    fn canonical_form_tells_open_sides_apart() {
        let fit = |width, height| Geometry::Fit { width, height, scaling: Scaling::Both }.to_string();
        assert_eq!(fit(Some(20), None), "20x");
        assert_eq!(fit(None, Some(20)), "x20");
    }

    #[test]
    fn colours_are_six_digits() {
        assert_eq!(Rgb::parse("#1A2b3c"), Some(Rgb([0x1a, 0x2b, 0x3c])));
        for text in ["1a2b3c", "#fff", "#1a2b3c00", "#gggggg", ""] {
            assert_eq!(Rgb::parse(text), None, "{text}");
        }
    }
}
