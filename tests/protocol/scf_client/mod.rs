//! The client of the SCF cloud API against a server on loopback that answers or misbehaves by a script.
//!
//! The unit tests of the signer check signatures against vectors of Tencent's own SDK.

mod answers;
mod faults;

use std::time::SystemTime;

use cos_thumbnailer::cos::Credential;
use cos_thumbnailer::object::{Endpoint, Region};
use cos_thumbnailer::scf::{Client, ClientSettings, FunctionName};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::cos_client::server::{ReceivedRequest, Reply, Server, answer};

const ID: &str = "AKIDexampleVisible";
const SECRET: &str = "secretVisible";
const TOKEN: &str = "tokenVisible/+=";
const HOST: &str = "scf.tencentcloudapi.com";

fn client(endpoint: &Endpoint) -> Client {
    let region = Region::parse("ap-guangzhou").unwrap();
    let credential = Credential::new(ID, SECRET, Some(TOKEN.to_owned()));
    Client::new(ClientSettings { region, endpoint: Some(endpoint.clone()) }, credential).unwrap()
}

fn thumbnails() -> FunctionName {
    FunctionName::parse("thumbnails").unwrap()
}

/// An answer of the API.
fn response(response: &Value) -> Reply {
    Reply::Answer(answer(200, &[], json!({ "Response": response }).to_string().as_bytes()))
}

fn result(result: &Value) -> Reply {
    response(&json!({"Result": result, "RequestId": "api-id"}))
}

fn refusal(code: &str) -> Reply {
    response(&json!({"Error": {"Code": code, "Message": "A message."}, "RequestId": "api-id"}))
}

/// Parameters of a request.
fn parameters(request: &ReceivedRequest) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// Action and timestamp of a request, whose signature is checked as the API does, by the request alone.
fn signed(request: &ReceivedRequest) -> (&str, u64) {
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/"));
    assert_eq!(request.header("host"), Some(HOST));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("x-tc-version"), Some("2018-04-16"));
    assert_eq!(request.header("x-tc-region"), Some("ap-guangzhou"));
    assert_eq!(request.header("x-tc-token"), Some(TOKEN));
    let authorization = request.header("authorization").unwrap();
    let fields = authorization.strip_prefix("TC3-HMAC-SHA256 ").unwrap();
    let field = |name: &str| {
        let value = fields.split(", ").find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_else(|| panic!("{name} in {authorization}"))
    };
    let timestamp = request.header("x-tc-timestamp").unwrap();
    let (id, scope) = field("Credential").split_once('/').unwrap();
    let day = httpdate::fmt_http_date(
        SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(timestamp.parse().unwrap()),
    );
    let (date, _) = scope.split_once('/').unwrap();
    assert_eq!((id, scope), (ID, format!("{date}/scf/tc3_request").as_str()));
    assert!(day.contains(&date[..4]) && day.contains(&format!(", {} ", &date[8..])), "{day} {date}");
    let headers: String = field("SignedHeaders")
        .split(';')
        .map(|name| format!("{name}:{}\n", request.header(name).unwrap().to_lowercase()))
        .collect();
    let digest = |bytes: &[u8]| hex::encode(Sha256::digest(bytes));
    let canonical = format!("POST\n/\n\n{headers}\n{}\n{}", field("SignedHeaders"), digest(&request.body));
    let text = format!("TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{}", digest(canonical.as_bytes()));
    let key = [date, "scf", "tc3_request"]
        .iter()
        .fold(format!("TC3{SECRET}").into_bytes(), |key, part| hmac(&key, part));
    assert_eq!(field("Signature"), hex::encode(hmac(&key, &text)));
    (request.header("x-tc-action").unwrap(), timestamp.parse().unwrap())
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn start(script: impl IntoIterator<Item = Reply>) -> (Server, Client) {
    let server = Server::start(script);
    let client = client(&server.endpoint);
    (server, client)
}
