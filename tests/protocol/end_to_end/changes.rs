//! Sources that change, come back and go, and what others put where thumbnails go.

use std::time::Duration;

use scf_local::{Fault, FaultKind, event};
use serde_json::{Value, json};

use crate::world::{REGION, SOURCE, TARGET, Wishes, World, jpeg_of, size_of, small_jpeg};

fn removed(name: &str, version: &str) -> Value {
    let mut message = event::removed(name, SOURCE, REGION, "a.jpg");
    message["Records"][0]["cos"]["cosObject"]["vid"] = version.into();
    message
}

fn version_of(message: &Value) -> String {
    message["Records"][0]["cos"]["cosObject"]["vid"].as_str().unwrap().to_owned()
}

/// Two versions of one object, and the thumbnail of the newer.
async fn two_versions() -> (World, String, String) {
    let world = World::new().await;
    world.cos.versioning(SOURCE, true).unwrap();
    let older = world.upload("a.jpg", jpeg_of(640, 480)).await;
    let newer = world.upload("a.jpg", jpeg_of(320, 480)).await;
    world.invoke(&newer).await.stored();
    (world, version_of(&older), version_of(&newer))
}

#[tokio::test]
async fn removal_of_an_old_version_changes_nothing() {
    let (world, older, _) = two_versions().await;
    let before = world.stored("a.jpg");
    world.cos.delete_version(SOURCE, "a.jpg", &older);
    let outcome = world.invoke(&removed("cos:ObjectRemove:Delete", &older)).await.outcome();
    assert_eq!(outcome["outcome"], "unchanged", "{outcome:#}");
    assert_eq!(world.stored("a.jpg"), before);
}

#[tokio::test]
async fn removal_of_the_newest_version_brings_the_older_one_back() {
    let (world, older, newer) = two_versions().await;
    world.cos.delete_version(SOURCE, "a.jpg", &newer);
    let outcome = world.invoke(&removed("cos:ObjectRemove:Delete", &newer)).await.stored();
    assert_eq!(outcome["source"]["width"], 640);
    assert_eq!(world.stored("a.jpg").headers["x-cos-meta-thumbnail-version"], older);
}

#[tokio::test]
async fn a_delete_marker_takes_the_thumbnail_away() {
    for on in [true, false] {
        let (world, ..) = two_versions().await;
        // Enabled, or suspended.
        world.cos.versioning(SOURCE, on).unwrap();
        world.cos.delete(SOURCE, "a.jpg");
        let outcome = world.invoke(&removed("cos:ObjectRemove:DeleteMarkerCreated", "")).await.outcome();
        assert_eq!((&outcome["outcome"], &outcome["removed"]), (&"removed".into(), &json!(["a.jpg"])));
        assert!(world.cos.keys(TARGET).is_empty());
    }
}

#[tokio::test]
async fn sources_of_a_bucket_with_suspended_versioning_are_told_apart() {
    let (world, ..) = two_versions().await;
    world.cos.versioning(SOURCE, false).unwrap();
    for width in [160, 200] {
        let outcome = world.thumbnail_of("a.jpg", jpeg_of(width, 480)).await.stored();
        assert_eq!(outcome["source"]["width"], width);
        assert_eq!(world.stored("a.jpg").headers["x-cos-meta-thumbnail-version"], "null");
    }
}

/// Does something to the COS while the function's first `method` request is under way.
async fn while_busy(world: &World, message: &Value, method: &str, change: impl Fn(&World)) -> Value {
    let slow = FaultKind::Slow { before_ms: 300, chunk: 0, pause_ms: 0 };
    world.cos.fail(Fault::new(slow).method(method).times(1));
    let change = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        change(world);
    };
    let (told, ()) = tokio::join!(world.invoke(message), change);
    told.outcome()
}

#[tokio::test]
async fn an_overwrite_during_the_upload_is_noticed() {
    let world = World::new().await;
    let message = world.upload("a.jpg", jpeg_of(640, 480)).await;
    let overwrite = |world: &World| {
        world.cos.try_put(SOURCE, "a.jpg", None, jpeg_of(320, 480), &[]).unwrap();
    };
    let outcome = while_busy(&world, &message, "PUT", overwrite).await;
    assert_eq!((&outcome["outcome"], &outcome["source"]["width"]), (&"stored".into(), &320.into()));
    assert_eq!(outcome["thumbnails"].as_array().unwrap().len(), 1, "{outcome:#}");
    assert_eq!(size_of(&world.stored("a.jpg").bytes), (200, 300));
}

