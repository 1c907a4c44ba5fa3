//! Run: takes surveyed pages, sends batches, and takes their answers, until all is done or something stops it.

mod answers;

use std::collections::VecDeque;
use std::future::Future;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::sync::record::checkpoint::{Checkpoint, Checkpoints, Phase};
use crate::sync::record::progress::Snapshot;
use crate::sync::record::report::Report;
use crate::sync::send::driver::{Driver, End, Orphans, Pages};
use crate::sync::send::failures::Failures;
use crate::sync::send::invoker::{Answer, Invoker};
use crate::sync::send::ledger::{Ledger, Permission};
use crate::sync::send::pace::Pace;
use crate::sync::send::sizer::Sizer;
use crate::sync::send::window::Window;
use crate::sync::{Batch, Need, Store, Surveyed, Task};

/// Longest wait for more tasks before a batch is sent that is not full.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Pause between two checkpoints.
const CHECKPOINT_PAUSE: Duration = Duration::from_secs(5);

/// A task with its place in the window.
#[derive(Debug)]
struct Open {
    number: u64,
    task: Task,
    /// Sources around it that need no visit.
    current: u64,
    /// Attempts that failed.
    failed: u32,
    /// Attempts for which the platform had no room.
    throttled: u32,
}

/// Tasks that wait for another attempt, together or each alone.
#[derive(Debug)]
struct Retry {
    due: Instant,
    tasks: Vec<Open>,
}

/// An invocation that has ended.
struct Ended {
    tasks: Vec<Open>,
    answer: Answer,
    took: Duration,
}

pub(super) struct Run<'a, S, I, C> {
    driver: &'a Driver<'a, S, I, C>,
    checkpoint: Checkpoint,
    report: &'a mut Report,
    watch: &'a mut dyn FnMut(&Snapshot),
    began: Instant,
    window: Window,
    pace: Pace,
    sizer: Sizer,
    ledger: Ledger,
    failures: Failures,
    ready: VecDeque<Open>,
    ready_since: Instant,
    retries: Vec<Retry>,
    running: FuturesUnordered<LocalBoxFuture<'a, Ended>>,
    /// `true` if no further page comes.
    surveyed_all: bool,
    /// Time of the first refusal since an invocation ran.
    refused_since: Option<Instant>,
    last_save: Instant,
    /// `false` once a line of the report is lost.
    is_reported: bool,
    /// Reason for which nothing more is sent.
    end: Option<End>,
}

impl<'a, S: Store, I: Invoker, C: Checkpoints> Run<'a, S, I, C> {
    pub(super) fn new(
        driver: &'a Driver<'a, S, I, C>,
        checkpoint: Checkpoint,
        report: &'a mut Report,
        watch: &'a mut dyn FnMut(&Snapshot),
    ) -> Self {
        let now = Instant::now();
        let sizer = Sizer::new(&driver.limits);
        // A manifest has four requests, one of them for its source.
        let most_thumbnails = driver.job.thumbnails().count() + 2 * driver.job.manifests().count();
        // A visit sends two requests for each thumbnail and three for its source in each round, and may repeat each.
        let requests = sizer
            .most()
            .saturating_mul(most_thumbnails.saturating_mul(2).saturating_add(3))
            .saturating_mul(4);
        let requests = u64::try_from(requests).unwrap_or(u64::MAX);
        Self {
            window: Window::default(),
            pace: Pace::new(&driver.limits, now),
            ledger: Ledger::new(&driver.limits, &driver.prices, driver.size, requests, checkpoint.usage),
            sizer,
            failures: Failures::default(),
            ready: VecDeque::new(),
            ready_since: now,
            retries: Vec::new(),
            running: FuturesUnordered::new(),
            surveyed_all: false,
            began: now,
            refused_since: None,
            last_save: now,
            is_reported: true,
            end: None,
            driver,
            checkpoint,
            report,
            watch,
        }
    }

