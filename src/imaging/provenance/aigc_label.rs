//! The implicit label of GB 45438-2025: a JSON object in the extension field `AIGC` of a file's metadata.

use std::fmt;

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// Most bytes of a label. Usual ones have 200 to 500; the reserved members may hold a signature.
const LONGEST: usize = 8 * 1024;

/// Members of the object.
const MEMBERS: [&str; 7] =
    ["Label", "ContentProducer", "ProduceID", "ReservedCode1", PROPAGATOR, PROPAGATE_ID, "ReservedCode2"];
const PROPAGATOR: &str = "ContentPropagator";
const PROPAGATE_ID: &str = "PropagateID";

/// The member in which some writers wrap the object.
const WRAPPER: &str = "AIGC";

/// A label: the JSON text as it was found, without white space around it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct AigcLabel(String);

impl AigcLabel {
    /// Takes a JSON object with at least one of the seven members, or one in which such an object is the member `AIGC`.
    /// Values are not judged.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > LONGEST || !text.chars().all(is_xml_character) {
            return None;
        }
        // Refuses more than 128 levels, on which readers might choke.
        serde_json::from_str::<Value>(text).ok()?;
        let object = Object::parse(text)?;
        let is_label = match object.wrapped() {
            Some(inner) => inner.is_label(),
            None => object.is_label(),
        };
        is_label.then(|| Self(text.to_owned()))
    }

    /// The JSON text.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// The label with its propagator and that one's number, if it names no other propagator. The text of all other
    /// values stays. `propagator` and `id` need no escapes in JSON.
    pub(super) fn spread_by(&self, propagator: &str, id: Option<&str>) -> Self {
        let spread = || {
            let mut object = Object::parse(&self.0)?;
            let Some(mut inner) = object.wrapped() else {
                object.spread_by(propagator, id);
                return Some(object.to_string());
            };
            inner.spread_by(propagator, id);
            object.set(WRAPPER, inner.to_string());
            Some(object.to_string())
        };
        // Members that are added make it longer by less than 300 bytes.
        spread().map_or_else(|| self.clone(), Self)
    }
}

/// `true` for the characters of XML 1.0 (section 2.2), which JSON takes as they are.
fn is_xml_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// A JSON object: its members in order, with the text of their values.
struct Object(Vec<(String, String)>);

impl Object {
    fn parse(text: &str) -> Option<Self> {
        let mut json = serde_json::Deserializer::from_str(text);
        let members = json.deserialize_map(MembersVisitor).ok()?;
        json.end().ok()?;
        Some(Self(members))
    }