#[tokio::test]
async fn a_removal_during_the_upload_takes_the_thumbnail_away() {
    let world = World::new().await;
    let message = world.upload("a.jpg", small_jpeg()).await;
    let outcome = while_busy(&world, &message, "PUT", |world| world.cos.delete(SOURCE, "a.jpg")).await;
    assert_eq!((&outcome["outcome"], &outcome["thumbnails"]), (&"removed".into(), &json!([])));
    assert!(world.cos.keys(TARGET).is_empty());
}

#[tokio::test]
async fn an_object_of_others_that_comes_during_the_work_stays() {
    let world = World::new().await;
    let message = world.upload("a.jpg", small_jpeg()).await;
    let intrude = |world: &World| {
        world.cos.try_put(TARGET, "a.jpg", None, "somebody's", &[]).unwrap();
    };
    let outcome = while_busy(&world, &message, "GET", intrude).await;
    assert_eq!(outcome["code"], "skip.foreign", "{outcome:#}");
    assert_eq!(world.stored("a.jpg").bytes.as_ref(), b"somebody's");
}

#[tokio::test]
async fn objects_of_others_give_way_on_request() {
    let world = World::with(Wishes::default().setting("ON_FOREIGN", "overwrite")).await;
    world.cos.put(TARGET, "a.jpg", "somebody's", &[]).await;
    world.thumbnail_of("a.jpg", small_jpeg()).await.stored();
    assert_eq!(size_of(&world.stored("a.jpg").bytes), (64, 48));
}

#[tokio::test]
async fn a_key_belongs_to_the_source_of_the_thumbnail_that_lies_there() {
    let wishes = Wishes::default().setting("TARGET_KEY", "{dir}{stem}.png").setting("SOURCE_SUFFIX", ".jpg");
    let world = World::with(wishes).await;
    world.thumbnail_of("a.jpg", small_jpeg()).await.stored();
    let before = world.stored("a.png");
    let outcome = world.thumbnail_of("a.JPG", jpeg_of(80, 40)).await.outcome();
    assert_eq!((&outcome["code"], &outcome["kind"]), (&"target.taken".into(), &"permanent".into()));
    assert!(outcome["reason"].as_str().unwrap().contains("example-1250000000/a.jpg"), "{outcome:#}");
    world.cos.delete(SOURCE, "a.JPG");
    let gone = event::removed("cos:ObjectRemove:Delete", SOURCE, REGION, "a.JPG");
    assert_eq!(world.invoke(&gone).await.outcome()["code"], "skip.source_gone");
    assert_eq!(world.stored("a.png"), before);
}

#[tokio::test]
async fn a_thumbnail_of_ours_in_the_place_of_a_picture_takes_its_thumbnail_away() {
    let world = World::new().await;
    world.thumbnail_of("a.jpg", small_jpeg()).await.stored();
    let stamped =
        [("x-cos-meta-thumbnail-source", "x-1/y.jpg"), ("x-cos-meta-thumbnail-recipe", "some recipe")];
    let message = world.upload_with("a.jpg", jpeg_of(80, 40), &stamped).await;
    let outcome = world.invoke(&message).await.outcome();
    assert_eq!(outcome["outcome"], "removed", "{outcome:#}");
    assert_eq!(world.invoke(&message).await.outcome()["code"], "skip.own_thumbnail");
    assert!(world.cos.keys(TARGET).is_empty());
}

#[tokio::test]
async fn a_source_that_shows_late_is_waited_for() {
    let world = World::new().await;
    let message = world.upload("a.jpg", small_jpeg()).await;
    world.cos.delete(SOURCE, "a.jpg");
    let show = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.cos.put(SOURCE, "a.jpg", small_jpeg(), &[]).await
    };
    let (told, _) = tokio::join!(world.invoke(&message), show);
    told.stored();
}

#[tokio::test]
async fn times_no_clock_can_show_do_no_harm() {
    let world = World::new().await;
    let mut message = world.upload("a.jpg", small_jpeg()).await;
    message["Records"][0]["event"]["eventTime"] = u64::MAX.into();
    world.invoke(&message).await.stored();
}

#[tokio::test]
async fn a_source_older_than_its_event_is_waited_for() {
    let world = World::new().await;
    let newer = world.upload("a.jpg", jpeg_of(320, 480)).await;
    world.upload("a.jpg", jpeg_of(640, 480)).await;
    let mut message = newer;
    let time = message["Records"][0]["event"]["eventTime"].as_u64().unwrap();
    message["Records"][0]["event"]["eventTime"] = (time + 5).into();
    let show = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.cos.put(SOURCE, "a.jpg", jpeg_of(320, 480), &[]).await
    };
    let (told, _) = tokio::join!(world.invoke(&message), show);
    assert_eq!(told.stored()["source"]["width"], 320);
}
