//! Requests of each case: the table of `docs/guarantees.md`, counted.

use scf_local::event;
use serde_json::Value;

use crate::setup::{Options, REGION, SOURCE, Setup, TARGET, jpeg_of, small_jpeg};

/// Thumbnails of each source, `n` in the table.
const THUMBNAILS: usize = 2;

async fn setup() -> Setup {
    Setup::with(Options::default().setting("THUMBNAILS", "a=40x40;b=20x20")).await
}

fn removed(key: &str) -> Value {
    event::removed("cos:ObjectRemove:Delete", SOURCE, REGION, key)
}

/// Methods of the requests of one invocation, and its outcome. Earlier requests are not counted.
async fn counted(setup: &Setup, message: &Value) -> (Vec<String>, Value) {
    setup.cos.clear_journal();
    let outcome = setup.invoke(message).await.outcome();
    let methods: Vec<String> = setup.requests().into_iter().map(|(method, _)| method).collect();
    assert_eq!(outcome["requests"], methods.len(), "{outcome:#}");
    (methods, outcome)
}

/// The requests of a row, such as `n HEAD with GET, n PUT, HEAD`: steps, each of requests in any order.
fn row(case: &str) -> Vec<Vec<String>> {
    let table = std::fs::read_to_string("docs/guarantees.md").unwrap();
    let start = format!("| {case} | ");
    let line = table.lines().find_map(|line| line.strip_prefix(start.as_str()));
    let cell =
        line.unwrap_or_else(|| panic!("docs/guarantees.md has no row {case:?}")).split('|').next().unwrap();
    let steps = cell.trim().split(", ").filter(|step| *step != "none");
    steps.map(|step| step.split(" with ").flat_map(requests).collect()).collect()
}

/// The methods of requests such as `n HEAD`.
fn requests(words: &str) -> Vec<String> {
    let (times, method) = words.rsplit_once(' ').unwrap_or(("1", words));
    let times = match times {
        "n" => THUMBNAILS,
        "n + 1" => THUMBNAILS + 1,
        times => times.parse().unwrap(),
    };
    vec![method.to_owned(); times]
}

/// Sorts the methods within each step, since nothing orders the requests of a step.
fn sorted(mut methods: &[String], steps: &[Vec<String>]) -> Vec<Vec<String>> {
    let mut sorted = Vec::new();
    for step in steps {
        let (these, rest) = methods.split_at(step.len().min(methods.len()));
        sorted.push(these.to_vec());
        methods = rest;
    }
    sorted.extend((!methods.is_empty()).then(|| methods.to_vec()));
    sorted.iter_mut().for_each(|step| step.sort_unstable());
    sorted
}

#[track_caller]
fn assert_costs(case: &str, (methods, outcome): (Vec<String>, Value), ending: &str) {
    let steps = row(case);
    let told = sorted(&steps.concat(), &steps);
    assert_eq!(sorted(&methods, &steps), told, "{case}: {outcome:#}");
    let response = outcome.get("code").unwrap_or_else(|| &outcome["outcome"]);
    assert_eq!(response, ending, "{case}: {outcome:#}");
}

#[tokio::test]
async fn an_image_costs_what_the_table_says_from_its_upload_to_its_end() {
    let setup = setup().await;
    let first = setup.upload("x.jpg", small_jpeg()).await;
    assert_costs("a new image", counted(&setup, &first).await, "stored");
    assert_costs("the same event again", counted(&setup, &first).await, "unchanged");
    let second = setup.upload("x.jpg", jpeg_of(80, 48)).await;
    assert_costs("an image that replaces another", counted(&setup, &second).await, "stored");
    assert_costs("an older event again", counted(&setup, &first).await, "unchanged");
    setup.cos.delete(TARGET, "b/x.jpg");
    let (methods, outcome) = counted(&setup, &second).await;
    assert_eq!((outcome["thumbnails"].as_array().unwrap().len(), &outcome["kept"]), (1, &1.into()));
    assert_costs("the same event again, one thumbnail missing", (methods, outcome), "stored");
    assert_costs("a late removal", counted(&setup, &removed("x.jpg")).await, "unchanged");
    setup.cos.delete(SOURCE, "x.jpg");
    let (methods, outcome) = counted(&setup, &removed("x.jpg")).await;
    assert_eq!(outcome["removed"], serde_json::json!(["a/x.jpg", "b/x.jpg"]));
    assert_costs("a removal", (methods, outcome), "removed");
    assert_costs("the same removal again", counted(&setup, &removed("x.jpg")).await, "skip.source_gone");
    let gone = setup.upload("y.jpg", small_jpeg()).await;
    setup.cos.delete(SOURCE, "y.jpg");
    assert_costs("an upload that is gone", counted(&setup, &gone).await, "skip.source_gone");
    assert!(setup.cos.keys(TARGET).is_empty());
}

