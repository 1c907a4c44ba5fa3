//! Stamp of a stored thumbnail: metadata that names its source and recipe.
//!
//! A thumbnail is current if its stamp matches the source and the recipe. An object without a stamp is
//! foreign.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::percent_decode_str;
use sha1::{Digest as _, Sha1};

use crate::object::{Bucket, ContentId, Crc64, ETag, Key, VersionId, percent_encode};
use crate::recipe::RecipeHash;

/// `x-cos-meta-thumbnail-source`: bucket and key of the source.
const SOURCE: &str = "thumbnail-source";
/// `x-cos-meta-thumbnail-etag`: ETag of the content of the source.
const ETAG: &str = "thumbnail-etag";
/// `x-cos-meta-thumbnail-length`: length of the content of the source, bytes.
const LENGTH: &str = "thumbnail-length";
/// `x-cos-meta-thumbnail-crc64`: CRC-64 of the content of the source, if COS names it.
const CRC64: &str = "thumbnail-crc64";
/// `x-cos-meta-thumbnail-version`: version of the source, in buckets with versioning.
const VERSION: &str = "thumbnail-version";
/// `x-cos-meta-thumbnail-recipe`: hash of the recipe.
const RECIPE: &str = "thumbnail-recipe";

/// `x-cos-meta-thumbnail-set`: of a manifest, hash of the thumbnails that it describes.
const SET: &str = "thumbnail-set";

/// Longest percent-encoded source, bytes; metadata may have 2 KB in total (436/7749).
const MAX_ENCODED: usize = 1200;

/// Name of a source in stamps: `<bucket>/<key>`, percent-encoded. A name longer than 1,200 bytes is `base64:`
/// and the URL-safe Base64 of the same text instead.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct SourceName(String);

impl SourceName {
    /// Builds the name of an object as a source.
    #[must_use]
    pub fn new(bucket: &Bucket, key: &Key) -> Self {
        let encoded = format!("{bucket}/{}", percent_encode(key.as_str()).replace("%2F", "/"));
        if encoded.len() <= MAX_ENCODED {
            Self(encoded)
        } else {
            Self(format!("base64:{}", URL_SAFE_NO_PAD.encode(format!("{bucket}/{}", key.as_str()))))
        }
    }

    /// Bucket and key of the source; `None` when the name is not one that this program wrote.
    #[must_use]
    pub fn parts(&self) -> Option<(Bucket, Key)> {
        let text = match self.0.strip_prefix("base64:") {
            Some(encoded) => String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()?,
            None => percent_decode_str(&self.0).decode_utf8().ok()?.into_owned(),
        };
        let (bucket, key) = text.split_once('/')?;
        Some((Bucket::parse(bucket).ok()?, Key::parse(key).ok()?))
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Source and recipe that a thumbnail was made from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stamp {
    /// Source.
    pub source: SourceName,
    /// Content of the source.
    pub content: Option<ContentId>,
    /// Version of the source, in buckets with versioning.
    pub version: Option<VersionId>,
    /// Recipe.
    pub recipe: RecipeHash,
}

impl Stamp {
    /// Reads a stamp from the metadata of an object (names without `x-cos-meta-`); `None` when there is none.
    #[must_use]
    pub fn read(meta: &BTreeMap<String, String>) -> Option<Self> {
        Some(Self {
            source: SourceName(meta.get(SOURCE)?.clone()),
            content: read_content(meta),
            version: meta.get(VERSION).and_then(|text| VersionId::parse(text).ok()),
            recipe: RecipeHash::from_stamp(meta.get(RECIPE)?),
        })
    }

    /// Returns the stamp as metadata: names without `x-cos-meta-`, values in ASCII.
    #[must_use]
    pub fn to_meta(&self) -> Vec<(&'static str, String)> {
        let Self { source, content, version, recipe } = self;
        let mut meta = vec![(SOURCE, source.to_string())];
        if let Some(ContentId { etag, length, crc64 }) = content {
            meta.push((ETAG, etag.to_string()));
            meta.extend(length.map(|length| (LENGTH, length.to_string())));
            meta.extend(crc64.map(|crc64| (CRC64, crc64.to_string())));
        }
        meta.extend(version.as_ref().map(|version| (VERSION, version.to_string())));
        meta.push((RECIPE, recipe.to_string()));
        meta
    }
}

/// Stamp of a manifest: that of a thumbnail, and the set of thumbnails that the manifest describes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ManifestStamp {
    /// Source, and hash of all that decides the manifest.
    pub stamp: Stamp,
    /// Result of [`set_of`] for the stored thumbnails.
    pub set: String,
}

impl ManifestStamp {
    /// Returns the stamp as metadata: names without `x-cos-meta-`, values in ASCII.
    #[must_use]
    pub fn to_meta(&self) -> Vec<(&'static str, String)> {
        let mut meta = self.stamp.to_meta();
        meta.push((SET, self.set.clone()));
        meta
    }

