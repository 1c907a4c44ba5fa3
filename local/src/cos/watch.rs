//! Files that people put into the folder of a bucket, or take out of it, as uploads and removals.
//!
//! The folders are read at intervals. A new or changed file counts when its size and time are the same in two readings, so
//! that a file that is still written is not uploaded in part.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::time::sleep;

use crate::cos::notification::{EventNotification, Object};
use crate::cos::service::Service;
use crate::cos::storage::ids;
use crate::cos::storage::version::NewVersion;
use crate::cos::wire::request::check_key;

/// Pause between two readings.
const INTERVAL: Duration = Duration::from_millis(300);

/// Content types by extension.
const TYPES: [(&str, &str); 8] = [
    ("avif", "image/avif"),
    ("gif", "image/gif"),
    ("heic", "image/heic"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("png", "image/png"),
    ("tif", "image/tiff"),
    ("webp", "image/webp"),
];

/// Size and time of a file.
type Stamp = (u64, SystemTime);

/// Watches the folders of all buckets until the future is dropped.
pub(crate) async fn watch(service: Arc<Service>) {
    let mut seen: BTreeMap<PathBuf, Stamp> = BTreeMap::new();
    loop {
        sleep(INTERVAL).await;
        let (shared, before) = (Arc::clone(&service), std::mem::take(&mut seen));
        // A panic there would have been reported; the next reading starts afresh.
        seen = tokio::task::spawn_blocking(move || read(&shared, &before)).await.unwrap_or_default();
    }
}

/// Takes over what has changed, and returns the files that may still change.
fn read(service: &Service, before: &BTreeMap<PathBuf, Stamp>) -> BTreeMap<PathBuf, Stamp> {
    let mut pending = BTreeMap::new();
    for (bucket, _) in service.store.buckets() {
        // A folder that cannot be read now may be readable at the next reading.
        let Ok(changes) = service.store.folder_changes(&bucket) else { continue };
        for (path, key, stamp) in changes.new {
            if before.get(&path) == Some(&stamp) {
                // Refused by the rules of keys, or unreadable: as if the file were not there.
                let _ = upload(service, &bucket, &path, &key);
            } else {
                pending.insert(path, stamp);
            }
        }
        for key in changes.removed {
            remove(service, &bucket, &key);
        }
    }
    pending
}

/// Stores a file as an object, and notifies the listeners.
fn upload(service: &Service, bucket: &str, path: &PathBuf, key: &str) -> std::io::Result<()> {
    let refused = |_| std::io::Error::other("the key or the bucket is refused");
    check_key(key).map_err(refused)?;
    let bytes = Bytes::from(std::fs::read(path)?);
    let extension = key.rsplit_once('.').map_or(String::new(), |(_, end)| end.to_ascii_lowercase());
    let kind = TYPES.iter().find(|(end, _)| *end == extension);
    let kind = kind.map(|(_, kind)| ("content-type".to_owned(), (*kind).to_owned()));
    let new_version = NewVersion {
        bytes: bytes.clone(),
        headers: kind.into_iter().collect(),
        id: None,
        etag: None,
        forbid_overwrite: false,
        modified: service.now(),
        request_id: ids::request(),
    };
    let version = service.store.put(bucket, key, new_version).map_err(refused)?;
    if service.store.file(bucket, key).is_some_and(|stored| stored != *path) {
        // The store keeps the object under another name.
        std::fs::remove_file(path)?;
    }
    service.notify(&EventNotification {
        name: "cos:ObjectCreated:Put",
        bucket: bucket.to_owned(),
        region: service.region_of(bucket),
        key: key.to_owned(),
        object: Some(Object::new(&version, bytes, service.has_versions(bucket))),
    });
    Ok(())
}

/// Removes an object whose file is gone, and notifies the listeners.
fn remove(service: &Service, bucket: &str, key: &str) {
    let Ok(deletion) = service.store.delete(bucket, key, None, service.now()) else { return };
    let name =
        if deletion.marker { "cos:ObjectRemove:DeleteMarkerCreated" } else { "cos:ObjectRemove:Delete" };
    service.notify(&EventNotification {
        name,
        bucket: bucket.to_owned(),
        region: service.region_of(bucket),
        key: key.to_owned(),
        object: None,
    });
}