#[tokio::test]
async fn another_process_abandons_the_download_of_an_image_whose_thumbnails_are_current() {
    let setup = setup().await;
    let upload = setup.upload("x.jpg", jpeg_of(1600, 1200)).await;
    setup.invoke(&upload).await.stored();
    setup.scf.kill().await;
    let again = counted(&setup, &upload).await;
    assert_costs("the same event again, in another process", again, "unchanged");
    let upload = setup.upload("x.jpg", jpeg_of(80, 48)).await;
    assert_costs("an image that replaces another", counted(&setup, &upload).await, "stored");
}

#[tokio::test]
async fn a_manifest_costs_what_the_table_says() {
    let options = Options::default().setting("THUMBNAILS", "a=40x40;b=20x20");
    let setup = Setup::with(options.setting("MANIFEST", "{key}.json")).await;
    let first = setup.upload("x.jpg", small_jpeg()).await;
    assert_costs("a new image, with a manifest", counted(&setup, &first).await, "stored");
    assert_costs("the same event again, with a manifest", counted(&setup, &first).await, "unchanged");
    let second = setup.upload("x.jpg", jpeg_of(80, 48)).await;
    let replaced = counted(&setup, &second).await;
    assert_costs("an image that replaces another, with a manifest", replaced, "stored");
    setup.cos.delete(TARGET, "x.jpg.json");
    assert_costs("the same event again, the manifest missing", counted(&setup, &second).await, "stored");
    setup.cos.delete(SOURCE, "x.jpg");
    assert_costs("a removal, with a manifest", counted(&setup, &removed("x.jpg")).await, "removed");
}

#[tokio::test]
async fn sources_without_thumbnails_cost_what_the_table_says() {
    let setup = setup().await;
    let text = setup.upload("text.jpg", "no picture").await;
    assert_costs("a non-image", counted(&setup, &text).await, "image.not_an_image");
    setup.thumbnail_of("over.jpg", small_jpeg()).await.stored();
    let over = setup.upload("over.jpg", "no picture").await;
    assert_costs("a non-image that replaces an image", counted(&setup, &over).await, "image.not_an_image");
    assert!(setup.cos.keys(TARGET).is_empty(), "thumbnails of what was there before are wrong now");
    let empty = setup.upload("empty.jpg", "").await;
    assert_costs("an empty object", counted(&setup, &empty).await, "skip.empty");
    let archived = [("x-cos-storage-class", "ARCHIVE")];
    let archived = setup.upload_with("cold.jpg", small_jpeg(), &archived).await;
    assert_costs("an archived image", counted(&setup, &archived).await, "cos.archived");
    let folder = setup.upload("folder/", "").await;
    assert_costs("no rule, a folder, another event", counted(&setup, &folder).await, "skip.folder");
}

#[tokio::test]
async fn foreign_objects_cost_what_the_table_says_and_stay() {
    let setup = setup().await;
    for key in ["a/x.jpg", "b/x.jpg"] {
        setup.cos.put(TARGET, key, "somebody's", &[]).await;
    }
    let upload = setup.upload("x.jpg", small_jpeg()).await;
    let (methods, outcome) = counted(&setup, &upload).await;
    assert_eq!(outcome["foreign"], serde_json::json!(["a/x.jpg", "b/x.jpg"]));
    assert_costs("foreign objects under all keys", (methods, outcome), "skip.foreign");
    setup.cos.delete(SOURCE, "x.jpg");
    setup.invoke(&removed("x.jpg")).await.outcome();
    for key in ["a/x.jpg", "b/x.jpg"] {
        assert_eq!(setup.stored(key).bytes.as_ref(), b"somebody's", "{key}");
    }
}

#[tokio::test]
async fn another_recipe_renews_all_thumbnails_of_its_rule() {
    let narrow = setup().await;
    let upload = narrow.upload("x.jpg", small_jpeg()).await;
    narrow.invoke(&upload).await.stored();
    // The same buckets with a third, larger thumbnail in the rule.
    let wide = Setup::with(Options::default().setting("THUMBNAILS", "a=40x40;b=20x20;c=60x60")).await;
    let upload = wide.upload("x.jpg", small_jpeg()).await;
    for key in ["a/x.jpg", "b/x.jpg"] {
        let old = narrow.stored(key);
        let headers: Vec<(&str, &str)> =
            old.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        wide.cos.put(TARGET, key, old.bytes.clone(), &headers).await;
    }
    let outcome = wide.invoke(&upload).await.stored();
    assert_eq!(outcome["thumbnails"].as_array().unwrap().len(), 3, "{outcome:#}");
    assert_eq!(wide.invoke(&upload).await.outcome()["outcome"], "unchanged");
}
