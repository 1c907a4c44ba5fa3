//! The function: turns one trigger message into one result.
//!
//! It knows the order of the parts, and leaves their work to them. A failed record does not stop the others:
//! each ends with one entry in the log and in the result.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, timeout_at};

use crate::config::{Config, Environment, Installation, LogLevel, Mistakes, OnDamage, Provenance};
use crate::cos::{Client, ClientSettings, Session};
use crate::doctor::{Request, Status};
use crate::error::Error;
use crate::event::{CoalescedRecord, CoalescedRecords, Home, Record, RejectedRecord};
use crate::imaging::{Limits, Tolerance};
use crate::object::Region;
use crate::pipeline::{DecoderThread, InvocationTime, MemoryPool, Pipeline, RecentRecords};
use crate::plan::{RecordPlan, SourceJob, plan};
use crate::report::{Entry, Log, Outcome, Outcomes, RepeatedBy, Skip, milliseconds};
use crate::runtime::{Context, InvocationResult};
use crate::text::{first, sentence};
use crate::{cos, credential_source, doctor, event, imaging, report};

/// Memory that comes with one core, MB.
const MEMORY_MB_PER_CORE: u64 = 1536;

/// Longest wait for the decoder of an earlier event. Decoders hear of their cancellation within 50 ms, or not at
/// all; a function with a small part of a core is slower.
const LONGEST_WAIT_FOR_DECODER: Duration = Duration::from_millis(500);

/// Most characters of the mistakes of a configuration that an error repeats.
const LONGEST_ERROR: usize = 7 * 1024;

/// Records processed at once. A record mostly waits for COS, or for its turn to be decoded.
const CONCURRENT_RECORDS: usize = 6;

/// Configured function, which serves any number of invocations.
#[derive(Debug)]
pub struct Function {
    config: Result<Config, Mistakes>,
    /// Origin of the configuration: file and variables.
    provenance: Provenance,
    client: Result<Client, cos::Error>,
    decoder: DecoderThread,
    recent: RecentRecords,
    /// `false` if nothing is logged.
    has_log: bool,
    /// Cores of the machine. To count them takes some forty calls of the system.
    cores: NonZeroUsize,
}

impl Function {
    /// Creates the function. A wrong configuration does not stop it: every event is answered with the
    /// mistakes, where the user will see them.
    #[must_use]
    pub fn new(installation: Installation) -> Self {
        Self::with_client(installation, false)
    }

    fn with_client(installation: Installation, is_read_only: bool) -> Self {
        let Installation { config, provenance } = installation;
        let settings = config.as_ref().map(|config| ClientSettings {
            domain: config.settings().domain.clone(),
            endpoint: config.settings().endpoint.clone(),
            ..ClientSettings::default()
        });
        let client = Client::new(ClientSettings { is_read_only, ..settings.unwrap_or_default() });
        let cores = available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self {
            config,
            provenance,
            client,
            decoder: DecoderThread::default(),
            recent: RecentRecords::default(),
            has_log: true,
            cores,
        }
    }

    /// Creates a function that logs nothing and changes nothing: what it would store or remove fails by `cos.read_only`.
    #[must_use]
    pub fn read_only(installation: Installation) -> Self {
        Self { has_log: false, ..Self::with_client(installation, true) }
    }

    /// Creates a function that logs nothing, for a caller that reads its results.
    #[must_use]
    pub fn without_log(installation: Installation) -> Self {
        Self { has_log: false, ..Self::new(installation) }
    }

    /// Handles one trigger message.
    pub async fn handle(
        &self,
        context: Context,
        message: &[u8],
        environment: &Environment,
    ) -> InvocationResult {
        let held_memory = self.stop_decoder(&context).await;
        if let Some(request) = Request::read(message) {
            return self.diagnose(request, &context, environment).await;
        }
        let (config, client) = match (&self.config, &self.client) {
            (Ok(config), Ok(client)) => (config, client),
            (Err(mistakes), _) => return reject(&context, &mistakes.to_string()),
            (_, Err(error)) => return reject(&context, &sentence(error)),
        };
        let level = config.settings().log_level;
        let log = if self.has_log { Log::new(level, &context.request_id) } else { Log::silent() };
        let credential = match credential_source::find(&context, environment) {
            Ok((credential, _)) => credential,
            Err(missing) => return reject(&context, &missing.to_string()),
        };
        let session = client.session(credential, Instant::from_std(context.deadline()));
        let home = Home {
            region: environment.get("TENCENTCLOUD_REGION").and_then(|text| Region::parse(text).ok()),
            app_id: environment.get("TENCENTCLOUD_APPID").map(str::to_owned),
        };
        let invocation = Invocation {
            config,
            context: &context,
            session,
            decoder: &self.decoder,
            recent: &self.recent,
            cores: self.cores,
            held_memory,
            log: &log,
        };
        let mut outcomes = Outcomes::default();
        let mut records = CoalescedRecords::default();
        let (mut accepted, mut asking) = (0_usize, 0_usize);
        let decoded = event::decode(message, &home, &mut |record| match record {
            Ok(record) => {
                accepted = accepted.saturating_add(1);
                asking = asking.saturating_add(usize::from(record.wants_outcomes));
                records.push(record);
            }
            Err(rejected) => invocation.finish(&mut outcomes, entry_of_rejected(&rejected)),
        });
        match decoded {
            Ok(()) => {
                let (count, provenance) = (records.count(), &self.provenance);
                log.message(LogLevel::Debug, &format!("{count} records under {context:?}; {provenance}"));
                invocation.handle_all(records, &mut outcomes).await;
            }
            Err(error) => {
                let entry = Entry::new("", "", "", Outcome::from(&Error::Event(error)));
                invocation.finish(&mut outcomes, entry);
            }
        }
        log.finish(&outcomes);
        let is_asked = accepted > 0 && asking == accepted;
        let repeated_by = if is_asked { RepeatedBy::Sender } else { RepeatedBy::Platform };
        report::answer(&outcomes, config.settings().on_failure, repeated_by)
    }

