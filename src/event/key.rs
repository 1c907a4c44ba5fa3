//! Object key of an event.
//!
//! The key of an event is `/<appid>/<bucket name>/<object key>`. Exactly this prefix is stripped, once and as
//! text, so that `//` and keys that repeat the bucket name survive.
//!
//! Tencent does not document if the rest is raw or percent-encoded. The one capture that shows it has a raw
//! key beside an encoded `url`, so the `url` decides.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::event::Error;
use crate::object::{Bucket, Key};

/// Parses the key of an object in `bucket` from the `key` and `url` of an event.
pub(super) fn parse(text: &str, bucket: &Bucket, url: Option<&str>) -> Result<Key, Error> {
    let url = url.and_then(ObjectUrl::parse);
    let key = match strip_prefix(text, bucket) {
        StrippedKey::OwnBucket(key) => decode_by_url(key, url.as_ref()),
        // The prefix names another bucket than the event. Only hand-edited events are known to do so, and
        // there the url agreed with the bucket of the event.
        StrippedKey::OtherBucket(key) => {
            match url.filter(|url| url.is_in(bucket)).and_then(|url| url.decoded()) {
                Some(path) => path,
                None => Cow::Borrowed(key),
            }
        }
    };
    Ok(Key::parse(&key)?)
}

enum StrippedKey<'a> {
    OwnBucket(&'a str),
    OtherBucket(&'a str),
}

fn strip_prefix<'a>(text: &'a str, bucket: &Bucket) -> StrippedKey<'a> {
    let after_app_id = text
        .strip_prefix('/')
        .and_then(|t| t.strip_prefix(bucket.app_id()))
        .and_then(|t| t.strip_prefix('/'));
    match after_app_id {
        Some(rest) => match rest.strip_prefix(bucket.name()).and_then(|t| t.strip_prefix('/')) {
            Some(key) => StrippedKey::OwnBucket(key),
            None => StrippedKey::OtherBucket(rest.split_once('/').map_or(rest, |(_, key)| key)),
        },
        // Old console templates have a bare key.
        None => StrippedKey::OwnBucket(text.strip_prefix('/').unwrap_or(text)),
    }
}

/// Decodes the key if the url shows that it is percent-encoded.
///
/// The url path, decoded once, is the raw key. So a key that equals the undecoded path, and not the decoded
/// one, is encoded. A `+` is a plus sign in both forms.
fn decode_by_url<'a>(key: &'a str, url: Option<&ObjectUrl<'_>>) -> Cow<'a, str> {
    let encoded = url.is_some_and(|url| {
        let raw = url.decoded().is_some_and(|path| path == key);
        !raw && url.path == key
    });
    match percent_decode_str(key).decode_utf8() {
        Ok(decoded) if encoded => decoded,
        _ => Cow::Borrowed(key),
    }
}

/// Host and path of an object URL, as written.
pub(super) struct ObjectUrl<'a> {
    pub(super) host: &'a str,
    path: &'a str,
}

impl<'a> ObjectUrl<'a> {
    /// Splits a URL; `None` for the blanked URLs of sample events.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"))?;
        let (host, path) = rest.split_once('/')?;
        let path = path.split(['?', '#']).next()?;
        Some(Self { host, path })
    }

    fn is_in(&self, bucket: &Bucket) -> bool {
        self.host.strip_prefix(bucket.as_str()).is_some_and(|rest| rest.starts_with('.'))
    }

    fn decoded(&self) -> Option<Cow<'a, str>> {
        percent_decode_str(self.path).decode_utf8().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_decides_the_encoding_of_the_key() {
        let host = "http://photos-1250000000.cos.ap-guangzhou.myqcloud.com/";
        let table = [
            ("raw punctuation", "/1250000000/photos/!!!", "%21%21%21", "!!!"),
            ("raw literal percent", "/1250000000/photos/100%25/a.jpg", "100%2525/a.jpg", "100%25/a.jpg"),
            ("encoded key", "/1250000000/photos/%E7%8C%AB%201.jpg", "%E7%8C%AB%201.jpg", "猫 1.jpg"),
            ("plus stays", "/1250000000/photos/a+b.jpg", "a%2Bb.jpg", "a+b.jpg"),
            ("plus stays in the url", "/1250000000/photos/a+b.jpg", "a+b.jpg", "a+b.jpg"),
            ("double slash", "/1250000000/photos/in//a.jpg", "in//a.jpg", "in//a.jpg"),
            (
                "bucket again",
                "/1250000000/photos/1250000000/photos/x",
                "1250000000/photos/x",
                "1250000000/photos/x",
            ),
            ("foreign bucket", "/1250000000/other/input/a.mp4", "input/b.mp4", "input/b.mp4"),
            ("bare key", "/a.jpg", "a.jpg", "a.jpg"),
            ("url disagrees", "/1250000000/photos/a%20b.jpg", "c.jpg", "a%20b.jpg"),
        ];
        let bucket = Bucket::parse("photos-1250000000").unwrap();
        for (name, text, path, key) in table {
            let url = format!("{host}{path}");
            assert_eq!(parse(text, &bucket, Some(&url)).unwrap().as_str(), key, "{name}");
        }
    }

    #[test]
    fn without_a_usable_url_the_key_is_raw() {
        let bucket = Bucket::parse("photos-1250000000").unwrap();
        for url in [None, Some("..."), Some("访问文件的源站url"), Some("http://host")] {
            let key = parse("/1250000000/photos/a%20b.jpg", &bucket, url).unwrap();
            assert_eq!(key.as_str(), "a%20b.jpg", "{url:?}");
        }
        let foreign = parse("/1250000000/input/input/test.mp4", &bucket, None).unwrap();
        assert_eq!(foreign.as_str(), "input/test.mp4");
    }

    #[test]
    fn keys_no_object_can_have_are_refused() {
        let bucket = Bucket::parse("photos-1250000000").unwrap();
        for text in ["", "/", "/1250000000/photos/", "/1250000000/photos//a.jpg"] {
            assert!(parse(text, &bucket, None).is_err(), "{text}");
        }
    }
}
