//! The real program, and what it looks at by `--verify`.

use crate::live::{Cloud, key};
use crate::setup::{SOURCE, TARGET};

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_size_is_found_by_the_stamps() {
    let mut cloud = Cloud::new(1, &[]).await;
    cloud.upload(0..10).await;
    cloud.sync("sync --run").await.succeeds();
    cloud.cos.put(SOURCE, "in/note.txt", "not an image", &[]).await;
    let verified = cloud.sync("verify").await.succeeds();
    assert!(verified.stdout().contains("1 (image.not_an_image)"), "{}", verified.stdout());
    cloud.cos.delete(SOURCE, "in/note.txt");
    cloud.settings.push(("THUMBNAILS".to_owned(), "20x20".to_owned()));
    assert_eq!(
        cloud.sync("sync --sample 0").await.succeeds().number("stale"),
        0,
        "the listing shows no recipes"
    );
    let verified = cloud.sync("verify").await.fails("10 sources have not the thumbnails");
    assert_eq!(verified.number("stale"), 10);
    // The deployed function still has the old settings, and says that nothing is to be done.
    let run = cloud.sync("sync --verify stamps --run").await;
    assert_eq!(run.number("unchanged"), 10);
    // This machine has the new ones.
    let run = cloud.sync("sync --verify stamps --mode local --run").await.succeeds();
    assert_eq!(run.number("stored"), 10);
    cloud.sync("verify").await.succeeds();
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_of_whose_thumbnails_nothing_is_known_are_read_only_if_one_is_missing() {
    let cloud = Cloud::new(1, &[]).await;
    cloud.upload(0..10).await;
    cloud.sync("sync --run").await.succeeds();
    cloud.api.kill_one().await;
    cloud.cos.delete(TARGET, &key(3));
    cloud.cos.clear_journal();
    let run = cloud.sync("sync --run --verify nothing").await.succeeds();
    assert_eq!((run.number("unchanged"), run.number("stored")), (9, 1));
    let journal = cloud.cos.journal();
    let read = journal.iter().filter(|request| request.method == "GET" && request.key.starts_with("in/"));
    assert_eq!(read.map(|request| request.key.clone()).collect::<Vec<_>>(), [key(3)]);
}
