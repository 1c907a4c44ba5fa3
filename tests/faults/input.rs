//! Sources, events and recipes that are damaged, mistaken or hostile.

use scf_local::event;
use serde_json::{Value, json};

use crate::row::Expected::{self, Mistake, Permanent, Skipped, Stored};
use crate::row::{Group, Injection, Row};
use crate::setup::{Options, REGION, SOURCE, TARGET, example, photo};
use crate::trial::KEY;

/// Files of `tests/data/faults`.
const FILES: [(&str, Expected); 19] = [
    ("avif-4096-tiles.avif", Stored),
    ("avif-exif-extents.avif", Permanent("image.damaged")),
    ("avif-grid-of-one-tile.avif", Stored),
    ("avif-repeated-tile-with-alpha.avif", Stored),
    ("avif-sequence-only.avif", Stored),
    ("bmp-one-byte-short.bmp", Stored),
    ("cmyk-without-adobe.jpg", Stored),
    ("gif-frame-larger-than-screen.gif", Stored),
    ("gif-last-4-bytes-missing.gif", Stored),
    ("gif-unknown-extension.gif", Stored),
    ("jpeg-cut-then-zeros.jpg", Permanent("image.damaged")),
    ("jpeg-segment-of-length-0.jpg", Stored),
    ("png-2-percent-short.png", Stored),
    ("png-cgbi.png", Permanent("image.unsupported")),
    ("png-last-20-bytes-missing.png", Stored),
    ("png-without-iend.png", Stored),
    ("png-wrong-crc-in-idat.png", Stored),
    ("tall-10x10000000.bmp", Stored),
    ("tiff-16-samples-of-31-bits.tif", Permanent("image.unsupported")),
];

/// Events of `tests/data/faults/use`.
const EVENTS: [(&str, Expected); 10] = [
    ("bare-key", Stored),
    ("bom", Stored),
    ("bucket-upper", Permanent("event.record")),
    ("empty-records", Permanent("event.not_cos")),
    ("half-appid", Permanent("event.record")),
    ("no-records", Permanent("event.not_cos")),
    ("other-appid", Permanent("cos.not_found")),
    ("region", Stored),
    ("s3-event", Permanent("event.not_cos")),
    ("trailing-comma", Permanent("event.not_cos")),
];

/// Recipes that a user may write by mistake or to harm.
const RECIPES: [(&str, &str, Expected); 14] = [
    ("a size of 0", "0x0", Mistake),
    ("a size of 10,001 pixels", "10001x10001", Mistake),
    ("a number beyond 64 bits", "99999999999999999999x1", Mistake),
    ("a blur of 26 pixels", "300x300/blur/26", Mistake),
    (
        "11 links",
        "a=imageMogr2/flip/vertical|imageMogr2/flip/vertical|imageMogr2/flip/vertical|imageMogr2/flip/vertical|imageMogr2/flip/vertical|imageMogr2/flip/vertical|imageMogr2/flip/vertical|imageMogr2/flip/vertical|imageMogr2/flip/vertical|imageMogr2/flip/vertical|imageMogr2/flip/vertical",
        Mistake,
    ),
    ("a format that is not written", "300x300/format/exe", Mistake),
    ("a watermark outside of the folder", "300x300/watermark/..%2F..%2Fetc%2Fpasswd", Mistake),
    ("a name that leaves the folder", "..=300x300", Mistake),
    ("two thumbnails of one name", "a=300x300;a=200x200", Mistake),
    (
        "10,000 x 10,000 pixels in 512 MB",
        "10000x10000/fit/exact/format/png",
        Permanent("image.too_much_memory"),
    ),
    ("a window beside the image", "a=imageMogr2/cut/10x10x9000x9000", Permanent("image.impossible")),
    ("at most 10 bytes", "300x300/max_bytes/10", Permanent("image.impossible")),
    ("a ratio of 1 to 10,000", "a=1:10000/fit/cover", Stored),
    ("the strongest blur", "300x300/blur/25", Stored),
];

pub fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = FILES
        .into_iter()
        .map(|(name, expected)| {
            let file = std::fs::read(format!("tests/data/faults/{name}")).unwrap();
            row(format!("source `{name}`"), Injection::Source(file), expected)
        })
        .collect();
    rows.extend(files());
    rows.extend(EVENTS.map(|(name, expected)| {
        let text = std::fs::read_to_string(format!("tests/data/faults/use/{name}.json")).unwrap();
        row(format!("event `{name}.json`"), Injection::Message(text), expected)
    }));
    rows.extend(messages());
    rows.extend(RECIPES.map(|(words, recipe, expected)| {
        let options = Options::default().setting("THUMBNAILS", recipe);
        row(format!("recipe: {words}"), Injection::Setup, expected).options(options)
    }));
    rows.extend(configurations());
    rows
}

