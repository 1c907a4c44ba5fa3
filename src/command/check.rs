//! `cos-thumbnailer check`: what the configuration means, or what is wrong with it.

use std::process::ExitCode;

use anyhow::Result;
use cos_thumbnailer::config::{Config, Environment};

/// Runs the command.
pub(crate) fn run(mut arguments: lexopt::Parser) -> Result<ExitCode> {
    if let Some(argument) = arguments.next()? {
        return Err(argument.unexpected().into());
    }
    match Config::of_installation(&Environment::of_process()) {
        Ok(config) => crate::print(&config.to_string()),
        Err(mistakes) => {
            eprintln!("{mistakes}");
            Ok(ExitCode::FAILURE)
        }
    }
}
