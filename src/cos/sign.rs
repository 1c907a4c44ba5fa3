//! Signature of COS requests (436/7778): a pure function of request, keys and time.
//!
//! It sends nothing and reads no clock. Signed values must be sent as they were signed; `exchange` sees to
//! that.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};

use crate::credential::Credential;
use crate::object::percent_encode;

/// Headers that are signed whenever they are sent, in addition to every `x-cos-*`. The list is that of the
/// official SDKs, a superset of what buckets in strict signature mode require.
const SIGNED_HEADERS: [&str; 17] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-length",
    "content-md5",
    "content-type",
    "expect",
    "expires",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
    "origin",
    "pic-operations",
    "range",
    "transfer-encoding",
];

/// Returns `true` for a signed header.
pub(super) fn is_signed(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SIGNED_HEADERS.contains(&name.as_str()) || name.starts_with("x-cos-") || name.starts_with("x-ci-")
}

/// Validity of a signature, in seconds since the epoch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct KeyTime {
    pub(super) start: u64,
    pub(super) end: u64,
}

impl KeyTime {
    /// Seconds that the validity starts early, for clocks that are a little ahead of COS.
    const BEFORE: u64 = 60;
    /// Seconds that the validity lasts: the longest invocation (583/11637).
    const AFTER: u64 = 900;

    /// Validity of a signature made at `now`.
    pub(super) fn around(now: u64) -> Self {
        Self { start: now.saturating_sub(Self::BEFORE), end: now.saturating_add(Self::AFTER) }
    }
}

impl fmt::Display for KeyTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};{}", self.start, self.end)
    }
}

/// Canonical request, the form that is signed.
#[derive(Debug)]
pub(super) struct CanonicalRequest {
    http_string: String,
    header_list: String,
    param_list: String,
}

impl CanonicalRequest {
    /// Builds it from the method, the path with the raw key, the decoded parameters, and the signed headers
    /// as sent.
    pub(super) fn new(method: &str, path: &str, query: &[(&str, &str)], headers: &[(&str, &str)]) -> Self {
        let (parameters, param_list) = join_sorted(query);
        let (header_text, header_list) = join_sorted(headers);
        let method = method.to_ascii_lowercase();
        let http_string = format!("{method}\n{path}\n{parameters}\n{header_text}\n");
        Self { http_string, header_list, param_list }
    }

    /// Value of the `Authorization` header.
    pub(super) fn authorization(&self, credential: &Credential, key_time: KeyTime) -> String {
        let signature = self.signature(&sign_key(credential.secret_key.reveal(), key_time), key_time);
        format!(
            "q-sign-algorithm=sha1&q-ak={}&q-sign-time={key_time}&q-key-time={key_time}\
             &q-header-list={}&q-url-param-list={}&q-signature={signature}",
            credential.secret_id.reveal(),
            self.header_list,
            self.param_list,
        )
    }

    fn signature(&self, sign_key: &str, key_time: KeyTime) -> String {
        let digest = hex::encode(Sha1::digest(&self.http_string));
        hmac_hex(sign_key.as_bytes(), &format!("sha1\n{key_time}\n{digest}\n"))
    }
}

/// Derives the key of one validity period. The signature uses its hexadecimal text, not its bytes.
fn sign_key(secret_key: &str, key_time: KeyTime) -> String {
    hmac_hex(secret_key.as_bytes(), &key_time.to_string())
}

