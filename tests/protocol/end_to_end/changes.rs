//! Sources that are overwritten, removed and restored, and foreign objects under the keys of thumbnails.

use std::time::Duration;

use scf_local::{Fault, FaultKind, event};
use serde_json::{Value, json};

use crate::setup::{Options, REGION, SOURCE, Setup, TARGET, jpeg_of, size_of, small_jpeg};

fn removed(name: &str, version: &str) -> Value {
    let mut message = event::removed(name, SOURCE, REGION, "a.jpg");
    message["Records"][0]["cos"]["cosObject"]["vid"] = version.into();
    message
}

fn version_of(message: &Value) -> String {
    message["Records"][0]["cos"]["cosObject"]["vid"].as_str().unwrap().to_owned()
}

/// A source of two versions with the thumbnail of the newer one; returns the ids of both versions.
async fn two_versions() -> (Setup, String, String) {
    let setup = Setup::new().await;
    setup.cos.versioning(SOURCE, true).unwrap();
    let older = setup.upload("a.jpg", jpeg_of(640, 480)).await;
    let newer = setup.upload("a.jpg", jpeg_of(320, 480)).await;
    setup.invoke(&newer).await.stored();
    (setup, version_of(&older), version_of(&newer))
}

#[tokio::test]
async fn removal_of_an_old_version_changes_nothing() {
    let (setup, older, _) = two_versions().await;
    let before = setup.stored("a.jpg");
    setup.cos.delete_version(SOURCE, "a.jpg", &older);
    let outcome = setup.invoke(&removed("cos:ObjectRemove:Delete", &older)).await.outcome();
    assert_eq!(outcome["outcome"], "unchanged", "{outcome:#}");
    assert_eq!(setup.stored("a.jpg"), before);
}

#[tokio::test]
async fn removal_of_the_newest_version_restores_the_thumbnail_of_the_older_one() {
    let (setup, older, newer) = two_versions().await;
    setup.cos.delete_version(SOURCE, "a.jpg", &newer);
    let outcome = setup.invoke(&removed("cos:ObjectRemove:Delete", &newer)).await.stored();
    assert_eq!(outcome["source"]["width"], 640);
    assert_eq!(setup.stored("a.jpg").headers["x-cos-meta-thumbnail-version"], older);
}

#[tokio::test]
async fn delete_marker_removes_the_thumbnail() {
    for on in [true, false] {
        let (setup, ..) = two_versions().await;
        // Versioning enabled, or suspended.
        setup.cos.versioning(SOURCE, on).unwrap();
        setup.cos.delete(SOURCE, "a.jpg");
        let outcome = setup.invoke(&removed("cos:ObjectRemove:DeleteMarkerCreated", "")).await.outcome();
        assert_eq!((&outcome["outcome"], &outcome["removed"]), (&"removed".into(), &json!(["a.jpg"])));
        assert!(setup.cos.keys(TARGET).is_empty());
    }
}

#[tokio::test]
async fn sources_with_the_version_null_are_told_apart() {
    let (setup, ..) = two_versions().await;
    setup.cos.versioning(SOURCE, false).unwrap();
    for width in [160, 200] {
        let outcome = setup.thumbnail_of("a.jpg", jpeg_of(width, 480)).await.stored();
        assert_eq!(outcome["source"]["width"], width);
        assert_eq!(setup.stored("a.jpg").headers["x-cos-meta-thumbnail-version"], "null");
    }
}

/// Invokes the function, and changes COS while its first request of this method is under way.
async fn while_busy(setup: &Setup, message: &Value, method: &str, change: impl Fn(&Setup)) -> Value {
    let slow = FaultKind::Slow { before_ms: 300, chunk: 0, pause_ms: 0 };
    setup.cos.fail(Fault::new(slow).method(method).times(1));
    let change = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        change(setup);
    };
    let (response, ()) = tokio::join!(setup.invoke(message), change);
    response.outcome()
}

#[tokio::test]
async fn source_is_on_its_way_while_headers_of_its_thumbnail_are_awaited() {
    let setup = Setup::new().await;
    let message = setup.upload("a.jpg", small_jpeg()).await;
    let slow = FaultKind::Slow { before_ms: 1000, chunk: 0, pause_ms: 0 };
    setup.cos.fail(Fault::new(slow).method("HEAD").bucket(TARGET).times(1));
    setup.invoke(&message).await.stored();
    let answered: Vec<String> = setup.requests().into_iter().map(|(method, _)| method).collect();
    assert_eq!(answered, ["GET", "HEAD", "PUT", "HEAD"]);
}

#[tokio::test]
async fn thumbnail_is_stored_while_the_upload_of_another_is_awaited() {
    let setup = Setup::with(Options::default().setting("THUMBNAILS", "a=40x40;b=20x20")).await;
    let message = setup.upload("x.jpg", small_jpeg()).await;
    let slow = FaultKind::Slow { before_ms: 1000, chunk: 0, pause_ms: 0 };
    setup.cos.fail(Fault::new(slow).method("PUT").key("a/x.jpg").times(1));
    setup.cos.clear_journal();
    let outcome = setup.invoke(&message).await.stored();
    let journal = setup.cos.journal();
    let answered =
        journal.iter().filter(|request| request.method == "PUT").map(|request| request.key.as_str());
    assert_eq!(answered.collect::<Vec<_>>(), ["b/x.jpg", "a/x.jpg"]);
    let reported = outcome["thumbnails"].as_array().unwrap().iter().map(|thumbnail| &thumbnail["key"]);
    assert_eq!(reported.collect::<Vec<_>>(), ["a/x.jpg", "b/x.jpg"], "in the order of the rule");
}

