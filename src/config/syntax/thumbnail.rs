//! The text of one thumbnail: a size such as `300x300` with options, or Tencent's own syntax
//! `imageMogr2/thumbnail/…`, `imageView2/…` and `watermark/1/…`, joined with `|`.
//!
//! Everything that Tencent documents and this program does not do is refused by name: skipping it silently would
//! store thumbnails that nobody asked for.

use crate::recipe::{AiLabels, Format, Quality, Recipe, Rgb, Step};

use super::options::Options;
use super::refusal::Refusal;
use super::{image_mogr2, image_view2, plain, watermark};
use crate::config::mistake::Findings;
use crate::config::rule::ThumbnailRule;
use crate::config::source::watermark_files::WatermarkFiles;
use crate::config::source::written::WrittenThumbnail;

/// Tencent's own forms by their first word.
const TENCENT: [(&str, Reader); 3] =
    [("imageMogr2", image_mogr2::read), ("imageView2", image_view2::read), ("watermark", read_watermark)];

type Reader = fn(&str, &WatermarkFiles, &mut Vec<Step>, &mut Options) -> Result<(), Refusal>;

fn read_watermark(
    text: &str,
    files: &WatermarkFiles,
    steps: &mut Vec<Step>,
    _options: &mut Options,
) -> Result<(), Refusal> {
    steps.push(watermark::read(text, files)?);
    Ok(())
}

/// Most operations that are joined with `|` (1045/33727).
const MOST_LINKS: usize = 10;

/// The settings in a thumbnail's own text. The rule supplies the others.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(in crate::config) struct Process {
    steps: Vec<Step>,
    options: Options,
}

/// Settings of thumbnails whose own text does not override them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::config) struct Defaults {
    pub(in crate::config) format: Option<Format>,
    pub(in crate::config) quality: Quality,
    pub(in crate::config) background: Rgb,
    pub(in crate::config) ai_labels: AiLabels,
}

impl Defaults {
    /// The thumbnail of a rule that names none.
    pub(in crate::config) fn thumbnail(self) -> ThumbnailRule {
        let Self { format, quality, background, ai_labels } = self;
        let recipe = Recipe { format, quality, background, ai_labels, ..Recipe::fit_inside(300, 300) };
        ThumbnailRule { name: "300x300".to_owned(), recipe }
    }
}

impl Process {
    /// Parses a thumbnail, whether it is a text or an object, and keeps the mistakes.
    pub(in crate::config) fn read(
        written: &WrittenThumbnail,
        files: &WatermarkFiles,
        findings: &mut Findings,
    ) -> Option<Self> {
        let Some(options) = &written.options else {
            return findings.note(written.text.parse(|text| Self::parse(text, files)));
        };
        let (steps, options) = plain::read_members(&written.text, options, files, findings)?;
        Some(Self { steps, options })
    }

    /// Parses a text of any form.
    pub(super) fn parse(text: &str, files: &WatermarkFiles) -> Result<Self, Refusal> {
        let links: Vec<&str> = text.split('|').collect();
        match links.as_slice() {
            [only] if reader(only).is_none() => {
                let (steps, options) = plain::read(only, files)?;
                Ok(Self { steps, options })
            }
            links if links.len() > MOST_LINKS => Err(Refusal::TooMany(links.len())),
            links => {
                let mut process = Self::default();
                for link in links {
                    let word = link.split('/').next().unwrap_or_default();
                    let read = reader(link).ok_or_else(|| {
                        Refusal::foreign(word).unwrap_or_else(|| Refusal::Link(word.to_owned()))
                    })?;
                    read(link, files, &mut process.steps, &mut process.options)?;
                }
                Ok(process)
            }
        }
    }

    /// The recipe, with what the text leaves out filled in.
    pub(in crate::config) fn into_recipe(self, defaults: &Defaults) -> Recipe {
        let Self { steps, options } = self;
        Recipe {
            steps,
            format: options.format.or(defaults.format),
            quality: options.quality.unwrap_or(defaults.quality),
            background: options.background.unwrap_or(defaults.background),
            scans: options.scans.unwrap_or_default(),
            subsampling: options.subsampling.unwrap_or_default(),
            colors: options.colors,
            loss: options.loss.unwrap_or_default(),
            effort: options.effort.unwrap_or_default(),
            greyscale: options.greyscale.unwrap_or_default(),
            linear: options.linear.unwrap_or_default(),
            sharpen: options.sharpen,
            max_bytes: options.max_bytes,
            keep: options.keep.unwrap_or_default(),
            animation: options.animation.unwrap_or_default(),
            placeholder: false,
            ai_labels: defaults.ai_labels.clone(),
        }
    }
}

/// The reader of a text in one of Tencent's forms.
fn reader(text: &str) -> Option<Reader> {
    let word = text.split('/').next().unwrap_or(text);
    TENCENT.into_iter().find(|(name, _)| *name == word).map(|(_, reader)| reader)
}
