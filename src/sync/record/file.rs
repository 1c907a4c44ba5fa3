//! Checkpoint in a file of this machine.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::sync::{Checkpoint, CheckpointError, Checkpoints};

/// A file with the checkpoint of a job. A lock on a second file beside it, which the system releases with the process,
/// keeps other drivers away.
#[derive(Debug)]
pub struct CheckpointFile {
    path: PathBuf,
    _lock: File,
}

impl CheckpointFile {
    /// Takes the lock, and reads the checkpoint of `job`, or begins one.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn open(path: &Path, job: &str) -> Result<(Self, Checkpoint), CheckpointError> {
        let name = path.display().to_string();
        let failed = |error: std::io::Error| CheckpointError::Write(name.clone(), error.to_string());
        let mut lock_path = path.as_os_str().to_owned();
        lock_path.push(".lock");
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let reason = "it holds the lock on this machine".to_owned();
                return Err(CheckpointError::Leased(name, reason));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let checkpoint = match std::fs::read(path) {
            Ok(text) => Checkpoint::parse(&text, &name, job)?,
            Err(error) if error.kind() == ErrorKind::NotFound => Checkpoint::start(job.to_owned()),
            Err(error) => return Err(CheckpointError::Unreadable(name, error.to_string())),
        };
        Ok((Self { path: path.to_owned(), _lock: lock }, checkpoint))
    }

    fn write(&self, text: &[u8]) -> std::io::Result<()> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or_else(|| Path::new(".")))?;
        file.write_all(text)?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        Ok(())
    }
}

impl Checkpoints for CheckpointFile {
    async fn save(&self, checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
        let name = self.path.display().to_string();
        let text = checkpoint.to_json(&name)?;
        self.write(&text).map_err(|error| CheckpointError::Write(name, error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_saved_checkpoint_is_resumed_and_a_second_driver_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("photos.sync.json");
        let (file, checkpoint) = CheckpointFile::open(&path, "job").unwrap();
        assert_eq!(checkpoint, Checkpoint::start("job".to_owned()));
        assert!(matches!(CheckpointFile::open(&path, "job"), Err(CheckpointError::Leased(..))));
        let later = Checkpoint { end: "k".to_owned(), ..checkpoint };
        file.save(&later).await.unwrap();
        drop(file);
        let (file, resumed) = CheckpointFile::open(&path, "job").unwrap();
        assert_eq!(resumed, later);
        drop(file);
        assert!(matches!(CheckpointFile::open(&path, "other"), Err(CheckpointError::OtherJob(_))));
        let nowhere = folder.path().join("none/photos.sync.json");
        assert!(matches!(CheckpointFile::open(&nowhere, "job"), Err(CheckpointError::Write(..))));
    }
}
