//! Requests of the XML API, read without normalisation.

use std::net::IpAddr;

use bytes::Bytes;
use hyper::http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str};

use crate::cos::wire::error::{CosError, ErrorCode};
use crate::http::ConnectionId;

/// Beginning of a parameter whose name is an image process.
pub(crate) const PROCESS: &str = "imageMogr2/";

/// Characters that no client encodes: `A-Z a-z 0-9 - _ . ~` (RFC 3986, 2.3).
pub(crate) const UNRESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Characters that are not encoded in paths.
pub(crate) const UNRESERVED_PATH: &AsciiSet = &UNRESERVED.remove(b'/');

/// Headers of S3 with another name in COS: those that begin with `x-amz-` and then with one of these.
const RENAMED: [&str; 9] = [
    "acl",
    "copy-source",
    "forbid-overwrite",
    "meta-",
    "metadata-directive",
    "security-token",
    "server-side-encryption",
    "storage-class",
    "tagging",
];

/// Names of headers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Dialect {
    /// `x-cos-…`
    Cos,
    /// `x-amz-…`
    S3,
}

/// Request of the XML API.
#[derive(Clone, Debug)]
pub(crate) struct CosRequest {
    /// Method in upper case.
    pub(crate) method: String,
    /// `Host` header, with its port.
    pub(crate) host: String,
    /// `<name>-<appid>`; empty for requests to the service.
    pub(crate) bucket: String,
    /// Place of the bucket's name.
    pub(crate) style: AddressStyle,
    /// Region of the host name, if it contains one.
    pub(crate) region: Option<String>,
    /// Key, byte for byte; empty for operations on the bucket.
    pub(crate) key: String,
    /// Percent-decoded path, which is signed. It has a leading slash and, in path style, contains the bucket.
    pub(crate) path: String,
    /// Path as it was sent, encoded.
    pub(crate) raw_path: String,
    /// Query as it was sent, encoded and without its question mark.
    pub(crate) raw_query: String,
    /// Decoded parameters in the order of the request; a missing value is empty. A plus is a plus.
    pub(crate) query: Vec<(String, String)>,
    /// Headers in the order of the request, with lower-case names.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// Number of the connection.
    pub(crate) connection: u64,
    /// Version that a fault lets the request read instead of the current one.
    pub(crate) stale_version: Option<String>,
}

impl CosRequest {
    /// Reads a request.
    ///
    /// The path is not normalised: `//`, `%2F` and dot segments are significant in keys. The target may be in absolute form,
    /// as clients send it to a proxy; its host name then has precedence (RFC 9112, 3.2.2).
    pub(crate) fn read(parts: &Parts, body: Bytes, suffixes: &[String]) -> Result<Self, CosError> {
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
            .map_err(|_| {
                CosError::with_message(ErrorCode::INVALID_OBJECT_NAME, "The object name is not UTF-8.")
            })?
            .into_owned();
        let raw_path = parts.uri.path().to_owned();
        let raw_query = parts.uri.query().unwrap_or_default().to_owned();
        let query = read_query(&raw_query);
        let style = AddressStyle::of(&host, suffixes);
        let (bucket, key) = style.address(&host, &path);
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        check_key(&key)?;
        let method = parts.method.as_str().to_owned();
        let region = region(&host).map(str::to_owned);
        let connection = parts.extensions.get::<ConnectionId>().map_or(0, |id| id.0);
        Ok(Self {
            method,
            host,
            bucket,
            style,
            region,
            key,
            path,
            raw_path,
            raw_query,
            query,
            headers,
            body,
            connection,
            stale_version: None,
        })
    }

    /// Returns the request with another reading of its query: a plus is a space, as in forms. `None` without a plus.
    pub(crate) fn with_plus_as_space(&self) -> Option<Self> {
        let query = self.raw_query.contains('+').then(|| read_query(&self.raw_query.replace('+', "%20")))?;
        Some(Self { query, ..self.clone() })
    }

    /// Gives headers of S3 the names, and where they differ the values, that COS has for them.
    pub(crate) fn into_cos(mut self) -> Self {
        for (name, value) in &mut self.headers {
            let Some(rest) = name.strip_prefix("x-amz-") else { continue };
            if RENAMED.iter().any(|renamed| rest.starts_with(renamed)) {
                if rest == "metadata-directive" {
                    *value = if value == "REPLACE" { "Replaced" } else { "Copy" }.to_owned();
                }
                *name = format!("x-cos-{rest}");
            }
        }
        self
    }

    /// Returns the value of a header by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// Returns the decoded value of a parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    /// Returns host and path, the resource of error documents.
    pub(crate) fn resource(&self) -> String {
        format!("{}{}", self.host, self.path)
    }

