//! What a COS is started with.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// How to start a [`Cos`](crate::Cos).
#[derive(Clone)]
pub struct CosOptions {
    /// Folder the buckets lie in; made when missing.
    pub root: PathBuf,
    /// The only key id that is known.
    pub secret_id: String,
    /// Its secret.
    pub secret_key: String,
    /// With temporary credentials, the token every request must carry.
    pub session_token: Option<String>,
    /// Strict signature mode: Host, Content-Type, Content-MD5, Content-Length, Range, every `x-cos-*` header and every
    /// parameter must be signed when present.
    pub strict: bool,
    /// The buckets there are; when empty, every well-named bucket is.
    pub buckets: Vec<String>,
    /// Region of requests whose host names none.
    pub region: String,
    /// Seconds by which this COS's clock is ahead of the machine's.
    pub clock_offset: i64,
    /// Address to listen on; port 0 takes a free one.
    pub address: SocketAddr,
    /// Address of the admin port.
    pub admin_address: SocketAddr,
}

impl Default for CosOptions {
    fn default() -> Self {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            root: PathBuf::from(".local/cos"),
            secret_id: "AKIDlocalLocalLocalLocalLocalLocal01".to_owned(),
            secret_key: "LocalSecretKeyThatOpensNothing01".to_owned(),
            session_token: None,
            strict: false,
            buckets: Vec::new(),
            region: "ap-guangzhou".to_owned(),
            clock_offset: 0,
            address: anywhere,
            admin_address: anywhere,
        }
    }
}

impl std::fmt::Debug for CosOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CosOptions")
            .field("root", &self.root)
            .field("secret_id", &self.secret_id)
            .field("strict", &self.strict)
            .field("buckets", &self.buckets)
            .field("region", &self.region)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
