//! The manifest of a source: what a page reads of it over HTTP, and when it is there.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use scf_local::event;
use serde_json::{Value, json};

use crate::setup::{Options, REGION, SOURCE, Setup, TARGET, jpeg_of, photo, size_of, small_jpeg};

const KEY: &str = "图 1,2.jpg";
const MANIFEST: &str = "图 1,2.jpg.json";

/// An object, as anybody on the web reads it.
struct Page {
    head: String,
    body: Vec<u8>,
}

impl Page {
    fn get(setup: &Setup, path: &str) -> Self {
        let mut socket = TcpStream::connect(setup.cos.endpoint().trim_start_matches("http://")).unwrap();
        let host = format!("{TARGET}.cos.{REGION}.myqcloud.com");
        write!(socket, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap().to_lowercase();
        assert!(head.starts_with("http/1.1 200"), "{path}: {head}");
        Self { head, body: answer[end + 4..].to_vec() }
    }

    fn has(&self, line: &str) -> bool {
        self.head.lines().any(|own| own == line)
    }
}

fn options() -> Options {
    Options::default()
        .setting(
            "THUMBNAILS",
            "large=800x800/format/webp;small=200x200/format/webp/quality/auto:70;square=64x64/fit/cover",
        )
        .setting("MANIFEST", "{key}.json")
        .setting("ACL", "public-read")
        .setting("CACHE_CONTROL", "max-age=31536000")
}

fn manifest(setup: &Setup) -> Value {
    serde_json::from_slice(&setup.stored(MANIFEST).bytes).unwrap()
}

/// Candidates of a `srcset`: path and width.
fn candidates(srcset: &Value) -> Vec<(String, u64)> {
    let parse = |candidate: &str| {
        let (path, width) = candidate.split_once(' ').unwrap();
        (path.to_owned(), width.strip_suffix('w').unwrap().parse().unwrap())
    };
    srcset.as_str().unwrap().split(", ").map(parse).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_finds_every_thumbnail_as_the_manifest_tells() {
    let setup = Setup::with(options()).await;
    let outcome = setup.thumbnail_of(KEY, photo()).await.stored();
    let object = Page::get(&setup, "/%E5%9B%BE%201%2C2.jpg.json");
    let manifest: Value = serde_json::from_slice(&object.body).unwrap();
    assert_eq!(outcome["manifest"], json!({"key": MANIFEST, "bytes": object.body.len()}));
    assert!(object.has("content-type: application/json") && object.has("cache-control: no-cache"));
    let etag = setup.cos.object(SOURCE, KEY).unwrap().etag;
    assert_eq!(
        manifest["source"],
        json!({"bucket": SOURCE, "key": KEY, "etag": etag.trim_matches('"'), "bytes": photo().len(),
            "format": "jpeg", "width": 2048, "height": 1365})
    );
    assert_eq!((&manifest["version"], &manifest["bucket"]), (&1.into(), &TARGET.into()));
    let thumbnails = manifest["thumbnails"].as_array().unwrap();
    let names: Vec<_> = thumbnails.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["large", "small", "square"]);
    for (one, stored) in thumbnails.iter().zip(outcome["thumbnails"].as_array().unwrap()) {
        let page = Page::get(&setup, one["path"].as_str().unwrap());
        assert_eq!(one["bytes"], page.body.len(), "{one:#}");
        assert!(page.has(&format!("content-type: {}", one["type"].as_str().unwrap())), "{}", page.head);
        assert_eq!(page.body, setup.stored(one["key"].as_str().unwrap()).bytes, "{one:#}");
        let (width, height) = size_of(&page.body);
        assert_eq!((&one["width"], &one["height"]), (&width.into(), &height.into()));
        for member in ["key", "width", "height", "bytes", "quality", "score"] {
            assert_eq!(one.get(member), stored.get(member), "{member}: {one:#}");
        }
        let hash = one["thumbhash"].as_str().unwrap();
        assert_eq!(setup.stored(one["key"].as_str().unwrap()).headers["x-cos-meta-thumbhash"], hash);
        assert!((18..=25).contains(&BASE64.decode(hash).unwrap().len()), "{hash}");
    }
    assert_eq!(
        (&manifest["thumbhash"], &manifest["color"]),
        (&thumbnails[0]["thumbhash"], &thumbnails[0]["color"])
    );
    assert_eq!((&manifest["src"], &manifest["width"]), (&thumbnails[0]["path"], &800.into()));
    assert_eq!(manifest["thumbhash"].as_str().unwrap().len(), 28);
    let path = |index: usize| thumbnails[index]["path"].as_str().unwrap().to_owned();
    let sets = manifest["srcset"].as_object().unwrap();
    assert_eq!(sets.len(), 1, "the square shows another part: {sets:?}");
    assert_eq!(candidates(&sets["image/webp"]), [(path(1), 200), (path(0), 800)]);
}

#[tokio::test]
async fn a_manifest_follows_its_source() {
    let setup = Setup::with(options()).await;
    let first = setup.upload(KEY, jpeg_of(400, 300)).await;
    setup.invoke(&first).await.stored();
    assert_eq!(setup.invoke(&first).await.outcome()["outcome"], "unchanged");
    let second = setup.upload(KEY, jpeg_of(320, 300)).await;
    setup.cos.clear_journal();
    let outcome = setup.invoke(&second).await.stored();
    assert_eq!(outcome.get("removed"), None, "it was withdrawn, and is there again: {outcome:#}");
    let writes: Vec<String> = setup
        .cos
        .journal()
        .into_iter()
        .filter(|request| ["PUT", "DELETE"].contains(&request.method.as_str()))
        .map(|request| format!("{} {}", request.method, request.key.ends_with(".json")))
        .collect();
    assert_eq!(writes, ["DELETE true", "PUT false", "PUT false", "PUT false", "PUT true"]);
    assert_eq!(manifest(&setup)["source"]["width"], 320);
    setup.cos.delete(SOURCE, KEY);
    setup.cos.clear_journal();
    let removed = event::removed("cos:ObjectRemove:Delete", SOURCE, REGION, KEY);
    let outcome = setup.invoke(&removed).await.outcome();
    assert_eq!((&outcome["outcome"], &outcome["removed"][0]), (&"removed".into(), &MANIFEST.into()));
    assert!(setup.cos.keys(TARGET).is_empty());
}

#[tokio::test]
async fn a_missing_manifest_is_made_of_the_thumbnails_that_are_there() {
    let avif = Options::default().setting("THUMBNAILS", "a=80x80/format/avif/quality/auto;b=40x40");
    let setup = Setup::with(avif.setting("MANIFEST", "{key}.json")).await;
    let upload = setup.upload(KEY, photo()).await;
    setup.invoke(&upload).await.stored();
    let made = manifest(&setup);
    assert!(made["thumbnails"][0]["score"].is_f64(), "{made:#}");
    setup.cos.delete(TARGET, MANIFEST);
    let outcome = setup.invoke(&upload).await.stored();
    assert_eq!((&outcome["thumbnails"], &outcome["kept"]), (&json!([]), &2.into()));
    assert_eq!(manifest(&setup), made);
}

#[tokio::test]
async fn a_manifest_of_other_files_is_made_anew() {
    let setup = Setup::with(options()).await;
    let upload = setup.upload(KEY, small_jpeg()).await;
    setup.invoke(&upload).await.stored();
    let key = format!("square/{KEY}");
    // As the same AVIF would be, made at another speed: the same stamp, and other bytes.
    let old = setup.stored(&key);
    let headers: Vec<_> = old.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let bytes = [&old.bytes[..], b"more"].concat();
    setup.cos.put(TARGET, &key, bytes.clone(), &headers).await;
    setup.invoke(&upload).await.stored();
    assert_eq!(manifest(&setup)["thumbnails"][2]["bytes"], bytes.len());
    assert_eq!(setup.invoke(&upload).await.outcome()["outcome"], "unchanged");
}

#[tokio::test]
async fn without_all_thumbnails_there_is_no_manifest() {
    let setup = Setup::with(options()).await;
    let foreign = format!("small/{KEY}");
    setup.cos.put(TARGET, &foreign, "somebody's", &[]).await;
    let upload = setup.upload(KEY, small_jpeg()).await;
    let outcome = setup.invoke(&upload).await.stored();
    assert_eq!(outcome["foreign"], json!([foreign]));
    assert_eq!(outcome["manifest"], json!({"key": MANIFEST, "withheld": "not all thumbnails are there"}));
    assert!(!setup.cos.keys(TARGET).contains(&MANIFEST.to_owned()));
    setup.cos.delete(TARGET, &foreign);
    setup.invoke(&upload).await.stored();
    assert_eq!(manifest(&setup)["thumbnails"].as_array().unwrap().len(), 3);
    setup.cos.put(TARGET, &foreign, "somebody's", &[]).await;
    let outcome = setup.invoke(&upload).await.outcome();
    assert_eq!((&outcome["outcome"], &outcome["removed"]), (&"removed".into(), &json!([MANIFEST])));
    assert!(!setup.cos.keys(TARGET).contains(&MANIFEST.to_owned()), "it would name the object of another");
}

#[tokio::test]
async fn a_foreign_object_under_the_key_of_a_manifest_stays() {
    let setup = Setup::with(options()).await;
    setup.cos.put(TARGET, MANIFEST, "{}", &[]).await;
    let upload = setup.upload(KEY, small_jpeg()).await;
    let outcome = setup.invoke(&upload).await.stored();
    assert_eq!((&outcome["foreign"], outcome.get("manifest")), (&json!([MANIFEST]), None));
    setup.cos.delete(SOURCE, KEY);
    setup.invoke(&event::removed("cos:ObjectRemove:Delete", SOURCE, REGION, KEY)).await.outcome();
    assert_eq!(setup.stored(MANIFEST).bytes.as_ref(), b"{}");
}

#[tokio::test]
async fn damage_is_told_and_json_is_no_source() {
    let setup = Setup::with(options()).await;
    let mut cut = photo();
    cut.truncate(cut.len() * 95 / 100);
    let outcome = setup.thumbnail_of(KEY, cut).await.stored();
    assert_eq!(manifest(&setup)["source"]["damaged"], outcome["source"]["damaged"]);
    let outcome = setup.thumbnail_of("other.json", small_jpeg()).await.outcome();
    assert_eq!(outcome["code"], "skip.no_rule");
}
