//! A local COS and a local SCF, for developing and testing the thumbnail function without an account.
//!
//! | type | purpose |
//! |---|---|
//! | [`Cos`] | the XML API of COS on a folder; verifies request signatures, injects faults, records requests |
//! | [`Scf`] | the runtime API of SCF, and the process of one function with the limits of the platform |
//! | [`FunctionPool`] | several instances, with the quotas, the event queue and the retries of the platform |
//! | [`ScfApi`] | the cloud API of SCF, which invokes the function of a pool |
//! | [`Playground`] | a page on which people choose their thumbnails, made by the function itself |
//! | [`Trigger`] | a COS trigger: invokes a function for the events of a bucket |
//! | [`event`] | events as COS sends them to a function |
//!
//! The crate shares no code with the function that it runs. The verifier of signatures was written from the
//! documents and is tested with signatures of Tencent's SDKs. The program under test is started unmodified, with the
//! environment that SCF would give it. Numbers such as 436/7778 are pages of Tencent's documentation,
//! `cloud.tencent.com/document/product/436/7778`.
//!
//! # A local COS
//!
//! [`CosOptions::default`] listens on a free port. Tests store and read objects directly; clients use [`Cos::endpoint`].
//!
//! ```
//! use scf_local::{Cos, CosOptions, Fault, FaultKind};
//!
//! # #[tokio::main]
//! # async fn main() -> std::io::Result<()> {
//! let folder = tempfile::tempdir()?;
//! let cos = Cos::start(CosOptions { root: folder.path().into(), ..CosOptions::default() }).await?;
//! cos.put("photos-1250000000", "cat.jpg", "pixels", &[("Content-Type", "image/jpeg")]).await;
//! assert_eq!(cos.keys("photos-1250000000"), ["cat.jpg"]);
//!
//! // The next GET of the key is answered with status 503.
//! let busy = FaultKind::Status { status: 503, code: "SlowDown".to_owned() };
//! cos.fail(Fault::new(busy).method("GET").key("cat.jpg"));
//! assert!(cos.endpoint().starts_with("http://127.0.0.1:"));
//! # Ok(())
//! # }
//! ```
//!
//! # A function
//!
//! ```no_run
//! use scf_local::{Cos, CosOptions, Scf, ScfOptions, event};
//!
//! # #[tokio::main]
//! # async fn main() -> std::io::Result<()> {
//! let cos = Cos::start(CosOptions::default()).await?;
//! let mut environment = cos.environment();
//! environment.push(("COS_ENDPOINT".to_owned(), cos.endpoint()));
//! let scf = Scf::start(ScfOptions { program: "./bootstrap".into(), environment, ..ScfOptions::default() }).await?;
//!
//! let photo = cos.put("photos-1250000000", "cat.jpg", std::fs::read("cat.jpg")?, &[("Content-Type", "image/jpeg")]).await;
//! let message = event::created("cos:ObjectCreated:Put", "photos-1250000000", "ap-guangzhou", "cat.jpg", &photo);
//! let invocation = scf.invoke(&message.to_string()).await;
//! assert!(invocation.outcome.is_success());
//! # Ok(())
//! # }
//! ```
//!
//! # Several instances and the cloud API
//!
//! [`ScfApiOptions::default`] listens on a free port and has the credentials of [`CosOptions::default`]. Clients connect to
//! [`ScfApi::endpoint`]; tests invoke without the network.
//!
//! ```no_run
//! use scf_local::{ApiFault, ApiFaultKind, ScfApi, ScfApiOptions, ScfOptions};
//!
//! # #[tokio::main]
//! # async fn main() -> std::io::Result<()> {
//! let function = ScfOptions { program: "./bootstrap".into(), memory_mb: 512, ..ScfOptions::default() };
//! // At most four invocations run at once; further ones are refused with status 432.
//! let api = ScfApi::start(ScfApiOptions { function, quota_mb: Some(2048), ..ScfApiOptions::default() }).await?;
//! api.fail(ApiFault::new(ApiFaultKind::LostAnswer).action("InvokeFunction"));
//! assert!(api.invoke("{}").await.outcome.is_success());
//! assert_eq!(api.counters().pool.instances.len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # With the official Python SDK
//!
//! `IP` and `Port` set the address of the connection. The host name, which is part of the signature, remains that of the
//! real service.
//!
//! ```python
//! from qcloud_cos import CosConfig, CosS3Client
//! client = CosS3Client(CosConfig(Region='ap-guangzhou', Scheme='http', IP='127.0.0.1', Port=8090,
//!                                SecretId='AKIDlocalLocalLocalLocalLocalLocal01',
//!                                SecretKey='LocalSecretKeyThatOpensNothing01'))
//! client.put_object(Bucket='photos-1250000000', Key='cat.jpg', Body=open('cat.jpg', 'rb'), ContentType='image/jpeg')
//! ```

mod background;
mod cloud_api;
mod cos;
mod dates;
pub mod event;
mod header_case;
mod http;
mod playground;
mod pool;
mod rate_window;
mod scf;
mod trigger;

pub use cloud_api::{
    ApiFault, ApiFaultKind, InvokeResult, ScfApi, ScfApiCounters, ScfApiOptions, ThrottleReport,
};
pub use cos::{
    CorsDefault, Cos, CosOptions, EventNotification, Fault, FaultKind, InventoryForm, Network, Object,
    PathStyle, RecordedRequest, Refusal, Traffic, is_bucket_name,
};
pub use playground::{Playground, PlaygroundOptions};
pub use pool::{DroppedEvents, FunctionPool, InstanceCounters, PoolCounters, PoolOptions};
pub use scf::{HeaderCase, Invocation, LogSink, Outcome, RuntimeFault, Scf, ScfOptions};
pub use trigger::Trigger;
