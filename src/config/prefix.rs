//! Beginnings of keys: of sources, as a rule names them, and of thumbnails, as far as a template makes them certain.

use std::fmt;

/// Placeholders of every template, which cannot name a segment.
const PLACEHOLDERS: [&str; 6] = ["dir", "ext", "hash", "key", "name", "stem"];

/// Beginning of keys: fixed text, in which one path segment may be open, as in `{tenant}/uploads/`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct KeyPrefix {
    /// Text before the open segment; all of it where none is open.
    before: String,
    segment: Option<OpenSegment>,
}

/// A path segment that every key fills in: one character or more, none of them a slash.
#[derive(Clone, Debug, Eq, PartialEq)]
struct OpenSegment {
    name: String,
    /// Text after it, which begins with a slash.
    after: String,
}

/// What stands between two slashes of a prefix, or after the last one.
#[derive(Clone, Copy, Debug)]
enum Part<'a> {
    /// This text.
    Closed(&'a str),
    /// This text, and one character or more after it.
    Open(&'a str),
    /// This text, and anything after it, further slashes included. Always the last part.
    Rest(&'a str),
}

impl KeyPrefix {
    /// A prefix without open segment.
    pub(super) fn fixed(text: impl Into<String>) -> Self {
        Self { before: text.into(), segment: None }
    }

    /// The prefix with an open segment of this name, and text after it. Without a slash there nothing is certain
    /// behind `before`, because the segment goes on.
    pub(super) fn open(before: &str, name: &str, after: &str) -> Self {
        let (name, after) = (name.to_owned(), after.to_owned());
        Self {
            before: before.to_owned(),
            segment: after.starts_with('/').then_some(OpenSegment { name, after }),
        }
    }

    /// Parses the prefix of a rule; `None` where braces hold something else than the name of a whole segment.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let Some((before, rest)) = text.split_once('{') else {
            return (!text.contains('}')).then(|| Self::fixed(text));
        };
        let (name, after) = rest.split_once('}')?;
        let is_whole = (before.is_empty() || before.ends_with('/')) && after.starts_with('/');
        let is_only = !before.contains('}') && !after.contains(['{', '}']);
        (is_whole && is_only && is_segment_name(name)).then(|| Self::open(before, name, after))
    }

    /// The text that all keys begin with: up to the open segment, or all of it.
    #[must_use]
    pub fn known(&self) -> &str {
        &self.before
    }

    /// The name of the open segment.
    #[must_use]
    pub fn segment_name(&self) -> Option<&str> {
        self.segment.as_ref().map(|segment| segment.name.as_str())
    }

    /// The prefix with `value` in the place of the open segment: `*` makes it a pattern of CAM policies.
    #[must_use]
    pub fn filled(&self, value: &str) -> String {
        match &self.segment {
            Some(segment) => format!("{}{value}{}", self.before, segment.after),
            None => self.before.clone(),
        }
    }

    /// The open segment of a key; empty where the prefix has none, `None` where the key begins otherwise.
    pub(crate) fn segment_of<'a>(&self, key: &'a str) -> Option<&'a str> {
        let rest = key.strip_prefix(self.before.as_str())?;
        let Some(segment) = &self.segment else { return Some("") };
        let (value, after) = rest.split_at_checked(rest.find('/')?)?;
        (!value.is_empty() && after.starts_with(&segment.after)).then_some(value)
    }

    /// True if a key begins so.
    pub(crate) fn takes(&self, key: &str) -> bool {
        self.segment_of(key).is_some()
    }

    /// True if every key that begins as `other` certainly begins so too.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let Some(segment) = &self.segment else { return other.before.starts_with(&self.before) };
        let is_longer = |other: &OpenSegment| other.after.starts_with(&segment.after);
        self.takes(&other.before)
            || self.before == other.before && other.segment.as_ref().is_some_and(is_longer)
    }

    /// True if a key could begin both ways. Keys agree if they do so between all slashes.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let either = |one: &str, other: &str| one.starts_with(other) || other.starts_with(one);
        for pair in self.parts().into_iter().zip(other.parts()) {
            match pair {
                (Part::Closed(one), Part::Closed(other)) if one == other => {}
                (Part::Closed(all), Part::Open(start)) | (Part::Open(start), Part::Closed(all))
                    if all.len() > start.len() && all.starts_with(start) => {}
                (Part::Open(one), Part::Open(other)) if either(one, other) => {}
                (Part::Closed(all), Part::Rest(start)) | (Part::Rest(start), Part::Closed(all)) => {
                    return all.starts_with(start);
                }
                (Part::Rest(one), Part::Rest(other) | Part::Open(other))
                | (Part::Open(one), Part::Rest(other)) => return either(one, other),
                _ => return false,
            }
        }
        true
    }

    /// The prefix up to its last slash, as a beginning of the folders of its keys.
    pub(super) fn folder(&self) -> Self {
        let up_to_slash =
            |text: &str| text.rfind('/').and_then(|slash| text.get(..=slash)).map(str::to_owned);
        match &self.segment {
            Some(segment) => {
                Self::open(&self.before, &segment.name, &up_to_slash(&segment.after).unwrap_or_default())
            }
            None => Self::fixed(up_to_slash(&self.before).unwrap_or_default()),
        }
    }

    /// The prefix with text before it.
    pub(super) fn after(self, text: &str) -> Self {
        Self { before: format!("{text}{}", self.before), ..self }
    }

    fn parts(&self) -> Vec<Part<'_>> {
        let mut parts: Vec<Part<'_>> = self.before.split('/').map(Part::Closed).collect();
        if let Some(segment) = &self.segment {
            if let Some(Part::Closed(start)) = parts.pop() {
                parts.push(Part::Open(start));
            }
            parts.extend(segment.after.split('/').skip(1).map(Part::Closed));
        }
        if let Some(Part::Closed(start)) = parts.pop() {
            parts.push(Part::Rest(start));
        }
        parts
    }
}

