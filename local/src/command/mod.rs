//! The commands and what they have in common.

mod diagnosis;
mod function;
pub(crate) mod invoke;
mod outcome;
pub(crate) mod serve;
mod table;

use clap::{Parser, Subcommand};

/// Run the thumbnail function on this machine: a COS on a folder, an SCF runtime API, and your program
/// between the two.
///
/// The program is started unmodified, with the environment SCF would give it, and talks to a COS that checks
/// every signature. Nothing leaves this machine and no account is needed.
#[derive(Debug, Parser)]
#[command(name = "scf-local", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "Examples:
  scf-local invoke events/put.json --image cat.jpg    one event, one photo, one table
  scf-local invoke events/delete.json                 events without a photo are just delivered
  scf-local serve --source photos-1250000000          upload with any COS tool, get thumbnails";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Invoke(invoke::Invoke),
    Serve(serve::Serve),
}
