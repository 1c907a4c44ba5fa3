//! The command line program `scf-local`.

mod command;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser};

use crate::command::{Cli, Command, print};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            print::error(&format!("the threads cannot be started: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(async {
        match cli.command {
            Command::Completion(options) => command::completion::run(&options, Cli::command()),
            Command::Event(options) => command::event::run(&options),
            Command::Invoke(options) => command::invoke::run(options).await,
            Command::Playground(options) => command::playground::run(options).await,
            Command::Serve(options) => command::serve::run(options).await,
            Command::Watch(options) => command::watch::run(options).await,
        }
    });
    result.unwrap_or_else(|error| {
        print::error(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}
