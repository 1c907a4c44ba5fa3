//! Verification of request signatures (436/7778), written from the document and independent of every signer.
//!
//! The lists of the `Authorization` name what was signed. The verifier rebuilds the signed text from the request that
//! arrived, and compares the signatures. It shares no code with the client under test.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha1::{Digest, Sha1};

use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::CosRequest;
use crate::dates;

/// Characters that UrlEncode of the document does not encode: `A-Z a-z 0-9 - _ . ~`.
const SIGNED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Difference of the clocks that COS tolerates, in seconds (436/7730).
const SKEW: i64 = 15 * 60;

/// Parameters of a presigned URL that contain the signature and are not signed.
const SIGNATURE_PARAMETERS: [&str; 7] = [
    "q-sign-algorithm",
    "q-ak",
    "q-sign-time",
    "q-key-time",
    "q-header-list",
    "q-url-param-list",
    "q-signature",
];

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
    /// Unsigned request, which may read public objects only.
    Anonymous,
    /// Owner of the key.
    Owner,
}

impl Authenticator {
    /// Verifies the signature of a request at `now`, in seconds since the Unix epoch.
    pub(crate) fn authenticate(&self, request: &CosRequest, now: i64) -> Result<Caller, CosError> {
        let Some(claim) = SignatureClaim::read(request)? else { return Ok(Caller::Anonymous) };
        if claim.secret_id != self.secret_id {
            return Err(ErrorCode::INVALID_ACCESS_KEY_ID.into());
        }
        self.check_token(request)?;
        check_window(&claim.key_time, now)?;
        check_date(request, now)?;
        if self.strict {
            claim.check_strict(request)?;
        }
        claim.check_signature(request, &self.secret_key)?;
        Ok(Caller::Owner)
    }

    fn check_token(&self, request: &CosRequest) -> Result<(), CosError> {
        let Some(expected) = &self.session_token else { return Ok(()) };
        let name = "x-cos-security-token";
        let sent = request.header(name).or_else(|| request.parameter(name));
        if self.token_expired {
            Err(ErrorCode::EXPIRED_TOKEN.into())
        } else if sent == Some(expected) {
            Ok(())
        } else {
            // COS does not know a temporary key without its token.
            Err(ErrorCode::INVALID_ACCESS_KEY_ID.into())
        }
    }
}

/// Content of an `Authorization` header or of the query of a presigned URL.
struct SignatureClaim {
    secret_id: String,
    /// `<start>;<end>`, seconds since the epoch.
    key_time: String,
    header_list: Vec<String>,
    parameter_list: Vec<String>,
    signature: String,
}

impl SignatureClaim {
    /// Reads the claim; returns `None` for unsigned requests.
    fn read(request: &CosRequest) -> Result<Option<Self>, CosError> {
        let mut members: BTreeMap<&str, String> = BTreeMap::new();
        match request.header("authorization") {
            Some(text) if !text.is_empty() => {
                for pair in text.split('&') {
                    let (name, value) = pair.split_once('=').ok_or_else(|| malformed(pair))?;
                    members.insert(name, value.to_owned());
                }
            }
            _ if request.parameter("q-signature").is_some() => {
                for name in SIGNATURE_PARAMETERS {
                    if let Some(value) = request.parameter(name) {
                        members.insert(name, value.to_owned());
                    }
                }
            }
            _ => return Ok(None),
        }
        let mut take = |name: &str| members.remove(name).ok_or_else(|| malformed(name));
        if take("q-sign-algorithm")? != "sha1" {
            return Err(malformed("q-sign-algorithm"));
        }
        let key_time = take("q-key-time")?;
        if take("q-sign-time")? != key_time {
            return Err(malformed("q-sign-time"));
        }
        Ok(Some(Self {
            secret_id: take("q-ak")?,
            key_time,
            header_list: names(&take("q-header-list")?),
            parameter_list: names(&take("q-url-param-list")?),
            signature: take("q-signature")?,
        }))
    }

