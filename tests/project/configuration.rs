//! `docs/configuration.md` says what the program does: its table, its grammar's examples and its file are
//! loaded.

use cos_thumbnailer::config::{Config, Environment, SETTINGS};
use cos_thumbnailer::object::{Bucket, Key};

const DOCUMENT: &str = include_str!("../../docs/configuration.md");

/// The contents of every fenced block of one language.
fn blocks(language: &str) -> Vec<&'static str> {
    let opening = format!("```{language}\n");
    DOCUMENT.split(opening.as_str()).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn the_table_lists_every_setting_in_order() {
    let section = DOCUMENT.split("\n## ").find(|section| section.starts_with("Variables")).unwrap();
    let listed: Vec<&str> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split('`').next())
        .collect();
    assert_eq!(listed, SETTINGS.map(|setting| setting.name));
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
