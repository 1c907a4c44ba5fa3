//! The command line and its commands.

pub(crate) mod completion;
mod connection;
mod cos_access;
mod diagnosis;
pub(crate) mod event;
mod event_object;
mod function;
pub(crate) mod invoke;
mod outcome;
pub(crate) mod playground;
pub(crate) mod print;
pub(crate) mod serve;
mod table;
pub(crate) mod watch;

use clap::{Parser, Subcommand};

use crate::command::completion::CompletionOptions;
use crate::command::event::EventOptions;
use crate::command::invoke::InvokeOptions;
use crate::command::playground::PlaygroundCommand;
use crate::command::serve::ServeOptions;
use crate::command::watch::WatchOptions;

/// Run the thumbnail function on this machine, with a local COS and a local SCF runtime API.
///
/// The program is started unmodified, with the environment that SCF would give it. The local COS stores objects in a
/// folder and verifies every request signature. No account is needed, and no data leaves this machine.
#[derive(Debug, Parser)]
#[command(name = "scf-local", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "Examples:
  scf-local invoke events/put.json --image cat.jpg    upload a photo and deliver its event
  scf-local invoke events/remove.json                 deliver an event that needs no photo
  scf-local event put --bucket photos-1250000000 --key a.jpg | scf-local invoke -
                                                      write an event for this key, and deliver it
  scf-local playground                                choose thumbnails on a page
  scf-local serve --source photos-1250000000          run the function for every upload
  scf-local serve --instances 4                       run four events at once
  scf-local watch                                     serve, and rebuild the function when src changes";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Completion(CompletionOptions),
    Event(EventOptions),
    Invoke(InvokeOptions),
    Playground(PlaygroundCommand),
    Serve(ServeOptions),
    Watch(WatchOptions),
}
