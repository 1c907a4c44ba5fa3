//! Pictures of which a part is lost.

use crate::world::{TARGET, Wishes, World, photo, size_of};

/// The first so many hundredths of a file.
fn cut(mut file: Vec<u8>, percent: usize) -> Vec<u8> {
    file.truncate(file.len() * percent / 100);
    file
}

fn progressive() -> Vec<u8> {
    std::fs::read("tests/data/photo-2048x878-progressive.jpg").unwrap()
}

#[tokio::test]
async fn a_picture_that_is_mostly_good_is_stored_and_its_damage_told() {
    let world = World::new().await;
    for (key, file, percents) in [
        ("cut.jpg", cut(photo(), 95), 2..=9),
        // All its scans that say something first are there.
        ("cut-progressive.jpg", cut(progressive(), 45), 1..=1),
    ] {
        let told = world.thumbnail_of(key, file).await;
        let damaged = told.stored()["source"]["damaged"].as_u64().unwrap();
        assert!(percents.contains(&damaged), "{key}: {damaged} %");
        assert_eq!(told.log()[0]["source"]["damaged"], damaged, "{key}");
        assert_eq!(size_of(&world.stored(key).bytes).0, 300, "{key}");
    }
    let whole = world.thumbnail_of("whole.jpg", photo()).await;
    assert_eq!(whole.stored()["source"].get("damaged"), None);
}

#[tokio::test]
async fn a_picture_that_is_mostly_lost_is_refused() {
    let world = World::new().await;
    for (key, file) in [("cut.jpg", cut(photo(), 85)), ("cut-progressive.jpg", cut(progressive(), 15))] {
        let outcome = world.thumbnail_of(key, file).await.outcome();
        assert_eq!(outcome["code"], "image.damaged", "{key}: {outcome:#}");
        assert!(outcome["reason"].as_str().unwrap().contains("up to 10 % may be"), "{key}: {outcome:#}");
        assert!(world.cos.object(TARGET, key).is_none(), "{key}");
    }
}

#[tokio::test]
async fn no_damage_passes_where_it_is_to_fail() {
    let world = World::with(Wishes::default().setting("ON_DAMAGE", "fail")).await;
    for (key, file) in [("cut.jpg", cut(photo(), 95)), ("cut-progressive.jpg", cut(progressive(), 45))] {
        let outcome = world.thumbnail_of(key, file).await.outcome();
        assert_eq!((&outcome["kind"], &outcome["code"]), (&"permanent".into(), &"image.damaged".into()));
        assert!(world.cos.object(TARGET, key).is_none(), "{key}");
    }
    world.thumbnail_of("whole.jpg", photo()).await.stored();
}
