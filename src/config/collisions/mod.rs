//! Proof that no two thumbnails of a rule share a target key.
//!
//! A rule maps a source key and one of its thumbnails to a target key. Two pairs with one target key would
//! overwrite each other's thumbnail, so a template is accepted only if this map is proven injective.
//!
//! # Derivation
//!
//! A source key is `dir + stem + tail` in exactly one way: `dir` ends at the last slash, and `tail` begins at
//! the last dot of the file name, unless that is its first character (`.jpg` has no tail). Folder markers are
//! never sources, so `stem` is not empty. The source keys fall into classes by two questions: is there a
//! folder, and which tails are possible (none, any, or the one that a suffix of the rule names). Within a
//! class every field is a word of a plain language:
//!
//! | field | without folder | with folder |
//! |---|---|---|
//! | `dir` | empty | one character that is no slash, anything, a slash |
//! | `stem`, no tail | a character that is no slash, then no slashes and no dots | the same |
//! | `stem`, a tail | at least one character, no slashes | the same |
//! | `tail` | a dot, then no slashes and no dots, or the letters of the suffix in either case | the same |
//! | `hash` | so many hexadecimal digits | the same |
//! | the open segment | at least one character, no slashes | the same |
//!
//! So the target keys of one thumbnail and one class are the words of a [`Pattern`]: a sequence of character
//! sets, some of them repeated. A target key tells its source if
//!
//! 1. no word belongs to two patterns, so that it tells thumbnail and class,
//! 2. no word of one pattern can be divided among the pieces of the template in two ways, so that it tells the
//!    value of every field, and
//! 3. the fields in the template make up the source key: `{key}`, or `{dir}`, `{stem}` and an extension that is
//!    written as well or is the same for all sources ([`forgotten`]).
//!
//! Both 1 and 2 ask whether two walks through patterns can read one word, which a search over pairs of positions
//! decides ([`Pattern::meets`]). The patterns of 1 differ; the walks of 2 must give at least one character to
//! different pieces.
//!
//! # Hashes
//!
//! With `{hash}`, 2 and 3 become weaker: a target key has to tell its thumbnail and the hash of its source. For two
//! patterns of one thumbnail, the walks may divide a word in any way that leaves the digits of the hash in their
//! places. Sources that share a target key then share their hash, which the function keeps apart when it meets them.
//!
//! # Sources that may share keys
//!
//! With [`Collisions::First`] the sources may share keys, but the thumbnails of one source still may not: each would
//! replace the other at every event. Both have the same values in all fields, so their keys differ if their lengths do, or
//! if the fixed texts between the fields have the same lengths and one of them differs ([`differ_for_one_source`]).
//! Otherwise no word may belong to patterns of both.
//!
//! # What is left out
//!
//! The proof leaves two things out. A source prefix and what a suffix says before its extension only take
//! source keys away. A field that occurs twice has one value in both places, which the patterns do not know: such
//! a template may be refused although it is safe. So may one with the open segment of the prefix, which is a part of the
//! key too. Sources that differ only in the case of their suffix (`a.jpg`,
//! `a.JPG`) count as one here; the function keeps them apart when it meets them (`target.taken`).

mod pattern;
#[cfg(test)]
mod tests;

use crate::object::Key;
use crate::recipe::Recipe;

use super::manifest::{ManifestTemplate, may_end_as_manifest};
use super::rule::{Collisions, SourcePattern, ThumbnailRule};
use super::template::{Field, Piece, Template};

use pattern::{Difference, Pattern, Tail};

/// The reason why a template does not tell all target keys apart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Collision {
    /// The target key does not show this part of the source key.
    Forgotten(&'static str),
    /// Two thumbnails of one source, for want of `{name}`.
    Nameless(String, String),
    /// Two sources or thumbnails that share a key, where one could be found.
    Shared(Option<Example>),
}

/// Two thumbnails with one target key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Example {
    /// Name of the thumbnail and key of its source.
    pub(super) one: (String, String),
    pub(super) other: (String, String),
    pub(super) target: String,
}

/// The first collision among the thumbnails of all sources that `collisions` does not allow; `None` when there certainly
/// is none.
pub(super) fn find(
    template: &Template,
    thumbnails: &[ThumbnailRule],
    source: &SourcePattern,
    collisions: Collisions,
) -> Option<Collision> {
    let tails = tails(source);
    let may_share = collisions == Collisions::First;
    if !may_share
        && let Some(forgotten) =
            thumbnails.iter().find_map(|thumbnail| forgotten(template, thumbnail, &tails))
    {
        return Some(Collision::Forgotten(forgotten));
    }
    let mut patterns = Vec::new();
    for thumbnail in thumbnails {
        for in_folder in [false, true] {
            patterns.extend(tails.iter().map(|tail| Pattern::new(template, thumbnail, in_folder, *tail)));
        }
    }
    for (index, one) in patterns.iter().enumerate() {
        for other in patterns.iter().skip(index) {
            let (first, second) = (&one.thumbnail.name, &other.thumbnail.name);
            if may_share && (first == second || differ_for_one_source(one.pieces(), other.pieces())) {
                continue;
            }
            let difference = if first == second && template.hash_digits() > 0 {
                Difference::InHash
            } else if std::ptr::eq(one, other) {
                Difference::InPieces
            } else {
                Difference::Given
            };
            let Some(values) = one.meets(other, difference) else { continue };
            if first != second && (may_share || !template.has_name()) {
                return Some(Collision::Nameless(first.clone(), second.clone()));
            }
            let sources = (one.source(&values.0), other.source(&values.1));
            return Some(Collision::Shared(example(
                template,
                source,
                (one, &sources.0),
                (other, &sources.1),
            )));
        }
    }
    None
}

