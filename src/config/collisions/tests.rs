use std::collections::HashMap;

use super::*;
use fastrand::Rng;

use crate::config::prefix::KeyPrefix;
use crate::recipe::{Format, Recipe};

fn thumbnails(rows: &[(&str, Option<Format>)]) -> Vec<ThumbnailRule> {
    let thumbnail = |(name, format): &(&str, Option<Format>)| ThumbnailRule {
        name: (*name).to_owned(),
        recipe: Recipe { format: *format, ..Recipe::default() },
    };
    rows.iter().map(thumbnail).collect()
}

fn sources(suffixes: &[&str]) -> SourcePattern {
    SourcePattern {
        suffixes: suffixes.iter().map(|suffix| (*suffix).to_owned()).collect(),
        ..SourcePattern::default()
    }
}

fn collision(template: &str, rows: &[(&str, Option<Format>)], suffixes: &[&str]) -> Option<Collision> {
    find(&Template::parse(template).unwrap(), &thumbnails(rows), &sources(suffixes), Collisions::Refuse)
}

const OWN: Option<Format> = None;
const JPEG: Option<Format> = Some(Format::Jpeg);
const WEBP: Option<Format> = Some(Format::WebP);

#[test]
fn sensible_templates_are_proven() {
    type Row<'a> = (&'a str, &'a [(&'a str, Option<Format>)], &'a [&'a str]);
    let table: [Row<'_>; 28] = [
        ("{key}", &[("n", WEBP)], &[]),
        ("thumbs/{key}", &[("n", OWN)], &[]),
        ("{key}.{ext}", &[("n", WEBP)], &[]),
        ("{key}.{ext}", &[("n", OWN)], &[]),
        ("{name}/{key}", &[("small", OWN), ("large", WEBP)], &[]),
        ("{name}/{key}.{ext}", &[("s", WEBP), ("s-s", WEBP)], &[]),
        ("{key}{name}", &[("a", OWN), ("b", OWN)], &[]),
        ("{dir}{stem}.{ext}", &[("n", OWN)], &[]),
        ("{dir}{stem}-{name}.{ext}", &[("small", OWN), ("large", OWN), ("xsmall", OWN)], &[]),
        ("{dir}{stem}-{name}.{ext}", &[("small", WEBP), ("large", OWN)], &[".jpg"]),
        ("{dir}{name}/{stem}.{ext}", &[("s", OWN), ("s-s", OWN)], &[]),
        ("{dir}{stem}.{ext}", &[("n", WEBP)], &[".jpg"]),
        ("{dir}{stem}.{ext}", &[("n", JPEG), ("m", WEBP)], &[".png"]),
        ("{dir}{stem}.webp", &[("n", WEBP)], &["-big.jpg", ".jpg"]),
        ("{dir}{stem}{ext}", &[("n", OWN)], &[".jpg", ".jpeg"]),
        ("{ext}/{key}", &[("n", OWN)], &[]),
        ("{stem}/{key}", &[("n", OWN)], &[]),
        ("{dir}thumb-{stem}.{ext}", &[("n", OWN)], &[]),
        ("{name}{dir}{stem}.{ext}", &[("a", OWN), ("b", OWN)], &[]),
        ("{dir}{stem}-{hash}.{ext}", &[("n", WEBP)], &[]),
        ("{stem}-{hash}.webp", &[("n", OWN)], &[]),
        ("{dir}{stem}{ext}{hash}", &[("n", OWN)], &[]),
        ("{dir}{hash}{stem}", &[("n", OWN)], &[]),
        ("{hash:16}.{ext}", &[("n", WEBP)], &[]),
        ("{hash:32}-{name}.{ext}", &[("s", WEBP), ("s-s", WEBP)], &[]),
        ("{hash:16}/{hash}{stem}", &[("n", OWN)], &[]),
        ("{name}/{stem}.{hash}.{ext}", &[("a", WEBP), ("b", JPEG)], &[]),
        ("{dir}{stem}-{hash}-{name}.{ext}", &[("s", WEBP), ("s-s", WEBP)], &[]),
    ];
    for (template, rows, suffixes) in table {
        assert_eq!(collision(template, rows, suffixes), None, "{template} {rows:?} {suffixes:?}");
    }
}

