//! The settings that a command works with.

use std::path::{Path, PathBuf};

use cos_thumbnailer::config::{Config, Environment, Installation, Mistakes};
use cos_thumbnailer::text::Printable;

/// The name of the file.
const FILE: &str = "thumbnails.json";

/// The settings of a command.
pub(super) struct CommandSettings {
    pub(super) installation: Installation,
    /// `true` if the current folder has a file that is not read.
    has_unread_file: bool,
}

impl CommandSettings {
    /// The settings of the variables and of the file that `--config` names, or of this installation.
    pub(super) fn load(environment: &Environment, file: Option<&Path>) -> Self {
        let installation = file.map_or_else(
            || Installation::of_environment(environment),
            |file| Installation::of_file(environment, file),
        );
        let here = Path::new(FILE).canonicalize().ok();
        let is_read = installation.provenance.is_there && installation.provenance.file == here;
        Self { has_unread_file: here.is_some() && !is_read, installation }
    }

    /// The places that were read, in lines for people.
    pub(super) fn lines(&self) -> String {
        let provenance = &self.installation.provenance;
        let hint = if self.has_unread_file {
            "thumbnails.json in this folder is not read; use --config thumbnails.json\n"
        } else {
            ""
        };
        format!("{}\n{hint}", Printable(&provenance.to_string()))
    }

    /// The configuration, after the places that were read were printed on standard error.
    pub(super) fn into_config(self) -> Result<Config, Mistakes> {
        eprint!("{}", self.lines());
        self.installation.config
    }
}

/// The file behind `--config`.
pub(super) fn file(arguments: &mut lexopt::Parser) -> Result<PathBuf, lexopt::Error> {
    arguments.value().map(PathBuf::from)
}
