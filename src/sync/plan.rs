//! Plan: what a run would do and cost, from a survey and a measured sample of real work.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::object::Key;
use crate::sync::money::number;
use crate::sync::send::limits::MOST_RECORDS;
use crate::sync::survey::Passed;
use crate::sync::{
    Answer, Batch, FunctionSize, Invoker, Job, Limits, OrphanSurvey, Orphans, Prices, RecordKind, Sources,
    Store, StoreError, Survey, Surveyed, Tally, Task, Usage, Verify,
};

/// Tasks that are kept for each one of the sample. The sample is taken from these by size, so that the sizes of its sources
/// are spread like those of all.
const KEPT_FOR_EACH: usize = 50;

/// Planner of a job.
#[derive(Debug)]
pub struct Planner<'a, S> {
    /// Sources and configuration.
    pub job: &'a Job,
    /// COS.
    pub store: &'a S,
    /// Limits of the run.
    pub limits: Limits,
    /// Size of the function.
    pub size: FunctionSize,
    /// Prices.
    pub prices: Prices,
    /// Thoroughness of the survey.
    pub verify: Verify,
    /// Treatment of orphans.
    pub orphans: Orphans,
    /// Sources of the sample.
    pub sample: usize,
    /// Most sources that are kept for a closer look.
    pub first: usize,
}

/// Result of a survey.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Numbers of sources.
    pub tally: Tally,
    /// Some of the sources to visit, spread over all sizes.
    pub sample: Vec<Task>,
    /// The first sources to visit, for a closer look.
    pub first: Vec<Task>,
}

/// Work and cost of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Sources of the measured sample.
    pub measured: u64,
    /// Use of the run.
    pub usage: Usage,
    /// GB-seconds of it.
    pub gb_seconds: f64,
    /// Cost of it.
    pub cost: f64,
    /// Currency of the cost, and date of the prices.
    pub prices: (String, String),
    /// Time that the run takes.
    pub time: Duration,
    /// Invocations at once.
    pub concurrency: usize,
}

/// What came of a measured sample, as far as somebody has to know of it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SampleFaults {
    /// Sources that failed, with the most frequent reason.
    pub failures: Option<String>,
    /// The way in which the function contradicts the configuration.
    pub contradiction: Option<String>,
}

