//! What becomes of all kinds of sources.

use std::time::Duration;

use scf_local::{Fault, FaultKind};

use crate::world::{Wishes, World, jpeg_of, photo, size_of, small_jpeg};

#[tokio::test]
async fn a_photo_gets_its_thumbnail_under_the_same_key() {
    let world = World::new().await;
    let told = world.thumbnail_of("photos/lake.jpg", photo()).await;
    let outcome = told.stored();
    let stored = world.stored("photos/lake.jpg");
    assert_eq!(size_of(&stored.bytes), (300, 200));
    assert_eq!(stored.headers["content-type"], "image/jpeg");
    assert_eq!(stored.headers["x-cos-meta-thumbnail-source"], "example-1250000000/photos/lake.jpg");
    let etag = world.cos.object(crate::world::SOURCE, "photos/lake.jpg").unwrap().etag;
    assert_eq!(format!("\"{}\"", stored.headers["x-cos-meta-thumbnail-etag"]), etag);
    assert_eq!(stored.headers["x-cos-meta-thumbnail-recipe"].len(), 40);
    assert_eq!((&outcome["source"]["format"], &outcome["source"]["width"]), (&"jpeg".into(), &2048.into()));
    assert_eq!(outcome["thumbnails"][0]["bytes"], stored.bytes.len());
}

#[tokio::test]
async fn the_log_line_tells_what_the_answer_tells() {
    let world = World::new().await;
    let told = world.thumbnail_of("photos/lake.jpg", photo()).await;
    let lines = told.log();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    let outcome = told.outcome();
    for (member, value) in outcome.as_object().unwrap() {
        assert_eq!(&lines[0][member], value, "{member}");
    }
    assert_eq!(lines[0]["request_id"], told.0.request_id.as_str());
    assert!(lines[0]["peak_memory_mb"].as_u64().unwrap() > 1);
    assert_eq!(lines[0]["total_ms"], lines[0]["ms"]["total"]);
    for secret in ["LocalSecretKey", "q-signature", "Authorization"] {
        assert!(!told.0.log.concat().contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn the_same_source_gives_the_same_bytes() {
    let world = World::new().await;
    world.thumbnail_of("a.jpg", photo()).await.stored();
    world.thumbnail_of("b.jpg", photo()).await.stored();
    assert_eq!(world.stored("a.jpg").bytes, world.stored("b.jpg").bytes);
}

#[tokio::test]
async fn twenty_four_megapixels_fit_a_small_function() {
    let world = World::with(Wishes { memory_mb: 128, ..Wishes::default() }).await;
    let told = world.thumbnail_of("big.jpg", jpeg_of(6000, 4000)).await;
    assert_eq!(told.stored()["source"]["height"], 4000);
    assert_eq!(size_of(&world.stored("big.jpg").bytes), (300, 200));
    assert!(told.0.peak_rss.unwrap() < 128 * 1024 * 1024, "{:?}", told.0.peak_rss);
}

#[tokio::test]
async fn pictures_of_all_formats_keep_theirs() {
    let world = World::new().await;
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
        let told = world.thumbnail_of(key, bytes.into_inner()).await;
        assert_eq!(told.stored()["thumbnails"][0]["format"], expected, "{key}");
        let stored = world.stored(key);
        assert_eq!(stored.headers["content-type"], format!("image/{expected}"), "{key}");
        let thumbnail = image::load_from_memory(&stored.bytes).unwrap().to_rgba8();
        assert_eq!(thumbnail.dimensions(), (300, 75), "{key}");
        assert_eq!(thumbnail.get_pixel(280, 40).0[3], 0, "{key}: still transparent");
    }
}

#[tokio::test]
async fn hopeless_sources_are_told_apart_and_not_tried_again() {
    let world = World::new().await;
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
        let outcome = world.thumbnail_of(key, bytes).await.outcome();
        assert_eq!(outcome["outcome"], "failed", "{key}");
        assert_eq!(outcome["kind"], "permanent", "{key}");
        assert_eq!(outcome["code"], code, "{key}: {outcome:#}");
        assert!(outcome["reason"].as_str().unwrap().contains(word), "{key}: {outcome:#}");
        assert!(world.cos.object(crate::world::TARGET, key).is_none(), "{key}: nothing is stored");
    }
}

#[tokio::test]
async fn pictures_of_all_kinds_become_thumbnails() {
    let world = World::with(Wishes::default().setting("THUMBNAILS", "40x40")).await;
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
        let told = world.thumbnail_of(kind, std::fs::read(format!("tests/data/{kind}")).unwrap()).await;
        told.stored();
        let (width, height) = size_of(&world.stored(kind).bytes);
        assert!(width.max(height) <= 40, "{kind}: {width}x{height}");
    }
    let (width, height) = size_of(&world.stored("exif-landscape-6.jpg").bytes);
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
async fn what_is_refused_by_its_header_is_not_downloaded_to_its_end() {
    let world = World::new().await;
    let mut bytes = bomb();
    bytes.resize(4_000_000, 0);
    // Forty seconds in all.
    let slow = FaultKind::Slow { before_ms: 0, chunk: 100_000, pause_ms: 1000 };
    world.cos.fail(Fault::new(slow).method("GET").times(1));
    let told = world.thumbnail_of("bomb.png", bytes).await;
    let outcome = told.outcome();
    assert_eq!(outcome["code"], "image.too_many_pixels");
    assert_eq!(outcome["source"]["bytes"], 4_000_000);
    assert!(outcome["source"]["unfetched"].as_u64().unwrap() > 2_000_000, "{outcome:#}");
    assert_eq!(outcome["source"].get("format"), None);
    assert!(told.0.elapsed < Duration::from_secs(20), "{:?}", told.0.elapsed);
}

#[tokio::test]
async fn a_picture_that_does_not_fit_the_memory_is_refused_with_the_numbers() {
    let world = World::with(Wishes { memory_mb: 64, ..Wishes::default() }).await;
    // Its directory comes last, so that all of it would have to be held.
    let picture = image::DynamicImage::ImageRgb8(image::RgbImage::new(5000, 4000));
    let mut tiff = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut tiff, image::ImageFormat::Tiff).unwrap();
    let outcome = world.thumbnail_of("big.tif", tiff.into_inner()).await.outcome();
    assert_eq!(outcome["code"], "image.too_much_memory", "{outcome:#}");
    let reason = outcome["reason"].as_str().unwrap();
    assert!(reason.starts_with("this picture needs "), "{reason}");
    assert!(reason.contains("this function has 64 MB; set 128 MB"), "{reason}");
    world.thumbnail_of("small.jpg", small_jpeg()).await.stored();
}

