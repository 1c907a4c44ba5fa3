//! What goes wrong around a sync: mistakes of the user, missing rights, full disks, and signals.

use crate::live::Cloud;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_selects_by_age_is_resumed_by_the_same_command() {
    let cloud = Cloud::new(1, &[]).await;
    cloud.upload(0..10).await;
    let arguments = "sync --run --batch 2 --newer 2days";
    cloud.sync(&format!("{arguments} --max-invocations 1")).await.fails("the most invocations are made");
    cloud.sync("sync --run --newer 3days").await.fails("of a run with other sources");
    cloud.sync(arguments).await.succeeds();
    cloud.assert_thumbnails(0..10);
}
