//! A running COS: its two ports, and the operations that tests perform without the network.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::background::BackgroundRuntime;
use crate::cos::admin;
use crate::cos::fault::{Fault, Faults};
use crate::cos::handler;
use crate::cos::journal::{Journal, RecordedRequest};
use crate::cos::listeners::Listeners;
use crate::cos::network::{Network, ShapedSocket, Traffic, TrafficCounters};
use crate::cos::notification::{EventNotification, Object};
use crate::cos::options::CosOptions;
use crate::cos::refusal::Refusal;
use crate::cos::service::Service;
use crate::cos::signature::authenticator::Authenticator;
use crate::cos::storage::bucket::BucketSettings;
use crate::cos::storage::ids;
use crate::cos::storage::renditions::Renditions;
use crate::cos::storage::store::Store;
use crate::cos::storage::version::{NewVersion, Version, Versioning};
use crate::cos::watch;
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::check_key;
use crate::header_case::{HeaderCaseSocket, HeaderStyle};
use crate::http;

/// A running COS. It stops when it is dropped; the folder remains.
pub struct Cos {
    service: Arc<Service>,
    address: SocketAddr,
    admin_address: SocketAddr,
    traffic: Arc<TrafficCounters>,
    _background: BackgroundRuntime,
}

impl std::fmt::Debug for Cos {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cos").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Cos {
    /// Starts a COS on threads of its own.
    ///
    /// # Errors
    /// When the folder cannot be used, an address cannot be bound, or the threads cannot be started.
    pub async fn start(options: CosOptions) -> io::Result<Self> {
        let store = Store::open(options.root, &options.buckets)?;
        let authenticator = Authenticator {
            secret_id: options.secret_id,
            secret_key: options.secret_key,
            session_token: options.session_token,
            token_expired: false,
            strict: options.strict,
        };
        let service = Arc::new(Service {
            store,
            authenticator: Mutex::new(authenticator),
            faults: Faults::default(),
            journal: Journal::default(),
            renditions: Renditions::default(),
            notifications: Listeners::default(),
            refusals: Listeners::default(),
            path_style: options.path_style,
            host_suffixes: options.host_suffixes,
            cors: options.cors,
            append_lock: Mutex::default(),
            region: options.region,
            inventory: options.inventory,
            clock_offset: options.clock_offset,
        });
        let background = BackgroundRuntime::new("cos")?;
        let listener = background.listen(options.address).await?;
        let admin = background.listen(options.admin_address).await?;
        let (address, admin_address) = (listener.local_addr()?, admin.local_addr()?);
        let traffic = Arc::new(TrafficCounters::default());
        background.spawn(serve(listener, Arc::clone(&service), options.network, Arc::clone(&traffic)));
        if options.watch_folder {
            for (bucket, _) in service.store.buckets() {
                service.store.create_folder(&bucket)?;
            }
            background.spawn(watch::watch(Arc::clone(&service)));
        }
        background.spawn(admin::serve(admin, Arc::clone(&service)));
        Ok(Self { service, address, admin_address, traffic, _background: background })
    }

    /// Returns the address to connect to, `http://127.0.0.1:<port>`. Requests may carry any host name.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the address of [`Self::endpoint`].
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address of the admin port, which serves `POST` and `DELETE /-/faults`, `GET` and `DELETE /-/journal`,
    /// `POST /-/inventory/<bucket>/<id>`.
    #[must_use]
    pub fn admin_endpoint(&self) -> String {
        format!("http://{}", self.admin_address)
    }

    /// Returns the credentials as the environment variables in which SCF passes those of a role. The third, for the session
    /// token, is missing without a token.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let authenticator = self.service.authenticator.lock().unwrap_or_else(PoisonError::into_inner);
        let token = authenticator.session_token.clone().map(|token| ("TENCENTCLOUD_SESSIONTOKEN", token));
        let keys = [
            ("TENCENTCLOUD_SECRETID", authenticator.secret_id.clone()),
            ("TENCENTCLOUD_SECRETKEY", authenticator.secret_key.clone()),
        ];
        keys.into_iter().chain(token).map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Stores an object without the network, for tests. Sends no notification and is not in the journal.
    ///
    /// # Panics
    /// When the object cannot be stored; see [`Self::try_put`].
    #[expect(clippy::unused_async, reason = "callers need not know whether the store blocks")]
    pub async fn put(
        &self,
        bucket: &str,
        key: &str,
        bytes: impl Into<Bytes>,
        headers: &[(&str, &str)],
    ) -> Object {
        match self.try_put(bucket, key, None, bytes, headers) {
            Ok(object) => object,
            Err(error) => panic!("{error}"),
        }
    }

