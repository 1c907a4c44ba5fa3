//! The calls of the events tab, with the real program: events that are late, repeated, of another kind, or meet faults.

use scf_local::event::EventKind;
use serde_json::{Value, json};

use crate::playground::{PHOTO, Page, variables};
use crate::setup::{SOURCE, TARGET};

const KEY: &str = "a.jpg";

impl Page {
    fn call_json(&self, name: &str, call: &Value) -> Value {
        let answer = self.post(&format!("/api/{name}"), "application/json", call.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.json());
        answer.json()
    }

    /// Uploads other content under the key, and returns its event.
    fn upload_version(&self, side: u32) -> Value {
        let photo = image::DynamicImage::new_rgb8(side, side);
        let mut bytes = std::io::Cursor::new(Vec::new());
        photo.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        let target = format!("/api/photos?bucket={SOURCE}&key={KEY}");
        self.post(&target, "image/png", bytes.get_ref()).json()["event"].clone()
    }

    fn remove_source(&self) -> Value {
        self.call_json("removals", &json!({ "bucket": SOURCE, "key": KEY }))["event"].clone()
    }

    fn deliver(&self, event: &Value, faults: &Value) -> Value {
        let configuration = variables(&[("THUMBNAILS", "s=90x90;l=200x200"), ("FORMAT", "jpeg")]);
        let call =
            json!({ "configuration": configuration, "bucket": SOURCE, "event": event, "faults": faults });
        self.call_json("deliveries", &call)
    }

    fn buckets(&self) -> Value {
        self.get(&format!("/api/buckets?bucket={SOURCE}&bucket={TARGET}")).json()
    }

    /// ETags of the sources that the thumbnails name.
    fn stamps(&self) -> Vec<String> {
        let report = self.buckets();
        let objects = report["buckets"][1]["objects"].as_array().unwrap().clone();
        let stamp = |object: &Value| {
            assert_eq!(object["stamp"]["source"], format!("{SOURCE}/{KEY}"));
            object["stamp"]["etag"].as_str().unwrap().to_owned()
        };
        objects.iter().map(stamp).collect()
    }
}

fn settings() -> Value {
    variables(&[("THUMBNAILS", "s=90x90;l=200x200"), ("FORMAT", "jpeg")])
}

fn outcomes(delivery: &Value) -> Vec<(u64, String)> {
    let outcome = |attempt: &Value| {
        let text = attempt["answer"]["outcomes"][0]["outcome"].as_str().unwrap_or("none");
        (attempt["status"].as_u64().unwrap(), text.to_owned())
    };
    delivery["attempts"].as_array().unwrap().iter().map(outcome).collect()
}

fn etag(event: &Value) -> String {
    event["Records"][0]["cos"]["cosObject"]["meta"]["ETag"].as_str().unwrap().trim_matches('"').to_owned()
}

#[tokio::test]
async fn late_and_repeated_events_leave_the_thumbnails_of_the_current_source() {
    let page = Page::open().await;
    let (first, second) = (page.upload_version(300), page.upload_version(400));
    assert_ne!(etag(&first), etag(&second));
    let stored = page.deliver(&second, &json!([]));
    assert_eq!(outcomes(&stored), [(200, "stored".to_owned())], "{stored}");
    assert!(stored["attempts"][0]["log"][0].as_str().unwrap().contains(KEY), "{stored}");
    let puts = stored["requests"].as_array().unwrap().iter().filter(|request| request["method"] == "PUT");
    assert_eq!(puts.count(), 2, "{stored}");
    assert_eq!(page.stamps(), [etag(&second), etag(&second)]);
    for event in [&first, &second] {
        let again = page.deliver(event, &json!([]));
        assert_eq!(outcomes(&again), [(200, "unchanged".to_owned())], "{again}");
    }
    assert_eq!(page.stamps(), [etag(&second), etag(&second)]);
    // The removal is delivered before the upload that came first.
    let removal = page.remove_source();
    assert_eq!(removal["Records"][0]["event"]["eventName"], "cos:ObjectRemove:Delete");
    assert_eq!(outcomes(&page.deliver(&removal, &json!([])))[0].1, "removed");
    page.deliver(&second, &json!([]));
    assert!(page.stamps().is_empty());
    // COS sends no event for what is not there.
    assert_eq!(page.remove_source(), Value::Null);
}

