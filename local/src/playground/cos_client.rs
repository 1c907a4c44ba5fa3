//! Signed requests to the local COS over loopback, as a client in the cloud sends them.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::{BodyExt, Full};
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::{Digest, Sha1};
use tokio::net::TcpStream;

use crate::playground::error::ApiError;

/// Characters that signatures do not encode.
const SIGNED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Characters of keys that paths do not encode.
const PATH: &AsciiSet = &SIGNED.remove(b'/');

/// Time for which a signature is valid before and after now.
const VALIDITY: Duration = Duration::from_secs(600);

/// A client with the credentials of the local COS.
pub(super) struct CosClient {
    address: SocketAddr,
    secret_id: String,
    secret_key: String,
    session_token: Option<String>,
}

/// An object and the bucket that it is in.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Place {
    pub(super) bucket: String,
    pub(super) key: String,
}

impl Place {
    /// Returns bucket and key for sentences.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.bucket, self.key)
    }
}

impl CosClient {
    /// Creates a client from the variables in which SCF passes the credentials of a role.
    pub(super) fn new(address: SocketAddr, environment: &[(String, String)]) -> Self {
        let find = |wanted: &str| {
            environment.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone())
        };
        Self {
            address,
            secret_id: find("TENCENTCLOUD_SECRETID").unwrap_or_default(),
            secret_key: find("TENCENTCLOUD_SECRETKEY").unwrap_or_default(),
            session_token: find("TENCENTCLOUD_SESSIONTOKEN"),
        }
    }

    /// Creates a bucket. That it exists already is no error.
    pub(super) async fn put_bucket(&self, bucket: &str, region: &str) -> Result<(), ApiError> {
        let place = Place { bucket: bucket.to_owned(), key: String::new() };
        match self.put(&place, region, "", Bytes::new()).await {
            Err(ApiError::Cos { status: 409, .. }) => Ok(()),
            other => other,
        }
    }

    /// Stores an object, or creates a bucket if the key is empty.
    pub(super) async fn put(
        &self,
        place: &Place,
        region: &str,
        content_type: &str,
        body: Bytes,
    ) -> Result<(), ApiError> {
        self.change(Method::PUT, place, region, content_type, body).await
    }

    /// Removes an object.
    pub(super) async fn delete(&self, place: &Place, region: &str) -> Result<(), ApiError> {
        self.change(Method::DELETE, place, region, "", Bytes::new()).await
    }

    /// Sends a request that changes an object or a bucket.
    async fn change(
        &self,
        method: Method,
        place: &Place,
        region: &str,
        content_type: &str,
        body: Bytes,
    ) -> Result<(), ApiError> {
        let host = format!("{}.cos.{region}.myqcloud.com", place.bucket);
        let path = format!("/{}", place.key);
        let mut headers = vec![("content-length", body.len().to_string()), ("host", host)];
        if !content_type.is_empty() {
            headers.push(("content-type", content_type.to_owned()));
        }
        if let Some(token) = &self.session_token {
            headers.push(("x-cos-security-token", token.clone()));
        }
        headers.sort();
        let authorization = self.authorization(&method.as_str().to_ascii_lowercase(), &path, &headers);
        let mut builder = Request::builder()
            .method(&method)
            .uri(utf8_percent_encode(&path, PATH).to_string())
            .header(AUTHORIZATION, authorization);
        for (name, value) in &headers {
            let name = match *name {
                "content-length" => CONTENT_LENGTH,
                "content-type" => CONTENT_TYPE,
                "host" => HOST,
                other => hyper::header::HeaderName::from_static(other),
            };
            builder = builder.header(name, value);
        }
        let request = builder
            .body(Full::new(body))
            .map_err(|error| ApiError::Call(format!("{}: {error}", place.name())))?;
        let (status, text) = self.send(request).await.map_err(ApiError::CosConnection)?;
        if (200..300).contains(&status) {
            return Ok(());
        }
        let element = |name: &str| {
            let (_, rest) = text.split_once(&format!("<{name}>"))?;
            rest.split_once(&format!("</{name}>")).map(|(content, _)| content)
        };
        let parts: Vec<&str> = ["Code", "Message"].into_iter().filter_map(element).collect();
        Err(ApiError::Cos {
            method: method.to_string(),
            object: place.name(),
            status,
            message: parts.join(": "),
        })
    }

    /// Sends one request, and returns the status and the body of the response.
    async fn send(&self, request: Request<Full<Bytes>>) -> Result<(u16, String), String> {
        let socket = TcpStream::connect(self.address).await.map_err(|error| error.to_string())?;
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await;
        let (mut sender, connection) = handshake.map_err(|error| error.to_string())?;
        let exchange = async {
            let response = sender.send_request(request).await?;
            let status = response.status().as_u16();
            let body = response.into_body().collect().await?.to_bytes();
            Ok((status, String::from_utf8_lossy(&body).into_owned()))
        };
        tokio::pin!(connection, exchange);
        let result: Result<_, hyper::Error> = tokio::select! {
            biased;
            result = &mut exchange => result,
            // The connection ends first if the server closes it; the exchange then has its result or its error.
            _ = &mut connection => exchange.await,
        };
        result.map_err(|error| error.to_string())
    }

    /// Signs a request without parameters (436/7778). The headers are sorted and have lower-case names.
    fn authorization(&self, method: &str, path: &str, headers: &[(&str, String)]) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time =
            format!("{};{}", now.saturating_sub(VALIDITY).as_secs(), now.saturating_add(VALIDITY).as_secs());
        let list = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let signed = headers
            .iter()
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, SIGNED)))
            .collect::<Vec<_>>()
            .join("&");
        let digest = hex::encode(Sha1::digest(format!("{method}\n{path}\n\n{signed}\n").as_bytes()));
        let key = hmac_sha1(&self.secret_key, &time);
        let signature = hmac_sha1(&key, &format!("sha1\n{time}\n{digest}\n"));
        format!(
            "q-sign-algorithm=sha1&q-ak={}&q-sign-time={time}&q-key-time={time}&q-header-list={list}&q-url-param-list=\
             &q-signature={signature}",
            self.secret_id
        )
    }
}

fn hmac_sha1(key: &str, message: &str) -> String {
    // Cannot fail: HMAC accepts keys of any length (RFC 2104).
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(message.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}