impl<S: Store> Planner<'_, S> {
    /// Surveys all sources. `each` gets the sources that no visit can help, and `watch` the numbers after every page.
    ///
    /// # Errors
    /// When a request failed at every attempt.
    pub async fn plan(
        &self,
        mut sources: impl Sources,
        mut each: impl FnMut(&Passed),
        mut watch: impl FnMut(&Tally),
    ) -> Result<Plan, StoreError> {
        let mut plan = Plan::default();
        let mut sampler = Sampler::new(self.sample.saturating_mul(KEPT_FOR_EACH));
        let survey = Survey::new(self.job, self.store, self.verify);
        let mut take = |page: Surveyed, sampler: &mut Sampler| {
            page.passed.iter().for_each(&mut each);
            plan.tally.merge(&page.tally);
            plan.first.extend(page.tasks.iter().take(self.first.saturating_sub(plan.first.len())).cloned());
            page.tasks.into_iter().for_each(|task| sampler.offer(task));
            watch(&plan.tally);
        };
        while let Some(page) = sources.next_page().await? {
            take(survey.page(page).await?, &mut sampler);
        }
        if self.orphans != Orphans::Ignore {
            let mut survey = OrphanSurvey::new(self.job, self.store, "");
            while let Some(page) = survey.next_page().await? {
                let page = Surveyed { tasks: Vec::new(), ..page };
                take(page, &mut sampler);
            }
        }
        plan.sample = sampler.by_size(self.sample);
        Ok(plan)
    }

    /// Measures the sample by real work, and estimates the run; `None` if nothing could be measured.
    ///
    /// The first source is sent alone: its invocation may include a cold start, and does not count. The others are sent in
    /// two batches at once, as in a run.
    pub async fn estimate(&self, plan: &Plan, invoker: &impl Invoker) -> (Option<Estimate>, Vec<Answer>) {
        let (first, rest) = plan.sample.split_at(usize::from(plan.sample.len() > 1));
        let (one, other) = rest.split_at(rest.len().div_ceil(2));
        let mut answers: Vec<Answer> = measure(invoker, first).await.into_iter().collect();
        let (mut measured, mut used) = (0_usize, Usage::default());
        let halves = tokio::join!(measure(invoker, one), measure(invoker, other));
        for (tasks, answer) in [(one, halves.0), (other, halves.1)] {
            let Some(answer) = answer else { continue };
            if let (Ok(outcomes), Some(billed)) = (&answer.outcomes, answer.billed) {
                // What ran out of time has not done its work, which a run pays for.
                let ended = outcomes.iter().filter(|outcome| outcome.kind != RecordKind::Transient);
                measured = measured.saturating_add(ended.count().min(tasks.len()));
                let requests = outcomes.iter().map(|outcome| outcome.requests).fold(0, u64::saturating_add);
                let billed_ms = u64::try_from(billed.as_millis()).unwrap_or(u64::MAX);
                used = used.plus(Usage { invocations: 0, billed_ms, requests });
            }
            answers.push(answer);
        }
        (self.extrapolate(plan, measured, used), answers)
    }

    /// What went wrong with the sources of a sample.
    #[must_use]
    pub fn faults(&self, answers: &[Answer]) -> SampleFaults {
        let mut counts: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
        let (mut all, mut failed, mut contradiction) = (0_usize, 0_usize, None);
        for outcome in answers.iter().filter_map(|answer| answer.outcomes.as_ref().ok()).flatten() {
            all = all.saturating_add(1);
            if let Ok(key) = Key::parse(&outcome.key) {
                contradiction = contradiction.or_else(|| self.job.contradiction(&key, outcome));
            }
            if outcome.kind != RecordKind::Done && !self.job.is_accepted(&outcome.key, &outcome.code) {
                failed = failed.saturating_add(1);
                let count = counts.entry(&outcome.code).or_insert((0, &outcome.reason));
                count.0 = count.0.saturating_add(1);
            }
        }
        let most = counts.into_iter().max_by_key(|(_, (count, _))| *count);
        let failures = most.map(|(code, (count, reason))| {
            format!("{failed} of the {all} sources of the sample failed, {count} of them by {code}: {reason}")
        });
        SampleFaults { failures, contradiction }
    }

    fn extrapolate(&self, plan: &Plan, measured: usize, used: Usage) -> Option<Estimate> {
        let measured = u64::try_from(measured).ok().filter(|measured| *measured > 0)?;
        let told = if self.orphans == Orphans::Remove { 0 } else { plan.tally.orphans };
        // What was measured is made.
        let made = u64::try_from(plan.sample.len()).unwrap_or(u64::MAX);
        let tasks = plan.tally.to_visit().saturating_sub(told).saturating_sub(made);
        let share = |sum: u64| {
            u64::try_from(u128::from(sum) * u128::from(tasks) / u128::from(measured)).unwrap_or(u64::MAX)
        };
        let (billed_ms, requests) = (share(used.billed_ms), share(used.requests));
        let per_record = Duration::from_millis(used.billed_ms / measured).max(Duration::from_micros(100));
        let by_time = u64::try_from(self.limits.batch_time.as_micros() / per_record.as_micros().max(1))
            .unwrap_or(u64::MAX);
        let most = self.limits.batch.unwrap_or(MOST_RECORDS);
        let batch = by_time.clamp(1, u64::try_from(most).unwrap_or(u64::MAX).max(1));
        let usage = Usage { invocations: tasks.div_ceil(batch), billed_ms, requests };
        let concurrency =
            u64::try_from(self.limits.concurrency).unwrap_or(u64::MAX).min(usage.invocations).max(1);
        let seconds = [
            number(billed_ms) / 1000.0 / number(concurrency),
            self.limits.rate.map_or(0.0, |rate| number(tasks) / rate.max(1e-3)),
            number(usage.invocations) / self.limits.calls.max(1e-3),
        ];
        Some(Estimate {
            measured,
            usage,
            gb_seconds: usage.gb_seconds(self.size.memory_mb),
            cost: self.prices.cost(&usage, self.size.memory_mb),
            prices: (self.prices.currency.clone(), self.prices.date.clone()),
            time: Duration::from_secs_f64(seconds.into_iter().fold(1.0, f64::max).ceil().min(1e12)),
            concurrency: usize::try_from(concurrency).unwrap_or(usize::MAX),
        })
    }
}

/// Sends tasks, if there are any.
async fn measure(invoker: &impl Invoker, tasks: &[Task]) -> Option<Answer> {
    if tasks.is_empty() { None } else { Some(invoker.invoke(&Batch { tasks: tasks.to_vec() }).await) }
}

