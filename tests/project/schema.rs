//! The JSON schema of `thumbnails.json` against the parser of the file: what the schema refuses the parser refuses, and
//! every file that the parser takes validates.

use cos_thumbnailer::config::{Config, Environment, schema};
use serde_json::{Value, json};

use crate::fuzz_seeds::validator::Validator;

/// The schema in the repository, which the examples name.
const FILE: &str = "examples/thumbnails.schema.json";

fn parser_takes(file: &Value) -> Result<(), String> {
    let loaded = Config::load(&Environment::default(), Some(&file.to_string()));
    loaded.map(drop).map_err(|mistakes| mistakes.to_string())
}

#[test]
fn the_file_in_the_repository_is_what_the_program_prints() {
    let file = std::fs::read_to_string(FILE).unwrap();
    assert_eq!(file, schema(), "cargo run -- schema > {FILE}");
}

#[test]
fn examples_and_the_document_validate_and_load() {
    let validator = Validator::new();
    let document = std::fs::read_to_string("docs/configuration.md").unwrap();
    let block = document.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let mut files = vec![("docs/configuration.md".to_owned(), block.to_owned())];
    for entry in std::fs::read_dir("examples").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") && path != std::path::Path::new(FILE)
        {
            files.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(files.len() >= 6, "{files:?}");
    for (name, text) in files {
        let file: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(parser_takes(&file), Ok(()), "{name}");
        assert!(validator.takes(&file), "{name}");
        assert_eq!(file["$schema"], "thumbnails.schema.json", "{name}");
    }
}

#[test]
fn mistakes_that_an_editor_can_show_are_refused_by_both() {
    let mistakes = [
        json!([]),
        json!({"rule": []}),
        json!({"rules": []}),
        json!({"rules": [null]}),
        json!({"max_pixels": 0}),
        json!({"max_pixels": 2_000_000_000}),
        json!({"max_pixels": 1.5}),
        json!({"on_damage": "keep"}),
        json!({"log_level": true}),
        json!({"cos_endpoint": "127.0.0.1:9000"}),
        json!({"cos_domain": "nowhere"}),
        json!({"$schema": []}),
        json!({"rules": [{"thumbnail": "9x9"}]}),
        json!({"rules": [{"source": "uploads/"}]}),
        json!({"rules": [{"source": {"suffixes": [".jpg"]}}]}),
        json!({"rules": [{"source": {"suffix": ["*.jpg"]}}]}),
        json!({"rules": [{"source": {"suffix": ".jpg,.png"}}]}),
        json!({"rules": [{"source": {"prefix": "/uploads"}}]}),
        json!({"rules": [{"source": {"prefix": "uploads/*"}}]}),
        json!({"rules": [{"source": {"bucket": "photos"}}]}),
        json!({"rules": [{"target": {"bucket": "Photos-1250000000"}}]}),
        json!({"rules": [{"target": {"bucket": "thumbs-{tenant}"}}]}),
        json!({"rules": [{"target": {"key": "thumbs/photo.jpg"}}]}),
        json!({"rules": [{"collisions": "last"}]}),
        json!({"rules": [{"target": {"acl": "public"}}]}),
        json!({"rules": [{"target": {"storage_class": "standard"}}]}),
        json!({"rules": [{"target": {"cache_control": "缓存"}}]}),
        json!({"rules": [{"quality": 101}]}),
        json!({"rules": [{"quality": "80%"}]}),
        json!({"rules": [{"format": "heif"}]}),
        json!({"rules": [{"background": "white"}]}),
        json!({"rules": [{"heic": true}]}),
        json!({"rules": [{"thumbnails": {}}]}),
        json!({"rules": [{"thumbnails": []}]}),
        json!({"rules": [{"thumbnails": ""}]}),
        json!({"rules": [{"thumbnails": "300"}]}),
        json!({"rules": [{"thumbnails": 300}]}),
        json!({"rules": [{"thumbnails": [{"size": "9x9"}]}]}),
        json!({"rules": [{"thumbnails": {"a b": "9x9"}}]}),
        json!({"rules": [{"thumbnails": {"a": "resize/9x9"}}]}),
        json!({"rules": [{"thumbnails": {"a": null}}]}),
        json!({"rules": [{"thumbnails": {"a": {"fit": "cover"}}}]}),
        json!({"rules": [{"thumbnails": {"a": {"size": "9"}}}]}),
        json!({"rules": [{"thumbnails": {"a": {"size": ["9x9"]}}}]}),
        json!({"rules": [{"thumbnails": {"a": {"size": "9x9/fit/cover"}}}]}),
        json!({"rules": [{"thumbnails": {"a": {"size": "9x9", "crop": null}}}]}),
        json!({"rules": [{"thumbnails": {"a": {"size": "9x9", "fit": "fill"}}}]}),
        json!({"rules": [{"thumbnails": {"a": {"size": "9x9", "quality": true}}}]}),
        json!({"rules": [{"thumbnails": {"a": {"size": "9x9", "quality": [80]}}}]}),
        json!({"rules": [{"thumbnails": {"a": {"size": "9x9", "sharpen": 9}}}]}),
        json!({"rules": [{"thumbnails": {"a": {"size": "9x9", "progressive": "yes"}}}]}),
        json!({"rules": [{"thumbnails": {"a": {"size": "9x9", "subsampling": 422}}}]}),
        json!({"rules": [{"thumbnails": {"a": {"size": "9x9", "max_bytes": "30kb"}}}]}),
        json!({"rules": [{"thumbnails": {"a": {"size": "9x9", "fit": "cover", "focus": [0.5, 2]}}}]}),
        json!({"rules": [{"thumbnails": {"a": {"size": "9x9", "fit": "cover", "focus": [true, true]}}}]}),
        json!({"rules": [{"thumbnails": {"a": {"size": "9x9", "keep": ["copyright", "profile", "gps"]}}}]}),
    ];
    let validator = Validator::new();
    for file in mistakes {
        assert!(!validator.takes(&file), "the schema takes {file}");
        assert!(parser_takes(&file).is_err(), "the parser takes {file}");
    }
}

/// Names of the members of an object of the schema, behind a pointer.
fn names(schema: &Value, pointer: &str) -> Vec<String> {
    let properties = schema.pointer(pointer).and_then(|object| object["properties"].as_object());
    properties.unwrap_or_else(|| panic!("{pointer} in {schema:#}")).keys().cloned().collect()
}

/// The objects of the schema, and the members behind which the parser reads them.
const OBJECTS: [(&str, &str); 5] = [
    ("", ""),
    ("/properties/rules/items", "rules[0]."),
    ("/properties/rules/items/properties/source", "rules[0].source."),
    ("/properties/rules/items/properties/target", "rules[0].target."),
    (
        "/properties/rules/items/properties/thumbnails/anyOf/0/additionalProperties/anyOf/1",
        "rules[0].thumbnails.a.",
    ),
];

#[test]
fn the_schema_has_the_members_that_the_parser_has() {
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    let stranger = json!({"z": 1, "rules": [{"z": 1, "source": {"z": 1}, "target": {"z": 1},
        "thumbnails": {"a": {"size": "9x9", "z": 1}}}]});
    let mistakes = parser_takes(&stranger).unwrap_err();
    for (pointer, path) in OBJECTS {
        let beginning = format!("thumbnails.json has no member {path}z; it can have ");
        // Members of rules are told all at once, and those of thumbnails only when there are no others.
        let known = mistakes.lines().find_map(|line| line.strip_prefix(&beginning));
        let alone = json!({"rules": [{"thumbnails": {"a": {"size": "9x9", "z": 1}}}]});
        let alone = parser_takes(&alone).unwrap_err();
        let known =
            known.or_else(|| alone.strip_prefix(&beginning)).unwrap_or_else(|| panic!("{path} {mistakes}"));
        let mut known: Vec<&str> = known.split(", ").collect();
        known.sort_unstable();
        assert_eq!(names(&schema, pointer), known, "{path}");
    }
}

/// Values of every kind.
const VALUES: &str = r##"[
    null, true, -1, 0, 0.5, 1, 1.0, 7.5, 80, 100.0, 1e2, 101, 300, 420.0, 1e9, 1e10, [], {}, "", " ", "007", "80",
    "1000000000", "9k", "2m", "#FfF", "#102030", "photos-1250000000", "a-b-1", "uploads/", "*", "\n", ".jpg",
    ".jpg;.png;", ".jpg; .png", [".jpg", 5], [""], "{key}", "{name}/{key}.{ext}", "thumbs/{dir}{stem}", "no-cache",
    "cos.{region}.example.com", "a.b", "http://127.0.0.1:9000", "https://x", "9x9", "0009x", "x9",
    "9x9/fit/cover/gravity/auto", "a=9x9;b=x9/format/png;", "a = 9x9 ; b= imageMogr2/thumbnail/!50p ",
    "imageMogr2/thumbnail/9x9|imageView2/2/w/9", "imageView2/q/9", ["9x9", "b=1x1"], ["b = 9x9 "], {"a": "9x9"},
    {"a": {"size": "9x9"}, "b": {"size": "x7"}}, {"size": "9x9"}, [0.31, 0.62], ["0.31", 1], ["0.3x0.6"],
    "0.31x0.62", "1x0", "{tenant}/in/", "t-{tenant}-1", "{stem}-{hash}", "{hash:16}.{ext}", ["copyright", "profile"], ["profile"], ["copyright+profile"], [true], ["a", "b", "c"]
]"##;

