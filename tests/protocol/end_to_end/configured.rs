//! Effects of the settings.

use memchr::memmem;
use sha1::{Digest as _, Sha1};

use crate::setup::{Options, SOURCE, Setup, TARGET, photo, size_of, small_jpeg};

#[tokio::test]
async fn several_thumbnails_are_made_from_one_download() {
    let recipe = "card=imageMogr2/thumbnail/!400x300r/gravity/center/crop/400x300/format/webp/quality/80";
    let options = Options::default()
        .setting("THUMBNAILS", &format!("small=150x150;large=1600x1600;{recipe}"))
        .setting("TARGET_KEY", "{name}/{dir}{stem}.{ext}")
        .setting("SOURCE_SUFFIX", ".jpg")
        .setting("CACHE_CONTROL", "public, max-age=31536000")
        .setting("STORAGE_CLASS", "STANDARD_IA")
        .setting("ACL", "public-read");
    let setup = Setup::with(options).await;
    setup.thumbnail_of("photos/lake.JPG", photo()).await.stored();
    let table = [
        ("small/photos/lake.JPG", (150, 100), "image/jpeg"),
        ("large/photos/lake.JPG", (1600, 1066), "image/jpeg"),
        ("card/photos/lake.webp", (400, 300), "image/webp"),
    ];
    for (key, size, content_type) in table {
        let stored = setup.stored(key);
        assert_eq!(size_of(&stored.bytes), size, "{key}");
        assert_eq!(stored.headers["content-type"], content_type, "{key}");
        assert_eq!(stored.headers["cache-control"], "public, max-age=31536000");
        assert_eq!(stored.headers["x-cos-storage-class"], "STANDARD_IA");
        assert_eq!(stored.headers["x-cos-acl"], "public-read");
    }
    let gets = setup.requests().iter().filter(|(method, _)| method == "GET").count();
    assert_eq!(gets, 1, "one download serves all");
}

#[tokio::test]
async fn rules_of_the_file_are_chosen_by_key() {
    let rules = r#"{"rules":[
        {"source":{"prefix":"avatars/"},"thumbnails":"64x64","format":"png"},
        {"source":{"suffix":[".jpg",".png"]},"thumbnails":{"wide":"200x"}}]}"#;
    let setup = Setup::with(Options { rules: Some(rules), ..Options::default() }).await;
    setup.thumbnail_of("avatars/a.jpg", photo()).await.stored();
    setup.thumbnail_of("b.JPG", photo()).await.stored();
    let skipped = setup.thumbnail_of("c.tif", photo()).await.outcome();
    assert_eq!(skipped["code"], "skip.no_rule");
    assert_eq!(size_of(&setup.stored("avatars/a.jpg").bytes), (64, 43));
    assert_eq!(size_of(&setup.stored("b.JPG").bytes), (200, 133));
}