    /// The text of the first member of this name.
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(member, _)| member == name).map(|(_, value)| value.as_str())
    }

    /// The object that is the member `AIGC`.
    fn wrapped(&self) -> Option<Self> {
        self.get(WRAPPER).and_then(Self::parse)
    }

    fn is_label(&self) -> bool {
        MEMBERS.iter().any(|name| self.get(name).is_some())
    }

    /// Replaces the value of a member, or adds it at the end.
    fn set(&mut self, name: &str, value: String) {
        match self.0.iter_mut().find(|(member, _)| member == name) {
            Some((_, former)) => *former = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Names the propagator unless another is named, and its number unless there is one.
    fn spread_by(&mut self, propagator: &str, id: Option<&str>) {
        let quoted = |text: &str| format!("\"{text}\"");
        if self.is_blank(PROPAGATOR) {
            self.set(PROPAGATOR, quoted(propagator));
        } else if self.get(PROPAGATOR) != Some(&quoted(propagator)) {
            return;
        }
        if let Some(id) = id.filter(|_| self.is_blank(PROPAGATE_ID)) {
            self.set(PROPAGATE_ID, quoted(id));
        }
    }

    /// `true` for a member that is missing, null or a text without characters.
    fn is_blank(&self, name: &str) -> bool {
        self.get(name).is_none_or(|value| matches!(value, "null" | "\"\""))
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (name, value)) in self.0.iter().enumerate() {
            let separator = if number == 0 { '{' } else { ',' };
            let name = serde_json::to_string(name).map_err(|_| fmt::Error)?;
            write!(f, "{separator}{name}:{value}")?;
        }
        f.write_str(if self.0.is_empty() { "{}" } else { "}" })
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Vec<(String, String)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, &RawValue>().map_err(A::Error::custom)? {
            members.push((name, value.get().to_owned()));
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "001191110102MACQD9K64010002";

    fn spread(text: &str, id: Option<&str>) -> String {
        AigcLabel::parse(text).unwrap().spread_by(CODE, id).text().to_owned()
    }

    #[test]
    fn text_stays_as_it_was_found() {
        for text in [
            r#"{"Label":"1"}"#,
            r#"{ "Label" : 1, "ContentProducer":"豆包",
                "x":[{"y":null}] }"#,
            r#"{"AIGC":{"ProduceID":"\u0031"}}"#,
            r#"{"AIGC":"no object","Label":"2"}"#,
            r#"{"PropagateID":"","PropagateID":"2"}"#,
        ] {
            assert_eq!(AigcLabel::parse(&format!("\n {text}\t")).unwrap().text(), text);
        }
    }

    #[test]
    fn other_texts_are_no_labels() {
        let long = format!(r#"{{"Label":"{}"}}"#, "1".repeat(LONGEST));
        let deep = format!(r#"{{"Label":{}{}}}"#, "[".repeat(4000), "]".repeat(4000));
        for text in [
            "",
            "1",
            "[]",
            "{}",
            r#"{"label":"1"}"#,
            r#"{"Label":"1"} x"#,
            r#"{"Label":"1""#,
            r#"{"AIGC":{"ServiceProvider":"x"},"Label":"1"}"#,
            r#"{"ServiceProvider":"腾讯云","ServiceUser":"x","Time":"2025","ContentId":"1"}"#,
            "{\"Label\":\"\u{ffff}\"}",
            &long,
            &deep,
        ] {
            assert!(AigcLabel::parse(text).is_none(), "{text:.80}");
        }
    }

    #[test]
    fn propagator_fills_what_is_empty_and_leaves_the_rest() {
        let id = Some("77");
        assert_eq!(
            spread(
                r#"{"Label": 1.0, "ReservedCode1":"\u0041", "ContentPropagator":"", "PropagateID":null}"#,
                id
            ),
            format!(
                r#"{{"Label":1.0,"ReservedCode1":"\u0041","ContentPropagator":"{CODE}","PropagateID":"77"}}"#
            )
        );
        assert_eq!(
            spread(r#"{"AIGC":{"Label":"1"},"b":2}"#, id),
            format!(r#"{{"AIGC":{{"Label":"1","ContentPropagator":"{CODE}","PropagateID":"77"}},"b":2}}"#)
        );
        assert_eq!(
            spread(r#"{"PropagateID":"5"}"#, id),
            format!(r#"{{"PropagateID":"5","ContentPropagator":"{CODE}"}}"#)
        );
        assert_eq!(
            spread(r#"{"Label":"3"}"#, None),
            format!(r#"{{"Label":"3","ContentPropagator":"{CODE}"}}"#)
        );
    }

    #[test]
    fn another_propagator_stays_without_our_number() {
        for text in [r#"{"ContentPropagator":"other"}"#, r#"{"ContentPropagator":"other","PropagateID":""}"#]
        {
            assert_eq!(spread(text, Some("77")), text);
        }
        let ours = format!(r#"{{"ContentPropagator":"{CODE}"}}"#);
        let numbered = format!(r#"{{"ContentPropagator":"{CODE}","PropagateID":"77"}}"#);
        assert_eq!(spread(&ours, Some("77")), numbered);
        assert_eq!(spread(&numbered, Some("78")), numbered);
    }
}
