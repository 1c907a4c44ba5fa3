//! Rules: sources, their thumbnails, and the target of those.

use crate::object::{self, Bucket, Key};
use crate::object::{Acl, StorageClass};
use crate::recipe::Recipe;

use super::manifest::{ManifestTemplate, is_named_as_manifest};
use super::prefix::KeyPrefix;
use super::target::TargetBucket;
use super::template::Template;

/// A rule: sources, their thumbnails, and the target of those.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    /// The name of the rule for people: `rules[0]`, or `the rule of the environment`.
    pub(super) label: String,
    pub(super) source: SourcePattern,
    /// `None` is Tencent's convention: the source's name with `resized` after it.
    pub(super) target_bucket: Option<TargetBucket>,
    pub(super) template: Template,
    pub(super) collisions: Collisions,
    pub(super) cache_control: Option<String>,
    pub(super) storage_class: Option<StorageClass>,
    pub(super) acl: Option<Acl>,
    pub(super) heic: Heic,
    /// Keys of manifests; `None` writes none.
    pub(super) manifest: Option<ManifestTemplate>,
    /// At least one; names differ, and so do the target keys of one source.
    pub(super) thumbnails: Vec<ThumbnailRule>,
}

/// One thumbnail that every source of a rule gets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ThumbnailRule {
    /// Its name, unique in its rule: 1 to 64 letters, digits, hyphens and underscores.
    pub name: String,
    /// The recipe for it.
    pub recipe: Recipe,
}

impl Rule {
    /// The name of this rule for people: its path in the file, or `the rule of the environment`.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The pattern of its sources.
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
    pub fn target_bucket(&self, source: &Bucket) -> Result<TargetBucket, object::Error> {
        match &self.target_bucket {
            Some(bucket) => Ok(bucket.clone()),
            None => Bucket::from_parts(&format!("{}{RESIZED}", source.name()), source.app_id())
                .map(TargetBucket::One),
        }
    }

    /// The bucket that thumbnails of one source go to.
    ///
    /// # Errors
    /// [`object::Error::Bucket`] when it has no possible name, as with a segment of the key in upper case.
    pub fn target_bucket_of(&self, source: &Bucket, key: &Key) -> Result<Bucket, object::Error> {
        self.target_bucket(source)?.bucket(self.source.prefix.segment_of(key.as_str()).unwrap_or_default())
    }

    /// The bucket that is configured for thumbnails; `None` when it follows from the source's.
    #[must_use]
    pub fn fixed_target(&self) -> Option<&TargetBucket> {
        self.target_bucket.as_ref()
    }

    /// The key one thumbnail of a source is written to.
    ///
    /// # Errors
    /// [`object::Error::Key`] when the template makes no possible key of this source, such as one too long.
    pub fn target_key(&self, source: &Key, thumbnail: &ThumbnailRule) -> Result<Key, object::Error> {
        Key::parse(&self.template.render(source, &thumbnail.name, thumbnail.recipe.format))
    }

    /// The beginning of the key of this thumbnail for every source of the rule, as far as it is certain.
    #[must_use]
    pub fn target_prefix(&self, thumbnail: &ThumbnailRule) -> KeyPrefix {
        self.template.known_prefix(&thumbnail.name, thumbnail.recipe.format, &self.source.prefix)
    }

    /// The source whose thumbnail has this key; `None` where the key tells none.
    #[must_use]
    pub fn source_of(&self, target: &Key, thumbnail: &ThumbnailRule) -> Option<Key> {
        let (name, format) = (&thumbnail.name, thumbnail.recipe.format);
        Key::parse(self.template.source_of(target.as_str(), name, format)?).ok()
    }

    /// True if the keys of thumbnails name their sources.
    #[must_use]
    pub fn names_source(&self) -> bool {
        self.template.names_source()
    }

    /// True if an object is a source of this rule. An object that is named as manifests are is none.
    #[must_use]
    pub fn takes(&self, bucket: &Bucket, key: &Key) -> bool {
        self.source.matches(bucket, key) && !self.manifest.as_ref().is_some_and(|_| is_named_as_manifest(key))
    }

