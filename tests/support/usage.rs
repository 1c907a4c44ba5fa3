//! Memory, descriptors, threads and processor time of a process, from quarter to quarter of a long run.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

/// Clock ticks of a second in /proc (proc(5)): 100 on every architecture of Linux that the program is built for.
const TICKS: u64 = 100;

/// Descriptors by kind, such as `socket`.
pub type Descriptors = BTreeMap<String, usize>;

/// Resident memory of a process, KiB; `None` when it has ended.
pub fn resident_kib(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Processor time of a process and all its threads so far, milliseconds.
pub fn processor_ms(id: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name of the program, in brackets, may contain spaces.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = |position: usize| fields.get(position)?.parse::<u64>().ok();
    Some((ticks(11)? + ticks(12)?) * 1000 / TICKS)
}

/// The open descriptors of a process; none when it has ended.
pub fn descriptors(id: u32) -> Descriptors {
    let mut kinds = Descriptors::new();
    for entry in std::fs::read_dir(format!("/proc/{id}/fd")).into_iter().flatten() {
        // A descriptor may be closed between the listing and this.
        let Some(target) = entry.ok().and_then(|entry| std::fs::read_link(entry.path()).ok()) else {
            continue;
        };
        let target = target.to_string_lossy();
        let kind = target.split_once(":[").map_or(&*target, |(kind, _)| kind);
        *kinds.entry(kind.to_owned()).or_default() += 1;
    }
    kinds
}

/// Number of threads of a process; 0 when it has ended.
pub fn threads(id: u32) -> usize {
    std::fs::read_dir(format!("/proc/{id}/task")).map_or(0, Iterator::count)
}

/// Descriptors and threads of a process at one moment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Counts {
    descriptors: Descriptors,
    threads: usize,
}

/// Samples of a run in four quarters.
#[derive(Debug, Default)]
pub struct Quarters {
    resident_kib: [Vec<u64>; 4],
    processor_ms: [u64; 4],
    events: [u64; 4],
    counts: [Vec<Counts>; 4],
}

impl Quarters {
    /// Adds the resident memory of a process at rest.
    pub fn sample(&mut self, quarter: usize, resident_kib: u64) {
        self.resident_kib[quarter].push(resident_kib);
    }

    /// Adds processor time that the quarter took, and events that it handled.
    pub fn spend(&mut self, quarter: usize, milliseconds: u64, events: u64) {
        self.processor_ms[quarter] += milliseconds;
        self.events[quarter] += events;
    }

    /// Processor time that a quarter took.
    pub fn spent_ms(&self, quarter: usize) -> u64 {
        self.processor_ms[quarter]
    }

    /// Notes the descriptors and threads of a process.
    pub fn note(&mut self, quarter: usize, id: u32) {
        self.counts[quarter].push(Counts { descriptors: descriptors(id), threads: threads(id) });
    }

    /// Starts the counts of a quarter again.
    pub fn forget_counts(&mut self, quarter: usize) {
        self.counts[quarter].clear();
    }

    /// Median of the memory at rest, MB. A median, because what the allocator keeps changes from one event to the next by
    /// more than a leak would add in a quarter.
    pub fn median_mb(&self, quarter: usize) -> f64 {
        median(self.resident_kib[quarter].iter().copied()) as f64 / 1024.0
    }

    /// Memory of the last quarter for each byte of that of the second.
    pub fn memory_ratio(&self) -> f64 {
        self.median_mb(3) / self.median_mb(1)
    }

    /// Processor time of an event, milliseconds.
    pub fn event_ms(&self, quarter: usize) -> f64 {
        self.processor_ms[quarter] as f64 / self.events[quarter] as f64
    }

    /// Descriptors and threads at the end of a quarter.
    pub fn last_counts(&self, quarter: usize) -> &Counts {
        self.counts[quarter].last().unwrap()
    }

    /// Median of the number of descriptors.
    pub fn median_descriptors(&self, quarter: usize) -> usize {
        median(self.counts[quarter].iter().map(|counts| counts.descriptors.values().sum()))
    }

    /// Median of the number of threads.
    pub fn median_threads(&self, quarter: usize) -> usize {
        median(self.counts[quarter].iter().map(|counts| counts.threads))
    }
}

fn median<T: Copy + Ord>(samples: impl Iterator<Item = T>) -> T {
    let mut samples: Vec<T> = samples.collect();
    samples.sort_unstable();
    samples[samples.len() / 2]
}

/// Heading of the table of long runs.
const HEADING: &str = "| run | events | memory at rest, second and last quarter, MB | ratio | peak, MB | descriptors \
                       | threads | processor time an event, second and last quarter, ms | right | date |\n\
                       |---|--:|--:|--:|--:|--:|--:|--:|--:|---|\n";

/// A row of the table of long runs.
pub struct Figures<'a> {
    pub run: &'a str,
    pub events: usize,
    pub quarters: &'a Quarters,
    pub peak_mb: Option<f64>,
    /// What was compared, and was right: outcomes and thumbnails.
    pub right: usize,
}

impl Figures<'_> {
    fn row(&self) -> String {
        let Self { run, events, quarters, peak_mb, right } = self;
        let [second_ms, last_ms] = [1, 3].map(|quarter| quarters.event_ms(quarter));
        let peak = peak_mb.map_or_else(String::new, |peak| format!("{peak:.1}"));
        let date = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        format!(
            "| {run} | {events} | {:.1}, {:.1} | {:.3} | {peak} | {}, {} | {}, {} | {second_ms:.2}, {last_ms:.2} | {right} | {} |\n",
            quarters.median_mb(1),
            quarters.median_mb(3),
            quarters.memory_ratio(),
            quarters.median_descriptors(1),
            quarters.median_descriptors(3),
            quarters.median_threads(1),
            quarters.median_threads(3),
            &date[..10],
        )
    }

    /// Prints the row, and writes it into `soak.md` of the folder that `TRUST_FOLDER` names, in place of an earlier one.
    pub fn publish(&self) {
        let row = self.row();
        println!("{HEADING}{row}");
        let Some(folder) = std::env::var_os("TRUST_FOLDER") else { return };
        let path = Path::new(&folder).join("soak.md");
        let earlier = std::fs::read_to_string(&path).unwrap_or_else(|_| HEADING.to_owned());
        let start = format!("| {} |", self.run);
        let kept: String = earlier.split_inclusive('\n').filter(|line| !line.starts_with(&start)).collect();
        std::fs::write(path, kept + &row).unwrap();
    }
}
