//! `thumbnails.json`, which lies beside `bootstrap` and holds several rules.
//!
//! Reading reports every member that is unknown, doubled or of the wrong shape, each with its path. The values
//! are judged later, by the same parsers that read variables.

use super::json::Json;
use super::members::Members;
use super::table::SETTINGS;
use super::written::WrittenRule;
use crate::config::mistake::{Findings, Mistake, Written};

/// The member that names the JSON schema of the file.
pub(in crate::config) const SCHEMA: &str = "$schema";

/// The file as written.
#[derive(Debug, Default)]
pub(in crate::config) struct File {
    /// `None` leaves the rules to the environment.
    pub(in crate::config) rules: Option<Vec<FileRule>>,
    /// The settings of all rules.
    settings: Vec<Written>,
}

/// One rule of the file.
#[derive(Debug)]
pub(in crate::config) struct FileRule {
    /// Path of the rule in the file, for people: `rules[0]`.
    pub(in crate::config) label: String,
    pub(in crate::config) rule: WrittenRule,
    /// `true` if no member was left out of `rule` because of its name or shape.
    pub(in crate::config) is_whole: bool,
}

impl File {
    /// Parses the text of the file. A byte order mark, as some editors write it, is not part of it.
    pub(in crate::config) fn parse(text: &str, findings: &mut Findings) -> Self {
        let json = serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
        let json: Json = match json {
            Ok(json) => json,
            Err(error) => {
                findings.push(Mistake::File(format!("thumbnails.json: {error}")));
                return Self::default();
            }
        };
        let mut members = Members::new(String::new(), json, findings);
        let rules = members.take("rules");
        let general = SETTINGS.iter().filter_map(|setting| setting.general_member());
        let settings = general.filter_map(|member| members.text(member)).collect();
        // Editors read it; it says nothing to the function.
        members.text(SCHEMA);
        members.finish();
        Self { rules: rules.and_then(|json| parse_rules(json, findings)), settings }
    }

    /// The member that corresponds to a variable: its name in lower case.
    pub(in crate::config) fn written(&self, member: &str) -> Option<&Written> {
        self.settings.iter().find(|written| written.setting == member)
    }
}

fn parse_rules(json: Json, findings: &mut Findings) -> Option<Vec<FileRule>> {
    let Json::List(rules) = json else {
        findings.push(Written::new("rules", json.to_string()).refuse("it must be a list of rules, [{…}]"));
        return None;
    };
    if rules.is_empty() {
        findings
            .push(Written::new("rules", "[]").refuse("it holds no rule; leave it out to use the variables"));
    }
    let rule = |(index, json)| {
        let label = format!("rules[{index}]");
        let before = findings.len();
        let rule = parse_rule(Members::new(label.clone(), json, findings));
        FileRule { label, rule, is_whole: findings.len() == before }
    };
    Some(rules.into_iter().enumerate().map(rule).collect())
}