    fn check_signature(&self, request: &CosRequest, secret_key: &str) -> Result<(), CosError> {
        let sent_headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let headers = signed_pairs(&self.header_list, sent_headers)?;
        let sent_parameters = request.query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let parameters = signed_pairs(&self.parameter_list, sent_parameters)?;
        let method = request.method.to_ascii_lowercase();
        let http_string = format!("{method}\n{}\n{parameters}\n{headers}\n", request.path);
        let digest = hex::encode(Sha1::digest(http_string.as_bytes()));
        let string_to_sign = format!("sha1\n{}\n{digest}\n", self.key_time);
        let sign_key = hmac_sha1(secret_key, &self.key_time);
        if hmac_sha1(&sign_key, &string_to_sign) == self.signature {
            return Ok(());
        }
        Err(CosError::from(ErrorCode::SIGNATURE_DOES_NOT_MATCH)
            .detail("StringtoSign", string_to_sign)
            .detail("FormatString", http_string))
    }

    /// Checks strict signature mode: every significant header and parameter of the request must be signed.
    fn check_strict(&self, request: &CosRequest) -> Result<(), CosError> {
        for (name, _) in &request.headers {
            let is_significant =
                matches!(name.as_str(), "content-length" | "content-md5" | "content-type" | "host" | "range")
                    || name.starts_with("x-cos-");
            if is_significant && !self.header_list.contains(name) {
                return Err(unsigned("header", name));
            }
        }
        for (name, _) in &request.query {
            let listed = self.parameter_list.contains(&list_name(name));
            if !SIGNATURE_PARAMETERS.contains(&name.as_str()) && !listed {
                return Err(unsigned("param", name));
            }
        }
        Ok(())
    }
}

/// Builds HttpParameters or HttpHeaders: the listed names with the values of the request, sorted by encoded name.
fn signed_pairs<'a>(
    list: &[String],
    sent: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<String, CosError> {
    let sent: BTreeMap<String, &str> = sent.map(|(name, value)| (list_name(name), value)).collect();
    let mut pairs = BTreeMap::new();
    for name in list {
        let value = sent.get(name).ok_or_else(|| {
            CosError::with_message(
                ErrorCode::SIGNATURE_DOES_NOT_MATCH,
                format!(
                    "The Signature you specified is invalid: {name} is listed as signed but was not sent."
                ),
            )
        })?;
        pairs.insert(name, utf8_percent_encode(value, SIGNED));
    }
    let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    Ok(pairs.join("&"))
}

/// Returns a name in the form of the lists: encoded, then in lower case.
fn list_name(name: &str) -> String {
    utf8_percent_encode(name, SIGNED).to_string().to_ascii_lowercase()
}

/// Splits a list into names.
fn names(list: &str) -> Vec<String> {
    list.split(';').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn hmac_sha1(key: &str, message: &str) -> String {
    // Cannot fail: HMAC accepts keys of any length (RFC 2104).
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(message.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// Checks that a signature is valid at `now`.
fn check_window(key_time: &str, now: i64) -> Result<(), CosError> {
    let (start, end) = key_time
        .split_once(';')
        .and_then(|(start, end)| Some((start.parse::<i64>().ok()?, end.parse::<i64>().ok()?)))
        .filter(|(start, end)| start < end)
        .ok_or_else(|| malformed("q-key-time"))?;
    if start > now.saturating_add(SKEW) {
        return Err(ErrorCode::REQUEST_TIME_TOO_SKEWED.into());
    }
    if now < start || now > end {
        return Err(CosError::with_message(ErrorCode::ACCESS_DENIED, "CosRequest has expired"));
    }
    Ok(())
}

/// Checks the `Date` header, if there is one.
fn check_date(request: &CosRequest, now: i64) -> Result<(), CosError> {
    let Some(date) = request.header("date") else { return Ok(()) };
    let sent = httpdate::parse_http_date(date).ok().and_then(dates::seconds);
    match sent {
        Some(sent) if sent.abs_diff(now) > SKEW.unsigned_abs() => {
            Err(ErrorCode::REQUEST_TIME_TOO_SKEWED.into())
        }
        _ => Ok(()),
    }
}

fn malformed(what: &str) -> CosError {
    let what = percent_decode_str(what).decode_utf8_lossy();
    CosError::with_message(ErrorCode::ACCESS_DENIED, format!("The authorization is malformed at {what}."))
}

fn unsigned(kind: &str, name: &str) -> CosError {
    let message = "Strict signature missing header/param that must be signed";
    CosError::with_message(ErrorCode::ACCESS_DENIED, message).detail("Missing", format!("{kind} {name}"))
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
