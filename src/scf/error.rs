//! Errors of calls of the cloud API, one variant for each culprit.
//!
//! [`Error::refused`] alone maps answers of the API to errors. A run that failed is no error here.

use std::error::Error as StdError;
use std::fmt;
use std::time::{Duration, SystemTime};

use crate::scf::answer::ErrorDocument;
use crate::scf::call::Call;
use crate::scf::cause::{self, Cause};

/// Failure of a call.
///
/// Each message names action, function and region. If the API answered, it also names code and request id.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The account is in arrears.
    #[error("SCF does not serve {} ({}); pay what the account owes", .0.call, .0)]
    Account(Box<Refusal>),
    /// The clock of this machine differs by more than 5 minutes, and a corrected signature did not help.
    #[error("{} was signed with a clock too far from that of SCF ({}); set the clock of this machine", .0.call, .0)]
    Clock(Box<Refusal>),
    /// The keys are expired, unknown or do not belong together.
    #[error("SCF does not accept the credentials of {} ({}); check the keys, or renew them", .0.call, .0)]
    CredentialsRejected(Box<Refusal>),
    /// The owner of the keys lacks a right.
    #[error(
        "SCF denied {} ({}); grant {} on {} to the owner of the keys",
        .0.call, .0, .0.call.action.right(), .0.call.function.resource(&.0.call.region)
    )]
    Denied(Box<Refusal>),
    /// The function, its namespace or its version does not exist.
    #[error(
        "{} found no such function ({}); check name, namespace, version and region, and the account of the keys",
        .0.call, .0
    )]
    NotFound(Box<Refusal>),
    /// The answer is not one that the API gives.
    #[error("{call} was answered {fact}; check what stands between this machine and SCF")]
    Protocol {
        /// Call.
        call: Box<Call>,
        /// Defect of the answer.
        fact: String,
    },
    /// SCF refuses the call; a repetition would not help.
    #[error("SCF refused {} ({}); look its code up in the SCF documents 583/17240 and 583/35311", .0.call, .0)]
    Refused(Box<Refusal>),
    /// SCF was busy or broken, or the function is being changed.
    #[error("SCF could not serve {} ({}); try again later", .0.call, .0)]
    Service(Box<Refusal>),
    /// The HTTP client could not be set up.
    #[error("the HTTP client of SCF cannot be set up")]
    Setup(#[source] Box<dyn StdError + Send + Sync>),
    /// A limit of rate or concurrency is reached.
    #[error("{} is over a limit of SCF ({}); send fewer calls at once, or raise the limit", .0.call, .0)]
    Throttled(Box<Refusal>),
    /// No answer came in time.
    #[error("{call} was not answered within {} s; check the time limit of the function and the network", .after.as_secs())]
    TimedOut {
        /// Call.
        call: Box<Call>,
        /// Time that was waited.
        after: Duration,
    },
    /// The event or the response is larger than SCF takes.
    #[error("{} is too large for SCF ({}); send a smaller event", .0.call, .0)]
    TooLarge(Box<Refusal>),
    /// The network failed.
    #[error("{call} got no answer of SCF; check the network and try again")]
    Transport {
        /// Call.
        call: Box<Call>,
        /// `false` if no connection was made, so that SCF cannot have received the call.
        sent: bool,
        /// Fault.
        #[source]
        fault: reqwest::Error,
    },
    /// The call cannot be expressed in HTTP.
    #[error("{call} cannot be sent: {fact}")]
    Unsendable {
        /// Call.
        call: Box<Call>,
        /// Defect of the call.
        fact: &'static str,
    },
}

/// Answer of the API that refuses a call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// Call.
    pub call: Call,
    /// HTTP status; the API answers 200 to calls that it refuses, too.
    pub status: u16,
    /// `Error.Code`; `None` if something in front of the API answered.
    pub code: Option<String>,
    /// `Error.Message`: one line, without secrets.
    pub message: Option<String>,
    /// Id of the call, for questions to Tencent.
    pub request_id: Option<String>,
    /// Time of the answer by the clock of SCF.
    pub(super) date: Option<SystemTime>,
}

/// Prints code, message and request id; the status if there is no code.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => f.write_str(code)?,
            None => write!(f, "HTTP status {}", self.status)?,
        }
        if let Some(message) = &self.message {
            write!(f, ": {}", message.trim_end_matches('.'))?;
        }
        self.request_id.as_ref().map_or(Ok(()), |id| write!(f, ", request id {id}"))
    }
}

