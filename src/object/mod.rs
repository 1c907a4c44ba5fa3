//! Names in COS: bucket, key, region, ETag, version.
//!
//! Each is parsed once, where it enters the program, and is valid from then on. No code below handles a bare
//! string in its place, and host names are built only from these types.

mod address;
mod content;
mod storage;

use crate::text::{Printable, excerpt};
use std::fmt;

pub use self::address::{Domain, Endpoint};
pub use self::content::{ContentId, Crc64, Crc64Digest};
pub use self::storage::{Acl, StorageClass};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Bytes that paths and signatures leave unencoded: `A-Z a-z 0-9 - _ . ~` (COS request signature, 436/7778).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// [`UNRESERVED`] and the separator `/`.
const PATH: &AsciiSet = &UNRESERVED.remove(b'/');

/// Text that is not a bucket, key, region, ETag or version.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// Not `<name>-<appid>`, or with characters that COS does not allow.
    #[error(
        "{0:?} is not a bucket name; it must read <name>-<appid>, lower-case letters, digits and hyphens"
    )]
    Bucket(String),
    /// Valid but for its upper-case letters.
    #[error("{0:?} has upper-case letters, which no COS bucket has; write {lower}", lower = .0.to_ascii_lowercase())]
    BucketCase(String),
    /// Key that no object can have.
    #[error("{key:?} is not an object key: {rule}")]
    Key {
        /// Text as given, cut to 100 characters.
        key: String,
        /// Rule that it breaks.
        rule: &'static str,
    },
    /// Not a region label such as `ap-guangzhou`.
    #[error("{0:?} is not a region; it must read like ap-guangzhou")]
    Region(String),
    /// Empty, or with characters that a header cannot carry.
    #[error("{0:?} is not an ETag or version id")]
    Token(String),
}

/// Full name of a bucket: `<name>-<appid>`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Bucket {
    full: String,
    /// Bytes of `full` before the last hyphen.
    name_len: usize,
}

impl Bucket {
    /// Longest full name: a host label has at most 60 characters (436/13312).
    const MAX_LEN: usize = 60;

    /// Parses `<name>-<appid>`.
    ///
    /// # Errors
    /// [`Error::Bucket`] or [`Error::BucketCase`] for other texts.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (name, app_id) = text.rsplit_once('-').ok_or_else(|| Error::Bucket(excerpt(text)))?;
        Self::from_parts(name, app_id)
    }

    /// Joins the short name and the app id, which events carry apart.
    ///
    /// # Errors
    /// [`Error::Bucket`] or [`Error::BucketCase`] when either part is invalid.
    pub fn from_parts(name: &str, app_id: &str) -> Result<Self, Error> {
        let full = format!("{name}-{app_id}");
        let name_ok = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && name.bytes().next().is_some_and(|b| b != b'-')
            && name.bytes().last().is_some_and(|b| b != b'-');
        let app_id_ok = !app_id.is_empty() && app_id.bytes().all(|b| b.is_ascii_digit());
        if !name_ok || !app_id_ok || full.len() > Self::MAX_LEN {
            let is_upper = name.bytes().any(|byte| byte.is_ascii_uppercase());
            let refuse = if is_upper && Self::from_parts(&name.to_ascii_lowercase(), app_id).is_ok() {
                Error::BucketCase
            } else {
                Error::Bucket
            };
            return Err(refuse(excerpt(&full)));
        }
        Ok(Self { full, name_len: name.len() })
    }

    /// Returns the full name, `<name>-<appid>`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.full
    }

    /// Returns the short name, without the app id.
    #[must_use]
    pub fn name(&self) -> &str {
        self.full.get(..self.name_len).unwrap_or_default()
    }

    /// Returns the app id, digits only.
    #[must_use]
    pub fn app_id(&self) -> &str {
        self.full.get(self.name_len.saturating_add(1)..).unwrap_or_default()
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full)
    }
}

/// Key of an object, raw: not percent-encoded.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Key(String);

