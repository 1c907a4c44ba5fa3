//! State that all connections and operations of a COS share.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tokio::sync::mpsc::UnboundedSender;

use crate::cos::fault::Faults;
use crate::cos::journal::Journal;
use crate::cos::notification::{EventNotification, Object};
use crate::cos::options::InventoryForm;
use crate::cos::storage::renditions::Renditions;
use crate::cos::storage::store::Store;
use crate::cos::storage::version::{Version, Versioning};
use crate::cos::wire::error::CosError;
use crate::cos::wire::request::CosRequest;
use crate::cos::wire::signature::Authenticator;

/// Shared state of a COS.
pub(crate) struct Service {
    pub(crate) store: Store,
    pub(crate) authenticator: Mutex<Authenticator>,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) renditions: Renditions,
    pub(crate) listeners: Mutex<Vec<UnboundedSender<EventNotification>>>,
    /// Region of requests whose host name contains none.
    pub(crate) region: String,
    /// Form of inventory reports.
    pub(crate) inventory: InventoryForm,
    /// Seconds by which the clock of this COS is ahead of that of the machine.
    pub(crate) clock_offset: i64,
}

impl Service {
    /// Returns the time of this COS, in seconds since the Unix epoch.
    pub(crate) fn now(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        since.saturating_add_signed(self.clock_offset)
    }

    /// Returns the versioning state of a bucket.
    pub(crate) fn versioning(&self, bucket: &str) -> Result<Versioning, CosError> {
        self.store.with_bucket(bucket, |bucket| Ok(bucket.versioning))
    }

    /// Returns whether objects of a bucket have version ids.
    pub(crate) fn has_versions(&self, bucket: &str) -> bool {
        self.versioning(bucket).is_ok_and(|versioning| versioning != Versioning::Off)
    }

    /// Returns the region of a request.
    pub(crate) fn region_of(&self, request: &CosRequest) -> String {
        request.region.clone().unwrap_or_else(|| self.region.clone())
    }

    /// Notifies all listeners of a new or restored object.
    pub(crate) fn notify_created(
        &self,
        name: &'static str,
        request: &CosRequest,
        version: &Version,
        bytes: &Bytes,
    ) {
        let object = Object::new(version, bytes.clone(), self.has_versions(&request.bucket));
        self.notify(&EventNotification {
            name,
            bucket: request.bucket.clone(),
            region: self.region_of(request),
            key: request.key.clone(),
            object: Some(object),
        });
    }

    /// Notifies all listeners of a removed object, or of a new delete marker.
    pub(crate) fn notify_removed(&self, request: &CosRequest, key: &str, marker: bool) {
        let name = if marker { "cos:ObjectRemove:DeleteMarkerCreated" } else { "cos:ObjectRemove:Delete" };
        self.notify(&EventNotification {
            name,
            bucket: request.bucket.clone(),
            region: self.region_of(request),
            key: key.to_owned(),
            object: None,
        });
    }

    /// Notifies all listeners.
    pub(crate) fn notify(&self, notification: &EventNotification) {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.send(notification.clone()).is_ok());
    }
}
