//! Requests of each case: the table of `docs/guarantees.md`, counted.

use scf_local::event;
use serde_json::Value;

use crate::world::{REGION, SOURCE, TARGET, Wishes, World, jpeg_of, small_jpeg};

/// Thumbnails of each source here: `n` in the table.
const THUMBNAILS: usize = 2;

async fn world() -> World {
    World::with(Wishes::default().setting("THUMBNAILS", "a=40x40;b=20x20")).await
}

fn removed(key: &str) -> Value {
    event::removed("cos:ObjectRemove:Delete", SOURCE, REGION, key)
}

/// Whatever made the row's case true is not counted.
async fn counted(world: &World, message: &Value) -> (Vec<String>, Value) {
    world.cos.clear_journal();
    let outcome = world.invoke(message).await.outcome();
    let methods: Vec<String> = world.requests().into_iter().map(|(method, _)| method).collect();
    assert_eq!(outcome["requests"], methods.len(), "{outcome:#}");
    (methods, outcome)
}

/// The requests of a row, such as `n HEAD, GET, n PUT, HEAD`.
fn row(case: &str) -> Vec<String> {
    let table = std::fs::read_to_string("docs/guarantees.md").unwrap();
    let start = format!("| {case} | ");
    let line = table.lines().find_map(|line| line.strip_prefix(start.as_str()));
    let cell =
        line.unwrap_or_else(|| panic!("docs/guarantees.md has no row {case:?}")).split('|').next().unwrap();
    let mut methods = Vec::new();
    for words in cell.trim().split(", ").filter(|words| *words != "none") {
        let (times, method) = match words.split_once(' ') {
            Some(("n", method)) => (THUMBNAILS, method),
            Some((times, method)) => (times.parse().unwrap(), method),
            None => (1, words),
        };
        methods.extend(std::iter::repeat_n(method.to_owned(), times));
    }
    methods
}

#[track_caller]
fn assert_costs(case: &str, (methods, outcome): (Vec<String>, Value), ending: &str) {
    assert_eq!(methods, row(case), "{case}: {outcome:#}");
    let told = outcome.get("code").unwrap_or_else(|| &outcome["outcome"]);
    assert_eq!(told, ending, "{case}: {outcome:#}");
}

#[tokio::test]
async fn an_image_costs_what_the_table_says_from_its_upload_to_its_end() {
    let world = world().await;
    let first = world.upload("x.jpg", small_jpeg()).await;
    assert_costs("a new image", counted(&world, &first).await, "stored");
    assert_costs("the same event again", counted(&world, &first).await, "unchanged");
    let second = world.upload("x.jpg", jpeg_of(80, 48)).await;
    assert_costs("an image that replaces another", counted(&world, &second).await, "stored");
    assert_costs("an older event", counted(&world, &first).await, "unchanged");
    world.cos.delete(TARGET, "b/x.jpg");
    let (methods, outcome) = counted(&world, &second).await;
    assert_eq!((outcome["thumbnails"].as_array().unwrap().len(), &outcome["kept"]), (1, &1.into()));
    assert_costs("one thumbnail missing", (methods, outcome), "stored");
    assert_costs("a late removal", counted(&world, &removed("x.jpg")).await, "unchanged");
    world.cos.delete(SOURCE, "x.jpg");
    let (methods, outcome) = counted(&world, &removed("x.jpg")).await;
    assert_eq!(outcome["removed"], serde_json::json!(["a/x.jpg", "b/x.jpg"]));
    assert_costs("a removal", (methods, outcome), "removed");
    assert_costs("the same removal again", counted(&world, &removed("x.jpg")).await, "skip.source_gone");
    assert_costs("an upload that is gone", counted(&world, &first).await, "skip.source_gone");
    assert!(world.cos.keys(TARGET).is_empty());
}

#[tokio::test]
async fn sources_without_thumbnails_cost_what_the_table_says() {
    let world = world().await;
    let text = world.upload("text.jpg", "no picture").await;
    assert_costs("a non-image", counted(&world, &text).await, "image.not_an_image");
    world.thumbnail_of("over.jpg", small_jpeg()).await.stored();
    let over = world.upload("over.jpg", "no picture").await;
    assert_costs("a non-image that replaces an image", counted(&world, &over).await, "image.not_an_image");
    assert!(world.cos.keys(TARGET).is_empty(), "thumbnails of what was there before are wrong now");
    let empty = world.upload("empty.jpg", "").await;
    assert_costs("an empty object", counted(&world, &empty).await, "skip.empty");
    let archived = [("x-cos-storage-class", "ARCHIVE")];
    let archived = world.upload_with("cold.jpg", small_jpeg(), &archived).await;
    assert_costs("an archived image", counted(&world, &archived).await, "cos.archived");
    let folder = world.upload("folder/", "").await;
    assert_costs("no rule, a folder, another event", counted(&world, &folder).await, "skip.folder");
}

#[tokio::test]
async fn foreign_objects_cost_what_the_table_says_and_stay() {
    let world = world().await;
    for key in ["a/x.jpg", "b/x.jpg"] {
        world.cos.put(TARGET, key, "somebody's", &[]).await;
    }
    let upload = world.upload("x.jpg", small_jpeg()).await;
    let (methods, outcome) = counted(&world, &upload).await;
    assert_eq!(outcome["foreign"], serde_json::json!(["a/x.jpg", "b/x.jpg"]));
    assert_costs("foreign objects under all keys", (methods, outcome), "skip.foreign");
    world.cos.delete(SOURCE, "x.jpg");
    world.invoke(&removed("x.jpg")).await.outcome();
    for key in ["a/x.jpg", "b/x.jpg"] {
        assert_eq!(world.stored(key).bytes.as_ref(), b"somebody's", "{key}");
    }
}

#[tokio::test]
async fn another_recipe_makes_all_thumbnails_of_its_rule_anew() {
    let narrow = world().await;
    let upload = narrow.upload("x.jpg", small_jpeg()).await;
    narrow.invoke(&upload).await.stored();
    // The same buckets under a rule with a larger thumbnail beside the two.
    let wide = World::with(Wishes::default().setting("THUMBNAILS", "a=40x40;b=20x20;c=60x60")).await;
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
