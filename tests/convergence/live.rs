//! Random histories of two instances of the real program, with faults of COS and `kill -9` at any moment.
//!
//! The seed decides on events and their times. The progress of a process at such a time depends on the machine.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use scf_local::{Cos, CosOptions, Fault, FaultKind, Scf, ScfOptions, event};
use serde_json::Value;

use crate::collision::colliding;
use crate::random::{Random, seeds};
use crate::setup::{REGION, SOURCE, TARGET, jpeg_of};

/// Names of the thumbnails of each source.
const NAMES: [&str; 2] = ["a", "b"];

/// Number of different images: few, so that earlier ones return.
const IMAGES: usize = 4;

/// The images; the last two have the same ETag.
fn image(number: usize) -> Vec<u8> {
    match number {
        0 | 1 => jpeg_of(64 + 16 * u16::try_from(number).unwrap(), 48),
        _ => colliding(&jpeg_of(96, 48), &jpeg_of(112, 48))[number - 2].clone(),
    }
}

/// One COS and two instances of the function.
struct TwoInstances {
    cos: Cos,
    instances: [Scf; 2],
    /// Thumbnails of each image, in the order of [`NAMES`], by the bytes of the image.
    expected: BTreeMap<Bytes, Vec<Bytes>>,
    has_manifest: bool,
    _folder: tempfile::TempDir,
}

impl TwoInstances {
    async fn new(keeps_versions: bool, has_manifest: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = CosOptions {
            root: folder.path().join("cos"),
            strict: true,
            buckets: vec![SOURCE.to_owned(), TARGET.to_owned()],
            ..CosOptions::default()
        };
        let cos = Cos::start(options).await.unwrap();
        cos.versioning(SOURCE, keeps_versions).unwrap();
        let mut environment = cos.environment();
        environment.push(("COS_ENDPOINT".to_owned(), cos.endpoint()));
        environment.push(("THUMBNAILS".to_owned(), "a=40x40;b=20x20".to_owned()));
        if has_manifest {
            environment.push(("MANIFEST".to_owned(), "m/{key}.json".to_owned()));
        }
        let options = ScfOptions {
            program: env!("CARGO_BIN_EXE_cos-thumbnailer").into(),
            environment,
            memory_mb: 512,
            time_limit: Duration::from_secs(60),
            ..ScfOptions::default()
        };
        let instances = [Scf::start(options.clone()).await.unwrap(), Scf::start(options).await.unwrap()];
        let expected = BTreeMap::new();
        let mut setup = Self { cos, instances, expected, has_manifest, _folder: folder };
        for number in 0..IMAGES {
            setup.record_expected(number).await;
        }
        setup
    }

    /// Records the thumbnails that an undisturbed invocation makes of an image.
    async fn record_expected(&mut self, number: usize) {
        let key = format!("undisturbed-{number}.jpg");
        let object = self.cos.put(SOURCE, &key, image(number), &[]).await;
        let message = event::created("cos:ObjectCreated:Put", SOURCE, REGION, &key, &object);
        assert!(self.instances[0].invoke(&message.to_string()).await.outcome.is_success());
        let thumbnail = |name: &&str| self.cos.object(TARGET, &format!("{name}/{key}")).unwrap().bytes;
        self.expected.insert(object.bytes, NAMES.iter().map(thumbnail).collect());
    }
}

struct History<'a> {
    setup: &'a TwoInstances,
    random: Random,
    key: String,
    pending: Vec<Value>,
    /// Versions that were stored and not removed, if the bucket keeps them.
    versions: Vec<String>,
    foreign: Option<usize>,
    kills: usize,
    log: Vec<String>,
}

impl<'a> History<'a> {
    fn new(setup: &'a TwoInstances, seed: u64) -> Self {
        let (pending, log) = (Vec::new(), Vec::new());
        let key = format!("history-{seed}.jpg");
        let random = Random::new(seed);
        Self { setup, random, key, pending, versions: Vec::new(), foreign: None, kills: 0, log }
    }

    async fn run(&mut self) {
        if self.random.once_in(4) {
            let number = self.random.below(NAMES.len());
            self.setup.cos.put(TARGET, &self.target(number), "somebody's", &[]).await;
            self.foreign = Some(number);
        }
        for _ in 0..5 {
            self.change().await;
            if self.random.once_in(3) {
                self.fail();
            }
            if !self.random.once_in(3) {
                self.deliver().await;
            }
        }
        self.setup.cos.clear_faults();
        while !self.pending.is_empty() {
            if self.random.once_in(2) {
                self.slow_down();
            }
            self.deliver().await;
        }
        self.setup.cos.clear_faults();
    }

