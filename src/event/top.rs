//! Value at the top of a message: for an object the few members that tell what it is.
//!
//! Everything else is skipped without being stored.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::text::excerpt;

/// Members at the top of a message that tell what it is.
const KNOWN: [&str; 17] = [
    "Body",
    "ClientContext",
    "Event",
    "Records",
    "Service",
    "TopicArn",
    "TriggerName",
    "Type",
    "clslogs",
    "cos",
    "events",
    "httpMethod",
    "key1",
    "kind",
    "requestContext",
    "source",
    "specversion",
];

/// Most names of members that an error lists.
const NAMES_SHOWN: usize = 5;

/// Object at the top of a message: its list of records, and the members that tell what else it is.
#[derive(Debug, Default)]
pub(super) struct Members<'a> {
    known: Vec<(&'static str, &'a RawValue)>,
    /// Names of the first members, excerpts.
    names: Vec<String>,
}

impl<'a> Members<'a> {
    /// Returns the last member of this name.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.known.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// Returns a member that is a text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    /// Returns the names of the first members, as excerpts.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    fn insert(&mut self, name: &str, value: &'a RawValue) {
        let Some(&known) = KNOWN.iter().find(|known| **known == name) else { return };
        self.known.retain(|(earlier, _)| *earlier != known);
        self.known.push((known, value));
    }
}

/// Value at the top of a message.
#[derive(Debug)]
pub(super) enum Top<'a> {
    /// List, and its first item.
    List(Option<&'a RawValue>),
    Object(Members<'a>),
    /// Number, truth value or null, by its name in a sentence.
    Other(&'static str),
    Text(String),
}

impl<'de: 'a, 'a> Deserialize<'de> for Top<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TopVisitor)
    }
}

struct TopVisitor;

impl<'de> Visitor<'de> for TopVisitor {
    type Value = Top<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Top::Other("a truth value"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Top::Other("a number"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Top::Other("a number"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Top::Other("a number"))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Top::Other("null"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Top::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let first = items.next_element()?;
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Top::List(first))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut members = Members::default();
        while let Some(name) = entries.next_key::<String>()? {
            members.insert(&name, entries.next_value()?);
            if members.names.len() < NAMES_SHOWN {
                members.names.push(excerpt(&name));
            }
        }
        Ok(Top::Object(members))
    }
}
