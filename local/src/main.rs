//! The twin on the command line.

mod command;

use std::process::ExitCode;

use clap::Parser;
use scf_local::print;

use crate::command::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            print::complaint(&format!("no threads to run on: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(async {
        match cli.command {
            Command::Invoke(invoke) => command::invoke::run(invoke).await,
            Command::Serve(serve) => command::serve::run(serve).await,
        }
    });
    result.unwrap_or_else(|error| {
        print::complaint(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}
