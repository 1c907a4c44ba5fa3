//! Keys that need care: spaces, percent signs, dots, Unicode, length.

use scf_local::{Fault, FaultKind, event};

use crate::setup::{Setup, small_jpeg};

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
    assert_eq!(setup.cos.keys(crate::setup::TARGET).len(), keys.len());
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
    let object = setup.cos.put(crate::setup::SOURCE, "a.jpg", small_jpeg(), &[]).await;
    let mut message =
        event::created("cos:ObjectCreated:Put", crate::setup::SOURCE, crate::setup::REGION, "a.jpg", &object);
    message["Records"][0]["cos"]["cosObject"]["url"] = "http://127.0.0.1:1/elsewhere.jpg".into();
    setup.invoke(&message).await.stored();
}