    /// Returns `true` if a manifest with these metadata describes exactly this set of thumbnails.
    pub(super) fn describes(meta: &BTreeMap<String, String>, set: Option<&str>) -> bool {
        set.is_some_and(|set| meta.get(SET).is_some_and(|told| told == set))
    }
}

/// Hash of the ETags of all thumbnails of a source, in the order of the rule; `None` if one has none. It tells apart two
/// makings of one AVIF, which may differ in bytes.
#[must_use]
pub fn set_of<'a>(etags: impl IntoIterator<Item = Option<&'a ETag>>) -> Option<String> {
    let mut sha1 = Sha1::new();
    for etag in etags {
        sha1.update(etag?.as_str());
        sha1.update(b"\n");
    }
    Some(hex::encode(sha1.finalize()))
}

/// Reads the content of the source. Stamps of releases up to 0.2 name its ETag only.
fn read_content(meta: &BTreeMap<String, String>) -> Option<ContentId> {
    Some(ContentId {
        etag: ETag::parse(meta.get(ETAG)?).ok()?,
        length: meta.get(LENGTH).and_then(|text| text.parse().ok()),
        crc64: meta.get(CRC64).and_then(|text| Crc64::parse(text)),
    })
}

/// Returns `true` if the metadata of an object (names without `x-cos-meta-`) has a stamp.
#[must_use]
pub fn is_stamped(meta: &BTreeMap<String, String>) -> bool {
    Stamp::read(meta).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::Recipe;

    fn stamp_of(key: &str) -> BTreeMap<String, String> {
        let etag = ETag::parse("\"5d41-7\"").unwrap();
        let bucket = Bucket::parse("photos-1250000000").unwrap();
        let stamp = Stamp {
            source: SourceName::new(&bucket, &Key::parse(key).unwrap()),
            content: Some(ContentId {
                etag,
                length: Some(u64::MAX),
                crc64: Crc64::parse("18446744073709551615"),
            }),
            version: None,
            recipe: Recipe::fit_inside(300, 300).hash_among(&[]),
        };
        let meta = stamp.to_meta().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert_eq!(Stamp::read(&meta), Some(stamp));
        meta
    }

    #[test]
    fn a_stamp_names_its_source_in_ascii() {
        let stamp = stamp_of("图/猫 1+2.jpg");
        assert_eq!(stamp[SOURCE], "photos-1250000000/%E5%9B%BE/%E7%8C%AB%201%2B2.jpg");
        let (bucket, key) = SourceName(stamp[SOURCE].clone()).parts().unwrap();
        assert_eq!((bucket.as_str(), key.as_str()), ("photos-1250000000", "图/猫 1+2.jpg"));
        assert_eq!(stamp[ETAG], "5d41-7");
        assert_eq!((&stamp[LENGTH], &stamp[CRC64]), (&u64::MAX.to_string(), &u64::MAX.to_string()));
        assert!(is_stamped(&stamp));
        assert!(!is_stamped(&BTreeMap::new()));
    }

    #[test]
    fn a_stamp_with_the_etag_alone_is_read() {
        let mut old = stamp_of("a.jpg");
        old.retain(|name, _| name != LENGTH && name != CRC64);
        let content = Stamp::read(&old).unwrap().content.unwrap();
        assert_eq!((content.etag.as_str(), content.length, content.crc64), ("5d41-7", None, None));
    }

    #[test]
    fn the_longest_keys_stay_within_the_metadata_limit() {
        for key in ["键".repeat(283), "a".repeat(850), "\u{1f600}".repeat(212)] {
            let name = SourceName::new(&Bucket::parse("p-1").unwrap(), &Key::parse(&key).unwrap());
            assert_eq!(name.parts().unwrap().1.as_str(), key);
            let stamp = stamp_of(&key);
            let total: usize =
                stamp.iter().map(|(name, value)| "x-cos-meta-".len() + name.len() + value.len()).sum();
            assert!(total < 2048 - 200, "{total}");
            assert!(stamp[SOURCE].is_ascii());
        }
    }
}
