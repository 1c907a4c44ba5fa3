//! Content of a manifest: one JSON object that tells a page all it needs of a source and its thumbnails.
//!
//! The members are described in `docs/front-end.md`. Another meaning of a member, or its end, needs another version here
//! and another `MANIFEST_VERSION` in `recipe`.

use std::num::NonZeroU8;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use crate::object::{Key, percent_encode};
use crate::recipe::Format;

/// Version of the members.
const VERSION: u8 = 1;

/// A manifest.
#[derive(Debug, Serialize)]
pub(super) struct ManifestDocument<'a> {
    version: u8,
    source: SourceFacts<'a>,
    /// Bucket of the thumbnails.
    bucket: &'a str,
    /// In the order of the rule.
    thumbnails: Vec<ThumbnailFacts<'a>>,
    srcset: Srcsets,
    #[serde(flatten)]
    largest: Option<Largest>,
    /// Hash of all that decides the manifest but the source.
    recipe: String,
}

/// The largest thumbnail, for `<img>` and the box that it will fill.
#[derive(Debug, Serialize)]
struct Largest {
    /// Path of its URL.
    src: String,
    /// Pixels.
    width: u32,
    height: u32,
    #[serde(flatten)]
    placeholder: PlaceholderFacts,
}

/// Facts of a source.
#[derive(Debug, Serialize)]
pub(super) struct SourceFacts<'a> {
    pub(super) bucket: &'a str,
    pub(super) key: &'a str,
    pub(super) etag: String,
    /// Length, bytes.
    pub(super) bytes: u64,
    /// Lower-case name of its format.
    pub(super) format: &'static str,
    /// Pixels after orientation.
    pub(super) width: u32,
    pub(super) height: u32,
    /// Percentage of the image that is damaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) damaged: Option<NonZeroU8>,
    /// `true` if it has the label of AI-generated content of GB 45438-2025.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) aigc: bool,
}

/// Facts of a thumbnail.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ThumbnailFacts<'a> {
    pub(super) name: &'a str,
    pub(super) key: &'a str,
    /// Path of its URL.
    pub(super) path: String,
    /// Pixels.
    pub(super) width: u32,
    pub(super) height: u32,
    /// Length, bytes.
    pub(super) bytes: u64,
    /// `Content-Type`.
    #[serde(rename = "type")]
    pub(super) content_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) quality: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) frames: Option<u32>,
    #[serde(flatten)]
    pub(super) placeholder: PlaceholderFacts,
    /// Hash of its recipe, as in its stamp.
    pub(super) recipe: String,
}

/// What a page shows before a thumbnail has come.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct PlaceholderFacts {
    /// ThumbHash, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thumbhash: Option<String>,
    /// `#rrggbb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) color: Option<String>,
}

/// `srcset` for each type, the best first, so that a `<picture>` can list them in this order.
#[derive(Debug)]
struct Srcsets(Vec<(&'static str, String)>);

impl Serialize for Srcsets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (content_type, srcset) in &self.0 {
            map.serialize_entry(content_type, srcset)?;
        }
        map.end()
    }
}

impl<'a> ManifestDocument<'a> {
    /// The manifest of a source whose thumbnails are in `bucket`.
    pub(super) fn new(
        source: SourceFacts<'a>,
        bucket: &'a str,
        thumbnails: Vec<ThumbnailFacts<'a>>,
        recipe: String,
    ) -> Self {
        let largest = largest(&thumbnails).map(|one| Largest {
            src: one.path.clone(),
            width: one.width,
            height: one.height,
            placeholder: one.placeholder.clone(),
        });
        let srcset = Srcsets::of(&thumbnails);
        Self { version: VERSION, source, bucket, thumbnails, srcset, largest, recipe }
    }
}

