//! The real program against the local SCF and COS.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use bytes::Bytes;
use scf_local::{
    ApiFault, ApiFaultKind, Cos, CosOptions, Fault, FaultKind, ScfApi, ScfApiOptions, ScfOptions,
};
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::time::sleep;

use crate::setup::{REGION, SOURCE, TARGET, jpeg_of, program};

/// Different images among the sources.
const IMAGES: usize = 4;

/// A bucket with photographs from before the function was deployed.
pub(crate) struct Cloud {
    pub(crate) cos: Cos,
    pub(crate) api: ScfApi,
    folder: tempfile::TempDir,
    /// Settings of the function, which sync gets as well.
    pub(crate) settings: Vec<(String, String)>,
    /// The thumbnail of each image.
    thumbnails: Vec<Bytes>,
}

fn image(number: usize) -> Vec<u8> {
    jpeg_of(64 + 16 * u16::try_from(number % IMAGES).unwrap(), 48)
}

pub(crate) fn key(number: usize) -> String {
    format!("in/{number:05} 图+.jpg")
}

impl Cloud {
    pub(crate) async fn new(instances: usize, settings: &[(&str, &str)]) -> Self {
        let mut cloud = Self::empty(instances, settings, &[]).await;
        for number in 0..IMAGES {
            let key = format!("undisturbed-{number}.jpg");
            let object = cloud.cos.put(SOURCE, &key, image(number), &[]).await;
            let event = scf_local::event::created("cos:ObjectCreated:Put", SOURCE, REGION, &key, &object);
            assert!(cloud.api.invoke(&event.to_string()).await.outcome.is_success());
            let thumbnail = cloud.cos.keys(TARGET).pop().unwrap();
            cloud.thumbnails.push(cloud.cos.object(TARGET, &thumbnail).unwrap().bytes);
            cloud.cos.delete(SOURCE, &key);
            cloud.cos.delete(TARGET, &thumbnail);
        }
        cloud
    }

    /// Without the images of `upload`, and with more target buckets.
    pub(crate) async fn empty(instances: usize, settings: &[(&str, &str)], targets: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = CosOptions {
            root: folder.path().join("cos"),
            strict: true,
            buckets: [SOURCE, TARGET].iter().chain(targets).map(|name| (*name).to_owned()).collect(),
            ..CosOptions::default()
        };
        let cos = Cos::start(options).await.unwrap();
        let settings: Vec<(String, String)> =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut environment = cos.environment();
        environment.push(("COS_ENDPOINT".to_owned(), cos.endpoint()));
        environment.extend(settings.iter().cloned());
        let function =
            ScfOptions { program: program(), environment, memory_mb: 512, ..ScfOptions::default() };
        let options = ScfApiOptions { function, instances: Some(instances), ..ScfApiOptions::default() };
        let api = ScfApi::start(options).await.unwrap();
        Self { cos, api, folder, settings, thumbnails: Vec::new() }
    }

