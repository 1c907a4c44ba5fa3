//! Keys that need care: spaces, percent signs, dots, Unicode, length. And templates that take them apart.

use scf_local::{Fault, FaultKind, event};

use crate::setup::{Options, REGION, SOURCE, Setup, TARGET, jpeg_of, size_of, small_jpeg};

#[tokio::test]
async fn unusual_keys_are_kept_unchanged() {
    let setup = Setup::new().await;
    let long = format!("{}.jpg", "长".repeat(282));
    let keys = [
        "a b.jpg",
        "a+b.jpg",
        "a%20b.jpg",
        "100%.jpg",
        "100%25/%E4%BD%A0.jpg",
        "图片/猫 1+2.jpg",
        "in//a.jpg",
        "a///b.jpg",
        "a/./b.jpg",
        "a/../b.jpg",
        "../x.jpg",
        "a/..",
        "!'()*.jpg",
        "a&b=c;d,e@f$g:h.jpg",
        "question?mark#hash.jpg",
        "quote\"back\\slash.jpg",
        "<xml>&amp;.jpg",
        "😀/ünïcödé.JPG",
        "1250000000/example/x.jpg",
        ".jpg",
        "no extension",
        "[brackets]{braces}|~^`.jpg",
        long.as_str(),
    ];
    for key in keys {
        let response = setup.thumbnail_of(key, small_jpeg()).await;
        assert_eq!(response.stored()["key"], key);
        let source = &setup.stored(key).headers["x-cos-meta-thumbnail-source"];
        assert!(source.is_ascii() && source.len() < 1300, "{key}: {source}");
    }
    assert_eq!(setup.cos.keys(TARGET).len(), keys.len());
}

#[tokio::test]
async fn keys_cannot_forge_lines_of_the_log_or_of_an_error() {
    let setup = Setup::new().await;
    let key = "a\n{\"outcome\":\"stored\"}\r\u{202e}gpj.\u{2028}jpg";
    let message = setup.upload(key, small_jpeg()).await;
    assert_eq!(setup.invoke(&message).await.stored()["key"], key, "the answer has the key itself");

    let busy = FaultKind::Status { status: 503, code: "SlowDown\n{}".to_owned() };
    setup.cos.fail(Fault::new(busy).times(99));
    let mut rejected = message.clone();
    let forged = "x\n{\"outcome\":\"stored\"}";
    rejected["Records"][0]["cos"]["cosBucket"]["name"] = forged.into();
    rejected["Records"][0]["cos"]["cosObject"]["key"] = forged.into();
    let two = serde_json::json!({"Records": [rejected["Records"][0], message["Records"][0]]});
    let response = setup.invoke(&two).await;
    let lines: Vec<&str> = response.error().lines().collect();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    assert!(
        lines[1].contains("/a\\u{a}{\"outcome\":\"stored\"}\\u{d}\\u{202e}gpj.\\u{2028}jpg: "),
        "{}",
        lines[1]
    );
    // Every line of the log is one object, and shows what it holds.
    for line in &response.0.log {
        let members: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(members["level"], "error");
        assert!(!line.contains(['\u{202e}', '\u{2028}']), "{line}");
    }
}

#[tokio::test]
async fn url_of_the_event_tells_if_its_key_is_encoded() {
    let setup = Setup::new().await;
    let mut message = setup.upload("图/猫 1.jpg", small_jpeg()).await;
    message["Records"][0]["cos"]["cosObject"]["key"] =
        "/1250000000/example/%E5%9B%BE/%E7%8C%AB%201.jpg".into();
    assert_eq!(setup.invoke(&message).await.stored()["key"], "图/猫 1.jpg");
}

#[tokio::test]
async fn url_of_the_event_is_not_requested() {
    let setup = Setup::new().await;
    let object = setup.cos.put(SOURCE, "a.jpg", small_jpeg(), &[]).await;
    let mut message = event::created("cos:ObjectCreated:Put", SOURCE, REGION, "a.jpg", &object);
    message["Records"][0]["cos"]["cosObject"]["url"] = "http://127.0.0.1:1/elsewhere.jpg".into();
    setup.invoke(&message).await.stored();
}

const ACME: &str = "thumbs-acme-1250000000";
const BOLT: &str = "thumbs-bolt-1250000000";

#[tokio::test]
async fn a_segment_of_the_source_key_names_bucket_and_key() {
    let rules = r#"{"rules":[{
        "source":{"bucket":"example-1250000000","prefix":"{tenant}/uploads/"},
        "target":{"bucket":"thumbs-{tenant}-1250000000","key":"{name}/of-{tenant}/{stem}-{hash}.{ext}"},
        "thumbnails":{"small":"30x30"},"format":"webp"}]}"#;
    let options = Options { rules: Some(rules), buckets: vec![ACME, BOLT], ..Options::default() };
    let setup = Setup::with(options).await;
    for key in ["acme/uploads/a.jpg", "acme/uploads/b/a.jpg", "bolt/uploads/a.jpg"] {
        setup.thumbnail_of(key, small_jpeg()).await.stored();
    }
    // printf %s acme/uploads/a.jpg | sha1sum | cut -c1-8
    let (first, second) = ("small/of-acme/a-12fa0a11.webp", "small/of-acme/a-84575398.webp");
    assert_eq!(setup.cos.keys(ACME), [first, second]);
    assert_eq!(setup.cos.keys(BOLT), ["small/of-bolt/a-fadcaeb9.webp"]);
    assert!(setup.cos.keys(TARGET).is_empty());

    setup.cos.delete(SOURCE, "acme/uploads/a.jpg");
    let gone = event::removed("cos:ObjectRemove:Delete", SOURCE, REGION, "acme/uploads/a.jpg");
    assert_eq!(setup.invoke(&gone).await.outcome()["removed"], serde_json::json!([first]));
    assert_eq!((setup.cos.keys(ACME), setup.cos.keys(BOLT).len()), (vec![second.to_owned()], 1));
    for (key, code) in [
        ("acme/other/a.jpg", "skip.no_rule"),
        ("uploads/a.jpg", "skip.no_rule"),
        ("ACME/uploads/a.jpg", "target.name"),
        ("a.b/uploads/a.jpg", "target.name"),
    ] {
        let outcome = setup.thumbnail_of(key, small_jpeg()).await.outcome();
        assert_eq!(outcome["code"], code, "{outcome:#}");
    }
}

#[tokio::test]
async fn a_shared_key_belongs_to_the_first_source_until_that_is_removed() {
    let options = Options::default().setting("TARGET_KEY", "{dir}{stem}.webp").setting("COLLISIONS", "first");
    let setup = Setup::with(options).await;
    setup.thumbnail_of("cat.jpg", small_jpeg()).await.stored();
    let second = setup.upload("cat.png", jpeg_of(80, 40)).await;
    for _ in 0..2 {
        let outcome = setup.invoke(&second).await.outcome();
        assert_eq!((&outcome["code"], &outcome["kind"]), (&"target.taken".into(), &"permanent".into()));
    }
    assert_eq!(size_of(&setup.stored("cat.webp").bytes), (64, 48));
    setup.cos.delete(SOURCE, "cat.jpg");
    let gone = event::removed("cos:ObjectRemove:Delete", SOURCE, REGION, "cat.jpg");
    assert_eq!(setup.invoke(&gone).await.outcome()["outcome"], "removed");
    assert!(setup.cos.keys(TARGET).is_empty(), "nothing tells the second source");
    setup.invoke(&second).await.stored();
    assert_eq!(size_of(&setup.stored("cat.webp").bytes), (80, 40));
}