impl Srcsets {
    /// The thumbnails that have the proportions of the largest one, by type; of two with one width the first.
    fn of(thumbnails: &[ThumbnailFacts<'_>]) -> Self {
        let Some(largest) = largest(thumbnails) else { return Self(Vec::new()) };
        let mut sets = Vec::new();
        for format in [Format::Avif, Format::WebP, Format::Jpeg, Format::Png, Format::Gif] {
            let of_type = |one: &&ThumbnailFacts<'_>| one.content_type == format.content_type();
            let mut alike: Vec<_> =
                thumbnails.iter().filter(of_type).filter(|one| have_same_proportions(one, largest)).collect();
            alike.sort_by_key(|one| one.width);
            alike.dedup_by_key(|one| one.width);
            if !alike.is_empty() {
                let entries: Vec<String> =
                    alike.iter().map(|one| format!("{} {}w", one.path, one.width)).collect();
                sets.push((format.content_type(), entries.join(", ")));
            }
        }
        Self(sets)
    }
}

/// The thumbnail with the most pixels; the first of several.
fn largest<'t, 'a>(thumbnails: &'t [ThumbnailFacts<'a>]) -> Option<&'t ThumbnailFacts<'a>> {
    let pixels = |one: &ThumbnailFacts<'_>| u64::from(one.width) * u64::from(one.height);
    thumbnails.iter().rev().max_by_key(|one| pixels(one))
}

/// True if one would have the height of the other at its width, but for a pixel lost by rounding.
fn have_same_proportions(one: &ThumbnailFacts<'_>, other: &ThumbnailFacts<'_>) -> bool {
    let crossed = |width: u32, height: u32| u64::from(width) * u64::from(height);
    let difference = crossed(one.width, other.height).abs_diff(crossed(other.width, one.height));
    difference <= u64::from(other.width.max(other.height))
}

/// The path of an object in a URL: its key, percent-encoded but for slashes, after a slash.
pub(super) fn path_of(key: &Key) -> String {
    format!("/{}", percent_encode(key.as_str()).replace("%2F", "/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thumbnail(name: &str, width: u32, height: u32, format: Format) -> ThumbnailFacts<'_> {
        ThumbnailFacts {
            name,
            key: name,
            path: path_of(&Key::parse(&format!("{name}/图 1,2.jpg")).unwrap()),
            width,
            height,
            bytes: 9,
            content_type: format.content_type(),
            quality: None,
            score: None,
            frames: None,
            placeholder: PlaceholderFacts { thumbhash: Some(name.to_owned()), color: None },
            recipe: String::new(),
        }
    }

    fn json(thumbnails: Vec<ThumbnailFacts<'_>>) -> serde_json::Value {
        let source = SourceFacts {
            bucket: "p-1",
            key: "a",
            etag: "e".to_owned(),
            bytes: 9,
            format: "jpeg",
            width: 4000,
            height: 3000,
            damaged: None,
            aigc: false,
        };
        let text =
            serde_json::to_string(&ManifestDocument::new(source, "t-1", thumbnails, "r".to_owned())).unwrap();
        assert!(!text.contains("damaged"));
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_srcset_has_the_thumbnails_of_one_type_and_one_proportion() {
        let manifest = json(vec![
            thumbnail("l", 1600, 1200, Format::WebP),
            thumbnail("s", 333, 250, Format::WebP),
            thumbnail("square", 300, 300, Format::WebP),
            thumbnail("again", 333, 250, Format::WebP),
            thumbnail("j", 333, 249, Format::Jpeg),
        ]);
        assert_eq!(
            manifest["srcset"],
            serde_json::json!({
                "image/webp": "/s/%E5%9B%BE%201%2C2.jpg 333w, /l/%E5%9B%BE%201%2C2.jpg 1600w",
                "image/jpeg": "/j/%E5%9B%BE%201%2C2.jpg 333w",
            })
        );
        assert_eq!((&manifest["thumbhash"], &manifest["version"]), (&"l".into(), &1.into()));
        assert_eq!(
            (&manifest["src"], &manifest["height"]),
            (&manifest["thumbnails"][0]["path"], &1200.into())
        );
    }

    #[test]
    fn the_best_type_comes_first() {
        let all = [Format::Gif, Format::Png, Format::Jpeg, Format::WebP, Format::Avif];
        let sets = Srcsets::of(&all.map(|format| thumbnail("n", 40, 30, format)));
        let types: Vec<_> = sets.0.iter().map(|(content_type, _)| *content_type).collect();
        assert_eq!(types, ["image/avif", "image/webp", "image/jpeg", "image/png", "image/gif"]);
    }
}
