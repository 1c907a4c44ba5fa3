//! The real program, with target keys that sources share, and buckets that a segment of the source key names.

use crate::live::{Cloud, outcomes};
use crate::setup::{SOURCE, TARGET, jpeg_of};

const ACME: &str = "thumbs-acme-1250000000";
const BOLT: &str = "thumbs-bolt-1250000000";

impl Cloud {
    async fn upload_keys(&self, keys: &[&str]) {
        for key in keys {
            self.cos.put(SOURCE, key, jpeg_of(64, 48), &[]).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thumbnails_in_a_bucket_for_each_tenant_are_made_verified_and_removed() {
    let settings = [("SOURCE_PREFIX", "{tenant}/up/"), ("TARGET_BUCKET", "thumbs-{tenant}-1250000000")];
    let cloud = Cloud::empty(1, &settings, &[ACME, BOLT]).await;
    cloud
        .upload_keys(&[
            "acme/a.jpg",
            "acme/up/a.jpg",
            "acme/up/b.jpg",
            "acme/x/up/a.jpg",
            "bolt/up/a.jpg",
            "up/a.jpg",
        ])
        .await;
    let run = cloud.sync("sync --run").await.succeeds();
    assert_eq!((run.number("sources"), run.number("stored")), (3, 3));
    assert_eq!(cloud.cos.keys(ACME), ["acme/up/a.jpg", "acme/up/b.jpg"]);
    assert_eq!(cloud.cos.keys(BOLT), ["bolt/up/a.jpg"]);
    cloud.sync("verify").await.succeeds();

    cloud.cos.delete(SOURCE, "acme/up/a.jpg");
    cloud.cos.delete(BOLT, "bolt/up/a.jpg");
    let verified = cloud.sync("verify").await.fails("lost their source");
    assert_eq!((verified.number("missing"), verified.number("orphans")), (1, 1));
    let run = cloud.sync("sync --run --orphans remove").await.succeeds();
    assert_eq!((run.number("stored"), run.number("removed")), (1, 1));
    assert_eq!(cloud.cos.keys(ACME), ["acme/up/b.jpg"]);
    cloud.sync("verify").await.succeeds();

    cloud.upload_keys(&["corp/up/a.jpg"]).await;
    cloud.sync("sync --run").await.fails("thumbs-corp-1250000000");
    cloud.cos.delete(SOURCE, "corp/up/a.jpg");
    cloud.upload_keys(&["Acme/up/a.jpg"]).await;
    cloud.sync("verify --report report.jsonl").await.fails("no possible keys");
    let told = outcomes(&cloud.path("report.jsonl"));
    assert_eq!(told, [("Acme/up/a.jpg".to_owned(), "target.name".to_owned())].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_another_source_has_first_is_counted_and_no_failure() {
    let settings = [("TARGET_KEY", "{dir}{stem}.webp"), ("COLLISIONS", "first")];
    let cloud = Cloud::empty(1, &settings, &[]).await;
    cloud.upload_keys(&["a.jpg", "a.png", "b.jpg"]).await;
    let run = cloud.sync("sync --run").await.succeeds();
    assert_eq!((run.number("stored"), run.number("target.taken")), (2, 1));
    let verified = cloud.sync("verify").await.succeeds();
    assert!(verified.stdout().contains("shared keys   1"), "{}", verified.stdout());

    // Records of one message are processed at once, so either may be the first.
    let owner = cloud.cos.object(TARGET, "a.webp").unwrap().headers["x-cos-meta-thumbnail-source"].clone();
    cloud.cos.delete(SOURCE, owner.strip_prefix("example-1250000000/").unwrap());
    let run = cloud.sync("sync --run --orphans remove").await.succeeds();
    assert_eq!(run.number("removed"), 1);
    let run = cloud.sync("sync --run").await.succeeds();
    assert_eq!(run.number("stored"), 1, "the key was free");
    assert_eq!(cloud.cos.keys(TARGET), ["a.webp", "b.webp"]);
    let verified = cloud.sync("verify").await.succeeds();
    assert!(!verified.stdout().contains("shared keys"), "{}", verified.stdout());
}
