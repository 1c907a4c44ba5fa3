//! Tests of the verification, with signatures of the official SDK.

use bytes::Bytes;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct File {
    secret_id: String,
    secret_key: String,
    timestamp: u64,
    date_utc: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    headers: std::collections::BTreeMap<String, String>,
    body: String,
    canonical_request: String,
    string_to_sign: String,
    signature: String,
    authorization: String,
}

fn file() -> File {
    serde_json::from_str(include_str!("../../../deploy/tests/tc3-vectors.json")).unwrap()
}

fn authenticator(file: &File, token: Option<&str>) -> Authenticator {
    Authenticator {
        secret_id: file.secret_id.clone(),
        secret_key: file.secret_key.clone(),
        session_token: token.map(str::to_owned),
    }
}

fn request(vector: &Vector) -> ApiRequest {
    let headers = vector.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone()));
    let authorization = ("authorization".to_owned(), vector.authorization.clone());
    ApiRequest {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: String::new(),
        headers: headers.chain([authorization]).collect(),
        body: Bytes::from(vector.body.clone()),
    }
}

#[test]
fn every_step_equals_the_vectors() {
    let file = file();
    assert_eq!(file.vectors.len(), 3);
    for vector in &file.vectors {
        let request = request(vector);
        let canonical_request = canonical_request(&request, "content-type;host");
        assert_eq!(canonical_request, vector.canonical_request, "{}", vector.name);
        let string_to_sign = string_to_sign(&file.timestamp.to_string(), &file.date_utc, &canonical_request);
        assert_eq!(string_to_sign, vector.string_to_sign, "{}", vector.name);
        assert_eq!(signature(&file.secret_key, &file.date_utc, &string_to_sign), vector.signature);
        let token = vector.headers.get("X-TC-Token").map(String::as_str);
        let result = authenticator(&file, token).authenticate(&request, file.timestamp);
        assert_eq!(result, Ok(()), "{}", vector.name);
    }
}

#[test]
fn changed_requests_are_refused() {
    type Change = fn(&mut ApiRequest);
    fn set(request: &mut ApiRequest, name: &str, change: impl Fn(&str) -> String) {
        for (_, value) in request.headers.iter_mut().filter(|(have, _)| have == name) {
            *value = change(value);
        }
    }
    let file = file();
    let cases: [(&str, Change); 9] = [
        ("SignatureFailure", |request| request.body = Bytes::from_static(b"{}")),
        ("SignatureFailure", |request| set(request, "host", |_| "cam.tencentcloudapi.com".to_owned())),
        ("SignatureFailure", |request| {
            set(request, "content-type", |value| format!("{value}; charset=utf-8"));
        }),
        ("SignatureFailure", |request| {
            set(request, "authorization", |value| value.replace("2023-11-14", "2023-11-15"));
        }),
        ("SecretIdNotFound", |request| {
            set(request, "authorization", |value| value.replace("=AKID", "=akid"))
        }),
        ("InvalidAuthorization", |request| set(request, "authorization", |_| "Basic eA==".to_owned())),
        ("InvalidAuthorization", |request| {
            set(request, "authorization", |value| value.replace("content-type;host", "host"));
        }),
        ("InvalidAuthorization", |request| {
            set(request, "authorization", |value| value.replace("/scf/", "/cam/"))
        }),
        ("TokenFailure", |request| request.headers.push(("x-tc-token".to_owned(), "t".to_owned()))),
    ];
    for (number, (code, change)) in cases.into_iter().enumerate() {
        let mut changed = request(&file.vectors[0]);
        change(&mut changed);
        let error = authenticator(&file, None).authenticate(&changed, file.timestamp).unwrap_err();
        assert_eq!(error.code, format!("AuthFailure.{code}"), "case {number}: {error}");
        assert!(!error.message.contains(&file.secret_key), "case {number}: {error}");
    }
}

#[test]
fn a_clock_may_differ_by_five_minutes() {
    let file = file();
    let request = request(&file.vectors[0]);
    for (offset, code) in [(0, None), (300, None), (301, Some("AuthFailure.SignatureExpire"))] {
        for clock in [file.timestamp + offset, file.timestamp - offset] {
            let result = authenticator(&file, None).authenticate(&request, clock);
            assert_eq!(result.err().map(|error| error.code).as_deref(), code, "{clock}");
        }
    }
}

#[test]
fn a_wrong_signature_is_answered_with_the_text_to_sign() {
    let file = file();
    let mut other = authenticator(&file, None);
    other.secret_key = "another".to_owned();
    let error = other.authenticate(&request(&file.vectors[0]), file.timestamp).unwrap_err();
    assert_eq!(error.code, "AuthFailure.SignatureFailure");
    for text in [&file.vectors[0].canonical_request, &file.vectors[0].string_to_sign] {
        assert!(error.message.contains(&format!("{text:?}")), "{error}");
    }
}

#[test]
fn a_temporary_key_needs_its_token() {
    let file = file();
    let vector = &file.vectors[2];
    let now = file.timestamp;
    let with_token = |token| authenticator(&file, token).authenticate(&request(vector), now);
    assert_eq!(with_token(Some("ExampleSessionToken")), Ok(()));
    for token in [None, Some("another")] {
        assert_eq!(with_token(token).unwrap_err().code, "AuthFailure.TokenFailure");
    }
}
