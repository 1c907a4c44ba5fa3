//! `docs/configuration.md`, README and the program agree: names, defaults and members of all settings, the options of a
//! thumbnail, and the examples.

use cos_thumbnailer::config::{Config, Environment, SETTINGS};
use cos_thumbnailer::object::{Bucket, Key};

const DOCUMENT: &str = include_str!("../../docs/configuration.md");

/// The contents of every fenced block of one language.
fn blocks(language: &str) -> Vec<&'static str> {
    let opening = format!("```{language}\n");
    DOCUMENT.split(opening.as_str()).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// Name and default of each setting in a table of a document, as text.
fn table(document: &str) -> Vec<(String, String)> {
    let rows = document.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.split('|').map(|cell| cell.trim().replace('`', "")).collect::<Vec<_>>());
    cells.filter_map(|cells| Some((cells.get(1)?.clone(), cells.get(2)?.clone()))).collect()
}

#[test]
fn the_documents_list_every_setting_with_its_default() {
    let section = DOCUMENT.split("\n## ").find(|section| section.starts_with("Variables")).unwrap();
    let in_code = SETTINGS.map(|setting| (setting.name.to_owned(), setting.default.to_owned()));
    assert_eq!(table(section), in_code);
    for readme in ["README.md", "README.zh-CN.md"] {
        let text = std::fs::read_to_string(readme).unwrap();
        let settings = table(&text).into_iter().filter(|(name, _)| name.to_uppercase() == *name);
        let settings: Vec<_> = settings.filter(|(name, _)| name.len() > 3).collect();
        assert_eq!(settings.len(), 8, "{readme}: {settings:?}");
        for (name, default) in settings {
            let setting = SETTINGS.iter().find(|setting| setting.name == name).expect(&name);
            let is_text = !default.is_ascii() || setting.default == default;
            assert!(is_text, "{readme}: {name} is {default}, and in the code {}", setting.default);
        }
    }
}

fn of_variables(pairs: &[(&str, &str)]) -> Config {
    Config::load(&Environment::from_pairs(pairs.iter().copied()), None).unwrap()
}

/// A default in backticks alone is a value: written out, it changes nothing.
#[test]
fn defaults_are_what_the_program_does_without_the_setting() {
    let mut values = 0;
    for line in DOCUMENT.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, name, default, ..] = cells.as_slice() else { continue };
        let is_setting = SETTINGS.iter().any(|setting| format!("`{}`", setting.name) == *name);
        let value = default.strip_prefix('`').and_then(|default| default.strip_suffix('`'));
        if let Some(value) = value.filter(|value| is_setting && !value.contains(['`', '<'])) {
            values += 1;
            assert_eq!(of_variables(&[(name.trim_matches('`'), value)]), of_variables(&[]), "{name} {value}");
        }
    }
    assert!(values >= 9, "only {values} defaults are values");
}

/// A value for each setting that the file can hold, which is not its default.
const EXAMPLES: [(&str, &str); 23] = [
    ("TARGET_BUCKET", "thumbs-1250000000"),
    ("THUMBNAILS", "small=150x150;large=1600x1600"),
    ("TARGET_KEY", "thumbs/{key}"),
    ("COLLISIONS", "first"),
    ("SOURCE_PREFIX", "uploads/"),
    ("SOURCE_SUFFIX", ".jpg;.png"),
    ("FORMAT", "webp"),
    ("QUALITY", "70"),
    ("BACKGROUND", "#102030"),
    ("CACHE_CONTROL", "no-cache"),
    ("STORAGE_CLASS", "STANDARD_IA"),
    ("ACL", "private"),
    ("HEIC", "ci"),
    ("MANIFEST", "{key}.json"),
    ("AIGC_LABEL", "drop"),
    ("AIGC_PROPAGATOR", "001191110102EXAMPLE00X20001"),
    ("MAX_PIXELS", "1000"),
    ("ON_DAMAGE", "fail"),
    ("ON_FAILURE", "error"),
    ("ON_FOREIGN", "overwrite"),
    ("LOG_LEVEL", "debug"),
    ("COS_DOMAIN", "internal"),
    ("COS_ENDPOINT", "http://127.0.0.1:9000"),
];

/// `thumbnails.json` with one member, by its path in the table of settings.
fn file_with(member: &str, value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    let (rule, names) = member.strip_prefix("rules[].").map_or((false, member), |names| (true, names));
    let object = names.rsplit('.').fold(quoted, |inner, name| format!("{{\"{name}\":{inner}}}"));
    if rule { format!("{{\"rules\":[{object}]}}") } else { object }
}