#[test]
fn what_a_template_forgets_of_its_sources_is_known() {
    let table = [
        ("{dir}{stem}.{ext}", WEBP, &[][..], "extension"),
        ("{dir}{stem}.{ext}", WEBP, &[".jpg", ".png"], "extension"),
        ("{dir}{stem}.{ext}", WEBP, &["jpg"], "extension"),
        ("{dir}{stem}.webp", OWN, &[], "extension"),
        ("{stem}.{ext}", OWN, &[], "folder"),
        ("{dir}cover.{ext}", OWN, &[".jpg"], "name"),
    ];
    for (template, format, suffixes, forgotten) in table {
        let found = collision(template, &[("n", format)], suffixes);
        assert_eq!(found, Some(Collision::Forgotten(forgotten)), "{template} {suffixes:?}");
    }
}

#[test]
fn a_refusal_shows_two_thumbnails_with_one_key() {
    type Row<'a> = (&'a str, &'a [(&'a str, Option<Format>)], &'a [&'a str]);
    let table: [Row<'_>; 8] = [
        ("{dir}{stem}{ext}", &[("n", OWN)], &[]),
        ("{dir}{stem}-{ext}", &[("n", OWN)], &[]),
        ("{dir}{ext}{stem}", &[("n", OWN)], &[]),
        ("{dir}{stem}-{name}.{ext}", &[("s", OWN), ("s-s", OWN)], &[]),
        ("{dir}{stem}-{name}.{ext}", &[("s", WEBP), ("s-s", WEBP)], &[".jpg"]),
        ("{name}-{key}", &[("s", OWN), ("s-s", OWN)], &[]),
        ("{name}{key}", &[("a", OWN), ("ab", OWN)], &[]),
        ("{dir}{stem}{name}{ext}", &[("a", OWN), ("b", OWN)], &[]),
    ];
    for (template, rows, suffixes) in table {
        let found = collision(template, rows, suffixes);
        let Some(Collision::Shared(Some(Example { one, other, target }))) = found else {
            panic!("{template} {rows:?} {suffixes:?}: {found:?}")
        };
        assert_ne!(one, other, "{template}");
        let (template, thumbnails) = (Template::parse(template).unwrap(), thumbnails(rows));
        for (name, source) in [one, other] {
            let thumbnail = thumbnails.iter().find(|thumbnail| thumbnail.name == name).unwrap();
            let key = Key::parse(&source).unwrap();
            assert!(sources(suffixes).takes_key(&key), "{source}");
            assert_eq!(template.render(&key, &name, thumbnail.recipe.format), target, "{template} {source}");
        }
    }
    let nameless = Some(Collision::Nameless("a".to_owned(), "b".to_owned()));
    assert_eq!(collision("{key}", &[("a", OWN), ("b", OWN)], &[]), nameless);
    assert_eq!(collision("{dir}{stem}.{ext}", &[("a", JPEG), ("b", JPEG)], &[".jpg"]), nameless);
    assert_eq!(collision("{dir}{stem}.{ext}", &[("a", JPEG), ("b", OWN)], &[".jpg"]), nameless);
}

#[test]
fn a_hash_tells_sources_apart_only_where_its_place_is_known() {
    type Row<'a> = (&'a str, &'a [(&'a str, Option<Format>)]);
    let both = [("a", OWN), ("b", OWN)];
    let table: [Row<'_>; 4] = [
        ("{stem}{hash}{dir}x", &[("n", OWN)]),
        ("{key}{hash}{stem}", &[("n", OWN)]),
        ("{stem}{hash}{ext}", &[("n", OWN)]),
        ("{stem}{hash:16}{name}", &[("a", OWN), ("aa", OWN)]),
    ];
    for (template, rows) in table {
        assert_eq!(collision(template, rows, &[]), Some(Collision::Shared(None)), "{template}");
    }
    let nameless = Some(Collision::Nameless("a".to_owned(), "b".to_owned()));
    assert_eq!(collision("{hash:16}", &both, &[]), nameless);
}

#[test]
fn an_open_segment_is_told_apart_by_slashes() {
    let sources = SourcePattern { prefix: KeyPrefix::parse("{t}/up/").unwrap(), ..SourcePattern::default() };
    let rows = thumbnails(&[("s", OWN), ("s-s", OWN)]);
    let collision = |text| {
        let template = Template::parse_for(text, &sources.prefix).unwrap();
        find(&template, &rows, &sources, Collisions::Refuse)
    };
    for text in ["{t}/{name}/{key}", "{name}/{t}/{key}", "{t}/{stem}-{hash}-{name}.{ext}"] {
        assert_eq!(collision(text), None, "{text}");
    }
    assert_eq!(collision("{t}/{name}/{stem}.{ext}"), Some(Collision::Forgotten("folder")));
    assert!(matches!(collision("{name}-{t}/{key}"), Some(Collision::Shared(_))));
}

