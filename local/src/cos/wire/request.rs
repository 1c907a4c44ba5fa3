//! One request, read from the wire without any normalisation.

use std::net::IpAddr;

use bytes::Bytes;
use hyper::http::request::Parts;
use percent_encoding::percent_decode_str;

use crate::cos::wire::error::{Code, Error};
use crate::http::ConnectionId;

/// How a parameter begins whose name is a process.
pub(crate) const PROCESS: &str = "imageMogr2/";

/// A request as COS understands it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Upper case.
    pub(crate) method: String,
    /// The `Host` header, port included.
    pub(crate) host: String,
    /// `<name>-<appid>`; empty for requests to the service itself.
    pub(crate) bucket: String,
    /// The region of the host name, if it has one.
    pub(crate) region: Option<String>,
    /// The key, byte exact; empty for bucket operations.
    pub(crate) key: String,
    /// The percent-decoded path, with its leading slash and, in path style, the bucket: what is signed.
    pub(crate) path: String,
    /// Decoded parameters in their order; a parameter without value has an empty one.
    pub(crate) query: Vec<(String, String)>,
    /// Lower-case names in their order, as they arrived.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// The connection it came over.
    pub(crate) connection: u64,
}

impl Request {
    /// Reads the head; the body is added by the caller.
    ///
    /// The path is taken from the request target as it came: `//`, `%2F` and dot segments mean something in keys.
    pub(crate) fn read(parts: &Parts, body: Bytes) -> Result<Self, Error> {
        let headers: Vec<(String, String)> = parts
            .headers
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        let host = parts.uri.authority().map_or_else(
            || header(&headers, "host").unwrap_or_default().to_owned(),
            |authority| authority.as_str().to_owned(),
        );
        let path = percent_decode_str(parts.uri.path())
            .decode_utf8()
            .map_err(|_| Error::because(Code::INVALID_OBJECT_NAME, "The object name is not UTF-8."))?
            .into_owned();
        let query = parts.uri.query().map(read_query).unwrap_or_default();
        let (bucket, key) = address(&host, &path);
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        check_key(&key)?;
        let method = parts.method.as_str().to_owned();
        let region = region(&host).map(str::to_owned);
        let connection = parts.extensions.get::<ConnectionId>().map_or(0, |id| id.0);
        Ok(Self { method, host, bucket, region, key, path, query, headers, body, connection })
    }

    /// The value of a header, by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The decoded value of a parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    /// `host/key`, as error documents name the resource.
    pub(crate) fn resource(&self) -> String {
        format!("{}{}", self.host, self.path)
    }

    #[cfg(test)]
    pub(crate) fn for_tests(method: &str, target: &str, headers: &[(String, String)]) -> Self {
        let mut builder = hyper::Request::builder().method(method).uri(target);
        for (name, value) in headers {
            builder = builder.header(name, value);
        }
        let (parts, ()) = builder.body(()).unwrap().into_parts();
        // Vectors hold keys no object can have; the verifier must not mind.
        let path = percent_decode_str(parts.uri.path()).decode_utf8().unwrap().into_owned();
        let headers = headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
        Self {
            method: method.to_owned(),
            host: String::new(),
            bucket: String::new(),
            region: None,
            key: String::new(),
            path,
            query: parts.uri.query().map(read_query).unwrap_or_default(),
            headers,
            body: Bytes::new(),
            connection: 0,
        }
    }
}

/// Whether a request wants an object processed.
pub(crate) fn is_processed(request: &Request) -> bool {
    request.query.iter().any(|(name, _)| name.starts_with(PROCESS))
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
}

/// Decodes the query. A plus stays a plus: COS does not use form encoding.
fn read_query(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

/// Bucket and key: from host and path in virtual-hosted style, from the path alone when the host names no bucket.
fn address<'a>(host: &'a str, path: &'a str) -> (&'a str, &'a str) {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let plain = name.trim_start_matches('[').trim_end_matches(']');
    let key = path.strip_prefix('/').unwrap_or(path);
    let first = name.split('.').next().unwrap_or_default();
    let names_no_bucket =
        plain.parse::<IpAddr>().is_ok() || matches!(first, "cos" | "cos-internal" | "localhost" | "service");
    if names_no_bucket { key.split_once('/').unwrap_or((key, "")) } else { (first, key) }
}

/// The label after `cos` or `cos-internal`.
fn region(host: &str) -> Option<&str> {
    let mut labels = host.split('.').skip_while(|label| !matches!(*label, "cos" | "cos-internal"));
    labels.nth(1).filter(|label| label.contains('-'))
}

/// The naming rules of keys (436/13324). An empty key is a bucket operation.
pub(crate) fn check_key(key: &str) -> Result<(), Error> {
    if key.len() > 850 {
        return Err(Code::KEY_TOO_LONG.into());
    }
    // The arrows of the table in 436/13324: CAN, EM, SUB and ESC.
    let refused = key.starts_with(['/', '\\']) || key.contains(['\u{18}', '\u{19}', '\u{1a}', '\u{1b}']);
    if refused { Err(Code::INVALID_OBJECT_NAME.into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_and_key_come_from_host_or_path() {
        let cases = [
            ("b-1.cos.ap-guangzhou.myqcloud.com", "/a//b.jpg", "b-1", "a//b.jpg"),
            ("b-1.cos.ap-guangzhou.myqcloud.com:8080", "/", "b-1", ""),
            ("127.0.0.1:8080", "/b-1/a/./b", "b-1", "a/./b"),
            ("localhost:8080", "/b-1", "b-1", ""),
            ("[::1]:8080", "/b-1//x", "b-1", "/x"),
            ("cos.ap-guangzhou.myqcloud.com", "/b-1/x", "b-1", "x"),
            ("service.cos.myqcloud.com", "/", "", ""),
            ("b-1.example.com", "/+ %", "b-1", "+ %"),
        ];
        for (host, path, bucket, key) in cases {
            assert_eq!(address(host, path), (bucket, key), "{host}{path}");
        }
    }

    #[test]
    fn region_comes_from_the_host() {
        let cases = [
            ("b-1.cos.ap-guangzhou.myqcloud.com", Some("ap-guangzhou")),
            ("b-1.cos-internal.ap-hongkong.tencentcos.cn", Some("ap-hongkong")),
            ("b-1.cos.accelerate.myqcloud.com", None),
            ("127.0.0.1:80", None),
        ];
        for (host, expected) in cases {
            assert_eq!(region(host), expected, "{host}");
        }
    }

    #[test]
    fn a_plus_in_the_query_stays_a_plus() {
        let pairs = read_query("prefix=a+b%2Bc%20d&uploads&x=");
        let read: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(read, [("prefix", "a+b+c d"), ("uploads", ""), ("x", "")]);
    }

    #[test]
    fn keys_no_object_can_have_are_refused() {
        let long = "k".repeat(851);
        let cases = [("/a", "InvalidObjectName"), ("\\a", "InvalidObjectName"), (&long, "KeyTooLong")];
        for (key, code) in cases {
            assert_eq!(check_key(key).unwrap_err().code(), code);
        }
        for key in ["", "a", "a//b", ".", "..", "a/../b", &"k".repeat(850)] {
            assert!(check_key(key).is_ok(), "{key}");
        }
    }
}
