//! Templates of the keys of manifests.
//!
//! A manifest has a key of the same kind as a thumbnail, without `{name}`, that ends in `.json`. Objects that end so are no
//! sources of its rule. So no thumbnail that ends as its source does has the key of a manifest.

use std::fmt;

use crate::object::Key;

use super::prefix::KeyPrefix;
use super::template::{Field, Piece, Refusal as TemplateRefusal, Template};

/// The end of the keys of all manifests.
pub(super) const EXTENSION: &str = ".json";

/// The reason why a text is not a template of manifests. Each reads as the rule that a value breaks.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("a manifest has JSON in it; let its key end in .json, as in {{key}}.json")]
    Extension,
    #[error("a manifest describes all thumbnails of a source; leave out {{name}}")]
    Name,
    #[error("{0}")]
    Template(TemplateRefusal),
}

/// A template such as `{key}.json`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct ManifestTemplate(Template);

impl ManifestTemplate {
    /// Parses a template for sources without open segment.
    #[cfg(test)]
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        Self::parse_for(text, &KeyPrefix::default())
    }

    /// Parses a template for sources with this beginning, whose open segment is a placeholder too.
    pub(super) fn parse_for(text: &str, sources: &KeyPrefix) -> Result<Self, Refusal> {
        Self::check(text)?;
        Template::parse_for(text, sources).map(Self).map_err(Refusal::Template)
    }

    /// Checks a template whose sources are not known yet, so that it may name any segment.
    pub(super) fn check(text: &str) -> Result<(), Refusal> {
        Template::check(text).map_err(Refusal::Template)?;
        if text.contains("{name}") {
            return Err(Refusal::Name);
        }
        if !text.ends_with(EXTENSION) {
            return Err(Refusal::Extension);
        }
        Ok(())
    }

    /// The template.
    pub(super) fn template(&self) -> &Template {
        &self.0
    }

    /// The pieces of a key, of which only the source key is unknown.
    pub(super) fn pieces(&self) -> Vec<Piece> {
        self.0.pieces("", None)
    }

    /// The key of the manifest of a source.
    pub(super) fn render(&self, source: &Key) -> String {
        self.0.render(source, "", None)
    }

    /// The known beginning of keys whose source begins with `sources`.
    pub(super) fn known_prefix(&self, sources: &KeyPrefix) -> KeyPrefix {
        self.0.known_prefix("", None, sources)
    }

    /// The source key of a key, where `{key}` is the only field of the source.
    pub(super) fn source_of<'a>(&self, target: &'a Key) -> Option<&'a str> {
        self.0.source_of(target.as_str(), "", None)
    }

    /// True if `{key}` is the only field of the source.
    pub(super) fn names_source(&self) -> bool {
        self.0.names_source()
    }
}

impl fmt::Display for ManifestTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// True if a key ends as those of manifests do.
pub(super) fn is_named_as_manifest(key: &Key) -> bool {
    key.as_str().ends_with(EXTENSION)
}

/// True if thumbnails with these pieces may have a key that ends as those of manifests do, although no source key ends
/// so.
pub(super) fn may_end_as_manifest(pieces: &[Piece]) -> bool {
    match pieces {
        [.., Piece::Fixed(end)] => end.ends_with(EXTENSION) || EXTENSION.ends_with(end.as_str()),
        // The source key, or its file name, ends the key. It is no `.json`, but it may be a short end of that, such as
        // `json`, and the rest may stand before it.
        [Piece::Open(Field::Key)]
        | [Piece::Open(Field::Stem), Piece::Open(Field::DotExt)]
        | [Piece::Open(Field::Dir), Piece::Open(Field::Stem), Piece::Open(Field::DotExt)] => false,
        [.., Piece::Fixed(before), Piece::Open(Field::Key | Field::DotExt)]
        | [.., Piece::Fixed(before), Piece::Open(Field::Stem), Piece::Open(Field::DotExt)]
        | [
            ..,
            Piece::Fixed(before),
            Piece::Open(Field::Dir),
            Piece::Open(Field::Stem),
            Piece::Open(Field::DotExt),
        ] => may_begin(before),
        _ => true,
    }
}

/// True if a text ends in a beginning of the extension, or lies within it.
fn may_begin(text: &str) -> bool {
    EXTENSION.contains(text)
        || (1..=EXTENSION.len())
            .any(|length| EXTENSION.get(..length).is_some_and(|start| text.ends_with(start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_end_in_json_and_have_no_name() {
        for text in ["{key}.json", "manifests/{dir}{stem}.json", "{dir}{stem}.{ext}.json"] {
            assert!(ManifestTemplate::parse(text).is_ok(), "{text}");
        }
        for (text, sentence) in [
            ("{key}", "a manifest has JSON in it; let its key end in .json, as in {key}.json"),
            ("{key}.JSON", "a manifest has JSON in it; let its key end in .json, as in {key}.json"),
            ("{name}/{key}.json", "a manifest describes all thumbnails of a source; leave out {name}"),
            (
                "all.json",
                "every source would be written to one key; put {key}, {dir}, {stem} or {hash:16} into it",
            ),
        ] {
            assert_eq!(ManifestTemplate::parse(text).unwrap_err().to_string(), sentence);
        }
    }

    /// Every source key of one to six characters of `.json` and a slash that does not end in `.json`.
    fn sources() -> Vec<Key> {
        let mut texts = vec![String::new()];
        let mut keys = Vec::new();
        for _ in 0..6 {
            texts =
                texts.iter().flat_map(|text| ".json/".chars().map(move |c| format!("{text}{c}"))).collect();
            let keys_of_length = texts.iter().filter_map(|text| Key::parse(text).ok());
            keys.extend(keys_of_length.filter(|key| !is_named_as_manifest(key) && !key.is_folder_marker()));
        }
        keys
    }

    #[test]
    fn no_thumbnail_contradicts_its_proof() {
        let (sources, mut proven) = (sources(), 0);
        for text in [
            "{key}",
            "n/{key}",
            "n.{key}",
            "{dir}o{stem}",
            "{stem}o{key}",
            "{dir}{stem}.{ext}",
            "t/{dir}{stem}.{ext}",
            "t.js{dir}{stem}.{ext}",
            "{dir}n/{stem}.{ext}",
            "{dir}{stem}-n.{ext}",
            "{dir}{stem}n.{ext}",
            "{dir}{stem}.json.{ext}",
            "{key}.json",
            "{key}n",
            "{key}x",
        ] {
            let template = Template::parse(text).unwrap();
            if may_end_as_manifest(&template.pieces("", None)) {
                continue;
            }
            proven += 1;
            for source in &sources {
                let target = template.render(source, "", None);
                assert!(!target.ends_with(EXTENSION), "{text}: {source} gives {target}");
            }
        }
        assert_eq!(proven, 7);
    }
}