#[test]
fn sources_may_share_keys_on_request_and_thumbnails_of_one_source_never() {
    type Row<'a> = (&'a str, &'a [(&'a str, Option<Format>)], bool);
    let table: [Row<'_>; 12] = [
        ("{dir}{stem}.webp", &[("n", OWN)], true),
        ("{stem}.{ext}", &[("n", WEBP)], true),
        ("{dir}cover.{ext}", &[("n", OWN)], true),
        ("{name}/{stem}.{ext}", &[("a", OWN), ("b", OWN)], true),
        ("{stem}-{name}.{ext}", &[("s", WEBP), ("s-s", WEBP)], true),
        ("{stem}{name}{ext}", &[("a", WEBP), ("b", JPEG)], true),
        ("{stem}.{ext}", &[("a", WEBP), ("b", JPEG)], true),
        ("{stem}.{ext}", &[("a", WEBP), ("b", OWN)], false),
        ("{stem}.{ext}", &[("a", WEBP), ("b", WEBP)], false),
        ("{dir}{stem}", &[("a", OWN), ("b", OWN)], false),
        ("{stem}{name}{ext}", &[("a", WEBP), ("aw", OWN)], false),
        ("{name}{stem}{ext}", &[("a", WEBP), ("b", OWN)], true),
    ];
    for (text, rows, is_taken) in table {
        let rows = thumbnails(rows);
        let found = find(&Template::parse(text).unwrap(), &rows, &sources(&[]), Collisions::First);
        let nameless = Collision::Nameless(rows[0].name.clone(), rows[rows.len() - 1].name.clone());
        assert_eq!(found, (!is_taken).then_some(nameless), "{text}");
    }
}

fn any_template(random: &mut Rng) -> Template {
    let pieces = [
        "{key}",
        "{dir}{stem}",
        "{dir}",
        "{stem}",
        "{ext}",
        ".{ext}",
        "{name}",
        "{name}/",
        "-",
        "/",
        "s",
        ".",
        "{hash}",
        "{hash:16}",
    ];
    loop {
        let text: String = (0..=random.usize(..5)).map(|_| pieces[random.usize(..pieces.len())]).collect();
        if let Ok(template) = Template::parse(&text) {
            return template;
        }
    }
}

fn any_thumbnails(random: &mut Rng) -> Vec<ThumbnailRule> {
    let choices = [&["s"][..], &["s"], &["s", "s-s"], &["a", "s"], &["a", "as", "s"]];
    let names = choices[random.usize(..choices.len())];
    let formats = [OWN, OWN, Some(Format::Png)];
    let rows: Vec<_> = names.iter().map(|name| (*name, formats[random.usize(..formats.len())])).collect();
    thumbnails(&rows)
}

/// Every key of one to five of these parts.
fn all_keys() -> Vec<Key> {
    let mut texts = vec![String::new()];
    let mut keys = Vec::new();
    for _ in 0..5 {
        let longer = |text: &String| ["a", "s", "-", ".", "/", "png"].map(|part| format!("{text}{part}"));
        texts = texts.iter().flat_map(longer).collect();
        keys.extend(texts.iter().filter_map(|text| Key::parse(text).ok()));
    }
    keys.retain(|key| !key.is_folder_marker());
    keys
}

/// Two sources and thumbnails with one target key.
fn search<'a>(
    template: &Template,
    thumbnails: &'a [ThumbnailRule],
    keys: &[&'a Key],
) -> Option<[(&'a Key, &'a str); 2]> {
    let mut owners: HashMap<String, (&Key, &str)> = HashMap::new();
    for key in keys {
        for thumbnail in thumbnails {
            let owner = (*key, thumbnail.name.as_str());
            let target = template.render(key, &thumbnail.name, thumbnail.recipe.format);
            if let Some(earlier) = owners.insert(target, owner) {
                return Some([earlier, owner]);
            }
        }
    }
    None
}

/// `true` if a part of the source key occurs twice, in a field of its own or in `{key}`.
fn repeats(template: &Template) -> bool {
    let text = template.to_string();
    let count = |field: &str| text.matches(field).count();
    ["{dir}", "{stem}", "{ext}"].into_iter().any(|field| count(field) + count("{key}") > 1)
}