/// The meaning of a configuration, without the name of its rule.
fn meaning(config: &Config) -> String {
    config.to_string().lines().skip(1).map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_setting_means_the_same_in_both_places() {
    for setting in SETTINGS {
        let Some(member) = setting.member else { continue };
        let (name, value) = EXAMPLES.into_iter().find(|(name, _)| *name == setting.name).unwrap();
        let file = file_with(member, value);
        let in_file = Config::load(&Environment::default(), Some(&file));
        let in_file = in_file.unwrap_or_else(|mistakes| panic!("{file}: {mistakes}"));
        // Several thumbnails need {name} in their keys, and one bucket a proof.
        let in_environment = of_variables(&[(name, value)]);
        assert_eq!(meaning(&in_file), meaning(&in_environment), "{file}");
        assert_ne!(meaning(&in_file), meaning(&of_variables(&[])), "{name} changes nothing");
    }
}

#[test]
fn a_configuration_is_told_by_the_names_of_its_settings() {
    let examples: Vec<_> = EXAMPLES.into_iter().filter(|(name, _)| *name != "THUMBNAILS").collect();
    let text = of_variables(&examples).to_string();
    let labels = text.lines().filter_map(|line| line.strip_prefix("  ")?.split_once(' '));
    let labels: Vec<&str> = labels
        .map(|(label, _)| label)
        .filter(|label| !label.is_empty() && label.to_uppercase() == *label)
        .collect();
    assert!(labels.len() >= 13, "{text}");
    for label in labels {
        assert!(SETTINGS.iter().any(|setting| setting.name == label), "{label} is not a setting");
    }
}

#[test]
fn the_file_of_the_document_loads_and_does_what_it_says() {
    let [file] = blocks("json")[..] else { panic!("one JSON example is expected") };
    let config = Config::load(&Environment::default(), Some(file)).unwrap();
    let (bucket, key) = (Bucket::parse("photos-1250000000").unwrap(), Key::parse("uploads/cat.JPG").unwrap());
    let rule = config.rule_for(&bucket, &key).unwrap();
    let targets: Vec<String> = rule
        .thumbnails()
        .iter()
        .map(|thumbnail| rule.target_key(&key, thumbnail).unwrap().to_string())
        .collect();
    assert_eq!(
        targets,
        ["small/uploads/cat.JPG.webp", "card/uploads/cat.JPG.webp", "face/uploads/cat.JPG.webp"]
    );
    assert_eq!(config.rules().len(), 2);
}

#[test]
fn the_square_of_the_document_is_a_thumbnail() {
    let square = blocks("text").into_iter().find(|block| block.starts_with("square=")).unwrap();
    let config = Config::load(&Environment::from_pairs([("THUMBNAILS", square)]), None).unwrap();
    assert_eq!(
        config.rules()[0].thumbnails()[0].recipe.to_string(),
        "thumbnail=!300x300r;crop=300x300@center;format=webp;quality=80;background=#ffffff"
    );
}

/// Every option of the table is one, and the example uses them as the program takes them.
#[test]
fn the_options_of_the_document_are_options() {
    let card = blocks("text").into_iter().find(|block| block.starts_with("card=")).unwrap();
    let config = Config::load(&Environment::from_pairs([("THUMBNAILS", card)]), None).unwrap();
    let recipes: Vec<String> =
        config.rules()[0].thumbnails().iter().map(|thumbnail| thumbnail.recipe.to_string()).collect();
    assert_eq!(
        recipes,
        [
            "thumbnail=!400x300r>;crop=400x300@auto;format=source;quality=80!;background=#ffffff;sharpen=70",
            "thumbnail=64x64>;pad=64x64;format=png;quality=80!;background=#ffffff",
        ]
    );
    let section =
        DOCUMENT.split("\n### ").find(|section| section.starts_with("A size and its options")).unwrap();
    let listed = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let listed: Vec<&str> = listed.collect();
    let unknown = Config::load(&Environment::from_pairs([("THUMBNAILS", "9x9/x")]), None).unwrap_err();
    let taken = format!("a size takes {}", listed.join(", "));
    let (taken, last) = taken.rsplit_once(", ").unwrap();
    assert!(unknown.to_string().ends_with(&format!("{taken} and {last}")), "{unknown}\n{listed:?}");
    for option in listed {
        let refusal = Config::load(&Environment::from_pairs([("THUMBNAILS", format!("9x9/{option}"))]), None);
        let refusal = refusal.unwrap_err().to_string();
        assert!(refusal.contains(&format!("{option} needs a value")), "{refusal}");
    }
}

#[test]
fn one_bucket_as_the_document_sets_it_up_has_no_loop() {
    let variables = blocks("text").into_iter().find(|block| block.starts_with("SOURCE_PREFIX=")).unwrap();
    let pairs = variables
        .lines()
        .filter_map(|line| line.split_once('='))
        .chain([("TARGET_BUCKET", "photos-1250000000")]);
    let config = Config::load(&Environment::from_pairs(pairs), None).unwrap();
    assert_eq!(config.loop_in(&Bucket::parse("photos-1250000000").unwrap()), None);
}

/// The target of a source, by the block of variables that begins so.
fn target(block: &str, source: &str) -> (String, String) {
    let variables = blocks("text").into_iter().find(|text| text.starts_with(block)).unwrap();
    let pairs = variables.lines().filter_map(|line| line.split_once('='));
    let config = Config::load(&Environment::from_pairs(pairs), None).unwrap();
    let (bucket, key) = (Bucket::parse("photos-1250000000").unwrap(), Key::parse(source).unwrap());
    let rule = config.rule_for(&bucket, &key).unwrap();
    let target = rule.target_key(&key, &rule.thumbnails()[0]).unwrap();
    (rule.target_bucket_of(&bucket, &key).unwrap().to_string(), target.to_string())
}

#[test]
fn tenants_as_the_document_sets_them_up_have_buckets_of_their_own() {
    let (bucket, key) = target("TARGET_BUCKET=thumbs-{tenant}", "acme/uploads/cat.jpg");
    assert_eq!(bucket, "thumbs-acme-1250000000");
    assert!(DOCUMENT.contains(&format!("goes to `{key}` in `{bucket}`")), "{key}");
}

#[test]
fn the_document_computes_hashes_as_the_program_does() {
    let config = of_variables(&[("TARGET_KEY", "{stem}-{hash}/{hash:16}")]);
    let (rule, key) = (&config.rules()[0], Key::parse("uploads/cat.JPG").unwrap());
    let target = rule.target_key(&key, &rule.thumbnails()[0]).unwrap().to_string();
    let (short, long) = target.strip_prefix("cat-").unwrap().split_once('/').unwrap();
    for row in [format!("source key | `{short}` |"), format!("8 to 40 | `{long}` |")] {
        assert!(DOCUMENT.contains(&row), "{row}");
    }
}
