//! A running COS: its two ports, and what a test does to it without the network.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::background::Background;
use crate::cos::admin;
use crate::cos::fault::{Fault, Faults};
use crate::cos::handler;
use crate::cos::journal::{Journal, Request};
use crate::cos::notification::{Notice, Object};
use crate::cos::options::CosOptions;
use crate::cos::service::Service;
use crate::cos::storage::ids;
use crate::cos::storage::renditions::Renditions;
use crate::cos::storage::store::{Store, Upcoming, Versioning};
use crate::cos::wire::error::Error;
use crate::cos::wire::request::check_key;
use crate::cos::wire::signature::Gate;
use crate::header_case::{Speller, Spelling};
use crate::http;

/// A running COS. It stops when dropped; the folder stays.
pub struct Cos {
    service: Arc<Service>,
    address: SocketAddr,
    admin_address: SocketAddr,
    _background: Background,
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
    /// When the folder cannot be used or the address cannot be bound.
    pub async fn start(options: CosOptions) -> io::Result<Self> {
        let store = Store::open(options.root, &options.buckets)?;
        let gate = Gate {
            secret_id: options.secret_id,
            secret_key: options.secret_key,
            session_token: options.session_token,
            token_expired: false,
            strict: options.strict,
        };
        let service = Arc::new(Service {
            store,
            gate: Mutex::new(gate),
            faults: Faults::default(),
            journal: Journal::default(),
            renditions: Renditions::default(),
            listeners: Mutex::default(),
            region: options.region,
            clock_offset: options.clock_offset,
        });
        let background = Background::new("cos")?;
        let listener = background.listen(options.address).await?;
        let admin = background.listen(options.admin_address).await?;
        let (address, admin_address) = (listener.local_addr()?, admin.local_addr()?);
        background.spawn(serve(listener, Arc::clone(&service)));
        background.spawn(admin::serve(admin, Arc::clone(&service)));
        Ok(Self { service, address, admin_address, _background: background })
    }

