//! The policy that the program prints allows every request it makes, and nothing that it never does.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use scf_local::event;
use serde_json::Value;

use crate::world::{REGION, SOURCE, Wishes, World, example, jpeg_of, program, small_jpeg};

/// Actions with the patterns of objects they are allowed on, by `cos-thumbnailer policy`.
fn policy(wishes: &Wishes, code: &Path) -> BTreeSet<(String, String)> {
    let output = Command::new(program())
        .args(["policy", "--region", REGION, "--source", SOURCE])
        .env_clear()
        .env("USER_CODE_ROOT", code)
        .envs(wishes.environment.iter().map(|(name, value)| (name, value)))
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

/// What a request needs (436/30580): actions, and the object.
fn needs(request: &scf_local::RecordedRequest) -> (Vec<&'static str>, String) {
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

/// Creates, repeats, overwrites and removes a source.
async fn live(world: &World, key: &str) {
    let message = world.upload(key, small_jpeg()).await;
    world.invoke(&message).await.stored();
    world.invoke(&message).await.outcome();
    world.thumbnail_of(key, jpeg_of(80, 40)).await.stored();
    world.cos.delete(SOURCE, key);
    let removed = event::removed("cos:ObjectRemove:Delete", SOURCE, REGION, key);
    assert_eq!(world.invoke(&removed).await.outcome()["outcome"], "removed");
}

/// Runs a life of each source, and the doctor, and compares their requests with the policy.
async fn check(wishes: Wishes, keys: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    if let Some(rules) = wishes.rules {
        std::fs::write(folder.path().join("thumbnails.json"), rules).unwrap();
    }
    let granted = policy(&wishes, folder.path());
    let world = World::with(wishes).await;
    for key in keys {
        live(&world, key).await;
    }
    world.invoke(&example("doctor")).await;
    let mut used = BTreeSet::new();
    for request in world.cos.journal() {
        let (actions, object) = needs(&request);
        for action in actions {
            let is_it = |(allowed, on): &&(String, String)| {
                allowed == action && object.starts_with(on.strip_suffix('*').unwrap())
            };
            let right = granted.iter().find(is_it);
            used.insert(right.unwrap_or_else(|| panic!("{action} on {object}: {granted:#?}")).clone());
        }
    }
    assert_eq!(used, granted, "rights that were not used");
}

#[tokio::test]
async fn the_policy_of_the_tutorial_is_what_the_function_uses() {
    check(Wishes::default(), &["in/a.jpg"]).await;
}

#[tokio::test]
async fn the_policy_of_one_bucket_ends_at_its_prefixes() {
    let wishes = Wishes::default()
        .setting("SOURCE_PREFIX", "up/")
        .setting("TARGET_BUCKET", SOURCE)
        .setting("TARGET_KEY", "thumbs/{name}/{key}")
        .setting("THUMBNAILS", "small=20x20;large=40x40")
        .setting("ACL", "private");
    check(wishes, &["up/猫 1+2.jpg"]).await;
}

#[tokio::test]
async fn the_policy_of_several_rules_covers_each() {
    let rules = r#"{"rules": [
        {"source": {"prefix": "a/"}, "target": {"key": "of-a/{stem}-{name}/{key}"}, "thumbnails": {"s": "9x9"}},
        {"source": {"bucket": "example-1250000000", "prefix": "b/c"}, "target": {"key": "{dir}{stem}-{name}.{ext}"}}
    ]}"#;
    check(Wishes { rules: Some(rules), ..Wishes::default() }, &["a/x.jpg", "b/cat.jpg"]).await;
}
