//! Verifying request signatures (436/7778), from the document and not from any signer.
//!
//! The verifier takes the lists of the `Authorization` as the claim of what was signed, rebuilds the signed
//! text from what really arrived, and compares. Nothing here is shared with the client under test.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha1::{Digest, Sha1};

use crate::cos::wire::dates;
use crate::cos::wire::error::{Code, Error};
use crate::cos::wire::request::Request;

/// UrlEncode of the document: `A-Z a-z 0-9 - _ . ~` stay, all else becomes `%XX` with capital digits.
const SIGNED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Clock difference COS tolerates, in seconds (436/7730).
const SKEW: i64 = 15 * 60;

/// Parameters of a presigned URL, which carry the signature and are not under it.
const CLAIMS: [&str; 7] = [
    "q-sign-algorithm",
    "q-ak",
    "q-sign-time",
    "q-key-time",
    "q-header-list",
    "q-url-param-list",
    "q-signature",
];

/// Who may ask, and how sternly.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) secret_id: String,
    pub(crate) secret_key: String,
    /// With temporary credentials, the token every request must carry.
    pub(crate) session_token: Option<String>,
    /// Whether the token counts as too old.
    pub(crate) token_expired: bool,
    /// Strict signature mode: everything that means something must be signed.
    pub(crate) strict: bool,
}

/// Who asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Caller {
    /// No signature at all: public objects only.
    Anonymous,
    /// The owner of the key.
    Owner,
}