    /// Stops what an earlier event left running. Returns the bytes of memory that it still holds, because it is
    /// inside of a decoder that cannot be interrupted.
    async fn stop_decoder(&self, context: &Context) -> u64 {
        let left = context.deadline().saturating_duration_since(std::time::Instant::now());
        self.decoder.stop((left / 10).min(LONGEST_WAIT_FOR_DECODER)).await
    }

    /// Runs the doctor on this function, until a deadline.
    pub async fn examine(
        &self,
        request: Request,
        context: &Context,
        environment: &Environment,
        deadline: Instant,
    ) -> doctor::Report {
        let inputs = doctor::Inputs {
            config: self.config.as_ref(),
            client: self.client.as_ref(),
            credential: credential_source::find(context, environment),
            region: environment.get("TENCENTCLOUD_REGION"),
            request,
            deadline,
        };
        doctor::examine(inputs).await
    }

    /// Runs the doctor for its test event. The result is a response, even if something is wrong.
    async fn diagnose(
        &self,
        request: Request,
        context: &Context,
        environment: &Environment,
    ) -> InvocationResult {
        let (memory_mb, time_limit) = (Some(context.memory_mb), Some(context.time_limit));
        let request = Request { memory_mb, time_limit, ..request };
        let deadline = Instant::from_std(context.deadline());
        let report = self.examine(request, context, environment, deadline).await;
        let log = Log::new(LogLevel::Info, &context.request_id);
        for finding in &report.findings {
            let level = if finding.status == Status::Wrong { LogLevel::Error } else { LogLevel::Info };
            let (status, check) = (finding.status.name(), finding.check.name());
            log.message(level, &format!("doctor: {status}: {check}: {finding}"));
        }
        InvocationResult::Response(report.to_json())
    }
}

/// Answers an event that cannot be processed at all.
fn reject(context: &Context, sentence: &str) -> InvocationResult {
    Log::new(LogLevel::Error, &context.request_id).message(LogLevel::Error, sentence);
    InvocationResult::Error(first(sentence, LONGEST_ERROR))
}

struct Invocation<'a> {
    config: &'a Config,
    context: &'a Context,
    session: Session,
    decoder: &'a DecoderThread,
    recent: &'a RecentRecords,
    /// Cores of the machine.
    cores: NonZeroUsize,
    /// Bytes of memory that the decoder of an earlier event holds.
    held_memory: u64,
    log: &'a Log,
}

