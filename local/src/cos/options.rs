//! Options of a local COS.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use crate::cos::network::Network;

/// Form of inventory reports, where Tencent does not document it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InventoryForm {
    /// Rows of one data file; further rows go to further files.
    pub rows_per_file: usize,
    /// Quotes around every field; otherwise only around fields that need them.
    pub quoted: bool,
    /// A first row with the names of the columns in each file.
    pub header: bool,
}

impl Default for InventoryForm {
    /// The form of S3, whose inventory COS follows.
    fn default() -> Self {
        Self { rows_per_file: 1_000_000, quoted: true, header: false }
    }
}

/// Acceptance of path style, `/<bucket>/<key>` on a host name without a bucket.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum PathStyle {
    /// On every host name, as for buckets from before 2024.
    Allowed,
    /// On addresses, `localhost` and host suffixes, but not on the host names of COS (436/96243).
    #[default]
    Local,
    /// On no host name.
    Refused,
}

/// CORS rules of buckets without rules of their own.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum CorsDefault {
    /// Every origin may do everything, so that pages under development can use the COS.
    #[default]
    AnyOrigin,
    /// None, as in new buckets of the real service.
    None,
}

/// Options of [`Cos::start`](crate::Cos::start).
#[derive(Clone)]
pub struct CosOptions {
    /// Folder of the buckets; created if it is missing.
    pub root: PathBuf,
    /// Secret id of the only known key.
    pub secret_id: String,
    /// Secret key of the only known key.
    pub secret_key: String,
    /// Session token that every request must carry; `None` for permanent credentials.
    pub session_token: Option<String>,
    /// Strict signature mode: Host, Content-Type, Content-MD5, Content-Length, Range, every `x-cos-*` header and every
    /// parameter must be signed if present.
    pub strict: bool,
    /// Buckets that exist from the start, besides those in the folder. Others are created by PUT Bucket.
    pub buckets: Vec<String>,
    /// Acceptance of path style.
    pub path_style: PathStyle,
    /// Names of this machine: a host `<bucket>.<suffix>` contains a bucket, and the suffix alone none. `localhost` is always
    /// among them.
    pub host_suffixes: Vec<String>,
    /// Takes files that people put into the folder of a bucket as uploads, and those that they remove as removals.
    pub watch_folder: bool,
    /// CORS rules of buckets without rules of their own.
    pub cors: CorsDefault,
    /// Region of the buckets.
    pub region: String,
    /// Seconds by which the clock of this COS is ahead of that of the machine.
    pub clock_offset: i64,
    /// Form of inventory reports.
    pub inventory: InventoryForm,
    /// Shape of the network to this COS; `None` for that of the machine.
    pub network: Option<Network>,
    /// Address to listen on; port 0 chooses a free port.
    pub address: SocketAddr,
    /// Address of the admin port; port 0 chooses a free port.
    pub admin_address: SocketAddr,
}

impl Default for CosOptions {
    fn default() -> Self {
        let free_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            root: PathBuf::from(".local/cos"),
            secret_id: "AKIDlocalLocalLocalLocalLocalLocal01".to_owned(),
            secret_key: "LocalSecretKeyThatOpensNothing01".to_owned(),
            session_token: None,
            strict: false,
            buckets: Vec::new(),
            path_style: PathStyle::default(),
            host_suffixes: Vec::new(),
            watch_folder: false,
            cors: CorsDefault::default(),
            region: "ap-guangzhou".to_owned(),
            clock_offset: 0,
            inventory: InventoryForm::default(),
            network: None,
            address: free_port,
            admin_address: free_port,
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
