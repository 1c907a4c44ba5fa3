//! HEIC by way of COS's own image processing.

use scf_local::{Fault, FaultKind};

use crate::world::{SOURCE, TARGET, Told, Wishes, World, size_of};

/// The beginning of a phone's picture; nothing here decodes more of it.
const PHONE: &[u8] = b"\0\0\0\x18ftypheic\0\0\0\0heicmif1 and pixels that only Cloud Infinite reads";

/// A portrait whose EXIF data say that it lies on its side, as they still may when it has been turned.
fn upright_that_says_otherwise() -> Vec<u8> {
    let pixels = vec![90; 300 * 400 * 3];
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 90);
    // A TIFF header, and one entry: tag 0x0112, a short, 6.
    let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    encoder.add_app_segment(1, exif.to_vec()).unwrap();
    encoder.encode(&pixels, 300, 400, jpeg_encoder::ColorType::Rgb).unwrap();
    bytes
}

async fn thumbnail(wishes: Wishes) -> (World, Told) {
    let world = World::with(wishes).await;
    world.cos.put_rendition(SOURCE, "in/phone.heic", upright_that_says_otherwise());
    let told = world.thumbnail_of("in/phone.heic", PHONE).await;
    (world, told)
}

#[tokio::test]
async fn heic_goes_through_cloud_infinite_where_the_rule_says_so() {
    let wishes = Wishes::default().setting("HEIC", "ci").setting("THUMBNAILS", "100x100");
    let (world, told) = thumbnail(wishes).await;
    let stored = told.stored();
    assert_eq!(stored["source"]["format"], "heic");
    assert_eq!(stored["source"]["through"], "ci");
    assert_eq!(stored["source"]["bytes"], PHONE.len());
    assert_eq!(size_of(&world.stored("in/phone.heic").bytes), (75, 100), "turned twice");
    let asked: Vec<_> = world.cos.journal().into_iter().filter(|request| request.method == "GET").collect();
    let process = "imageMogr2/auto-orient/thumbnail/240x240>/format/jpg/quality/90!";
    assert_eq!(asked[1].query, [(process.to_owned(), String::new())]);
    // The stamp is that of the picture, not of what was made of it.
    let etag = world.cos.object(SOURCE, "in/phone.heic").unwrap().etag;
    let stamp = &world.stored("in/phone.heic").headers;
    assert!(stamp.values().any(|value| value.contains(etag.trim_matches('"'))), "{stamp:?}");
}

#[tokio::test]
async fn version_of_the_event_is_the_one_that_is_processed() {
    let world = World::with(Wishes::default().setting("HEIC", "ci")).await;
    world.cos.versioning(SOURCE, true).unwrap();
    world.cos.put_rendition(SOURCE, "a.heic", upright_that_says_otherwise());
    world.thumbnail_of("a.heic", PHONE).await.stored();
    let version = world.cos.object(SOURCE, "a.heic").unwrap().version.unwrap();
    let processed = world.cos.journal().into_iter().find(|request| request.query.len() == 2).unwrap();
    assert_eq!(processed.query[1], ("versionId".to_owned(), version));
}

#[tokio::test]
async fn without_the_setting_the_refusal_names_it() {
    let (world, told) = thumbnail(Wishes::default()).await;
    let outcome = told.outcome();
    assert_eq!(
        (outcome["code"].as_str(), outcome["kind"].as_str()),
        (Some("image.unsupported"), Some("permanent"))
    );
    assert!(outcome["reason"].as_str().unwrap().contains("set HEIC=ci"), "{outcome:#}");
    assert!(world.cos.object(TARGET, "in/phone.heic").is_none());
}

#[tokio::test]
async fn rules_of_the_file_decide_by_themselves() {
    let rules = r#"{"rules": [{"source": {"prefix": "in/"}, "heic": "ci"}, {}]}"#;
    let (world, told) = thumbnail(Wishes { rules: Some(rules), ..Wishes::default() }).await;
    told.stored();
    world.cos.put_rendition(SOURCE, "out/phone.heic", upright_that_says_otherwise());
    let other = world.thumbnail_of("out/phone.heic", PHONE).await.outcome();
    assert_eq!(other["code"], "image.unsupported");
}

#[tokio::test]
async fn refusals_of_cloud_infinite_are_told_with_what_was_asked() {
    let world = World::with(Wishes::default().setting("HEIC", "ci")).await;
    let outcome = world.thumbnail_of("odd.heic", PHONE).await.outcome();
    assert_eq!(
        (outcome["code"].as_str(), outcome["kind"].as_str()),
        (Some("cos.refused"), Some("permanent"))
    );
    let reason = outcome["reason"].as_str().unwrap();
    assert!(reason.contains("odd.heic?imageMogr2/") && reason.contains("InvalidArgument"), "{reason}");

    world.cos.put_rendition(SOURCE, "page.heic", "<html>not a picture</html>");
    let message = world.upload("page.heic", PHONE).await;
    assert!(world.invoke(&message).await.error().contains("cos.protocol"), "another answer may be better");
}

#[tokio::test]
async fn a_refusal_of_cloud_infinite_takes_the_thumbnail_of_an_older_picture_away() {
    let world = World::with(Wishes::default().setting("HEIC", "ci")).await;
    world.thumbnail_of("a.heic", upright_that_says_otherwise()).await.stored();
    let outcome = world.thumbnail_of("a.heic", PHONE).await.outcome();
    assert_eq!((outcome["code"].as_str(), &outcome["removed"][0]), (Some("cos.refused"), &"a.heic".into()));
    assert!(world.cos.keys(TARGET).is_empty());
}

#[tokio::test]
async fn broken_answers_are_asked_for_again() {
    let world = World::with(Wishes::default().setting("HEIC", "ci")).await;
    world.cos.put_rendition(SOURCE, "a.heic", upright_that_says_otherwise());
    let message = world.upload("a.heic", PHONE).await;
    world.cos.fail(Fault::new(FaultKind::Truncate(100)).method("GET").after(1));
    let told = world.invoke(&message).await;
    assert_eq!(told.stored()["retries"], 1);
}
