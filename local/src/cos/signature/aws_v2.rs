//! Signature version 2 of S3.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::cos::signature::authenticator::{Authenticator, check_clock, check_end, malformed};
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::{AddressStyle, CosRequest};
use crate::dates;

/// Parameters that are part of the resource. Others are not signed.
const SIGNED_PARAMETERS: [&str; 29] = [
    "accelerate",
    "acl",
    "append",
    "cors",
    "delete",
    "encryption",
    "inventory",
    "legal-hold",
    "lifecycle",
    "location",
    "logging",
    "notification",
    "object-lock",
    "partNumber",
    "policy",
    "position",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "select-type",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
];

/// Verifies a request.
pub(super) fn verify(authenticator: &Authenticator, request: &CosRequest, now: i64) -> Result<(), CosError> {
    let (id, signature, date) =
        match request.header("authorization").and_then(|text| text.strip_prefix("AWS ")) {
            Some(text) => {
                let (id, signature) =
                    text.trim().split_once(':').ok_or_else(|| malformed("Authorization"))?;
                let amz_date = request.header("x-amz-date");
                let date = request.header("date").unwrap_or_default();
                check_clock(now, claimed_time(amz_date.unwrap_or(date)).ok_or_else(|| malformed("Date"))?)?;
                (id.to_owned(), signature.to_owned(), if amz_date.is_some() { "" } else { date })
            }
            None => {
                let member = |name: &str| request.parameter(name).ok_or_else(|| malformed(name));
                let expires = member("Expires")?;
                check_end(now, expires.parse().map_err(|_| malformed("Expires"))?)?;
                (member("AWSAccessKeyId")?.to_owned(), member("Signature")?.to_owned(), expires)
            }
        };
    authenticator.check_id(&id, request)?;
    let to_sign = string_to_sign(request, date);
    if sign(&authenticator.secret_key, &to_sign) == signature {
        Ok(())
    } else {
        Err(CosError::from(ErrorCode::SIGNATURE_DOES_NOT_MATCH).detail("StringToSign", to_sign))
    }
}

/// Reads the date of a header, in any form that clients send.
fn claimed_time(text: &str) -> Option<i64> {
    let text = text.replace("+0000", "GMT").replace("-0000", "GMT").replace("UTC", "GMT");
    let date = httpdate::parse_http_date(&text).ok().and_then(dates::seconds);
    date.or_else(|| dates::parse_basic(&text))
}

fn string_to_sign(request: &CosRequest, date: &str) -> String {
    let header = |name| request.header(name).unwrap_or_default();
    let mut amz: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in request.headers.iter().filter(|(name, _)| name.starts_with("x-amz-")) {
        amz.entry(name).or_default().push(value.trim());
    }
    let amz: String =
        amz.into_iter().map(|(name, values)| format!("{name}:{}\n", values.join(","))).collect();
    let (method, resource) = (&request.method, resource(request));
    format!("{method}\n{}\n{}\n{date}\n{amz}{resource}", header("content-md5"), header("content-type"))
}

/// Returns the bucket, the path as it was sent, and the parameters that select an operation.
fn resource(request: &CosRequest) -> String {
    let mut resource = match request.style {
        AddressStyle::Host => format!("/{}{}", request.bucket, request.raw_path),
        AddressStyle::Path { .. } => request.raw_path.clone(),
    };
    let is_signed = |name: &str| SIGNED_PARAMETERS.contains(&name) || name.starts_with("response-");
    let mut parameters: Vec<&(String, String)> =
        request.query.iter().filter(|(name, _)| is_signed(name)).collect();
    parameters.sort();
    for (index, (name, value)) in parameters.into_iter().enumerate() {
        resource.push(if index == 0 { '?' } else { '&' });
        resource.push_str(name);
        if !value.is_empty() {
            resource.push('=');
            resource.push_str(value);
        }
    }
    resource
}

fn sign(secret_key: &str, to_sign: &str) -> String {
    // Cannot fail: HMAC accepts keys of any length (RFC 2104).
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret_key.as_bytes()) else { return String::new() };
    mac.update(to_sign.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request of the examples in "Signing and authenticating REST requests (AWS signature version 2)".
    fn request(method: &str, bucket: &str, target: &str, headers: &[(&str, &str)]) -> CosRequest {
        let headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut request = CosRequest::for_tests(method, target, &headers);
        bucket.clone_into(&mut request.bucket);
        if bucket.is_empty() {
            request.style = AddressStyle::Path { local: false };
        }
        request
    }

    #[test]
    fn examples_of_the_document_have_their_signatures() {
        const KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let date = "Tue, 27 Mar 2007 19:36:42 +0000";
        let upload = [
            ("x-amz-acl", "public-read"),
            ("content-type", "application/x-download"),
            ("Content-MD5", "4gJE4saaMU4BqNR0kLY+lw=="),
            ("X-Amz-Meta-ReviewedBy", "joe@johnsmith.net"),
            ("X-Amz-Meta-ReviewedBy", "jane@johnsmith.net"),
            ("X-Amz-Meta-FileChecksum", "0x02661779"),
            ("X-Amz-Meta-ChecksumAlgorithm", "crc32"),
        ];
        let put = [("Content-Type", "image/jpeg")];
        let cases = [
            ("GET", "johnsmith", "/photos/puppy.jpg", &[][..], date, "bWq2s1WEIj+Ydj0vQ697zp+IXMU="),
            (
                "PUT",
                "johnsmith",
                "/photos/puppy.jpg",
                &put,
                "Tue, 27 Mar 2007 21:15:45 +0000",
                "MyyxeRY7whkBe+bq8fHCL/2kKUg=",
            ),
            (
                "GET",
                "johnsmith",
                "/?prefix=photos&max-keys=50&marker=puppy",
                &[],
                "Tue, 27 Mar 2007 19:42:41 +0000",
                "htDYFYduRNen8P9ZfE/s9SuKy0U=",
            ),
            (
                "GET",
                "johnsmith",
                "/?acl",
                &[],
                "Tue, 27 Mar 2007 19:44:46 +0000",
                "c2WLPFtWHVgbEmeEG93a4cG37dM=",
            ),
            (
                "PUT",
                "static.johnsmith.net",
                "/db-backup.dat.gz",
                &upload,
                "Tue, 27 Mar 2007 21:06:08 +0000",
                "ilyl83RwaSoYIEdixDQcA4OnAnc=",
            ),
            ("GET", "", "/", &[], "Wed, 28 Mar 2007 01:29:59 +0000", "qGdzdERIC03wnaRNKh6OqZehG9s="),
            (
                "GET",
                "",
                "/dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re",
                &[],
                "Wed, 28 Mar 2007 01:49:49 +0000",
                "DNEZGsoieTZ92F3bUfSPQcbGmlM=",
            ),
        ];
        for (method, bucket, target, headers, date, signature) in cases {
            let to_sign = string_to_sign(&request(method, bucket, target, headers), date);
            assert_eq!(sign(KEY, &to_sign), signature, "{to_sign}");
        }
    }
}
