//! The policy that the program prints: it allows every request of the function, and no more.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use scf_local::event;
use serde_json::Value;

use crate::setup::{Options, REGION, SOURCE, Setup, example, jpeg_of, program, small_jpeg};

/// Pairs of an action and the pattern of objects that `cos-thumbnailer policy` allows it on.
fn policy(options: &Options, code: &Path) -> BTreeSet<(String, String)> {
    let output = Command::new(program())
        .args(["policy", "--region", REGION, "--source", SOURCE])
        .env_clear()
        .env("USER_CODE_ROOT", code)
        .envs(options.environment.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let policy: Value = serde_json::from_slice(&output.stdout).unwrap();
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let statements = policy["statement"].as_array().unwrap().iter();
    let pairs = statements.flat_map(|statement| {
        let resources = texts(&statement["resource"]);
        let both = move |action: String| resources.clone().into_iter().map(move |on| (action.clone(), on));
        texts(&statement["action"]).into_iter().flat_map(both)
    });
    pairs.collect()
}

/// The actions that a request needs (document 436/30580), and its object.
fn required_rights(request: &scf_local::RecordedRequest) -> (Vec<&'static str>, String) {
    let mut actions = vec![match request.method.as_str() {
        "DELETE" => "name/cos:DeleteObject",
        "GET" => "name/cos:GetObject",
        "HEAD" => "name/cos:HeadObject",
        "PUT" => "name/cos:PutObject",
        other => panic!("{other}"),
    }];
    if request.headers.get("x-cos-acl").is_some_and(|acl| acl != "default") {
        actions.push("name/cos:PutObjectACL");
    }
    let app_id = request.bucket.rsplit('-').next().unwrap();
    (actions, format!("qcs::cos:{REGION}:uid/{app_id}:{}/{}", request.bucket, request.key))
}

/// Uploads, repeats, overwrites and removes a source.
async fn run_all_changes(setup: &Setup, key: &str) {
    let message = setup.upload(key, small_jpeg()).await;
    setup.invoke(&message).await.stored();
    setup.invoke(&message).await.outcome();
    setup.thumbnail_of(key, jpeg_of(80, 40)).await.stored();
    setup.cos.delete(SOURCE, key);
    let removed = event::removed("cos:ObjectRemove:Delete", SOURCE, REGION, key);
    assert_eq!(setup.invoke(&removed).await.outcome()["outcome"], "removed");
}

/// Compares the policy with the requests of all changes of each source and of the doctor.
async fn check(options: Options, keys: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    if let Some(rules) = options.rules {
        std::fs::write(folder.path().join("thumbnails.json"), rules).unwrap();
    }
    let granted = policy(&options, folder.path());
    let setup = Setup::with(options).await;
    for key in keys {
        run_all_changes(&setup, key).await;
    }
    setup.invoke(&example("doctor")).await;
    let mut used = BTreeSet::new();
    for request in setup.cos.journal() {
        let (actions, object) = required_rights(&request);
        for action in actions {
            let is_it = |(allowed, on): &&(String, String)| {
                allowed == action && object.starts_with(on.strip_suffix('*').unwrap())
            };
            let right = granted.iter().find(is_it);
            used.insert(right.unwrap_or_else(|| panic!("{action} on {object}: {granted:#?}")).clone());
        }
    }
    assert_eq!(used, granted, "the policy allows more than was used");
}

#[tokio::test]
async fn policy_of_the_default_configuration_is_used_in_full() {
    check(Options::default(), &["in/a.jpg"]).await;
}

#[tokio::test]
async fn policy_of_a_single_bucket_is_limited_to_its_prefixes() {
    let options = Options::default()
        .setting("SOURCE_PREFIX", "up/")
        .setting("TARGET_BUCKET", SOURCE)
        .setting("TARGET_KEY", "thumbs/{name}/{key}")
        .setting("THUMBNAILS", "small=20x20;large=40x40")
        .setting("ACL", "private");
    check(options, &["up/猫 1+2.jpg"]).await;
}

#[tokio::test]
async fn policy_of_several_rules_covers_each_rule() {
    let rules = r#"{"rules": [
        {"source": {"prefix": "a/"}, "target": {"key": "of-a/{stem}-{name}/{key}"}, "thumbnails": {"s": "9x9"}},
        {"source": {"bucket": "example-1250000000", "prefix": "b/c"}, "target": {"key": "{dir}{stem}-{name}.{ext}"}}
    ]}"#;
    check(Options { rules: Some(rules), ..Options::default() }, &["a/x.jpg", "b/cat.jpg"]).await;
}