#[tokio::test]
async fn label_is_told_in_the_outcome_and_names_the_propagator_in_the_thumbnail() {
    let labelled = std::fs::read("tests/data/labels/exempi.png").unwrap();
    let setup = Setup::with(Options::default().setting("AIGC_PROPAGATOR", "00119111EXAMPLE")).await;
    let response = setup.thumbnail_of("uploads/猫 1.png", labelled.clone()).await;
    assert_eq!(response.stored()["source"]["aigc"], true);
    assert_eq!(response.log()[0]["source"]["aigc"], true);
    let digest = Sha1::digest(format!("{SOURCE}/uploads/猫 1.png"));
    let spread =
        format!(r#""ContentPropagator":"00119111EXAMPLE","PropagateID":"{}""#, hex::encode(&digest[..16]));
    let thumbnail = setup.stored("uploads/猫 1.png").bytes;
    assert!(memmem::find(&thumbnail, spread.as_bytes()).is_some(), "{}", thumbnail.escape_ascii());
    let manifest = std::fs::read("tests/data/labels/c2pa.jpg").unwrap();
    assert_eq!(setup.thumbnail_of("b.jpg", manifest).await.stored()["source"]["c2pa"], "dropped");
    let plain = setup.thumbnail_of("c.jpg", small_jpeg()).await.stored();
    assert_eq!((plain["source"].get("aigc"), plain["source"].get("c2pa")), (None, None));

    let options = Options::default().setting("AIGC_LABEL", "drop").setting("MANIFEST", "{key}.json");
    let setup = Setup::with(options).await;
    assert_eq!(setup.thumbnail_of("a.png", labelled).await.stored()["source"]["aigc"], true);
    assert!(memmem::find(&setup.stored("a.png").bytes, b"AIGC").is_none());
    let manifest: serde_json::Value = serde_json::from_slice(&setup.stored("a.png.json").bytes).unwrap();
    assert_eq!(manifest["source"]["aigc"], true);
}

#[tokio::test]
async fn every_mistake_is_reported_and_the_process_goes_on() {
    let options = Options::default()
        .setting("THUMBNAILS", "huge")
        .setting("QUALITY", "101")
        .setting("TARGETBUCKET", "x");
    let setup = Setup::with(options).await;
    for _ in 0..2 {
        let response = setup.thumbnail_of("a.jpg", small_jpeg()).await;
        let lines: Vec<&str> = response.error().lines().collect();
        assert_eq!(lines.len(), 3, "{lines:#?}");
        for word in ["THUMBNAILS", "QUALITY", "TARGET_BUCKET"] {
            assert!(lines.iter().any(|line| line.contains(word)), "{word} in {lines:#?}");
        }
    }
    assert_eq!(setup.scf.starts(), 1);
}

#[tokio::test]
async fn configuration_with_a_loop_is_refused() {
    let setup = Setup::with(Options::default().setting("TARGET_BUCKET", SOURCE)).await;
    let outcome = setup.thumbnail_of("a.jpg", small_jpeg()).await.outcome();
    assert_eq!(outcome["code"], "config.loop", "{outcome:#}");
    let options = Options::default()
        .setting("TARGET_BUCKET", SOURCE)
        .setting("SOURCE_PREFIX", "photos/")
        .setting("TARGET_KEY", "thumbnails/{key}");
    let setup = Setup::with(options).await;
    setup.thumbnail_of("photos/a.jpg", small_jpeg()).await.stored();
    assert!(setup.cos.object(SOURCE, "thumbnails/photos/a.jpg").is_some());
}

#[tokio::test]
async fn non_image_is_an_error_with_on_failure_error() {
    let setup = Setup::with(Options::default().setting("ON_FAILURE", "error")).await;
    let response = setup.thumbnail_of("a.jpg", "text").await;
    assert!(response.error().contains("image.not_an_image"), "{}", response.error());
}

#[tokio::test]
async fn fixed_keys_replace_a_missing_role() {
    let defaults = scf_local::CosOptions::default();
    let options = Options { role: false, ..Options::default() }
        .setting("COS_SECRET_ID", &defaults.secret_id)
        .setting("COS_SECRET_KEY", &defaults.secret_key);
    Setup::with(options).await.thumbnail_of("a.jpg", small_jpeg()).await.stored();
    let setup = Setup::with(Options { role: false, ..Options::default() }).await;
    let response = setup.thumbnail_of("a.jpg", small_jpeg()).await;
    assert!(
        response.error().contains("execution role") && response.error().contains("COS_SECRET_ID"),
        "{}",
        response.error()
    );
}

#[tokio::test]
async fn missing_target_bucket_is_named() {
    let setup = Setup::with(Options::default().setting("TARGET_BUCKET", "nowhere-1250000000")).await;
    let outcome = setup.thumbnail_of("a.jpg", small_jpeg()).await.outcome();
    assert_eq!(outcome["code"], "cos.not_found");
    assert!(outcome["reason"].as_str().unwrap().contains("nowhere-1250000000"), "{outcome:#}");
}

#[tokio::test]
async fn log_level_error_logs_failures_only() {
    let setup = Setup::with(Options::default().setting("LOG_LEVEL", "error")).await;
    assert!(setup.thumbnail_of("a.jpg", small_jpeg()).await.log().is_empty());
    assert_eq!(setup.thumbnail_of("b.jpg", "text").await.log().len(), 1);
    assert_eq!(setup.cos.keys(TARGET), ["a.jpg"]);
}

#[tokio::test]
async fn log_level_debug_logs_the_limits_and_no_secrets() {
    let setup = Setup::with(Options::default().setting("LOG_LEVEL", "debug")).await;
    let lines = setup.thumbnail_of("a.jpg", small_jpeg()).await.log();
    assert_eq!((lines.len(), lines[0]["level"].as_str()), (2, Some("debug")));
    let message = lines[0]["message"].as_str().unwrap();
    assert!(message.contains("1 records") && message.contains("memory_mb: 512"), "{message}");
    assert!(!message.contains("Secret"), "{message}");
}
