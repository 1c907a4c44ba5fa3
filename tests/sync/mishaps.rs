//! What goes wrong around a sync: mistakes of the user, missing rights, full disks, and signals.

use std::process::Stdio;
use std::time::Duration;

use scf_local::{ApiFault, ApiFaultKind, Fault, FaultKind};
use tokio::process::Child;
use tokio::time::{sleep, timeout};

use crate::live::{Cloud, Done, key};
use crate::setup::{SOURCE, TARGET};

/// Time in which a program ends that was told to.
const SOON: Duration = Duration::from_secs(5);

fn slow(milliseconds: u64) -> FaultKind {
    FaultKind::Slow { before_ms: milliseconds, chunk: 0, pause_ms: 0 }
}

/// Sends what Ctrl-C sends.
fn interrupt(child: &Child) {
    let id = child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
}

/// Starts a command whose output is kept.
fn start(cloud: &Cloud, arguments: &str) -> Child {
    cloud.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

async fn ended(child: Child) -> Done {
    Done(timeout(SOON, child.wait_with_output()).await.expect("it goes on").unwrap())
}

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

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_stopped_while_it_measures_or_tries_sources() {
    let cloud = Cloud::new(1, &[]).await;
    cloud.upload(0..20).await;
    for arguments in ["sync --sample 20", "verify"] {
        cloud.cos.clear_faults();
        cloud.cos.clear_journal();
        cloud.cos.fail(Fault::new(slow(20_000)).method("GET").key_contains("in/").times(1000));
        let child = start(&cloud, arguments);
        while !cloud.cos.journal().iter().any(|entry| entry.method == "HEAD") {
            sleep(Duration::from_millis(20)).await;
        }
        sleep(Duration::from_millis(200)).await;
        interrupt(&child);
        ended(child).await.fails("stopped");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_for_its_checkpoint_ends_at_the_second_signal() {
    let cloud = Cloud::new(1, &[]).await;
    cloud.upload(0..20).await;
    let (place, object) = (format!("cos://{TARGET}/.sync/job.json"), ".sync/job.json");
    cloud.cos.fail(Fault::new(FaultKind::Stall).method("PUT").key(object).times(1000));
    let child = start(&cloud, &format!("sync --run --checkpoint {place}"));
    while !cloud.cos.journal().iter().any(|entry| entry.method == "PUT" && entry.key == object) {
        sleep(Duration::from_millis(20)).await;
    }
    interrupt(&child);
    sleep(Duration::from_millis(200)).await;
    interrupt(&child);
    assert_eq!(ended(child).await.0.status.code(), Some(130));
    assert_eq!(cloud.cos.keys(SOURCE).len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_tells_that_its_sample_failed() {
    let cloud = Cloud::new(2, &[]).await;
    cloud.upload(0..20).await;
    let denied = FaultKind::Status { status: 403, code: "AccessDenied".to_owned() };
    cloud.cos.fail(Fault::new(denied).method("PUT").bucket(TARGET).times(1000));
    let plan = cloud.sync("sync").await.succeeds();
    let words = "20 of the 20 sources of the sample failed, 20 of them by cos.denied: COS denied PUT";
    assert!(plan.stderr().contains(words), "{}", plan.stderr());
    cloud.cos.clear_faults();
    cloud.api.fail(ApiFault::new(ApiFaultKind::RunStatus(441)).action("InvokeFunction").times(3));
    cloud.sync("sync").await.fails("the sample could not be measured");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_notices_a_function_with_other_settings() {
    let mut cloud = Cloud::new(1, &[("TARGET_KEY", "{dir}small/{stem}.{ext}")]).await;
    cloud.upload(0..10).await;
    cloud.settings.clear();
    cloud.sync("sync --sample 3").await.fails("give sync the settings of the function");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_names_the_remedy_of_what_is_wrong() {
    let cloud = Cloud::new(1, &[]).await;
    cloud.upload(0..10).await;
    cloud.sync("sync --run").await.succeeds();
    cloud.cos.delete(SOURCE, &key(3));
    let verified = cloud
        .sync("verify")
        .await
        .fails("1 thumbnails have lost their source; cos-thumbnailer sync --orphans");
    assert!(!verified.stderr().contains("have not the thumbnails"), "{}", verified.stderr());
    cloud.cos.delete(TARGET, &key(5));
    let verified = cloud.sync("verify").await.fails("lost their source");
    assert!(verified.stderr().contains("1 sources have not the thumbnails"), "{}", verified.stderr());
    cloud.sync("sync --orphans remove --run").await.succeeds();
    cloud.sync("verify").await.succeeds();
    // The function has a second, which one source needs on its way here.
    cloud.cos.put(SOURCE, "in/note.txt", "not an image", &[]).await;
    cloud.cos.fail(Fault::new(slow(1500)).method("GET").key("in/note.txt").times(1));
    cloud.sync("verify --memory 512 --timeout 1").await.succeeds();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_ends_with_failures_says_so() {
    let cloud = Cloud::new(1, &[]).await;
    cloud.cos.put(SOURCE, "in/note.txt", "not an image", &[]).await;
    cloud.sync("sync --run").await.fails("1 sources failed; --report FILE names them");
    cloud.sync("sync --run --report report.jsonl").await.fails("1 sources failed; report.jsonl names them");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_names_nothing_is_told_with_its_remedy() {
    let cloud = Cloud::new(1, &[]).await;
    for place in ["none/manifest.json".to_owned(), format!("cos://{TARGET}/none/manifest.json")] {
        cloud
            .sync(&format!("sync --inventory {place}"))
            .await
            .fails(&format!("no inventory report {place}; correct"));
    }
    let missing = cloud.sync("sync --function none").await.fails("found no such function");
    assert!(!missing.stderr().contains("--memory"), "{}", missing.stderr());
    std::fs::write(cloud.path("prices.json"), "{}").unwrap();
    let prices = cloud.sync("sync --prices prices.json").await.fails("as docs/sync.md shows");
    assert_eq!(prices.stderr().matches("missing field").count(), 1, "{}", prices.stderr());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_gone_with_two_thumbnails_is_sent_once() {
    let cloud = Cloud::new(1, &[("THUMBNAILS", "s=20x20;l=40x40")]).await;
    cloud.cos.keys(TARGET).iter().for_each(|key| cloud.cos.delete(TARGET, key));
    cloud.upload(0..1).await;
    cloud.sync("sync --run").await.succeeds();
    cloud.cos.delete(SOURCE, &key(0));
    let before = cloud.invocations();
    let run = cloud.sync("sync --run --orphans remove").await.succeeds();
    assert_eq!((run.number("removed"), cloud.invocations() - before), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn orphans_that_were_reported_are_not_passed_when_they_are_to_be_removed() {
    let cloud = Cloud::new(1, &[]).await;
    cloud.upload(0..4).await;
    cloud.sync("sync --run --max-invocations 1 --batch 1").await.fails("raise --max-invocations");
    cloud.sync("sync --run --orphans remove").await.fails("of a run with other sources, options");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_without_rule_for_the_sources_stops_the_run() {
    let mut cloud = Cloud::new(1, &[("SOURCE_SUFFIX", ".jpg")]).await;
    cloud.cos.put(SOURCE, "in/a.jpeg", "an image of another suffix", &[]).await;
    cloud.settings.clear();
    cloud.sync("sync --run").await.fails("the function has no rule for in/a.jpeg");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_right_is_asked_for_the_owner_of_the_keys() {
    let cloud = Cloud::new(1, &[]).await;
    let denied = FaultKind::Status { status: 403, code: "AccessDenied".to_owned() };
    cloud.cos.fail(Fault::new(denied).method("GET").bucket(SOURCE).times(1000));
    let run = cloud.sync("sync --run").await.fails("grant name/cos:GetBucket on");
    assert!(run.stderr().contains("to the owner of the keys"), "{}", run.stderr());
    let mut command = cloud.command("sync");
    let lost = Done(command.env("COS_SECRET_KEY", "anotherKeyThatIsWrong").output().await.unwrap());
    lost.fails("check the keys, or renew them");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_whose_answer_was_lost_is_taken_all_the_same() {
    let cloud = Cloud::new(1, &[]).await;
    cloud.upload(0..4).await;
    cloud.cos.fail(Fault::new(FaultKind::LostAnswer).method("PUT").key_contains("lease").times(1));
    cloud.sync(&format!("sync --run --checkpoint cos://{TARGET}/.sync/job.json")).await.succeeds();
    cloud.assert_thumbnails(0..4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_whose_line_the_report_lost_is_reported_by_the_next_run() {
    let cloud = Cloud::new(1, &[]).await;
    cloud.upload(0..10).await;
    cloud.sync("sync --run --report /dev/full").await.fails("the report cannot be written");
    cloud.cos.put(SOURCE, "in/note.txt", "not an image", &[]).await;
    cloud.sync("sync --run --verify nothing").await.fails("of a run with other");
    let resumed = cloud.sync("sync --run --report report.jsonl").await;
    assert_eq!(resumed.number("sources"), 11, "{}", resumed.stderr());
}

#[tokio::test(flavor = "multi_thread")]
async fn temporary_keys_work_and_tell_when_they_have_expired() {
    let cloud = Cloud::new(1, &[]).await;
    cloud.upload(0..10).await;
    cloud.cos.set_credentials("AKIDtemporary", "temporaryKeyOfAnHour", Some("tokenOfAnHour"));
    let sync = async |arguments: &str| {
        let mut command = cloud.command(arguments);
        command
            .env_remove("COS_SECRET_ID")
            .env_remove("COS_SECRET_KEY")
            .env("TENCENTCLOUD_SECRETID", "AKIDtemporary")
            .env("TENCENTCLOUD_SECRETKEY", "temporaryKeyOfAnHour")
            .env("TENCENTCLOUD_SESSIONTOKEN", "tokenOfAnHour");
        Done(command.output().await.unwrap())
    };
    sync("sync --run --mode local").await.succeeds();
    cloud.assert_thumbnails(0..10);
    cloud.cos.expire_token(true);
    let expired = sync("sync --run --mode local").await.fails("the same command resumes the run");
    let text = expired.stderr();
    assert!(text.contains("renew") && !text.contains("temporaryKey") && !text.contains("tokenOf"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_among_the_sources_is_refused() {
    let cloud = Cloud::new(1, &[("SOURCE_SUFFIX", ".jpg;.json")]).await;
    cloud.upload(0..2).await;
    let run = async |key: &str| cloud.sync(&format!("sync --run --checkpoint cos://{SOURCE}/{key}")).await;
    run("in/job.json").await.fails("would be a source");
    run("in/job.state").await.succeeds();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_only_looks_for_orphans_needs_no_inventory() {
    let cloud = Cloud::new(1, &[]).await;
    cloud.upload(0..4).await;
    cloud.sync("sync --run --batch 2 --max-invocations 1").await.fails("raise --max-invocations");
    let path = cloud.path(&format!("{SOURCE}.sync.json"));
    let text = std::fs::read_to_string(&path).unwrap();
    let arguments = "sync --run --inventory gone/manifest.json";
    cloud.sync(arguments).await.fails("no inventory report");
    std::fs::write(&path, text.replace("\"sources\",", "\"orphans\",")).unwrap();
    cloud.sync(arguments).await.succeeds();
}
