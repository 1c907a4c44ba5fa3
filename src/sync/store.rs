//! The store that holds sources and thumbnails, as far as a survey reads it.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use crate::cos::{self, BucketLocation, Client, Credential, Head, ListPage, MissingResource, Session};
use crate::object::{Bucket, Key, Region};
use crate::text::sentence;

/// Time for one request with all its retries. A survey of hours outlasts an outage of minutes.
const PATIENCE: Duration = Duration::from_secs(600);

/// A store of objects: COS, or a model of it.
pub trait Store {
    /// Lists the objects whose keys begin with `prefix` and follow `marker`, in the order of their bytes.
    fn list(
        &self,
        bucket: &Bucket,
        prefix: &str,
        marker: &str,
    ) -> impl Future<Output = Result<ListPage, StoreError>>;

    /// Requests the headers of an object; `None` if there is none.
    fn head(&self, bucket: &Bucket, key: &Key) -> impl Future<Output = Result<Option<Head>, StoreError>>;
}

/// A request of a survey that failed at every attempt. Its text has the remedy.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// COS, in one region.
#[derive(Clone, Debug)]
pub struct CosStore {
    session: Session,
    client: Client,
    credential: Credential,
    region: Region,
}

impl CosStore {
    /// A store of all buckets in `region`.
    #[must_use]
    pub fn new(client: Client, credential: Credential, region: Region) -> Self {
        // Its counters are those of all requests; its deadline is replaced for each.
        let session = client.session(credential.clone(), Instant::now());
        Self { session, client, credential, region }
    }

    /// Requests sent so far, retries included.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.session.counters().requests
    }

    /// Session for one request.
    #[must_use]
    pub fn session(&self) -> Session {
        let session = self.client.session(self.credential.clone(), Instant::now() + PATIENCE);
        session.with_counters_of(&self.session)
    }

    /// Bucket in the region of the store.
    #[must_use]
    pub fn location(&self, bucket: &Bucket) -> BucketLocation {
        BucketLocation { bucket: bucket.clone(), region: self.region.clone() }
    }
}

impl Store for CosStore {
    async fn list(&self, bucket: &Bucket, prefix: &str, marker: &str) -> Result<ListPage, StoreError> {
        Ok(self.session().list(&self.location(bucket), prefix, marker).await?)
    }

    async fn head(&self, bucket: &Bucket, key: &Key) -> Result<Option<Head>, StoreError> {
        match self.session().head(&self.location(bucket), key, None).await {
            Ok(head) => Ok(Some(head)),
            Err(cos::Error::NotFound {
                missing: MissingResource::Deleted | MissingResource::Object | MissingResource::Version,
                ..
            }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl StoreError {
    /// A listing whose next page begins where the last one did.
    pub(super) fn stuck(bucket: &Bucket, marker: &str) -> Self {
        Self(format!(
            "the listing of {bucket} does not advance beyond {marker:?}; check what stands between this machine and COS"
        ))
    }
}

/// Advice to a function becomes advice to the owner of the keys of this command.
impl From<cos::Error> for StoreError {
    fn from(error: cos::Error) -> Self {
        let text = sentence(&error);
        let (theirs, ours) = match &error {
            cos::Error::CredentialsRejected(_) => {
                ("give the function a role, or renew its keys", "check the keys, or renew them")
            }
            cos::Error::Deadline { .. } => {
                ("raise the time limit of the function or do less in one event", "try again later")
            }
            cos::Error::Denied(_) => ("to the role of the function", "to the owner of the keys"),
            cos::Error::Protocol { .. } => ("between the function and COS", "between this machine and COS"),
            cos::Error::Transport { .. } => {
                ("that the function reaches COS", "that this machine reaches COS")
            }
            _ => return Self(text),
        };
        Self(text.replacen(theirs, ours, 1))
    }
}