    fn target(&self, number: usize) -> String {
        format!("{}/{}", NAMES[number], self.key)
    }

    async fn change(&mut self) {
        let number = self.random.below(IMAGES);
        let (bytes, what) = match self.random.below(8) {
            0 | 1 => return self.remove(),
            2 if !self.versions.is_empty() => return self.remove_version(),
            3 => (b"not an image".to_vec(), "a text".to_owned()),
            _ => (image(number), format!("image {number}")),
        };
        let object = self.setup.cos.put(SOURCE, &self.key, bytes, &[]).await;
        self.versions.extend(object.version.clone());
        self.pending.push(event::created("cos:ObjectCreated:Put", SOURCE, REGION, &self.key, &object));
        self.log.push(format!("source: {what}"));
    }

    fn remove(&mut self) {
        let version = self.setup.cos.object(SOURCE, &self.key).and_then(|object| object.version);
        self.setup.cos.delete(SOURCE, &self.key);
        let name = if version.is_some() {
            "cos:ObjectRemove:DeleteMarkerCreated"
        } else {
            "cos:ObjectRemove:Delete"
        };
        self.pending.push(event::removed(name, SOURCE, REGION, &self.key));
        self.log.push("source: removed".to_owned());
    }

    fn remove_version(&mut self) {
        let version = self.versions.swap_remove(self.random.below(self.versions.len()));
        self.setup.cos.delete_version(SOURCE, &self.key, &version);
        let mut message = event::removed("cos:ObjectRemove:Delete", SOURCE, REGION, &self.key);
        message["Records"][0]["cos"]["cosObject"]["vid"] = version.clone().into();
        self.pending.push(message);
        self.log.push(format!("source: version {version} removed"));
    }

    fn fail(&mut self) {
        if self.random.once_in(2) {
            return self.slow_down();
        }
        let kind = match self.random.below(4) {
            0 => FaultKind::Reset,
            1 => FaultKind::LostAnswer,
            2 => FaultKind::Truncate(100),
            _ => FaultKind::Status { status: 503, code: "SlowDown".to_owned() },
        };
        let method = ["GET", "HEAD", "PUT", "DELETE"][self.random.below(4)];
        let times = u32::try_from(1 + self.random.below(5)).unwrap();
        self.log.push(format!("{times} {method} will meet {kind:?}"));
        self.setup.cos.fail(Fault::new(kind).method(method).times(times));
    }

    /// Delays the next write, so that it reaches COS after others.
    fn slow_down(&mut self) {
        let before_ms = u64::try_from(100 + self.random.below(200)).unwrap();
        let method = ["PUT", "DELETE"][self.random.below(2)];
        self.log.push(format!("the next {method} will take {before_ms} ms"));
        let slow = FaultKind::Slow { before_ms, chunk: 0, pause_ms: 0 };
        self.setup.cos.fail(Fault::new(slow).method(method));
    }

    /// Delivers one or two pending events at the same time. Meanwhile an instance may be killed, or the source may
    /// change and an idle instance get that event. Failed events are pending again, and some handled ones too, as
    /// duplicates.
    async fn deliver(&mut self) {
        let both = self.random.once_in(2);
        let first = self.take();
        let second = if both { self.take() } else { None };
        let delay = Duration::from_millis(u64::try_from(self.random.below(60)).unwrap());
        let victim = if self.random.once_in(3) { Some(self.random.below(2)) } else { None };
        let changes = self.random.once_in(3);
        let setup = self.setup;
        let meanwhile = async {
            tokio::time::sleep(delay).await;
            if let Some(victim) = victim {
                self.kill(victim);
            }
            if changes && self.log.len() < 60 {
                self.change().await;
                if second.is_none() {
                    self.deliver_newest().await;
                }
            }
        };
        let (one, other, ()) = tokio::join!(
            handled(&setup.instances[0], first.as_ref()),
            handled(&setup.instances[1], second.as_ref()),
            meanwhile
        );
        self.log.push(format!("after {delay:?}: {one:?}, {other:?}, killed {victim:?}"));
        for (message, handled) in [(first, one), (second, other)] {
            if handled == Some(false) || self.random.once_in(6) {
                self.pending.extend(message);
            }
        }
    }

    async fn deliver_newest(&mut self) {
        let Some(message) = self.pending.pop() else { return };
        let handled = handled(&self.setup.instances[1], Some(&message)).await;
        self.log.push(format!("at once: {handled:?}"));
        if handled == Some(false) {
            self.pending.push(message);
        }
    }

    fn take(&mut self) -> Option<Value> {
        if self.pending.is_empty() {
            return None;
        }
        let chosen = self.random.below(self.pending.len());
        Some(self.pending.swap_remove(chosen))
    }

