//! Messages of several records.

use scf_local::{Fault, FaultKind, event};
use serde_json::{Value, json};

use crate::world::{SOURCE, Wishes, World, example, jpeg_of, photo, small_jpeg};

#[tokio::test]
async fn fifty_records_with_three_bad_ones() {
    let world = World::new().await;
    let mut messages = Vec::new();
    for number in 0..47 {
        messages.push(world.upload(&format!("photo-{number}.jpg"), small_jpeg()).await);
    }
    messages.insert(5, json!({"Records": [{"event": {"eventName": "cos:ObjectCreated:Put"}}]}));
    messages.insert(20, world.upload("broken.jpg", photo()[..3000].to_vec()).await);
    messages.insert(40, world.upload("text.jpg", "no picture").await);
    let told = world.invoke(&event::merged(&messages)).await;
    let outcomes = told.outcomes();
    assert_eq!(outcomes.len(), 50);
    let count = |outcome: &str| outcomes.iter().filter(|entry| entry["outcome"] == outcome).count();
    assert_eq!((count("stored"), count("failed")), (47, 3));
    assert_eq!(told.log().len(), 50, "one line a record");
    assert_eq!(world.cos.keys(crate::world::TARGET).len(), 47);
}

#[tokio::test]
async fn the_last_state_of_a_key_counts() {
    let world = World::new().await;
    let created = world.upload("a.jpg", small_jpeg()).await;
    world.cos.delete(SOURCE, "a.jpg");
    let removed = event::removed("cos:ObjectRemove:Delete", SOURCE, crate::world::REGION, "a.jpg");
    let told = world.invoke(&event::merged(&[created.clone(), created.clone(), removed])).await;
    let codes: Vec<Value> = told.outcomes().iter().map(|outcome| outcome["code"].clone()).collect();
    assert_eq!(codes, ["skip.superseded", "skip.superseded", "skip.source_gone"]);
    assert_eq!(world.requests(), [("HEAD".to_owned(), 404), ("HEAD".to_owned(), 404)], "one look for all");
}

#[tokio::test]
async fn a_transient_failure_lets_the_others_finish_and_is_tried_again() {
    let world = World::new().await;
    let messages = [world.upload("a.jpg", small_jpeg()).await, world.upload("b.jpg", small_jpeg()).await];
    let busy = FaultKind::Status { status: 503, code: "SlowDown".to_owned() };
    world.cos.fail(Fault::new(busy).method("GET").key("a.jpg").times(4));
    let answers = world.scf.deliver(&event::merged(&messages).to_string()).await;
    assert_eq!(answers.len(), 2, "one failed attempt and one that went well");
    let first = format!("{:?}", answers[0].outcome);
    assert!(first.contains("1 of 2 records failed") && first.contains("cos.unavailable"), "{first}");
    assert!(answers[1].outcome.is_success());
    assert_eq!(world.cos.keys(crate::world::TARGET), ["a.jpg", "b.jpg"]);
}

#[tokio::test]
async fn a_slow_record_does_not_keep_the_others_waiting() {
    let world = World::new().await;
    let mut messages = Vec::new();
    for key in ["a.jpg", "b.jpg", "c.jpg"] {
        messages.push(world.upload(key, small_jpeg()).await);
    }
    let slow = FaultKind::Slow { before_ms: 1000, chunk: 0, pause_ms: 0 };
    world.cos.fail(Fault::new(slow).method("GET").key("a.jpg"));
    let told = world.invoke(&event::merged(&messages)).await;
    let outcomes = told.outcomes();
    let keys: Vec<&Value> = outcomes.iter().map(|outcome| &outcome["key"]).collect();
    assert_eq!(keys, ["a.jpg", "b.jpg", "c.jpg"], "outcomes are in the order of the message");
    assert!(outcomes.iter().all(|outcome| outcome["requests"] == 4), "{outcomes:#?}");
    let journal = world.cos.journal();
    let at = |method: &str, key: &str| {
        journal.iter().position(|request| request.method == method && request.key == key).unwrap()
    };
    assert!(at("PUT", "c.jpg") < at("GET", "a.jpg"), "{journal:#?}");
}

#[tokio::test]
async fn large_pictures_among_many_fit_the_memory_one_after_the_other() {
    let world = World::with(Wishes { memory_mb: 128, ..Wishes::default() }).await;
    // Their directories come last, so that all of each has to be held: 36 MB, more than a fourth of 104.
    let picture = image::DynamicImage::ImageRgb8(image::RgbImage::new(4000, 3000));
    let mut tiff = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut tiff, image::ImageFormat::Tiff).unwrap();
    let mut messages = Vec::new();
    for number in 0..4 {
        messages.push(world.upload(&format!("{number}.tif"), tiff.get_ref().clone()).await);
        messages.push(world.upload(&format!("{number}.jpg"), jpeg_of(6000, 4000)).await);
    }
    let told = world.invoke(&event::merged(&messages)).await;
    for outcome in told.outcomes() {
        assert_eq!(outcome["outcome"], "stored", "{outcome:#}");
    }
    assert!(told.0.peak_rss.unwrap() < 128 * 1024 * 1024, "{:?}", told.0.peak_rss);
}

#[tokio::test]
async fn every_example_event_of_cos_is_answered() {
    let world = World::new().await;
    for name in std::fs::read_dir("events").unwrap() {
        let path = name.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let message = example(path.file_stem().unwrap().to_str().unwrap());
        // That of the doctor is no event of COS.
        if message.get("doctor").is_some() {
            continue;
        }
        for record in message["Records"].as_array().unwrap() {
            let raw = record["cos"]["cosObject"]["key"].as_str().unwrap();
            let key = raw.strip_prefix("/1250000000/example/").unwrap();
            let bytes = if key.ends_with('/') { Vec::new() } else { small_jpeg() };
            world.cos.put(SOURCE, key, bytes, &[]).await;
        }
        let told = world.invoke(&message).await;
        let outcomes = told.outcomes();
        assert_eq!(outcomes.len(), message["Records"].as_array().unwrap().len());
        for outcome in outcomes {
            assert_ne!(outcome["outcome"], "failed", "{}: {outcome:#}", path.display());
        }
    }
}