/// Sources that are made here.
fn files() -> Vec<Row> {
    let cut = |percent: usize| {
        let mut file = photo();
        file.truncate(file.len() * percent / 100);
        file
    };
    let header = |of: &str| std::fs::read(format!("tests/data/{of}")).unwrap();
    let table = [
        ("an empty source", Vec::new(), Skipped("skip.empty")),
        ("a source of one byte", vec![0xff], Permanent("image.not_an_image")),
        ("a text as source", b"not an image".repeat(1000), Permanent("image.not_an_image")),
        ("1 MB of zeros as source", vec![0; 1 << 20], Permanent("image.not_an_image")),
        ("a JPEG of which 95 % are there", cut(95), Stored),
        ("a JPEG of which half is there", cut(50), Permanent("image.damaged")),
        (
            "a JPEG that ends in its header",
            cut(0).into_iter().chain(photo().into_iter().take(200)).collect(),
            Permanent("image.damaged"),
        ),
        ("a PNG of 3.6 billion pixels (`bomb.png`)", header("bomb.png"), Permanent("image.too_many_pixels")),
    ];
    table.map(|(fault, file, expected)| row(fault, Injection::Source(file), expected)).into()
}

/// Messages that are made here.
fn messages() -> Vec<Row> {
    let record = |change: &dyn Fn(&mut Value)| {
        let mut message = example("put");
        change(&mut message["Records"][0]);
        message.to_string()
    };
    let twice = {
        let mut message = example("put");
        let record = message["Records"][0].clone();
        message["Records"] = json!(vec![record; 100]);
        message.to_string()
    };
    let long_key = event::removed("cos:ObjectRemove:Delete", SOURCE, REGION, &"k".repeat(900)).to_string();
    let deep = format!("{{\"Records\":{}", "[".repeat(100_000));
    let table = [
        ("an empty message", String::new(), Permanent("event.not_cos")),
        ("a message of zeros", "\0".repeat(1000), Permanent("event.not_cos")),
        ("100,000 brackets", deep, Permanent("event.not_cos")),
        ("the same record 100 times", twice, Stored),
        ("a key of 900 bytes", long_key, Permanent("event.record")),
        (
            "a record without an object",
            record(&|record| record["cos"]["cosObject"] = json!(null)),
            Permanent("event.record"),
        ),
        (
            "a record whose size is a text",
            record(&|record| record["cos"]["cosObject"]["size"] = json!("many")),
            Stored,
        ),
        (
            "an event that needs nothing",
            record(&|record| record["event"]["eventName"] = json!("cos:Replication:ObjectCreated:Nothing")),
            Skipped("skip.event"),
        ),
    ];
    table.map(|(fault, message, expected)| row(fault, Injection::Message(message), expected)).into()
}

/// Settings that would do harm.
fn configurations() -> Vec<Row> {
    let with = |settings: &[(&'static str, &str)]| {
        settings.iter().fold(Options::default(), |options, (name, value)| options.setting(name, value))
    };
    let table = [
        (
            "thumbnails into the bucket of the sources",
            with(&[("TARGET_BUCKET", SOURCE), ("TARGET_KEY", "{key}")]),
            Permanent("config.loop"),
        ),
        ("a setting that does not exist", with(&[("TUMBNAILS", "1x1")]), Mistake),
        ("a rule file that is not JSON", Options { rules: Some("{"), ..Options::default() }, Mistake),
        ("keys without their other half", with(&[("COS_SECRET_ID", "AKIDhalf")]), Mistake),
        ("no credentials", Options { role: false, ..Options::default() }, Mistake),
        (
            "a target bucket that does not exist",
            with(&[("TARGET_BUCKET", "nowhere-1250000000")]),
            Permanent("cos.not_found"),
        ),
        ("64 MB of memory", Options { memory_mb: 64, ..with(&[("TARGET_BUCKET", TARGET)]) }, Stored),
    ];
    table.map(|(fault, options, expected)| row(fault, Injection::Setup, expected).options(options)).into()
}

fn row(fault: impl Into<String>, injection: Injection, expected: Expected) -> Row {
    Row::new(Group::Input, fault, injection, expected)
}

/// The folders have no file that is not in the table.
#[test]
fn every_file_that_once_failed_has_a_row() {
    let count = |folder: &str, kind: fn(&std::fs::FileType) -> bool| {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.filter(|entry| kind(&entry.as_ref().unwrap().file_type().unwrap())).count()
    };
    assert_eq!(count("tests/data/faults", std::fs::FileType::is_file), FILES.len());
    assert_eq!(count("tests/data/faults/use", std::fs::FileType::is_file), EVENTS.len());
    assert_eq!(
        KEY,
        example("put")["Records"][0]["cos"]["cosObject"]["key"]
            .as_str()
            .unwrap()
            .rsplit_once("example/")
            .unwrap()
            .1
    );
}
