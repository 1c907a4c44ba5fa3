//! Credentials of a COS, and the checks that all kinds of signatures share.

use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::CosRequest;
use crate::dates;

/// Difference of the clocks that COS tolerates, in seconds (436/7730).
const SKEW: i64 = 15 * 60;

/// Names of the session token, as header or parameter.
const TOKENS: [&str; 3] = ["x-cos-security-token", "x-amz-security-token", "X-Amz-Security-Token"];

/// Known credentials and the signature mode.
#[derive(Clone)]
pub(crate) struct Authenticator {
    pub(crate) secret_id: String,
    pub(crate) secret_key: String,
    /// Session token that every request must carry; `None` for permanent credentials.
    pub(crate) session_token: Option<String>,
    /// True after the session token has expired.
    pub(crate) token_expired: bool,
    /// Strict signature mode: every significant header and parameter must be signed.
    pub(crate) strict: bool,
}

/// Sender of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Caller {
    /// Unsigned request, which may do what an ACL allows.
    Anonymous,
    /// Owner of the key.
    Owner,
}

impl Authenticator {
    /// Checks that the id and the session token of a request are known.
    pub(super) fn check_id(&self, id: &str, request: &CosRequest) -> Result<(), CosError> {
        if id != self.secret_id {
            let hint = format!("the secret id of this COS is {}", self.secret_id);
            return Err(CosError::from(ErrorCode::INVALID_ACCESS_KEY_ID).hint(hint));
        }
        let Some(expected) = &self.session_token else { return Ok(()) };
        let sent = TOKENS.iter().find_map(|name| request.header(name).or_else(|| request.parameter(name)));
        if self.token_expired {
            Err(ErrorCode::EXPIRED_TOKEN.into())
        } else if sent == Some(expected) {
            Ok(())
        } else {
            // COS does not know a temporary key without its token.
            let hint = "the session token is missing or wrong";
            Err(CosError::from(ErrorCode::INVALID_ACCESS_KEY_ID).hint(hint))
        }
    }
}

/// Checks that a signature for `<start>;<end>` is valid at `now`. `name` is that of the member with the times.
pub(super) fn check_window(key_time: &str, name: &str, now: i64) -> Result<(), CosError> {
    let (start, end) = key_time
        .split_once(';')
        .and_then(|(start, end)| Some((start.parse::<i64>().ok()?, end.parse::<i64>().ok()?)))
        .filter(|(start, end)| start < end)
        .ok_or_else(|| malformed(name))?;
    if start > now.saturating_add(SKEW) {
        return Err(ErrorCode::REQUEST_TIME_TOO_SKEWED.into());
    }
    check_end(now, end)?;
    if now < start { Err(expired()) } else { Ok(()) }
}

/// Checks that a signature is valid until `end`.
pub(super) fn check_end(now: i64, end: i64) -> Result<(), CosError> {
    if now > end { Err(expired()) } else { Ok(()) }
}

/// Checks the time that a client claims to have.
pub(super) fn check_clock(now: i64, sent: i64) -> Result<(), CosError> {
    if sent.abs_diff(now) > SKEW.unsigned_abs() {
        Err(ErrorCode::REQUEST_TIME_TOO_SKEWED.into())
    } else {
        Ok(())
    }
}

/// Checks the `Date` header, if there is one.
pub(super) fn check_date(request: &CosRequest, now: i64) -> Result<(), CosError> {
    let date = request.header("date").and_then(|date| httpdate::parse_http_date(date).ok());
    date.and_then(dates::seconds).map_or(Ok(()), |sent| check_clock(now, sent))
}

/// Returns the error for a signature whose time is over.
fn expired() -> CosError {
    CosError::with_message(ErrorCode::ACCESS_DENIED, "CosRequest has expired")
}

/// Returns the error for an authorization that cannot be read.
pub(super) fn malformed(what: &str) -> CosError {
    let what = percent_encoding::percent_decode_str(what).decode_utf8_lossy();
    CosError::with_message(ErrorCode::ACCESS_DENIED, format!("The authorization is malformed at {what}."))
}
