//! State that all connections and operations of a COS share.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::cos::fault::Faults;
use crate::cos::journal::Journal;
use crate::cos::listeners::Listeners;
use crate::cos::notification::{EventNotification, Object};
use crate::cos::options::{CorsDefault, InventoryForm, PathStyle};
use crate::cos::refusal::Refusal;
use crate::cos::signature::authenticator::Authenticator;
use crate::cos::storage::renditions::Renditions;
use crate::cos::storage::store::Store;
use crate::cos::storage::version::{Version, Versioning};
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::{AddressStyle, CosRequest};
use bytes::Bytes;

/// Shared state of a COS.
pub(crate) struct Service {
    pub(crate) store: Store,
    pub(crate) authenticator: Mutex<Authenticator>,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) renditions: Renditions,
    pub(crate) notifications: Listeners<EventNotification>,
    pub(crate) refusals: Listeners<Refusal>,
    pub(crate) path_style: PathStyle,
    pub(crate) host_suffixes: Vec<String>,
    pub(crate) cors: CorsDefault,
    /// Held while an object is appended to.
    pub(crate) append_lock: Mutex<()>,
    /// Region of the buckets, unless they were created in another.
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

    /// Returns the credentials and the signature mode as they are now.
    pub(crate) fn authenticator(&self) -> Authenticator {
        self.authenticator.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the versioning state of a bucket.
    pub(crate) fn versioning(&self, bucket: &str) -> Result<Versioning, CosError> {
        self.store.with_bucket(bucket, |bucket| Ok(bucket.versioning))
    }

    /// Returns whether objects of a bucket have version ids.
    pub(crate) fn has_versions(&self, bucket: &str) -> bool {
        self.versioning(bucket).is_ok_and(|versioning| versioning != Versioning::Off)
    }

    /// Returns the region of a bucket.
    pub(crate) fn region_of(&self, bucket: &str) -> String {
        let region = self.store.with_bucket(bucket, |bucket| Ok(bucket.settings.region.clone()));
        region.ok().flatten().unwrap_or_else(|| self.region.clone())
    }

    /// Checks that the bucket of a request exists in the region of its host name.
    pub(crate) fn check_bucket(&self, request: &CosRequest) -> Result<(), CosError> {
        let bucket = &request.bucket;
        self.store.with_bucket(bucket, |_| Ok(())).map_err(|error| self.explain_bucket(bucket, error))?;
        let region = self.region_of(bucket);
        match &request.region {
            Some(asked) if *asked != region => {
                let hint = format!("{bucket} is in {region}, and the host name says {asked}");
                Err(CosError::from(ErrorCode::NO_SUCH_BUCKET).hint(hint))
            }
            _ => Ok(()),
        }
    }

    /// Checks that path style is allowed, if the request has it.
    pub(crate) fn check_style(&self, request: &CosRequest) -> Result<(), CosError> {
        let is_allowed = match (request.style, self.path_style) {
            (AddressStyle::Path { local: false }, style) => style == PathStyle::Allowed,
            (AddressStyle::Path { local: true }, style) => style != PathStyle::Refused,
            (AddressStyle::Host, _) => true,
        };
        if is_allowed || request.bucket.is_empty() {
            return Ok(());
        }
        let hint = "buckets created since 2024 refuse path style; let the client use virtual-hosted style, or pass \
            --path-style allow";
        Err(CosError::from(ErrorCode::PATH_STYLE_DOMAIN_FORBIDDEN).hint(hint))
    }

    /// Adds a hint to the refusal of a bucket.
    fn explain_bucket(&self, bucket: &str, error: CosError) -> CosError {
        let hint = if error.code() == ErrorCode::INVALID_BUCKET_NAME.name {
            "the full name of a bucket ends in -<appid>, as in photos-1250000000".to_owned()
        } else {
            let names: Vec<String> = self.store.buckets().into_iter().map(|(name, _)| name).collect();
            format!(
                "buckets: {}; {bucket} can be created by PUT Bucket, --source or --target",
                names.join(", ")
            )
        };
        error.hint(hint)
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
            region: self.region_of(&request.bucket),
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
            region: self.region_of(&request.bucket),
            key: key.to_owned(),
            object: None,
        });
    }

    /// Notifies all listeners.
    pub(crate) fn notify(&self, notification: &EventNotification) {
        self.notifications.send(notification);
    }
}
