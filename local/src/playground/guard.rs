//! Checks that a request was sent by the page itself, or by someone who typed its address.
//!
//! A page of another site can make a browser send requests to loopback. Its `Host` is a foreign name if that name was
//! rebound to 127.0.0.1, and its `Origin` is foreign otherwise. Browsers send `Origin` with every POST.

use hyper::Method;
use hyper::header::{HOST, ORIGIN};
use hyper::http::request::Parts;

/// Prefix of the calls, which other sites may not even send by GET.
pub(super) const API: &str = "/api/";

/// Reason to refuse a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Refusal {
    /// `Host` is missing, repeated, or another name.
    #[error("this page answers only to its own address, 127.0.0.1 or localhost with its port")]
    Host,
    /// `Origin` is another site's, or missing where something changes.
    #[error("calls must come from this page itself: the header Origin is missing or names another site")]
    Origin,
    /// `Sec-Fetch-Site` tells of another site.
    #[error("another site asked for this")]
    Site,
}

/// Checks `Host`, `Origin` and `Sec-Fetch-Site` of a request to this port.
pub(super) fn check(parts: &Parts, port: u16) -> Result<(), Refusal> {
    let host = single(parts, HOST.as_str()).map_err(|()| Refusal::Host)?.ok_or(Refusal::Host)?;
    let own = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    let is_own = |name: &str| own.iter().any(|own| own.eq_ignore_ascii_case(name));
    if !is_own(host) || parts.uri.authority().is_some_and(|authority| !is_own(authority.as_str())) {
        return Err(Refusal::Host);
    }
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    match single(parts, ORIGIN.as_str()).map_err(|()| Refusal::Origin)? {
        Some(origin)
            if origin.strip_prefix("http://").is_some_and(|name| name.eq_ignore_ascii_case(host)) => {}
        None if reads => {}
        Some(_) | None => return Err(Refusal::Origin),
    }
    let site = single(parts, "sec-fetch-site").map_err(|()| Refusal::Site)?;
    match site {
        // A link on another site may lead to the page, but its calls are only for the page.
        Some("same-origin" | "none") | None => Ok(()),
        Some(_) if reads && !parts.uri.path().starts_with(API) => Ok(()),
        Some(_) => Err(Refusal::Site),
    }
}

/// The value of a header that may occur once.
fn single<'a>(parts: &'a Parts, name: &str) -> Result<Option<&'a str>, ()> {
    let mut values = parts.headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| ()),
        (Some(_), Some(_)) => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(method: &str, uri: &str, headers: &[(&str, &str)]) -> Result<(), Refusal> {
        let mut builder = hyper::Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        check(&builder.body(()).unwrap().into_parts().0, 8092)
    }

    #[test]
    fn only_the_own_address_is_a_host() {
        for host in ["127.0.0.1:8092", "localhost:8092", "LOCALHOST:8092"] {
            assert_eq!(checked("GET", "/", &[("host", host)]), Ok(()), "{host}");
        }
        let foreign = [
            "evil.example:8092",
            "127.0.0.1",
            "127.0.0.1:80",
            "localhost.evil.example:8092",
            "evil.example@127.0.0.1:8092",
            "127.0.0.1:8092.evil.example",
            "[::1]:8092",
            "",
        ];
        for host in foreign {
            assert_eq!(checked("GET", "/", &[("host", host)]), Err(Refusal::Host), "{host}");
        }
        assert_eq!(checked("GET", "/", &[]), Err(Refusal::Host));
        let twice = [("host", "127.0.0.1:8092"), ("host", "127.0.0.1:8092")];
        assert_eq!(checked("GET", "/", &twice), Err(Refusal::Host));
        let absolute = checked("GET", "http://evil.example:8092/", &[("host", "127.0.0.1:8092")]);
        assert_eq!(absolute, Err(Refusal::Host));
    }

    #[test]
    fn changes_need_the_own_origin() {
        let host = ("host", "127.0.0.1:8092");
        let own = ("origin", "http://127.0.0.1:8092");
        assert_eq!(checked("POST", "/api/runs", &[host, own]), Ok(()));
        let foreign = [
            "http://evil.example",
            "https://127.0.0.1:8092",
            "http://127.0.0.1:8093",
            "http://127.0.0.1",
            // Another name of the same server is another origin.
            "http://localhost:8092",
            "http://127.0.0.1:8092.evil.example",
            "null",
            "",
        ];
        for origin in foreign {
            for method in ["GET", "POST", "DELETE"] {
                let refused = checked(method, "/api/runs", &[host, ("origin", origin)]);
                assert_eq!(refused, Err(Refusal::Origin), "{method} {origin}");
            }
        }
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            assert_eq!(checked(method, "/api/runs", &[host]), Err(Refusal::Origin), "{method}");
        }
        assert_eq!(checked("POST", "/api/runs", &[host, own, own]), Err(Refusal::Origin));
    }

    #[test]
    fn other_sites_may_link_to_the_page_and_not_call_it() {
        let from = |path, site| checked("GET", path, &[("host", "localhost:8092"), ("sec-fetch-site", site)]);
        for site in ["same-origin", "none"] {
            assert_eq!(from("/api/state", site), Ok(()), "{site}");
        }
        for site in ["cross-site", "same-site", "anything"] {
            assert_eq!(from("/api/state", site), Err(Refusal::Site), "{site}");
            assert_eq!(from("/", site), Ok(()), "{site}");
        }
    }
}
