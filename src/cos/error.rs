//! Errors of COS requests, one variant for each culprit.
//!
//! [`Error::from_response`] alone maps responses of COS to errors. Retries within an invocation are decided
//! in `retry`, retries of the event by [`Error::is_transient`].

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::cos::error_code::Cause;
use crate::cos::error_response::ErrorResponse;
use crate::cos::operation::{Method, Operation};

/// Failure of a request to COS.
///
/// Each message names the operation. If COS responded, it also names status, code and request id.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The object is in an archive class and not restored.
    #[error("{} is archived ({}); restore it before it is read", .0.operation.object(), .0.response)]
    Archived(Box<RefusedRequest>),
    /// The object was overwritten during a download.
    #[error("{} changed while it was read; read it again from its beginning", .0.object())]
    Changed(Box<Operation>),
    /// The clock skew is larger than signatures allow, and COS sent no date to correct it by.
    #[error(
        "{} was signed with a clock too far from that of COS ({}); set the clock of this machine",
        .0.operation, .0.response
    )]
    Clock(Box<RefusedRequest>),
    /// The keys are expired, unknown or do not belong together.
    #[error(
        "COS does not accept the credentials of {} ({}); {}",
        .0.operation, .0.response, .0.response.remedy().unwrap_or("give the function a role, or renew its keys")
    )]
    CredentialsRejected(Box<RefusedRequest>),
    /// The bytes that arrived are not those that COS has.
    #[error("{} arrived damaged: its CRC-64 is not the one that COS names; read it again from its beginning", .0.object())]
    Corrupted(Box<Operation>),
    /// The deadline of the invocation came before a response.
    #[error("no time is left for {operation}; raise the time limit of the function or do less in one event")]
    Deadline {
        /// Request that there was no time for.
        operation: Box<Operation>,
        /// Error of the last finished attempt.
        #[source]
        last: Option<Box<Self>>,
    },
    /// The key is occupied, and the upload had to leave existing objects alone.
    #[error("{} found an object there already ({})", .0.operation, .0.response)]
    Exists(Box<RefusedRequest>),
    /// The role lacks a right.
    #[error(
        "COS denied {} ({}); grant {} on {} to the role of the function, and look for a denying bucket policy",
        .0.operation, .0.response, .0.operation.method.action(), .0.operation.resource()
    )]
    Denied(Box<RefusedRequest>),
    /// The bucket, object or version does not exist.
    #[error("{} found {missing} ({})", refusal.operation, refusal.response)]
    NotFound {
        /// The missing resource.
        missing: MissingResource,
        /// Request and response.
        refusal: Box<RefusedRequest>,
    },
    /// The response is not one that COS gives.
    #[error("{operation} was answered {fact}; check what stands between the function and COS")]
    Protocol {
        /// Request.
        operation: Box<Operation>,
        /// Defect of the response.
        fact: String,
    },
    /// Uploads and deletions are switched off.
    #[error("{0} was not sent, because nothing may be changed")]
    ReadOnly(Box<Operation>),
    /// COS redirects the request. A new host needs a new signature, so redirects are not followed.
    #[error(
        "{} was sent elsewhere ({}); check whether the bucket is in {}",
        .0.operation, .0.response, .0.operation.location.region
    )]
    Redirected(Box<RefusedRequest>),
    /// COS refuses the request; a retry would not help.
    #[error(
        "COS refused {} ({}); {}",
        .0.operation, .0.response, .0.response.remedy().unwrap_or("look its code up in the COS document 436/7730")
    )]
    Refused(Box<RefusedRequest>),
    /// COS was busy or broken at every attempt.
    #[error(
        "COS could not serve {} ({}): {}; try again later",
        .0.operation, .0.response, .0.response.remedy().unwrap_or("it is busy or broken")
    )]
    Service(Box<RefusedRequest>),
    /// The HTTP client cannot be built.
    #[error("the HTTP client for COS cannot be built")]
    Setup(#[source] Box<dyn StdError + Send + Sync>),
    /// The network failed at every attempt.
    #[error("the network failed {operation}; check that the function reaches COS")]
    Transport {
        /// Request.
        operation: Box<Operation>,
        /// Fault of the last attempt.
        #[source]
        fault: NetworkFault,
    },
    /// The request cannot be expressed in HTTP.
    #[error("{operation} cannot be sent: {fact}")]
    Unsendable {
        /// Request.
        operation: Box<Operation>,
        /// Defect of the request.
        fact: String,
    },
}

