//! How one thumbnail is made, as users write it: a size such as `300x300` with options, or Tencent's own
//! syntax `imageMogr2/thumbnail/…` and `imageView2/…`, joined with `|`.
//!
//! Everything Tencent documents and we do not do is refused by name: a part skipped in silence would store
//! thumbnails that nobody asked for.

use crate::recipe::{Format, Quality, Recipe, Rgb, Step};

use super::refusal::Refusal;
use super::words::Output;
use super::{image_mogr2, image_view2, plain};
use crate::config::rule::ThumbnailRule;

/// Tencent's own forms by their first word.
const TENCENT: [(&str, Reader); 2] = [("imageMogr2", image_mogr2::read), ("imageView2", image_view2::read)];

type Reader = fn(&str, &mut Vec<Step>, &mut Output) -> Result<(), Refusal>;

/// Most operations that are joined with `|` (1045/33727).
const MOST_LINKS: usize = 10;

/// What one thumbnail's own text says. What it leaves open comes from the rule.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(in crate::config) struct Process {
    steps: Vec<Step>,
    output: Output,
}

/// What thumbnails have whose own text does not say otherwise.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::config) struct Defaults {
    pub(in crate::config) format: Option<Format>,
    pub(in crate::config) quality: Quality,
    pub(in crate::config) background: Rgb,
}

impl Defaults {
    /// The thumbnail of a rule that names none.
    pub(in crate::config) fn thumbnail(&self) -> ThumbnailRule {
        let Self { format, quality, background } = *self;
        let recipe = Recipe { format, quality, background, ..Recipe::fit_inside(300, 300) };
        ThumbnailRule { name: "300x300".to_owned(), recipe }
    }
}

impl Process {
    /// Parses any form.
    pub(in crate::config) fn parse(text: &str) -> Result<Self, Refusal> {
        let mut process = Self::default();
        let Self { steps, output } = &mut process;
        let links: Vec<&str> = text.split('|').collect();
        match links.as_slice() {
            [only] if reader(only).is_none() => plain::read(only, steps, output)?,
            links if links.len() > MOST_LINKS => return Err(Refusal::TooMany(links.len())),
            links => {
                for link in links {
                    let word = link.split('/').next().unwrap_or_default();
                    let read = reader(link).ok_or_else(|| {
                        Refusal::foreign(word).unwrap_or_else(|| Refusal::Link(word.to_owned()))
                    })?;
                    read(link, steps, output)?;
                }
            }
        }
        Ok(process)
    }

    /// The recipe, with what the text leaves open filled in.
    pub(in crate::config) fn into_recipe(self, defaults: &Defaults) -> Recipe {
        let Self { steps, output } = self;
        Recipe {
            steps,
            format: output.format.or(defaults.format),
            quality: output.quality.unwrap_or(defaults.quality),
            background: output.background.unwrap_or(defaults.background),
            interlace: output.interlace.unwrap_or_default(),
            subsampling: output.subsampling.unwrap_or_default(),
            greyscale: output.greyscale.unwrap_or_default(),
            linear: output.linear.unwrap_or_default(),
            sharpen: output.sharpen,
            max_bytes: output.max_bytes,
            keep: output.keep.unwrap_or_default(),
            animation: output.animation.unwrap_or_default(),
        }
    }
}

/// The reader of a text in one of Tencent's forms.
fn reader(text: &str) -> Option<Reader> {
    let word = text.split('/').next().unwrap_or(text);
    TENCENT.into_iter().find(|(name, _)| *name == word).map(|(_, reader)| reader)
}
