//! Messages with several records.

use scf_local::{Fault, FaultKind, Outcome, event};
use serde_json::{Value, json};

use crate::setup::{Options, SOURCE, Setup, example, jpeg_of, photo, small_jpeg, tiff_with_directory_last};

#[tokio::test]
async fn bad_records_do_not_fail_the_others_of_a_message() {
    let setup = Setup::new().await;
    let mut messages = Vec::new();
    for number in 0..47 {
        messages.push(setup.upload(&format!("photo-{number}.jpg"), small_jpeg()).await);
    }
    messages.insert(5, json!({"Records": [{"event": {"eventName": "cos:ObjectCreated:Put"}}]}));
    messages.insert(20, setup.upload("broken.jpg", photo()[..3000].to_vec()).await);
    messages.insert(40, setup.upload("text.jpg", "no picture").await);
    let response = setup.invoke(&event::merged(&messages)).await;
    let outcomes = response.outcomes();
    assert_eq!(outcomes.len(), 50);
    let count = |outcome: &str| outcomes.iter().filter(|entry| entry["outcome"] == outcome).count();
    assert_eq!((count("stored"), count("failed")), (47, 3));
    assert_eq!(response.log().len(), 50, "one line a record");
    assert_eq!(setup.cos.keys(crate::setup::TARGET).len(), 47);
}

#[tokio::test]
async fn earlier_records_of_a_key_are_superseded_by_its_last() {
    let setup = Setup::new().await;
    let created = setup.upload("a.jpg", small_jpeg()).await;
    setup.cos.delete(SOURCE, "a.jpg");
    let removed = event::removed("cos:ObjectRemove:Delete", SOURCE, crate::setup::REGION, "a.jpg");
    let response = setup.invoke(&event::merged(&[created.clone(), created.clone(), removed])).await;
    let codes: Vec<Value> = response.outcomes().iter().map(|outcome| outcome["code"].clone()).collect();
    assert_eq!(codes, ["skip.superseded", "skip.superseded", "skip.source_gone"]);
    assert_eq!(
        setup.requests(),
        [("HEAD".to_owned(), 404), ("HEAD".to_owned(), 404)],
        "the source is requested once for all records"
    );
}

#[tokio::test]
async fn transient_failure_lets_the_other_records_finish_and_is_retried() {
    let setup = Setup::new().await;
    let messages = [setup.upload("a.jpg", small_jpeg()).await, setup.upload("b.jpg", small_jpeg()).await];
    let busy = FaultKind::Status { status: 503, code: "SlowDown".to_owned() };
    setup.cos.fail(Fault::new(busy).method("GET").key("a.jpg").times(4));
    let answers = setup.scf.deliver(&event::merged(&messages).to_string()).await;
    assert_eq!(answers.len(), 2, "one failed attempt and one that succeeded");
    let first = format!("{:?}", answers[0].outcome);
    assert!(first.contains("1 of 2 records failed") && first.contains("cos.unavailable"), "{first}");
    assert!(answers[1].outcome.is_success());
    assert_eq!(setup.cos.keys(crate::setup::TARGET), ["a.jpg", "b.jpg"]);
}

#[tokio::test]
async fn answer_and_log_of_a_huge_message_are_bounded_and_count_every_record() {
    let setup = Setup::with(Options { memory_mb: 64, ..Options::default() }).await;
    let good = setup.upload("a.jpg", small_jpeg()).await["Records"][0].clone();
    let text = setup.upload("text.jpg", "no picture").await["Records"][0].clone();
    let other = |number: usize| {
        json!({"cos": {"cosBucket": {"name": "example", "appid": 1_250_000_000}, "cosObject": {"key": number.to_string()}},
            "event": {"eventName": "cos:ObjectTagging:Put"}})
    };
    let junk = |number: usize| match number % 4 {
        0 => json!({}),
        1 => json!(7),
        2 => json!({"eventSource": "aws:s3"}),
        _ => other(number),
    };
    let mut records: Vec<Value> = (0..60_000).map(junk).collect();
    records.insert(30_000, good);
    records.push(text);
    let message = json!({"Records": records});
    let response = setup.invoke(&message).await;
    let Outcome::Response(answer) = &response.0.outcome else { panic!("{:?}", response.0.outcome) };
    assert!(answer.len() < 1_000_000, "{}", answer.len());
    let body: Value = serde_json::from_str(answer).unwrap();
    let counts = json!({"event.not_cos": 15_000, "event.record": 30_000, "image.not_an_image": 1, "skip.event": 15_000, "stored": 1});
    assert_eq!(body["counts"], counts);
    let shown = body["outcomes"].as_array().unwrap();
    assert_eq!(shown[0]["outcome"], "failed");
    assert_eq!(body["outcomes_not_shown"], 60_002 - shown.len());
    assert_eq!(setup.cos.keys(crate::setup::TARGET), ["a.jpg"]);

    let bytes: usize = response.0.log.iter().map(String::len).sum();
    assert!(bytes < 2_200_000, "{bytes}");
    let last = response.log().pop().unwrap();
    let sentence = last["message"].as_str().unwrap();
    assert!(
        sentence.contains("of 60002 records have no line of their own")
            && sentence.contains("15000 skip.event"),
        "{sentence}"
    );
}

