//! Trial of one row: the delivery that meets the fault, the next one, and the state that both leave.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use scf_local::{Fault, Invocation, Outcome, event};
use serde_json::Value;

use crate::row::{Change, Expected, Injection, Request, Row};
use crate::setup::{Options, REGION, SOURCE, Setup, TARGET, photo, small_jpeg};
use crate::usage::Usage;

/// Source of every row.
pub const KEY: &str = "photos/lake.jpg";

/// Source of the delivery before the fault.
const EARLIER: &str = "photos/earlier.jpg";

/// File that is there while processes start with the fault of their row.
const FAULTY: &str = "faulty";

/// Keys of the user's own objects, in both buckets.
const KEYS_OF_USER: [&str; 2] = ["photos/lake.jpg.txt", "letter.txt"];

/// Content of these objects.
const OF_USER: &str = "written by the user";

/// Thumbnails of an undisturbed run.
pub struct Undisturbed {
    thumbnail: Bytes,
}

impl Undisturbed {
    pub async fn record() -> Self {
        let setup = Setup::new().await;
        setup.thumbnail_of(KEY, photo()).await.stored();
        Self { thumbnail: setup.stored(KEY).bytes }
    }
}

/// A row on its own SCF and COS.
pub struct Trial<'a> {
    setup: Setup,
    change: Change,
    injection: Injection,
    expected: Expected,
    is_passing: bool,
    message: String,
    /// Objects of the source bucket.
    sources: BTreeMap<String, Bytes>,
    /// Usage of the process before the fault; `None` if the fault comes with the process, whose usage after the first
    /// delivery counts then.
    usage: Option<Usage>,
    undisturbed: &'a Undisturbed,
    /// Folder of the files that tell that a fault has happened.
    folder: tempfile::TempDir,
}

impl<'a> Trial<'a> {
    /// Runs a row. The error says what is wrong.
    pub async fn run(row: Row, undisturbed: &'a Undisturbed) -> Result<(), String> {
        let trial = Self::prepare(row, undisturbed).await?;
        trial.inject().await;
        let first = trial.deliver_with_signals().await;
        let observed = observed(&first);
        if !trial.expected.agrees_with(&observed) {
            return Err(format!("{} is expected and came {observed}\n{:#?}", trial.expected.words(), first));
        }
        trial.check_evidence()?;
        let first_thumbnail = trial.thumbnail();
        let usage = trial.usage.or_else(|| trial.setup.scf.process_id().and_then(Usage::of));
        trial.setup.cos.clear_faults();
        // Fails if the row has no such file.
        let _ = std::fs::remove_file(trial.folder.path().join(FAULTY));
        let second = trial.setup.scf.invoke(&trial.message).await;
        trial.check_second(&second, first_thumbnail.as_ref())?;
        trial.check_objects()?;
        trial.check_process(usage).await
    }

