//! `cos-thumbnailer schema`: the JSON schema of `thumbnails.json`.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use cos_thumbnailer::config;
use lexopt::prelude::*;

const HELP: &str = "\
cos-thumbnailer schema - prints the JSON schema of thumbnails.json

USAGE
  cos-thumbnailer schema > thumbnails.schema.json

  Editors complete and check a file that names it: \"$schema\": \"thumbnails.schema.json\". It refuses nothing that the
  function takes. cos-thumbnailer check --config thumbnails.json finds every mistake, also between values.
";

/// Runs the command.
pub(crate) fn run(mut arguments: lexopt::Parser) -> Result<ExitCode> {
    match arguments.next()? {
        None => crate::print(&config::schema()),
        Some(Long("help") | Short('h')) => crate::print(HELP),
        Some(other) => Err(other.unexpected()).context("see cos-thumbnailer schema --help"),
    }
}
