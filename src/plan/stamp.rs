//! The stamp: metadata on every stored thumbnail that says what it was made from and how.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::object::{Bucket, ETag, Key, VersionId, percent_encode};
use crate::recipe::Recipe;

/// `x-cos-meta-thumbnail-source`: bucket and key of the source.
const SOURCE: &str = "thumbnail-source";
/// `x-cos-meta-thumbnail-etag`: ETag of the source's content.
const ETAG: &str = "thumbnail-etag";
/// `x-cos-meta-thumbnail-version`: version of the source, where the bucket keeps versions.
const VERSION: &str = "thumbnail-version";
/// `x-cos-meta-thumbnail-recipe`: hash of the recipe.
const RECIPE: &str = "thumbnail-recipe";

/// Longest percent-encoded source, bytes; metadata may have 2 KB in total (436/7749).
const MAX_ENCODED: usize = 1200;

/// The stamp of a thumbnail, as names without `x-cos-meta-` and ASCII values.
///
/// The source reads `<bucket>/<key>` percent-encoded, or, where that is longer than 1,200 bytes, `base64:` and
/// the URL-safe Base64 of the same text.
#[must_use]
pub fn stamp(
    bucket: &Bucket,
    key: &Key,
    etag: Option<&ETag>,
    version: Option<&VersionId>,
    recipe: &Recipe,
) -> Vec<(&'static str, String)> {
    let mut stamp = vec![(SOURCE, source(bucket, key))];
    stamp.extend(etag.map(|etag| (ETAG, etag.to_string())));
    stamp.extend(version.map(|version| (VERSION, version.to_string())));
    stamp.push((RECIPE, recipe.hash()));
    stamp
}

/// Whether an object's metadata (names without `x-cos-meta-`) carries a stamp.
#[must_use]
pub fn is_stamped(meta: &BTreeMap<String, String>) -> bool {
    meta.contains_key(SOURCE) && meta.contains_key(RECIPE)
}

fn source(bucket: &Bucket, key: &Key) -> String {
    let encoded = format!("{bucket}/{}", percent_encode(key.as_str()).replace("%2F", "/"));
    if encoded.len() <= MAX_ENCODED {
        encoded
    } else {
        format!("base64:{}", URL_SAFE_NO_PAD.encode(format!("{bucket}/{key}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp_of(key: &str) -> BTreeMap<String, String> {
        let etag = ETag::parse("\"5d41-7\"").unwrap();
        let stamp = stamp(
            &Bucket::parse("photos-1250000000").unwrap(),
            &Key::parse(key).unwrap(),
            Some(&etag),
            None,
            &Recipe::fit_inside(300, 300),
        );
        stamp.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    #[test]
    fn a_stamp_names_its_source_in_ascii() {
        let stamp = stamp_of("图/猫 1+2.jpg");
        assert_eq!(stamp[SOURCE], "photos-1250000000/%E5%9B%BE/%E7%8C%AB%201%2B2.jpg");
        assert_eq!(stamp[ETAG], "5d41-7");
        assert!(is_stamped(&stamp));
        assert!(!is_stamped(&BTreeMap::new()));
    }

    #[test]
    fn the_longest_keys_stay_within_the_metadata_limit() {
        for key in ["键".repeat(283), "a".repeat(850), "\u{1f600}".repeat(212)] {
            let stamp = stamp_of(&key);
            let total: usize =
                stamp.iter().map(|(name, value)| "x-cos-meta-".len() + name.len() + value.len()).sum();
            assert!(total < 2048 - 200, "{total}");
            assert!(stamp[SOURCE].is_ascii());
        }
    }
}