    async fn prepare(row: Row, undisturbed: &'a Undisturbed) -> Result<Self, String> {
        let is_passing = row.is_passing();
        let Row { change, injection, options, expected, .. } = row;
        let folder = tempfile::tempdir().unwrap();
        let setup = Setup::with(with_start(options, &injection, &folder)).await;
        for key in KEYS_OF_USER {
            setup.cos.put(SOURCE, key, OF_USER, &[]).await;
            setup.cos.put(TARGET, key, OF_USER, &[]).await;
        }
        let mut usage = None;
        if !matches!(injection, Injection::Setup | Injection::Start { .. }) {
            let earlier = setup.thumbnail_of(EARLIER, photo()).await;
            if observed(&earlier.0) != "stored" {
                return Err(format!("the delivery before the fault: {:#?}", earlier.0));
            }
            usage = setup.scf.process_id().and_then(Usage::of);
        }
        if matches!(injection, Injection::Stale(_)) {
            setup.cos.versioning(SOURCE, true).unwrap();
            setup.cos.put(SOURCE, KEY, small_jpeg(), &[]).await;
        }
        match change {
            Change::Foreign => {
                setup.cos.put(TARGET, KEY, OF_USER, &[]).await;
            }
            Change::Removal | Change::Replacement => {
                setup.thumbnail_of(KEY, small_jpeg()).await.stored();
            }
            Change::Upload => {}
        }
        let source = match &injection {
            Injection::Source(bytes) => bytes.clone(),
            _ => photo(),
        };
        let object = setup.cos.put(SOURCE, KEY, source, &[]).await;
        let message = match (&injection, change) {
            (Injection::Message(text), _) => text.clone(),
            (_, Change::Removal) => {
                setup.cos.delete(SOURCE, KEY);
                event::removed("cos:ObjectRemove:Delete", SOURCE, REGION, KEY).to_string()
            }
            _ => event::created("cos:ObjectCreated:Put", SOURCE, REGION, KEY, &object).to_string(),
        };
        setup.cos.clear_journal();
        let sources = objects(&setup, SOURCE);
        Ok(Self {
            setup,
            change,
            injection,
            expected,
            is_passing,
            message,
            sources,
            usage,
            undisturbed,
            folder,
        })
    }

    async fn inject(&self) {
        match &self.injection {
            Injection::Cos(faults) | Injection::Stale(faults) => {
                faults.iter().for_each(|fault| self.setup.cos.fail(fault.clone()));
            }
            Injection::Runtime(fault) => self.setup.scf.fail(fault.clone()),
            Injection::RuntimeOutage(time) => self.setup.scf.refuse_connections(*time).await,
            Injection::Signal { request: Request { method, bucket, number }, held, .. } => {
                let before = u32::try_from(*number - 1).unwrap();
                self.setup.cos.fail(Fault::new(held.clone()).method(method).bucket(bucket).after(before));
            }
            Injection::Message(_) | Injection::Setup | Injection::Source(_) | Injection::Start { .. } => {}
        }
    }

    /// Delivers the event, and sends the signals of the row meanwhile.
    async fn deliver_with_signals(&self) -> Invocation {
        let signals = async {
            self.send_signals().await;
            std::future::pending().await
        };
        tokio::select! {
            invocation = self.setup.scf.invoke(&self.message) => invocation,
            never = signals => never,
        }
    }