    /// Creates a request for tests of fault rules and signatures.
    #[cfg(test)]
    pub(crate) fn for_tests(method: &str, target: &str, headers: &[(String, String)]) -> Self {
        let mut builder = hyper::Request::builder().method(method).uri(target);
        for (name, value) in headers {
            builder = builder.header(name, value);
        }
        let (parts, ()) = builder.body(()).unwrap().into_parts();
        let raw_path = parts.uri.path().to_owned();
        let raw_query = parts.uri.query().unwrap_or_default().to_owned();
        // Signature vectors contain keys that no object can have.
        let path = percent_decode_str(parts.uri.path()).decode_utf8().unwrap().into_owned();
        let headers = headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
        Self {
            method: method.to_owned(),
            host: String::new(),
            bucket: String::new(),
            style: AddressStyle::Host,
            region: None,
            key: String::new(),
            path,
            query: read_query(&raw_query),
            raw_path,
            raw_query,
            headers,
            body: Bytes::new(),
            connection: 0,
            stale_version: None,
        }
    }
}

/// Returns whether a request asks for image processing.
pub(crate) fn is_processed(request: &CosRequest) -> bool {
    request.query.iter().any(|(name, _)| name.starts_with(PROCESS))
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
}

/// Decodes the query, in which a plus is a plus.
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

/// Place of the bucket's name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum AddressStyle {
    /// First label of the host name.
    Host,
    /// First segment of the path.
    Path {
        /// True for names and addresses of this machine, false for host names of COS.
        local: bool,
    },
}

impl AddressStyle {
    fn of(host: &str, suffixes: &[String]) -> Self {
        let name = host_name(host);
        let plain = name.trim_start_matches('[').trim_end_matches(']');
        let is_local = |name: &str| name == "localhost" || suffixes.iter().any(|suffix| suffix == name);
        let first = name.split('.').next().unwrap_or_default();
        if plain.parse::<IpAddr>().is_ok() || is_local(name) {
            Self::Path { local: true }
        } else if matches!(first, "cos" | "cos-internal" | "service") {
            Self::Path { local: false }
        } else {
            Self::Host
        }
    }

    /// Returns bucket and key, from host and path, or from the path alone.
    fn address<'a>(self, host: &'a str, path: &'a str) -> (&'a str, &'a str) {
        let key = path.strip_prefix('/').unwrap_or(path);
        match self {
            Self::Host => (host_name(host).split('.').next().unwrap_or_default(), key),
            Self::Path { .. } => key.split_once('/').unwrap_or((key, "")),
        }
    }
}

/// Returns a host without its port.
fn host_name(host: &str) -> &str {
    host.rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(host, |(name, _)| name)
}

/// Returns the label of the host name after `cos` or `cos-internal`.
fn region(host: &str) -> Option<&str> {
    let mut labels = host.split('.').skip_while(|label| !matches!(*label, "cos" | "cos-internal"));
    labels.nth(1).filter(|label| label.contains('-'))
}

/// Checks the naming rules of keys (436/13324). An empty key is allowed for operations on buckets.
pub(crate) fn check_key(key: &str) -> Result<(), CosError> {
    if key.len() > 850 {
        return Err(ErrorCode::KEY_TOO_LONG.into());
    }
    // The table in 436/13324 shows these as arrows: CAN, EM, SUB and ESC.
    let is_refused = key.starts_with(['/', '\\']) || key.contains(['\u{18}', '\u{19}', '\u{1a}', '\u{1b}']);
    if is_refused { Err(ErrorCode::INVALID_OBJECT_NAME.into()) } else { Ok(()) }
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
            ("b-1.localhost:8090", "/x", "b-1", "x"),
            ("cos.twin", "/b-1/x", "b-1", "x"),
            ("b-1.cos.twin", "/x/y", "b-1", "x/y"),
            ("twin:80", "/b-1/x", "b-1", "x"),
        ];
        let suffixes = ["cos.twin".to_owned(), "twin".to_owned()];
        for (host, path, bucket, key) in cases {
            let style = AddressStyle::of(host, &suffixes);
            assert_eq!(style.address(host, path), (bucket, key), "{host}{path}");
        }
        let local = |host| AddressStyle::of(host, &suffixes) == AddressStyle::Path { local: true };
        assert!(local("twin") && local("127.0.0.1:80") && local("localhost"));
        assert!(!local("cos.ap-guangzhou.myqcloud.com") && !local("b-1.twin"));
    }

    #[test]
    fn headers_of_s3_have_the_names_and_values_of_cos() {
        let headers = [("x-amz-meta-a", "b"), ("x-amz-metadata-directive", "REPLACE"), ("x-amz-date", "d")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let request = CosRequest::for_tests("PUT", "/", &headers).into_cos();
        let expected = [("x-cos-meta-a", "b"), ("x-cos-metadata-directive", "Replaced"), ("x-amz-date", "d")];
        assert_eq!(request.headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
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
    fn a_plus_in_the_query_is_not_decoded() {
        let pairs = read_query("prefix=a+b%2Bc%20d&uploads&x=");
        let read: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(read, [("prefix", "a+b+c d"), ("uploads", ""), ("x", "")]);
    }

    #[test]
    fn invalid_keys_are_refused() {
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
