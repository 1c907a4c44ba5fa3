//! `cos-thumbnailer render`: the function's pixel path on files, without network.

mod configured;
mod files;
mod jobs;
mod options;
mod resources;

use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::ExitCode;
use std::thread::available_parallelism;

use anyhow::{Context as _, Result};
use cos_thumbnailer::config::{Config, Environment};
use cos_thumbnailer::imaging::{self, Cancel, Limits, Motion, Rendering, Thumbnail, Tolerance, Upright};
use cos_thumbnailer::recipe::Recipe;

use self::files::{SourceFile, is_standard_stream, name, refuse_same_files, write};
use self::options::{Options, Request};

const HELP: &str = include_str!("help.txt");

/// Runs the command.
pub(crate) fn run(arguments: lexopt::Parser) -> Result<ExitCode> {
    match options::parse(arguments)? {
        Request::Help => crate::print(HELP),
        Request::Jobs => jobs::run(),
        Request::Files(options) => render_files(&options),
    }
}

/// Writes every thumbnail that can be made. Each of the others is told in one sentence.
fn render_files(options: &Options) -> Result<ExitCode> {
    options.check()?;
    let source = SourceFile::open(&options.source)?;
    refuse_same_files(&source, &options.targets)?;
    let mut errors = 0_usize;
    let mut targets = Vec::new();
    let mut recipes = Vec::new();
    for target in &options.targets {
        match options.recipe(target).with_context(|| name(target)) {
            Ok(recipe) => {
                targets.push(target);
                recipes.push(recipe);
            }
            Err(error) => {
                errors += 1;
                crate::complain(&error);
            }
        }
    }
    if recipes.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    let threads = available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let source_name = source.name.clone();
    let rendering = render_source(source, &recipes, options.memory, threads)?;
    if let Some(percent) = rendering.source.damaged {
        eprintln!("{source_name}: {percent} % of the image is damaged");
    }
    if rendering.source.has_c2pa {
        eprintln!("{source_name}: its manifest of C2PA is dropped");
    }
    let to_stderr = targets.iter().any(|target| is_standard_stream(target));
    for (target, thumbnail) in targets.into_iter().zip(rendering.thumbnails) {
        let written = thumbnail.with_context(|| name(target)).and_then(|thumbnail| {
            write(target, &thumbnail.bytes)?;
            Ok(report_line(target, &thumbnail))
        });
        match written {
            Ok(line) if to_stderr => eprint!("{line}"),
            Ok(line) => std::io::stdout().write_all(line.as_bytes())?,
            Err(error) => {
                errors += 1;
                crate::complain(&error);
            }
        }
    }
    Ok(if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn report_line(target: &Path, thumbnail: &Thumbnail) -> String {
    let Thumbnail { width, height, .. } = thumbnail;
    let (name, format, bytes) = (name(target), thumbnail.format.name(), thumbnail.bytes.len());
    let motion = match &thumbnail.motion {
        Motion::NotAnimated(reason) => format!("  the first frame alone: {reason}"),
        Motion::Animated(frames) => format!("  {frames} frames"),
        Motion::Still => String::new(),
    };
    format!("{name}  {format} {width}x{height}  {bytes} bytes{motion}\n")
}

fn render_source(
    source: SourceFile,
    recipes: &[Recipe],
    memory: u64,
    threads: NonZeroUsize,
) -> Result<Rendering> {
    let SourceFile { name, file, length, .. } = source;
    let recipes: Vec<&Recipe> = recipes.iter().collect();
    let max_pixels = Config::load(&Environment::default(), None)?.settings().max_pixels;
    let limits = Limits { max_pixels, memory, damage: Tolerance::default(), threads };
    imaging::render(file, length, &recipes, Upright::ByExif, &limits, &Cancel::default())
        .with_context(|| name)
}