    /// Stores sources that no event was sent for.
    pub(crate) async fn upload(&self, numbers: std::ops::Range<usize>) {
        for number in numbers {
            self.cos.put(SOURCE, &key(number), image(number), &[]).await;
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(program());
        let keys = CosOptions::default();
        command
            .args(arguments.split(' '))
            .args(["--region", REGION, "--source", SOURCE])
            .current_dir(self.folder.path())
            .env_clear()
            .env("COS_ENDPOINT", self.cos.endpoint())
            .env("SCF_ENDPOINT", self.api.endpoint())
            .env("COS_SECRET_ID", keys.secret_id)
            .env("COS_SECRET_KEY", keys.secret_key)
            .envs(self.settings.iter().cloned())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    pub(crate) async fn sync(&self, arguments: &str) -> Done {
        Done(self.command(arguments).output().await.unwrap())
    }

    pub(crate) fn start(&self, arguments: &str) -> Child {
        self.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Asserts that exactly these sources have their thumbnails.
    pub(crate) fn assert_thumbnails(&self, sources: impl Iterator<Item = usize>) {
        let expected: BTreeMap<String, Bytes> =
            sources.map(|number| (key(number), self.thumbnails[number % IMAGES].clone())).collect();
        let stored: BTreeMap<String, Bytes> = self
            .cos
            .keys(TARGET)
            .into_iter()
            .filter(|key| key.starts_with("in/"))
            .map(|key| (key.clone(), self.cos.object(TARGET, &key).unwrap().bytes))
            .collect();
        assert_eq!(stored.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        for (key, bytes) in expected {
            assert!(stored[&key] == bytes, "{key} is another thumbnail");
        }
    }

    pub(crate) fn invocations(&self) -> u64 {
        self.api.counters().pool.invocations
    }
}

/// A command that has ended.
pub(crate) struct Done(pub(crate) Output);

impl Done {
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        assert!(self.0.status.success(), "{}{}", self.stdout(), self.stderr());
        self
    }

    #[track_caller]
    pub(crate) fn fails(self, words: &str) -> Self {
        assert!(
            !self.0.status.success() && self.stderr().contains(words),
            "{}{}",
            self.stdout(),
            self.stderr()
        );
        self
    }

    /// The number behind a word of the output.
    #[track_caller]
    pub(crate) fn number(&self, word: &str) -> u64 {
        let text = self.stdout();
        let mut words = text.split_whitespace().skip_while(|found| *found != word);
        words.nth(1).and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no {word} in {text}"))
    }
}

pub(crate) fn outcomes(report: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(report).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    lines
        .filter(|line| line["key"].is_string())
        .map(|line| (text(&line["key"]), text(&line["outcome"])))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_a_run_and_a_second_run_of_a_bucket() {
    let cloud = Cloud::new(2, &[]).await;
    cloud.upload(0..40).await;
    cloud.cos.put(SOURCE, "in/note.txt", "not an image", &[]).await;
    cloud.cos.put(TARGET, "stranger", "somebody's", &[]).await;

    let plan = cloud.sync("sync --sample 4").await.succeeds();
    assert_eq!((plan.number("sources"), plan.number("missing")), (41, 41));
    assert!(plan.stdout().contains("from 3 measured sources"), "{}", plan.stdout());
    assert_eq!(cloud.cos.keys(TARGET).iter().filter(|key| key.starts_with("in/")).count(), 4);

    let run = cloud.sync("sync --run --report report.jsonl").await.fails("settings:");
    assert_eq!((run.number("stored"), run.number("image.not_an_image")), (36, 1));
    cloud.assert_thumbnails(0..40);
    let report = outcomes(&cloud.path("report.jsonl"));
    assert_eq!((report.len(), report["in/note.txt"].as_str()), (37, "image.not_an_image"));

    let before = cloud.invocations();
    let again = cloud.sync("sync --run --match in/*.jpg").await.succeeds();
    assert_eq!((again.number("sources"), cloud.invocations()), (40, before), "nothing is left to do");
    assert_eq!(cloud.cos.object(TARGET, "stranger").unwrap().bytes, "somebody's");
}

#[tokio::test(flavor = "multi_thread")]
async fn thumbnails_without_source_are_reported_and_removed_by_the_function() {
    let cloud = Cloud::new(1, &[]).await;
    cloud.upload(0..10).await;
    cloud.sync("sync --run").await.succeeds();
    for number in [2, 7] {
        cloud.cos.delete(SOURCE, &key(number));
    }
    cloud.cos.put(TARGET, "in/foreign.jpg", "somebody's", &[]).await;
    assert_eq!(cloud.sync("sync").await.succeeds().number("orphans"), 2);
    cloud.sync("sync --run --report report.jsonl").await.succeeds();
    let report = outcomes(&cloud.path("report.jsonl"));
    assert_eq!(report, [2, 7].map(|number| (key(number), "orphan".to_owned())).into());
    let run = cloud.sync("sync --run --orphans remove").await.succeeds();
    assert_eq!(run.number("removed"), 2);
    assert!(cloud.cos.object(TARGET, "in/foreign.jpg").is_some());
    cloud.cos.delete(TARGET, "in/foreign.jpg");
    cloud.assert_thumbnails((0..10).filter(|number| ![2, 7].contains(number)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_keeps_a_thumbnail_away_fails_a_verification_and_is_left_alone() {
    let cloud = Cloud::new(1, &[]).await;
    cloud.upload(0..3).await;
    cloud.cos.put(TARGET, &key(1), "somebody's", &[]).await;
    cloud.sync("sync --run").await.succeeds();
    cloud.sync("verify --report report.jsonl").await.fails("another object or source has their keys");
    assert_eq!(outcomes(&cloud.path("report.jsonl")), [(key(1), "skip.foreign".to_owned())].into());
    assert_eq!(cloud.cos.object(TARGET, &key(1)).unwrap().bytes, "somebody's");
    cloud.cos.delete(TARGET, &key(1));
    cloud.sync("sync --run").await.succeeds();
    cloud.sync("verify").await.succeeds();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_with_other_settings_stops_the_run() {
    let mut cloud = Cloud::new(1, &[("TARGET_KEY", "{dir}small/{stem}.{ext}")]).await;
    cloud.upload(0..30).await;
    cloud.settings.clear();
    cloud.sync("sync --run").await.fails("give sync the settings of the function");
    assert!(cloud.invocations() < 12, "{}", cloud.invocations());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_in_cos_is_leased_to_one_driver() {
    let cloud = Cloud::new(2, &[]).await;
    cloud.upload(0..60).await;
    let slow = FaultKind::Slow { before_ms: 100, chunk: 0, pause_ms: 0 };
    cloud.cos.fail(Fault::new(slow).method("PUT").key_contains("in/").times(60));
    let arguments = format!("sync --run --batch 4 --checkpoint cos://{TARGET}/.sync/job.json");
    let mut first = cloud.start(&arguments);
    while cloud.cos.object(TARGET, ".sync/job.json.lease-0000000001").is_none() {
        sleep(Duration::from_millis(10)).await;
    }
    cloud.sync(&arguments).await.fails("another sync runs with the checkpoint");
    assert!(first.wait().await.unwrap().success());
    cloud.assert_thumbnails(0..60);
    assert!(cloud.cos.keys(TARGET).iter().all(|key| !key.contains("lease")), "the lease was given back");
    let done: Value =
        serde_json::from_slice(&cloud.cos.object(TARGET, ".sync/job.json").unwrap().bytes).unwrap();
    assert_eq!(done["phase"], "done");
    cloud.sync(&arguments).await.succeeds();
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_stop_a_run_which_the_same_command_resumes() {
    let cloud = Cloud::new(2, &[]).await;
    cloud.upload(0..30).await;
    let before = cloud.invocations();
    cloud.sync("sync --run --batch 5 --max-invocations 2").await.fails("the most invocations are made");
    assert_eq!(cloud.invocations() - before, 2);
    cloud.sync("sync --run --batch 5 --budget 0.0000001").await.fails("the budget is spent");
    assert_eq!(cloud.invocations() - before, 2);
    cloud.sync("sync --run --budget 5CNY").await.fails("the prices are in USD");
    cloud.sync("sync --run --prefix other/").await.fails("of a run with other sources");
    cloud.sync("sync --run --batch 5").await.succeeds();
    cloud.assert_thumbnails(0..30);
    assert_eq!(cloud.invocations() - before, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_run_waits_for_its_invocations_and_says_how_to_resume() {
    let cloud = Cloud::new(1, &[]).await;
    cloud.upload(0..40).await;
    let slow = FaultKind::Slow { before_ms: 50, chunk: 0, pause_ms: 0 };
    cloud.cos.fail(Fault::new(slow).method("PUT").times(40));
    let command =
        cloud.command("sync --run --batch 4").stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let id = command.id().unwrap();
    while cloud.cos.keys(TARGET).len() < 6 {
        sleep(Duration::from_millis(5)).await;
    }
    assert!(std::process::Command::new("kill").args(["-INT", &id.to_string()]).status().unwrap().success());
    let stopped = Done(command.wait_with_output().await.unwrap()).fails("the same command resumes the run");
    let invocations = stopped.number("invocations");
    assert!(invocations < 10, "{}", stopped.stdout());
    assert_eq!(cloud.cos.keys(TARGET).len() as u64, stopped.number("stored"), "what ran has ended");
    let resumed = cloud.sync("sync --run --batch 4").await.succeeds();
    assert_eq!(resumed.number("invocations"), 10);
    cloud.assert_thumbnails(0..40);
}

#[tokio::test(flavor = "multi_thread")]
async fn asynchronous_events_are_confirmed_by_their_thumbnails() {
    let cloud = Cloud::new(2, &[]).await;
    cloud.upload(0..30).await;
    let run = cloud.sync("sync --run --mode invoke-async --batch 10").await.succeeds();
    assert_eq!(run.number("confirmed"), 30);
    assert_eq!(cloud.api.counters().calls.get("InvokeFunction"), None);
    cloud.assert_thumbnails(0..30);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_failures_stops_the_run_with_the_most_frequent_reason() {
    let cloud = Cloud::new(2, &[]).await;
    for number in 0..1000 {
        cloud.cos.put(SOURCE, &key(number), "not an image", &[]).await;
    }
    cloud.sync("sync --run --batch 50").await.fails("by image.not_an_image");
    assert!(cloud.invocations() < 16 + IMAGES as u64, "{}", cloud.invocations());
    let run = cloud.sync("sync --run --batch 50 --keep-going").await.fails("settings:");
    assert_eq!(run.number("image.not_an_image"), 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inventory_report_takes_the_place_of_the_listing() {
    let cloud = Cloud::new(2, &[]).await;
    cloud.upload(0..30).await;
    let job = format!(
        "<InventoryConfiguration><Id>nightly</Id><IsEnabled>true</IsEnabled>\
         <IncludedObjectVersions>Current</IncludedObjectVersions><OptionalFields><Field>Size</Field>\
         <Field>LastModifiedDate</Field><Field>ETag</Field><Field>StorageClass</Field></OptionalFields>\
         <Schedule><Frequency>Daily</Frequency></Schedule><Destination><COSBucketDestination><Format>CSV</Format>\
         <Bucket>qcs::cos:{REGION}::{TARGET}</Bucket><Prefix>inventory</Prefix></COSBucketDestination></Destination>\
         </InventoryConfiguration>"
    );
    cloud.cos.put_inventory(SOURCE, "nightly", &job).unwrap();
    let manifest = cloud.cos.run_inventory(SOURCE, "nightly").unwrap();
    // The report is older than the bucket.
    cloud.cos.delete(SOURCE, &key(3));
    cloud.upload(30..31).await;

    let place = format!("cos://{TARGET}/{manifest}");
    let run = cloud.sync(&format!("sync --run --inventory {place}")).await.succeeds();
    assert_eq!((run.number("sources"), run.number("stored"), run.number("skip.source_gone")), (30, 29, 1));
    cloud.assert_thumbnails((0..30).filter(|number| *number != 3));

    // A copy of the report on this machine, of which a file is damaged.
    let folder = cloud.path("report");
    for key in cloud.cos.keys(TARGET).into_iter().filter(|key| key.starts_with("inventory/")) {
        let path = folder.join(&key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, cloud.cos.object(TARGET, &key).unwrap().bytes).unwrap();
    }
    let local = folder.join(&manifest);
    let arguments = format!("sync --inventory {} --sample 0", local.display());
    assert_eq!(cloud.sync(&arguments).await.succeeds().number("current"), 29);
    let data = std::fs::read_dir(local.parent().unwrap().parent().unwrap()).unwrap();
    let file = data.map(|entry| entry.unwrap().path()).find(|path| path.is_file()).unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    cloud.sync(&arguments).await.fails("cannot be used");
    std::fs::remove_file(&file).unwrap();
    cloud.sync(&arguments).await.fails("copy the whole report");
}

/// A bucket with sources of every state, drivers and functions that are killed, and faults of COS and SCF throughout.
/// `SYNC_SOURCES` is the number of sources.
#[tokio::test(flavor = "multi_thread")]
async fn killed_drivers_and_functions_make_every_thumbnail() {
    let number = std::env::var("SYNC_SOURCES").map_or(500, |text| text.parse().unwrap());
    let cloud = Cloud::new(4, &[]).await;
    cloud.upload(0..number).await;
    cloud.upload(number..number + 5).await;
    cloud.sync(&format!("sync --run --start-after {}", key(number - 20).replace(' ', "\u{1}"))).await;
    let (driver_kills, function_kills) = (5_u32, 10_u32);
    // Twenty thumbnails are current, five have lost their source, and a few are somebody's.
    let random_seed = std::env::var("SYNC_SEED").map_or(1, |text| text.parse().unwrap());
    let mut random = fastrand::Rng::with_seed(random_seed);
    for gone in number..number + 5 {
        cloud.cos.delete(SOURCE, &key(gone));
    }
    cloud.cos.put(TARGET, "stranger", "somebody's", &[]).await;
    let before = cloud.invocations();
    let (batch, arguments) = (10, "sync --run --batch 10 --orphans remove --report report.jsonl");
    let mut faults = 0;
    let mut kills = 0;
    let pause = Duration::from_millis(u64::try_from(number).unwrap() / 2);
    let ended = loop {
        faults += inject(&cloud, &mut random);
        let mut driver = cloud.start(arguments);
        let killed = sleep(pause.mul_f64(0.5 + random.f64()));
        let functions = async {
            for _ in 0..function_kills.div_ceil(driver_kills) {
                sleep(pause / 4).await;
                cloud.api.kill_one().await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            status = driver.wait() => break status.unwrap(),
            () = killed, if kills < driver_kills => {}
            () = functions => {}
        }
        driver.kill().await.unwrap();
        kills += 1;
    };
    println!("{kills} drivers killed, {faults} faults, {} invocations", cloud.invocations() - before);
    let tail = cloud.sync(arguments).await;
    assert!(ended.success() || tail.0.status.success(), "{}{}", tail.stdout(), tail.stderr());
    cloud.assert_thumbnails(0..number);
    assert_eq!(cloud.cos.object(TARGET, "stranger").unwrap().bytes, "somebody's");
    let needed = number.div_ceil(batch) as u64;
    // A killed driver leaves four invocations behind, and a killed function is asked again, in two halves at most.
    let repeated = u64::from(4 * kills + 3 * function_kills) + faults;
    let invocations = cloud.invocations() - before;
    assert!(
        invocations * 10 <= needed * 12 + repeated * 10,
        "{invocations} invocations, {needed} batches, {repeated}"
    );
}

/// The cost of a plan is near that of its run. Both are measured times, so this is no test of the suite.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "compares times"]
async fn plan_and_run_cost_the_same() {
    let cloud = Cloud::new(2, &[("THUMBNAILS", "300x300")]).await;
    let photo = crate::setup::photo();
    for number in 0..400 {
        cloud.cos.put(SOURCE, &key(number), photo.clone(), &[]).await;
    }
    let plan = cloud.sync("sync --concurrency 2").await.succeeds();
    let words: Vec<_> = plan.stdout().split_whitespace().map(str::to_owned).collect();
    let at = words.iter().position(|word| word == "GB-seconds").unwrap();
    let planned: f64 = words[at + 1].parse().unwrap();
    cloud.sync("sync --run --concurrency 2 --report report.jsonl").await.succeeds();
    let report = std::fs::read_to_string(cloud.path("report.jsonl")).unwrap();
    let summary: Value = serde_json::from_str(report.lines().last().unwrap()).unwrap();
    let ran = summary["usage"]["billed_ms"].as_f64().unwrap() / 1000.0 * 0.5;
    println!("GB-seconds: {planned:.2} planned, {ran:.2} used");
    assert!((planned / ran - 1.0).abs() < 0.15, "{planned} planned, {ran} used");
}

/// Injects some faults, and returns how many invocations they may cost.
pub(crate) fn inject(cloud: &Cloud, random: &mut fastrand::Rng) -> u64 {
    let busy = FaultKind::Status { status: 503, code: "SlowDown".to_owned() };
    for kind in [FaultKind::Reset, FaultKind::LostAnswer, busy] {
        let method = ["GET", "HEAD", "PUT"][random.usize(0..3)];
        cloud.cos.fail(Fault::new(kind).method(method).after(random.u32(0..60)).times(2));
    }
    let throttled = ApiFaultKind::Error { code: "RequestLimitExceeded".to_owned() };
    for kind in [ApiFaultKind::Reset, ApiFaultKind::LostAnswer, throttled, ApiFaultKind::RunStatus(432)] {
        cloud.api.fail(ApiFault::new(kind).action("InvokeFunction").after(random.u32(0..10)).times(1));
    }
    4
}
