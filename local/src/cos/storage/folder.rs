//! Files of the store.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::cos::storage::bucket::is_bucket_name;
use crate::cos::wire::error::CosError;

/// Name of the folder for metadata beside the buckets. It is no valid bucket name.
pub(super) const METADATA_FOLDER: &str = ".cos";

/// Folder for new files, on the same file system, so that renaming them is atomic.
const TEMPORARY_FOLDER: &str = ".cos/new";

/// Root folder of the store. All paths are relative to it.
#[derive(Debug)]
pub(super) struct RootFolder {
    root: PathBuf,
}

impl RootFolder {
    /// Opens the folder, and creates it if it is missing.
    pub(super) fn open(root: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(root.join(TEMPORARY_FOLDER))?;
        Ok(Self { root })
    }

    /// Returns the full path of a file.
    pub(super) fn path(&self, file: impl AsRef<Path>) -> PathBuf {
        self.root.join(file)
    }

    /// Returns the names of the buckets, with their metadata folders.
    pub(super) fn metadata_folders(&self) -> io::Result<Vec<(String, PathBuf)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.path(METADATA_FOLDER))? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !path.ends_with(TEMPORARY_FOLDER) {
                found.push((name, path));
            }
        }
        Ok(found)
    }

    /// Returns the names of the folders that are buckets.
    pub(super) fn bucket_folders(&self) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.root)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.path().is_dir() && is_bucket_name(&name) {
                found.push(name);
            }
        }
        Ok(found)
    }

    /// Creates the folder of a bucket.
    pub(super) fn create_bucket(&self, bucket: &str) -> io::Result<()> {
        fs::create_dir_all(self.path(bucket))
    }

    /// Removes the folders of an empty bucket.
    pub(super) fn remove_bucket(&self, bucket: &str) -> io::Result<()> {
        for folder in [self.path(bucket), self.path(METADATA_FOLDER).join(bucket)] {
            if folder.exists() {
                fs::remove_dir_all(folder)?;
            }
        }
        Ok(())
    }

    /// Writes a file atomically.
    pub(super) fn write(&self, file: &Path, bytes: &[u8]) -> Result<(), CosError> {
        let target = self.path(file);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut new = tempfile::NamedTempFile::new_in(self.path(TEMPORARY_FOLDER))?;
        new.write_all(bytes)?;
        new.persist(target).map_err(|error| error.error)?;
        Ok(())
    }

    /// Moves a file, and creates the folders of its new path.
    pub(super) fn rename(&self, from: &Path, to: &Path) -> Result<(), CosError> {
        if let Some(parent) = self.path(to).parent() {
            fs::create_dir_all(parent)?;
        }
        Ok(fs::rename(self.path(from), self.path(to))?)
    }

    /// Removes a file, and the folders that become empty.
    pub(super) fn discard(&self, file: &Path) -> Result<(), CosError> {
        match fs::remove_file(self.path(file)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        for folder in file.ancestors().skip(1).filter(|folder| folder.components().count() > 1) {
            // Fails at the first folder that is not empty.
            if fs::remove_dir(self.path(folder)).is_err() {
                break;
            }
        }
        Ok(())
    }
}
