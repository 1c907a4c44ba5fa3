//! A rule: which sources make which thumbnails, and where those go.

use crate::object::{self, Bucket, Key};
use crate::object::{Acl, StorageClass};
use crate::recipe::Recipe;

use super::template::Template;

/// Which sources make which thumbnails, and where those go.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    /// How people find it: `rules[0]`, or `the rule of the environment`.
    pub(super) label: String,
    pub(super) source: SourcePattern,
    /// `None` is Tencent's convention: the source's name with `resized` after it.
    pub(super) target_bucket: Option<Bucket>,
    pub(super) template: Template,
    pub(super) cache_control: Option<String>,
    pub(super) storage_class: Option<StorageClass>,
    pub(super) acl: Option<Acl>,
    pub(super) heic: Heic,
    /// At least one; names differ, and so do the target keys of one source.
    pub(super) thumbnails: Vec<ThumbnailRule>,
}

/// One thumbnail that every source of a rule gets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ThumbnailRule {
    /// Its name, unique in its rule: 1 to 64 letters, digits, hyphens and underscores.
    pub name: String,
    /// How it is made.
    pub recipe: Recipe,
}

impl Rule {
    /// How people find this rule: its path in the file, or the words for the one of the environment.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Which objects are its sources.
    #[must_use]
    pub fn source(&self) -> &SourcePattern {
        &self.source
    }

    /// The thumbnails of every source, in the order written; at least one.
    #[must_use]
    pub fn thumbnails(&self) -> &[ThumbnailRule] {
        &self.thumbnails
    }

    /// The bucket that thumbnails of sources in `source` go to: the one configured, or by the convention of
    /// Tencent's tutorial `<source name>resized-<appid>`.
    ///
    /// # Errors
    /// [`object::Error::Bucket`] when the conventional name would be too long for a bucket.
    pub fn target_bucket(&self, source: &Bucket) -> Result<Bucket, object::Error> {
        match &self.target_bucket {
            Some(bucket) => Ok(bucket.clone()),
            None => Bucket::from_parts(&format!("{}{RESIZED}", source.name()), source.app_id()),
        }
    }

    /// The bucket that thumbnails of all sources go to; `None` when it follows from the source's.
    #[must_use]
    pub fn fixed_target(&self) -> Option<&Bucket> {
        self.target_bucket.as_ref()
    }

    /// The key one thumbnail of a source is written to.
    ///
    /// # Errors
    /// [`object::Error::Key`] when the template makes no possible key of this source, such as one too long.
    pub fn target_key(&self, source: &Key, thumbnail: &ThumbnailRule) -> Result<Key, object::Error> {
        Key::parse(&self.template.render(source, &thumbnail.name, thumbnail.recipe.format))
    }

    /// How the key of this thumbnail begins for every source of the rule, as far as that is certain; it may be empty.
    #[must_use]
    pub fn target_prefix(&self, thumbnail: &ThumbnailRule) -> String {
        self.template.known_prefix(&thumbnail.name, thumbnail.recipe.format, &self.source.prefix)
    }

    /// The `Cache-Control` of thumbnails: printable ASCII.
    #[must_use]
    pub fn cache_control(&self) -> Option<&str> {
        self.cache_control.as_deref()
    }

    /// The storage class of thumbnails; `None` leaves it to COS, which takes `STANDARD`.
    #[must_use]
    pub fn storage_class(&self) -> Option<StorageClass> {
        self.storage_class
    }

    /// The ACL of thumbnails; `None` leaves it to COS, which takes that of the bucket.
    #[must_use]
    pub fn acl(&self) -> Option<Acl> {
        self.acl
    }

    /// Whether thumbnails are stored with an ACL of their own.
    #[must_use]
    pub fn sets_acl(&self) -> bool {
        self.acl.is_some_and(|acl| acl.as_str() != "default")
    }

    /// What becomes of HEIC pictures.
    #[must_use]
    pub fn heic(&self) -> Heic {
        self.heic
    }

    /// Whether this rule may write into `bucket`, whatever bucket of its own sources they come from.
    pub(super) fn may_write_into(&self, bucket: &Bucket) -> bool {
        match &self.target_bucket {
            Some(target) => target == bucket,
            None => bucket
                .name()
                .strip_suffix(RESIZED)
                .and_then(|name| Bucket::from_parts(name, bucket.app_id()).ok())
                .is_some_and(|source| self.source.takes_bucket(&source)),
        }
    }
}

