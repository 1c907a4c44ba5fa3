//! Values of `thumbnails.json` that are written in several ways: lists, and thumbnails.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, SeqAccess, Visitor};

use super::written::WrittenThumbnail;
use crate::config::mistake::{Mistake, Written};

/// One or several values: a text as in the variable, a list, or an object in the order written.
#[derive(Debug)]
pub(in crate::config) enum Entries {
    Line(String),
    List(Vec<String>),
    Named(Vec<(String, Entry)>),
}

impl Entries {
    pub(in crate::config) fn suffixes(self, setting: &str) -> Result<Vec<Written>, Mistake> {
        match self {
            // As everywhere in a pattern, nothing written is no condition.
            Self::Line(line) if line.is_empty() => Ok(Vec::new()),
            Self::Line(line) => Ok(Written::new(setting, line).entries()),
            Self::List(list) => Ok(list.into_iter().map(|suffix| Written::new(setting, suffix)).collect()),
            Self::Named(_) => {
                Err(Written::new(setting, "{…}").refuse("write a list such as [\".jpg\", \".png\"]"))
            }
        }
    }

    pub(in crate::config) fn thumbnails(self, setting: &str) -> Result<Vec<WrittenThumbnail>, Mistake> {
        let entry = |text| WrittenThumbnail::entry(Written::new(setting, text));
        let thumbnails: Vec<WrittenThumbnail> = match self {
            Self::Line(line) => {
                Written::new(setting, line).entries().into_iter().map(WrittenThumbnail::entry).collect()
            }
            Self::List(list) => list.into_iter().map(entry).collect(),
            Self::Named(pairs) => {
                let named = |(name, entry): (String, Entry)| {
                    let setting = format!("{setting}.{name}");
                    let process = match entry {
                        Entry::Text(text) => text,
                        Entry::Members(members) => members.text(&setting)?,
                    };
                    Ok(WrittenThumbnail { process: Written::new(setting, process), name: Some(name) })
                };
                pairs.into_iter().map(named).collect::<Result<_, Mistake>>()?
            }
        };
        if thumbnails.is_empty() {
            return Err(Written::new(setting, "").refuse("it names no thumbnail; leave it out for 300x300"));
        }
        Ok(thumbnails)
    }
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a list of texts, or an object of names and thumbnails")
    }

    fn visit_str<E>(self, line: &str) -> Result<Entries, E> {
        Ok(Entries::Line(line.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Entries, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = entries.next_element()? {
            list.push(entry);
        }
        Ok(Entries::List(list))
    }

    // Not a map type: it would lose the order and keep only the last of two equal names.
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Entries, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = entries.next_entry()? {
            pairs.push(pair);
        }
        Ok(Entries::Named(pairs))
    }
}

/// One thumbnail that has a name.
#[derive(Debug)]
pub(in crate::config) enum Entry {
    Members(Box<Members>),
    /// As in the variable.
    Text(String),
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or an object with a size")
    }

    fn visit_str<E>(self, text: &str) -> Result<Entry, E> {
        Ok(Entry::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Entry, A::Error> {
        Members::deserialize(MapAccessDeserializer::new(members))
            .map(|members| Entry::Members(Box::new(members)))
    }
}

/// A thumbnail whose size and options are members. Their names and values are those of the text.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Members {
    size: Option<Values>,
    fit: Option<Values>,
    enlarge: Option<Values>,
    gravity: Option<Values>,
    focus: Option<Values>,
    sharpen: Option<Values>,
    grayscale: Option<Values>,
    linear: Option<Values>,
    format: Option<Values>,
    quality: Option<Values>,
    background: Option<Values>,
    progressive: Option<Values>,
    subsampling: Option<Values>,
    max_bytes: Option<Values>,
    keep: Option<Values>,
    animation: Option<Values>,
}

impl Members {
    /// The text that says the same.
    fn text(self, setting: &str) -> Result<String, Mistake> {
        let refuse = |member: &str, value: &str, rule: &str| {
            Err(Written::new(format!("{setting}.{member}"), value).refuse(rule))
        };
        let Some(size) = self.size else {
            return refuse("size", "", "write a size such as 400x300");
        };
        let options = [
            ("fit", self.fit),
            ("enlarge", self.enlarge),
            ("gravity", self.gravity),
            ("focus", self.focus),
            ("sharpen", self.sharpen),
            ("grayscale", self.grayscale),
            ("linear", self.linear),
            ("format", self.format),
            ("quality", self.quality),
            ("background", self.background),
            ("progressive", self.progressive),
            ("subsampling", self.subsampling),
            ("max_bytes", self.max_bytes),
            ("keep", self.keep),
            ("animation", self.animation),
        ];
        let options =
            options.into_iter().filter_map(|(member, values)| values.map(|values| (member, values)));
        let mut text = String::new();
        for (member, Values(values)) in std::iter::once(("size", size)).chain(options) {
            let value = values.join(if member == "focus" { "x" } else { "+" });
            if value.contains('/') {
                return refuse(member, &value, "it is one value, without a slash");
            }
            match member {
                "size" => text.push_str(&value),
                member => text.extend(["/", member, "/", &value]),
            }
        }
        Ok(text)
    }
}

/// One value or a list of them, as texts. `true` and `false` are 1 and 0.
#[derive(Debug)]
struct Values(Vec<String>);

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValuesVisitor)
    }
}

struct ValuesVisitor;

impl<'de> Visitor<'de> for ValuesVisitor {
    type Value = Values;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true, false or a list of them")
    }

    fn visit_str<E>(self, text: &str) -> Result<Values, E> {
        Ok(Values(vec![text.to_owned()]))
    }

    fn visit_bool<E>(self, switch: bool) -> Result<Values, E> {
        Ok(Values(vec![u8::from(switch).to_string()]))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Values, E> {
        Ok(Values(vec![number.to_string()]))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Values, E> {
        Ok(Values(vec![number.to_string()]))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Values, E> {
        Ok(Values(vec![number.to_string()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Values, A::Error> {
        let mut list = Vec::new();
        while let Some(Values(values)) = values.next_element()? {
            list.extend(values);
        }
        Ok(Values(list))
    }
}