#[tokio::test]
async fn objects_that_need_nothing_are_skipped_with_the_reason() {
    let world = World::new().await;
    let stamped = [
        ("x-cos-meta-thumbnail-source", "example-1250000000/a.jpg"),
        ("x-cos-meta-thumbnail-recipe", "0123456789012345678901234567890123456789"),
    ];
    let table = [
        (world.upload("folder/", "").await, "skip.folder"),
        (world.upload("empty.jpg", "").await, "skip.empty"),
        (world.upload_with("own.jpg", small_jpeg(), &stamped).await, "skip.own_thumbnail"),
        (crate::world::example("remove"), "skip.source_gone"),
        (crate::world::example("restore-started"), "skip.restore_started"),
        (crate::world::example("put"), "skip.source_gone"),
    ];
    for (message, code) in table {
        let outcome = world.invoke(&message).await.outcome();
        assert_eq!((&outcome["outcome"], &outcome["code"]), (&"skipped".into(), &code.into()));
    }
    assert!(world.cos.keys(crate::world::TARGET).is_empty());
}

#[tokio::test]
async fn a_stamp_that_only_the_object_carries_is_seen_as_well() {
    let world = World::new().await;
    let stamped = [("x-cos-meta-thumbnail-source", "x"), ("x-cos-meta-thumbnail-recipe", "y")];
    let mut message = world.upload_with("own.jpg", small_jpeg(), &stamped).await;
    message["Records"][0]["cos"]["cosObject"]["meta"] = serde_json::json!({});
    assert_eq!(world.invoke(&message).await.outcome()["code"], "skip.own_thumbnail");
}

