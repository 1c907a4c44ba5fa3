//! The JSON schema of `thumbnails.json`, from the tables that the file is read by.
//!
//! It refuses nothing that the function takes. Relations between values, such as `gravity` without `fit`, and
//! collisions of target keys are found by `check` only.

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use super::source::file::SCHEMA;
use super::source::table::{SETTINGS, Setting};
use super::syntax::form::Form;
use super::syntax::options::{OPTIONS, ThumbnailOption};
use super::syntax::values;

/// The draft that editors know best.
const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// Pattern of the beginning of a thumbnail: a size, or Tencent's syntax.
const PROCESS: &str = r"([0-9]+x[0-9]*|x[0-9]+|[0-9]+:[0-9]+|imageMogr2|imageView2|watermark)";

/// Returns the schema, as indented JSON with a line feed at its end.
#[must_use]
pub fn schema() -> String {
    let mut general = members(|path| (!path.starts_with("rules")).then_some(path));
    general.insert(
        SCHEMA.to_owned(),
        json!({"type": ["string", "number", "null"], "description": "this schema"}),
    );
    general.insert(
        "rules".to_owned(),
        json!({
            "description": "rules in the order in which they are tried; the first that matches a source counts",
            "type": ["array", "null"],
            "minItems": 1,
            "items": rule(),
        }),
    );
    let schema = json!({
        "$schema": DRAFT,
        "title": "thumbnails.json of cos-thumbnailer",
        "type": "object",
        "additionalProperties": false,
        "properties": general,
    });
    format!("{schema:#}\n")
}

fn rule() -> Value {
    let in_rule = |path: &'static str| path.strip_prefix("rules[].");
    let mut properties = members(|path| in_rule(path).filter(|path| !path.contains('.')));
    let mut source = members(|path| in_rule(path)?.strip_prefix("source."));
    let bucket = or_null(&values::BUCKET);
    source.insert("bucket".to_owned(), described(bucket, "full name of the bucket that the sources are in"));
    let target = members(|path| in_rule(path)?.strip_prefix("target."));
    properties.insert("source".to_owned(), object_or_null("sources of the rule", &source));
    properties.insert("target".to_owned(), object_or_null("place of the thumbnails", &target));
    json!({"type": "object", "additionalProperties": false, "properties": properties})
}

