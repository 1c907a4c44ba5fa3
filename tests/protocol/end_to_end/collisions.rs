//! Sources with the same ETag that are not the same: two JPEG files with one MD5.

use scf_local::{Fault, FaultKind};

use crate::setup::{Options, SOURCE, Setup, TARGET, jpeg_of};

/// Beginning of a JPEG file whose comments end at byte 128, and at byte 384 if [`DIFFERENCE`] is applied. Both have the
/// same MD5 (computed by Marc Stevens and Ange Albertini, corkami/collisions).
const PREFIX: &str = "ffd8fffe0003aafffe0077bb82c3a6dcd80beba4b3fbf222de0148f7851f2f63\
                      52dfef069a4576188bfdea251357834fb6236dfd509bf22d2fb7d4fe85da23e3\
                      abb7309cbc5b684c612528492e18b46d5622a2b583abc4970efc0fbd68dce6a0\
                      149d32399b6e4e17b95735186fcec540b90455771372f9af787d44982753173b";

/// Bytes of the prefix that differ, and their other values.
const DIFFERENCE: [(usize, u8); 2] = [(0x09, 0x01), (0x49, 0x24)];

/// Two files with the same MD5 and length. A reader of the first finds the picture `first`, behind a comment that holds
/// the picture `second`; a reader of the second finds that one, and stops at its end.
fn colliding(first: &[u8], second: &[u8]) -> [Vec<u8>; 2] {
    const GAP: usize = 384 - 128;
    let length = u16::try_from(GAP - 2 + second.len() - 2).unwrap();
    let prefix = hex::decode(PREFIX).unwrap();
    let mut file =
        [&prefix, &[0xff, 0xfe][..], &length.to_be_bytes(), &[0; GAP - 4], &second[2..], &first[2..]]
            .concat();
    let one = file.clone();
    for (position, value) in DIFFERENCE {
        file[position] = value;
    }
    [one, file]
}

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
