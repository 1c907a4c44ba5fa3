//! Memory, descriptors and threads of a long run, those of the driver and those of the functions.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use tokio::time::sleep;

use crate::live::{Cloud, inject};
use crate::setup::TARGET;
use crate::usage::{Figures, Quarters, processor_ms, resident_kib};

const INSTANCES: usize = 4;

const BATCH: usize = 10;

/// Descriptors by which two quarters may differ: the connections of the invocations that run at the moment.
const MORE: usize = 4;

/// Processes of one kind, in the quarters of a run.
#[derive(Default)]
struct Watched {
    quarters: Quarters,
    /// Processor time of each process so far.
    spent: BTreeMap<u32, u64>,
}

impl Watched {
    fn look(&mut self, quarter: usize, id: u32) {
        // The process may have ended.
        let (Some(resident), Some(spent)) = (resident_kib(id), processor_ms(id)) else { return };
        self.quarters.sample(quarter, resident);
        self.quarters.note(quarter, id);
        let before = self.spent.insert(id, spent).unwrap_or(0);
        self.quarters.spend(quarter, spent - before, 0);
    }

    fn judge(&self, run: &str, sources: usize, is_long: bool) {
        let quarters = &self.quarters;
        Figures { run, events: sources, quarters, peak_mb: None, right: sources }.publish();
        if is_long {
            assert!(quarters.memory_ratio() <= 1.03, "{run}: {quarters:?}");
        }
        let growth = quarters.median_mb(3) - quarters.median_mb(1);
        assert!(growth < 1.0, "{run}: {growth:.2} MB more: {quarters:?}");
        assert_eq!(quarters.median_threads(3), quarters.median_threads(1), "{run}");
        let [second, last] = [1, 3].map(|quarter| quarters.median_descriptors(quarter));
        assert!(last <= second + MORE, "{run}: {last} descriptors, and {second} in the second quarter");
    }
}

/// COS and SCF fail throughout. `SYNC_SOURCES` is the number of sources.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_run_leaves_nothing_behind() {
    let given = std::env::var("SYNC_SOURCES").ok();
    let number: usize = given.as_ref().map_or(1000, |text| text.parse().unwrap());
    let cloud = Cloud::new(INSTANCES, &[]).await;
    cloud.upload(0..number).await;
    let before = cloud.invocations();
    let mut random = fastrand::Rng::with_seed(1);
    let arguments = format!("sync --run --batch {BATCH} --report report.jsonl");
    let errors = std::fs::File::create(cloud.path("errors")).unwrap();
    let mut driver = cloud.command(&arguments).stdout(Stdio::null()).stderr(errors).spawn().unwrap();
    let id = driver.id().unwrap();
    let (mut drivers, mut functions) = (Watched::default(), Watched::default());
    let needed = number.div_ceil(BATCH) as u64;
    let (mut injected, mut seen) = (0, 0);
    while driver.try_wait().unwrap().is_none() {
        let done = cloud.invocations() - before;
        let quarter = usize::try_from(done * 4 / needed).unwrap().min(3);
        for watched in [&mut drivers, &mut functions] {
            watched.quarters.spend(quarter, 0, (done - seen) * BATCH as u64);
        }
        seen = done;
        drivers.look(quarter, id);
        let instances = cloud.api.counters().pool.instances;
        instances
            .iter()
            .filter_map(|instance| instance.process_id)
            .for_each(|id| functions.look(quarter, id));
        if done / 8 >= injected {
            inject(&cloud, &mut random);
            injected += 1;
        }
        sleep(Duration::from_millis(5)).await;
    }
    let errors = std::fs::read_to_string(cloud.path("errors")).unwrap();
    assert!(driver.wait().await.unwrap().success(), "{errors}");
    println!("{injected} times faults, {} invocations", cloud.invocations() - before);
    cloud.assert_thumbnails(0..number);
    assert_eq!(cloud.cos.keys(TARGET).len(), number);
    let starts: u64 = cloud.api.counters().pool.instances.iter().map(|instance| instance.starts).sum();
    assert_eq!(starts, INSTANCES as u64, "processes");
    drivers.judge("sync, the driver", number, given.is_some());
    functions.judge("sync, four functions", number, given.is_some());
}
