//! Objects in a folder, with current versions at their obvious paths.
//!
//! `<root>/<bucket>/…` holds the current version of every object; [`path`] maps keys to paths. `<root>/.cos/<bucket>/` holds
//! one metadata file per key, with the headers of all its versions, and the older versions. The index is in memory and
//! is read from the metadata files when the store opens. Files are written to a temporary file and renamed.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use md5::Md5;
use sha1::{Digest, Sha1};

use crate::cos::storage::bucket::{Bucket, BucketSettings, INVENTORIES, KeyRecord, SETTINGS, is_bucket_name};
use crate::cos::storage::checksum::crc64;
use crate::cos::storage::folder::{METADATA_FOLDER, RootFolder};
use crate::cos::storage::version::{Deletion, NULL_VERSION_ID, NewVersion, Version, Versioning};
use crate::cos::storage::{ids, path};
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::inventory::InventoryConfiguration;

/// Store of all buckets.
#[derive(Debug)]
pub(crate) struct Store {
    pub(super) folder: RootFolder,
    buckets: Mutex<BTreeMap<String, Bucket>>,
}

impl Store {
    /// Opens the folder, and creates it if it is missing. Its folders with the name of a bucket are buckets, and so are
    /// `buckets`.
    pub(crate) fn open(root: PathBuf, buckets: &[String]) -> io::Result<Self> {
        let folder = RootFolder::open(root)?;
        let mut found = BTreeMap::new();
        for (name, metadata) in folder.metadata_folders()? {
            found.insert(name, Bucket::read(&metadata)?);
        }
        for name in folder.bucket_folders()?.iter().chain(buckets) {
            if !is_bucket_name(name) {
                let message =
                    format!("{name} is no bucket name; the form is <name>-<appid>, as in photos-1250000000");
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            }
            found.entry(name.clone()).or_default();
        }
        // Buckets from before this start, and those of the options, have no time of their own.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        for bucket in found.values_mut().filter(|bucket| bucket.settings.created == 0) {
            bucket.settings.created = now;
        }
        Ok(Self { folder, buckets: Mutex::new(found) })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` on a bucket while holding the lock.
    pub(crate) fn with_bucket<T>(
        &self,
        bucket: &str,
        work: impl FnOnce(&mut Bucket) -> Result<T, CosError>,
    ) -> Result<T, CosError> {
        let mut buckets = self.lock();
        if let Some(found) = buckets.get_mut(bucket) {
            return work(found);
        }
        if !is_bucket_name(bucket) {
            return Err(ErrorCode::INVALID_BUCKET_NAME.into());
        }
        Err(ErrorCode::NO_SUCH_BUCKET.into())
    }

    /// Creates a bucket.
    pub(crate) fn create(&self, bucket: &str, settings: BucketSettings) -> Result<(), CosError> {
        if !is_bucket_name(bucket) {
            return Err(ErrorCode::INVALID_BUCKET_NAME.into());
        }
        let mut buckets = self.lock();
        if buckets.contains_key(bucket) {
            return Err(ErrorCode::BUCKET_ALREADY_OWNED.into());
        }
        self.folder.create_bucket(bucket)?;
        self.save_settings(bucket, &settings)?;
        buckets.insert(bucket.to_owned(), Bucket { settings, ..Bucket::default() });
        Ok(())
    }

    /// Removes an empty bucket.
    pub(crate) fn delete_bucket(&self, bucket: &str) -> Result<(), CosError> {
        let mut buckets = self.lock();
        let found = buckets.get(bucket).ok_or(ErrorCode::NO_SUCH_BUCKET)?;
        if !found.objects.is_empty() {
            return Err(ErrorCode::BUCKET_NOT_EMPTY.into());
        }
        self.folder.remove_bucket(bucket)?;
        buckets.remove(bucket);
        Ok(())
    }

    /// Returns the names of all buckets with their settings.
    pub(crate) fn buckets(&self) -> Vec<(String, BucketSettings)> {
        self.lock().iter().map(|(name, bucket)| (name.clone(), bucket.settings.clone())).collect()
    }

    /// Changes and saves the settings of a bucket.
    pub(crate) fn change_settings(
        &self,
        bucket: &str,
        change: impl FnOnce(&mut BucketSettings),
    ) -> Result<(), CosError> {
        self.with_bucket(bucket, |found| {
            change(&mut found.settings);
            self.save_settings(bucket, &found.settings)
        })
    }

    fn save_settings(&self, bucket: &str, settings: &BucketSettings) -> Result<(), CosError> {
        let text = serde_json::to_vec_pretty(settings).map_err(io::Error::from)?;
        self.folder.write(&self.metadata_folder(bucket).join(SETTINGS), &text)
    }

    /// Stores a new current version.
    pub(crate) fn put(&self, bucket: &str, key: &str, new_version: NewVersion) -> Result<Version, CosError> {
        self.with_bucket(bucket, |found| {
            let current = found.objects.get(key).and_then(|versions| versions.last());
            let exists = current.is_some_and(|version| !version.is_marker());
            if new_version.forbid_overwrite && exists && found.versioning == Versioning::Off {
                return Err(ErrorCode::FILE_ALREADY_EXISTS.into());
            }
            if let Some(id) = &new_version.id {
                self.remove(key, id, found)?;
            }
            let made = self.supersede_current(bucket, key, found)?;
            let id = new_version.id.filter(|_| found.versioning == Versioning::Enabled).unwrap_or(made);
            let file = self.free_path(bucket, key, found)?;
            self.folder.write(&file, &new_version.bytes)?;
            let etag = new_version
                .etag
                .unwrap_or_else(|| format!("\"{}\"", hex::encode(Md5::digest(&new_version.bytes))));
            let version = Version {
                id,
                file: Some(file),
                size: new_version.bytes.len() as u64,
                etag,
                crc64: crc64(&new_version.bytes),
                modified: new_version.modified,
                headers: new_version.headers,
                request_id: new_version.request_id,
                restored_until: None,
            };
            found.objects.entry(key.to_owned()).or_default().push(version.clone());
            self.save_record(bucket, key, found)?;
            Ok(version)
        })
    }

    /// Reads a version, or without an id the current version.
    pub(crate) fn get(
        &self,
        bucket: &str,
        key: &str,
        id: Option<&str>,
    ) -> Result<(Version, Bytes), CosError> {
        self.with_bucket(bucket, |found| {
            let version = found.version(key, id)?;
            let Some(file) = &version.file else { return Err(ErrorCode::NO_SUCH_KEY.into()) };
            let bytes = fs::read(self.folder.path(file))?;
            Ok((version.clone(), Bytes::from(bytes)))
        })
    }

    /// Returns the id of the version before the current one.
    pub(crate) fn previous_version(&self, bucket: &str, key: &str) -> Option<String> {
        let previous = self.with_bucket(bucket, |found| {
            let versions = found.objects.get(key).map(Vec::as_slice).unwrap_or_default();
            Ok(versions.iter().rev().nth(1).map(|version| version.id.clone()))
        });
        previous.ok().flatten()
    }

    /// Changes the metadata of a version.
    pub(crate) fn update(
        &self,
        bucket: &str,
        key: &str,
        id: Option<&str>,
        change: impl FnOnce(&mut Version) -> Result<(), CosError>,
    ) -> Result<(), CosError> {
        self.with_bucket(bucket, |found| {
            let id = found.version(key, id)?.id.clone();
            let versions = found.objects.get_mut(key);
            let version = versions.and_then(|versions| versions.iter_mut().find(|version| version.id == id));
            change(version.ok_or(ErrorCode::NO_SUCH_VERSION)?)?;
            self.save_record(bucket, key, found)
        })
    }

    /// Deletes one version, or without an id the object. In buckets with versioning, the latter adds a delete marker.
    pub(crate) fn delete(
        &self,
        bucket: &str,
        key: &str,
        id: Option<&str>,
        modified: u64,
    ) -> Result<Deletion, CosError> {
        self.with_bucket(bucket, |found| {
            let existed = found.version(key, id).is_ok_and(|version| id.is_some() || !version.is_marker());
            let deletion = match id {
                Some(id) => {
                    let marker = found.version(key, Some(id)).is_ok_and(Version::is_marker);
                    self.remove(key, id, found)?;
                    self.promote_latest(bucket, key, found)?;
                    Deletion { marker, version_id: Some(id.to_owned()), existed }
                }
                None if found.versioning == Versioning::Off => {
                    self.remove(key, NULL_VERSION_ID, found)?;
                    Deletion { marker: false, version_id: None, existed }
                }
                None => {
                    let id = self.supersede_current(bucket, key, found)?;
                    let marker = Version::marker(id.clone(), modified);
                    found.objects.entry(key.to_owned()).or_default().push(marker);
                    Deletion { marker: true, version_id: Some(id), existed }
                }
            };
            self.save_record(bucket, key, found)?;
            Ok(deletion)
        })
    }

    /// Sets and saves the versioning state.
    pub(crate) fn set_versioning(&self, bucket: &str, versioning: Versioning) -> Result<(), CosError> {
        self.with_bucket(bucket, |found| {
            found.versioning = versioning;
            let text = serde_json::to_vec(&versioning).map_err(io::Error::from)?;
            self.folder.write(&self.metadata_folder(bucket).join("versioning.json"), &text)
        })
    }

    /// Adds or replaces a periodic inventory job, unless the bucket has `max` others.
    pub(crate) fn put_inventory(
        &self,
        bucket: &str,
        job: InventoryConfiguration,
        max: usize,
    ) -> Result<(), CosError> {
        self.with_bucket(bucket, |found| {
            if found.inventories.len() >= max && !found.inventories.contains_key(&job.id) {
                return Err(ErrorCode::INVENTORY_FULL.into());
            }
            let text = serde_json::to_vec_pretty(&job).map_err(io::Error::from)?;
            self.folder.write(&self.inventory_file(bucket, &job.id), &text)?;
            found.inventories.insert(job.id.clone(), job);
            Ok(())
        })
    }

    /// Removes a periodic inventory job.
    pub(crate) fn delete_inventory(&self, bucket: &str, id: &str) -> Result<(), CosError> {
        self.with_bucket(bucket, |found| {
            found.inventories.remove(id).ok_or(ErrorCode::INVENTORY_NOT_FOUND)?;
            self.folder.discard(&self.inventory_file(bucket, id))
        })
    }

    /// Returns the file of a periodic inventory job.
    fn inventory_file(&self, bucket: &str, id: &str) -> PathBuf {
        let name = format!("{}.json", hex::encode(Sha1::digest(id.as_bytes())));
        self.metadata_folder(bucket).join(INVENTORIES).join(name)
    }

    /// Returns the path of the current version.
    pub(crate) fn file(&self, bucket: &str, key: &str) -> Option<PathBuf> {
        let buckets = self.lock();
        let file = buckets.get(bucket)?.objects.get(key)?.last()?.file.as_ref()?;
        Some(self.folder.path(file))
    }

    /// Moves or removes the current version to make room for a new one, and returns the id of the new one.
    fn supersede_current(&self, bucket: &str, key: &str, found: &mut Bucket) -> Result<String, CosError> {
        if found.versioning == Versioning::Enabled {
            let id = ids::version();
            if let Some(current) = found.objects.get_mut(key).and_then(|versions| versions.last_mut())
                && let Some(file) = &mut current.file
            {
                let old = self.metadata_folder(bucket).join("versions").join(format!(
                    "{}-{}",
                    ids::version(),
                    current.id
                ));
                self.folder.rename(file, &old)?;
                *file = old;
            }
            return Ok(id);
        }
        self.remove(key, NULL_VERSION_ID, found)?;
        let top = found.objects.get_mut(key).and_then(|versions| versions.last_mut());
        if let Some(file) = top.and_then(|version| version.file.as_mut()) {
            let old = self.metadata_folder(bucket).join("versions").join(ids::version());
            self.folder.rename(file, &old)?;
            *file = old;
        }
        Ok(NULL_VERSION_ID.to_owned())
    }

    /// Removes one version and its file.
    fn remove(&self, key: &str, id: &str, found: &mut Bucket) -> Result<(), CosError> {
        let Some(versions) = found.objects.get_mut(key) else { return Ok(()) };
        if let Some(at) = versions.iter().position(|version| version.id == id)
            && let Some(file) = versions.remove(at).file
        {
            self.folder.discard(&file)?;
        }
        Ok(())
    }

    /// Moves the latest version to the obvious path, if it is not there.
    fn promote_latest(&self, bucket: &str, key: &str, found: &mut Bucket) -> Result<(), CosError> {
        let metadata = self.metadata_folder(bucket);
        let latest = found.objects.get(key).and_then(|versions| versions.last());
        let Some(from) = latest.and_then(|version| version.file.clone()) else { return Ok(()) };
        if !from.starts_with(&metadata) {
            return Ok(());
        }
        let to = self.free_path(bucket, key, found)?;
        self.folder.rename(&from, &to)?;
        if let Some(top) = found.objects.get_mut(key).and_then(|versions| versions.last_mut()) {
            top.file = Some(to);
        }
        Ok(())
    }

    /// Returns a free path for the current version of a key. Creates its folder, and moves objects out of the way.
    fn free_path(&self, bucket: &str, key: &str, found: &mut Bucket) -> Result<PathBuf, CosError> {
        let mut plain = PathBuf::from(bucket);
        plain.push(path::of(key));
        let parents: Vec<&Path> = plain.ancestors().skip(1).take_while(|p| p.starts_with(bucket)).collect();
        for parent in parents.into_iter().rev() {
            if self.folder.path(parent).is_file() {
                let aside = beside_folder(parent);
                self.folder.rename(parent, &aside)?;
                self.record_move(bucket, parent, &aside, found)?;
            }
        }
        if let Some(parent) = plain.parent() {
            fs::create_dir_all(self.folder.path(parent))?;
        }
        Ok(if self.folder.path(&plain).is_dir() { beside_folder(&plain) } else { plain })
    }

    /// Records that a file was moved.
    fn record_move(&self, bucket: &str, from: &Path, to: &Path, found: &mut Bucket) -> Result<(), CosError> {
        let mut moved = None;
        for (key, versions) in &mut found.objects {
            for version in versions.iter_mut().filter(|version| version.file.as_deref() == Some(from)) {
                version.file = Some(to.to_owned());
                moved = Some(key.clone());
            }
        }
        moved.map_or(Ok(()), |key| self.save_record(bucket, &key, found))
    }

    /// Returns the metadata folder of a bucket.
    fn metadata_folder(&self, bucket: &str) -> PathBuf {
        Path::new(METADATA_FOLDER).join(bucket)
    }

    /// Writes the metadata file of a key, or removes it after the last version.
    fn save_record(&self, bucket: &str, key: &str, found: &mut Bucket) -> Result<(), CosError> {
        let name = format!("{}.json", hex::encode(Sha1::digest(key.as_bytes())));
        let file = self.metadata_folder(bucket).join("keys").join(name);
        match found.objects.get(key) {
            Some(versions) if !versions.is_empty() => {
                let record = KeyRecord { key: key.to_owned(), versions: versions.clone() };
                self.folder.write(&file, &serde_json::to_vec_pretty(&record).map_err(io::Error::from)?)
            }
            _ => {
                found.objects.remove(key);
                self.folder.discard(&file)
            }
        }
    }
}

/// Returns the path of an object whose plain path is a folder.
fn beside_folder(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(path::BESIDE_FOLDER);
    PathBuf::from(name)
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