/// What becomes of a HEIC picture.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Heic {
    /// COS's own image processing, Cloud Infinite, turns it into a JPEG, from which its thumbnails are made.
    CloudInfinite,
    /// It fails.
    #[default]
    Refuse,
}

/// What the tutorial adds to the name of the source bucket (thumbnail tutorial of SCF, 2019-08-13).
const RESIZED: &str = "resized";

/// Which objects are sources: by bucket, and by the beginning and end of the key.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SourcePattern {
    pub(super) bucket: Option<Bucket>,
    /// Compared letter by letter, as COS's own filter.
    pub(super) prefix: String,
    /// In lower case; compared without regard to the case of A to Z. None of them is empty.
    pub(super) suffixes: Vec<String>,
}

impl SourcePattern {
    /// The bucket; `None` is every bucket that sends events.
    #[must_use]
    pub fn bucket(&self) -> Option<&Bucket> {
        self.bucket.as_ref()
    }

    /// How keys begin; empty is any way.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// How keys may end, in lower case; empty is any way.
    #[must_use]
    pub fn suffixes(&self) -> &[String] {
        &self.suffixes
    }

    /// Whether an object is a source.
    #[must_use]
    pub fn matches(&self, bucket: &Bucket, key: &Key) -> bool {
        self.takes_bucket(bucket) && self.takes_key(key)
    }

    /// Whether objects of a bucket can be sources.
    #[must_use]
    pub fn takes_bucket(&self, bucket: &Bucket) -> bool {
        self.bucket.as_ref().is_none_or(|only| only == bucket)
    }

    pub(super) fn takes_key(&self, key: &Key) -> bool {
        let key = key.as_str();
        let ends_in = |suffix: &String| {
            key.len()
                .checked_sub(suffix.len())
                .and_then(|at| key.as_bytes().get(at..))
                .is_some_and(|end| end.eq_ignore_ascii_case(suffix.as_bytes()))
        };
        key.starts_with(&self.prefix) && (self.suffixes.is_empty() || self.suffixes.iter().any(ends_in))
    }

    /// Whether every object of `other` certainly is one of this pattern too.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let bucket = self.bucket.is_none() || self.bucket == other.bucket;
        let suffix = |longer: &String| self.suffixes.iter().any(|suffix| longer.ends_with(suffix.as_str()));
        let suffixes =
            self.suffixes.is_empty() || (!other.suffixes.is_empty() && other.suffixes.iter().all(suffix));
        bucket && other.prefix.starts_with(&self.prefix) && suffixes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(bucket: Option<&str>, prefix: &str, suffixes: &[&str]) -> SourcePattern {
        SourcePattern {
            bucket: bucket.map(|text| Bucket::parse(text).unwrap()),
            prefix: prefix.to_owned(),
            suffixes: suffixes.iter().map(|&suffix| suffix.to_owned()).collect(),
        }
    }

    #[test]
    fn patterns_compare_prefixes_exactly_and_suffixes_without_case() {
        let images = pattern(Some("p-1"), "up/", &[".jpg", "猫.png"]);
        let table = [
            ("p-1", "up/a.jpg", true),
            ("p-1", "up/a.JPG", true),
            ("p-1", "up/猫.PNG", true),
            ("p-1", "Up/a.jpg", false),
            ("p-1", "up/a.jpeg", false),
            ("p-1", "g", false),
            ("q-1", "up/a.jpg", false),
        ];
        for (bucket, key, matched) in table {
            let (bucket, key) = (Bucket::parse(bucket).unwrap(), Key::parse(key).unwrap());
            assert_eq!(images.matches(&bucket, &key), matched, "{bucket} {key}");
        }
    }

    #[test]
    fn a_pattern_covers_only_what_it_certainly_takes() {
        let any = pattern(None, "", &[]);
        let uploads = pattern(None, "up/", &[]);
        let jpegs = pattern(None, "", &["jpg", ".png"]);
        let here = pattern(Some("p-1"), "", &[]);
        let table = [
            (&any, &uploads, true),
            (&uploads, &any, false),
            (&uploads, &pattern(None, "up/x", &[".jpg"]), true),
            (&jpegs, &pattern(None, "", &[".jpg"]), true),
            (&jpegs, &pattern(None, "", &[".jpg", ".gif"]), false),
            (&jpegs, &any, false),
            (&here, &any, false),
            (&any, &here, true),
            (&here, &here, true),
        ];
        for (wide, narrow, covered) in table {
            assert_eq!(wide.covers(narrow), covered, "{wide:?} {narrow:?}");
        }
    }
}