fn parse_rule(mut members: Members<'_>) -> WrittenRule {
    let mut source = members.object("source");
    let (source_bucket, prefix) = (source.text("bucket"), source.text("prefix"));
    let suffixes = source.suffixes("suffix");
    source.finish();
    let mut target = members.object("target");
    let (target_bucket, template) = (target.text("bucket"), target.text("key"));
    let (cache_control, storage_class) = (target.text("cache_control"), target.text("storage_class"));
    let acl = target.text("acl");
    target.finish();
    let rule = WrittenRule {
        source_bucket,
        prefix,
        suffixes,
        target_bucket,
        template,
        collisions: members.text("collisions"),
        cache_control,
        storage_class,
        acl,
        thumbnails: members.thumbnails("thumbnails"),
        format: members.text("format"),
        quality: members.text("quality"),
        background: members.text("background"),
        heic: members.text("heic"),
        manifest: members.text("manifest"),
        aigc_label: members.text("aigc_label"),
        aigc_propagator: members.text("aigc_propagator"),
    };
    members.finish();
    rule
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> Vec<String> {
        let mut findings = Findings::default();
        File::parse(text, &mut findings);
        findings.into_result(()).map_or_else(
            |mistakes| mistakes.as_slice().iter().map(ToString::to_string).collect(),
            |()| Vec::new(),
        )
    }

    #[test]
    fn unknown_members_are_refused_with_the_known_ones_all_at_once() {
        assert_eq!(
            mistakes(r#"{"rule":[],"rules":[{"source":{"suffixes":".jpg"},"format":true}],"on_fail":"x"}"#),
            [
                "thumbnails.json has no member rule; it can have rules, max_pixels, on_damage, on_failure, on_foreign, \
                 log_level, cos_domain, cos_endpoint, $schema",
                "thumbnails.json has no member on_fail; it can have rules, max_pixels, on_damage, on_failure, \
                 on_foreign, log_level, cos_domain, cos_endpoint, $schema",
                "thumbnails.json has no member rules[0].source.suffixes; it can have bucket, prefix, suffix",
                "rules[0].format is \"true\"; it must be a text or a number",
            ]
        );
    }

    #[test]
    fn wrong_shapes_and_doubles_are_refused() {
        let table = [
            ("", "thumbnails.json: EOF while parsing a value at line 1 column 0"),
            ("{}x", "thumbnails.json: trailing characters at line 1 column 3"),
            ("[]", "thumbnails.json is \"[]\"; it must be an object, {…}"),
            (r#"{"rules":[3]}"#, "rules[0] is \"3\"; it must be an object, {…}"),
            (r#"{"rules":[{"source":["p-1"]}]}"#, "rules[0].source is \"[…]\"; it must be an object, {…}"),
            (r#"{"max_pixels":true}"#, "max_pixels is \"true\"; it must be a text or a number"),
            (r#"{"max_pixels":1,"max_pixels":1}"#, "max_pixels is \"1\"; it is written twice; keep one"),
            (r#"{"rules":{}}"#, "rules is \"{}\"; it must be a list of rules, [{…}]"),
            (
                r#"{"rules":[{"thumbnails":false}]}"#,
                "rules[0].thumbnails is \"false\"; write a text, a list of texts, or an object of names and \
                 thumbnails",
            ),
            (
                r#"{"rules":[{"thumbnails":["9x",{}]}]}"#,
                "rules[0].thumbnails is \"{}\"; write a text, a list of texts, or an object of names and thumbnails",
            ),
            (
                r#"{"rules":[{"thumbnails":{"a":{"size":"9x","keep":[[]]}}}]}"#,
                "rules[0].thumbnails.a.keep is \"[…]\"; it must be a text, a number, true, false, or a list or \
                 object of texts and numbers",
            ),
        ];
        for (text, sentence) in table {
            assert_eq!(mistakes(text), [sentence], "{text}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_file() {
        assert!(mistakes("\u{feff}{}").is_empty());
    }

    #[test]
    fn a_file_can_name_its_schema() {
        assert!(mistakes(r#"{"$schema":"thumbnails.schema.json"}"#).is_empty());
        assert_eq!(mistakes(r#"{"$schema":{}}"#), ["$schema is \"{}\"; it must be a text or a number"]);
    }

    #[test]
    fn null_is_left_out() {
        assert!(mistakes(r#"{"rules":[{"source":null,"thumbnails":null}],"max_pixels":null}"#).is_empty());
    }

    #[test]
    fn thumbnails_keep_their_order_and_their_doubles() {
        let mut findings = Findings::default();
        let file = File::parse(r#"{"rules":[{"thumbnails":{"z":"1x","a":"2x","z":"3x"}}]}"#, &mut findings);
        let FileRule { label, rule, .. } = file.rules.unwrap().remove(0);
        let thumbnails = rule.thumbnails.unwrap();
        let names: Vec<_> = thumbnails.iter().map(|thumbnail| thumbnail.name.as_deref()).collect();
        assert_eq!(names, [Some("z"), Some("a"), Some("z")]);
        let setting = thumbnails[1].text.setting.as_str();
        assert_eq!((label.as_str(), setting), ("rules[0]", "rules[0].thumbnails.a"));
    }
}