impl Error {
    /// Stable code of the error, for logs and alarms. [`Self::refusal`] has the code of the API.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Account(_) => "scf.account",
            Self::Clock(_) => "scf.clock",
            Self::CredentialsRejected(_) => "scf.credentials",
            Self::Denied(_) => "scf.denied",
            Self::NotFound(_) => "scf.not_found",
            Self::Protocol { .. } => "scf.protocol",
            Self::Refused(_) => "scf.refused",
            Self::Service(_) => "scf.unavailable",
            Self::Setup(_) => "scf.setup",
            Self::Throttled(_) => "scf.throttled",
            Self::TimedOut { .. } => "scf.timeout",
            Self::TooLarge(_) => "scf.too_large",
            Self::Transport { .. } => "scf.network",
            Self::Unsendable { .. } => "scf.unsendable",
        }
    }

    /// Returns `true` if the same call would fail in the same way: keys, rights, name or parameters are
    /// wrong. Other failures are transient.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Account(_)
            | Self::Clock(_)
            | Self::CredentialsRejected(_)
            | Self::Denied(_)
            | Self::NotFound(_)
            | Self::Refused(_)
            | Self::Setup(_)
            | Self::TooLarge(_)
            | Self::Unsendable { .. } => true,
            Self::Protocol { .. }
            | Self::Service(_)
            | Self::Throttled(_)
            | Self::TimedOut { .. }
            | Self::Transport { .. } => false,
        }
    }

    /// Returns `true` if calls come too fast, or too many at once. This call had no effect.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        matches!(self, Self::Throttled(_))
    }

    /// Returns `true` if the event or its response is too large; a smaller event may succeed.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        matches!(self, Self::TooLarge(_))
    }

    /// Returns `true` if SCF may have received the call and started a run, which may still be going on: the
    /// answer is lost, or says nothing about it.
    #[must_use]
    pub fn may_have_run(&self) -> bool {
        match self {
            Self::Protocol { .. } | Self::TimedOut { .. } => true,
            Self::Transport { sent, .. } => *sent,
            Self::Service(refusal) | Self::TooLarge(refusal) => refusal.may_have_run(),
            Self::Account(_)
            | Self::Clock(_)
            | Self::CredentialsRejected(_)
            | Self::Denied(_)
            | Self::NotFound(_)
            | Self::Refused(_)
            | Self::Setup(_)
            | Self::Throttled(_)
            | Self::Unsendable { .. } => false,
        }
    }

    /// Answer of the API, if it refused the call.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Account(refusal)
            | Self::Clock(refusal)
            | Self::CredentialsRejected(refusal)
            | Self::Denied(refusal)
            | Self::NotFound(refusal)
            | Self::Refused(refusal)
            | Self::Service(refusal)
            | Self::Throttled(refusal)
            | Self::TooLarge(refusal) => Some(refusal),
            Self::Protocol { .. }
            | Self::Setup(_)
            | Self::TimedOut { .. }
            | Self::Transport { .. }
            | Self::Unsendable { .. } => None,
        }
    }

    /// Returns `true` if the API does not know the action of the call.
    pub(super) fn is_unknown_action(&self) -> bool {
        self.refusal().and_then(|refusal| refusal.code.as_deref()).is_some_and(cause::is_unknown_action)
    }

    pub(super) fn protocol(call: &Call, fact: impl Into<String>) -> Self {
        Self::Protocol { call: Box::new(call.clone()), fact: fact.into() }
    }

    pub(super) fn unsendable(call: &Call, fact: &'static str) -> Self {
        Self::Unsendable { call: Box::new(call.clone()), fact }
    }

    /// Maps a failure of the HTTP client. A connection that was made may have carried the call.
    pub(super) fn transport(call: &Call, fault: reqwest::Error, timeout: Duration) -> Self {
        let call = Box::new(call.clone());
        let sent = !fault.is_connect() && !fault.is_builder();
        if sent && fault.is_timeout() {
            return Self::TimedOut { call, after: timeout };
        }
        Self::Transport { call, sent, fault: fault.without_url() }
    }

    /// Maps an answer that refuses a call to the error that names its culprit (API 3.0, common error codes,
    /// and those of SCF).
    pub(super) fn refused(
        call: &Call,
        status: u16,
        document: Option<ErrorDocument>,
        date: Option<SystemTime>,
    ) -> Self {
        let document = document.map(|document| (Some(document.code), document.message, document.request_id));
        let (code, message, request_id) = document.unwrap_or_default();
        let refusal = Box::new(Refusal { call: call.clone(), status, code, message, request_id, date });
        let message = refusal.message.as_deref().unwrap_or_default();
        match Cause::of(status, refusal.code.as_deref(), message) {
            Cause::Account => Self::Account(refusal),
            Cause::Clock => Self::Clock(refusal),
            Cause::Credentials => Self::CredentialsRejected(refusal),
            Cause::Denied => Self::Denied(refusal),
            Cause::NotFound => Self::NotFound(refusal),
            Cause::Parameters => Self::Refused(refusal),
            Cause::Service => Self::Service(refusal),
            Cause::Throttled => Self::Throttled(refusal),
            Cause::TooLarge => Self::TooLarge(refusal),
            Cause::Unknown => Self::protocol(call, format!("with {refusal}, which the API does not give")),
        }
    }
}

