//! Verification of TC3-HMAC-SHA256, the signature v3 of the cloud API, written from its document (306/57449).
//!
//! The `Authorization` header names the signed headers. The verifier rebuilds the signed text from the request that
//! arrived, and compares the signatures.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::cloud_api::error::ApiError;
use crate::cloud_api::request::ApiRequest;
use crate::dates;

const ALGORITHM: &str = "TC3-HMAC-SHA256";

/// Service in the credential scope.
const SERVICE: &str = "scf";

/// Difference of the clocks that the API tolerates, in seconds.
const SKEW: u64 = 300;

/// The known credentials.
#[derive(Clone)]
pub(super) struct Authenticator {
    pub(super) secret_id: String,
    pub(super) secret_key: String,
    /// Session token that every call must carry; `None` for permanent credentials.
    pub(super) session_token: Option<String>,
}

impl Authenticator {
    /// Verifies the signature of a call at `now`, in seconds since the Unix epoch.
    pub(super) fn authenticate(&self, request: &ApiRequest, now: u64) -> Result<(), ApiError> {
        let claim = SignatureClaim::read(request.header("authorization").unwrap_or_default())?;
        if claim.secret_id != self.secret_id {
            return Err(failure("SecretIdNotFound", "The SecretId is not found; this API knows one only."));
        }
        let timestamp = request.header("x-tc-timestamp").unwrap_or_default();
        let seconds: u64 =
            timestamp.parse().map_err(|_| malformed("X-TC-Timestamp is missing or not a number"))?;
        if seconds.abs_diff(now) > SKEW {
            let sentence = format!(
                "The timestamp {seconds} differs from the time of the API, {now}, by more than five minutes."
            );
            return Err(failure("SignatureExpire", sentence));
        }
        if claim.date != dates::utc_date(seconds) {
            let sentence =
                format!("The date {} in the credential scope is not that of X-TC-Timestamp.", claim.date);
            return Err(failure("SignatureFailure", sentence));
        }
        if self.session_token.as_deref() != request.header("x-tc-token") {
            return Err(failure("TokenFailure", "X-TC-Token is missing, wrong, or not expected."));
        }
        claim.check(request, timestamp, &self.secret_key)
    }
}

/// Content of an `Authorization` header.
struct SignatureClaim<'a> {
    secret_id: &'a str,
    /// `<YYYY-MM-DD>`, in UTC.
    date: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> SignatureClaim<'a> {
    fn read(authorization: &'a str) -> Result<Self, ApiError> {
        let members = authorization.strip_prefix(ALGORITHM).ok_or_else(|| malformed("the algorithm"))?;
        let member = |name: &'static str| {
            let mut members = members.split(',').map(str::trim);
            let found = members.find_map(|member| member.strip_prefix(name)?.strip_prefix('='));
            found.ok_or_else(|| malformed(name))
        };
        let mut scope = member("Credential")?.split('/');
        let mut part = || scope.next().unwrap_or_default();
        let (secret_id, date, service, terminator) = (part(), part(), part(), part());
        if (service, terminator) != (SERVICE, "tc3_request") || scope.next().is_some() {
            return Err(malformed("the credential scope, which is <SecretId>/<date>/scf/tc3_request"));
        }
        let signed_headers = member("SignedHeaders")?;
        let signs = |name| signed_headers.split(';').any(|signed| signed == name);
        if !signs("content-type") || !signs("host") {
            return Err(malformed("SignedHeaders, which must contain content-type and host"));
        }
        Ok(Self { secret_id, date, signed_headers, signature: member("Signature")? })
    }

    /// Compares the signature with that of the request.
    fn check(&self, request: &ApiRequest, timestamp: &str, secret_key: &str) -> Result<(), ApiError> {
        let canonical_request = canonical_request(request, self.signed_headers);
        let string_to_sign = string_to_sign(timestamp, self.date, &canonical_request);
        if signature(secret_key, self.date, &string_to_sign) == self.signature {
            return Ok(());
        }
        let sentence = format!(
            "The signature differs. Check the SecretKey, and the text that was signed. This API computed the \
             CanonicalRequest {canonical_request:?} and the StringToSign {string_to_sign:?}."
        );
        Err(failure("SignatureFailure", sentence))
    }
}

fn canonical_request(request: &ApiRequest, signed_headers: &str) -> String {
    let mut headers = String::new();
    for name in signed_headers.split(';') {
        let value = request.header(name).unwrap_or_default().trim().to_lowercase();
        headers.push_str(&format!("{name}:{value}\n"));
    }
    let ApiRequest { method, path, query, body, .. } = request;
    format!("{method}\n{path}\n{query}\n{headers}\n{signed_headers}\n{}", hex::encode(Sha256::digest(body)))
}

fn string_to_sign(timestamp: &str, date: &str, canonical_request: &str) -> String {
    let digest = hex::encode(Sha256::digest(canonical_request.as_bytes()));
    format!("{ALGORITHM}\n{timestamp}\n{date}/{SERVICE}/tc3_request\n{digest}")
}

fn signature(secret_key: &str, date: &str, string_to_sign: &str) -> String {
    let key = hmac_sha256(format!("TC3{secret_key}").as_bytes(), date);
    let key = hmac_sha256(&hmac_sha256(&key, SERVICE), "tc3_request");
    hex::encode(hmac_sha256(&key, string_to_sign))
}

fn hmac_sha256(key: &[u8], message: &str) -> Vec<u8> {
    // Cannot fail: HMAC accepts keys of any length (RFC 2104).
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn malformed(what: &str) -> ApiError {
    failure("InvalidAuthorization", format!("The Authorization header is missing or malformed: {what}."))
}

fn failure(kind: &str, message: impl Into<String>) -> ApiError {
    ApiError::new(&format!("AuthFailure.{kind}"), message)
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
