//! The function with one configuration: its folder, and its process once an event came.

use tempfile::TempDir;

use crate::playground::configuration::Configuration;
use crate::playground::error::ApiError;
use crate::scf::{Invocation, RuntimeFault, Scf, ScfOptions};

/// Name of the configuration file in the folder of the function.
const FILE: &str = "thumbnails.json";

/// A function as it is deployed: code folder and process.
pub(super) struct RunningFunction {
    pub(super) configuration: Configuration,
    /// Source bucket whose target buckets exist.
    pub(super) source: String,
    scf: Scf,
    // Dropped after the process that uses it.
    _folder: TempDir,
}

impl RunningFunction {
    /// Starts the function with this configuration, in addition to the variables of `template`, for a source bucket.
    pub(super) async fn start(
        template: &ScfOptions,
        configuration: Configuration,
        source: &str,
    ) -> Result<Self, ApiError> {
        let folder = code_folder(&configuration)?;
        let mut options = template.clone();
        options.environment.extend(configuration.variables.iter().cloned());
        options.code_root = Some(folder.path().to_owned());
        options.memory_mb = configuration.memory_mb;
        let scf = Scf::start(options).await.map_err(ApiError::Program)?;
        Ok(Self { configuration, source: source.to_owned(), scf, _folder: folder })
    }

    /// Delivers an event.
    pub(super) async fn invoke(&self, event: &str) -> Invocation {
        self.scf.invoke(event).await
    }

    /// Delivers an event as the platform does, with these faults. Returns all invocations, and the faults that are left.
    pub(super) async fn deliver(
        &self,
        event: &str,
        faults: Vec<RuntimeFault>,
    ) -> (Vec<Invocation>, Vec<RuntimeFault>) {
        faults.into_iter().for_each(|fault| self.scf.fail(fault));
        let invocations = self.scf.deliver(event).await;
        (invocations, self.scf.take_faults())
    }

    /// Ends the process.
    pub(super) async fn stop(self) {
        self.scf.stop().await;
    }
}

/// Creates a folder with the file of a configuration, if it has one.
pub(super) fn code_folder(configuration: &Configuration) -> Result<TempDir, ApiError> {
    let folder = tempfile::tempdir().map_err(ApiError::Folder)?;
    if let Some(text) = &configuration.file {
        std::fs::write(folder.path().join(FILE), text).map_err(ApiError::Folder)?;
    }
    Ok(folder)
}
