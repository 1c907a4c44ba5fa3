//! Signature TC3-HMAC-SHA256 of the cloud API (API 3.0, signature v3): a pure function of request, keys and
//! time.
//!
//! Content type and host are signed, as the official SDKs do. Both must be sent as they were signed.

use std::time::{Duration, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::credential::Credential;

/// `Content-Type` of every request. Also `application/json; charset=utf-8` would be another signature.
pub(super) const CONTENT_TYPE: &str = "application/json";

/// Name of the product in the scope of a signature.
const SERVICE: &str = "scf";

/// Names of the signed headers.
const SIGNED_HEADERS: &str = "content-type;host";

/// Last second whose date has a year of four digits.
const LAST_SECOND: u64 = 253_402_300_799;

/// Signature of one POST request.
#[derive(Debug)]
pub(super) struct Signature {
    /// Day in UTC, `YYYY-MM-DD`.
    date: String,
    string_to_sign: String,
}

impl Signature {
    /// Prepares the signature of a body that is sent to `host` at `timestamp`, in seconds since the epoch.
    pub(super) fn new(host: &str, body: &[u8], timestamp: u64) -> Self {
        let digest = hex::encode(Sha256::digest(canonical_request(host, body)));
        let date = utc_date(timestamp);
        let string_to_sign = format!("TC3-HMAC-SHA256\n{timestamp}\n{date}/{SERVICE}/tc3_request\n{digest}");
        Self { date, string_to_sign }
    }

    /// Value of the `Authorization` header.
    pub(super) fn authorization(&self, credential: &Credential) -> String {
        let key = signing_key(credential.secret_key.reveal(), &self.date);
        format!(
            "TC3-HMAC-SHA256 Credential={}/{}/{SERVICE}/tc3_request, SignedHeaders={SIGNED_HEADERS}, \
             Signature={}",
            credential.secret_id.reveal(),
            self.date,
            hex::encode(hmac(&key, &self.string_to_sign)),
        )
    }
}

/// Returns the form of the request whose digest is signed.
fn canonical_request(host: &str, body: &[u8]) -> String {
    let digest = hex::encode(Sha256::digest(body));
    format!("POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:{host}\n\n{SIGNED_HEADERS}\n{digest}")
}

/// Derives the key of one day.
fn signing_key(secret_key: &str, date: &str) -> [u8; 32] {
    let key = hmac(format!("TC3{secret_key}").as_bytes(), date);
    hmac(&hmac(&key, SERVICE), "tc3_request")
}

fn hmac(key: &[u8], message: &str) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC is defined for keys of any length (RFC 2104)")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().into()
}

/// Returns the day of a time in UTC, as `YYYY-MM-DD`.
fn utc_date(timestamp: u64) -> String {
    let time = UNIX_EPOCH + Duration::from_secs(timestamp.min(LAST_SECOND));
    let text = humantime::format_rfc3339_seconds(time).to_string();
    text.split('T').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    /// Vectors from the official SDK for Python; the file names their origin.
    const VECTORS: &str = include_str!("../../deploy/tests/tc3-vectors.json");

    #[derive(Deserialize)]
    struct File {
        secret_id: String,
        secret_key: String,
        timestamp: u64,
        date_utc: String,
        service: String,
        vectors: Vec<Vector>,
    }

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        endpoint: String,
        body: String,
        canonical_request: String,
        string_to_sign: String,
        k_signing: String,
        authorization: String,
    }

    #[test]
    fn signatures_equal_those_of_the_sdk() {
        let file: File = serde_json::from_str(VECTORS).unwrap();
        let credential = Credential::new(&*file.secret_id, &*file.secret_key, None);
        assert_eq!((file.vectors.len(), &*file.service), (3, SERVICE));
        for vector in &file.vectors {
            let (host, body) = (vector.endpoint.as_str(), vector.body.as_bytes());
            assert_eq!(canonical_request(host, body), vector.canonical_request, "{}", vector.name);
            let signature = Signature::new(host, body, file.timestamp);
            assert_eq!(signature.date, file.date_utc, "{}", vector.name);
            assert_eq!(signature.string_to_sign, vector.string_to_sign, "{}", vector.name);
            let key = signing_key(&file.secret_key, &file.date_utc);
            assert_eq!(hex::encode(key), vector.k_signing, "{}", vector.name);
            assert_eq!(signature.authorization(&credential), vector.authorization, "{}", vector.name);
        }
    }

    #[test]
    fn days_are_those_of_utc() {
        let table = [
            (0, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (1_700_006_399, "2023-11-14"),
            (1_700_006_400, "2023-11-15"),
            (u64::MAX, "9999-12-31"),
        ];
        for (timestamp, date) in table {
            assert_eq!(utc_date(timestamp), date, "{timestamp}");
        }
    }
}
