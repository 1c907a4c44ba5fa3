//! The arguments of `cos-thumbnailer render`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use cos_thumbnailer::config::{Config, Environment};
use cos_thumbnailer::recipe::Recipe;
use lexopt::prelude::*;

/// Work that the arguments ask for.
pub(super) enum Request {
    /// `--help`
    Help,
    /// `--serve`
    Jobs,
    /// Files to render.
    Files(Options),
}

/// One source, its targets, and the form of its thumbnails.
pub(super) struct Options {
    pub(super) source: PathBuf,
    pub(super) targets: Vec<PathBuf>,
    /// Bytes.
    pub(super) memory: u64,
    form: Form,
}

/// The form of thumbnails, in the syntax of the function's settings.
struct Form {
    thumbnail: String,
    format: Option<String>,
    /// Empty for the default.
    quality: String,
}

impl Options {
    /// Checks the options that concern every target, so that a mistake in them is told once.
    pub(super) fn check(&self) -> Result<()> {
        self.form.recipe(None).map(|_| ())
    }

    /// The recipe of a target, which may depend on its extension.
    pub(super) fn recipe(&self, target: &Path) -> Result<Recipe> {
        let extension = target.extension().and_then(|extension| extension.to_str());
        self.form.recipe(extension)
    }
}

impl Form {
    fn recipe(&self, extension: Option<&str>) -> Result<Recipe> {
        let format = self.format.clone().or_else(|| extension.map(str::to_lowercase));
        recipe(&self.thumbnail, format, &self.quality)
    }
}

/// Reads the arguments.
pub(super) fn parse(mut arguments: lexopt::Parser) -> Result<Request> {
    let mut form = Form { thumbnail: "300x300".to_owned(), format: None, quality: String::new() };
    let mut memory = u64::MAX;
    let mut files = Vec::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(Request::Help),
            Long("serve") => return Ok(Request::Jobs),
            Long("box") => {
                let text = arguments.value()?.string()?;
                form.thumbnail = if text.contains('x') { text } else { format!("{text}x{text}") };
            }
            Long("process") => form.thumbnail = format!("thumbnail={}", arguments.value()?.string()?),
            Long("format") => form.format = Some(arguments.value()?.string()?),
            Long("quality") => form.quality = arguments.value()?.string()?,
            Long("memory") => {
                let megabytes: u64 = arguments.value()?.parse().context("--memory")?;
                memory = megabytes.saturating_mul(1024 * 1024);
            }
            Value(file) => files.push(PathBuf::from(file)),
            other => return Err(other.unexpected()).context("see cos-thumbnailer render --help"),
        }
    }
    let mut files = files.into_iter();
    let (source, targets) = (files.next(), files.collect::<Vec<_>>());
    match source {
        Some(source) if !targets.is_empty() => Ok(Request::Files(Options { source, targets, memory, form })),
        _ => bail!("render needs SRC and at least one DST; see cos-thumbnailer render --help"),
    }
}

/// The recipe that the function has with these settings. An empty setting is not set.
pub(super) fn recipe(thumbnail: &str, format: Option<String>, quality: &str) -> Result<Recipe> {
    let settings = [
        ("THUMBNAILS", thumbnail.to_owned()),
        ("FORMAT", format.unwrap_or_default()),
        ("QUALITY", quality.to_owned()),
    ];
    // A watermark may lie in the current folder.
    let config = Config::load_in(&Environment::from_pairs(settings), None, Some(Path::new(".")))?;
    let thumbnails = config.rules().first().map(|rule| rule.thumbnails());
    match thumbnails {
        Some([thumbnail]) => Ok(thumbnail.recipe.clone()),
        _ => bail!("render makes one thumbnail for each DST; write one size"),
    }
}
