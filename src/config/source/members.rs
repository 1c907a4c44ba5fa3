//! Objects of `thumbnails.json`, whose members are taken out one by one until only unknown ones are left.

use super::json::Json;
use super::written::{WrittenOption, WrittenThumbnail, WrittenValue};
use crate::config::mistake::{Findings, Mistake, Written};

/// The members of one object.
pub(super) struct Members<'a> {
    /// Path of the object; empty for that of the whole file.
    path: String,
    rest: Vec<(String, Json)>,
    /// The members that were asked for.
    known: Vec<&'static str>,
    findings: &'a mut Findings,
}

impl<'a> Members<'a> {
    /// The members of a value, none where it is not an object.
    pub(super) fn new(path: String, json: Json, findings: &'a mut Findings) -> Self {
        let rest = match json {
            Json::Object(members) => members,
            other => {
                let path = if path.is_empty() { "thumbnails.json" } else { &path };
                findings.push(Written::new(path, other.to_string()).refuse("it must be an object, {…}"));
                Vec::new()
            }
        };
        Self { path, rest, known: Vec::new(), findings }
    }

    /// The value of a member; one that is `null` counts as left out.
    pub(super) fn take(&mut self, name: &'static str) -> Option<Json> {
        self.known.push(name);
        let (found, rest) =
            std::mem::take(&mut self.rest).into_iter().partition(|(member, _)| member == name);
        self.rest = rest;
        let found: Vec<(String, Json)> = found;
        if let [_, (_, second), ..] = found.as_slice() {
            self.refuse::<()>(name, second, "it is written twice; keep one");
        }
        found.into_iter().map(|(_, value)| value).next().filter(|value| *value != Json::Null)
    }

    /// The value of a member that is a text or a number.
    pub(super) fn text(&mut self, name: &'static str) -> Option<Written> {
        match self.take(name)? {
            Json::Text(text) => Some(Written::new(self.path_of(name), text)),
            other => self.refuse(name, &other, "it must be a text or a number"),
        }
    }

    /// The members of a member that is an object.
    pub(super) fn object(&mut self, name: &'static str) -> Members<'_> {
        let (path, json) = (self.path_of(name), self.take(name));
        Members::new(path, json.unwrap_or(Json::Object(Vec::new())), self.findings)
    }

    /// A list of suffixes, or a text as in `SOURCE_SUFFIX`.
    pub(super) fn suffixes(&mut self, name: &'static str) -> Option<Vec<Written>> {
        const SHAPE: &str = "write a list such as [\".jpg\", \".png\"]";
        let path = self.path_of(name);
        match self.take(name)? {
            // As everywhere in a pattern, nothing written is no condition.
            Json::Text(line) if line.is_empty() => Some(Vec::new()),
            Json::Text(line) => Some(Written::new(path, line).entries()),
            Json::List(items) => {
                let item = |item| match item {
                    Json::Text(suffix) => Some(Written::new(path.clone(), suffix)),
                    other => self.refuse(name, &other, SHAPE),
                };
                Some(items.into_iter().filter_map(item).collect())
            }
            other => self.refuse(name, &other, SHAPE),
        }
    }

    /// Thumbnails: a text as in `THUMBNAILS`, a list of texts, or an object of names.
    pub(super) fn thumbnails(&mut self, name: &'static str) -> Option<Vec<WrittenThumbnail>> {
        const SHAPE: &str = "write a text, a list of texts, or an object of names and thumbnails";
        let path = self.path_of(name);
        let thumbnails: Vec<WrittenThumbnail> = match self.take(name)? {
            Json::Text(line) => {
                Written::new(path, line).entries().into_iter().map(WrittenThumbnail::entry).collect()
            }
            empty @ (Json::List(_) | Json::Object(_)) if empty.is_empty() => {
                return self.refuse(name, &empty, "it names no thumbnail; leave it out for 300x300");
            }
            Json::List(items) => {
                let item = |item| match item {
                    Json::Text(text) => Some(WrittenThumbnail::entry(Written::new(path.clone(), text))),
                    other => self.refuse(name, &other, SHAPE),
                };
                items.into_iter().filter_map(item).collect()
            }
            Json::Object(members) => {
                let named = |(name, json)| thumbnail(&path, name, json, self.findings);
                members.into_iter().filter_map(named).collect()
            }
            other => return self.refuse(name, &other, SHAPE),
        };
        (!thumbnails.is_empty()).then_some(thumbnails)
    }

    /// Refuses the members that are left, which nobody asked for.
    pub(super) fn finish(self) {
        let known = self.known.join(", ");
        for (member, _) in &self.rest {
            let path = self.path_of(member);
            self.findings.push(Mistake::Member { path, known: known.clone() });
        }
    }

    fn path_of(&self, member: &str) -> String {
        if self.path.is_empty() { member.to_owned() } else { format!("{}.{member}", self.path) }
    }

    fn refuse<T>(&mut self, name: &str, value: &Json, rule: &str) -> Option<T> {
        let refusal = Written::new(self.path_of(name), value.to_string()).refuse(rule);
        self.findings.push(refusal);
        None
    }
}

/// One thumbnail that has a name: a text, or an object of size and options.
fn thumbnail(path: &str, name: String, json: Json, findings: &mut Findings) -> Option<WrittenThumbnail> {
    let path = format!("{path}.{name}");
    match json {
        Json::Text(text) => {
            Some(WrittenThumbnail { name: Some(name), text: Written::new(path, text), options: None })
        }
        Json::Object(members) => {
            let (text, options) = size_and_options(&path, members, findings);
            Some(WrittenThumbnail { name: Some(name), text, options: Some(options) })
        }
        other => {
            let shape = "write a text, or an object with a size";
            findings.push(Written::new(path, other.to_string()).refuse(shape));
            None
        }
    }
}

/// The size of a thumbnail, empty if it is left out, and its options.
fn size_and_options(
    path: &str,
    members: Vec<(String, Json)>,
    findings: &mut Findings,
) -> (Written, Vec<WrittenOption>) {
    let mut size: Option<String> = None;
    let mut options = Vec::new();
    for (word, json) in members {
        let setting = format!("{path}.{word}");
        if word == "size" {
            if size.replace(json.to_string()).is_some() {
                findings
                    .push(Written::new(setting, json.to_string()).refuse("it is written twice; keep one"));
            }
        } else if let Some(value) = option_value(&json) {
            options.push(WrittenOption { setting, word, value });
        } else {
            let shape = "it must be a text, a number, true, false, or a list or object of texts and numbers";
            findings.push(Written::new(setting, json.to_string()).refuse(shape));
        }
    }
    (Written::new(format!("{path}.size"), size.unwrap_or_default()), options)
}

fn option_value(json: &Json) -> Option<WrittenValue> {
    let text = |json: &Json| if let Json::Text(text) = json { Some(text.clone()) } else { None };
    match json {
        Json::List(items) => items.iter().map(text).collect::<Option<_>>().map(WrittenValue::List),
        Json::Null => Some(WrittenValue::Null),
        Json::Object(members) => {
            let member = |(name, value): &(String, Json)| match value {
                Json::Switch(switch) => Some((name.clone(), u8::from(*switch).to_string())),
                other => text(other).map(|value| (name.clone(), value)),
            };
            members.iter().map(member).collect::<Option<_>>().map(WrittenValue::Members)
        }
        Json::Switch(switch) => Some(WrittenValue::Switch(*switch)),
        Json::Text(text) => Some(WrittenValue::Text(text.clone())),
    }
}
