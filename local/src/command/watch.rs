//! `scf-local watch`: serves, rebuilds the function when its sources change, and restarts it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use clap::Args;
use scf_local::FunctionPool;
use tokio::process::Command;
use tokio::time::sleep;

use crate::command::print;
use crate::command::serve::{self, ServeOptions};

/// Interval at which files are looked at. Polling finds changes on every file system, and 500 files take 1 ms.
const INTERVAL: Duration = Duration::from_millis(300);

/// Interval at which instances that were busy are tried again.
const RESTART_INTERVAL: Duration = Duration::from_millis(50);

/// Sources of the function, beside its bootstrap.
const SOURCES: [&str; 5] = ["src", "jpeg/src", "resample/src", "Cargo.toml", "Cargo.lock"];

/// Configuration, beside the bootstrap.
const CONFIG: &str = "thumbnails.json";

/// Default build command.
const BUILD: &str = "cargo build --locked --package cos-thumbnailer";

/// Serve as `serve` does, and rebuild and restart the function when its sources or thumbnails.json change.
///
/// The sources are src, jpeg/src, resample/src, Cargo.toml and Cargo.lock beside the bootstrap, or those of --watch. When
/// the build fails, the former program keeps running. An invocation that runs is not interrupted. A change of
/// thumbnails.json beside the bootstrap restarts the function without a build.
#[derive(Args, Debug)]
pub(crate) struct WatchOptions {
    #[command(flatten)]
    serve: ServeOptions,
    /// Command that builds the program, run by sh beside the bootstrap
    #[arg(long, value_name = "COMMAND", default_value = BUILD)]
    build: String,
    /// File or folder to watch instead of the sources; repeatable
    #[arg(long, value_name = "PATH")]
    watch: Vec<PathBuf>,
}

/// Runs the command until Ctrl-C.
pub(crate) async fn run(mut options: WatchOptions) -> Result<ExitCode> {
    let folder = options.serve.function.code_root()?;
    if options.build == BUILD {
        // bootstrap would prefer a release build, which is older.
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| folder.join("target"), PathBuf::from);
        options.serve.function.set_default("BOOTSTRAP_PROGRAM", target.join("debug/cos-thumbnailer"));
    }
    let sources: Vec<PathBuf> = if options.watch.is_empty() {
        SOURCES.iter().map(|source| folder.join(source)).collect()
    } else {
        options.watch
    };
    let watcher = Watcher { sources, config: folder.join(CONFIG), folder, build: options.build };
    // Before the build, so that no change of its time is missed.
    let before = watcher.snapshot();
    watcher.build().await;
    serve::run_beside(options.serve, async |pool| watcher.run(before, pool).await).await
}

/// Times and lengths of files.
type Snapshot = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// The files of one function.
#[derive(Debug)]
struct Watcher {
    folder: PathBuf,
    sources: Vec<PathBuf>,
    config: PathBuf,
    build: String,
}

impl Watcher {
    /// Rebuilds and restarts after every change.
    async fn run(&self, mut before: Snapshot, pool: &FunctionPool) {
        loop {
            let changed = self.wait_for_change(&mut before).await;
            let name = changed.strip_prefix(&self.folder).unwrap_or(&changed).display();
            print::line(&format!("{name} changed"));
            if changed == self.config || self.build().await {
                restart(pool).await;
                print::line("restarted");
            }
        }
    }

    /// Returns a file that differs from the snapshot, a source rather than the configuration, once no more files change.
    async fn wait_for_change(&self, before: &mut Snapshot) -> PathBuf {
        let mut last = self.snapshot();
        loop {
            sleep(INTERVAL).await;
            let now = self.snapshot();
            let is_quiet = now == last;
            last = now;
            let mut changed: Vec<PathBuf> = differences(before, &last);
            // The configuration comes last.
            changed.sort_by_key(|path| *path == self.config);
            if let (true, Some(first)) = (is_quiet, changed.into_iter().next()) {
                *before = last;
                return first;
            }
        }
    }

    fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::new();
        for path in self.sources.iter().chain([&self.config]) {
            add_files(path, &mut snapshot);
        }
        snapshot
    }

    /// Builds the program and returns whether that succeeded. Messages of the build go to the terminal.
    async fn build(&self) -> bool {
        let status = Command::new("sh").args(["-c", &self.build]).current_dir(&self.folder).status().await;
        match status {
            Ok(status) if status.success() => true,
            Ok(_) => {
                print::error("the build failed; the former program keeps running until the next change");
                false
            }
            Err(error) => {
                print::error(&format!("the build cannot be started: {error}"));
                false
            }
        }
    }
}

fn add_files(path: &Path, snapshot: &mut Snapshot) {
    // What cannot be read counts as absent: it may be replaced at this moment.
    let Ok(metadata) = path.metadata() else { return };
    if metadata.is_dir() {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.for_each(|entry| add_files(&entry.path(), snapshot));
    } else {
        snapshot.insert(path.to_owned(), (metadata.modified().ok(), metadata.len()));
    }
}

/// Files that are new, gone or changed.
fn differences(before: &Snapshot, now: &Snapshot) -> Vec<PathBuf> {
    let changed = now.iter().filter(|(path, state)| before.get(*path) != Some(state)).map(|(path, _)| path);
    let gone = before.keys().filter(|path| !now.contains_key(*path));
    changed.chain(gone).cloned().collect()
}

/// Ends every process that runs now, as soon as it is idle. The next invocation starts a new one.
async fn restart(pool: &FunctionPool) {
    let processes = || {
        let instances = pool.counters().instances.into_iter();
        instances.filter_map(|instance| instance.process_id).collect::<Vec<u32>>()
    };
    let old = processes();
    let busy = || {
        pool.counters()
            .instances
            .into_iter()
            .any(|one| one.busy && one.process_id.is_some_and(|id| old.contains(&id)))
    };
    loop {
        pool.recycle_idle().await;
        if !busy() {
            return;
        }
        sleep(RESTART_INTERVAL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_gone_and_changed_files_are_differences() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(path("src/deep")).unwrap();
        for name in ["src/deep/a.rs", "src/b.rs", "src/c.rs"] {
            std::fs::write(path(name), "1").unwrap();
        }
        let snapshot = || {
            let mut snapshot = Snapshot::new();
            add_files(&path("src"), &mut snapshot);
            add_files(&path("missing"), &mut snapshot);
            snapshot
        };
        let before = snapshot();
        assert_eq!(before.len(), 3);
        assert!(differences(&before, &snapshot()).is_empty());
        std::fs::write(path("src/deep/a.rs"), "22").unwrap();
        std::fs::write(path("src/deep/new.rs"), "").unwrap();
        std::fs::remove_file(path("src/b.rs")).unwrap();
        let expected = ["src/deep/a.rs", "src/deep/new.rs", "src/b.rs"].map(path);
        assert_eq!(differences(&before, &snapshot()), expected);
    }
}