    /// True if every source has a manifest of its thumbnails.
    #[must_use]
    pub fn has_manifest(&self) -> bool {
        self.manifest.is_some()
    }

    /// The key that the manifest of a source is written to; `None` if the rule has no manifests.
    ///
    /// # Errors
    /// [`object::Error::Key`] when the template makes no possible key of this source, such as one too long.
    pub fn manifest_key(&self, source: &Key) -> Result<Option<Key>, object::Error> {
        self.manifest.as_ref().map(|manifest| Key::parse(&manifest.render(source))).transpose()
    }

    /// The beginning of the keys of all manifests of the rule, as far as it is certain; `None` if it has none.
    #[must_use]
    pub fn manifest_prefix(&self) -> Option<KeyPrefix> {
        self.manifest.as_ref().map(|manifest| manifest.known_prefix(&self.source.prefix))
    }

    /// The beginnings of the keys of all that this rule writes: its thumbnails and its manifests.
    #[must_use]
    pub fn target_prefixes(&self) -> Vec<KeyPrefix> {
        let thumbnails = self.thumbnails.iter().map(|thumbnail| self.target_prefix(thumbnail));
        thumbnails.chain(self.manifest_prefix()).collect()
    }

    /// The source whose manifest has this key; `None` where the key tells none.
    #[must_use]
    pub fn source_of_manifest(&self, target: &Key) -> Option<Key> {
        Key::parse(self.manifest.as_ref()?.source_of(target)?).ok()
    }

    /// True if the keys of manifests name their sources.
    #[must_use]
    pub fn manifest_names_source(&self) -> bool {
        self.manifest.as_ref().is_some_and(ManifestTemplate::names_source)
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

    /// True if thumbnails are stored with an ACL of their own.
    #[must_use]
    pub fn sets_acl(&self) -> bool {
        self.acl.is_some_and(|acl| acl.as_str() != "default")
    }

    /// The treatment of target keys that several sources share.
    #[must_use]
    pub fn collisions(&self) -> Collisions {
        self.collisions
    }

    /// The treatment of HEIC images.
    #[must_use]
    pub fn heic(&self) -> Heic {
        self.heic
    }

    /// True if this rule may write into `bucket` for some bucket of its sources.
    pub(super) fn may_write_into(&self, bucket: &Bucket) -> bool {
        match &self.target_bucket {
            Some(target) => target.may_be(bucket),
            None => bucket
                .name()
                .strip_suffix(RESIZED)
                .and_then(|name| Bucket::from_parts(name, bucket.app_id()).ok())
                .is_some_and(|source| self.source.takes_bucket(&source)),
        }
    }
}

/// The treatment of target keys that several sources share.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Collisions {
    /// The key belongs to the first source, and the others have no thumbnail while it is there.
    First,
    /// A template that could make such keys is a mistake.
    #[default]
    Refuse,
}

/// The treatment of a HEIC image.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Heic {
    /// COS's own image processing, Cloud Infinite, turns it into a JPEG, from which its thumbnails are made.
    CloudInfinite,
    /// It is decoded like any other: only in a program with the feature `heic`, where it is the default.
    #[cfg_attr(feature = "heic", default)]
    Decode,
    /// It fails.
    #[cfg_attr(not(feature = "heic"), default)]
    Refuse,
}

/// The labels of AI-generated content that thumbnails keep of their sources.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum KeptLabels {
    #[default]
    All,
    None,
}

/// The end that the tutorial adds to the name of the source bucket (thumbnail tutorial of SCF, 2019-08-13).
const RESIZED: &str = "resized";

/// A pattern of sources: bucket, and beginning and end of the key.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SourcePattern {
    pub(super) bucket: Option<Bucket>,
    /// Compared letter by letter, as COS's own filter.
    pub(super) prefix: KeyPrefix,
    /// In lower case; compared without regard to the case of A to Z. None of them is empty. One that begins with
    /// a dot takes only keys whose file name begins before that dot.
    pub(super) suffixes: Vec<String>,
}