impl Gate {
    /// Checks the signature of a request at `now`, in seconds since the epoch.
    pub(crate) fn check(&self, request: &Request, now: i64) -> Result<Caller, Error> {
        let Some(claim) = Claim::read(request)? else { return Ok(Caller::Anonymous) };
        if claim.secret_id != self.secret_id {
            return Err(Code::INVALID_ACCESS_KEY_ID.into());
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

    fn check_token(&self, request: &Request) -> Result<(), Error> {
        let Some(expected) = &self.session_token else { return Ok(()) };
        let name = "x-cos-security-token";
        let sent = request.header(name).or_else(|| request.parameter(name));
        if self.token_expired {
            Err(Code::EXPIRED_TOKEN.into())
        } else if sent == Some(expected) {
            Ok(())
        } else {
            // A temporary key is unknown without its token.
            Err(Code::INVALID_ACCESS_KEY_ID.into())
        }
    }
}

/// What an `Authorization`, or the query of a presigned URL, says.
struct Claim {
    secret_id: String,
    /// `<start>;<end>`, seconds since the epoch.
    key_time: String,
    header_list: Vec<String>,
    parameter_list: Vec<String>,
    signature: String,
}

impl Claim {
    /// Reads the claim; none when the request is not signed.
    fn read(request: &Request) -> Result<Option<Self>, Error> {
        let mut members: BTreeMap<&str, String> = BTreeMap::new();
        match request.header("authorization") {
            Some(text) if !text.is_empty() => {
                for pair in text.split('&') {
                    let (name, value) = pair.split_once('=').ok_or_else(|| malformed(pair))?;
                    members.insert(name, value.to_owned());
                }
            }
            _ if request.parameter("q-signature").is_some() => {
                for name in CLAIMS {
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

    fn check_signature(&self, request: &Request, secret_key: &str) -> Result<(), Error> {
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
        Err(Error::from(Code::SIGNATURE_DOES_NOT_MATCH)
            .detail("StringtoSign", string_to_sign)
            .detail("FormatString", http_string))
    }

    /// Strict signature mode of a bucket: what is present must be signed.
    fn check_strict(&self, request: &Request) -> Result<(), Error> {
        for (name, _) in &request.headers {
            let counts =
                matches!(name.as_str(), "content-length" | "content-md5" | "content-type" | "host" | "range")
                    || name.starts_with("x-cos-");
            if counts && !self.header_list.contains(name) {
                return Err(strict("header", name));
            }
        }
        for (name, _) in &request.query {
            let listed = self.parameter_list.contains(&list_name(name));
            if !CLAIMS.contains(&name.as_str()) && !listed {
                return Err(strict("param", name));
            }
        }
        Ok(())
    }
}

/// HttpParameters or HttpHeaders: the listed names with the values that arrived, sorted by encoded name.
fn signed_pairs<'a>(
    list: &[String],
    sent: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<String, Error> {
    let sent: BTreeMap<String, &str> = sent.map(|(name, value)| (list_name(name), value)).collect();
    let mut pairs = BTreeMap::new();
    for name in list {
        let value = sent.get(name).ok_or_else(|| {
            Error::because(
                Code::SIGNATURE_DOES_NOT_MATCH,
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

/// A name as the lists carry it: encoded, then lower-cased.
fn list_name(name: &str) -> String {
    utf8_percent_encode(name, SIGNED).to_string().to_ascii_lowercase()
}

/// The names of a list.
fn names(list: &str) -> Vec<String> {
    list.split(';').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn hmac_sha1(key: &str, message: &str) -> String {
    // HMAC takes keys of any length (RFC 2104), so the error does not occur.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(message.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn check_window(key_time: &str, now: i64) -> Result<(), Error> {
    let (start, end) = key_time
        .split_once(';')
        .and_then(|(start, end)| Some((start.parse::<i64>().ok()?, end.parse::<i64>().ok()?)))
        .filter(|(start, end)| start < end)
        .ok_or_else(|| malformed("q-key-time"))?;
    if start > now.saturating_add(SKEW) {
        return Err(Code::REQUEST_TIME_TOO_SKEWED.into());
    }
    if now < start || now > end {
        return Err(Error::because(Code::ACCESS_DENIED, "Request has expired"));
    }
    Ok(())
}

fn check_date(request: &Request, now: i64) -> Result<(), Error> {
    let Some(date) = request.header("date") else { return Ok(()) };
    let sent = httpdate::parse_http_date(date).ok().and_then(dates::seconds);
    match sent {
        Some(sent) if sent.abs_diff(now) > SKEW.unsigned_abs() => Err(Code::REQUEST_TIME_TOO_SKEWED.into()),
        _ => Ok(()),
    }
}

fn malformed(what: &str) -> Error {
    let what = percent_decode_str(what).decode_utf8_lossy();
    Error::because(Code::ACCESS_DENIED, format!("The authorization is malformed at {what}."))
}

fn strict(kind: &str, name: &str) -> Error {
    let message = "Strict signature missing header/param that must be signed";
    Error::because(Code::ACCESS_DENIED, message).detail("Missing", format!("{kind} {name}"))
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

    fn gate(file: &File) -> Gate {
        Gate {
            secret_id: file.secret_id.clone(),
            secret_key: file.secret_key.clone(),
            session_token: None,
            token_expired: false,
            strict: false,
        }
    }

    fn request(vector: &Vector, authorization: &str) -> Request {
        let mut headers = vector.headers.clone();
        headers.push(("Authorization".to_owned(), authorization.to_owned()));
        Request::for_tests(&vector.method, &vector.wire_target, &headers)
    }

    const DURING: i64 = 1_700_000_100;

    #[test]
    fn vectors_of_the_official_sdks_pass() {
        let file = file();
        for vector in file.vectors.iter().chain(&file.edge_vectors_where_sdks_differ) {
            let request = request(vector, &vector.authorization);
            let verdict = gate(&file).check(&request, DURING);
            assert_eq!(verdict.map_err(|e| e.message().to_owned()), Ok(Caller::Owner), "{}", vector.name);
        }
        assert_eq!(file.vectors.len(), 21);
    }

    #[test]
    fn where_the_sdks_differ_the_other_signature_is_refused() {
        let file = file();
        for vector in &file.edge_vectors_where_sdks_differ {
            let others = [&vector.python_sdk_authorization, &vector.node_sdk_authorization];
            for other in others.into_iter().flatten().filter(|other| **other != vector.authorization) {
                let error = gate(&file).check(&request(vector, other), DURING).unwrap_err();
                assert_eq!(error.code(), "SignatureDoesNotMatch", "{}", vector.name);
            }
        }
    }

    #[test]
    fn official_examples_are_rebuilt_from_the_request() {
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
    fn any_change_of_what_is_signed_is_noticed() {
        let file = file();
        for vector in &file.vectors {
            let mut other = request(vector, &vector.authorization);
            other.path.push('x');
            assert_eq!(gate(&file).check(&other, DURING).unwrap_err().code(), "SignatureDoesNotMatch");
            let mut other = request(vector, &vector.authorization);
            other.method = "PATCH".to_owned();
            assert_eq!(gate(&file).check(&other, DURING).unwrap_err().code(), "SignatureDoesNotMatch");
            let signed = Claim::read(&other).unwrap().unwrap().header_list;
            for name in signed {
                let mut other = request(vector, &vector.authorization);
                for (header, value) in &mut other.headers {
                    if *header == name {
                        value.push('x');
                    }
                }
                let error = gate(&file).check(&other, DURING).unwrap_err();
                assert_eq!(error.code(), "SignatureDoesNotMatch", "{} {name}", vector.name);
                other.headers.retain(|(header, _)| *header != name);
                let error = gate(&file).check(&other, DURING).unwrap_err();
                assert!(error.message().contains("was not sent"), "{} {name}", vector.name);
            }
        }
    }

    #[test]
    fn the_http_string_of_a_refusal_is_the_text_of_the_vector() {
        let file = file();
        for vector in &file.vectors {
            let request = request(vector, &vector.authorization);
            let mut gate = gate(&file);
            gate.secret_key.push('x');
            let document = gate.check(&request, DURING).unwrap_err().document("", "");
            let expected = quick_xml::escape::escape(&vector.http_string).into_owned();
            assert!(document.contains(&expected), "{}: {document}", vector.name);
        }
    }

    #[test]
    fn credentials_and_clock_decide_the_code() {
        let file = file();
        let vector = &file.vectors[0];
        let good = gate(&file);
        let other_id = Gate { secret_id: "AKIDother".to_owned(), ..good.clone() };
        let token = Gate { session_token: Some("t".to_owned()), ..good.clone() };
        let expired = Gate { token_expired: true, ..token.clone() };
        let cases = [
            ("unknown id", &other_id, DURING, "InvalidAccessKeyId"),
            ("token missing", &token, DURING, "InvalidAccessKeyId"),
            ("token too old", &expired, DURING, "ExpiredToken"),
            ("a little early", &good, 1_699_999_999, "AccessDenied"),
            ("far too early", &good, 1_699_990_000, "RequestTimeTooSkewed"),
            ("too late", &good, 1_700_003_601, "AccessDenied"),
        ];
        for (name, gate, now, code) in cases {
            let request = request(vector, &vector.authorization);
            assert_eq!(gate.check(&request, now).unwrap_err().code(), code, "{name}");
        }
    }

    #[test]
    fn strict_mode_wants_every_header_and_parameter_signed() {
        let file = file();
        let strict = Gate { strict: true, ..gate(&file) };
        for vector in &file.vectors {
            assert!(strict.check(&request(vector, &vector.authorization), DURING).is_ok(), "{}", vector.name);
        }
        for (name, value) in
            [("host", "h"), ("range", "bytes=0-1"), ("x-cos-meta-a", "b"), ("content-type", "t")]
        {
            let unsigned = file.vectors.iter().find(|vector| vector.name == "no-header-signed").unwrap();
            let mut request = request(unsigned, &unsigned.authorization);
            request.headers.push((name.to_owned(), value.to_owned()));
            assert!(gate(&file).check(&request, DURING).is_ok(), "{name}");
            assert!(strict.check(&request, DURING).is_err(), "{name}");
        }
        let listed = file.vectors.iter().find(|vector| vector.name == "get-range-nested").unwrap();
        let mut request = request(listed, &listed.authorization);
        request.query.push(("versionId".to_owned(), "1".to_owned()));
        let error = strict.check(&request, DURING).unwrap_err();
        assert_eq!(error.message(), "Strict signature missing header/param that must be signed");
    }
}
