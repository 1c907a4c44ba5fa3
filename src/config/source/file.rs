//! `thumbnails.json`, which lies beside `bootstrap` and holds several rules.
//!
//! Reading stops at the first member that is unknown or of the wrong kind, with its line and column; what the
//! values mean is judged later, by the same parsers that read variables.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};

use super::members::Entries;
use super::written::WrittenRule;
use crate::config::mistake::{Mistake, Written};

/// The file as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct File {
    rules: Option<Vec<Object<RawRule>>>,
    max_pixels: Option<Text>,
    on_damage: Option<Text>,
    on_failure: Option<Text>,
    on_foreign: Option<Text>,
    log_level: Option<Text>,
    cos_domain: Option<Text>,
    cos_endpoint: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    source: Option<Object<RawSource>>,
    target: Option<Object<RawTarget>>,
    thumbnails: Option<Entries>,
    format: Option<Text>,
    quality: Option<Text>,
    background: Option<Text>,
    heic: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSource {
    bucket: Option<Text>,
    prefix: Option<Text>,
    suffix: Option<Entries>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTarget {
    bucket: Option<Text>,
    key: Option<Text>,
    cache_control: Option<Text>,
    storage_class: Option<Text>,
    acl: Option<Text>,
}

impl File {
    /// Parses the text of the file. A byte order mark, as some editors write it, is not part of it.
    pub(in crate::config) fn parse(text: &str) -> Result<Self, Mistake> {
        serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text))
            .map(|Object(file)| file)
            .map_err(|error| Mistake::File(error.to_string()))
    }

    /// A member that has a variable as its twin: the variable's name in lower case.
    pub(in crate::config) fn written(&self, member: &str) -> Option<Written> {
        let text = match member {
            "cos_domain" => &self.cos_domain,
            "cos_endpoint" => &self.cos_endpoint,
            "log_level" => &self.log_level,
            "max_pixels" => &self.max_pixels,
            "on_damage" => &self.on_damage,
            "on_failure" => &self.on_failure,
            "on_foreign" => &self.on_foreign,
            _ => return None,
        };
        text.as_ref().map(|text| Written::new(member, text.0.clone()))
    }

    /// The rules with their labels; `None` when the file leaves them to the environment.
    pub(in crate::config) fn into_rules(self) -> Option<Vec<(String, Result<WrittenRule, Mistake>)>> {
        let labelled = |(index, Object(rule)): (usize, Object<RawRule>)| {
            let label = format!("rules[{index}]");
            let rule = rule.written(&label);
            (label, rule)
        };
        self.rules.map(|rules| rules.into_iter().enumerate().map(labelled).collect())
    }
}

impl RawRule {
    fn written(self, label: &str) -> Result<WrittenRule, Mistake> {
        let written = |member: &str, text: Option<Text>| {
            text.map(|text| Written::new(format!("{label}.{member}"), text.0))
        };
        let Object(source) = self.source.unwrap_or_default();
        let Object(target) = self.target.unwrap_or_default();
        Ok(WrittenRule {
            source_bucket: written("source.bucket", source.bucket),
            prefix: written("source.prefix", source.prefix),
            suffixes: match source.suffix {
                Some(suffixes) => Some(suffixes.suffixes(&format!("{label}.source.suffix"))?),
                None => None,
            },
            target_bucket: written("target.bucket", target.bucket),
            template: written("target.key", target.key),
            cache_control: written("target.cache_control", target.cache_control),
            storage_class: written("target.storage_class", target.storage_class),
            acl: written("target.acl", target.acl),
            thumbnails: match self.thumbnails {
                Some(thumbnails) => Some(thumbnails.thumbnails(&format!("{label}.thumbnails"))?),
                None => None,
            },
            format: written("format", self.format),
            quality: written("quality", self.quality),
            background: written("background", self.background),
            heic: written("heic", self.heic),
        })
    }
}

/// A JSON object, and not the list of values that a derived `Deserialize` would take as well.
#[derive(Debug, Default)]
pub(in crate::config) struct Object<T>(pub(in crate::config) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(Object)
    }
}

