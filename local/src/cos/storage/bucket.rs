//! Index of a bucket in memory, and the files that it is read from.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::cos::storage::uploads::MultipartUpload;
use crate::cos::storage::version::{Version, Versioning};
use crate::cos::wire::acl::CannedAcl;
use crate::cos::wire::cors::CorsConfiguration;
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::inventory::InventoryConfiguration;
use crate::cos::wire::tagging::TagSet;

/// Folder of the periodic inventory jobs in the metadata folder.
pub(super) const INVENTORIES: &str = "inventories";

/// File of the settings in the metadata folder.
pub(super) const SETTINGS: &str = "settings.json";

/// Index of a bucket.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    pub(crate) settings: BucketSettings,
    pub(crate) versioning: Versioning,
    /// Versions of each key, oldest first.
    pub(crate) objects: BTreeMap<String, Vec<Version>>,
    /// Periodic inventory jobs, by id.
    pub(crate) inventories: BTreeMap<String, InventoryConfiguration>,
    /// Days on which one-time inventory jobs ran last, by id. Lost at a restart.
    pub(crate) one_time_inventories: BTreeMap<String, String>,
    /// Uploads under way, by upload id.
    pub(crate) uploads: BTreeMap<String, MultipartUpload>,
}

/// Settings of a bucket that requests change.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub(crate) struct BucketSettings {
    /// Region; `None` for the region of the COS.
    pub(crate) region: Option<String>,
    /// Time of its creation, in seconds since the Unix epoch; 0 if unknown.
    pub(crate) created: u64,
    pub(crate) acl: CannedAcl,
    pub(crate) cors: Option<CorsConfiguration>,
    pub(crate) tags: Option<TagSet>,
}

/// Content of the metadata file of one key.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct KeyRecord {
    pub(super) key: String,
    pub(super) versions: Vec<Version>,
}

impl Bucket {
    /// Reads the index from the metadata folder of a bucket.
    pub(super) fn read(folder: &Path) -> io::Result<Self> {
        let mut bucket = Self::default();
        if let Ok(text) = fs::read(folder.join("versioning.json")) {
            bucket.versioning = serde_json::from_slice(&text)?;
        }
        if let Ok(text) = fs::read(folder.join(SETTINGS)) {
            bucket.settings = serde_json::from_slice(&text)?;
        }
        for record in records(&folder.join("keys"))? {
            let record: KeyRecord = serde_json::from_slice(&record)?;
            bucket.objects.insert(record.key, record.versions);
        }
        for record in records(&folder.join(INVENTORIES))? {
            let job: InventoryConfiguration = serde_json::from_slice(&record)?;
            bucket.inventories.insert(job.id.clone(), job);
        }
        Ok(bucket)
    }

    /// Returns a version by its id, or the current version, which may be a delete marker.
    pub(crate) fn version(&self, key: &str, id: Option<&str>) -> Result<&Version, CosError> {
        let versions = self.objects.get(key);
        match id {
            None => versions.and_then(|versions| versions.last()).ok_or(ErrorCode::NO_SUCH_KEY),
            Some(id) => versions
                .and_then(|versions| versions.iter().find(|version| version.id == id))
                .ok_or(ErrorCode::NO_SUCH_VERSION),
        }
        .map_err(CosError::from)
    }
}

/// Reads the files of a folder, which may be missing.
fn records(folder: &Path) -> io::Result<Vec<Vec<u8>>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    fs::read_dir(folder)?.map(|entry| fs::read(entry?.path())).collect()
}

/// Returns whether a name is `<name>-<appid>` of lower-case letters, digits and hyphens, at most 60 characters
/// (436/13312).
#[must_use]
pub fn is_bucket_name(name: &str) -> bool {
    let is_plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let app_id = name.rsplit_once('-').map_or("", |(_, app_id)| app_id);
    is_plain && name.len() <= 60 && !app_id.is_empty() && app_id.bytes().all(|b| b.is_ascii_digit())
}