/// The property that the derivation claims, over all short keys: what is accepted never collides, as no two of these keys
/// have one hash. And what is refused nearly always does, but where a field occurs twice or a hash is in the way: hashes
/// that are shifted against each other are not met by chance.
#[test]
fn no_short_keys_contradict_a_proof() {
    let (keys, mut random) = (all_keys(), Rng::with_seed(0x5eed_c05f_1a57_0002));
    let suffixes = [&[][..], &[], &[".png"], &[".a", ".png"], &["s"], &["-.png"]];
    let (mut proven, mut hashed, mut refused, mut unmet) = (0, 0, 0, Vec::new());
    while proven < 200 || hashed < 100 || refused < 200 {
        let (template, thumbnails) = (any_template(&mut random), any_thumbnails(&mut random));
        let sources = sources(suffixes[random.usize(..suffixes.len())]);
        let found = find(&template, &thumbnails, &sources, Collisions::Refuse);
        let has_hash = template.hash_digits() > 0;
        let is_enough = match (&found, has_hash) {
            (Some(_), _) => refused >= 200 || has_hash || repeats(&template),
            (None, true) => hashed >= 100,
            (None, false) => proven >= 200,
        };
        if is_enough {
            continue;
        }
        let taken: Vec<&Key> = keys.iter().filter(|key| sources.takes_key(key)).collect();
        let met = search(&template, &thumbnails, &taken);
        let rows: Vec<_> =
            thumbnails.iter().map(|thumbnail| (&thumbnail.name, thumbnail.recipe.format)).collect();
        let rule = format!("{template} {:?} {rows:?}", sources.suffixes);
        if found.is_none() {
            if has_hash {
                hashed += 1
            } else {
                proven += 1
            }
            assert_eq!(met, None, "{rule}");
        } else {
            refused += 1;
            unmet.extend(met.is_none().then_some(rule));
        }
    }
    assert!(unmet.len() * 20 < refused, "{} of {refused} that are refused: {unmet:#?}", unmet.len());
}

/// Where sources may share keys, no two thumbnails of one source do.
#[test]
fn no_short_key_has_two_thumbnails_under_one_key() {
    let (keys, mut random) = (all_keys(), Rng::with_seed(0x5eed_c05f_1a57_0003));
    let (mut taken, mut refused, mut unmet) = (0, 0, 0);
    while taken < 200 || refused < 50 {
        let (template, thumbnails) = (any_template(&mut random), any_thumbnails(&mut random));
        let found = find(&template, &thumbnails, &sources(&[]), Collisions::First);
        if thumbnails.len() == 1 || (found.is_none() && taken >= 200) {
            assert_eq!(found.filter(|_| thumbnails.len() == 1), None, "{template}");
            continue;
        }
        let met = keys.iter().step_by(7).find(|key| search(&template, &thumbnails, &[*key]).is_some());
        if found.is_none() {
            taken += 1;
            assert_eq!(met, None, "{template} {thumbnails:?}");
        } else {
            refused += 1;
            unmet += usize::from(met.is_none());
        }
    }
    assert!(unmet * 4 < refused, "{unmet} of {refused} that are refused");
}

fn of_manifest(
    manifest: &str,
    template: &str,
    format: Option<Format>,
    suffixes: &[&str],
) -> Option<Collision> {
    let manifest = ManifestTemplate::parse(manifest).unwrap();
    let thumbnails = thumbnails(&[("s", format)]);
    find_of_manifest(
        &manifest,
        &Template::parse(template).unwrap(),
        &thumbnails,
        &sources(suffixes),
        Collisions::Refuse,
    )
}

#[test]
fn manifests_are_kept_apart_from_each_other_and_from_thumbnails() {
    for (manifest, template, format, suffixes) in [
        ("{key}.json", "{key}", OWN, &[][..]),
        ("{key}.json", "{name}/{key}", OWN, &[]),
        ("{key}.json", "{key}.{ext}", WEBP, &[]),
        ("{key}.json", "{dir}{stem}-{name}.{ext}", OWN, &[]),
        ("{key}.json", "t/{dir}{stem}.{ext}", OWN, &[]),
        ("{dir}{stem}.json", "{key}", OWN, &[".jpg"]),
        ("m/{key}.json", "{ext}/{key}", OWN, &[".jpg"]),
    ] {
        assert_eq!(of_manifest(manifest, template, format, suffixes), None, "{manifest} {template}");
    }
    let shared = Some(Collision::Shared(None));
    for (manifest, template, suffixes, found) in [
        ("{dir}{stem}.json", "{key}", &[][..], Some(Collision::Forgotten("extension"))),
        ("{stem}.json", "{key}", &[".jpg"], Some(Collision::Forgotten("folder"))),
        ("{key}.json", "{key}.json", &[".jpg"], shared.clone()),
        ("{key}.json", "s.{key}", &[], shared),
        ("{key}.json", "{stem}/{dir}{stem}", &[], Some(Collision::Shared(None))),
    ] {
        assert_eq!(of_manifest(manifest, template, OWN, suffixes), found, "{manifest} {template}");
    }
}
