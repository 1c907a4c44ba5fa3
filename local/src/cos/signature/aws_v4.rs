//! AWS Signature Version 4, in the form of S3.
//!
//! The region and the service of the credential scope are not checked: Tencent's samples sign for regions that COS does not
//! have.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::utf8_percent_encode;
use sha2::{Digest, Sha256};

use crate::cos::signature::authenticator::{Authenticator, check_clock, check_end, malformed};
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::{CosRequest, UNRESERVED, UNRESERVED_PATH};
use crate::dates;

/// Beginning of the `Authorization` header.
pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Longest validity of a presigned URL, in seconds.
const EXPIRES_MAX: i64 = 604_800;

/// Content of an `Authorization` header or of the query of a presigned URL.
struct Claim {
    id: String,
    /// `<yyyymmdd>/<region>/<service>/aws4_request`
    scope: String,
    /// `<yyyymmdd>T<hhmmss>Z`
    date: String,
    /// Seconds of validity of a presigned URL.
    expires: Option<i64>,
    signed_headers: Vec<String>,
    signature: String,
}

/// Verifies a request.
pub(super) fn verify(authenticator: &Authenticator, request: &CosRequest, now: i64) -> Result<(), CosError> {
    let claim = Claim::read(request)?;
    authenticator.check_id(&claim.id, request)?;
    let signed_at = dates::parse_basic(&claim.date).ok_or_else(|| malformed("X-Amz-Date"))?;
    match claim.expires {
        Some(seconds) if (1..=EXPIRES_MAX).contains(&seconds) => {
            check_end(now, signed_at.saturating_add(seconds))?;
        }
        Some(_) => return Err(malformed("X-Amz-Expires")),
        None => check_clock(now, signed_at)?,
    }
    claim.check(request, &authenticator.secret_key)
}

impl Claim {
    fn read(request: &CosRequest) -> Result<Self, CosError> {
        let mut members: BTreeMap<String, String> = BTreeMap::new();
        if let Some(text) = request.header("authorization").and_then(|text| text.strip_prefix(ALGORITHM)) {
            for pair in text.split(',') {
                let (name, value) = pair.trim().split_once('=').ok_or_else(|| malformed(pair))?;
                members.insert(name.to_owned(), value.to_owned());
            }
            let date = request.header("x-amz-date").ok_or_else(|| malformed("x-amz-date"))?;
            members.insert("Date".to_owned(), date.to_owned());
        } else {
            for (name, value) in &request.query {
                if let Some(name) = name.strip_prefix("X-Amz-") {
                    members.insert(name.to_owned(), value.clone());
                }
            }
        }
        let mut take = |name: &str| members.remove(name).ok_or_else(|| malformed(name));
        let credential = take("Credential")?;
        let (id, scope) = credential.split_once('/').ok_or_else(|| malformed("Credential"))?;
        let date = take("Date")?;
        if !scope.ends_with("/aws4_request") || scope.split('/').next() != date.split('T').next() {
            return Err(malformed("Credential"));
        }
        let expires = take("Expires").ok().map(|text| text.parse().map_err(|_| malformed("X-Amz-Expires")));
        Ok(Self {
            id: id.to_owned(),
            scope: scope.to_owned(),
            date,
            expires: expires.transpose()?,
            signed_headers: take("SignedHeaders")?.split(';').map(str::to_owned).collect(),
            signature: take("Signature")?,
        })
    }

    fn check(&self, request: &CosRequest, secret_key: &str) -> Result<(), CosError> {
        let payload = payload_hash(request, self.expires.is_some())?;
        // The path as it was sent, and as the document encodes it.
        let encoded = utf8_percent_encode(&request.path, UNRESERVED_PATH).to_string();
        let mut canonical = String::new();
        let mut to_sign = String::new();
        for path in [encoded.as_str(), request.raw_path.as_str()] {
            canonical = self.canonical_request(request, path, &payload)?;
            let digest = hex::encode(Sha256::digest(canonical.as_bytes()));
            to_sign = format!("{ALGORITHM}\n{}\n{}\n{digest}", self.date, self.scope);
            if self.sign(secret_key, &to_sign) == self.signature {
                return Ok(());
            }
        }
        Err(CosError::from(ErrorCode::SIGNATURE_DOES_NOT_MATCH)
            .detail("StringToSign", to_sign)
            .detail("CanonicalRequest", canonical))
    }

    fn canonical_request(&self, request: &CosRequest, path: &str, payload: &str) -> Result<String, CosError> {
        let encode = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
        let signed = request.query.iter().filter(|(name, _)| name != "X-Amz-Signature");
        let mut query: Vec<(String, String)> =
            signed.map(|(name, value)| (encode(name), encode(value))).collect();
        query.sort();
        let query: Vec<String> = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut headers = String::new();
        for name in &self.signed_headers {
            let sent = request.headers.iter().filter(|(have, _)| have == name);
            let values: Vec<String> =
                sent.map(|(_, value)| value.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
            if values.is_empty() {
                let message = format!("The signed header {name} was not sent.");
                return Err(CosError::with_message(ErrorCode::SIGNATURE_DOES_NOT_MATCH, message));
            }
            headers += &format!("{name}:{}\n", values.join(","));
        }
        let (method, list) = (&request.method, self.signed_headers.join(";"));
        Ok(format!("{method}\n{path}\n{}\n{headers}\n{list}\n{payload}", query.join("&")))
    }

    fn sign(&self, secret_key: &str, to_sign: &str) -> String {
        let first = format!("AWS4{secret_key}").into_bytes();
        let key = self.scope.split('/').fold(first, |key, part| hmac_sha256(&key, part));
        hex::encode(hmac_sha256(&key, to_sign))
    }
}

/// Returns the hash of the body in the signed text, and checks that it is that of the body.
fn payload_hash(request: &CosRequest, is_presigned: bool) -> Result<String, CosError> {
    let actual = || hex::encode(Sha256::digest(&request.body));
    match request.header("x-amz-content-sha256").or_else(|| request.parameter("X-Amz-Content-Sha256")) {
        None if is_presigned => Ok("UNSIGNED-PAYLOAD".to_owned()),
        None => Ok(actual()),
        Some("UNSIGNED-PAYLOAD") => Ok("UNSIGNED-PAYLOAD".to_owned()),
        Some(mode) if mode.starts_with("STREAMING-") => {
            let message = format!("Aws MultiChunkedEncoding {mode} is not supported.");
            let hint = "newer AWS SDKs need request_checksum_calculation = when_required";
            Err(CosError::with_message(ErrorCode { status: 400, ..ErrorCode::NOT_IMPLEMENTED }, message)
                .hint(hint))
        }
        Some(sent) if sent == actual() => Ok(sent.to_owned()),
        Some(_) => Err(ErrorCode::CONTENT_SHA256_MISMATCH.into()),
    }
}

fn hmac_sha256(key: &[u8], message: &str) -> Vec<u8> {
    // Cannot fail: HMAC accepts keys of any length (RFC 2104).
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
#[path = "aws_v4_tests.rs"]
mod tests;
