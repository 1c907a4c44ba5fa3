//! Keys that other programs trip over.

use scf_local::event;

use crate::world::{World, small_jpeg};

#[tokio::test]
async fn twenty_odd_keys_arrive_as_they_are() {
    let world = World::new().await;
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
        let told = world.thumbnail_of(key, small_jpeg()).await;
        assert_eq!(told.stored()["key"], key);
        let source = &world.stored(key).headers["x-cos-meta-thumbnail-source"];
        assert!(source.is_ascii() && source.len() < 1300, "{key}: {source}");
    }
    assert_eq!(world.cos.keys(crate::world::TARGET).len(), keys.len());
}

#[tokio::test]
async fn an_encoded_key_in_the_event_is_settled_by_the_url() {
    let world = World::new().await;
    let mut message = world.upload("图/猫 1.jpg", small_jpeg()).await;
    message["Records"][0]["cos"]["cosObject"]["key"] =
        "/1250000000/example/%E5%9B%BE/%E7%8C%AB%201.jpg".into();
    assert_eq!(world.invoke(&message).await.stored()["key"], "图/猫 1.jpg");
}

#[tokio::test]
async fn the_url_of_an_event_is_never_fetched() {
    let world = World::new().await;
    let object = world.cos.put(crate::world::SOURCE, "a.jpg", small_jpeg(), &[]).await;
    let mut message =
        event::created("cos:ObjectCreated:Put", crate::world::SOURCE, crate::world::REGION, "a.jpg", &object);
    message["Records"][0]["cos"]["cosObject"]["url"] = "http://127.0.0.1:1/elsewhere.jpg".into();
    world.invoke(&message).await.stored();
}