    fn kill(&mut self, victim: usize) {
        let Some(process) = self.setup.instances[victim].process_id() else { return };
        let status = std::process::Command::new("kill")
            .args(["-KILL", &process.to_string()])
            .stderr(std::process::Stdio::null())
            .status();
        self.kills += usize::from(status.is_ok_and(|status| status.success()));
    }

    fn check(&self) -> Result<(), String> {
        let source = self.setup.cos.object(SOURCE, &self.key);
        let expected = source.as_ref().and_then(|source| self.setup.expected.get(&source.bytes));
        for number in 0..NAMES.len() {
            let there = self.setup.cos.object(TARGET, &self.target(number)).map(|object| object.bytes);
            let wanted = match self.foreign {
                Some(foreign) if foreign == number => Some(Bytes::from_static(b"somebody's")),
                Some(_) | None => expected.map(|thumbnails| thumbnails[number].clone()),
            };
            if there != wanted {
                let length = |bytes: Option<Bytes>| bytes.map(|bytes| bytes.len());
                let (there, wanted) = (length(there), length(wanted));
                let name = NAMES[number];
                return Err(format!("thumbnail {name} is wrong: bytes there {there:?}, wanted {wanted:?}"));
            }
        }
        let wanted = expected.filter(|_| self.setup.has_manifest && self.foreign.is_none());
        self.check_manifest(wanted.map(Vec::as_slice))
    }

    /// Compares the manifest with the thumbnails that are there.
    fn check_manifest(&self, thumbnails: Option<&[Bytes]>) -> Result<(), String> {
        let key = format!("m/{}.json", self.key);
        let (manifest, thumbnails) = match (self.setup.cos.object(TARGET, &key), thumbnails) {
            (None, None) => return Ok(()),
            (Some(manifest), Some(thumbnails)) => (manifest, thumbnails),
            (manifest, _) => return Err(format!("the manifest: {:?}", manifest.map(|object| object.bytes))),
        };
        let manifest: Value = serde_json::from_slice(&manifest.bytes).unwrap();
        let source = self.setup.cos.object(SOURCE, &self.key).unwrap();
        let told = |number: usize| {
            (&manifest["thumbnails"][number]["key"], &manifest["thumbnails"][number]["bytes"])
        };
        let is_told = |(number, bytes): (usize, &Bytes)| {
            told(number) == (&self.target(number).into(), &bytes.len().into())
        };
        let is_right = thumbnails.iter().enumerate().all(is_told)
            && manifest["source"]["bytes"] == source.bytes.len()
            && source.etag.trim_matches('"') == manifest["source"]["etag"];
        if is_right { Ok(()) } else { Err(format!("the manifest is wrong: {manifest}")) }
    }
}

/// Delivers an event, if any; true if it was handled.
async fn handled(instance: &Scf, message: Option<&Value>) -> Option<bool> {
    Some(instance.invoke(&message?.to_string()).await.outcome.is_success())
}

/// Runs histories; returns the number of processes that were killed.
async fn run(seeds: Vec<u64>, keeps_versions: bool, has_manifest: bool) -> usize {
    let setup = TwoInstances::new(keeps_versions, has_manifest).await;
    let mut kills = 0;
    for seed in seeds {
        let mut history = History::new(&setup, seed);
        history.run().await;
        kills += history.kills;
        if let Err(wrong) = history.check() {
            panic!("CONVERGENCE_SEED={seed}: {wrong}\n{}", history.log.join("\n"));
        }
    }
    kills
}

/// Runs histories in parallel, since each mostly waits.
async fn run_all(range: std::ops::Range<u64>, keeps_versions: bool, has_manifest: bool) {
    let seeds = seeds(range);
    let all = seeds.len();
    let lists = seeds.chunks(all.div_ceil(3)).map(|seeds| run(seeds.to_vec(), keeps_versions, has_manifest));
    let kills: usize = futures_util::future::join_all(lists).await.into_iter().sum();
    println!("{all} histories, {kills} processes killed");
    assert!(kills > 0 || all == 1, "nothing was killed");
}

#[tokio::test]
async fn random_histories_of_the_program_converge() {
    run_all(0..60, false, false).await;
}

#[tokio::test]
async fn random_histories_of_the_program_converge_where_versions_are_kept() {
    run_all(60..120, true, false).await;
}

#[tokio::test]
async fn random_histories_of_the_program_with_manifests_converge() {
    run_all(120..160, false, true).await;
}

#[tokio::test]
async fn random_histories_of_the_program_with_manifests_converge_where_versions_are_kept() {
    run_all(160..200, true, true).await;
}
