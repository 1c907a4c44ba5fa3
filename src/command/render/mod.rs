//! `cos-thumbnailer render`: the function's pixel path on files, with no network.

mod jobs;

use std::fs::File;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::available_parallelism;

use anyhow::{Context as _, Result, bail};
use cos_thumbnailer::config::{Config, Environment};
use cos_thumbnailer::imaging::{self, Cancel, Limits, Motion, Rendering, Tolerance};
use cos_thumbnailer::recipe::Recipe;
use lexopt::prelude::*;

/// What the command line asks for, in the words of the function's own settings.
struct Options {
    thumbnail: String,
    format: Option<String>,
    quality: String,
    /// Bytes.
    memory: u64,
    files: Vec<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(arguments: lexopt::Parser) -> Result<ExitCode> {
    let Some(options) = parse(arguments)? else { return jobs::run() };
    let Some((source, targets)) = options.files.split_first().filter(|(_, targets)| !targets.is_empty())
    else {
        bail!("render needs SRC and at least one DST; see cos-thumbnailer --help");
    };
    let recipes = targets
        .iter()
        .map(|target| {
            let extension =
                target.extension().and_then(|extension| extension.to_str()).map(str::to_lowercase);
            recipe(&options.thumbnail, options.format.clone().or(extension), &options.quality)
                .with_context(|| target.display().to_string())
        })
        .collect::<Result<Vec<_>>>()?;
    let threads = available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let rendering = render_file(source, &recipes, options.memory, threads)?;
    if let Some(percent) = rendering.source.damaged {
        let line = format!("{}: {percent} % of the picture is damaged\n", source.display());
        std::io::stderr().write_all(line.as_bytes())?;
    }
    for (target, thumbnail) in targets.iter().zip(rendering.thumbnails) {
        let thumbnail = thumbnail.with_context(|| target.display().to_string())?;
        write(target, &thumbnail.bytes)?;
        let (width, height, bytes) = (thumbnail.width, thumbnail.height, thumbnail.bytes.len());
        let (name, format) = (target.display(), thumbnail.format.name());
        let motion = match thumbnail.motion {
            Motion::NotAnimated(reason) => format!("  the first frame alone: {reason}"),
            Motion::Animated(frames) => format!("  {frames} frames"),
            Motion::Still => String::new(),
        };
        let line = format!("{name}  {format} {width}x{height}  {bytes} bytes{motion}\n");
        std::io::stdout().write_all(line.as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `None` is `--serve`.
fn parse(mut arguments: lexopt::Parser) -> Result<Option<Options>> {
    let mut options = Options {
        thumbnail: "300x300".to_owned(),
        format: None,
        quality: String::new(),
        memory: u64::MAX,
        files: Vec::new(),
    };
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("serve") => return Ok(None),
            Long("box") => {
                let text = arguments.value()?.string()?;
                options.thumbnail = if text.contains('x') { text } else { format!("{text}x{text}") };
            }
            Long("process") => options.thumbnail = format!("thumbnail={}", arguments.value()?.string()?),
            Long("format") => options.format = Some(arguments.value()?.string()?),
            Long("quality") => options.quality = arguments.value()?.string()?,
            Long("memory") => {
                let megabytes: u64 = arguments.value()?.parse().context("--memory")?;
                options.memory = megabytes.saturating_mul(1024 * 1024);
            }
            Value(file) => options.files.push(file.into()),
            other => return Err(other.unexpected()).context("see cos-thumbnailer --help"),
        }
    }
    Ok(Some(options))
}

/// The recipe that the function would have with these settings. An empty one is not set.
fn recipe(thumbnail: &str, format: Option<String>, quality: &str) -> Result<Recipe> {
    let settings = [
        ("THUMBNAILS", thumbnail.to_owned()),
        ("FORMAT", format.unwrap_or_default()),
        ("QUALITY", quality.to_owned()),
    ];
    let config = Config::load(&Environment::from_pairs(settings), None)?;
    let thumbnails = config.rules().first().map(|rule| rule.thumbnails());
    match thumbnails {
        Some([thumbnail]) => Ok(thumbnail.recipe.clone()),
        _ => bail!("render makes one thumbnail for each DST; write one size"),
    }
}

fn render_file(source: &Path, recipes: &[Recipe], memory: u64, threads: NonZeroUsize) -> Result<Rendering> {
    let name = || source.display().to_string();
    let file = File::open(source).with_context(name)?;
    let length = file.metadata().with_context(name)?.len();
    let recipes: Vec<&Recipe> = recipes.iter().collect();
    let max_pixels = Config::load(&Environment::default(), None)?.settings().max_pixels;
    let limits = Limits { max_pixels, memory, damage: Tolerance::default(), threads };
    imaging::render(file, Some(length), &recipes, imaging::Upright::ByExif, &limits, &Cancel::default())
        .with_context(name)
}

fn write(target: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(target, bytes).with_context(|| format!("{} cannot be written", target.display()))
}