/// Prints it as in the configuration.
impl fmt::Display for KeyPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.segment_name().map(|name| format!("{{{name}}}"));
        f.write_str(&self.filled(&name.unwrap_or_default()))
    }
}

/// True for a name that the open segment can have: a letter, then letters, digits and underscores, in lower case.
pub(super) fn is_segment_name(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.bytes().all(is_word)
        && name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
        && !PLACEHOLDERS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> KeyPrefix {
        KeyPrefix::parse(text).unwrap()
    }

    #[test]
    fn an_open_segment_is_whole_and_has_a_name_of_its_own() {
        for text in ["", "up/", "{tenant}/", "{tenant}/up", "in/{t_1}/up/", "in//{t}//"] {
            assert_eq!(prefix(text).to_string(), text);
        }
        for text in [
            "{tenant}",
            "{tenant}x/",
            "in{tenant}/",
            "{}/",
            "{Tenant}/",
            "{1t}/",
            "{key}/",
            "{hash}/",
            "{a}/{b}/",
            "{a/",
            "a}/",
            "}{/",
        ] {
            assert_eq!(KeyPrefix::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_segment_of_a_key_is_what_stands_in_its_place() {
        let table = [
            ("{t}/up/", "acme/up/a.jpg", Some("acme")),
            ("{t}/up/", "图/up/", Some("图")),
            ("{t}/up/", "acme/other/a.jpg", None),
            ("{t}/up/", "/up/a.jpg", None),
            ("{t}/up/", "a/acme/up/a.jpg", None),
            ("{t}/up/", "acme", None),
            ("in/{t}/u", "in/acme/upload", Some("acme")),
            ("in/", "in/acme", Some("")),
            ("in/", "out/acme", None),
        ];
        for (text, key, segment) in table {
            assert_eq!(prefix(text).segment_of(key), segment, "{text} {key}");
        }
        assert_eq!(prefix("in/{t}/up/").filled("*"), "in/*/up/");
    }

    const PREFIXES: [&str; 14] = [
        "", "a", "a/", "a/b", "a/b/", "b/a", "{t}/", "{t}/a", "{t}/a/", "{t}/b/", "a/{t}/", "a/{t}/b",
        "a/{t}/b/", "b/{t}/a/",
    ];

    /// Over all short keys: prefixes that never meet share none, one that covers another takes all of its keys.
    #[test]
    fn no_short_key_contradicts_meeting_or_covering() {
        let mut keys = vec![String::new()];
        for _ in 0..6 {
            let longer = keys.iter().flat_map(|key| ["a", "b", "/"].map(|part| format!("{key}{part}")));
            let longer: Vec<String> = longer.collect();
            keys.extend(longer);
            keys.sort();
            keys.dedup();
        }
        for (one, other) in PREFIXES.iter().flat_map(|one| PREFIXES.map(|other| (*one, other))) {
            let (first, second) = (prefix(one), prefix(other));
            let shared = keys.iter().find(|key| first.takes(key) && second.takes(key));
            assert_eq!(first.meets(&second), shared.is_some(), "{one} and {other}: {shared:?}");
            if first.covers(&second) {
                let left_out = keys.iter().find(|key| second.takes(key) && !first.takes(key));
                assert_eq!(left_out, None, "{one} covers {other}");
            }
        }
        assert!(prefix("{t}/").covers(&prefix("a/b/{t}/")) && prefix("a/{t}/").covers(&prefix("a/{u}/b/")));
    }

    #[test]
    fn a_segment_that_begins_with_text_meets_what_it_can_be() {
        let open = KeyPrefix::open("x", "t", "/a/");
        for (text, meets) in [
            ("", true),
            ("x", true),
            ("xy", true),
            ("xy/", true),
            ("xy/a/b", true),
            ("x/a/", false),
            ("y", false),
            ("xy/b", false),
            ("{t}/a/", true),
            ("{t}/b/", false),
            ("x/{t}/", false),
            ("xyz/{t}/b", true),
        ] {
            assert_eq!((open.meets(&prefix(text)), prefix(text).meets(&open)), (meets, meets), "{text}");
        }
        assert_eq!(KeyPrefix::open("x", "t", "-a/"), prefix("x"), "the segment goes on");
        assert_eq!(prefix("in/{t}/up/x").folder().after("t/").to_string(), "t/in/{t}/up/");
        assert_eq!(prefix("in/x").folder().to_string(), "in/");
    }
}