/// Adds the words of all enumerations of the schema.
fn add_words(schema: &Value, found: &mut Vec<Value>) {
    match schema {
        Value::Object(members) => {
            found.extend(members.get("enum").and_then(Value::as_array).into_iter().flatten().cloned());
            members.values().for_each(|member| add_words(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| add_words(item, found)),
        _ => {}
    }
}

/// A file with every object, in which one value after another is replaced.
fn base() -> Value {
    json!({
        "$schema": "thumbnails.schema.json",
        "rules": [{
            "source": {"bucket": "photos-1250000000", "prefix": "in/"},
            "target": {"bucket": "thumbs-1250000000"},
            "thumbnails": {"a": {"size": "9x9", "fit": "cover"}},
        }],
    })
}

/// The object of the file that an object of the schema describes.
fn object<'a>(file: &'a mut Value, path: &str) -> Option<&'a mut serde_json::Map<String, Value>> {
    let pointer = path.replace("rules[0]", "/rules/0").replace('.', "/");
    file.pointer_mut(pointer.trim_end_matches('/'))?.as_object_mut()
}

#[test]
fn every_value_that_the_parser_takes_validates() {
    let validator = Validator::new();
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    let mut pool: Vec<Value> = serde_json::from_str(VALUES).unwrap();
    add_words(&schema, &mut pool);
    let (mut taken, mut refused_by_both) = (0, 0);
    let mut check = |file: &Value| match (parser_takes(file), validator.takes(file)) {
        (Ok(()), true) => taken += 1,
        (Ok(()), false) => panic!("the schema refuses {file}"),
        (Err(_), taken_by_schema) => refused_by_both += u32::from(!taken_by_schema),
    };
    for (pointer, path) in OBJECTS {
        for name in names(&schema, pointer) {
            for value in &pool {
                let mut file = base();
                object(&mut file, path).unwrap().insert(name.clone(), value.clone());
                check(&file);
            }
        }
    }
    // Two or three at once, the same in every run.
    let mut random = fastrand::Rng::with_seed(17);
    for _ in 0..10_000 {
        let mut file = base();
        for _ in 0..random.u8(2..=3) {
            let (pointer, path) = random.choice(OBJECTS).unwrap();
            let name = random.choice(names(&schema, pointer)).unwrap();
            if let Some(object) = object(&mut file, path) {
                object.insert(name, random.choice(&pool).unwrap().clone());
            }
        }
        check(&file);
    }
    assert!(taken > 800 && refused_by_both > 3000, "{taken} {refused_by_both}");
}
