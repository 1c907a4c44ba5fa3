//! Verification of signatures, written from the documents and independent of every signer.
//!
//! COS takes its own signature (436/7778), those of S3 in the versions 2 and 4 (436/37421), and that of the policy of a form
//! (436/14690).

pub(crate) mod authenticator;
mod aws_v2;
mod aws_v4;
mod native;
pub(crate) mod policy;

use self::authenticator::{Authenticator, Caller};
use crate::cos::wire::error::CosError;
use crate::cos::wire::request::{CosRequest, Dialect};

/// Verifies the signature of a request at `now`, in seconds since the Unix epoch. Returns its sender, and the dialect in
/// which its headers are.
pub(crate) fn authenticate(
    authenticator: &Authenticator,
    request: &CosRequest,
    now: i64,
) -> Result<(Caller, Dialect), CosError> {
    let authorization = request.header("authorization").unwrap_or_default();
    if authorization.starts_with(aws_v4::ALGORITHM) || request.parameter("X-Amz-Signature").is_some() {
        aws_v4::verify(authenticator, request, now)?;
        Ok((Caller::Owner, Dialect::S3))
    } else if authorization.starts_with("AWS ") || request.parameter("AWSAccessKeyId").is_some() {
        aws_v2::verify(authenticator, request, now)?;
        Ok((Caller::Owner, Dialect::S3))
    } else {
        let caller = native::authenticate(authenticator, request, now)?;
        Ok((caller, Dialect::Cos))
    }
}
