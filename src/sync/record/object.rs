//! Checkpoint in an object of COS, which drivers on several machines share.
//!
//! The lease is an object whose name ends with a number. It is created with `x-cos-forbid-overwrite`, so of several drivers
//! that take over an expired lease only one creates the next number. In a bucket with versioning COS ignores that header
//! (436/7749): there the lease is read back, and the last writer has it.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::cos::{BucketLocation, Error, MissingResource, Upload};
use crate::object::{Bucket, Key};
use crate::sync::{Checkpoint, CheckpointError, Checkpoints, CosStore, StoreError};

/// Time after which a lease that is not renewed is free.
const LEASE: Duration = Duration::from_secs(180);

/// Pause between two renewals.
const RENEWAL: Duration = Duration::from_secs(30);

/// Longest checkpoint, bytes.
const LONGEST: u64 = 1024 * 1024;

/// An object with the checkpoint of a job.
#[derive(Debug)]
pub struct CheckpointObject {
    store: CosStore,
    location: BucketLocation,
    key: Key,
    /// Number of the lease.
    number: u64,
    owner: String,
    renewed: Mutex<Instant>,
}

#[derive(Deserialize, Serialize)]
struct Lease {
    owner: String,
}

impl CheckpointObject {
    /// Takes the lease, and reads the checkpoint of `job`, or begins one.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub async fn open(
        store: CosStore,
        bucket: &Bucket,
        key: Key,
        job: &str,
    ) -> Result<(Self, Checkpoint), CheckpointError> {
        let location = store.location(bucket);
        let owner = format!("{:016x}", RandomState::new().hash_one(std::process::id()));
        let mut object = Self { store, location, key, number: 0, owner, renewed: Mutex::new(Instant::now()) };
        object.take_lease().await?;
        let checkpoint = match object.read(&object.key).await? {
            Some((text, _)) => Checkpoint::parse(&text, &object.name(), job)?,
            None => Checkpoint::start(job.to_owned()),
        };
        Ok((object, checkpoint))
    }

    /// Gives the lease back.
    pub async fn release(self) {
        if let Ok(key) = self.lease_key(self.number) {
            // A lease that stays expires by itself.
            let _ = self.store.session().delete(&self.location, &key, None).await;
        }
    }

    fn name(&self) -> String {
        format!("cos://{}/{}", self.location.bucket, self.key)
    }

    fn lease_key(&self, number: u64) -> Result<Key, CheckpointError> {
        Key::parse(&format!("{}.lease-{number:010}", self.key.as_str()))
            .map_err(|error| CheckpointError::Write(self.name(), error.to_string()))
    }

    async fn take_lease(&mut self) -> Result<(), CheckpointError> {
        let latest = self.latest_lease().await?;
        if let Some(number) = latest {
            let modified = self.read(&self.lease_key(number)?).await?.and_then(|(_, modified)| modified);
            let age = modified.and_then(|modified| self.now().duration_since(modified).ok());
            if modified.is_some() && age.is_none_or(|age| age < LEASE) {
                let seconds = age.unwrap_or_default().as_secs();
                return Err(CheckpointError::Leased(self.name(), format!("its lease is {seconds} s old")));
            }
        }
        self.number = latest.unwrap_or(0).saturating_add(1);
        let key = self.lease_key(self.number)?;
        match self.write(&key, self.lease()?, true).await {
            // A repeated request finds what the first stored, if only its answer was lost.
            Ok(()) | Err(Error::Exists(_)) => {}
            Err(error) => return Err(self.failed(error)),
        }
        let found = self.read(&key).await?;
        if !found.is_some_and(|(text, _)| self.is_ours(&text)) {
            return Err(CheckpointError::Leased(self.name(), "its lease was just taken".to_owned()));
        }
        if let Some(number) = latest {
            // Leases below the latest count for nothing.
            let _ = self.store.session().delete(&self.location, &self.lease_key(number)?, None).await;
        }
        Ok(())
    }

    /// Number of the latest lease.
    async fn latest_lease(&self) -> Result<Option<u64>, CheckpointError> {
        let prefix = format!("{}.lease-", self.key.as_str());
        let page = self
            .store
            .session()
            .list(&self.location, &prefix, "")
            .await
            .map_err(|error| self.failed(error))?;
        let number = |key: &Key| key.as_str().strip_prefix(&prefix)?.parse().ok();
        Ok(page.objects.iter().filter_map(|object| number(&object.key)).max())
    }

    /// Renews the lease, unless another driver has taken it over.
    async fn renew(&self) -> Result<(), CheckpointError> {
        let mut renewed = self.renewed.lock().await;
        if renewed.elapsed() < RENEWAL {
            return Ok(());
        }
        let key = self.lease_key(self.number)?;
        let is_ours = self.read(&key).await?.is_some_and(|(text, _)| self.is_ours(&text));
        if !is_ours || self.latest_lease().await?.is_some_and(|latest| latest > self.number) {
            return Err(CheckpointError::LeaseLost(self.name()));
        }
        self.write(&key, self.lease()?, false).await.map_err(|error| self.failed(error))?;
        *renewed = Instant::now();
        Ok(())
    }

    fn lease(&self) -> Result<Vec<u8>, CheckpointError> {
        let lease = Lease { owner: self.owner.clone() };
        serde_json::to_vec(&lease).map_err(|error| CheckpointError::Write(self.name(), error.to_string()))
    }

    fn is_ours(&self, text: &[u8]) -> bool {
        serde_json::from_slice(text).is_ok_and(|lease: Lease| lease.owner == self.owner)
    }

    /// Time by the clock of COS.
    fn now(&self) -> SystemTime {
        let ahead = self.store.session().clock_ahead().unwrap_or(0);
        let distance = Duration::from_secs(ahead.unsigned_abs());
        let now = SystemTime::now();
        let shifted = if ahead < 0 { now.checked_sub(distance) } else { now.checked_add(distance) };
        shifted.unwrap_or(now)
    }

    /// Content and time of an object; `None` if there is none.
    async fn read(&self, key: &Key) -> Result<Option<(Vec<u8>, Option<SystemTime>)>, CheckpointError> {
        let unreadable = |reason| CheckpointError::Unreadable(self.name(), reason);
        let mut download = match self.store.session().get(&self.location, key, None).await {
            Ok(download) => download,
            Err(Error::NotFound { missing: MissingResource::Deleted | MissingResource::Object, .. }) => {
                return Ok(None);
            }
            Err(error) => return Err(unreadable(StoreError::from(error).0)),
        };
        if download.head.length > LONGEST {
            return Err(unreadable("it is longer than 1 MB".to_owned()));
        }
        let mut text = Vec::new();
        while let Some(chunk) =
            download.chunk().await.map_err(|error| unreadable(StoreError::from(error).0))?
        {
            text.extend_from_slice(&chunk);
        }
        Ok(Some((text, download.head.last_modified)))
    }

    async fn write(&self, key: &Key, text: Vec<u8>, only_if_absent: bool) -> Result<(), Error> {
        let upload = Upload {
            body: Bytes::from(text),
            content_type: "application/json",
            cache_control: None,
            storage_class: None,
            acl: None,
            only_if_absent,
            meta: Vec::new(),
        };
        self.store.session().put(&self.location, key, upload).await.map(drop)
    }

    fn failed(&self, error: Error) -> CheckpointError {
        CheckpointError::Write(self.name(), StoreError::from(error).0)
    }
}

impl Checkpoints for CheckpointObject {
    async fn save(&self, checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
        self.renew().await?;
        let text = checkpoint.to_json(&self.name())?;
        self.write(&self.key, text, false).await.map_err(|error| self.failed(error))
    }
}