/// True if two thumbnails certainly have different keys for every source, by the pieces of their keys.
fn differ_for_one_source(one: &[Piece], other: &[Piece]) -> bool {
    let (mut lengths, mut are_aligned, mut differ) = ((0_usize, 0_usize), true, false);
    for pair in one.iter().zip(other) {
        match pair {
            (Piece::Fixed(one), Piece::Fixed(other)) => {
                lengths = (lengths.0.saturating_add(one.len()), lengths.1.saturating_add(other.len()));
                are_aligned &= one.len() == other.len();
                differ |= one != other;
            }
            (Piece::Open(one), Piece::Open(other)) if one == other => {}
            _ => return false,
        }
    }
    one.len() == other.len() && (lengths.0 != lengths.1 || are_aligned && differ)
}

/// The first collision of manifests with each other or with thumbnails; `None` when there certainly is none. Sources that
/// are named as manifests are left out.
pub(super) fn find_of_manifest(
    manifest: &ManifestTemplate,
    template: &Template,
    thumbnails: &[ThumbnailRule],
    source: &SourcePattern,
    collisions: Collisions,
) -> Option<Collision> {
    // A key without `{name}`, of the source's own format.
    let (own, name) = (manifest.template(), "manifest".to_owned());
    let rule = ThumbnailRule { name, recipe: Recipe::default() };
    if let Some(collision) = find(own, std::slice::from_ref(&rule), source, collisions) {
        return Some(collision);
    }
    let tails = tails(source);
    let patterns = |template, thumbnail| {
        [false, true]
            .into_iter()
            .flat_map(|in_folder| tails.iter().map(move |tail| (in_folder, *tail)))
            .map(|(in_folder, tail)| Pattern::new(template, thumbnail, in_folder, tail))
            .collect::<Vec<_>>()
    };
    let manifests = patterns(own, &rule);
    let similar = thumbnails
        .iter()
        .filter(|thumbnail| may_end_as_manifest(&template.pieces(&thumbnail.name, thumbnail.recipe.format)));
    let meet = |thumbnail: &Pattern<'_>| {
        manifests.iter().any(|own| own.meets(thumbnail, Difference::Given).is_some())
    };
    similar.flat_map(|one| patterns(template, one)).any(|one| meet(&one)).then_some(Collision::Shared(None))
}

/// The example, if it really is one: a field that occurs twice may have got two values.
fn example(
    template: &Template,
    source: &SourcePattern,
    (one, first): (&Pattern<'_>, &str),
    (other, second): (&Pattern<'_>, &str),
) -> Option<Example> {
    let target = |pattern: &Pattern<'_>, key: &str| {
        let key = Key::parse(key).ok().filter(|key| source.takes_key(key))?;
        let thumbnail = pattern.thumbnail;
        Some(template.render(&key, &thumbnail.name, thumbnail.recipe.format))
    };
    // An empty extension is the shortest, and an odd one to show.
    let end = if first.ends_with('.') && second.ends_with('.') { "jpg" } else { "" };
    let prefix = source.prefix.filled("a");
    let frames = [("", end), (&prefix, end), ("", ""), (&prefix, "")];
    frames.into_iter().find_map(|(prefix, end)| {
        let (first, second) = (format!("{prefix}{first}{end}"), format!("{prefix}{second}{end}"));
        let shared = target(one, &first)?;
        (target(other, &second)? == shared).then(|| Example {
            one: (one.thumbnail.name.clone(), first),
            other: (other.thumbnail.name.clone(), second),
            target: shared,
        })
    })
}

/// The part of the source key that the target keys of a thumbnail do not show.
fn forgotten(template: &Template, thumbnail: &ThumbnailRule, tails: &[Tail<'_>]) -> Option<&'static str> {
    let shows_extension = thumbnail.recipe.format.is_none()
        && (template.has(Field::DotExt) || template.has(Field::Ext))
        || matches!(tails, [Tail::Known(_)]);
    if template.has(Field::Key) || template.hash_digits() > 0 {
        None
    } else if !template.has(Field::Dir) {
        Some("folder")
    } else if !template.has(Field::Stem) {
        Some("name")
    } else if shows_extension {
        None
    } else {
        Some("extension")
    }
}

/// The tails that sources of a pattern can have.
fn tails(source: &SourcePattern) -> Vec<Tail<'_>> {
    source.extensions().map_or_else(
        || vec![Tail::Any, Tail::None],
        |extensions| extensions.into_iter().map(Tail::Known).collect(),
    )
}