    /// Works until everything has an outcome, or nothing more may be sent and what runs has ended.
    pub(super) async fn until_end(
        mut self,
        mut pages: Pages,
        stop: impl Future<Output = ()>,
    ) -> (End, Snapshot) {
        let mut stop = std::pin::pin!(stop.fuse());
        let mut tick = interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.send_all().await;
            let is_idle = self.running.is_empty();
            let has_tasks = !self.ready.is_empty() || !self.retries.is_empty();
            if is_idle && (self.end.is_some() || (self.surveyed_all && !has_tasks)) {
                break;
            }
            let takes_pages = self.end.is_none() && !self.surveyed_all && self.window.has_room();
            let wake = self.wake();
            tokio::select! {
                biased;
                () = &mut stop, if self.end.is_none() => self.end = Some(End::Interrupted),
                Some(ended) = self.running.next(), if !is_idle => self.take_answer(ended),
                page = pages.recv(), if takes_pages => match page {
                    Some(Ok((phase, page))) => self.take_page(phase, page),
                    Some(Err(error)) => self.end = Some(End::Store(error)),
                    None => self.surveyed_all = true,
                },
                () = sleep_until(wake) => {}
                _ = tick.tick() => self.on_tick().await,
            }
        }
        self.finish().await
    }

    /// Opens the tasks of a page.
    fn take_page(&mut self, phase: Phase, page: Surveyed) {
        for passed in &page.passed {
            let written = self.report.outcome(&passed.key, None, passed.code, &passed.reason);
            self.note_report(written);
        }
        // A task stands for the sources around it that need no visit: on a bucket that is nearly right, only failures are sent.
        let tasks = u64::try_from(page.tasks.len()).unwrap_or(u64::MAX);
        let current = page.tally.current.checked_div(tasks).unwrap_or(0);
        let are_told = phase == Phase::Orphans && self.driver.orphans == Orphans::Report;
        if self.ready.is_empty() {
            self.ready_since = Instant::now();
        }
        for task in page.tasks {
            if are_told {
                let reason = "the source is gone; --orphans remove lets the function remove its thumbnails";
                let written =
                    self.report.outcome(task.source.key.as_str(), Some(Need::Orphan), "orphan", reason);
                self.note_report(written);
                continue;
            }
            let number = self.window.open(task.weight());
            self.ready.push_back(Open { number, task, current, failed: 0, throttled: 0 });
        }
        self.window.end_page(phase, page.end, page.tally);
    }

    /// Begins as many invocations as may begin now.
    async fn send_all(&mut self) {
        while self.end.is_none()
            && self.running.len() < self.pace.limit()
            && self.pace.next() <= Instant::now()
        {
            if !self.has_batch() {
                return;
            }
            match self.ledger.permission() {
                Permission::Granted => {}
                Permission::AfterSave => {
                    self.save().await;
                    continue;
                }
                Permission::AfterAnother => return,
                Permission::NoInvocations => return self.end = Some(End::Invocations),
                Permission::NoMoney => return self.end = Some(End::Budget),
            }
            let tasks = self.next_batch();
            self.pace.sent(tasks.len(), Instant::now());
            self.ledger.begin();
            let invoker = self.driver.invoker;
            self.running.push(
                async move {
                    let batch = Batch { tasks: tasks.iter().map(|open| open.task.clone()).collect() };
                    let began = Instant::now();
                    let answer = invoker.invoke(&batch).await;
                    Ended { tasks, answer, took: began.elapsed() }
                }
                .boxed_local(),
            );
        }
    }

    fn has_batch(&self) -> bool {
        let now = Instant::now();
        let is_due = self.retries.iter().any(|retry| retry.due <= now);
        let is_full = self.ready.len() >= self.sizer.size();
        let is_late = self.surveyed_all || !self.window.has_room() || now >= self.ready_since + LONGEST_WAIT;
        is_due || is_full || (is_late && !self.ready.is_empty())
    }

    fn next_batch(&mut self) -> Vec<Open> {
        let now = Instant::now();
        if let Some(at) = self.retries.iter().position(|retry| retry.due <= now) {
            return self.retries.swap_remove(at).tasks;
        }
        let mut size = self.sizer.size();
        if self.surveyed_all {
            // The last tasks are spread over all instances.
            let free = self.pace.limit().saturating_sub(self.running.len()).max(1);
            size = size.min(self.ready.len().div_ceil(free).max(8.min(size)));
        }
        let mut tasks: Vec<Open> = Vec::with_capacity(size.min(self.ready.len()));
        let mut bytes = 0_usize;
        while tasks.len() < size {
            let Some(open) = self.ready.front() else { break };
            bytes = bytes.saturating_add(open.task.event_bytes());
            if !tasks.is_empty() && bytes > self.driver.limits.event {
                break;
            }
            tasks.extend(self.ready.pop_front());
        }
        self.ready_since = now;
        tasks
    }

    /// Time at which something may change without an event.
    fn wake(&self) -> Instant {
        let now = Instant::now();
        if self.pace.next() > now && self.has_batch() {
            return self.pace.next();
        }
        let due = self.retries.iter().map(|retry| retry.due).min();
        let late = (!self.ready.is_empty()).then(|| self.ready_since + LONGEST_WAIT);
        // What is due already waits for room, which an answer makes.
        let next = [due, late].into_iter().flatten().filter(|next| *next > now).min();
        next.unwrap_or_else(|| now + Duration::from_secs(1))
    }

    fn note_report(&mut self, written: std::io::Result<()>) {
        if let Err(error) = written {
            self.is_reported = false;
            self.end.get_or_insert_with(|| End::Report(error.to_string()));
        }
    }

    async fn on_tick(&mut self) {
        let snapshot = self.snapshot();
        (self.watch)(&snapshot);
        if self.last_save.elapsed() >= CHECKPOINT_PAUSE {
            self.save().await;
        }
    }

    fn snapshot(&self) -> Snapshot {
        let usage = self.ledger.used();
        let mut tally = self.checkpoint.tally.clone();
        tally.merge(&self.window.tally());
        Snapshot {
            elapsed: self.began.elapsed(),
            tally,
            open: self.window.len(),
            running: self.running.len(),
            limit: self.pace.limit(),
            usage,
            cost: self.ledger.cost(&usage),
            surveyed_all: self.surveyed_all,
        }
    }

    /// Writes the checkpoint, after the report that it counts.
    async fn save(&mut self) {
        let written = self.report.flush();
        self.note_report(written);
        // A later run repeats what the report does not tell.
        while self.is_reported
            && let Some(page) = self.window.advance()
        {
            self.checkpoint.phase = page.phase;
            self.checkpoint.end = page.end;
            self.checkpoint.tally.merge(&page.tally);
        }
        self.checkpoint.usage = self.ledger.grant();
        self.write_checkpoint().await;
    }

    async fn write_checkpoint(&mut self) {
        self.last_save = Instant::now();
        let mut ended = Vec::new();
        let saved = {
            let mut save = std::pin::pin!(self.driver.checkpoints.save(&self.checkpoint));
            // Answers are taken from the network meanwhile, or they would time out beside a slow COS.
            loop {
                tokio::select! {
                    saved = &mut save => break saved,
                    Some(answer) = self.running.next(), if !self.running.is_empty() => ended.push(answer),
                }
            }
        };
        if let Err(error) = saved {
            // Nothing more may be sent: the next driver would not know of it.
            self.end = Some(End::Checkpoint(error));
        }
        ended.into_iter().for_each(|ended| self.take_answer(ended));
    }

    async fn finish(mut self) -> (End, Snapshot) {
        self.save().await;
        let end = self.end.take().unwrap_or(End::Done);
        if end == End::Done {
            self.checkpoint.phase = Phase::Done;
        }
        self.checkpoint.usage = self.ledger.used();
        self.write_checkpoint().await;
        let snapshot = self.snapshot();
        (self.watch)(&snapshot);
        let written = self.report.summary(end.name(), &snapshot.tally, &snapshot.usage);
        self.note_report(written);
        // What fails last counts, unless something had ended the run before.
        let end = if end == End::Done { self.end.take().unwrap_or(end) } else { end };
        (end, snapshot)
    }
}
