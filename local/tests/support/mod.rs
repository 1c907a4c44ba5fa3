//! A minimal HTTP client that sends requests byte for byte and signs them (436/7778).
#![allow(dead_code, reason = "each test program uses some of it")]
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a panic fails the test")]

pub(crate) mod cloud_api;

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use scf_local::Cos;
use sha1::{Digest, Sha1};

const SIGNED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

pub(crate) const BUCKET: &str = "photos-1250000000";
pub(crate) const HOST: &str = "photos-1250000000.cos.ap-guangzhou.myqcloud.com";
pub(crate) const ID: &str = "AKIDtest";
pub(crate) const KEY: &str = "secret";

/// Response of the COS.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
    /// True if the connection ended before `Content-Length` was reached.
    pub(crate) cut: bool,
}

impl Response {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// Returns the code of an error document.
    pub(crate) fn code(&self) -> &str {
        self.text()
            .split_once("<Code>")
            .and_then(|(_, rest)| rest.split_once("</Code>"))
            .map_or("", |(code, _)| code)
    }
}

/// Request under construction.
pub(crate) struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// Creates a request. `target` is sent without encoding.
    pub(crate) fn new(method: &str, target: &str) -> Self {
        let headers = vec![("Host".to_owned(), HOST.to_owned())];
        Self { method: method.to_owned(), target: target.to_owned(), headers, body: Vec::new() }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(have, _)| !have.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        let length = body.len().to_string();
        self.header("Content-Length", &length)
    }

    /// Changes the target, for signatures of another.
    pub(crate) fn target(mut self, target: &str) -> Self {
        target.clone_into(&mut self.target);
        self
    }

    /// Signs every header and parameter.
    pub(crate) fn sign(self) -> Self {
        self.sign_as(ID, KEY)
    }

    pub(crate) fn sign_as(self, id: &str, key: &str) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let time = format!("{};{}", now - 60, now + 600);
        let encode = |text: &str| utf8_percent_encode(text, SIGNED).to_string();
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let decode = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
        let parameters: BTreeMap<String, String> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (encode(&decode(name)).to_lowercase(), encode(&decode(value))))
            .collect();
        let headers: BTreeMap<String, String> =
            self.headers.iter().map(|(name, value)| (name.to_lowercase(), encode(value))).collect();
        let join = |pairs: &BTreeMap<String, String>| {
            pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
        };
        let names = |pairs: &BTreeMap<String, String>| pairs.keys().cloned().collect::<Vec<_>>().join(";");
        let method = self.method.to_lowercase();
        let text = format!("{method}\n{}\n{}\n{}\n", decode(path), join(&parameters), join(&headers));
        let to_sign = format!("sha1\n{time}\n{}\n", hex::encode(Sha1::digest(text)));
        let signature = hmac(&hmac(key, &time), &to_sign);
        let authorization = format!(
            "q-sign-algorithm=sha1&q-ak={id}&q-sign-time={time}&q-key-time={time}&q-header-list={}&q-url-param-list={}\
             &q-signature={signature}",
            names(&headers),
            names(&parameters)
        );
        self.header("Authorization", &authorization)
    }

    /// Sends the request on a new connection.
    pub(crate) fn send(self, cos: &Cos) -> io::Result<Response> {
        self.send_to(cos.address())
    }

    pub(crate) fn send_to(self, address: SocketAddr) -> io::Result<Response> {
        let mut connection = connect_to(address)?;
        self.send_on(&mut connection)
    }

    pub(crate) fn send_on(&self, connection: &mut TcpStream) -> io::Result<Response> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        connection.write_all(head.as_bytes())?;
        connection.write_all(&self.body)?;
        read(connection, self.method == "HEAD")
    }
}

pub(crate) fn connect(cos: &Cos) -> io::Result<TcpStream> {
    connect_to(cos.address())
}

fn connect_to(address: SocketAddr) -> io::Result<TcpStream> {
    let connection = TcpStream::connect(address)?;
    connection.set_read_timeout(Some(Duration::from_secs(5)))?;
    Ok(connection)
}

fn read(connection: &mut TcpStream, head_only: bool) -> io::Result<Response> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if connection.read(&mut byte)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = Vec::new();
    let expected = if head_only { 0 } else { length };
    // A closed connection appears as an end or as a reset.
    let result = connection.take(expected).read_to_end(&mut body);
    let cut = (body.len() as u64) < expected;
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(Response { status, headers, body, cut }),
    }
}

pub(crate) fn hmac(key: &str, message: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}
