//! What a run shows: a line that is rewritten on a terminal, a JSON line a minute otherwise.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use cos_thumbnailer::sync::{Prices, Progress, Snapshot, Tally};

/// Pause between two lines that are kept.
const LINE_PAUSE: Duration = Duration::from_secs(60);

/// Standard error, as a place for progress.
pub(super) struct Terminal {
    is_terminal: bool,
    prices: Prices,
    progress: Progress,
    last_line: Instant,
    last_redraw: Option<Instant>,
    has_line: bool,
}

impl Terminal {
    pub(super) fn new(prices: Option<Prices>) -> Self {
        Self {
            is_terminal: std::io::stderr().is_terminal(),
            prices: prices.unwrap_or_default(),
            progress: Progress::default(),
            last_line: Instant::now(),
            last_redraw: None,
            has_line: false,
        }
    }

    /// Shows how far a plan is.
    pub(super) fn surveyed(&mut self, tally: &Tally) {
        let is_due = self.last_redraw.is_none_or(|last| last.elapsed() >= Duration::from_millis(200));
        if self.is_terminal && is_due {
            self.redraw(&format!("{} sources, {} to visit", tally.sources, tally.to_visit()));
        }
    }

    /// Shows how far a run is, of `total` sources if their number is known.
    pub(super) fn progress(&mut self, snapshot: &Snapshot, total: Option<u64>) {
        self.progress.set_total(total);
        if self.is_terminal {
            let line = self.progress.line(snapshot, &self.prices);
            self.redraw(&line);
        } else if self.last_line.elapsed() >= LINE_PAUSE {
            self.last_line = Instant::now();
            say(&self.progress.json(snapshot, &self.prices));
        }
    }

    /// Ends the line that is rewritten.
    pub(super) fn end_line(&mut self) {
        if std::mem::take(&mut self.has_line) {
            say("");
        }
    }

    fn redraw(&mut self, line: &str) {
        self.has_line = true;
        self.last_redraw = Some(Instant::now());
        let mut stderr = std::io::stderr().lock();
        // Back to the first column; what an earlier, longer line left is erased.
        let _ = write!(stderr, "\r{line}\u{1b}[K").and_then(|()| stderr.flush());
    }
}

/// Writes a line to standard error, unless nobody reads it any more.
pub(super) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Returns after Ctrl-C or the signal that service managers send. After the next one the process ends at once.
pub(super) async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    say("\nwaiting for the invocations that run; once more ends at once");
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        std::process::exit(130);
    });
}

/// The numbers at the end of a run. For asynchronous events nobody tells what they used, so it is the most that they can.
pub(super) fn summary(snapshot: &Snapshot, prices: &Prices, is_measured: bool) -> String {
    let Snapshot { tally, usage, cost, .. } = snapshot;
    let most = if is_measured { "" } else { "at most " };
    let mut text = format!(
        "sources       {} ({} current, {} to visit, {} that cannot be)\n",
        tally.sources,
        tally.current,
        tally.to_visit(),
        tally.passed
    );
    for (code, count) in &tally.outcomes {
        text.push_str(&format!("  {code:<21} {count}\n"));
    }
    text.push_str(&format!(
        "invocations   {} ({most}{:.1} s billed, {} requests to COS)\ncost          {most}{cost:.4} {}\n",
        usage.invocations,
        Duration::from_millis(usage.billed_ms).as_secs_f64(),
        usage.requests,
        prices.currency
    ));
    text
}
