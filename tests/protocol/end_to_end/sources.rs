//! Sources of all kinds and their outcomes.

use std::collections::BTreeSet;
use std::time::Duration;

use scf_local::{Fault, FaultKind};

use crate::setup::{Options, Setup, jpeg_of, photo, size_of, small_jpeg, tiff_with_directory_last};

#[tokio::test]
async fn photo_gets_a_thumbnail_under_the_same_key() {
    let setup = Setup::new().await;
    let response = setup.thumbnail_of("photos/lake.jpg", photo()).await;
    let outcome = response.stored();
    let stored = setup.stored("photos/lake.jpg");
    assert_eq!(size_of(&stored.bytes), (300, 200));
    assert_eq!(stored.headers["content-type"], "image/jpeg");
    assert_eq!(stored.headers["x-cos-meta-thumbnail-source"], "example-1250000000/photos/lake.jpg");
    let etag = setup.cos.object(crate::setup::SOURCE, "photos/lake.jpg").unwrap().etag;
    assert_eq!(format!("\"{}\"", stored.headers["x-cos-meta-thumbnail-etag"]), etag);
    assert_eq!(stored.headers["x-cos-meta-thumbnail-recipe"].len(), 40);
    assert_eq!((&outcome["source"]["format"], &outcome["source"]["width"]), (&"jpeg".into(), &2048.into()));
    assert_eq!(outcome["thumbnails"][0]["bytes"], stored.bytes.len());
}