/// A value as text. Numbers are taken as well, so that `80` and `"80"` mean the same and a wrong one is
/// refused by the name of its setting.
#[derive(Debug)]
pub(in crate::config) struct Text(pub(in crate::config) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a number")
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(text: &str) -> String {
        File::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn unknown_members_are_refused_with_the_known_ones() {
        assert_eq!(
            mistake(r#"{"rule":[]}"#),
            "thumbnails.json: unknown field `rule`, expected one of `rules`, `max_pixels`, `on_damage`, \
             `on_failure`, `on_foreign`, `log_level`, `cos_domain`, `cos_endpoint` at line 1 column 7"
        );
        assert_eq!(
            mistake("{\"rules\":[\n{\"source\":{\"suffixes\":\".jpg\"}}]}"),
            "thumbnails.json: unknown field `suffixes`, expected one of `bucket`, `prefix`, `suffix` at \
             line 2 column 21"
        );
    }

    #[test]
    fn wrong_kinds_and_repeated_members_are_refused() {
        let table = [
            ("", "EOF while parsing a value"),
            ("{}x", "trailing characters"),
            ("[]", "invalid type: sequence, expected an object"),
            (r#"{"rules":[3]}"#, "invalid type: integer `3`, expected an object at line 1 column 11"),
            (r#"{"rules":[{"source":["p-1"]}]}"#, "invalid type: sequence, expected an object"),
            (r#"{"max_pixels":true}"#, "invalid type: boolean `true`, expected a text or a number"),
            (r#"{"max_pixels":1,"max_pixels":1}"#, "duplicate field `max_pixels`"),
            (r#"{"rules":{}}"#, "invalid type: map, expected a sequence"),
            (
                r#"{"rules":[{"thumbnails":3}]}"#,
                "invalid type: integer `3`, expected a text, a list of texts, or an object of names and \
                 thumbnails",
            ),
        ];
        for (text, fact) in table {
            assert!(mistake(text).contains(fact), "{}", mistake(text));
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_file() {
        assert!(File::parse("\u{feff}{}").is_ok());
    }

    #[test]
    fn null_is_left_out() {
        let file = r#"{"rules":[{"source":null,"thumbnails":null}],"max_pixels":null}"#;
        assert!(File::parse(file).is_ok());
    }

    fn process(thumbnail: &str) -> Result<String, Mistake> {
        let file = File::parse(&format!(r#"{{"rules":[{{"thumbnails":{{"a":{thumbnail}}}}}]}}"#))?;
        let (_, rule) = file.into_rules().unwrap().remove(0);
        Ok(rule?.thumbnails.unwrap().remove(0).process.value)
    }

    #[test]
    fn thumbnails_can_be_written_as_members() {
        let table = [
            (r#"{"size":"400x300"}"#, "400x300"),
            (
                r#"{"focus":[0.31,0.62],"fit":"cover","size":"400x300","quality":70,"progressive":true,
                    "keep":["copyright","profile"],"subsampling":444,"max_bytes":"30k","format":null}"#,
                "400x300/fit/cover/focus/0.31x0.62/quality/70/progressive/1/subsampling/444/max_bytes/30k/\
                 keep/copyright+profile",
            ),
            (r#"{"size":"9x","keep":"profile","grayscale":false}"#, "9x/grayscale/0/keep/profile"),
        ];
        for (written, text) in table {
            assert_eq!(process(written).unwrap(), text, "{written}");
        }
        let table = [
            (r#"{"fit":"cover"}"#, "rules[0].thumbnails.a.size is \"\"; write a size such as 400x300"),
            (
                r#"{"size":"9x","fit":"cover/keep/profile"}"#,
                "rules[0].thumbnails.a.fit is \"cover/keep/profile\"; it is one value, without a slash",
            ),
        ];
        for (written, sentence) in table {
            assert_eq!(process(written).unwrap_err().to_string(), sentence, "{written}");
        }
        let unknown = process(r#"{"size":"9x","gravitation":"auto"}"#).unwrap_err().to_string();
        assert!(unknown.contains("unknown field `gravitation`, expected one of `size`, `fit`"), "{unknown}");
    }

    #[test]
    fn thumbnails_keep_their_order_and_their_doubles() {
        let file = File::parse(r#"{"rules":[{"thumbnails":{"z":"1x","a":"2x","z":"3x"}}]}"#).unwrap();
        let (label, rule) = file.into_rules().unwrap().remove(0);
        let thumbnails = rule.unwrap().thumbnails.unwrap();
        let names: Vec<_> = thumbnails.iter().map(|thumbnail| thumbnail.name.as_deref()).collect();
        assert_eq!(names, [Some("z"), Some("a"), Some("z")]);
        assert_eq!(
            (label.as_str(), thumbnails[1].process.setting.as_str()),
            ("rules[0]", "rules[0].thumbnails.a")
        );
    }
}
