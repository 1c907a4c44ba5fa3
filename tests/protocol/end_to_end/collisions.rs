//! Sources with the same ETag that are not the same: two JPEG files with one MD5.

use scf_local::{Fault, FaultKind};

use crate::collision::colliding;
use crate::setup::{Options, SOURCE, Setup, TARGET, jpeg_of};

fn pair() -> [Vec<u8>; 2] {
    colliding(&jpeg_of(160, 120), &jpeg_of(120, 160))
}

#[tokio::test]
async fn thumbnail_follows_to_another_picture_with_the_same_etag() {
    let setup = Setup::new().await;
    let [wide, tall] = pair();
    let first = setup.upload("a.jpg", tall).await;
    setup.invoke(&first).await.stored();
    let second = setup.upload("a.jpg", wide).await;
    let etag =
        |message: &serde_json::Value| message["Records"][0]["cos"]["cosObject"]["meta"]["ETag"].clone();
    assert_eq!(etag(&first), etag(&second));
    let outcome = setup.invoke(&second).await.stored();
    assert_eq!((&outcome["source"]["width"], &outcome["source"]["height"]), (&160.into(), &120.into()));
    // The late event of the first picture changes nothing.
    assert_eq!(setup.invoke(&first).await.outcome()["outcome"], "unchanged");
}

#[tokio::test]
async fn another_picture_with_the_same_etag_is_noticed_after_the_upload() {
    let setup = Setup::new().await;
    let [wide, tall] = pair();
    let message = setup.upload("a.jpg", tall).await;
    let slow = FaultKind::Slow { before_ms: 300, chunk: 0, pause_ms: 0 };
    setup.cos.fail(Fault::new(slow).method("PUT").times(1));
    let overwrite = async {
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        setup.cos.try_put(SOURCE, "a.jpg", None, wide, &[]).unwrap();
    };
    let (response, ()) = tokio::join!(setup.invoke(&message), overwrite);
    assert_eq!(response.stored()["source"]["width"], 160);
}

#[tokio::test]
async fn thumbnails_of_earlier_releases_stay_valid() {
    let setup = Setup::with(Options::default()).await;
    let [wide, _] = pair();
    let message = setup.upload("a.jpg", wide).await;
    setup.invoke(&message).await.stored();
    let thumbnail = setup.stored("a.jpg");
    let added = ["x-cos-meta-thumbnail-length", "x-cos-meta-thumbnail-crc64"];
    assert!(added.iter().all(|name| thumbnail.headers.contains_key(*name)), "{:?}", thumbnail.headers);
    let old: Vec<(&str, &str)> = thumbnail
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| !added.contains(name))
        .collect();
    setup.cos.put(TARGET, "a.jpg", thumbnail.bytes.clone(), &old).await;
    assert_eq!(setup.invoke(&message).await.outcome()["outcome"], "unchanged");
}