#[tokio::test]
async fn log_line_has_the_outcome_of_the_response() {
    let setup = Setup::new().await;
    let response = setup.thumbnail_of("photos/lake.jpg", photo()).await;
    let lines = response.log();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    let outcome = response.outcome();
    for (member, value) in outcome.as_object().unwrap() {
        assert_eq!(&lines[0][member], value, "{member}");
    }
    assert_eq!(lines[0]["request_id"], response.0.request_id.as_str());
    assert!(lines[0]["peak_memory_mb"].as_u64().unwrap() > 1);
    assert_eq!(lines[0]["total_ms"], lines[0]["ms"]["total"]);
    for secret in ["LocalSecretKey", "q-signature", "Authorization"] {
        assert!(!response.0.log.concat().contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn same_source_gives_the_same_bytes() {
    let setup = Setup::new().await;
    setup.thumbnail_of("a.jpg", photo()).await.stored();
    setup.thumbnail_of("b.jpg", photo()).await.stored();
    assert_eq!(setup.stored("a.jpg").bytes, setup.stored("b.jpg").bytes);
}

#[tokio::test]
async fn jpeg_of_24_megapixels_fits_128_mb() {
    let setup = Setup::with(Options { memory_mb: 128, ..Options::default() }).await;
    let response = setup.thumbnail_of("big.jpg", jpeg_of(6000, 4000)).await;
    assert_eq!(response.stored()["source"]["height"], 4000);
    assert_eq!(size_of(&setup.stored("big.jpg").bytes), (300, 200));
    assert!(response.0.peak_rss.unwrap() < 128 * 1024 * 1024, "{:?}", response.0.peak_rss);
}

#[tokio::test]
async fn thumbnail_keeps_the_format_of_its_source() {
    let setup = Setup::new().await;
    let pixels =
        image::RgbaImage::from_fn(400, 100, |x, _| image::Rgba([0, 100, 200, if x < 200 { 255 } else { 0 }]));
    let picture = image::DynamicImage::ImageRgba8(pixels);
    let table = [
        ("a.png", image::ImageFormat::Png, "png"),
        ("a.webp", image::ImageFormat::WebP, "webp"),
        ("a.gif", image::ImageFormat::Gif, "gif"),
        ("a.tif", image::ImageFormat::Tiff, "png"),
    ];
    for (key, format, expected) in table {
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        let response = setup.thumbnail_of(key, bytes.into_inner()).await;
        assert_eq!(response.stored()["thumbnails"][0]["format"], expected, "{key}");
        let stored = setup.stored(key);
        assert_eq!(stored.headers["content-type"], format!("image/{expected}"), "{key}");
        let thumbnail = image::load_from_memory(&stored.bytes).unwrap().to_rgba8();
        assert_eq!(thumbnail.dimensions(), (300, 75), "{key}");
        assert_eq!(thumbnail.get_pixel(280, 40).0[3], 0, "{key}: still transparent");
    }
}

#[tokio::test]
async fn permanent_failures_are_told_apart_and_not_retried() {
    let setup = Setup::new().await;
    let photo = photo();
    let truncated = photo[..photo.len() / 2].to_vec();
    let bomb = bomb();
    let table: [(&str, Vec<u8>, &str, &str); 5] = [
        ("truncated.jpg", truncated, "image.damaged", "upload an intact copy"),
        ("text.jpg", b"this is not a picture at all".to_vec(), "image.not_an_image", "not a picture"),
        ("phone.jpg", b"\0\0\0\x18ftypheic\0\0\0\0heicmif1".to_vec(), "image.unsupported", "HEIC"),
        ("bomb.png", bomb, "image.too_many_pixels", "60000x60000"),
        ("cut.jpg", photo[..100].to_vec(), "image.damaged", "it ends before the picture does"),
    ];
    for (key, bytes, code, word) in table {
        let outcome = setup.thumbnail_of(key, bytes).await.outcome();
        assert_eq!(outcome["outcome"], "failed", "{key}");
        assert_eq!(outcome["kind"], "permanent", "{key}");
        assert_eq!(outcome["code"], code, "{key}: {outcome:#}");
        assert!(outcome["reason"].as_str().unwrap().contains(word), "{key}: {outcome:#}");
        assert!(setup.cos.object(crate::setup::TARGET, key).is_none(), "{key}: nothing is stored");
    }
}

#[tokio::test]
async fn images_of_all_kinds_get_thumbnails() {
    let setup = Setup::with(Options::default().setting("THUMBNAILS", "40x40")).await;
    let kinds = [
        "animated.gif",
        "cmyk-adobe.jpg",
        "cmyk-bare.jpg",
        "exif-landscape-6.jpg",
        "grey16.png",
        "image-rs-anim.webp",
        "interlaced.png",
        "palette.bmp",
        "photo-2048x878-progressive.jpg",
        "rgb.tif",
        "ycck-adobe.jpg",
    ];
    for kind in kinds {
        let response = setup.thumbnail_of(kind, std::fs::read(format!("tests/data/{kind}")).unwrap()).await;
        response.stored();
        let (width, height) = size_of(&setup.stored(kind).bytes);
        assert!(width.max(height) <= 40, "{kind}: {width}x{height}");
    }
    let (width, height) = size_of(&setup.stored("exif-landscape-6.jpg").bytes);
    assert!(width > height, "turned upright");
}

/// A PNG whose header claims 60000x60000 pixels.
fn bomb() -> Vec<u8> {
    let mut bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bomb.extend([0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60, 8, 2, 0, 0, 0, 0x0f, 0xb0, 0xe2, 0x15]);
    bomb.extend(b"\0\0\x10\0IDAT\x78\x9c");
    bomb
}

#[tokio::test]
async fn source_refused_by_its_header_is_not_downloaded_to_its_end() {
    let setup = Setup::new().await;
    let mut bytes = bomb();
    bytes.resize(4_000_000, 0);
    // The whole download would take 40 seconds.
    let slow = FaultKind::Slow { before_ms: 0, chunk: 100_000, pause_ms: 1000 };
    setup.cos.fail(Fault::new(slow).method("GET").times(1));
    let response = setup.thumbnail_of("bomb.png", bytes).await;
    let outcome = response.outcome();
    assert_eq!(outcome["code"], "image.too_many_pixels");
    assert_eq!(outcome["source"]["bytes"], 4_000_000);
    assert!(outcome["source"]["unfetched"].as_u64().unwrap() > 2_000_000, "{outcome:#}");
    assert_eq!(outcome["source"].get("format"), None);
    assert!(response.0.elapsed < Duration::from_secs(20), "{:?}", response.0.elapsed);
}

#[tokio::test]
async fn image_beyond_the_memory_is_refused_with_the_numbers() {
    let setup = Setup::with(Options { memory_mb: 64, ..Options::default() }).await;
    let tiff = tiff_with_directory_last(5000, 4000);
    let outcome = setup.thumbnail_of("big.tif", tiff).await.outcome();
    assert_eq!(outcome["code"], "image.too_much_memory", "{outcome:#}");
    let reason = outcome["reason"].as_str().unwrap();
    assert!(reason.starts_with("this picture needs "), "{reason}");
    assert!(reason.contains("this function has 64 MB; set 128 MB"), "{reason}");
    setup.thumbnail_of("small.jpg", small_jpeg()).await.stored();
}

#[tokio::test]
async fn objects_without_work_are_skipped_with_the_reason() {
    let setup = Setup::new().await;
    let stamped = [
        ("x-cos-meta-thumbnail-source", "example-1250000000/a.jpg"),
        ("x-cos-meta-thumbnail-recipe", "0123456789012345678901234567890123456789"),
    ];
    let table = [
        (setup.upload("folder/", "").await, "skip.folder"),
        (setup.upload("empty.jpg", "").await, "skip.empty"),
        (setup.upload_with("own.jpg", small_jpeg(), &stamped).await, "skip.own_thumbnail"),
        (crate::setup::example("remove"), "skip.source_gone"),
        (crate::setup::example("restore-started"), "skip.restore_started"),
        (crate::setup::example("put"), "skip.source_gone"),
    ];
    for (message, code) in table {
        let outcome = setup.invoke(&message).await.outcome();
        assert_eq!((&outcome["outcome"], &outcome["code"]), (&"skipped".into(), &code.into()));
    }
    assert!(setup.cos.keys(crate::setup::TARGET).is_empty());
}

#[tokio::test]
async fn own_thumbnail_is_recognised_without_metadata_in_the_event() {
    let setup = Setup::new().await;
    let stamped = [("x-cos-meta-thumbnail-source", "x"), ("x-cos-meta-thumbnail-recipe", "y")];
    let mut message = setup.upload_with("own.jpg", small_jpeg(), &stamped).await;
    message["Records"][0]["cos"]["cosObject"]["meta"] = serde_json::json!({});
    assert_eq!(setup.invoke(&message).await.outcome()["code"], "skip.own_thumbnail");
}

#[tokio::test]
async fn archived_source_is_reported_and_its_restore_makes_the_thumbnail() {
    let setup = Setup::new().await;
    let headers = [("Content-Type", "image/jpeg"), ("x-cos-storage-class", "ARCHIVE")];
    let message = setup.upload_with("cold.jpg", small_jpeg(), &headers).await;
    assert_eq!(setup.invoke(&message).await.outcome()["code"], "cos.archived");
    let mut message = setup.upload("cold.jpg", small_jpeg()).await;
    message["Records"][0]["event"]["eventName"] = "cos:ObjectRestore:Completed".into();
    setup.invoke(&message).await.stored();
}

#[tokio::test]
async fn archived_source_with_a_current_thumbnail_is_unchanged() {
    let setup = Setup::new().await;
    setup.thumbnail_of("cold.jpg", small_jpeg()).await.stored();
    setup.scf.kill().await;
    let headers = [("Content-Type", "image/jpeg"), ("x-cos-storage-class", "ARCHIVE")];
    let message = setup.upload_with("cold.jpg", small_jpeg(), &headers).await;
    let outcome = setup.invoke(&message).await.outcome();
    assert_eq!((&outcome["outcome"], &outcome["kept"]), (&"unchanged".into(), &1.into()), "{outcome:#}");
}

#[tokio::test]
async fn late_event_makes_the_thumbnail_of_the_current_version() {
    let setup = Setup::new().await;
    setup.cos.versioning(crate::setup::SOURCE, true).unwrap();
    let older = setup.upload("a.jpg", jpeg_of(640, 480)).await;
    let newer = setup.upload("a.jpg", jpeg_of(320, 480)).await;
    let outcome = setup.invoke(&older).await.stored();
    assert_eq!(outcome["source"]["width"], 320);
    let version = newer["Records"][0]["cos"]["cosObject"]["vid"].as_str().unwrap();
    assert_eq!(setup.stored("a.jpg").headers["x-cos-meta-thumbnail-version"], version);
}

/// An image with more bytes behind its end, such as the gain maps of phones.
fn with_tail(mut picture: Vec<u8>, length: usize) -> Vec<u8> {
    picture.resize(picture.len() + length, 0x5a);
    picture
}

fn png() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(400, 300).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn bytes_behind_the_image_are_not_downloaded() {
    const TAIL: usize = 8_000_000;
    let setup = Setup::new().await;
    for (key, picture) in [("a.jpg", small_jpeg()), ("a.png", png())] {
        // The whole download would take 12 seconds.
        let slow = FaultKind::Slow { before_ms: 0, chunk: 64_000, pause_ms: 100 };
        setup.cos.fail(Fault::new(slow).method("GET").times(1));
        let response = setup.thumbnail_of(key, with_tail(picture, TAIL)).await;
        let unfetched = response.stored()["source"]["unfetched"].as_u64().unwrap();
        assert!((TAIL as u64 / 2..TAIL as u64).contains(&unfetched), "{key}: {unfetched}");
        assert_eq!(response.log()[0]["source"]["unfetched"], unfetched, "{key}");
        assert_eq!(response.stored()["retries"], 0, "{key}");
        let connection = |method: &str| {
            let journal = setup.cos.journal();
            journal.iter().rev().find(|request| request.method == method).unwrap().connection
        };
        let (get, put) = (connection("GET"), connection("PUT"));
        setup.cos.clear_journal();
        setup.thumbnail_of(&format!("next-to-{key}"), small_jpeg()).await.stored();
        let later: Vec<u64> = setup.cos.journal().iter().map(|request| request.connection).collect();
        assert!(!later.contains(&get), "{key}: the connection of the abandoned download is closed");
        assert!(later.contains(&put), "{key}: the other connection is kept");
    }
}

#[tokio::test]
async fn short_rest_is_downloaded_during_the_encoding() {
    // The encoding takes longer than the rest of the download.
    let options = Options::default().setting("THUMBNAILS", "2000x2000").setting("FORMAT", "webp");
    let setup = Setup::with(options).await;
    let photo = photo();
    let rest_comes_late = FaultKind::Slow { before_ms: 0, chunk: photo.len() + 1000, pause_ms: 150 };
    setup.cos.fail(Fault::new(rest_comes_late).method("GET").times(1));
    let response = setup.thumbnail_of("lake.jpg", with_tail(photo, 60_000)).await;
    assert_eq!(response.stored()["source"].get("unfetched"), None);
    setup.thumbnail_of("next.jpg", small_jpeg()).await.stored();
    let connections: BTreeSet<u64> = setup.cos.journal().iter().map(|request| request.connection).collect();
    assert_eq!(connections.len(), 2, "both connections of the first look are kept");
}

#[tokio::test]
async fn complete_image_does_not_fail_with_the_rest_of_its_download() {
    let setup = Setup::new().await;
    let photo = photo();
    let arrived = photo.len() + 1000;
    for (number, kind) in
        [FaultKind::Truncate(arrived), FaultKind::StallAfter(arrived)].into_iter().enumerate()
    {
        // Each attempt to resume fails too.
        setup.cos.fail(Fault::new(kind.clone()).method("GET").times(100));
        let key = format!("lake-{number}.jpg");
        let response = setup.thumbnail_of(&key, with_tail(photo.clone(), 4_000_000)).await;
        assert!(response.stored()["source"]["unfetched"].as_u64().unwrap() > 0, "{kind:?}");
        assert_eq!(size_of(&setup.stored(&key).bytes), (300, 200));
        setup.cos.clear_faults();
        setup.thumbnail_of(&format!("next-{number}.jpg"), small_jpeg()).await.stored();
    }
}
