//! The development twin of the thumbnail function: an SCF runtime API and a COS on this machine.
//!
//! It knows nothing of the function it serves and shares no code with it: requests are checked by a verifier of its
//! own, written from the documents and tested with signatures of Tencent's SDKs, and the program under test is
//! started unmodified, with the environment SCF would give it.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use scf_local::{Cos, CosOptions, Scf, ScfOptions, event};
//!
//! let folder = tempfile::tempdir()?;
//! let cos = Cos::start(CosOptions { root: folder.path().into(), strict: true, ..Default::default() }).await?;
//! let scf = Scf::start(ScfOptions { program: "./bootstrap".into(), environment: cos.environment(), ..Default::default() }).await?;
//! let photo = cos.put("photos-1250000000", "cat.jpg", std::fs::read("cat.jpg")?, &[("Content-Type", "image/jpeg")]).await;
//! let message = event::created("cos:ObjectCreated:Put", "photos-1250000000", "ap-guangzhou", "cat.jpg", &photo);
//! let answer = scf.invoke(&message.to_string()).await;
//! assert!(answer.outcome.is_success());
//! # Ok(())
//! # }
//! ```
//!
//! # With the official Python SDK
//!
//! `IP` and `Port` set the address to connect to and leave the host name, which is signed, as it is:
//!
//! ```python
//! from qcloud_cos import CosConfig, CosS3Client
//! client = CosS3Client(CosConfig(Region='ap-guangzhou', Scheme='http', IP='127.0.0.1', Port=8090,
//!                                SecretId='AKIDlocalLocalLocalLocalLocalLocal01',
//!                                SecretKey='LocalSecretKeyThatOpensNothing01'))
//! client.put_object(Bucket='photos-1250000000', Key='cat.jpg', Body=open('cat.jpg', 'rb'), ContentType='image/jpeg')
//! ```

mod background;
mod cos;
pub mod event;
mod header_case;
mod http;
pub mod print;
mod scf;
mod trigger;

pub use cos::{Cos, CosOptions, Fault, FaultKind, Notice, Object, Request};
pub use scf::{Answer, HeaderCase, Outcome, RuntimeFault, Scf, ScfOptions};
pub use trigger::Trigger;
