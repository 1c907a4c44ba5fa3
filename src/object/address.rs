//! Addresses of COS: the domain that names its buckets, and an endpoint to connect to instead.
//!
//! Both are parsed from configuration. The host name of a bucket is built in `cos`.

use std::fmt;

/// Domain of COS that requests go to (436/6224).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Domain {
    /// `cos.accelerate.myqcloud.com`: global acceleration, which must be enabled on the bucket.
    Accelerate,
    /// `cos-internal.<region>.tencentcos.cn`: reachable only inside Tencent Cloud.
    Internal,
    /// `cos.<region>.myqcloud.com`; inside Tencent Cloud it resolves to internal addresses as well.
    #[default]
    Public,
    /// Private deployment: `<bucket>.<suffix>`, where `{region}` in the suffix stands for the region.
    Suffix(String),
}

impl Domain {
    /// Parses `public`, `internal`, `accelerate`, or a host suffix such as `cos.{region}.example.com`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "accelerate" => Some(Self::Accelerate),
            "internal" => Some(Self::Internal),
            "public" => Some(Self::Public),
            suffix => {
                let label_ok = |label: &str| {
                    !label.is_empty()
                        && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                };
                let plain = suffix.replace("{region}", "region");
                (plain.contains('.') && plain.split('.').all(label_ok))
                    .then(|| Self::Suffix(suffix.to_owned()))
            }
        }
    }
}

/// Origin to connect to instead of the real host: `http://host:port`. Host name, path and signature stay
/// those of COS.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoint(String);

impl Endpoint {
    /// Parses `http://host[:port]` or `https://host[:port]`, without user, path and query.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let authority = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"))?;
        // The parser of URLs repairs more than slashes; only those that need no repair are taken.
        let is_plain = authority.bytes().all(|b| b.is_ascii_graphic() && b != b'\\' && b != b'@');
        let url = reqwest::Url::parse(text).ok().filter(|_| is_plain && !authority.starts_with('/'))?;
        let is_origin = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        (is_origin && url.port() != Some(0)).then(|| Self(url.origin().ascii_serialization()))
    }

    /// Returns the origin, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_words_or_suffixes() {
        assert_eq!(Domain::parse("internal"), Some(Domain::Internal));
        assert_eq!(
            Domain::parse("cos.{region}.cloud.example"),
            Some(Domain::Suffix("cos.{region}.cloud.example".to_owned()))
        );
        for text in ["", "publik", "http://x.y", "a..b", "x.y/z", "{Region}.x", "x.y:80"] {
            assert_eq!(Domain::parse(text), None, "{text}");
        }
    }

    #[test]
    fn endpoints_are_origins() {
        assert_eq!(Endpoint::parse("http://127.0.0.1:9000/").unwrap().as_str(), "http://127.0.0.1:9000");
        for (text, origin) in [
            ("https://cos.example.com", "https://cos.example.com"),
            ("https://COS.example.com:8443", "https://cos.example.com:8443"),
            ("http://[::1]:65535", "http://[::1]:65535"),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().as_str(), origin);
        }
        for text in [
            "",
            "127.0.0.1:9000",
            "ftp://x",
            "http://",
            "http:x",
            "http:///x",
            "http://x/y",
            "http://u@x",
            "http://u:p@x",
            "http://@x",
            "http://x?y",
            "http://x#y",
            "http://:",
            "http://:80",
            "http://x:0",
            "http://x:99999999",
            "http://x:port",
            "http://x\\y",
            "http://x\ty",
            "http://猫",
            "http://[::1",
            "http://x_%",
        ] {
            assert_eq!(Endpoint::parse(text), None, "{text}");
        }
    }
}