impl Error {
    /// Stable code of the error, for logs and alarms.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Archived(_) => "cos.archived",
            Self::Changed(_) => "cos.changed",
            Self::Clock(_) => "cos.clock",
            Self::CredentialsRejected(_) => "cos.credentials",
            Self::Deadline { .. } => "deadline",
            Self::Denied(_) => "cos.denied",
            Self::Exists(_) => "cos.exists",
            Self::NotFound { .. } => "cos.not_found",
            Self::Protocol { .. } => "cos.protocol",
            Self::ReadOnly(_) => "cos.read_only",
            Self::Redirected(_) => "cos.redirected",
            Self::Refused(refusal) => match refusal.response.cause() {
                Some(Cause::Account) => "cos.account",
                Some(Cause::Blocked) => "cos.blocked",
                Some(Cause::Encryption) => "cos.encryption",
                Some(Cause::Forbidden) => "cos.denied",
                Some(Cause::Locked) => "cos.locked",
                // The other causes have an error of their own.
                Some(
                    Cause::Archived
                    | Cause::Busy
                    | Cause::Clock
                    | Cause::Credentials
                    | Cause::Picture
                    | Cause::Request,
                )
                | None => "cos.refused",
            },
            Self::Service(_) => "cos.unavailable",
            Self::Setup(_) => "cos.setup",
            Self::Corrupted(_) | Self::Transport { .. } => "cos.network",
            Self::Unsendable { .. } => "cos.unsendable",
        }
    }

    /// Returns `true` if the same request may succeed in a later invocation.
    ///
    /// Rejected credentials count as transient: a new instance gets new ones (583/32389).
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Changed(_)
            | Self::Clock(_)
            | Self::Corrupted(_)
            | Self::CredentialsRejected(_)
            | Self::Deadline { .. }
            | Self::Exists(_)
            | Self::Protocol { .. }
            | Self::Service(_)
            | Self::Transport { .. } => true,
            Self::Archived(_)
            | Self::Denied(_)
            | Self::NotFound { .. }
            | Self::ReadOnly(_)
            | Self::Redirected(_)
            | Self::Refused(_)
            | Self::Setup(_)
            | Self::Unsendable { .. } => false,
        }
    }

    /// Request and response, if COS responded with an error.
    #[must_use]
    pub fn refusal(&self) -> Option<&RefusedRequest> {
        match self {
            Self::Archived(refusal)
            | Self::Clock(refusal)
            | Self::CredentialsRejected(refusal)
            | Self::Denied(refusal)
            | Self::Exists(refusal)
            | Self::NotFound { refusal, .. }
            | Self::Redirected(refusal)
            | Self::Refused(refusal)
            | Self::Service(refusal) => Some(refusal),
            Self::Changed(_)
            | Self::Corrupted(_)
            | Self::Deadline { .. }
            | Self::Protocol { .. }
            | Self::ReadOnly(_)
            | Self::Setup(_)
            | Self::Transport { .. }
            | Self::Unsendable { .. } => None,
        }
    }

    pub(super) fn protocol(operation: &Operation, fact: impl Into<String>) -> Self {
        Self::Protocol { operation: Box::new(operation.clone()), fact: fact.into() }
    }

    pub(super) fn transport(operation: &Operation, fault: NetworkFault) -> Self {
        Self::Transport { operation: Box::new(operation.clone()), fault }
    }

    pub(super) fn deadline(operation: &Operation, last: Option<Self>) -> Self {
        Self::Deadline { operation: Box::new(operation.clone()), last: last.map(Box::new) }
    }

    pub(super) fn unsendable(operation: &Operation, fact: impl Into<String>) -> Self {
        Self::Unsendable { operation: Box::new(operation.clone()), fact: fact.into() }
    }

    /// Maps an unexpected response to the error that names its culprit (436/7730).
    pub(super) fn from_response(operation: Operation, response: ErrorResponse) -> Self {
        let without_body = operation.method == Method::Head;
        let code = response.code.clone();
        if let Some(missing) = MissingResource::from_response(&operation, &response) {
            return Self::NotFound { missing, refusal: Box::new(RefusedRequest { operation, response }) };
        }
        if response.is_invalid(without_body) {
            return Self::protocol(&operation, format!("{response}, which COS does not answer there"));
        }
        let (status, cause, is_retryable) = (response.status, response.cause(), response.is_retryable());
        let refusal = Box::new(RefusedRequest { operation, response });
        match (cause, status, code.as_deref()) {
            (_, 409, Some("FileAlreadyExists")) => Self::Exists(refusal),
            (Some(Cause::Archived), ..) => Self::Archived(refusal),
            (Some(Cause::Clock), ..) => Self::Clock(refusal),
            (Some(Cause::Credentials), ..) => Self::CredentialsRejected(refusal),
            _ if is_retryable => Self::Service(refusal),
            (Some(_), ..) => Self::Refused(refusal),
            // HEAD has no error document. Our HEAD requests have no other reason for a 400 than bad
            // credentials.
            (None, 400, None) if without_body => Self::CredentialsRejected(refusal),
            (None, 401 | 403, _) => Self::Denied(refusal),
            (None, 301 | 302 | 307 | 308, _) => Self::Redirected(refusal),
            (None, 412, _) => Self::Changed(Box::new(refusal.operation)),
            (None, ..) => Self::Refused(refusal),
        }
    }

    /// Returns `true` if Cloud Infinite cannot process the object, or the bucket does not let it: a retry of the record
    /// would fail the same way as long as the object is the same.
    #[must_use]
    pub fn is_fault_of_processing(&self) -> bool {
        match self {
            Self::Refused(refusal) => {
                let cause = refusal.response.cause();
                refusal.operation.process.is_some()
                    && matches!(cause, Some(Cause::Picture | Cause::Request) | None)
            }
            _ => false,
        }
    }
}