impl Invocation<'_> {
    async fn handle_all(&self, work: CoalescedRecords, outcomes: &mut Outcomes) {
        let memory = MemoryPool::new(self.limits().memory, work.len().min(CONCURRENT_RECORDS));
        let deadline = self.context.deadline();
        let whole = deadline.saturating_duration_since(self.context.received);
        let time = InvocationTime::new(Instant::from_std(deadline), whole, work.len());
        let handled = stream::iter(work)
            .map(|work| self.handle_coalesced(work, &memory, &time))
            .buffered(CONCURRENT_RECORDS);
        let mut handled = std::pin::pin!(handled);
        while let Some((superseded, entry)) = handled.next().await {
            for old in superseded {
                self.finish(outcomes, entry_of(&old, Skip::Superseded.into()));
            }
            outcomes.push(entry);
        }
    }

    fn finish(&self, outcomes: &mut Outcomes, entry: Entry) {
        self.log.entry(&entry);
        outcomes.push(entry);
    }

    /// Handles the newest record of an object, and returns the others with its entry.
    async fn handle_coalesced(
        &self,
        work: CoalescedRecord,
        memory: &MemoryPool,
        time: &InvocationTime,
    ) -> (Vec<Record>, Entry) {
        let entry = self.handle_one(&work.record, memory, time).await;
        time.end_record();
        self.log.entry(&entry);
        (work.superseded, entry)
    }

    async fn handle_one(&self, record: &Record, memory: &MemoryPool, time: &InvocationTime) -> Entry {
        let started = Instant::now();
        let session = self.session.with_own_counters();
        let mut entry = entry_of(record, Outcome::Stored);
        entry.outcome = match plan(record, self.config) {
            Ok(RecordPlan::Skip(skip)) => skip.into(),
            Ok(RecordPlan::Visit(job)) => {
                let wanted = job.targets.len();
                self.visit(record, &job, &session, (memory, time), &mut entry).await.unwrap_or_else(|error| {
                    Outcome::from(&self.with_context(
                        error,
                        entry.thumbnails.len().saturating_add(entry.kept),
                        wanted,
                    ))
                })
            }
            Err(error) => Outcome::from(&error),
        };
        let counters = session.counters();
        entry.requests = counters.requests;
        entry.retries = counters.retries;
        entry.ms.total = milliseconds(started.elapsed());
        entry
    }

    async fn visit(
        &self,
        record: &Record,
        job: &SourceJob<'_>,
        session: &Session,
        (memory, time): (&MemoryPool, &InvocationTime),
        entry: &mut Entry,
    ) -> Result<Outcome, Error> {
        let deadline = Instant::from_std(self.context.deadline());
        let pipeline = Pipeline {
            session,
            decoder: self.decoder,
            recent: self.recent,
            limits: self.limits(),
            memory,
            time,
            on_foreign: self.config.settings().on_foreign,
        };
        match timeout_at(deadline, pipeline.visit(record, job, entry)).await {
            Ok(result) => result,
            Err(_) => {
                // The rest of the reserve is for posting the result.
                self.decoder.stop(self.context.time_limit / 40).await;
                Err(self.deadline(0, 0))
            }
        }
    }

    /// Adds to an error the progress of the record and the size of the function.
    fn with_context(&self, error: Error, stored: usize, wanted: usize) -> Error {
        match error {
            Error::Deadline { .. } | Error::Cos(cos::Error::Deadline { .. }) => self.deadline(stored, wanted),
            Error::Imaging(imaging::Error::TooMuchMemory { needed, .. })
                if self.held_memory > 0 && needed <= self.memory_for_pixels() =>
            {
                Error::DecoderBusy
            }
            Error::Imaging(imaging::Error::TooMuchMemory { needed, allowed }) => {
                let missing = needed.saturating_sub(allowed).div_ceil(1024 * 1024);
                let have = self.context.memory_mb;
                Error::TooMuchMemory { needed: have.saturating_add(missing), have }
            }
            other => other,
        }
    }

    fn deadline(&self, stored: usize, wanted: usize) -> Error {
        Error::Deadline { stored, wanted, limit_ms: self.context.time_limit.as_millis() }
    }

    /// Bytes for pixels beside those of watermarks, which stay in memory.
    fn memory_for_pixels(&self) -> u64 {
        MemoryPool::for_pixels(self.context.memory_mb).saturating_sub(self.config.watermark_bytes())
    }

    fn limits(&self) -> Limits {
        let settings = self.config.settings();
        Limits {
            max_pixels: settings.max_pixels,
            memory: self.memory_for_pixels().saturating_sub(self.held_memory),
            damage: match settings.on_damage {
                OnDamage::Fail => Tolerance::Nothing,
                OnDamage::Store => Tolerance::MostlyGood,
            },
            threads: thread_count(self.context.memory_mb, self.cores),
        }
    }
}

/// Threads for decoding: the cores that the platform grants, one for each 1536 MB ("Function Computing Power
/// Support"), so two from 3072 MB on. The cores of the machine are only an upper limit.
fn thread_count(memory_mb: u64, present: NonZeroUsize) -> NonZeroUsize {
    let granted = usize::try_from(memory_mb / MEMORY_MB_PER_CORE).unwrap_or(usize::MAX);
    NonZeroUsize::new(granted).unwrap_or(NonZeroUsize::MIN).min(present)
}

fn entry_of(record: &Record, outcome: Outcome) -> Entry {
    let mut entry = Entry::new(record.bucket.as_str(), record.key.as_str(), &record.name, outcome);
    entry.version = record.version.as_ref().map(ToString::to_string);
    entry.note = record.note();
    entry
}

fn entry_of_rejected(record: &RejectedRecord) -> Entry {
    let RejectedRecord { bucket, key, name, error } = record;
    Entry::new(bucket, key, name, Outcome::from(&Error::Event(error.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_follow_the_granted_cores() {
        let count = |number| NonZeroUsize::new(number).unwrap();
        for (memory_mb, present, expected) in
            [(64, 2, 1), (512, 2, 1), (1280, 4, 1), (2944, 4, 1), (3072, 4, 2), (3072, 1, 1), (6144, 8, 4)]
        {
            assert_eq!(
                thread_count(memory_mb, count(present)),
                count(expected),
                "{memory_mb} MB, {present} cores"
            );
        }
    }
}
