//! Jobs of `render --serve` with a whole configuration: all thumbnails of a source, as the function would make them.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use cos_thumbnailer::config::{Config, Environment, Rule, ThumbnailRule};
use cos_thumbnailer::imaging::{Rendering, SourcePart};
use cos_thumbnailer::object::{Bucket, Key};
use cos_thumbnailer::recipe::{Animation, Format, Keep, Quality, Recipe};
use serde::{Deserialize, Serialize};

use super::files::{SourceFile, is_standard_stream, refuse_same_files, write};
use super::resources::Resources;
use super::{options, render_source};

/// A source and the configuration for it.
#[derive(Deserialize)]
pub(super) struct ConfiguredJob {
    src: PathBuf,
    /// Path before the name of each thumbnail's file: the index of the thumbnail, and the extension of its format.
    dst: PathBuf,
    /// Variables of the function.
    settings: Vec<(String, String)>,
    /// Text of `thumbnails.json`.
    #[serde(default)]
    file: Option<String>,
    /// Bucket and key of the source, which decide on the rule.
    bucket: String,
    key: String,
    /// Writes the pixels of each thumbnail as PNG, before its own format takes something away.
    #[serde(default)]
    lossless: bool,
    /// The source is the PNG of a lossless job, which is only encoded in another form.
    encode: Option<EncodedForm>,
    /// Indices of the thumbnails to make; without it, all.
    only: Option<Vec<usize>>,
    #[serde(flatten)]
    resources: Resources,
}

/// A format, with a quality if it has one.
#[derive(Deserialize)]
struct EncodedForm {
    format: String,
    quality: Option<u8>,
}

/// The source and its thumbnails, in the order of the rule.
#[derive(Serialize)]
pub(super) struct ConfiguredResult {
    /// Width and height of the source, upright, pixels.
    width: u32,
    height: u32,
    thumbnails: Vec<FileResult>,
}

/// One thumbnail.
#[derive(Serialize)]
struct FileResult {
    /// Index in the rule.
    index: usize,
    name: String,
    /// Quality that the settings fix, in a format that has one.
    quality: Option<u8>,
    /// Most bytes that the settings allow.
    max_bytes: Option<u64>,
    /// Where the function stores it.
    target_bucket: String,
    target_key: String,
    err: Option<String>,
    #[serde(flatten)]
    file: Option<WrittenFile>,
}

/// The file of a thumbnail.
#[derive(Serialize)]
struct WrittenFile {
    dst: PathBuf,
    format: &'static str,
    width: u32,
    height: u32,
    bytes: usize,
    /// Left, top, width and height of the part of the source that it shows, pixels of the source.
    part: Option<[f64; 4]>,
}

impl ConfiguredJob {
    /// Makes the thumbnails of the rule that covers the source.
    pub(super) fn render(&self) -> Result<ConfiguredResult> {
        let config = Config::load(&Environment::from_pairs(self.settings.clone()), self.file.as_deref())?;
        let (bucket, key) = (Bucket::parse(&self.bucket)?, Key::parse(&self.key)?);
        let rule = config.rule_for(&bucket, &key).with_context(|| format!("no rule covers {}", self.key))?;
        let chosen = chosen(rule, self.only.as_deref())?;
        let recipes: Vec<Recipe> =
            chosen.iter().map(|(_, thumbnail)| self.recipe(thumbnail)).collect::<Result<_>>()?;
        let target_bucket = rule.target_bucket_of(&bucket, &key)?;
        if is_standard_stream(&self.src) {
            bail!("src must be a file, because jobs and answers use the standard streams");
        }
        let source = SourceFile::open(&self.src)?;
        // Opened once more, because the names of the targets are known when their formats are.
        let same = SourceFile::open(&self.src)?;
        let (memory, threads) = (self.resources.memory(), self.resources.threads());
        let Rendering { source: info, thumbnails, .. } = render_source(source, &recipes, memory, threads)?;
        let mut results = Vec::with_capacity(thumbnails.len());
        for ((index, configured), thumbnail) in chosen.into_iter().zip(thumbnails) {
            let written = thumbnail.map_err(anyhow::Error::from).and_then(|thumbnail| {
                let extension = thumbnail.format.extension();
                let dst = PathBuf::from(format!("{}{index}.{extension}", self.dst.display()));
                refuse_same_files(&same, std::slice::from_ref(&dst))?;
                write(&dst, &thumbnail.bytes)?;
                Ok(WrittenFile {
                    dst,
                    format: thumbnail.format.name(),
                    width: thumbnail.width,
                    height: thumbnail.height,
                    bytes: thumbnail.bytes.len(),
                    part: thumbnail.part.map(|SourcePart { x, y, width, height }| [x, y, width, height]),
                })
            });
            let (file, err) = match written {
                Ok(file) => (Some(file), None),
                Err(error) => (None, Some(format!("{error:#}"))),
            };
            let target_key = rule.target_key(&key, configured)?.as_str().to_owned();
            let (quality, max_bytes) = (fixed_quality(&configured.recipe), configured.recipe.max_bytes);
            let (name, target_bucket) = (configured.name.clone(), target_bucket.as_str().to_owned());
            results.push(FileResult {
                index,
                name,
                quality,
                max_bytes,
                target_bucket,
                target_key,
                err,
                file,
            });
        }
        Ok(ConfiguredResult { width: info.width, height: info.height, thumbnails: results })
    }

    fn recipe(&self, thumbnail: &ThumbnailRule) -> Result<Recipe> {
        Ok(match &self.encode {
            Some(form) => form.alone(&thumbnail.recipe)?,
            None if self.lossless => as_png(thumbnail.recipe.clone()),
            None => thumbnail.recipe.clone(),
        })
    }
}

impl EncodedForm {
    /// The recipe without its geometry, which is done, in this form. Its limit of bytes remains.
    fn alone(&self, recipe: &Recipe) -> Result<Recipe> {
        let quality = self.quality.map(|quality| quality.to_string()).unwrap_or_default();
        // Read as a setting, so that the form is checked as one.
        let Recipe { format, quality, .. } = options::recipe("1x1", Some(self.format.clone()), &quality)?;
        let (steps, sharpen) = (Vec::new(), None);
        Ok(Recipe { steps, format, quality, sharpen, ..recipe.clone() })
    }
}

/// The thumbnails to make, with their indices.
fn chosen<'a>(rule: &'a Rule, only: Option<&[usize]>) -> Result<Vec<(usize, &'a ThumbnailRule)>> {
    let all = rule.thumbnails().iter().enumerate();
    let chosen: Vec<_> = all.filter(|(index, _)| only.is_none_or(|only| only.contains(index))).collect();
    if chosen.is_empty() {
        bail!("the rule has no such thumbnail");
    }
    Ok(chosen)
}

/// The quality of a recipe, unless it depends on the source or on a limit of bytes.
fn fixed_quality(recipe: &Recipe) -> Option<u8> {
    match recipe.quality {
        _ if matches!(recipe.format, Some(Format::Gif | Format::Png)) => None,
        Quality::Fixed(quality) if recipe.max_bytes.is_none() => Some(quality),
        _ => None,
    }
}

/// The recipe with its geometry and its colours in sRGB, and nothing that belongs to the file.
fn as_png(recipe: Recipe) -> Recipe {
    let (format, keep) = (Some(Format::Png), Keep::default());
    Recipe { format, keep, max_bytes: None, animation: Animation::First, ..recipe }
}
