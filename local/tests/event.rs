//! `scf-local event` prints the records of the folder events with another bucket and key.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a panic fails the test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use scf_local::event::EventKind;
use serde_json::{Value, json};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn event(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_scf-local"))
        .arg("event")
        .args(arguments)
        .current_dir(ROOT)
        .output()
        .unwrap()
}

fn printed(arguments: &[&str]) -> Value {
    let output = event(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn example(name: &str) -> Option<Value> {
    let path: PathBuf = Path::new(ROOT).join("events").join(format!("{name}.json"));
    path.exists().then(|| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}

/// Members with text, number or nothing in them, by their paths.
fn members(value: &Value, path: &str, found: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(name, member)| members(member, &format!("{path}/{name}"), found));
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(at, member)| members(member, &format!("{path}/{at}"), found));
        }
        _ => {
            found.insert(path.to_owned(), value.clone());
        }
    }
}

fn members_of(value: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    members(value, "", &mut found);
    found
}

#[test]
fn every_example_is_printed_for_its_own_bucket_and_key() {
    // Those that are different for each event, function and uploader, and those that the console invented.
    let varying = [
        "Authorization",
        "eventQueue",
        "eventTime",
        "requestSourceIP",
        "vid",
        "x-cos-request-id",
        "Content-Type",
        "x-cos-meta-test",
        "x-image-test",
    ];
    let mut compared = 0;
    for kind in EventKind::ALL {
        let name = kind.name();
        let Some(expected) = example(name) else {
            assert_eq!(kind, EventKind::Append, "there is no example of {name}");
            continue;
        };
        let arguments =
            ["--bucket=example-1250000000", "--key=photos/lake.jpg", "--image=events/photos/lake.jpg"];
        let message = printed(&[&[name], &arguments[..]].concat());
        let stable = |value: &Value| {
            let mut all = members_of(value);
            all.retain(|path, _| !varying.iter().any(|name| path.ends_with(&format!("/{name}"))));
            all
        };
        let (mut expected, mut actual) = (stable(&expected), stable(&message));
        if kind == EventKind::ConsoleTemplate {
            // A template describes no upload.
            for name in ["ETag", "x-cos-storage-class"] {
                actual.remove(&format!("/Records/0/cos/cosObject/meta/{name}"));
            }
        }
        if kind == EventKind::Multipart {
            // The ETag of the example is not that of its photo.
            let etag = "/Records/0/cos/cosObject/meta/ETag";
            let ends = [&mut expected, &mut actual].map(|all| all.remove(etag).unwrap());
            assert!(ends.iter().all(|etag| etag.as_str().unwrap().ends_with("-1\"")), "{ends:?}");
        }
        let size = "/Records/0/cos/cosObject/size";
        assert!(expected.remove(size).is_some() && actual.remove(size).is_some(), "{name}");
        assert_eq!(actual, expected, "{name}");
        compared += 1;
    }
    assert_eq!(compared, 11);
}

#[test]
fn bucket_keys_and_object_are_those_of_the_options() {
    let message = printed(&[
        "append",
        "--bucket=my-photos-1250000000",
        "--region=ap-shanghai",
        "--key=a//b +猫.jpg",
        "--key=c.png",
        "--size=7",
        "--etag=abc-2",
        "--content-type=image/png",
        "--version-id=v1",
        "--storage-class=ARCHIVE",
    ]);
    let [first, second] = message["Records"].as_array().unwrap().as_slice() else { panic!("{message}") };
    assert_eq!(first["event"]["eventName"], "cos:ObjectCreated:Append");
    assert_eq!(first["cos"]["cosBucket"]["name"], "my-photos");
    assert_eq!(first["cos"]["cosBucket"]["region"], "sh");
    let object = &first["cos"]["cosObject"];
    assert_eq!((&object["size"], &object["vid"]), (&json!(7), &json!("v1")));
    assert_eq!(object["key"], "/1250000000/my-photos/a//b +猫.jpg");
    let url = "http://my-photos-1250000000.cos.ap-shanghai.myqcloud.com/a//b%20%2B%E7%8C%AB.jpg";
    assert_eq!(object["url"], url);
    assert_eq!(object["meta"]["ETag"], "\"abc-2\"");
    assert_eq!(
        (&object["meta"]["Content-Type"], &object["meta"]["x-cos-storage-class"]),
        (&json!("image/png"), &json!("Archive"))
    );
    assert_eq!(second["cos"]["cosObject"]["key"], "/1250000000/my-photos/c.png");
    // Without a size, the object is not taken for an empty one, and without an ETag none is invented.
    let bare = printed(&["put", "--bucket=a-1", "--key=b"]);
    let object = &bare["Records"][0]["cos"]["cosObject"];
    assert!(object["size"].as_u64() > Some(0) && object["meta"].get("ETag").is_none(), "{bare}");
    assert_eq!(printed(&["doctor", "--bucket=a-1"]), json!({ "doctor": { "sources": ["a-1"] } }));
}

#[test]
fn mistakes_are_told() {
    let table: [(&[&str], &str); 6] = [
        (&["put", "--bucket=photos", "--key=a"], "the full name of a bucket ends in -<appid>"),
        (&["put", "--bucket=a-1"], "--key is missing"),
        (&["put", "--bucket=a-1", "--key=/a"], "is not a key of COS"),
        (&["put", "--bucket=a-1", "--key=a", "--image=none.jpg"], "none.jpg cannot be read"),
        (&["rename", "--bucket=a-1", "--key=a"], "invalid value 'rename'"),
        (&["doctor", "--bucket=a-1", "--key=a"], "leave out --key"),
    ];
    for (arguments, sentence) in table {
        let output = event(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(sentence), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_message_is_piped_into_invoke() {
    let folder = tempfile::tempdir().unwrap();
    let mut invoke = Command::new(env!("CARGO_BIN_EXE_scf-local"))
        .args(["invoke", "-", "--bootstrap"])
        .arg(Path::new(ROOT).join("local/tests/data/reporter.py"))
        .arg("--root")
        .arg(folder.path())
        .current_dir(ROOT)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let message = event(&["put", "--bucket=my-1250000000", "--key=a/b.jpg"]).stdout;
    std::io::Write::write_all(&mut invoke.stdin.take().unwrap(), &message).unwrap();
    let output = invoke.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("my-1250000000/a/b.jpg"), "{said}");
    // The photo beside the examples was uploaded.
    assert!(folder.path().join("my-1250000000/a/b.jpg").is_file());
}
