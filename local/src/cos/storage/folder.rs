//! Files below the root of the store.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::cos::wire::error::Error;

/// Name of the folder beside the buckets; no bucket can have it.
pub(super) const SIDE: &str = ".cos";

/// Where files are written before they take their place: on the same file system, so that a rename is atomic.
const NEW: &str = ".cos/new";

/// The root. All paths here are relative to it.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Opens the folder, making it if it is missing.
    pub(super) fn open(root: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(root.join(NEW))?;
        Ok(Self { root })
    }

    /// The path a file has for everyone else.
    pub(super) fn path(&self, file: impl AsRef<Path>) -> PathBuf {
        self.root.join(file)
    }

    /// The side folders of buckets, with the buckets' names.
    pub(super) fn sides(&self) -> io::Result<Vec<(String, PathBuf)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.path(SIDE))? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !path.ends_with(NEW) {
                found.push((name, path));
            }
        }
        Ok(found)
    }

    /// Writes a file as a whole or not at all.
    pub(super) fn write(&self, file: &Path, bytes: &[u8]) -> Result<(), Error> {
        let target = self.path(file);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut new = tempfile::NamedTempFile::new_in(self.path(NEW))?;
        new.write_all(bytes)?;
        new.persist(target).map_err(|error| error.error)?;
        Ok(())
    }

    /// Moves a file, making the folders on the way.
    pub(super) fn rename(&self, from: &Path, to: &Path) -> Result<(), Error> {
        if let Some(parent) = self.path(to).parent() {
            fs::create_dir_all(parent)?;
        }
        Ok(fs::rename(self.path(from), self.path(to))?)
    }

    /// Removes a file and the folders it leaves empty.
    pub(super) fn discard(&self, file: &Path) -> Result<(), Error> {
        match fs::remove_file(self.path(file)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        for folder in file.ancestors().skip(1).filter(|folder| folder.components().count() > 1) {
            // Fails on the first folder that holds something else.
            if fs::remove_dir(self.path(folder)).is_err() {
                break;
            }
        }
        Ok(())
    }
}