impl Refusal {
    fn may_have_run(&self) -> bool {
        self.code.as_deref().is_none_or(cause::may_have_run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Region;
    use crate::scf::call::Action;
    use crate::scf::function_name::FunctionName;

    fn error(status: u16, code: &str, message: &str) -> Error {
        let call = Call {
            action: Action::InvokeFunction,
            function: FunctionName::parse("images/thumbnails").unwrap(),
            region: Region::parse("ap-guangzhou").unwrap(),
        };
        let document = (!code.is_empty()).then(|| ErrorDocument {
            code: code.to_owned(),
            message: Some(message.to_owned()),
            request_id: Some("c2af8a64".to_owned()),
        });
        Error::refused(&call, status, document, None)
    }

    #[test]
    fn refusals_become_the_error_of_their_culprit() {
        let table = [
            ("AuthFailure.SecretIdNotFound", "scf.credentials"),
            ("AuthFailure.SignatureExpire", "scf.clock"),
            ("AuthFailure.SignatureFailure", "scf.credentials"),
            ("AuthFailure.TokenFailure", "scf.credentials"),
            ("AuthFailure.UnauthorizedOperation", "scf.denied"),
            ("FailedOperation.FunctionStatusError", "scf.unavailable"),
            ("FailedOperation.InvokeFunction", "scf.unavailable"),
            ("InternalError", "scf.unavailable"),
            ("InternalError.System", "scf.unavailable"),
            ("InvalidParameter.Payload", "scf.refused"),
            ("InvalidParameter.RequestTooLarge", "scf.too_large"),
            ("InvalidParameterValue.ClientContext", "scf.refused"),
            ("LimitExceeded.FunctionOnTopic", "scf.throttled"),
            ("MissingParameter", "scf.refused"),
            ("RequestLimitExceeded", "scf.throttled"),
            ("RequestLimitExceeded.UinLimitExceeded", "scf.throttled"),
            ("RequestSizeLimitExceeded", "scf.too_large"),
            ("ResourceLimit", "scf.throttled"),
            ("ResourceLimitReached", "scf.throttled"),
            ("ResourceNotFound.Function", "scf.not_found"),
            ("ResourceNotFound.Namespace", "scf.not_found"),
            ("ResourceUnavailable", "scf.unavailable"),
            ("ResourceUnavailable.InsufficientBalance", "scf.account"),
            ("ResourceUnavailable.ServiceSuspended", "scf.account"),
            ("FailedOperation.InsufficientResources", "scf.throttled"),
            ("UnauthorizedOperation.CAM", "scf.denied"),
            ("UnsupportedRegion", "scf.refused"),
            ("429", "scf.throttled"),
            ("Unheard.Of", "scf.unavailable"),
        ];
        for (code, expected) in table {
            assert_eq!(error(200, code, "a message").code(), expected, "{code}");
        }
    }

    #[test]
    fn statuses_count_where_no_code_is() {
        let table = [
            (413, "scf.too_large"),
            (429, "scf.throttled"),
            (432, "scf.throttled"),
            (502, "scf.unavailable"),
            (403, "scf.protocol"),
            (200, "scf.protocol"),
        ];
        for (status, expected) in table {
            assert_eq!(error(status, "", "").code(), expected, "{status}");
        }
        assert!(
            error(200, "FailedOperation.InvokeFunction", "status code 432: over the limit").is_throttled()
        );
        assert!(error(429, "InternalError", "slow down").is_throttled());
        assert!(!error(200, "InternalError", "id 4290-4321").is_throttled());
    }

    #[test]
    fn only_lost_answers_may_hide_a_run() {
        let may_have_run = |status, code| error(status, code, "").may_have_run();
        assert!(may_have_run(502, "") && may_have_run(200, "") && may_have_run(200, "InternalError.System"));
        for code in ["RequestLimitExceeded", "FailedOperation.FunctionStatusError", "UnauthorizedOperation"] {
            assert!(!may_have_run(200, code), "{code}");
        }
    }

    #[test]
    fn a_denial_names_the_right_to_grant() {
        assert_eq!(
            error(200, "UnauthorizedOperation.CAM", "No rights.").to_string(),
            "SCF denied InvokeFunction of images/thumbnails in ap-guangzhou (UnauthorizedOperation.CAM: No \
             rights, request id c2af8a64); grant scf:InvokeFunction on \
             qcs::scf:ap-guangzhou::namespace/images/function/thumbnails to the owner of the keys"
        );
    }
}
