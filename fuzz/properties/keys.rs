//! Of a configuration that is accepted, no two thumbnails of any sources share a key, a key that names its source names
//! the right one, and what is written into the bucket of the sources is never taken for a source.
//!
//! An input has lines: the template of keys, that of manifests, the source prefix, the suffixes, the thumbnails, and
//! `first` for shared keys or `loop` for one bucket. All other lines are source keys.

use std::collections::HashMap;

use cos_thumbnailer::config::{Collisions, Config, Environment, Rule};
use cos_thumbnailer::object::{Bucket, Key};
use serde_json::{Map, Value, json};

/// Bucket of the sources, and in a loop of the thumbnails.
const BUCKET: &str = "photos-1250000000";

/// Most source keys of an input: more only cost time.
const MOST_KEYS: usize = 64;

/// Checks the property. `false` if the input is not worth keeping.
pub(crate) fn check(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let mut lines = text.split('\n');
    let mut line = || lines.next().unwrap_or_default();
    let (template, manifest, prefix, suffixes, thumbnails, mode) =
        (line(), line(), line(), line(), line(), line());
    let mut rule = Map::new();
    let mut put = |name: &str, value: Value| {
        // An empty line leaves the value to its default.
        if value.as_str() != Some("") {
            rule.insert(name.to_owned(), value);
        }
    };
    put("source", json!({"bucket": BUCKET, "prefix": prefix, "suffix": suffixes}));
    let target = if mode == "loop" { BUCKET } else { "thumbs-1250000000" };
    put("target", json!({"bucket": target, "key": Some(template).filter(|template| !template.is_empty())}));
    put("thumbnails", Value::from(thumbnails));
    put("manifest", Value::from(manifest));
    put("collisions", Value::from(if mode == "first" { "first" } else { "refuse" }));
    let file = json!({ "rules": [rule] }).to_string();
    let Ok(config) = Config::load(&Environment::default(), Some(&file)) else { return true };
    let rule = &config.rules()[0];
    let bucket = Bucket::parse(BUCKET).expect("it is one");
    let keys: Vec<&str> = lines.take(MOST_KEYS).collect();
    let mut sources = sources(rule, &bucket, &keys);
    // What is written may be uploaded as well.
    let written: Vec<String> = sources
        .iter()
        .flat_map(|source| outputs(rule, source))
        .map(|(_, key)| key.as_str().to_owned())
        .collect();
    let written: Vec<&str> = written.iter().map(String::as_str).collect();
    sources.extend(self::sources(rule, &bucket, &written));
    share_no_key(rule, &sources);
    for source in &sources {
        for (name, target) in outputs(rule, source) {
            let known = rule.target_prefixes();
            assert!(
                known.iter().any(|prefix| target.as_str().starts_with(prefix.known())),
                "{name}: {target}"
            );
            assert!(mode != "loop" || config.rule_for(&bucket, &target).is_none(), "{target} is a source");
        }
        names_source(rule, source);
    }
    true
}

/// The keys that are sources of a rule.
fn sources(rule: &Rule, bucket: &Bucket, keys: &[&str]) -> Vec<Key> {
    let keys = keys.iter().filter_map(|key| Key::parse(key).ok());
    keys.filter(|key| rule.takes(bucket, key) && !key.is_folder_marker()).collect()
}

/// Name and key of all that is written for a source.
fn outputs<'a>(rule: &'a Rule, source: &Key) -> Vec<(&'a str, Key)> {
    let thumbnails = rule.thumbnails().iter();
    let thumbnails = thumbnails
        .filter_map(|thumbnail| Some((thumbnail.name.as_str(), rule.target_key(source, thumbnail).ok()?)));
    // No thumbnail has an empty name.
    let manifest = rule.manifest_key(source).ok().flatten().map(|key| ("", key));
    thumbnails.chain(manifest).collect()
}

fn share_no_key(rule: &Rule, sources: &[Key]) {
    let mut owners: HashMap<Key, (&str, &Key)> = HashMap::new();
    for source in sources {
        for (name, target) in outputs(rule, source) {
            let Some((first, other)) = owners.insert(target.clone(), (name, source)) else { continue };
            if source == other {
                // A source may be in the list twice.
                assert_eq!(first, name, "two thumbnails of {source} share {target}");
                continue;
            }
            // The function keeps these apart when it meets them.
            let may_share =
                rule.collisions() == Collisions::First || differ_in_case_of_suffix(rule, source, other);
            assert!(may_share, "{first:?} of {other} and {name:?} of {source} share {target}");
        }
    }
}

fn differ_in_case_of_suffix(rule: &Rule, one: &Key, other: &Key) -> bool {
    let before = |key: &Key, suffix: &str| {
        let at = key.as_str().len().checked_sub(suffix.len())?;
        key.as_str().get(..at).map(str::to_owned)
    };
    let is_all =
        |suffix: &String| before(one, suffix).is_some_and(|text| before(other, suffix) == Some(text));
    one.as_str().eq_ignore_ascii_case(other.as_str()) && rule.source().suffixes().iter().any(is_all)
}

fn names_source(rule: &Rule, source: &Key) {
    if rule.names_source() {
        for thumbnail in rule.thumbnails() {
            let Ok(target) = rule.target_key(source, thumbnail) else { continue };
            assert_eq!(rule.source_of(&target, thumbnail).as_ref(), Some(source), "{target}");
        }
    }
    if let Ok(Some(target)) = rule.manifest_key(source)
        && rule.manifest_names_source()
    {
        assert_eq!(rule.source_of_manifest(&target).as_ref(), Some(source), "{target}");
    }
}
