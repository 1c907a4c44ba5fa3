//! Differences between the index of a bucket and the files in its folder.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use percent_encoding::percent_decode_str;

use crate::cos::storage::path;
use crate::cos::storage::store::Store;
use crate::cos::storage::version::Version;
use crate::cos::wire::error::CosError;

/// Changes that were not made through the store.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct FolderChanges {
    /// New or changed files: full path, key, size and time.
    pub(crate) new: Vec<(PathBuf, String, (u64, SystemTime))>,
    /// Keys of current versions whose files are gone.
    pub(crate) removed: Vec<String>,
}

impl Store {
    /// Compares the folder of a bucket with its index. Hidden files and symbolic links are ignored.
    ///
    /// A changed file has another size than its object, or is newer by more than a second.
    pub(crate) fn folder_changes(&self, bucket: &str) -> Result<FolderChanges, CosError> {
        self.with_bucket(bucket, |found| {
            let mut known: BTreeMap<PathBuf, (&str, &Version)> = BTreeMap::new();
            for (key, versions) in &found.objects {
                if let Some((version, file)) = versions.last().and_then(|v| Some((v, v.file.as_ref()?))) {
                    known.insert(self.folder.path(file), (key, version));
                }
            }
            let root = self.folder.path(bucket);
            let mut changes = FolderChanges::default();
            for (file, stamp) in files(&root)? {
                let key = match known.remove(&file) {
                    Some((_, version)) if is_unchanged(version, stamp) => continue,
                    Some((key, _)) => key.to_owned(),
                    None => match file.strip_prefix(&root).ok().and_then(Path::to_str).and_then(key_of) {
                        Some(key) => key,
                        None => continue,
                    },
                };
                changes.new.push((file, key, stamp));
            }
            changes.removed = known.into_values().map(|(key, _)| key.to_owned()).collect();
            Ok(changes)
        })
    }

    /// Creates the folder of a bucket, for people to put files into it.
    pub(crate) fn create_folder(&self, bucket: &str) -> io::Result<()> {
        self.folder.create_bucket(bucket)
    }
}

fn is_unchanged(version: &Version, (size, time): (u64, SystemTime)) -> bool {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    version.size == size && seconds <= version.modified.saturating_add(1)
}

/// Returns the key of a file, given its path in the folder of the bucket. A path that the store would not choose is taken
/// as the key, except for that of a long key, which cannot be restored.
fn key_of(file: &str) -> Option<String> {
    if file.contains("%~") {
        return None;
    }
    let plain = file.strip_suffix(path::BESIDE_FOLDER).unwrap_or(file);
    let segments: Option<Vec<String>> = plain
        .split('/')
        .map(|segment| match segment {
            "%" => Some(String::new()),
            _ => Some(percent_decode_str(segment).decode_utf8().ok()?.into_owned()),
        })
        .collect();
    let decoded = segments.map(|segments| segments.join("/")).filter(|key| path::of(key) == plain);
    Some(decoded.unwrap_or_else(|| file.to_owned()))
}

/// Returns the files below a folder, with their sizes and times.
fn files(folder: &Path) -> io::Result<Vec<(PathBuf, (u64, SystemTime))>> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                // A file that disappears meanwhile is no error.
                let Ok(metadata) = entry.metadata() else { continue };
                found.push((entry.path(), (metadata.len(), metadata.modified()?)));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_files_are_those_that_the_store_would_choose() {
        let cases = [
            ("photos/cat.jpg", "photos/cat.jpg"),
            ("a/%/b.jpg", "a//b.jpg"),
            ("a/%2E/b", "a/./b"),
            ("100%25.jpg", "100%.jpg"),
            ("a%object", "a"),
            ("100%.jpg", "100%.jpg"),
            ("%2f.jpg", "%2f.jpg"),
        ];
        for (file, key) in cases {
            assert_eq!(key_of(file).as_deref(), Some(key), "{file}");
        }
        assert_eq!(key_of(&path::of(&"k".repeat(300))), None);
    }
}