impl Key {
    /// Longest key, bytes of UTF-8 (436/13324).
    pub const MAX_LEN: usize = 850;

    /// Parses a raw key.
    ///
    /// # Errors
    /// [`Error::Key`] for a key that no object can have: empty, over 850 bytes, or beginning with `/` or `\`
    /// (436/13324). `.` and `..` are refused as well, because no request path can name them.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let rule = if text.is_empty() {
            "it is empty"
        } else if text.len() > Self::MAX_LEN {
            "it is longer than 850 bytes"
        } else if text.starts_with(['/', '\\']) {
            "it begins with a slash or backslash"
        } else if text == "." || text == ".." {
            "no request path can name it"
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(Error::Key { key: excerpt(text), rule })
    }

    /// Returns the raw key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the key up to its last slash, which is included; empty without a slash.
    #[must_use]
    pub fn dir(&self) -> &str {
        self.0.rfind('/').and_then(|slash| self.0.get(..=slash)).unwrap_or_default()
    }

    /// Returns the part after the last slash.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Returns the file name without its extension. A leading dot does not start an extension.
    #[must_use]
    pub fn stem(&self) -> &str {
        self.split_file_name().0
    }

    /// Returns the extension as written, without its dot; empty when there is none.
    #[must_use]
    pub fn extension(&self) -> &str {
        self.split_file_name().1
    }

    fn split_file_name(&self) -> (&str, &str) {
        let name = self.file_name();
        match name.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => (stem, extension),
            _ => (name, ""),
        }
    }

    /// Returns `true` for a folder marker: a key that ends in a slash.
    #[must_use]
    pub fn is_folder_marker(&self) -> bool {
        self.0.ends_with('/')
    }

    /// Returns the request path: a slash and the percent-encoded key.
    ///
    /// HTTP libraries remove dot segments. So the slash beside one is written `%2F`: `a/./b` becomes
    /// `/a/.%2Fb`, and `a/..` becomes `/a%2F..`. COS decodes both to the right key.
    #[must_use]
    pub fn request_path(&self) -> String {
        let encoded = utf8_percent_encode(&self.0, PATH).to_string();
        let mut path = String::with_capacity(encoded.len().saturating_add(1));
        let mut segments = encoded.split('/').peekable();
        let mut separator = "/";
        while let Some(segment) = segments.next() {
            let dots = segment == "." || segment == "..";
            if dots && segments.peek().is_none() && separator == "/" && !path.is_empty() {
                separator = "%2F";
            }
            path.push_str(separator);
            path.push_str(segment);
            separator = if dots && segments.peek().is_some() { "%2F" } else { "/" };
        }
        path
    }
}

/// Prints the key in printable form, for people. [`Key::as_str`] is the key itself.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Printable(&self.0).fmt(f)
    }
}

/// Region label such as `ap-guangzhou`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Region(String);

impl Region {
    /// Parses a long region label.
    ///
    /// # Errors
    /// [`Error::Region`] unless the text is two or more parts of lower-case letters and digits joined by
    /// hyphens.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let part_ok = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if text.len() <= 32 && text.contains('-') && text.split('-').all(part_ok) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::Region(excerpt(text)))
        }
    }

    /// Returns the label.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// ETag without its quotes. Opaque: only simple uploads have the MD5 of their content here.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct ETag(String);

impl ETag {
    /// Parses an ETag with or without quotes.
    ///
    /// # Errors
    /// [`Error::Token`] when it is empty or has characters that a header cannot carry.
    pub fn parse(text: &str) -> Result<Self, Error> {
        token(text.trim().trim_matches('"')).map(Self)
    }

    /// Returns the ETag without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the ETag in quotes, as in `If-Match`.
    #[must_use]
    pub fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Id of one version of an object. Opaque; `null` for a version from before versioning.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VersionId(String);

impl VersionId {
    /// Parses a version id.
    ///
    /// # Errors
    /// [`Error::Token`] when it is empty or has characters that a header cannot carry.
    pub fn parse(text: &str) -> Result<Self, Error> {
        token(text.trim()).map(Self)
    }