/// Sample of a stream whose length is not known: each task is kept with the same probability (algorithm R of J. S. Vitter,
/// "Random sampling with a reservoir", 1985).
struct Sampler {
    most: usize,
    offered: u64,
    kept: Vec<Task>,
    /// State of the generator xorshift64 (G. Marsaglia, "Xorshift RNGs", 2003). The same bucket has the same sample.
    state: u64,
}

impl Sampler {
    fn new(most: usize) -> Self {
        Self { most, offered: 0, kept: Vec::new(), state: 0x9e37_79b9_7f4a_7c15 }
    }

    fn offer(&mut self, task: Task) {
        self.offered = self.offered.saturating_add(1);
        if self.kept.len() < self.most {
            self.kept.push(task);
            return;
        }
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let at = usize::try_from(self.state % self.offered).unwrap_or(usize::MAX);
        if let Some(slot) = self.kept.get_mut(at) {
            *slot = task;
        }
    }

    /// A number of the kept tasks at equal distances by size, the large and the small ones mixed.
    fn by_size(mut self, number: usize) -> Vec<Task> {
        self.kept.sort_by(|one, other| {
            (one.source.length, &one.source.key).cmp(&(other.source.length, &other.source.key))
        });
        let all = self.kept.len();
        let number = number.min(all);
        let places = (0..number).map(|at| {
            (at.saturating_mul(2).saturating_add(1)).saturating_mul(all) / number.saturating_mul(2).max(1)
        });
        let chosen: Vec<Task> = places.filter_map(|place| self.kept.get(place).cloned()).collect();
        let (even, odd) = ((0..number).step_by(2), (1..number).step_by(2));
        even.chain(odd).filter_map(|at| chosen.get(at).cloned()).collect()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tally = &self.tally;
        writeln!(f, "sources       {} ({} MB)", tally.sources, tally.bytes / 1_000_000)?;
        writeln!(f, "  current     {}", tally.current)?;
        writeln!(f, "  missing     {}", tally.missing)?;
        writeln!(f, "  stale       {}", tally.stale)?;
        if tally.unverified > 0 {
            writeln!(f, "  unverified  {}", tally.unverified)?;
        }
        if tally.passed > 0 {
            writeln!(f, "  cannot be   {} (--report FILE names them)", tally.passed)?;
        }
        if tally.unusable > 0 {
            writeln!(f, "unusable keys {}", tally.unusable)?;
        }
        writeln!(f, "orphans       {}", tally.orphans)
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { measured, usage, gb_seconds, cost, prices: (currency, date), time, concurrency } = self;
        writeln!(f, "estimate, from {measured} measured sources:")?;
        writeln!(f, "  invocations {}", usage.invocations)?;
        writeln!(f, "  GB-seconds  {gb_seconds:.1}")?;
        writeln!(f, "  requests    {} of the function to COS", usage.requests)?;
        writeln!(
            f,
            "  time        {} with {concurrency} invocations at once",
            humantime::format_duration(*time)
        )?;
        writeln!(f, "  cost        {cost:.4} {currency} (prices of {date}, without free quotas)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::{Need, Source};

    fn task(number: u64) -> Task {
        let key = Key::parse(&format!("{number:08}")).unwrap();
        let source =
            Source { key, length: Some(number), etag: None, last_modified: None, is_archived: false };
        Task { source, need: Need::Missing }
    }

    #[test]
    fn the_sizes_of_a_sample_are_spread_like_those_of_all_sources() {
        let mut sampler = Sampler::new(1000);
        (0..100_000).for_each(|number| sampler.offer(task(number)));
        let sample = sampler.by_size(20);
        assert_eq!(sample.len(), 20);
        let mean = sample.iter().map(|task| task.source.length.unwrap()).sum::<u64>() / 20;
        assert!((47_000..53_000).contains(&mean), "{mean}");
        let first_half = sample[..10].iter().map(|task| task.source.length.unwrap()).sum::<u64>() / 10;
        assert!((40_000..60_000).contains(&first_half), "{first_half}: both halves are mixed");
    }

    #[test]
    fn a_small_bucket_is_its_own_sample() {
        let mut sampler = Sampler::new(1000);
        (0..3).for_each(|number| sampler.offer(task(number)));
        assert_eq!(sampler.by_size(20).len(), 3);
        assert!(Sampler::new(0).by_size(0).is_empty());
    }
}