#[tokio::test]
async fn an_archived_source_is_told_and_its_restore_makes_the_thumbnail() {
    let world = World::new().await;
    let headers = [("Content-Type", "image/jpeg"), ("x-cos-storage-class", "ARCHIVE")];
    let message = world.upload_with("cold.jpg", small_jpeg(), &headers).await;
    assert_eq!(world.invoke(&message).await.outcome()["code"], "cos.archived");
    let mut message = world.upload("cold.jpg", small_jpeg()).await;
    message["Records"][0]["event"]["eventName"] = "cos:ObjectRestore:Completed".into();
    world.invoke(&message).await.stored();
}

#[tokio::test]
async fn late_event_makes_the_thumbnail_of_the_present_version() {
    let world = World::new().await;
    world.cos.versioning(crate::world::SOURCE, true).unwrap();
    let older = world.upload("a.jpg", jpeg_of(640, 480)).await;
    let newer = world.upload("a.jpg", jpeg_of(320, 480)).await;
    let outcome = world.invoke(&older).await.stored();
    assert_eq!(outcome["source"]["width"], 320);
    let version = newer["Records"][0]["cos"]["cosObject"]["vid"].as_str().unwrap();
    assert_eq!(world.stored("a.jpg").headers["x-cos-meta-thumbnail-version"], version);
}

/// A picture with so many bytes behind its end, as the gain maps of phones are.
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
async fn what_lies_behind_the_picture_is_not_fetched() {
    const TAIL: usize = 8_000_000;
    let world = World::new().await;
    for (key, picture) in [("a.jpg", small_jpeg()), ("a.png", png())] {
        // Twelve seconds in all.
        let slow = FaultKind::Slow { before_ms: 0, chunk: 64_000, pause_ms: 100 };
        world.cos.fail(Fault::new(slow).method("GET").times(1));
        let told = world.thumbnail_of(key, with_tail(picture, TAIL)).await;
        let unfetched = told.stored()["source"]["unfetched"].as_u64().unwrap();
        assert!((TAIL as u64 / 2..TAIL as u64).contains(&unfetched), "{key}: {unfetched}");
        assert_eq!(told.log()[0]["source"]["unfetched"], unfetched, "{key}");
        assert_eq!(told.stored()["retries"], 0, "{key}");
        world.thumbnail_of(&format!("next-to-{key}"), small_jpeg()).await.stored();
        let connections: Vec<u64> = world.cos.journal().iter().rev().map(|r| r.connection).collect();
        // For each source: a look at its thumbnail, the source, its thumbnail, a look at the source.
        let [_, next_put, next_get, _, _, put, get, _] = connections[..8] else { panic!("{connections:?}") };
        assert_ne!(get, put, "{key}: the connection full of bytes that nobody wants is closed");
        assert_eq!([put, next_get], [next_put, next_put], "{key}: and the others are kept");
    }
}

#[tokio::test]
async fn a_short_rest_is_fetched_while_the_thumbnail_is_made() {
    // A thumbnail that takes longer than the rest needs to come.
    let wishes = Wishes::default().setting("THUMBNAILS", "2000x2000").setting("FORMAT", "webp");
    let world = World::with(wishes).await;
    let photo = photo();
    let rest_comes_late = FaultKind::Slow { before_ms: 0, chunk: photo.len() + 1000, pause_ms: 150 };
    world.cos.fail(Fault::new(rest_comes_late).method("GET").times(1));
    let told = world.thumbnail_of("lake.jpg", with_tail(photo, 60_000)).await;
    assert_eq!(told.stored()["source"].get("unfetched"), None);
    let connections: Vec<u64> = world.cos.journal().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [connections[0]; 4]);
}

#[tokio::test]
async fn a_picture_that_came_whole_does_not_fail_with_the_rest_of_its_download() {
    let world = World::new().await;
    let photo = photo();
    let come = photo.len() + 1000;
    for (number, kind) in [FaultKind::Truncate(come), FaultKind::StallAfter(come)].into_iter().enumerate() {
        // However often the rest is asked for.
        world.cos.fail(Fault::new(kind.clone()).method("GET").times(100));
        let key = format!("lake-{number}.jpg");
        let told = world.thumbnail_of(&key, with_tail(photo.clone(), 4_000_000)).await;
        assert!(told.stored()["source"]["unfetched"].as_u64().unwrap() > 0, "{kind:?}");
        assert_eq!(size_of(&world.stored(&key).bytes), (300, 200));
        world.cos.clear_faults();
        world.thumbnail_of(&format!("next-{number}.jpg"), small_jpeg()).await.stored();
    }
}
