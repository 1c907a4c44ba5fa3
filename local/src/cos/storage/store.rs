//! Objects on a folder: current versions where people look for them, everything else beside.
//!
//! `<root>/<bucket>/…` holds the current version of every object (see [`path`]); `<root>/.cos/<bucket>/` holds
//! one side file per key with its headers and versions, older versions, and parts of uploads. The index lives
//! in memory and is read from the side files when the store opens. Every write is a temporary file and a rename.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use md5::Md5;
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};

use crate::cos::storage::checksum::crc64;
use crate::cos::storage::folder::{Folder, SIDE};
use crate::cos::storage::uploads::Upload;
use crate::cos::storage::{ids, path};
use crate::cos::wire::error::{Code, Error};

/// The id of versions from before versioning or while it is suspended (436/19883).
pub(crate) const NULL: &str = "null";

/// Whether a bucket keeps versions.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Versioning {
    Enabled,
    #[default]
    Off,
    Suspended,
}

/// One version of an object, or a delete marker.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Version {
    pub(crate) id: String,
    /// Path below the root; none for a delete marker.
    file: Option<PathBuf>,
    /// Bytes.
    pub(crate) size: u64,
    /// With its quotes.
    pub(crate) etag: String,
    pub(crate) crc64: u64,
    /// Seconds since the epoch.
    pub(crate) modified: u64,
    /// Stored headers by lower-case name.
    pub(crate) headers: BTreeMap<String, String>,
    /// The request that made it.
    pub(crate) request_id: String,
    /// For archived objects: restored until this time, in seconds since the epoch.
    pub(crate) restored_until: Option<u64>,
}

impl Version {
    pub(crate) fn is_marker(&self) -> bool {
        self.file.is_none()
    }

    /// The storage class, STANDARD when none was chosen.
    pub(crate) fn storage_class(&self) -> &str {
        self.headers.get("x-cos-storage-class").map_or("STANDARD", String::as_str)
    }
}

/// What is to be stored.
#[derive(Debug)]
pub(crate) struct Upcoming {
    pub(crate) bytes: Bytes,
    pub(crate) headers: BTreeMap<String, String>,
    /// The version id, in a bucket with versions; made up when there is none.
    pub(crate) id: Option<String>,
    /// The ETag of a multipart upload; computed when there is none.
    pub(crate) etag: Option<String>,
    pub(crate) forbid_overwrite: bool,
    pub(crate) modified: u64,
    pub(crate) request_id: String,
}

/// What a deletion did.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Deleted {
    /// A marker was made or removed.
    pub(crate) marker: bool,
    /// The version that was made or removed, in buckets with versions.
    pub(crate) version_id: Option<String>,
    /// Whether anything existed.
    pub(crate) existed: bool,
}

/// One bucket in memory.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    pub(crate) versioning: Versioning,
    /// Versions of each key, oldest first.
    pub(crate) objects: BTreeMap<String, Vec<Version>>,
    pub(crate) uploads: BTreeMap<String, Upload>,
}

/// Side file of one key.
#[derive(Debug, Deserialize, Serialize)]
struct Side {
    key: String,
    versions: Vec<Version>,
}

/// The folder.
#[derive(Debug)]
pub(crate) struct Store {
    folder: Folder,
    /// Whether a bucket comes into being when it is first used.
    open: bool,
    buckets: Mutex<BTreeMap<String, Bucket>>,
}