    /// Stores an object without the network, and creates its bucket if that is missing. Sends no notification and is not in
    /// the journal.
    ///
    /// A version id enables versioning and becomes the id of the new version.
    ///
    /// # Errors
    /// When COS would refuse bucket or key, or the folder cannot be written.
    pub fn try_put(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        bytes: impl Into<Bytes>,
        headers: &[(&str, &str)],
    ) -> io::Result<Object> {
        let headers = headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned()));
        let new_version = NewVersion {
            bytes: bytes.into(),
            headers: headers.collect(),
            id: version.map(str::to_owned),
            etag: None,
            forbid_overwrite: false,
            modified: self.service.now(),
            request_id: ids::request(),
        };
        let bytes = new_version.bytes.clone();
        self.create_missing(bucket)?;
        if version.is_some() {
            self.versioning(bucket, true)?;
        }
        let stored = check_key(key).and_then(|()| self.service.store.put(bucket, key, new_version));
        let refused = |error: CosError| {
            io::Error::other(format!("{bucket}/{key} cannot be stored: {}", error.message()))
        };
        Ok(Object::new(&stored.map_err(refused)?, bytes, self.service.has_versions(bucket)))
    }

    /// Sets the result of image processing for an object. It is returned for every process; without it, image processing
    /// is refused.
    pub fn put_rendition(&self, bucket: &str, key: &str, bytes: impl Into<Bytes>) {
        self.service.renditions.put(bucket, key, bytes.into());
    }

    /// Returns the current version of an object.
    #[must_use]
    pub fn object(&self, bucket: &str, key: &str) -> Option<Object> {
        let (version, bytes) = self.service.store.get(bucket, key, None).ok()?;
        Some(Object::new(&version, bytes, self.service.has_versions(bucket)))
    }

    /// Removes an object, or adds a delete marker, without the network.
    pub fn delete(&self, bucket: &str, key: &str) {
        // As in COS, deleting a missing object is no error.
        let _ = self.service.store.delete(bucket, key, None, self.service.now());
    }

    /// Removes one version of an object permanently, without the network.
    pub fn delete_version(&self, bucket: &str, key: &str, version: &str) {
        // As in COS, deleting a missing version is no error.
        let _ = self.service.store.delete(bucket, key, Some(version), self.service.now());
    }

    /// Returns the keys of a bucket in the order of a listing, without delete markers.
    #[must_use]
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        let keys = self.service.store.with_bucket(bucket, |bucket| {
            let visible =
                bucket.objects.iter().filter(|(_, v)| v.last().is_some_and(|version| !version.is_marker()));
            Ok(visible.map(|(key, _)| key.clone()).collect())
        });
        keys.unwrap_or_default()
    }

    /// Returns keys and versions of the first objects of a bucket, without delete markers.
    pub(crate) fn versions(&self, bucket: &str, most: usize) -> Vec<(String, Version)> {
        let found = self.service.store.with_bucket(bucket, |bucket| {
            let current = bucket.objects.iter().filter_map(|(key, versions)| {
                versions
                    .last()
                    .filter(|version| !version.is_marker())
                    .map(|version| (key.clone(), version.clone()))
            });
            Ok(current.take(most).collect())
        });
        found.unwrap_or_default()
    }

    /// Returns the file of an object.
    #[must_use]
    pub fn file(&self, bucket: &str, key: &str) -> Option<PathBuf> {
        self.service.store.file(bucket, key)
    }

    /// Stores a periodic inventory job, an `InventoryConfiguration` (436/30625), without the network.
    ///
    /// # Errors
    /// When COS would refuse the job.
    pub fn put_inventory(&self, bucket: &str, id: &str, document: &str) -> io::Result<()> {
        self.service.store_inventory(bucket, id, document.as_bytes()).map_err(|error| {
            io::Error::other(format!("the inventory {id} of {bucket} is refused: {}", error.message()))
        })
    }

    /// Runs a periodic inventory job, which COS does at night, and returns the key of its manifest in the destination bucket.
    ///
    /// # Errors
    /// When the job does not exist or is not enabled, or the report cannot be stored.
    pub fn run_inventory(&self, bucket: &str, id: &str) -> io::Result<String> {
        self.service.run_inventory(bucket, id).map_err(|error| {
            io::Error::other(format!("the inventory {id} of {bucket} cannot run: {}", error.message()))
        })
    }

    /// Injects a fault. If several match a request, the oldest applies.
    pub fn fail(&self, fault: Fault) {
        self.service.faults.add(fault);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.service.faults.clear();
    }

    /// Replaces the faults and returns those that there were, with the requests that they still apply to.
    pub(crate) fn replace_faults(&self, next: Vec<Fault>) -> Vec<Fault> {
        self.service.faults.replace(next)
    }

    /// Returns the requests since the start or the last [`Self::clear_journal`].
    #[must_use]
    pub fn journal(&self) -> Vec<RecordedRequest> {
        self.service.journal.lock().clone()
    }

    /// Returns the bytes of all requests and responses since the start.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.traffic.read()
    }

    /// Clears the journal.
    pub fn clear_journal(&self) {
        self.service.journal.lock().clear();
    }

    /// Enables versioning, or suspends enabled versioning. Creates the bucket if it is missing.
    ///
    /// # Errors
    /// When the name of the bucket is impossible or the folder cannot be written.
    pub fn versioning(&self, bucket: &str, on: bool) -> io::Result<()> {
        self.create_missing(bucket)?;
        let next = match (on, self.service.versioning(bucket)) {
            (true, _) => Versioning::Enabled,
            (false, Ok(Versioning::Off)) => Versioning::Off,
            (false, _) => Versioning::Suspended,
        };
        let result = self.service.store.set_versioning(bucket, next);
        result.map_err(|error| io::Error::other(error.message().to_owned()))
    }

    /// Creates a bucket, unless it exists.
    fn create_missing(&self, bucket: &str) -> io::Result<()> {
        match self.service.store.create(bucket, BucketSettings::default()) {
            Err(error) if error.code() != ErrorCode::BUCKET_ALREADY_OWNED.name => {
                Err(io::Error::other(format!("the bucket {bucket} cannot be created: {}", error.message())))
            }
            _ => Ok(()),
        }
    }

    /// Replaces the credentials, as when those of a role are renewed.
    pub fn set_credentials(&self, secret_id: &str, secret_key: &str, session_token: Option<&str>) {
        let mut authenticator = self.service.authenticator.lock().unwrap_or_else(PoisonError::into_inner);
        secret_id.clone_into(&mut authenticator.secret_id);
        secret_key.clone_into(&mut authenticator.secret_key);
        authenticator.session_token = session_token.map(str::to_owned);
        authenticator.token_expired = false;
    }

    /// Makes the session token expired (400 ExpiredToken), or valid again.
    pub fn expire_token(&self, expired: bool) {
        self.service.authenticator.lock().unwrap_or_else(PoisonError::into_inner).token_expired = expired;
    }

    /// Subscribes to the changes in all buckets for which COS sends events.
    #[must_use]
    pub fn notifications(&self) -> UnboundedReceiver<EventNotification> {
        self.service.notifications.subscribe()
    }

    /// Subscribes to the refused requests. Answers of daily work such as NoSuchKey are not among them.
    #[must_use]
    pub fn refusals(&self) -> UnboundedReceiver<Refusal> {
        self.service.refusals.subscribe()
    }
}

/// Serves the XML API until the future is dropped.
async fn serve(
    listener: TcpListener,
    service: Arc<Service>,
    network: Option<Network>,
    traffic: Arc<TrafficCounters>,
) {
    let handler = move |request| handler::handle(Arc::clone(&service), request);
    let wrap = |socket| {
        HeaderCaseSocket::new(ShapedSocket::new(socket, network, Arc::clone(&traffic)), HeaderStyle::Cos)
    };
    http::serve(&listener, handler, wrap).await;
}
