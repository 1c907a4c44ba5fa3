//! What settings do.

use crate::world::{SOURCE, TARGET, Wishes, World, photo, size_of, small_jpeg};

#[tokio::test]
async fn several_thumbnails_from_one_source() {
    let recipe = "card=imageMogr2/thumbnail/!400x300r/gravity/center/crop/400x300/format/webp/quality/80";
    let wishes = Wishes::default()
        .setting("THUMBNAILS", &format!("small=150x150;large=1600x1600;{recipe}"))
        .setting("TARGET_KEY", "{name}/{dir}{stem}.{ext}")
        .setting("SOURCE_SUFFIX", ".jpg")
        .setting("CACHE_CONTROL", "public, max-age=31536000")
        .setting("STORAGE_CLASS", "STANDARD_IA")
        .setting("ACL", "public-read");
    let world = World::with(wishes).await;
    world.thumbnail_of("photos/lake.JPG", photo()).await.stored();
    let table = [
        ("small/photos/lake.JPG", (150, 100), "image/jpeg"),
        ("large/photos/lake.JPG", (1600, 1066), "image/jpeg"),
        ("card/photos/lake.webp", (400, 300), "image/webp"),
    ];
    for (key, size, content_type) in table {
        let stored = world.stored(key);
        assert_eq!(size_of(&stored.bytes), size, "{key}");
        assert_eq!(stored.headers["content-type"], content_type, "{key}");
        assert_eq!(stored.headers["cache-control"], "public, max-age=31536000");
        assert_eq!(stored.headers["x-cos-storage-class"], "STANDARD_IA");
        assert_eq!(stored.headers["x-cos-acl"], "public-read");
    }
    let gets = world.requests().iter().filter(|(method, _)| method == "GET").count();
    assert_eq!(gets, 1, "one download serves all");
}

#[tokio::test]
async fn rules_from_the_file_choose_by_key() {
    let rules = r#"{"rules":[
        {"source":{"prefix":"avatars/"},"thumbnails":"64x64","format":"png"},
        {"source":{"suffix":[".jpg",".png"]},"thumbnails":{"wide":"200x"}}]}"#;
    let world = World::with(Wishes { rules: Some(rules), ..Wishes::default() }).await;
    world.thumbnail_of("avatars/a.jpg", photo()).await.stored();
    world.thumbnail_of("b.JPG", photo()).await.stored();
    let skipped = world.thumbnail_of("c.tif", photo()).await.outcome();
    assert_eq!(skipped["code"], "skip.no_rule");
    assert_eq!(size_of(&world.stored("avatars/a.jpg").bytes), (64, 43));
    assert_eq!(size_of(&world.stored("b.JPG").bytes), (200, 133));
}

#[tokio::test]
async fn every_mistake_is_answered_and_the_process_lives() {
    let wishes = Wishes::default()
        .setting("THUMBNAILS", "huge")
        .setting("QUALITY", "101")
        .setting("TARGETBUCKET", "x");
    let world = World::with(wishes).await;
    for _ in 0..2 {
        let told = world.thumbnail_of("a.jpg", small_jpeg()).await;
        let lines: Vec<&str> = told.error().lines().collect();
        assert_eq!(lines.len(), 3, "{lines:#?}");
        for word in ["THUMBNAILS", "QUALITY", "TARGET_BUCKET"] {
            assert!(lines.iter().any(|line| line.contains(word)), "{word} in {lines:#?}");
        }
    }
    assert_eq!(world.scf.starts(), 1);
}

#[tokio::test]
async fn a_bucket_that_would_feed_itself_is_refused() {
    let world = World::with(Wishes::default().setting("TARGET_BUCKET", SOURCE)).await;
    let outcome = world.thumbnail_of("a.jpg", small_jpeg()).await.outcome();
    assert_eq!(outcome["code"], "config.loop", "{outcome:#}");
    let wishes = Wishes::default()
        .setting("TARGET_BUCKET", SOURCE)
        .setting("SOURCE_PREFIX", "photos/")
        .setting("TARGET_KEY", "thumbnails/{key}");
    let world = World::with(wishes).await;
    world.thumbnail_of("photos/a.jpg", small_jpeg()).await.stored();
    assert!(world.cos.object(SOURCE, "thumbnails/photos/a.jpg").is_some());
}

#[tokio::test]
async fn hopeless_pictures_are_errors_for_those_who_want_a_dead_letter() {
    let world = World::with(Wishes::default().setting("ON_FAILURE", "error")).await;
    let told = world.thumbnail_of("a.jpg", "text").await;
    assert!(told.error().contains("image.not_an_image"), "{}", told.error());
}

#[tokio::test]
async fn fixed_keys_serve_where_there_is_no_role() {
    let options = scf_local::CosOptions::default();
    let wishes = Wishes { role: false, ..Wishes::default() }
        .setting("COS_SECRET_ID", &options.secret_id)
        .setting("COS_SECRET_KEY", &options.secret_key);
    World::with(wishes).await.thumbnail_of("a.jpg", small_jpeg()).await.stored();
    let world = World::with(Wishes { role: false, ..Wishes::default() }).await;
    let told = world.thumbnail_of("a.jpg", small_jpeg()).await;
    assert!(
        told.error().contains("execution role") && told.error().contains("COS_SECRET_ID"),
        "{}",
        told.error()
    );
}

#[tokio::test]
async fn a_target_bucket_that_does_not_exist_is_named() {
    let world = World::with(Wishes::default().setting("TARGET_BUCKET", "nowhere-1250000000")).await;
    let outcome = world.thumbnail_of("a.jpg", small_jpeg()).await.outcome();
    assert_eq!(outcome["code"], "cos.not_found");
    assert!(outcome["reason"].as_str().unwrap().contains("nowhere-1250000000"), "{outcome:#}");
}

#[tokio::test]
async fn quiet_logs_tell_failures_only() {
    let world = World::with(Wishes::default().setting("LOG_LEVEL", "error")).await;
    assert!(world.thumbnail_of("a.jpg", small_jpeg()).await.log().is_empty());
    assert_eq!(world.thumbnail_of("b.jpg", "text").await.log().len(), 1);
    assert_eq!(world.cos.keys(TARGET), ["a.jpg"]);
}

#[tokio::test]
async fn talkative_logs_tell_the_limits_and_no_secrets() {
    let world = World::with(Wishes::default().setting("LOG_LEVEL", "debug")).await;
    let lines = world.thumbnail_of("a.jpg", small_jpeg()).await.log();
    assert_eq!((lines.len(), lines[0]["level"].as_str()), (2, Some("debug")));
    let message = lines[0]["message"].as_str().unwrap();
    assert!(message.contains("1 records") && message.contains("memory_mb: 512"), "{message}");
    assert!(!message.contains("Secret"), "{message}");
}
