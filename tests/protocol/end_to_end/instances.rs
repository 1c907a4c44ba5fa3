//! Several instances of the function behind the cloud API, with the events of a trigger.

use std::sync::Arc;
use std::time::{Duration, Instant};

use scf_local::{Cos, CosOptions, ScfApi, ScfApiOptions, ScfOptions, event};
use serde_json::Value;

use crate::setup::{REGION, SOURCE, TARGET, program, small_jpeg};

struct Instances {
    cos: Cos,
    api: Arc<ScfApi>,
    _folder: tempfile::TempDir,
}

impl Instances {
    async fn new(change: impl FnOnce(&mut ScfApiOptions)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cos_options = CosOptions {
            root: folder.path().join("cos"),
            strict: true,
            buckets: vec![SOURCE.to_owned(), TARGET.to_owned()],
            ..CosOptions::default()
        };
        let cos = Cos::start(cos_options).await.unwrap();
        let mut environment = cos.environment();
        environment.push(("COS_ENDPOINT".to_owned(), cos.endpoint()));
        let function =
            ScfOptions { program: program(), environment, memory_mb: 512, ..ScfOptions::default() };
        let mut options = ScfApiOptions { function, ..ScfApiOptions::default() };
        change(&mut options);
        let api = Arc::new(ScfApi::start(options).await.unwrap());
        Self { cos, api, _folder: folder }
    }

    /// Stores sources and returns their events.
    async fn upload(&self, count: usize) -> Vec<Value> {
        let mut messages = Vec::new();
        for number in 0..count {
            let key = format!("{number}.jpg");
            let object = self.cos.put(SOURCE, &key, small_jpeg(), &[("Content-Type", "image/jpeg")]).await;
            messages.push(event::created("cos:ObjectCreated:Put", SOURCE, REGION, &key, &object));
        }
        messages
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_run_at_once_all_give_thumbnails_although_an_instance_is_killed() {
    let instances = Instances::new(|options| options.quota_mb = Some(1024)).await;
    let mut deliveries = tokio::task::JoinSet::new();
    for message in instances.upload(6).await {
        let api = Arc::clone(&instances.api);
        deliveries.spawn(async move { api.deliver(&message.to_string()).await });
    }
    let begin = Instant::now();
    while instances.api.kill_one().await.is_none() {
        assert!(begin.elapsed() < Duration::from_secs(20), "no instance was started");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for invocations in deliveries.join_all().await {
        assert!(invocations.last().unwrap().outcome.is_success(), "{invocations:#?}");
    }
    assert_eq!(instances.cos.keys(TARGET).len(), 6);
    let counters = instances.api.counters().pool;
    assert_eq!((counters.peak_concurrency, counters.instances.len()), (2, 2), "{counters:#?}");
    assert_eq!(counters.dropped.total(), 0);
}
