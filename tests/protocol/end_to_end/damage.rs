//! Damaged images.

use crate::setup::{Options, Setup, TARGET, photo, size_of};

/// The first `percent` % of a file.
fn cut(mut file: Vec<u8>, percent: usize) -> Vec<u8> {
    file.truncate(file.len() * percent / 100);
    file
}

fn progressive() -> Vec<u8> {
    std::fs::read("tests/data/photo-2048x878-progressive.jpg").unwrap()
}

#[tokio::test]
async fn mostly_intact_image_is_stored_and_its_damage_reported() {
    let setup = Setup::new().await;
    for (key, file, percents) in [
        ("cut.jpg", cut(photo(), 95), 2..=9),
        // The missing scans only refine what the first ones have.
        ("cut-progressive.jpg", cut(progressive(), 45), 1..=1),
    ] {
        let response = setup.thumbnail_of(key, file).await;
        let damaged = response.stored()["source"]["damaged"].as_u64().unwrap();
        assert!(percents.contains(&damaged), "{key}: {damaged} %");
        assert_eq!(response.log()[0]["source"]["damaged"], damaged, "{key}");
        assert_eq!(size_of(&setup.stored(key).bytes).0, 300, "{key}");
    }
    let whole = setup.thumbnail_of("whole.jpg", photo()).await;
    assert_eq!(whole.stored()["source"].get("damaged"), None);
}

#[tokio::test]
async fn image_that_is_mostly_lost_is_refused() {
    let setup = Setup::new().await;
    for (key, file) in [("cut.jpg", cut(photo(), 85)), ("cut-progressive.jpg", cut(progressive(), 15))] {
        let outcome = setup.thumbnail_of(key, file).await.outcome();
        assert_eq!(outcome["code"], "image.damaged", "{key}: {outcome:#}");
        assert!(outcome["reason"].as_str().unwrap().contains("up to 10 % may be"), "{key}: {outcome:#}");
        assert!(setup.cos.object(TARGET, key).is_none(), "{key}");
    }
}

#[tokio::test]
async fn every_damaged_image_fails_with_on_damage_fail() {
    let setup = Setup::with(Options::default().setting("ON_DAMAGE", "fail")).await;
    for (key, file) in [("cut.jpg", cut(photo(), 95)), ("cut-progressive.jpg", cut(progressive(), 45))] {
        let outcome = setup.thumbnail_of(key, file).await.outcome();
        assert_eq!((&outcome["kind"], &outcome["code"]), (&"permanent".into(), &"image.damaged".into()));
        assert!(setup.cos.object(TARGET, key).is_none(), "{key}");
    }
    setup.thumbnail_of("whole.jpg", photo()).await.stored();
}