#[tokio::test]
async fn slow_record_does_not_delay_the_others() {
    let setup = Setup::new().await;
    let mut messages = Vec::new();
    for key in ["a.jpg", "b.jpg", "c.jpg"] {
        messages.push(setup.upload(key, small_jpeg()).await);
    }
    let slow = FaultKind::Slow { before_ms: 1000, chunk: 0, pause_ms: 0 };
    setup.cos.fail(Fault::new(slow).method("GET").key("a.jpg"));
    let response = setup.invoke(&event::merged(&messages)).await;
    let outcomes = response.outcomes();
    let keys: Vec<&Value> = outcomes.iter().map(|outcome| &outcome["key"]).collect();
    assert_eq!(keys, ["a.jpg", "b.jpg", "c.jpg"], "outcomes are in the order of the message");
    assert!(outcomes.iter().all(|outcome| outcome["requests"] == 4), "{outcomes:#?}");
    let journal = setup.cos.journal();
    let at = |method: &str, key: &str| {
        journal.iter().position(|request| request.method == method && request.key == key).unwrap()
    };
    assert!(at("PUT", "c.jpg") < at("GET", "a.jpg"), "{journal:#?}");
}

#[tokio::test]
async fn large_sources_are_rendered_one_after_the_other_to_fit_the_memory() {
    let setup = Setup::with(Options { memory_mb: 128, ..Options::default() }).await;
    // 36 MB, more than a quarter of the 104 MB for pixels.
    let tiff = tiff_with_directory_last(4000, 3000);
    let mut messages = Vec::new();
    for number in 0..4 {
        messages.push(setup.upload(&format!("{number}.tif"), tiff.clone()).await);
        messages.push(setup.upload(&format!("{number}.jpg"), jpeg_of(6000, 4000)).await);
    }
    let response = setup.invoke(&event::merged(&messages)).await;
    for outcome in response.outcomes() {
        assert_eq!(outcome["outcome"], "stored", "{outcome:#}");
    }
    assert!(response.0.peak_rss.unwrap() < 128 * 1024 * 1024, "{:?}", response.0.peak_rss);
}

#[tokio::test]
async fn every_example_event_of_cos_is_answered() {
    let setup = Setup::new().await;
    for name in std::fs::read_dir("events").unwrap() {
        let path = name.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let message = example(path.file_stem().unwrap().to_str().unwrap());
        // The test event of the doctor is not an event of COS.
        if message.get("doctor").is_some() {
            continue;
        }
        for record in message["Records"].as_array().unwrap() {
            let raw = record["cos"]["cosObject"]["key"].as_str().unwrap();
            let key = raw.strip_prefix("/1250000000/example/").unwrap();
            let bytes = if key.ends_with('/') { Vec::new() } else { small_jpeg() };
            setup.cos.put(SOURCE, key, bytes, &[]).await;
        }
        let response = setup.invoke(&message).await;
        let outcomes = response.outcomes();
        assert_eq!(outcomes.len(), message["Records"].as_array().unwrap().len());
        for outcome in outcomes {
            assert_ne!(outcome["outcome"], "failed", "{}: {outcome:#}", path.display());
        }
    }
}
