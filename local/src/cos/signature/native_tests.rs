//! Tests of the verification, with signatures of the official SDKs and the examples of the document.

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
    serde_json::from_str(include_str!("../../../../tests/data/cos-signature-vectors.json")).unwrap()
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
        let verdict = authenticate(&authenticator(&file), &request, DURING);
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
            let error = authenticate(&authenticator(&file), &request(vector, other), DURING).unwrap_err();
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
            authenticate(&authenticator(&file), &other, DURING).unwrap_err().code(),
            "SignatureDoesNotMatch"
        );
        let mut other = request(vector, &vector.authorization);
        other.method = "PATCH".to_owned();
        assert_eq!(
            authenticate(&authenticator(&file), &other, DURING).unwrap_err().code(),
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
            let error = authenticate(&authenticator(&file), &other, DURING).unwrap_err();
            assert_eq!(error.code(), "SignatureDoesNotMatch", "{} {name}", vector.name);
            other.headers.retain(|(header, _)| *header != name);
            let error = authenticate(&authenticator(&file), &other, DURING).unwrap_err();
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
        let document = authenticate(&authenticator, &request, DURING).unwrap_err().document("", "");
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
        assert_eq!(authenticate(authenticator, &request, now).unwrap_err().code(), code, "{name}");
    }
}

#[test]
fn strict_mode_requires_signed_headers_and_parameters() {
    let file = file();
    let strict = Authenticator { strict: true, ..authenticator(&file) };
    for vector in &file.vectors {
        assert!(
            authenticate(&strict, &request(vector, &vector.authorization), DURING).is_ok(),
            "{}",
            vector.name
        );
    }
    for (name, value) in [("host", "h"), ("range", "bytes=0-1"), ("x-cos-meta-a", "b"), ("content-type", "t")]
    {
        let unsigned = file.vectors.iter().find(|vector| vector.name == "no-header-signed").unwrap();
        let mut request = request(unsigned, &unsigned.authorization);
        request.headers.push((name.to_owned(), value.to_owned()));
        assert!(authenticate(&authenticator(&file), &request, DURING).is_ok(), "{name}");
        assert!(authenticate(&strict, &request, DURING).is_err(), "{name}");
    }
    let listed = file.vectors.iter().find(|vector| vector.name == "get-range-nested").unwrap();
    let mut request = request(listed, &listed.authorization);
    request.query.push(("versionId".to_owned(), "1".to_owned()));
    let error = authenticate(&strict, &request, DURING).unwrap_err();
    assert_eq!(error.message(), "Strict signature missing header/param that must be signed");
}