    /// `http://127.0.0.1:<port>`: where to connect to, whatever the host name.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address behind [`Self::endpoint`].
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:<port>` of the admin port: `POST` and `DELETE /-/faults`, `GET` and `DELETE /-/journal`.
    #[must_use]
    pub fn admin_endpoint(&self) -> String {
        format!("http://{}", self.admin_address)
    }

    /// The credentials as SCF hands those of a role to a function: three variables, or two without a token.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let gate = self.service.gate.lock().unwrap_or_else(PoisonError::into_inner);
        let token = gate.session_token.clone().map(|token| ("TENCENTCLOUD_SESSIONTOKEN", token));
        let keys = [
            ("TENCENTCLOUD_SECRETID", gate.secret_id.clone()),
            ("TENCENTCLOUD_SECRETKEY", gate.secret_key.clone()),
        ];
        keys.into_iter().chain(token).map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Stores an object without going through the network, for tests. Fires no notice and is not in the journal.
    ///
    /// # Panics
    /// When it cannot be stored; see [`Self::try_put`].
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

    /// Stores an object without going through the network. Fires no notice and is not in the journal.
    /// With a version id, versioning is switched on and the new version gets that id.
    ///
    /// # Errors
    /// When bucket or key are ones COS would refuse, or the folder cannot be written.
    pub fn try_put(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        bytes: impl Into<Bytes>,
        headers: &[(&str, &str)],
    ) -> io::Result<Object> {
        let headers = headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned()));
        let upcoming = Upcoming {
            bytes: bytes.into(),
            headers: headers.collect(),
            id: version.map(str::to_owned),
            etag: None,
            forbid_overwrite: false,
            modified: self.service.now(),
            request_id: ids::request(),
        };
        let bytes = upcoming.bytes.clone();
        if version.is_some() {
            self.versioning(bucket, true)?;
        }
        let stored = check_key(key).and_then(|()| self.service.store.put(bucket, key, upcoming));
        let refused =
            |error: Error| io::Error::other(format!("{bucket}/{key} cannot be stored: {}", error.message()));
        Ok(Object::new(&stored.map_err(refused)?, bytes, self.keeps_versions(bucket)))
    }

    /// Prepares what image processing answers for an object, whatever it is asked to make of it. Without a
    /// rendition it refuses.
    pub fn put_rendition(&self, bucket: &str, key: &str, bytes: impl Into<Bytes>) {
        self.service.renditions.put(bucket, key, bytes.into());
    }

    /// The current version of an object.
    #[must_use]
    pub fn object(&self, bucket: &str, key: &str) -> Option<Object> {
        let (version, bytes) = self.service.store.get(bucket, key, None).ok()?;
        Some(Object::new(&version, bytes, self.keeps_versions(bucket)))
    }

    /// Removes an object, or puts a delete marker on it, without going through the network.
    pub fn delete(&self, bucket: &str, key: &str) {
        // Deleting what does not exist succeeds in COS; there is nothing to report.
        let _ = self.service.store.delete(bucket, key, None, self.service.now());
    }

    /// Removes one version of an object for good, without going through the network.
    pub fn delete_version(&self, bucket: &str, key: &str, version: &str) {
        // As above.
        let _ = self.service.store.delete(bucket, key, Some(version), self.service.now());
    }

    /// The keys of a bucket in the order of a listing, without delete markers.
    #[must_use]
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        let keys = self.service.store.with(bucket, |bucket| {
            let visible =
                bucket.objects.iter().filter(|(_, v)| v.last().is_some_and(|version| !version.is_marker()));
            Ok(visible.map(|(key, _)| key.clone()).collect())
        });
        keys.unwrap_or_default()
    }

    /// The file an object lies in.
    #[must_use]
    pub fn file(&self, bucket: &str, key: &str) -> Option<PathBuf> {
        self.service.store.file(bucket, key)
    }

    /// Adds a fault. Of several that match a request, the oldest strikes.
    pub fn fail(&self, fault: Fault) {
        self.service.faults.add(fault);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.service.faults.clear();
    }

    /// The requests since the start or the last [`Self::clear_journal`].
    #[must_use]
    pub fn journal(&self) -> Vec<Request> {
        self.service.journal.lock().clone()
    }

    /// Forgets the requests so far.
    pub fn clear_journal(&self) {
        self.service.journal.lock().clear();
    }

    /// Switches versioning on, or from on to suspended.
    ///
    /// # Errors
    /// When there is no such bucket or the folder cannot be written.
    pub fn versioning(&self, bucket: &str, on: bool) -> io::Result<()> {
        let next = match (on, self.service.versioning(bucket)) {
            (true, _) => Versioning::Enabled,
            (false, Ok(Versioning::Off)) => Versioning::Off,
            (false, _) => Versioning::Suspended,
        };
        let result = self.service.store.set_versioning(bucket, next);
        result.map_err(|error| io::Error::other(error.message().to_owned()))
    }

    /// Replaces the known credentials, as when the role of a function gets new ones.
    pub fn set_credentials(&self, secret_id: &str, secret_key: &str, session_token: Option<&str>) {
        let mut gate = self.service.gate.lock().unwrap_or_else(PoisonError::into_inner);
        secret_id.clone_into(&mut gate.secret_id);
        secret_key.clone_into(&mut gate.secret_key);
        gate.session_token = session_token.map(str::to_owned);
        gate.token_expired = false;
    }

    /// Makes the session token too old (400 ExpiredToken), or valid again.
    pub fn expire_token(&self, expired: bool) {
        self.service.gate.lock().unwrap_or_else(PoisonError::into_inner).token_expired = expired;
    }

    /// Everything that happens in any bucket from now on and that COS would send an event for.
    #[must_use]
    pub fn notices(&self) -> UnboundedReceiver<Notice> {
        let (sender, receiver) = unbounded_channel();
        self.service.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }

    fn keeps_versions(&self, bucket: &str) -> bool {
        self.service.versioning(bucket).is_ok_and(|versioning| versioning != Versioning::Off)
    }
}

async fn serve(listener: TcpListener, service: Arc<Service>) {
    let handler = move |request| handler::handle(Arc::clone(&service), request);
    http::serve(&listener, handler, |socket| Speller::new(socket, Spelling::Cos)).await;
}
