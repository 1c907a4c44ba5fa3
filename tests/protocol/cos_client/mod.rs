//! The COS client against a server on loopback that misbehaves by a script, byte by byte.
//!
//! These tests check the requests on the wire and the reactions to faults. The unit tests of the signer check
//! signatures against vectors of Tencent's own SDKs.

mod answers;
mod faults;
mod requests;
pub(crate) mod server;

use std::time::Duration;

use bytes::Bytes;
use cos_thumbnailer::cos::{
    BucketLocation, Client, ClientSettings, Credential, Download, Error, RetryPolicy, Session, Upload,
};
use cos_thumbnailer::object::Endpoint;
use cos_thumbnailer::object::{Bucket, Key, Region, percent_encode};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::percent_decode_str;
use sha1::{Digest, Sha1};
use tokio::time::Instant;

use self::server::{ReceivedRequest, Reply, Server, answer, document};

const ID: &str = "AKIDexampleVisible";
const SECRET: &str = "secretVisible";
const TOKEN: &str = "tokenVisible/+=";
const HOST: &str = "photos-1250000000.cos.ap-guangzhou.myqcloud.com";
const ETAG: (&str, &str) = ("ETag", "\"9b2cf535f27731c974343645a3985328\"");

fn place() -> BucketLocation {
    BucketLocation {
        bucket: Bucket::parse("photos-1250000000").unwrap(),
        region: Region::parse("ap-guangzhou").unwrap(),
    }
}

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

fn credential() -> Credential {
    Credential::new(ID, SECRET, Some(TOKEN.to_owned()))
}

fn client(endpoint: &Endpoint) -> Client {
    let retry = RetryPolicy {
        attempts: 4,
        first_delay: Duration::from_millis(1),
        max_delay: Duration::from_millis(5),
        stall: Duration::from_millis(300),
    };
    let settings = ClientSettings { endpoint: Some(endpoint.clone()), retry, ..ClientSettings::default() };
    Client::new(settings).unwrap()
}

fn session(server: &Server) -> Session {
    client(&server.endpoint).session(credential(), Instant::now() + Duration::from_secs(20))
}

fn upload(body: &'static [u8]) -> Upload {
    Upload {
        body: Bytes::from_static(body),
        content_type: "image/jpeg",
        cache_control: None,
        storage_class: None,
        acl: None,
        only_if_absent: false,
        meta: Vec::new(),
    }
}

async fn read(download: &mut Download) -> Result<Vec<u8>, Error> {
    let mut all = Vec::new();
    while let Some(chunk) = download.chunk().await? {
        all.extend_from_slice(&chunk);
    }
    Ok(all)
}

async fn get(session: &Session, name: &str) -> Result<Vec<u8>, Error> {
    read(&mut session.get(&place(), &key(name), None).await?).await
}

fn ok(body: &[u8]) -> Reply {
    Reply::Answer(answer(200, &[ETAG], body))
}

fn refusal(status: u16, code: &str) -> Reply {
    Reply::Answer(answer(status, &[], &document(code, "a message")))
}

/// Checks a signature as COS does in strict mode, by the received request alone.
fn assert_signed(seen: &ReceivedRequest) {
    let authorization = seen.header("authorization").unwrap();
    let part = |name: &str| {
        let value = authorization.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_else(|| panic!("{name} in {authorization}"))
    };
    let listed: Vec<_> = part("q-header-list").split(';').collect();
    for (name, _) in &seen.headers {
        let strict =
            ["host", "content-type", "content-md5", "content-length", "range", "if-match", "cache-control"];
        let must = strict.contains(&name.as_str()) || name.starts_with("x-cos-");
        assert_eq!(listed.contains(&name.as_str()), must, "{name} in {authorization}");
    }
    let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
    let headers: Vec<_> =
        listed.iter().map(|name| format!("{name}={}", percent_encode(seen.header(name).unwrap()))).collect();
    let http_string = format!(
        "{}\n{}\n{}\n{}\n",
        seen.method.to_lowercase(),
        percent_decode_str(path).decode_utf8().unwrap(),
        query.replace("versionId", "versionid"),
        headers.join("&")
    );
    let hmac = |key: &str, text: &str| {
        let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).unwrap();
        mac.update(text.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    };
    let digest = hex::encode(Sha1::digest(http_string));
    let time = part("q-key-time");
    let signature = hmac(&hmac(SECRET, time), &format!("sha1\n{time}\n{digest}\n"));
    assert_eq!(part("q-signature"), signature, "of {} {}", seen.method, seen.target);
}