/// Request and the response that refused it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RefusedRequest {
    /// Request.
    pub operation: Operation,
    /// Response.
    pub response: ErrorResponse,
}

/// Resource that does not exist.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MissingResource {
    /// Bucket.
    Bucket,
    /// Object whose newest version is a delete marker.
    Deleted,
    /// Object.
    Object,
    /// Version of an object.
    Version,
}

impl MissingResource {
    fn from_response(operation: &Operation, response: &ErrorResponse) -> Option<Self> {
        match (response.status, response.code.as_deref()) {
            // COS may also answer 405 for a version that is a delete marker.
            (404 | 405, _) if response.delete_marker => Some(Self::Deleted),
            (404, Some("NoSuchBucket")) => Some(Self::Bucket),
            (404, Some("NoSuchKey")) => Some(Self::Object),
            (404, Some("NoSuchVersion")) => Some(Self::Version),
            (404, None) if operation.method == Method::Head || response.request_id.is_some() => {
                Some(if operation.version.is_some() { Self::Version } else { Self::Object })
            }
            _ => None,
        }
    }
}

impl fmt::Display for MissingResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bucket => "no such bucket; check its name and region",
            Self::Deleted => "the object deleted",
            Self::Object => "no such object",
            Self::Version => "no such version",
        })
    }
}

/// Network failure.
#[derive(Debug, thiserror::Error)]
pub enum NetworkFault {
    /// Connecting, sending or receiving failed.
    #[error(transparent)]
    Http(reqwest::Error),
    /// The body ended early.
    #[error("the connection closed after {received} of {expected} bytes")]
    Truncated {
        /// Bytes that the headers announced.
        expected: u64,
        /// Bytes received.
        received: u64,
    },
    /// No bytes arrived within this time.
    #[error("nothing came for {} ms", .0.as_millis())]
    Stalled(Duration),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cos::BucketLocation;
    use crate::cos::error_code::{KNOWN, KnownCode, NOT_SENT};
    use crate::object::{Bucket, Key, Region};