#[tokio::test]
async fn faults_apply_to_the_function_alone_until_they_are_used_up() {
    let page = Page::open().await;
    let event = page.upload_version(300);
    let faults = json!([
        { "fault": "slow_down", "times": 1 },
        { "fault": "killed", "times": 1 },
        { "fault": "lost_answer", "times": 1 },
    ]);
    let delivery = page.deliver(&event, &faults);
    // The work was done when the process was killed, so the second attempt finds it.
    assert_eq!(outcomes(&delivery), [(439, "none".to_owned()), (200, "unchanged".to_owned())], "{delivery}");
    let requests = delivery["requests"].as_array().unwrap();
    let statuses: Vec<u64> = requests.iter().filter_map(|request| request["status"].as_u64()).collect();
    assert!(statuses.contains(&503) && statuses.contains(&0), "{statuses:?}");
    assert_eq!((&delivery["faults"], page.stamps()), (&json!([]), vec![etag(&event), etag(&event)]));
    // Nothing is stored, so no answer to a PUT is lost, and the page's own PUT is not hit by what is left.
    let lost = json!([{ "fault": "lost_answer", "times": 3 }]);
    let delivery = page.deliver(&event, &lost);
    assert_eq!((outcomes(&delivery)[0].1.as_str(), &delivery["faults"]), ("unchanged", &lost));
    assert_eq!(outcomes(&page.deliver(&page.upload_version(400), &json!([])))[0].1, "stored");
}

#[tokio::test]
async fn every_kind_of_event_is_delivered_for_the_object_as_it_is() {
    let page = Page::open().await;
    let event = page.upload_version(300);
    page.deliver(&event, &json!([]));
    let kinds = page.get("/api/kinds").json();
    assert_eq!(kinds.as_array().unwrap().len(), EventKind::ALL.len());
    for kind in EventKind::ALL {
        let call = json!({ "kind": kind.name(), "bucket": SOURCE, "key": KEY });
        let message = page.call_json("messages", &call)["event"].clone();
        assert_eq!(message["Records"][0]["event"]["eventName"], kind.event_name());
        if !kind.is_removal() {
            assert_eq!(etag(&message), etag(&event), "{}", kind.name());
        }
        let delivery = page.deliver(&message, &json!([]));
        // The source is there, also after an event that says that it was removed.
        assert_eq!(page.stamps(), [etag(&event), etag(&event)], "{}: {delivery}", kind.name());
    }
    let wrong =
        page.post("/api/messages", "application/json", br#"{"kind":"rename","bucket":"a-1","key":"a"}"#);
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn a_listing_waits_for_the_next_change() {
    let page = Page::open().await;
    let empty = page.buckets();
    let target = format!("/api/buckets?bucket={SOURCE}&seen={}", empty["revision"]);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| page.get(&target).json());
        page.upload_version(300);
        let changed = waiting.join().unwrap();
        assert_ne!(changed["revision"], empty["revision"]);
        assert_eq!(changed["buckets"][0]["objects"][0]["key"], KEY);
    });
}

#[tokio::test]
async fn another_source_bucket_gets_its_target_bucket() {
    let page = Page::open().await;
    assert_eq!(outcomes(&page.deliver(&page.upload_version(300), &json!([])))[0].1, "stored");
    let message = json!({ "kind": "put", "bucket": "other-1250000000", "key": KEY });
    page.post(&format!("/api/photos?bucket=other-1250000000&key={KEY}"), "image/jpeg", PHOTO);
    let event = page.call_json("messages", &message)["event"].clone();
    // The same settings: the process remains, and its target bucket is another.
    let call = json!({ "configuration": settings(), "bucket": "other-1250000000", "event": event });
    assert_eq!(outcomes(&page.call_json("deliveries", &call))[0].1, "stored");
    assert_eq!(page.cos.keys("otherresized-1250000000").len(), 2);
}