    async fn send_signals(&self) {
        let Injection::Signal { names, request: Request { method, bucket, number }, .. } = self.injection
        else {
            return;
        };
        let received = || {
            let journal = self.setup.cos.journal();
            journal.iter().filter(|one| one.method == method && one.bucket == bucket).count()
        };
        while received() < number {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        for name in names {
            // The rest of what COS sends arrives.
            tokio::time::sleep(Duration::from_millis(100)).await;
            let process = self.setup.scf.process_id().unwrap().to_string();
            let status = std::process::Command::new("kill").args([*name, &process]).status().unwrap();
            assert!(status.success());
        }
    }

    fn check_evidence(&self) -> Result<(), String> {
        match self.injection {
            Injection::Start { evidence: Some(file), .. } if !self.folder.path().join(file).exists() => {
                Err("the fault has not happened".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn check_second(&self, second: &Invocation, first_thumbnail: Option<&Bytes>) -> Result<(), String> {
        let (observed, thumbnail) = (observed(second), self.thumbnail());
        if self.change == Change::Removal {
            let is_removed = ["removed", "skipped, `skip.source_gone`"].contains(&observed.as_str());
            let is_right = is_removed && thumbnail.is_none();
            return if is_right { Ok(()) } else { Err(format!("the next delivery: {second:#?}")) };
        }
        let wanted = if self.is_passing { "stored".to_owned() } else { self.expected.words() };
        if observed != wanted {
            return Err(format!("the next delivery: {wanted} is expected and came {observed}\n{second:#?}"));
        }
        if self.is_passing && thumbnail.as_ref() != Some(&self.undisturbed.thumbnail) {
            return Err("the thumbnail differs from that of an undisturbed run".to_owned());
        }
        if self.expected == Expected::Stored && first_thumbnail != thumbnail.as_ref() {
            return Err("the next delivery has changed the thumbnail".to_owned());
        }
        Ok(())
    }

    /// Checks that nothing but thumbnails was written.
    fn check_objects(&self) -> Result<(), String> {
        if objects(&self.setup, SOURCE) != self.sources {
            return Err("the source bucket has changed".to_owned());
        }
        let mut targets = objects(&self.setup, TARGET);
        let foreign = (self.change == Change::Foreign).then_some(KEY);
        for key in KEYS_OF_USER.into_iter().chain(foreign) {
            if targets.remove(key).is_none_or(|bytes| bytes != OF_USER) {
                return Err(format!("{key} of the user has changed"));
            }
        }
        targets.retain(|key, _| ![KEY, EARLIER].contains(&key.as_str()));
        if targets.is_empty() { Ok(()) } else { Err(format!("objects are left over: {:?}", targets.keys())) }
    }

    async fn check_process(&self, usage: Option<Usage>) -> Result<(), String> {
        if !self.expected.keeps_process() {
            return Ok(());
        }
        if self.setup.scf.starts() != 1 {
            return Err(format!("{} processes were started", self.setup.scf.starts()));
        }
        match (usage, self.setup.scf.process_id()) {
            (Some(usage), Some(process)) => usage.settle(process).await,
            _ => Ok(()),
        }
    }

    fn thumbnail(&self) -> Option<Bytes> {
        self.setup.cos.object(TARGET, KEY).map(|object| object.bytes)
    }
}

/// Adds the commands of a row for the processes that start before its first delivery is over.
fn with_start(options: Options, injection: &Injection, folder: &tempfile::TempDir) -> Options {
    let Injection::Start { commands, .. } = injection else { return options };
    std::fs::write(folder.path().join(FAULTY), "").unwrap();
    let folder = folder.path().display();
    let shell = format!("export EVIDENCE={folder}\nif [ -e {folder}/{FAULTY} ]; then\n{commands}\nfi");
    Options { shell: Some(shell), ..options }
}

fn objects(setup: &Setup, bucket: &str) -> BTreeMap<String, Bytes> {
    let object = |key: String| setup.cos.object(bucket, &key).map(|object| (key, object.bytes));
    setup.cos.keys(bucket).into_iter().filter_map(object).collect()
}

/// The outcome of an invocation in words. Of several records the first that failed counts.
pub fn observed(invocation: &Invocation) -> String {
    let entries: Vec<Value> = match &invocation.outcome {
        Outcome::Response(text) => {
            let body: Value = serde_json::from_str(text).unwrap_or_default();
            body["outcomes"].as_array().cloned().unwrap_or_default()
        }
        Outcome::Error(_) => {
            let lines = invocation.log.iter().filter_map(|line| serde_json::from_str(line).ok());
            lines.filter(|line: &Value| line["outcome"] == "failed").collect()
        }
        Outcome::Exited { .. } => return "the process ends".to_owned(),
        Outcome::InitFailed { .. } => return "the process does not start".to_owned(),
        Outcome::TimedOut => return "timed out".to_owned(),
        other => return format!("{other:?}"),
    };
    let superseded = |entry: &&Value| entry["code"] == "skip.superseded";
    let failed = entries.iter().find(|entry| entry["outcome"] == "failed");
    let Some(entry) = failed.or_else(|| entries.iter().find(|entry| !superseded(entry))) else {
        return "an error that names the mistake".to_owned();
    };
    let text = |name: &str| entry[name].as_str().unwrap_or("nothing").to_owned();
    match text("outcome").as_str() {
        "failed" => format!("{}, `{}`", text("kind"), text("code")),
        "skipped" => format!("skipped, `{}`", text("code")),
        // The next delivery has nothing to do.
        "unchanged" => "stored".to_owned(),
        other => other.to_owned(),
    }
}
