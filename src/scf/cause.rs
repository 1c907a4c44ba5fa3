//! Culprits of refusals, by the codes of the cloud API (API 3.0, common error codes; 583/17240 for those of
//! SCF).

/// Culprit of a refusal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Cause {
    Account,
    Clock,
    Credentials,
    Denied,
    NotFound,
    Parameters,
    Service,
    Throttled,
    TooLarge,
    Unknown,
}

/// Beginnings of codes and their culprit. The first that fits decides, so a special one comes before a
/// general one. Other codes, such as `FailedOperation` and `InternalError`, are those of the service.
const CODES: [(&str, Cause); 36] = [
    ("AuthFailure.SignatureExpire", Cause::Clock),
    ("AuthFailure.UnauthorizedOperation", Cause::Denied),
    ("AuthFailure", Cause::Credentials),
    ("UnauthorizedOperation", Cause::Denied),
    ("OperationDenied", Cause::Denied),
    ("429", Cause::Throttled),
    ("432", Cause::Throttled),
    ("RequestLimitExceeded", Cause::Throttled),
    ("LimitExceeded", Cause::Throttled),
    ("ResourceLimit", Cause::Throttled),
    ("InsufficientResources", Cause::Throttled),
    ("FailedOperation.InsufficientResources", Cause::Throttled),
    ("406", Cause::TooLarge),
    ("407", Cause::TooLarge),
    ("RequestSizeLimitExceeded", Cause::TooLarge),
    ("ResponseSizeLimitExceeded", Cause::TooLarge),
    ("RequestTooLarge", Cause::TooLarge),
    ("InvalidParameter.RequestTooLarge", Cause::TooLarge),
    ("FailedOperation.InsufficientBalance", Cause::Account),
    ("ResourceUnavailable.InsufficientBalance", Cause::Account),
    ("ResourceUnavailable.ServiceSuspended", Cause::Account),
    ("ResourceInsufficient.InsufficientBalance", Cause::Account),
    ("InsufficientBalance", Cause::Account),
    ("ResourceNotFound", Cause::NotFound),
    ("InvalidAction", Cause::Parameters),
    ("InvalidParameter", Cause::Parameters),
    ("InvalidRequest", Cause::Parameters),
    ("IpInBlacklist", Cause::Parameters),
    ("IpNotInWhitelist", Cause::Parameters),
    ("MissingParameter", Cause::Parameters),
    ("NoSuch", Cause::Parameters),
    ("UnknownParameter", Cause::Parameters),
    ("UnsupportedOperation", Cause::Parameters),
    ("UnsupportedProtocol", Cause::Parameters),
    ("UnsupportedRegion", Cause::Parameters),
    ("DryRunOperation", Cause::Parameters),
];

impl Cause {
    /// Finds the culprit by the code; by status and message where there is none, or where it says little.
    pub(super) fn of(status: u16, code: Option<&str>, message: &str) -> Self {
        let Some(code) = code else {
            return match status {
                413 => Self::TooLarge,
                429 | 432 => Self::Throttled,
                500.. => Self::Service,
                _ => Self::Unknown,
            };
        };
        let known = CODES.iter().find(|(beginning, _)| code.starts_with(beginning)).map(|(_, cause)| *cause);
        let is_over_a_limit = || {
            let mut words = message.split(|character: char| !character.is_ascii_alphanumeric());
            matches!(status, 429 | 432)
                || words.any(|word| matches!(word, "429" | "432") || word.starts_with("ResourceLimit"))
        };
        known.unwrap_or_else(|| if is_over_a_limit() { Self::Throttled } else { Self::Service })
    }
}

/// Returns `true` for codes of an action that the API does not have.
pub(super) fn is_unknown_action(code: &str) -> bool {
    begins(code, &["InvalidAction", "UnsupportedOperation", "NoSuchAction"])
}

/// Returns `true` for codes after which a run may have been started. The API says by others that it did not
/// get that far.
pub(super) fn may_have_run(code: &str) -> bool {
    begins(code, &["InternalError", "FailedOperation.InvokeFunction", "ResponseSizeLimitExceeded", "407"])
}

fn begins(code: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| code.starts_with(beginning))
}