fn hmac_hex(key: &[u8], message: &str) -> String {
    #[expect(clippy::expect_used, reason = "HMAC is defined for keys of any length (RFC 2104)")]
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("a key of any length");
    mac.update(message.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// Returns `name=value&...` and `name;...`: names percent-encoded, then in lower case, and sorted in that
/// form.
fn join_sorted(pairs: &[(&str, &str)]) -> (String, String) {
    let mut encoded: Vec<_> = pairs
        .iter()
        .map(|(name, value)| (percent_encode(name).to_ascii_lowercase(), percent_encode(value)))
        .collect();
    encoded.sort();
    let text: Vec<_> = encoded.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let names: Vec<_> = encoded.into_iter().map(|(name, _)| name).collect();
    (text.join("&"), names.join(";"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    /// Vectors from the official SDKs and from Tencent's pages; the file names the origin of each.
    const VECTORS: &str = include_str!("../../tests/data/cos-signature-vectors.json");

    #[derive(Deserialize)]
    struct File {
        secret_id: String,
        secret_key: String,
        key_time: String,
        sign_key: String,
        vectors: Vec<Vector>,
        edge_vectors_where_sdks_differ: Vec<Vector>,
        official_examples: Vec<Vector>,
    }

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        method: String,
        key: String,
        query: Vec<(String, String)>,
        headers: Vec<(String, String)>,
        header_list: String,
        url_param_list: String,
        http_string: String,
        signature: String,
        authorization: Option<String>,
        key_time: Option<String>,
        sign_key: Option<String>,
        #[serde(default)]
        python_sdk_same: bool,
        #[serde(default)]
        node_sdk_same: bool,
    }

    impl Vector {
        fn canonical(&self, signed: impl Fn(&str) -> bool) -> CanonicalRequest {
            let borrow = |pairs: &[(String, String)], keep: &dyn Fn(&str) -> bool| -> Vec<(String, String)> {
                pairs.iter().filter(|(name, _)| keep(name)).cloned().collect()
            };
            let (query, headers) = (borrow(&self.query, &|_| true), borrow(&self.headers, &signed));
            let query: Vec<_> = query.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            let headers: Vec<_> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            CanonicalRequest::new(&self.method, &format!("/{}", self.key), &query, &headers)
        }
    }

    fn file() -> File {
        serde_json::from_str(VECTORS).unwrap()
    }

    fn key_time(text: &str) -> KeyTime {
        let (start, end) = text.split_once(';').unwrap();
        KeyTime { start: start.parse().unwrap(), end: end.parse().unwrap() }
    }

    #[test]
    fn signatures_equal_those_of_the_sdks() {
        let file = file();
        let credential = Credential::new(&*file.secret_id, &*file.secret_key, None);
        let window = key_time(&file.key_time);
        assert_eq!(sign_key(&file.secret_key, window), file.sign_key);
        assert_eq!(file.vectors.len(), 21);
        for vector in &file.vectors {
            let canonical = vector.canonical(is_signed);
            assert_eq!(canonical.http_string, vector.http_string, "{}", vector.name);
            let authorization = vector.authorization.as_deref().unwrap();
            assert_eq!(canonical.authorization(&credential, window), authorization, "{}", vector.name);
        }
    }

    /// The SDKs disagree in places; this signer follows the documentation.
    ///
    /// - A key that begins with a slash is signed with two slashes, as Node does. COS has no such keys, and
    ///   `Key` refuses them.
    ///
    /// - Parameters are sorted in their encoded form, as Python does.
    ///
    /// - The host is signed as it is sent, with its port, as Node does.
    #[test]
    fn edge_vectors_follow_the_documentation() {
        let file = file();
        let credential = Credential::new(&*file.secret_id, &*file.secret_key, None);
        let sides = [
            ("edge-leading-slash-key", false, true),
            ("edge-query-key-order", true, false),
            ("edge-host-with-port", false, true),
        ];
        assert_eq!(file.edge_vectors_where_sdks_differ.len(), sides.len());
        for (vector, (name, python, node)) in file.edge_vectors_where_sdks_differ.iter().zip(sides) {
            assert_eq!(
                (vector.name.as_str(), vector.python_sdk_same, vector.node_sdk_same),
                (name, python, node)
            );
            let canonical = vector.canonical(is_signed);
            assert_eq!(canonical.http_string, vector.http_string, "{name}");
            let authorization = canonical.authorization(&credential, key_time(&file.key_time));
            assert_eq!(Some(authorization), vector.authorization, "{name}");
        }
    }

    /// Tencent's pages give the derived key instead of the secret, and sign `Date`, which the SDKs leave out.
    /// So the header list of the example decides.
    #[test]
    fn signatures_equal_the_official_examples() {
        let examples = file().official_examples;
        assert_eq!(examples.len(), 5);
        for example in &examples {
            let listed: Vec<_> = example.header_list.split(';').collect();
            let canonical = example.canonical(|name| listed.contains(&&*name.to_ascii_lowercase()));
            assert_eq!(canonical.http_string, example.http_string, "{}", example.name);
            assert_eq!(canonical.header_list, example.header_list, "{}", example.name);
            assert_eq!(canonical.param_list, example.url_param_list, "{}", example.name);
            let window = key_time(example.key_time.as_deref().unwrap());
            let signature = canonical.signature(example.sign_key.as_deref().unwrap(), window);
            assert_eq!(signature, example.signature, "{}", example.name);
        }
    }

    #[test]
    fn signatures_are_valid_from_a_minute_ago() {
        assert_eq!(KeyTime::around(1_700_000_000).to_string(), "1699999940;1700000900");
    }
}
