//! What all connections and operations of a COS share: its objects, its rules, its clock.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tokio::sync::mpsc::UnboundedSender;

use crate::cos::fault::Faults;
use crate::cos::journal::Journal;
use crate::cos::notification::{Notice, Object};
use crate::cos::storage::renditions::Renditions;
use crate::cos::storage::store::{Store, Version, Versioning};
use crate::cos::wire::error::Error;
use crate::cos::wire::request::Request;
use crate::cos::wire::signature::Gate;

/// What all connections share.
pub(crate) struct Service {
    pub(crate) store: Store,
    pub(crate) gate: Mutex<Gate>,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) renditions: Renditions,
    pub(crate) listeners: Mutex<Vec<UnboundedSender<Notice>>>,
    /// For hosts that name no region.
    pub(crate) region: String,
    /// Seconds by which the clock of the twin is ahead of this machine's.
    pub(crate) clock_offset: i64,
}

impl Service {
    /// The time of the twin, in seconds since the epoch.
    pub(crate) fn now(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        since.saturating_add_signed(self.clock_offset)
    }

    pub(crate) fn versioning(&self, bucket: &str) -> Result<Versioning, Error> {
        self.store.with(bucket, |bucket| Ok(bucket.versioning))
    }

    pub(crate) fn region_of(&self, request: &Request) -> String {
        request.region.clone().unwrap_or_else(|| self.region.clone())
    }

    /// Tells everyone who listens that an object came into being.
    pub(crate) fn created(&self, name: &'static str, request: &Request, version: &Version, bytes: &Bytes) {
        let kept = self.versioning(&request.bucket).is_ok_and(|versioning| versioning != Versioning::Off);
        let object = Object::new(version, bytes.clone(), kept);
        self.tell(&Notice {
            name,
            bucket: request.bucket.clone(),
            region: self.region_of(request),
            key: request.key.clone(),
            object: Some(object),
        });
    }

    /// Tells everyone who listens that an object went.
    pub(crate) fn removed(&self, request: &Request, key: &str, marker: bool) {
        let name = if marker { "cos:ObjectRemove:DeleteMarkerCreated" } else { "cos:ObjectRemove:Delete" };
        self.tell(&Notice {
            name,
            bucket: request.bucket.clone(),
            region: self.region_of(request),
            key: key.to_owned(),
            object: None,
        });
    }

    fn tell(&self, notice: &Notice) {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.send(notice.clone()).is_ok());
    }
}
