//! Manifests of a bucket: missing, stale and orphaned ones.

use std::collections::BTreeMap;

use crate::live::{Cloud, key, outcomes};
use crate::setup::{SOURCE, TARGET};

fn manifest(number: usize) -> String {
    format!("manifests/{}.json", key(number))
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_stale_and_orphaned_manifests_are_found_and_mended() {
    let cloud = Cloud::new(1, &[("MANIFEST", "manifests/{key}.json")]).await;
    for left in cloud.cos.keys(TARGET) {
        cloud.cos.delete(TARGET, &left);
    }
    cloud.upload(0..6).await;
    cloud.sync("sync --run").await.succeeds();
    cloud.sync("verify").await.succeeds();

    cloud.cos.delete(TARGET, &manifest(1));
    assert_eq!(cloud.sync("sync --sample 0").await.succeeds().number("missing"), 1);
    // A thumbnail with the same stamp and other bytes, as an AVIF of another speed would be.
    let thumbnail = cloud.cos.object(TARGET, &key(2)).unwrap();
    let headers: Vec<_> =
        thumbnail.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    cloud.cos.put(TARGET, &key(2), [&thumbnail.bytes[..], b"more"].concat(), &headers).await;
    // A manifest that names the object of another.
    cloud.cos.put(TARGET, &key(3), "somebody's", &[]).await;
    let verified =
        cloud.sync("verify --report report.jsonl").await.fails("3 sources have not the thumbnails");
    assert_eq!((verified.number("missing"), verified.number("stale")), (1, 2));
    cloud.sync("sync --verify stamps --run").await.succeeds();
    for number in [0, 1, 2, 4, 5] {
        assert!(cloud.cos.object(TARGET, &manifest(number)).is_some(), "{number}");
    }
    assert!(cloud.cos.object(TARGET, &manifest(3)).is_none());

    cloud.cos.delete(SOURCE, &key(4));
    cloud.cos.delete(TARGET, &key(4));
    cloud.sync("sync --run --report orphans.jsonl").await.succeeds();
    assert_eq!(outcomes(&cloud.path("orphans.jsonl")).get(&key(4)), Some(&"orphan".to_owned()));
    cloud.sync("sync --run --orphans remove").await.succeeds();
    assert!(cloud.cos.object(TARGET, &manifest(4)).is_none());
    let left: BTreeMap<String, String> = outcomes(&cloud.path("orphans.jsonl"));
    assert!(!left.contains_key(&key(0)), "{left:?}");
}