#[tokio::test]
async fn source_overwritten_during_the_upload_is_rendered_again() {
    let setup = Setup::new().await;
    let message = setup.upload("a.jpg", jpeg_of(640, 480)).await;
    let overwrite = |setup: &Setup| {
        setup.cos.try_put(SOURCE, "a.jpg", None, jpeg_of(320, 480), &[]).unwrap();
    };
    let outcome = while_busy(&setup, &message, "PUT", overwrite).await;
    assert_eq!((&outcome["outcome"], &outcome["source"]["width"]), (&"stored".into(), &320.into()));
    assert_eq!(outcome["thumbnails"].as_array().unwrap().len(), 1, "{outcome:#}");
    assert_eq!(size_of(&setup.stored("a.jpg").bytes), (200, 300));
}

#[tokio::test]
async fn source_removed_during_the_upload_loses_its_thumbnail() {
    let setup = Setup::new().await;
    let message = setup.upload("a.jpg", small_jpeg()).await;
    let outcome = while_busy(&setup, &message, "PUT", |setup| setup.cos.delete(SOURCE, "a.jpg")).await;
    assert_eq!((&outcome["outcome"], &outcome["thumbnails"]), (&"removed".into(), &json!([])));
    assert!(setup.cos.keys(TARGET).is_empty());
}

#[tokio::test]
async fn foreign_object_stored_during_the_rendering_stays() {
    let setup = Setup::new().await;
    let message = setup.upload("a.jpg", small_jpeg()).await;
    let store_foreign = |setup: &Setup| {
        setup.cos.try_put(TARGET, "a.jpg", None, "somebody's", &[]).unwrap();
    };
    let outcome = while_busy(&setup, &message, "GET", store_foreign).await;
    assert_eq!(outcome["code"], "skip.foreign", "{outcome:#}");
    assert_eq!(setup.stored("a.jpg").bytes.as_ref(), b"somebody's");
}

#[tokio::test]
async fn foreign_objects_are_overwritten_on_request() {
    let setup = Setup::with(Options::default().setting("ON_FOREIGN", "overwrite")).await;
    setup.cos.put(TARGET, "a.jpg", "somebody's", &[]).await;
    setup.thumbnail_of("a.jpg", small_jpeg()).await.stored();
    assert_eq!(size_of(&setup.stored("a.jpg").bytes), (64, 48));
}

#[tokio::test]
async fn target_key_belongs_to_the_source_that_used_it_first() {
    let options =
        Options::default().setting("TARGET_KEY", "{dir}{stem}.png").setting("SOURCE_SUFFIX", ".jpg");
    let setup = Setup::with(options).await;
    setup.thumbnail_of("a.jpg", small_jpeg()).await.stored();
    let before = setup.stored("a.png");
    let outcome = setup.thumbnail_of("a.JPG", jpeg_of(80, 40)).await.outcome();
    assert_eq!((&outcome["code"], &outcome["kind"]), (&"target.taken".into(), &"permanent".into()));
    assert!(outcome["reason"].as_str().unwrap().contains("example-1250000000/a.jpg"), "{outcome:#}");
    setup.cos.delete(SOURCE, "a.JPG");
    let gone = event::removed("cos:ObjectRemove:Delete", SOURCE, REGION, "a.JPG");
    assert_eq!(setup.invoke(&gone).await.outcome()["code"], "skip.source_gone");
    assert_eq!(setup.stored("a.png"), before);
}

#[tokio::test]
async fn source_replaced_by_a_thumbnail_of_ours_loses_its_thumbnail() {
    let setup = Setup::new().await;
    setup.thumbnail_of("a.jpg", small_jpeg()).await.stored();
    let stamped =
        [("x-cos-meta-thumbnail-source", "x-1/y.jpg"), ("x-cos-meta-thumbnail-recipe", "some recipe")];
    let message = setup.upload_with("a.jpg", jpeg_of(80, 40), &stamped).await;
    let outcome = setup.invoke(&message).await.outcome();
    assert_eq!(outcome["outcome"], "removed", "{outcome:#}");
    assert_eq!(setup.invoke(&message).await.outcome()["code"], "skip.own_thumbnail");
    assert!(setup.cos.keys(TARGET).is_empty());
}

#[tokio::test]
async fn source_that_appears_late_is_waited_for() {
    let setup = Setup::new().await;
    let message = setup.upload("a.jpg", small_jpeg()).await;
    setup.cos.delete(SOURCE, "a.jpg");
    let show = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        setup.cos.put(SOURCE, "a.jpg", small_jpeg(), &[]).await
    };
    let (response, _) = tokio::join!(setup.invoke(&message), show);
    response.stored();
}

#[tokio::test]
async fn event_time_beyond_every_clock_is_accepted() {
    let setup = Setup::new().await;
    let mut message = setup.upload("a.jpg", small_jpeg()).await;
    message["Records"][0]["event"]["eventTime"] = u64::MAX.into();
    setup.invoke(&message).await.stored();
}

#[tokio::test]
async fn source_older_than_its_event_is_read_again() {
    let setup = Setup::new().await;
    let newer = setup.upload("a.jpg", jpeg_of(320, 480)).await;
    setup.upload("a.jpg", jpeg_of(640, 480)).await;
    let mut message = newer;
    let time = message["Records"][0]["event"]["eventTime"].as_u64().unwrap();
    message["Records"][0]["event"]["eventTime"] = (time + 5).into();
    let show = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        setup.cos.put(SOURCE, "a.jpg", jpeg_of(320, 480), &[]).await
    };
    let (response, _) = tokio::join!(setup.invoke(&message), show);
    assert_eq!(response.stored()["source"]["width"], 320);
}
