//! AVIF, which takes long: after all other thumbnails, within the time limit, and told apart from what never fits.

use std::time::Duration;

use scf_local::Outcome;
use serde_json::Value;

use crate::setup::{Options, Setup, TARGET, jpeg_of, photo};

/// Attempts of the platform at an asynchronous event: one and two retries.
const ATTEMPTS: usize = 3;

fn options(thumbnails: &str, seconds: u64) -> Options {
    let options = Options { memory_mb: 1024, time_limit: Duration::from_secs(seconds), ..Options::default() };
    options.setting("THUMBNAILS", thumbnails).setting("TARGET_KEY", "{name}/{key}")
}

#[tokio::test]
async fn avif_is_stored_after_the_others_as_image_avif() {
    let setup = Setup::with(options("modern=120x120/format/avif;small=90x90", 60)).await;
    let outcome = setup.thumbnail_of("a.jpg", photo()).await.stored();
    let thumbnails = outcome["thumbnails"].as_array().unwrap();
    let formats: Vec<&Value> = thumbnails.iter().map(|thumbnail| &thumbnail["format"]).collect();
    assert_eq!(formats, ["jpeg", "avif"]);
    assert_eq!((&thumbnails[1]["width"], &thumbnails[1]["height"]), (&120.into(), &80.into()));
    let stored = setup.stored("modern/a.jpg");
    assert_eq!(stored.headers["content-type"], "image/avif");
    assert_eq!(stored.bytes.get(4..12), Some(b"ftypavif".as_slice()));
    let again = setup.invoke(&setup.upload("a.jpg", photo()).await).await;
    assert_eq!(again.outcome()["outcome"], "unchanged");
}

#[tokio::test]
async fn no_time_limit_is_exceeded_and_the_others_come_first() {
    for seconds in [1, 2, 5, 20, 60] {
        let thumbnails = "a=60x60/format/avif;b=150x150/format/avif;c=500x500/format/avif;small=90x90";
        let setup = Setup::with(options(thumbnails, seconds)).await;
        let message = setup.upload("a.jpg", jpeg_of(600, 400)).await;
        let mut attempt = 1;
        let last = loop {
            let response = setup.invoke(&message).await;
            let keys = setup.cos.keys(TARGET);
            assert!(keys.is_empty() || keys.contains(&"small/a.jpg".to_owned()), "{seconds} s: {keys:?}");
            match &response.0.outcome {
                Outcome::Error(text) if text.contains("deadline") && attempt < ATTEMPTS => attempt += 1,
                Outcome::Error(_) | Outcome::Response(_) => break response,
                other => panic!("{seconds} s: {other:?}"),
            }
        };
        let (keys, text) = (setup.cos.keys(TARGET), format!("{:?}", last.0.outcome));
        println!("{seconds} s, attempt {attempt}: {keys:?}, {text}");
        let is_explained = text.contains("deadline") || text.contains("image.too_slow");
        assert_eq!(is_explained, keys.len() < 4, "{seconds} s: {keys:?}, {text}");
        assert!(keys.len() == 4 || seconds < 60, "{keys:?}, {text}");
    }
}

#[tokio::test]
async fn avif_that_would_fit_no_invocation_fails_for_good_and_names_the_remedy() {
    let setup =
        Setup::with(options("big=1000x1000/format/avif/quality/100/max_bytes/1k;small=90x90", 1)).await;
    let response = setup.thumbnail_of("a.jpg", jpeg_of(1000, 667)).await;
    let outcome = response.outcome();
    assert_eq!(
        (&outcome["outcome"], &outcome["code"]),
        (&"failed".into(), &"image.too_slow".into()),
        "{outcome:#}"
    );
    assert_eq!(outcome["kind"], "permanent");
    assert!(outcome["reason"].as_str().unwrap().contains("longer time limit"), "{outcome:#}");
    assert_eq!(setup.cos.keys(TARGET), ["small/a.jpg"]);
}