impl SourcePattern {
    /// The bucket; `None` is every bucket that sends events.
    #[must_use]
    pub fn bucket(&self) -> Option<&Bucket> {
        self.bucket.as_ref()
    }

    /// The beginning of keys; empty for any.
    #[must_use]
    pub fn prefix(&self) -> &KeyPrefix {
        &self.prefix
    }

    /// The possible ends of keys, in lower case; empty for any.
    #[must_use]
    pub fn suffixes(&self) -> &[String] {
        &self.suffixes
    }

    /// True if an object is a source.
    #[must_use]
    pub fn matches(&self, bucket: &Bucket, key: &Key) -> bool {
        self.takes_bucket(bucket) && self.takes_key(key)
    }

    /// True if objects of a bucket can be sources.
    #[must_use]
    pub fn takes_bucket(&self, bucket: &Bucket) -> bool {
        self.bucket.as_ref().is_none_or(|only| only == bucket)
    }

    pub(super) fn takes_key(&self, key: &Key) -> bool {
        let key = key.as_str();
        let ends_in = |suffix: &String| {
            key.len()
                .checked_sub(suffix.len())
                .and_then(|at| key.as_bytes().split_at_checked(at))
                .is_some_and(|(before, end)| {
                    end.eq_ignore_ascii_case(suffix.as_bytes()) && is_named(before, suffix)
                })
        };
        self.prefix.takes(key) && (self.suffixes.is_empty() || self.suffixes.iter().any(ends_in))
    }

    /// True if every object of `other` certainly is one of this pattern too.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let bucket = self.bucket.is_none() || self.bucket == other.bucket;
        let suffix = |longer: &String| {
            self.suffixes.iter().any(|suffix| {
                let before = longer.strip_suffix(suffix.as_str());
                before.is_some_and(|before| before.is_empty() || is_named(before.as_bytes(), suffix))
            })
        };
        let suffixes =
            self.suffixes.is_empty() || (!other.suffixes.is_empty() && other.suffixes.iter().all(suffix));
        bucket && self.prefix.covers(&other.prefix) && suffixes
    }

    /// The extensions of all sources, in lower case; `None` when the suffixes do not decide them, as `jpg` does
    /// not, which may be the end of a longer one.
    pub(super) fn extensions(&self) -> Option<Vec<&str>> {
        let mut extensions = Vec::new();
        for suffix in &self.suffixes {
            let (before, extension) = suffix.rsplit_once('.')?;
            if before.ends_with('/') || extension.contains('/') {
                return None;
            }
            extensions.push(extension);
        }
        extensions.sort_unstable();
        extensions.dedup();
        (!extensions.is_empty()).then_some(extensions)
    }
}

/// True unless the suffix is an extension with its dot, and no file name stands before it: a file that is named
/// `.jpg` has no extension (see [`Key::extension`]).
fn is_named(before: &[u8], suffix: &str) -> bool {
    !suffix.starts_with('.') || before.last().is_some_and(|last| *last != b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(bucket: Option<&str>, prefix: &str, suffixes: &[&str]) -> SourcePattern {
        SourcePattern {
            bucket: bucket.map(|text| Bucket::parse(text).unwrap()),
            prefix: KeyPrefix::parse(prefix).unwrap(),
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
            ("p-1", "up/.jpg", false),
            ("p-1", "up/..jpg", true),
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
            (&pattern(None, "", &[".jpg"]), &pattern(None, "", &["a.jpg"]), true),
            (&pattern(None, "", &[".jpg"]), &pattern(None, "", &["/.jpg"]), false),
            (&here, &any, false),
            (&any, &here, true),
            (&here, &here, true),
        ];
        for (wide, narrow, covered) in table {
            assert_eq!(wide.covers(narrow), covered, "{wide:?} {narrow:?}");
        }
    }
}