    /// Returns the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Percent-encodes all bytes except `A-Z a-z 0-9 - _ . ~`, with upper-case digits, as signatures and metadata
/// need it.
#[must_use]
pub fn percent_encode(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

fn token(text: &str) -> Result<String, Error> {
    let printable = text.bytes().all(|b| (0x21..=0x7e).contains(&b) && b != b'"');
    if printable && !text.is_empty() && text.len() <= 1024 {
        Ok(text.to_owned())
    } else {
        Err(Error::Token(excerpt(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_names_may_have_hyphens() {
        let bucket = Bucket::parse("my-photos-2024-x-1250000000").unwrap();
        assert_eq!((bucket.name(), bucket.app_id()), ("my-photos-2024-x", "1250000000"));
    }

    #[test]
    fn bucket_names_are_host_labels() {
        for text in [
            "",
            "photos",
            "photos-",
            "-1250000000",
            "Photos-1250000000",
            "a.b-1",
            "a/b-1",
            "p-12x",
            "a--",
            "-a-1",
        ] {
            assert!(Bucket::parse(text).is_err(), "{text}");
        }
        let meant = Bucket::parse("Photos-1250000000").unwrap_err().to_string();
        assert!(meant.ends_with("write photos-1250000000"), "{meant}");
        assert!(Bucket::from_parts(&"a".repeat(60), "1").is_err());
    }

    #[test]
    fn impossible_keys_are_refused() {
        for text in ["", "/a", "\\a", ".", "..", &"a".repeat(851)] {
            assert!(Key::parse(text).is_err(), "{text}");
        }
        assert!(Key::parse(&"a".repeat(850)).is_ok());
    }

    #[test]
    fn key_parts() {
        let table = [
            ("a/b/c.tar.gz", "a/b/", "c.tar", "gz"),
            ("photo.JPG", "", "photo", "JPG"),
            (".hidden", "", ".hidden", ""),
            ("a//b", "a//", "b", ""),
            ("dir.d/file", "dir.d/", "file", ""),
        ];
        for (key, dir, stem, extension) in table {
            let key = Key::parse(key).unwrap();
            assert_eq!((key.dir(), key.stem(), key.extension()), (dir, stem, extension), "{key}");
        }
    }

    #[test]
    fn request_paths_survive_the_removal_of_dot_segments() {
        let table = [
            ("testfile.jpg", "/testfile.jpg"),
            ("图片/猫 1+2.jpg", "/%E5%9B%BE%E7%89%87/%E7%8C%AB%201%2B2.jpg"),
            ("100%25/a", "/100%2525/a"),
            ("in//a.jpg", "/in//a.jpg"),
            ("a/./b", "/a/.%2Fb"),
            ("../x", "/..%2Fx"),
            ("a/../../b", "/a/..%2F..%2Fb"),
            ("a/..", "/a%2F.."),
            ("a/.", "/a%2F."),
            ("./.", "/.%2F."),
            ("a/.hidden", "/a/.hidden"),
            ("!'()*", "/%21%27%28%29%2A"),
        ];
        for (raw, path) in table {
            let key = Key::parse(raw).unwrap();
            assert_eq!(key.request_path(), path, "{raw}");
            let url = reqwest::Url::parse(&format!("http://h{path}")).unwrap();
            assert_eq!(url.path(), path, "{raw}: the URL type must leave it alone");
        }
    }

    #[test]
    fn etags_lose_only_their_quotes() {
        assert_eq!(ETag::parse("\"9b2cf535-7\"").unwrap().as_str(), "9b2cf535-7");
        assert_eq!(ETag::parse("9b2c").unwrap().quoted(), "\"9b2c\"");
        assert!(ETag::parse("\"\"").is_err());
        assert!(VersionId::parse("a b").is_err());
    }
}