/// The members whose path `name` takes, by the name that it returns.
fn members(name: impl Fn(&'static str) -> Option<&'static str>) -> Map<String, Value> {
    let member = |setting: &Setting| {
        let name = name(setting.member?)?;
        let text = format!("{} (default: {})", setting.summary, setting.default);
        Some((name.to_owned(), described(of_setting(setting.name), &text)))
    };
    SETTINGS.iter().filter_map(member).collect()
}

fn object_or_null(description: &str, properties: &Map<String, Value>) -> Value {
    let object = json!({"type": ["object", "null"], "additionalProperties": false, "properties": properties});
    described(object, description)
}

fn described(mut schema: Value, text: &str) -> Value {
    if let Some(members) = schema.as_object_mut() {
        members.insert("description".to_owned(), text.into());
    }
    schema
}

/// The schema of the member that corresponds to a variable.
fn of_setting(variable: &str) -> Value {
    or_null(&match variable {
        "ACL" => values::ACL,
        "AIGC_LABEL" => values::AIGC_LABEL,
        "AIGC_PROPAGATOR" => values::AIGC_PROPAGATOR,
        "BACKGROUND" => values::BACKGROUND,
        "CACHE_CONTROL" => values::CACHE_CONTROL,
        "COLLISIONS" => values::COLLISIONS,
        "COS_DOMAIN" => values::DOMAIN,
        "COS_ENDPOINT" => values::ENDPOINT,
        "FORMAT" => values::FORMAT,
        "HEIC" => values::HEIC,
        "LOG_LEVEL" => values::LOG_LEVEL,
        "MANIFEST" => Form::Text(r"\{(key|dir|stem)\}.*\.json$"),
        "MAX_PIXELS" => values::MAX_PIXELS,
        "ON_DAMAGE" => values::ON_DAMAGE,
        "ON_FAILURE" => values::ON_FAILURE,
        "ON_FOREIGN" => values::ON_FOREIGN,
        "QUALITY" => values::QUALITY,
        "SOURCE_PREFIX" => values::PREFIX,
        "STORAGE_CLASS" => values::STORAGE_CLASS,
        "TARGET_BUCKET" => values::TARGET_BUCKET,
        "TARGET_KEY" => Form::Text(r"\{(key|dir|stem|hash(:[0-9]+)?)\}"),
        "SOURCE_SUFFIX" => return suffixes(),
        "THUMBNAILS" => return thumbnails(),
        _ => Form::TextOrNumber(""),
    })
}

fn suffixes() -> Value {
    json!({"anyOf": [
        {"type": "array", "items": of_form(&values::SUFFIX)},
        of_form(&Form::TextOrNumber("^[^,]*$")),
        {"type": "null"},
    ]})
}

fn thumbnails() -> Value {
    let entry = format!(r"^\s*([^/=;]*=\s*)?{PROCESS}(/|\||;|\s|$)");
    json!({"anyOf": [
        {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": "^[A-Za-z0-9_-]{1,64}$"},
            "additionalProperties": {"anyOf": [
                {"type": "string", "pattern": format!(r"^{PROCESS}(/|\||$)")},
                thumbnail(),
            ]},
        },
        {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": entry.as_str()}},
        {"type": "string", "pattern": entry.as_str()},
        {"type": "null"},
    ]})
}

/// A thumbnail whose options are members.
fn thumbnail() -> Value {
    let option = |option: &ThumbnailOption| (option.word.to_owned(), of_option(option));
    let mut properties: Map<String, Value> = OPTIONS.iter().map(option).collect();
    let size = json!({"type": "string", "pattern": "^([0-9]+x[0-9]*|x[0-9]+|[0-9]+:[0-9]+)$"});
    properties.insert(
        "size".to_owned(),
        described(size, "400x300, 400x or x300, in pixels, or a ratio such as 16:9"),
    );
    json!({"type": "object", "additionalProperties": false, "required": ["size"], "properties": properties})
}

fn of_option(option: &ThumbnailOption) -> Value {
    let single = or_null(&option.values);
    let value = match &option.list {
        None => single,
        Some(list) => {
            let items = of_form(&list.item);
            json!({"anyOf": [single, {"type": "array", "minItems": 1, "maxItems": list.longest, "items": items}]})
        }
    };
    described(value, option.form)
}

/// The schema of a value that may be `null`, which leaves it out.
fn or_null(form: &Form) -> Value {
    let mut schema = of_form(form);
    if let Some(Value::Array(words)) = schema.get_mut("enum") {
        words.push(Value::Null);
    } else if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.push(json!({"type": "null"}));
    } else if let Some(kind) = schema.get_mut("type") {
        let kinds = if let Value::Array(kinds) = kind { std::mem::take(kinds) } else { vec![kind.take()] };
        *kind = kinds.into_iter().chain(["null".into()]).collect();
    }
    schema
}

fn of_form(form: &Form) -> Value {
    match form {
        Form::Bytes => number_or_text("integer", &(1..=1_000_000_000), "^[0-9]+[km]?$"),
        Form::Decimal(range) => number_or_text("number", range, r"^[0-9]+(\.[0-9]{1,2})?$"),
        Form::Fraction => number_or_text("number", &(0..=1), "^[0-9.x]+$"),
        Form::Number(range) => number_or_text("integer", range, "^[0-9]+$"),
        Form::NumberOr(range, pattern) => number_or_text("integer", range, pattern),
        Form::Switch => json!({"enum": [true, false, 0, 1, "0", "1"]}),
        Form::Text(pattern) => json!({"type": "string", "pattern": pattern}),
        Form::TextOrMembers(pattern, members) => {
            let members = members();
            let required: Vec<&str> = members.iter().take(1).map(|(name, _)| *name).collect();
            let properties: Map<String, Value> =
                members.iter().map(|(name, form)| ((*name).to_owned(), of_form(form))).collect();
            json!({"anyOf": [
                {"type": "string", "pattern": pattern},
                {
                    "type": "object",
                    "additionalProperties": false,
                    "required": required,
                    "properties": properties,
                },
            ]})
        }
        Form::TextOrNumber(pattern) => json!({"type": ["string", "number"], "pattern": pattern}),
        Form::Words(words) => json!({"enum": with_numbers(&words())}),
        Form::WordsOr(words, pattern) => json!({"anyOf": [
            {"enum": words()},
            {"type": ["string", "number"], "pattern": pattern},
        ]}),
    }
}

fn number_or_text(kind: &str, range: &RangeInclusive<u32>, pattern: &str) -> Value {
    json!({"anyOf": [
        {"type": kind, "minimum": range.start(), "maximum": range.end()},
        {"type": "string", "pattern": pattern},
    ]})
}

/// The words, and the numbers that read the same.
fn with_numbers(words: &[&str]) -> Vec<Value> {
    let numbers = words.iter().filter_map(|word| word.parse::<u32>().ok());
    words.iter().map(|word| Value::from(*word)).chain(numbers.map(Value::from)).collect()
}
