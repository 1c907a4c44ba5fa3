//! Verification of request signatures (436/7778), written from the document and independent of every signer.
//!
//! The lists of the `Authorization` name what was signed. The verifier rebuilds the signed text from the request that
//! arrived, and compares the signatures. It shares no code with the client under test.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha1::{Digest, Sha1};

use crate::cos::wire::dates;
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::CosRequest;

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
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct File {
        secret_id: String,
        secret_key: String,
        vectors: Vec<Vector>,
        edge_vectors_where_sdks_differ: Vec<Vector>,
        official_examples: Vec<Official>,
    }

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        method: String,
        wire_target: String,
        headers: Vec<(String, String)>,
        http_string: String,
        authorization: String,
        python_sdk_authorization: Option<String>,
        node_sdk_authorization: Option<String>,
    }

    #[derive(Deserialize)]
    struct Official {
        name: String,
        method: String,
        key: String,
        key_time: String,
        sign_key: String,
        headers: Vec<(String, String)>,
        query: Vec<(String, String)>,
        header_list: String,
        url_param_list: String,
        http_parameters: String,
        http_headers: String,
        string_to_sign: String,
        signature: String,
    }

    fn file() -> File {
        serde_json::from_str(include_str!("../../../tests/data/cos-signature-vectors.json")).unwrap()
    }

    fn authenticator(file: &File) -> Authenticator {
        Authenticator {
            secret_id: file.secret_id.clone(),
            secret_key: file.secret_key.clone(),
            session_token: None,
            token_expired: false,
            strict: false,
        }
    }

    fn request(vector: &Vector, authorization: &str) -> CosRequest {
        let mut headers = vector.headers.clone();
        headers.push(("Authorization".to_owned(), authorization.to_owned()));
        CosRequest::for_tests(&vector.method, &vector.wire_target, &headers)
    }

    const DURING: i64 = 1_700_000_100;

    #[test]
    fn vectors_of_the_official_sdks_pass() {
        let file = file();
        for vector in file.vectors.iter().chain(&file.edge_vectors_where_sdks_differ) {
            let request = request(vector, &vector.authorization);
            let verdict = authenticator(&file).authenticate(&request, DURING);
            assert_eq!(verdict.map_err(|e| e.message().to_owned()), Ok(Caller::Owner), "{}", vector.name);
        }
        assert_eq!(file.vectors.len(), 21);
    }

    #[test]
    fn the_other_signature_is_refused_where_the_sdks_differ() {
        let file = file();
        for vector in &file.edge_vectors_where_sdks_differ {
            let others = [&vector.python_sdk_authorization, &vector.node_sdk_authorization];
            for other in others.into_iter().flatten().filter(|other| **other != vector.authorization) {
                let error = authenticator(&file).authenticate(&request(vector, other), DURING).unwrap_err();
                assert_eq!(error.code(), "SignatureDoesNotMatch", "{}", vector.name);
            }
        }
    }

    #[test]
    fn official_examples_are_rebuilt_from_their_requests() {
        let file = file();
        for example in &file.official_examples {
            let list = names(&example.header_list);
            let sent = example.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let headers = signed_pairs(&list, sent).unwrap();
            assert_eq!(headers, example.http_headers, "{}", example.name);
            let sent = example.query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let parameters = signed_pairs(&names(&example.url_param_list), sent).unwrap();
            assert_eq!(parameters, example.http_parameters, "{}", example.name);
            let method = example.method.to_ascii_lowercase();
            let http_string = format!("{method}\n/{}\n{parameters}\n{headers}\n", example.key);
            let digest = hex::encode(Sha1::digest(http_string.as_bytes()));
            assert_eq!(
                format!("sha1\n{}\n{digest}\n", example.key_time),
                example.string_to_sign,
                "{}",
                example.name
            );
            let signature = hmac_sha1(&example.sign_key, &example.string_to_sign);
            assert_eq!(signature, example.signature, "{}", example.name);
        }
    }

    #[test]
    fn every_change_of_a_signed_part_is_detected() {
        let file = file();
        for vector in &file.vectors {
            let mut other = request(vector, &vector.authorization);
            other.path.push('x');
            assert_eq!(
                authenticator(&file).authenticate(&other, DURING).unwrap_err().code(),
                "SignatureDoesNotMatch"
            );
            let mut other = request(vector, &vector.authorization);
            other.method = "PATCH".to_owned();
            assert_eq!(
                authenticator(&file).authenticate(&other, DURING).unwrap_err().code(),
                "SignatureDoesNotMatch"
            );
            let signed = SignatureClaim::read(&other).unwrap().unwrap().header_list;
            for name in signed {
                let mut other = request(vector, &vector.authorization);
                for (header, value) in &mut other.headers {
                    if *header == name {
                        value.push('x');
                    }
                }
                let error = authenticator(&file).authenticate(&other, DURING).unwrap_err();
                assert_eq!(error.code(), "SignatureDoesNotMatch", "{} {name}", vector.name);
                other.headers.retain(|(header, _)| *header != name);
                let error = authenticator(&file).authenticate(&other, DURING).unwrap_err();
                assert!(error.message().contains("was not sent"), "{} {name}", vector.name);
            }
        }
    }

    #[test]
    fn the_error_document_contains_the_http_string() {
        let file = file();
        for vector in &file.vectors {
            let request = request(vector, &vector.authorization);
            let mut authenticator = authenticator(&file);
            authenticator.secret_key.push('x');
            let document = authenticator.authenticate(&request, DURING).unwrap_err().document("", "");
            let expected = quick_xml::escape::escape(&vector.http_string).into_owned();
            assert!(document.contains(&expected), "{}: {document}", vector.name);
        }
    }

    #[test]
    fn credentials_and_clock_decide_the_code() {
        let file = file();
        let vector = &file.vectors[0];
        let good = authenticator(&file);
        let other_id = Authenticator { secret_id: "AKIDother".to_owned(), ..good.clone() };
        let token = Authenticator { session_token: Some("t".to_owned()), ..good.clone() };
        let expired = Authenticator { token_expired: true, ..token.clone() };
        let cases = [
            ("unknown id", &other_id, DURING, "InvalidAccessKeyId"),
            ("token missing", &token, DURING, "InvalidAccessKeyId"),
            ("token expired", &expired, DURING, "ExpiredToken"),
            ("a little early", &good, 1_699_999_999, "AccessDenied"),
            ("far too early", &good, 1_699_990_000, "RequestTimeTooSkewed"),
            ("too late", &good, 1_700_003_601, "AccessDenied"),
        ];
        for (name, authenticator, now, code) in cases {
            let request = request(vector, &vector.authorization);
            assert_eq!(authenticator.authenticate(&request, now).unwrap_err().code(), code, "{name}");
        }
    }

    #[test]
    fn strict_mode_requires_signed_headers_and_parameters() {
        let file = file();
        let strict = Authenticator { strict: true, ..authenticator(&file) };
        for vector in &file.vectors {
            assert!(
                strict.authenticate(&request(vector, &vector.authorization), DURING).is_ok(),
                "{}",
                vector.name
            );
        }
        for (name, value) in
            [("host", "h"), ("range", "bytes=0-1"), ("x-cos-meta-a", "b"), ("content-type", "t")]
        {
            let unsigned = file.vectors.iter().find(|vector| vector.name == "no-header-signed").unwrap();
            let mut request = request(unsigned, &unsigned.authorization);
            request.headers.push((name.to_owned(), value.to_owned()));
            assert!(authenticator(&file).authenticate(&request, DURING).is_ok(), "{name}");
            assert!(strict.authenticate(&request, DURING).is_err(), "{name}");
        }
        let listed = file.vectors.iter().find(|vector| vector.name == "get-range-nested").unwrap();
        let mut request = request(listed, &listed.authorization);
        request.query.push(("versionId".to_owned(), "1".to_owned()));
        let error = strict.authenticate(&request, DURING).unwrap_err();
        assert_eq!(error.message(), "Strict signature missing header/param that must be signed");
    }
}
