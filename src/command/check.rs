//! `cos-thumbnailer check`: the meaning of the configuration, or its mistakes.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use cos_thumbnailer::config::{Environment, SETTINGS};
use lexopt::prelude::*;

use super::settings::{CommandSettings, file};

const HELP: &str = "\
cos-thumbnailer check - says what the configuration means, or what is wrong with it

USAGE
  cos-thumbnailer check [--config FILE]

  --config FILE      thumbnails.json to read (default: the one in the folder USER_CODE_ROOT, or else beside the program)

  Exit status: 0 for a configuration without mistakes, 1 otherwise.

SETTINGS (variables; docs/configuration.md has the details and thumbnails.json)
";

/// Runs the command.
pub(crate) fn run(mut arguments: lexopt::Parser) -> Result<ExitCode> {
    let mut config = None;
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("config") => config = Some(file(&mut arguments)?),
            Long("help") | Short('h') => return crate::print(&help()),
            other => return Err(other.unexpected()).context("see cos-thumbnailer check --help"),
        }
    }
    let settings = CommandSettings::load(&Environment::of_process(), config.as_deref());
    let provenance = settings.lines();
    crate::print(&provenance)?;
    match settings.installation.config {
        Ok(config) => crate::print(&config.to_string()),
        Err(mistakes) => {
            eprintln!("{mistakes}");
            Ok(ExitCode::FAILURE)
        }
    }
}

fn help() -> String {
    let lines = SETTINGS.iter().map(|setting| {
        format!("  {:<15} {}\n{:18}(default: {})\n", setting.name, setting.summary, "", setting.default)
    });
    std::iter::once(HELP.to_owned()).chain(lines).collect()
}