    fn error(method: Method, status: u16, code: &str) -> Error {
        let location = BucketLocation {
            bucket: Bucket::parse("photos-1250000000").unwrap(),
            region: Region::parse("ap-guangzhou").unwrap(),
        };
        let key = Some(Key::parse("in/a.jpg").unwrap());
        let operation = Operation { method, location, key, version: None, process: None };
        let response = ErrorResponse {
            status,
            code: (!code.is_empty()).then(|| code.to_owned()),
            request_id: Some("NjY".to_owned()),
            ..ErrorResponse::default()
        };
        Error::from_response(operation, response)
    }

    #[test]
    fn responses_become_the_error_of_their_culprit() {
        let table = [
            (Method::Get, 404, "NoSuchKey", "cos.not_found"),
            (Method::Get, 404, "NoSuchBucket", "cos.not_found"),
            (Method::Head, 404, "", "cos.not_found"),
            (Method::Get, 403, "AccessDenied", "cos.denied"),
            (Method::Head, 403, "", "cos.denied"),
            (Method::Get, 403, "InvalidObjectState", "cos.archived"),
            (Method::Get, 409, "InvalidObjectState", "cos.archived"),
            (Method::Put, 400, "ExpiredToken", "cos.credentials"),
            (Method::Head, 400, "", "cos.credentials"),
            (Method::Put, 403, "InvalidAccessKeyId", "cos.credentials"),
            (Method::Put, 403, "SignatureDoesNotMatch", "cos.credentials"),
            (Method::Put, 403, "RequestTimeTooSkewed", "cos.clock"),
            (Method::Put, 503, "SlowDown", "cos.unavailable"),
            (Method::Head, 500, "", "cos.unavailable"),
            (Method::Put, 400, "InvalidArgument", "cos.refused"),
            (Method::Put, 409, "FileAlreadyExists", "cos.exists"),
            (Method::Put, 451, "DomainAuditFailed", "cos.refused"),
            (Method::Head, 402, "", "cos.account"),
            (Method::Head, 451, "", "cos.blocked"),
            (Method::Get, 412, "PreconditionFailed", "cos.changed"),
            (Method::Get, 301, "PermanentRedirect", "cos.redirected"),
            (Method::Get, 304, "", "cos.protocol"),
            (Method::Put, 204, "", "cos.protocol"),
        ];
        for (method, status, code, expected) in table {
            assert_eq!(error(method, status, code).code(), expected, "{method:?} {status} {code}");
        }
    }

    #[test]
    fn every_documented_code_has_its_remedy_whatever_its_status() {
        for KnownCode { code, cause, remedy } in KNOWN {
            let (expected, is_transient) = match cause {
                Cause::Account => ("cos.account", false),
                Cause::Archived => ("cos.archived", false),
                Cause::Blocked => ("cos.blocked", false),
                Cause::Busy => ("cos.unavailable", true),
                Cause::Clock => ("cos.clock", true),
                Cause::Credentials => ("cos.credentials", true),
                Cause::Encryption => ("cos.encryption", false),
                Cause::Forbidden => ("cos.denied", false),
                Cause::Locked => ("cos.locked", false),
                Cause::Picture | Cause::Request => ("cos.refused", false),
            };
            for status in [400, 403, 409, 451] {
                let error = error(Method::Put, status, code);
                assert_eq!((error.code(), error.is_transient()), (expected, is_transient), "{status} {code}");
                let sentence = error.to_string();
                assert!(sentence.contains(remedy) && !sentence.contains("grant name/cos:"), "{sentence}");
            }
        }
        for code in NOT_SENT {
            let error = error(Method::Put, 409, code);
            assert_eq!((error.code(), error.is_transient()), ("cos.refused", false), "{code}");
            assert!(error.to_string().contains("check what changes requests"), "{error}");
        }
    }

    #[test]
    fn a_denial_names_the_right_to_grant() {
        assert_eq!(
            error(Method::Get, 403, "AccessDenied").to_string(),
            "COS denied GET photos-1250000000/in/a.jpg (403 AccessDenied, request id NjY); grant \
             name/cos:GetObject on qcs::cos:ap-guangzhou:uid/1250000000:photos-1250000000/in/a.jpg to \
             the role of the function, and look for a denying bucket policy"
        );
    }
}