impl Store {
    /// Opens the folder, making it if it is missing. Without `buckets`, any bucket exists.
    pub(crate) fn open(root: PathBuf, buckets: &[String]) -> io::Result<Self> {
        let folder = Folder::open(root)?;
        let mut found = BTreeMap::new();
        for (name, side) in folder.sides()? {
            found.insert(name, read_bucket(&side)?);
        }
        for name in buckets {
            found.entry(name.clone()).or_default();
        }
        Ok(Self { folder, open: buckets.is_empty(), buckets: Mutex::new(found) })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on a bucket while nobody else does.
    pub(crate) fn with<T>(
        &self,
        bucket: &str,
        work: impl FnOnce(&mut Bucket) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut buckets = self.lock();
        if let Some(found) = buckets.get_mut(bucket) {
            return work(found);
        }
        if !is_bucket_name(bucket) {
            return Err(Code::INVALID_BUCKET_NAME.into());
        }
        if !self.open {
            return Err(Code::NO_SUCH_BUCKET.into());
        }
        work(buckets.entry(bucket.to_owned()).or_default())
    }

    /// Makes a bucket.
    pub(crate) fn create(&self, bucket: &str) -> Result<(), Error> {
        if !is_bucket_name(bucket) {
            return Err(Code::INVALID_BUCKET_NAME.into());
        }
        let mut buckets = self.lock();
        if buckets.contains_key(bucket) {
            return Err(Code::BUCKET_ALREADY_OWNED.into());
        }
        buckets.insert(bucket.to_owned(), Bucket::default());
        Ok(())
    }

    /// Stores a new current version.
    pub(crate) fn put(&self, bucket: &str, key: &str, upcoming: Upcoming) -> Result<Version, Error> {
        self.with(bucket, |found| {
            let current = found.objects.get(key).and_then(|versions| versions.last());
            let exists = current.is_some_and(|version| !version.is_marker());
            if upcoming.forbid_overwrite && exists && found.versioning == Versioning::Off {
                return Err(Code::FILE_ALREADY_EXISTS.into());
            }
            if let Some(id) = &upcoming.id {
                self.remove(key, id, found)?;
            }
            let made = self.make_room(bucket, key, found)?;
            let id = upcoming.id.filter(|_| found.versioning == Versioning::Enabled).unwrap_or(made);
            let file = self.place(bucket, key, found)?;
            self.folder.write(&file, &upcoming.bytes)?;
            let etag =
                upcoming.etag.unwrap_or_else(|| format!("\"{}\"", hex::encode(Md5::digest(&upcoming.bytes))));
            let version = Version {
                id,
                file: Some(file),
                size: upcoming.bytes.len() as u64,
                etag,
                crc64: crc64(&upcoming.bytes),
                modified: upcoming.modified,
                headers: upcoming.headers,
                request_id: upcoming.request_id,
                restored_until: None,
            };
            found.objects.entry(key.to_owned()).or_default().push(version.clone());
            self.save(bucket, key, found)?;
            Ok(version)
        })
    }

    /// A version's record and bytes; the current version without an id.
    pub(crate) fn get(&self, bucket: &str, key: &str, id: Option<&str>) -> Result<(Version, Bytes), Error> {
        self.with(bucket, |found| {
            let version = found.version(key, id)?;
            let Some(file) = &version.file else { return Err(Code::NO_SUCH_KEY.into()) };
            let bytes = fs::read(self.folder.path(file))?;
            Ok((version.clone(), Bytes::from(bytes)))
        })
    }

    /// Changes a version's record.
    pub(crate) fn update(
        &self,
        bucket: &str,
        key: &str,
        id: Option<&str>,
        change: impl FnOnce(&mut Version) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.with(bucket, |found| {
            let id = found.version(key, id)?.id.clone();
            let versions = found.objects.get_mut(key);
            let version = versions.and_then(|versions| versions.iter_mut().find(|version| version.id == id));
            change(version.ok_or(Code::NO_SUCH_VERSION)?)?;
            self.save(bucket, key, found)
        })
    }

    /// Deletes: one version, or the object, which in a bucket with versions means putting a marker on top.
    pub(crate) fn delete(
        &self,
        bucket: &str,
        key: &str,
        id: Option<&str>,
        modified: u64,
    ) -> Result<Deleted, Error> {
        self.with(bucket, |found| {
            let existed = found.version(key, id).is_ok_and(|version| id.is_some() || !version.is_marker());
            let deleted = match id {
                Some(id) => {
                    let marker = found.version(key, Some(id)).is_ok_and(Version::is_marker);
                    self.remove(key, id, found)?;
                    self.uncover(bucket, key, found)?;
                    Deleted { marker, version_id: Some(id.to_owned()), existed }
                }
                None if found.versioning == Versioning::Off => {
                    self.remove(key, NULL, found)?;
                    Deleted { marker: false, version_id: None, existed }
                }
                None => {
                    let id = self.make_room(bucket, key, found)?;
                    let marker = Version::marker(id.clone(), modified);
                    found.objects.entry(key.to_owned()).or_default().push(marker);
                    Deleted { marker: true, version_id: Some(id), existed }
                }
            };
            self.save(bucket, key, found)?;
            Ok(deleted)
        })
    }

    /// Switches versioning and remembers it.
    pub(crate) fn set_versioning(&self, bucket: &str, versioning: Versioning) -> Result<(), Error> {
        self.with(bucket, |found| {
            found.versioning = versioning;
            let text = serde_json::to_vec(&versioning).map_err(io::Error::from)?;
            self.folder.write(&self.side(bucket).join("versioning.json"), &text)
        })
    }

    /// The path of the current version, for people.
    pub(crate) fn file(&self, bucket: &str, key: &str) -> Option<PathBuf> {
        let buckets = self.lock();
        let file = buckets.get(bucket)?.objects.get(key)?.last()?.file.as_ref()?;
        Some(self.folder.path(file))
    }

    /// Makes the way free for a new current version and returns its id.
    fn make_room(&self, bucket: &str, key: &str, found: &mut Bucket) -> Result<String, Error> {
        if found.versioning == Versioning::Enabled {
            let id = ids::version();
            if let Some(current) = found.objects.get_mut(key).and_then(|versions| versions.last_mut())
                && let Some(file) = &mut current.file
            {
                let old =
                    self.side(bucket).join("versions").join(format!("{}-{}", ids::version(), current.id));
                self.folder.rename(file, &old)?;
                *file = old;
            }
            return Ok(id);
        }
        self.remove(key, NULL, found)?;
        let top = found.objects.get_mut(key).and_then(|versions| versions.last_mut());
        if let Some(file) = top.and_then(|version| version.file.as_mut()) {
            let old = self.side(bucket).join("versions").join(ids::version());
            self.folder.rename(file, &old)?;
            *file = old;
        }
        Ok(NULL.to_owned())
    }

    /// Removes one version with its file.
    fn remove(&self, key: &str, id: &str, found: &mut Bucket) -> Result<(), Error> {
        let Some(versions) = found.objects.get_mut(key) else { return Ok(()) };
        if let Some(at) = versions.iter().position(|version| version.id == id)
            && let Some(file) = versions.remove(at).file
        {
            self.folder.discard(&file)?;
        }
        Ok(())
    }

    /// Moves the version that is current now to the place for people.
    fn uncover(&self, bucket: &str, key: &str, found: &mut Bucket) -> Result<(), Error> {
        let hidden = self.side(bucket);
        let covered = found.objects.get(key).and_then(|versions| versions.last());
        let Some(from) = covered.and_then(|version| version.file.clone()) else { return Ok(()) };
        if !from.starts_with(&hidden) {
            return Ok(());
        }
        let to = self.place(bucket, key, found)?;
        self.folder.rename(&from, &to)?;
        if let Some(top) = found.objects.get_mut(key).and_then(|versions| versions.last_mut()) {
            top.file = Some(to);
        }
        Ok(())
    }

    /// The free path for the current version of a key, its folder made; objects in the way move aside.
    fn place(&self, bucket: &str, key: &str, found: &mut Bucket) -> Result<PathBuf, Error> {
        let mut plain = PathBuf::from(bucket);
        plain.push(path::of(key));
        let parents: Vec<&Path> = plain.ancestors().skip(1).take_while(|p| p.starts_with(bucket)).collect();
        for parent in parents.into_iter().rev() {
            if self.folder.path(parent).is_file() {
                let aside = beside_folder(parent);
                self.folder.rename(parent, &aside)?;
                self.follow(bucket, parent, &aside, found)?;
            }
        }
        if let Some(parent) = plain.parent() {
            fs::create_dir_all(self.folder.path(parent))?;
        }
        Ok(if self.folder.path(&plain).is_dir() { beside_folder(&plain) } else { plain })
    }

    /// Records that the object at one path lies at another.
    fn follow(&self, bucket: &str, from: &Path, to: &Path, found: &mut Bucket) -> Result<(), Error> {
        let mut moved = None;
        for (key, versions) in &mut found.objects {
            for version in versions.iter_mut().filter(|version| version.file.as_deref() == Some(from)) {
                version.file = Some(to.to_owned());
                moved = Some(key.clone());
            }
        }
        moved.map_or(Ok(()), |key| self.save(bucket, &key, found))
    }

    fn side(&self, bucket: &str) -> PathBuf {
        Path::new(SIDE).join(bucket)
    }

    /// Writes the side file of a key, or removes it with the last version.
    fn save(&self, bucket: &str, key: &str, found: &mut Bucket) -> Result<(), Error> {
        let name = format!("{}.json", hex::encode(Sha1::digest(key.as_bytes())));
        let file = self.side(bucket).join("keys").join(name);
        match found.objects.get(key) {
            Some(versions) if !versions.is_empty() => {
                let side = Side { key: key.to_owned(), versions: versions.clone() };
                self.folder.write(&file, &serde_json::to_vec_pretty(&side).map_err(io::Error::from)?)
            }
            _ => {
                found.objects.remove(key);
                self.folder.discard(&file)
            }
        }
    }
}

impl Version {
    fn marker(id: String, modified: u64) -> Self {
        Self {
            id,
            file: None,
            size: 0,
            etag: String::new(),
            crc64: 0,
            modified,
            headers: BTreeMap::new(),
            request_id: ids::request(),
            restored_until: None,
        }
    }
}

impl Bucket {
    /// A version by id, or the current one, marker or not.
    pub(crate) fn version(&self, key: &str, id: Option<&str>) -> Result<&Version, Error> {
        let versions = self.objects.get(key);
        match id {
            None => versions.and_then(|versions| versions.last()).ok_or(Code::NO_SUCH_KEY),
            Some(id) => versions
                .and_then(|versions| versions.iter().find(|version| version.id == id))
                .ok_or(Code::NO_SUCH_VERSION),
        }
        .map_err(Error::from)
    }
}

fn beside_folder(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(path::BESIDE_FOLDER);
    PathBuf::from(name)
}

fn read_bucket(folder: &Path) -> io::Result<Bucket> {
    let mut bucket = Bucket::default();
    if let Ok(text) = fs::read(folder.join("versioning.json")) {
        bucket.versioning = serde_json::from_slice(&text)?;
    }
    let keys = folder.join("keys");
    if keys.is_dir() {
        for entry in fs::read_dir(keys)? {
            let side: Side = serde_json::from_slice(&fs::read(entry?.path())?)?;
            bucket.objects.insert(side.key, side.versions);
        }
    }
    Ok(bucket)
}

/// `<name>-<appid>`: lower-case letters, digits and hyphens, 60 characters at most (436/13312).
fn is_bucket_name(name: &str) -> bool {
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let app_id = name.rsplit_once('-').map_or("", |(_, app_id)| app_id);
    plain && name.len() <= 60 && !app_id.is_empty() && app_id.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
