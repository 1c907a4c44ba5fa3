//! Verification of the signature of COS (436/7778).
//!
//! The lists of the `Authorization` name what was signed. The verifier rebuilds the signed text from the request that
//! arrived, and compares the signatures. It shares no code with the client under test.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::utf8_percent_encode;
use sha1::{Digest, Sha1};

use crate::cos::signature::authenticator::{Authenticator, Caller, check_date, check_window, malformed};
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::{CosRequest, UNRESERVED};

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

/// Verifies the signature of a request at `now`, in seconds since the Unix epoch.
pub(super) fn authenticate(
    authenticator: &Authenticator,
    request: &CosRequest,
    now: i64,
) -> Result<Caller, CosError> {
    let Some(claim) = SignatureClaim::read(request)? else { return Ok(Caller::Anonymous) };
    authenticator.check_id(&claim.secret_id, request)?;
    check_window(&claim.key_time, "q-key-time", now)?;
    check_date(request, now)?;
    if authenticator.strict {
        claim.check_strict(request)?;
    }
    claim.check_signature(request, &authenticator.secret_key)?;
    Ok(Caller::Owner)
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
        pairs.insert(name, utf8_percent_encode(value, UNRESERVED));
    }
    let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    Ok(pairs.join("&"))
}

/// Returns a name in the form of the lists: encoded, then in lower case.
fn list_name(name: &str) -> String {
    utf8_percent_encode(name, UNRESERVED).to_string().to_ascii_lowercase()
}

/// Splits a list into names.
fn names(list: &str) -> Vec<String> {
    list.split(';').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

pub(super) fn hmac_sha1(key: &str, message: &str) -> String {
    // Cannot fail: HMAC accepts keys of any length (RFC 2104).
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(message.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn unsigned(kind: &str, name: &str) -> CosError {
    let message = "Strict signature missing header/param that must be signed";
    CosError::with_message(ErrorCode::ACCESS_DENIED, message).detail("Missing", format!("{kind} {name}"))
}

#[cfg(test)]
#[path = "native_tests.rs"]
mod tests;
