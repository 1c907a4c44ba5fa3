//! HEIC through Cloud Infinite, the image processing of COS.

use scf_local::{Fault, FaultKind};

use crate::setup::{Options, Response, SOURCE, Setup, TARGET, size_of};

/// The first bytes of a HEIC file; nothing here decodes more of it.
const PHONE: &[u8] = b"\0\0\0\x18ftypheic\0\0\0\0heicmif1 and pixels that only Cloud Infinite reads";

/// An upright portrait with a stale EXIF orientation: Cloud Infinite turns an image and may keep its EXIF data.
fn upright_with_stale_orientation() -> Vec<u8> {
    let pixels = vec![90; 300 * 400 * 3];
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 90);
    // A TIFF header and one entry: tag 0x0112 (orientation), SHORT, 6.
    let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    encoder.add_app_segment(1, exif.to_vec()).unwrap();
    encoder.encode(&pixels, 300, 400, jpeg_encoder::ColorType::Rgb).unwrap();
    bytes
}

async fn thumbnail(options: Options) -> (Setup, Response) {
    let setup = Setup::with(options).await;
    setup.cos.put_rendition(SOURCE, "in/phone.heic", upright_with_stale_orientation());
    let response = setup.thumbnail_of("in/phone.heic", PHONE).await;
    (setup, response)
}

#[tokio::test]
async fn heic_goes_through_cloud_infinite_with_heic_ci() {
    let options = Options::default().setting("HEIC", "ci").setting("THUMBNAILS", "100x100");
    let (setup, response) = thumbnail(options).await;
    let stored = response.stored();
    assert_eq!(stored["source"]["format"], "heic");
    assert_eq!(stored["source"]["through"], "ci");
    assert_eq!(stored["source"]["bytes"], PHONE.len());
    assert_eq!(size_of(&setup.stored("in/phone.heic").bytes), (75, 100), "turned twice");
    let asked: Vec<_> = setup.cos.journal().into_iter().filter(|request| request.method == "GET").collect();
    let process = "imageMogr2/auto-orient/thumbnail/240x240>/format/jpg/quality/90!";
    assert_eq!(asked[1].query, [(process.to_owned(), String::new())]);
    // The stamp has the ETag of the source, not of the rendition.
    let etag = setup.cos.object(SOURCE, "in/phone.heic").unwrap().etag;
    let stamp = &setup.stored("in/phone.heic").headers;
    assert!(stamp.values().any(|value| value.contains(etag.trim_matches('"'))), "{stamp:?}");
}

#[tokio::test]
async fn version_of_the_event_is_processed() {
    let setup = Setup::with(Options::default().setting("HEIC", "ci")).await;
    setup.cos.versioning(SOURCE, true).unwrap();
    setup.cos.put_rendition(SOURCE, "a.heic", upright_with_stale_orientation());
    setup.thumbnail_of("a.heic", PHONE).await.stored();
    let version = setup.cos.object(SOURCE, "a.heic").unwrap().version.unwrap();
    let processed = setup.cos.journal().into_iter().find(|request| request.query.len() == 2).unwrap();
    assert_eq!(processed.query[1], ("versionId".to_owned(), version));
}

#[tokio::test]
async fn heic_is_refused_with_its_name() {
    // The default of a program without the decoder.
    let (setup, response) = thumbnail(Options::default().setting("HEIC", "refuse")).await;
    let outcome = response.outcome();
    assert_eq!(
        (outcome["code"].as_str(), outcome["kind"].as_str()),
        (Some("image.unsupported"), Some("permanent"))
    );
    assert!(outcome["reason"].as_str().unwrap().contains("set HEIC=ci"), "{outcome:#}");
    assert!(setup.cos.object(TARGET, "in/phone.heic").is_none());
}

#[tokio::test]
async fn each_rule_of_the_file_decides_about_heic() {
    let rules = r#"{"rules": [{"source": {"prefix": "in/"}, "heic": "ci"}, {"heic": "refuse"}]}"#;
    let (setup, response) = thumbnail(Options { rules: Some(rules), ..Options::default() }).await;
    response.stored();
    setup.cos.put_rendition(SOURCE, "out/phone.heic", upright_with_stale_orientation());
    let other = setup.thumbnail_of("out/phone.heic", PHONE).await.outcome();
    assert_eq!(other["code"], "image.unsupported");
}

#[tokio::test]
async fn refusal_of_cloud_infinite_is_reported_with_the_request() {
    let setup = Setup::with(Options::default().setting("HEIC", "ci")).await;
    let outcome = setup.thumbnail_of("odd.heic", PHONE).await.outcome();
    assert_eq!(
        (outcome["code"].as_str(), outcome["kind"].as_str()),
        (Some("cos.refused"), Some("permanent"))
    );
    let reason = outcome["reason"].as_str().unwrap();
    assert!(reason.contains("odd.heic?imageMogr2/") && reason.contains("NotImplemented"), "{reason}");

    setup.cos.put_rendition(SOURCE, "page.heic", "<html>not a picture</html>");
    let message = setup.upload("page.heic", PHONE).await;
    assert!(setup.invoke(&message).await.error().contains("cos.protocol"), "a retry may succeed");
}

#[tokio::test]
async fn refusal_of_cloud_infinite_removes_the_stale_thumbnail() {
    let setup = Setup::with(Options::default().setting("HEIC", "ci")).await;
    setup.thumbnail_of("a.heic", upright_with_stale_orientation()).await.stored();
    let outcome = setup.thumbnail_of("a.heic", PHONE).await.outcome();
    assert_eq!((outcome["code"].as_str(), &outcome["removed"][0]), (Some("cos.refused"), &"a.heic".into()));
    assert!(setup.cos.keys(TARGET).is_empty());
}

#[tokio::test]
async fn broken_rendition_is_requested_again() {
    let setup = Setup::with(Options::default().setting("HEIC", "ci")).await;
    setup.cos.put_rendition(SOURCE, "a.heic", upright_with_stale_orientation());
    let message = setup.upload("a.heic", PHONE).await;
    setup.cos.fail(Fault::new(FaultKind::Truncate(100)).method("GET").after(1));
    let response = setup.invoke(&message).await;
    assert_eq!(response.stored()["retries"], 1);
}
