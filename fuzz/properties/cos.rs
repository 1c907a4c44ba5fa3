//! Answers of COS never panic the client, whatever their bytes. What it tells of an object holds together, and no error
//! repeats a key of the signature or more than one line.
//!
//! The first byte of an input is the request: `g`et, `r`ange, `h`ead, `l`ist, `p`ut or `d`elete. Then follow the answers,
//! with the line `=====` between two.

use std::time::Duration;

use cos_thumbnailer::cos::{
    BucketLocation, Client, ClientSettings, Credential, Download, Error, Head, ListPage, RetryPolicy,
    Session, Upload,
};
use cos_thumbnailer::object::{Bucket, Endpoint, Key, Region};
use cos_thumbnailer::reconcile::{SourceName, Stamp};
use tokio::time::Instant;

use super::answers::answer;

/// Secrets of the signature, which no answer may bring into an error.
const SECRETS: [&str; 3] = ["AKIDfuzzfuzzfuzz", "keykeykeykeykey", "tokentoken/token+token=="];

/// The bytes that a range asks for.
const RANGE: std::ops::Range<u64> = 2..9;

/// Checks the property. `false` if the input is not worth keeping.
pub(crate) fn check(data: &[u8]) -> bool {
    let [operation @ (b'g' | b'r' | b'h' | b'l' | b'p' | b'd'), answers @ ..] = data else { return false };
    let outcome = answer(answers, async |address| {
        let session = session(&address.to_string());
        let (location, key) = object();
        match operation {
            b'g' => read(session.get(&location, &key, None).await?, answers).await,
            b'r' => read(session.get_range(&location, &key, None, RANGE).await?, answers).await,
            b'h' => session.head(&location, &key, None).await.map(|head| is_sound(&head)),
            b'l' => session.list(&location, "a/", "").await.map(|page| is_a_page(&page)),
            b'p' => session.put(&location, &key, upload()).await.map(drop),
            _ => session.delete(&location, &key, None).await,
        }
    });
    if let Err(error) = outcome {
        let text = format!("{:#}", anyhow::Error::new(error));
        assert!(!text.chars().any(char::is_control), "{text:?}");
        for secret in SECRETS {
            assert!(!text.contains(secret), "{text}");
        }
    }
    true
}

fn session(address: &str) -> Session {
    let retry = RetryPolicy {
        attempts: 2,
        first_delay: Duration::ZERO,
        max_delay: Duration::ZERO,
        stall: Duration::from_secs(5),
    };
    let endpoint = Endpoint::parse(&format!("http://{address}"));
    let settings = ClientSettings { endpoint, retry, ..ClientSettings::default() };
    let client = Client::new(settings).expect("the client needs nothing");
    let [id, key, token] = SECRETS;
    let credential = Credential::new(id, key, Some(token.to_owned()));
    client.session(credential, Instant::now() + Duration::from_secs(20))
}

fn object() -> (BucketLocation, Key) {
    let bucket = Bucket::parse("photos-1250000000").expect("it is one");
    let region = Region::parse("ap-guangzhou").expect("it is one");
    (BucketLocation { bucket, region }, Key::parse("a/猫 1.jpg").expect("it is one"))
}

fn upload() -> Upload {
    Upload {
        body: b"content"[..].into(),
        content_type: "image/jpeg",
        cache_control: None,
        storage_class: None,
        acl: None,
        only_if_absent: true,
        meta: Vec::new(),
    }
}

/// Asserts that a download has as many bytes as it announces, all of them from the answers.
async fn read(mut download: Download, answers: &[u8]) -> Result<(), Error> {
    is_sound(&download.head);
    let announced = download.remaining();
    assert!(announced <= download.head.length);
    let mut received = 0;
    while let Some(chunk) = download.chunk().await? {
        assert!(!chunk.is_empty() && answers.windows(chunk.len()).any(|window| window == chunk));
        received += chunk.len() as u64;
        assert_eq!(received + download.remaining(), announced);
    }
    assert_eq!(received, announced, "an answer that ends early was taken for the end");
    Ok(())
}

/// Asserts that a stamp in the metadata is the same when it is stored again.
fn is_sound(head: &Head) {
    let Some(stamp) = Stamp::read(&head.meta) else { return };
    let stored = stamp.to_meta().into_iter().map(|(name, value)| (name.to_owned(), value));
    assert_eq!(Stamp::read(&stored.collect()).as_ref(), Some(&stamp));
    if let Some((bucket, key)) = stamp.source.parts() {
        assert_eq!(SourceName::new(&bucket, &key).parts(), Some((bucket, key)));
    }
}

fn is_a_page(page: &ListPage) {
    // Only an end that can be passed on lets a listing go on.
    assert!(page.next.as_ref().is_none_or(|next| !next.is_empty()), "{page:?}");
}
