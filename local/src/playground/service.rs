//! The work behind the calls: uploads, runs of the function, and what its program says.

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::cos::{Cos, EventNotification};
use crate::event;
use crate::playground::configuration::{Configuration, ConfigurationError, RawConfiguration};
use crate::playground::cos_client::{CosClient, Place};
use crate::playground::error::ApiError;
use crate::playground::function::{RunningFunction, code_folder};
use crate::playground::program::Program;
use crate::playground::rendering::{PictureService, PreviewReport, ScoresReport};
use crate::playground::report::{
    ConfigurationReport, Mistake, RequestReport, RunReport, Sample, StateReport, UploadReport, milliseconds,
};
use crate::scf::ScfOptions;

/// Most uploads whose events are remembered.
const MAX_UPLOADS: usize = 64;

/// Longest wait for the event of an upload, which COS sends before it answers.
const EVENT_TIMEOUT: Duration = Duration::from_secs(5);

/// Formats of all versions of the program, if it does not say which it has.
const FORMATS: [&str; 5] = ["jpeg", "png", "webp", "avif", "gif"];

/// State of a playground.
pub(super) struct Service {
    pub(super) cos: Arc<Cos>,
    pub(super) client: CosClient,
    pub(super) program: Program,
    /// Options of the function without the settings of the page.
    pub(super) template: ScfOptions,
    /// Settings with which the page begins.
    pub(super) variables: Vec<(String, String)>,
    /// Region of the local COS.
    pub(super) region: String,
    /// Folder of photos to choose from.
    pub(super) photos: PathBuf,
    /// Uploads, the latest last.
    pub(super) uploads: Mutex<VecDeque<Upload>>,
    /// The function. The lock lets one run at a time.
    pub(super) function: tokio::sync::Mutex<Option<RunningFunction>>,
    /// Number of events that COS has sent.
    pub(super) changes: watch::Receiver<u64>,
    pub(super) pictures: PictureService,
    /// Clears the journal of the local COS before each run, so that it does not grow.
    pub(super) clears_journal: bool,
}

/// A photo in the local COS.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    place: Place,
    /// Event that COS sent.
    event: String,
    /// Thumbnails of the latest run.
    thumbnails: Vec<Place>,
}

impl Service {
    /// Describes the playground to a page that opens.
    pub(super) async fn state(&self) -> Result<StateReport, ApiError> {
        Ok(StateReport {
            version: env!("CARGO_PKG_VERSION"),
            variables: self.variables.clone(),
            memory_mb: self.template.memory_mb,
            samples: self.samples(),
            formats: self.formats().await?,
        })
    }

    /// Lists the photos to choose from.
    pub(super) fn samples(&self) -> Vec<Sample> {
        let entries = std::fs::read_dir(&self.photos).into_iter().flatten();
        let mut samples: Vec<Sample> = entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let name = entry.file_name().into_string().ok()?;
                let metadata = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
                content_type(&name).map(|_| Sample { name, bytes: metadata.len() })
            })
            .collect();
        samples.sort_by(|one, other| one.name.cmp(&other.name));
        samples
    }

    /// Reads a photo to choose from. Only a name of the list is read, so no path leads out of the folder.
    pub(super) fn sample(&self, name: &str) -> Option<(&'static str, Bytes)> {
        let sample = self.samples().into_iter().find(|sample| sample.name == name)?;
        let bytes = std::fs::read(self.photos.join(&sample.name)).ok()?;
        Some((content_type(&sample.name)?, Bytes::from(bytes)))
    }

    /// Asks the program for its formats: `check` names them all if one is wrong.
    async fn formats(&self) -> Result<Vec<String>, ApiError> {
        let configuration = Configuration {
            variables: vec![("FORMAT".to_owned(), "?".to_owned())],
            file: None,
            memory_mb: self.template.memory_mb,
        };
        let folder = code_folder(&configuration)?;
        let output = self.program.run(&["check"], &configuration, folder.path()).await?;
        let list = output.stderr.split_once("one of ").and_then(|(_, rest)| rest.split_once(';'));
        let named =
            list.map(|(list, _)| list.split(", ").filter(|name| *name != "jpg").map(str::to_owned).collect());
        Ok(named.unwrap_or_else(|| FORMATS.map(str::to_owned).to_vec()))
    }

    /// Has the program check a configuration, and write its policy and triggers.
    pub(super) async fn configuration(
        &self,
        raw: RawConfiguration,
        region: &str,
        source: &str,
    ) -> Result<ConfigurationReport, ApiError> {
        let begin = Instant::now();
        let configuration = match Configuration::try_from(raw) {
            Ok(configuration) => configuration,
            Err(error) => return Ok(refused(&error)),
        };
        let folder = code_folder(&configuration)?;
        let folder = folder.path();
        let region = format!("--region={region}");
        let source = format!("--source={source}");
        let (policy, triggers) = (["policy", &region, &source], ["triggers", &region, &source]);
        let (checked, policy, triggers) = tokio::join!(
            self.program.run(&["check"], &configuration, folder),
            self.program.run(&policy, &configuration, folder),
            self.program.run(&triggers, &configuration, folder),
        );
        let (checked, policy, triggers) = (checked?, policy?, triggers?);
        let mut report = ConfigurationReport::default();
        if checked.succeeded {
            // The first line names the places that were read, which are temporary here.
            report.meaning = checked.stdout.split_once('\n').map_or("", |(_, rest)| rest).to_owned();
            let failure = [&policy, &triggers].into_iter().find(|output| !output.succeeded);
            report.deployment_error = failure.map(|output| last_line(&output.stderr));
        } else {
            report.mistakes = checked.stderr.lines().map(Mistake::read).collect();
        }
        if policy.succeeded && triggers.succeeded {
            report.buckets = buckets_of_policy(&policy.stdout);
            (report.policy, report.triggers) = (policy.stdout, triggers.stdout);
        }
        report.ms = milliseconds(begin.elapsed());
        Ok(report)
    }

    /// Stores a photo by a signed PUT, and waits for the event of it.
    pub(super) async fn upload(
        &self,
        place: Place,
        content_type: &str,
        bytes: Bytes,
    ) -> Result<UploadReport, ApiError> {
        self.client.put_bucket(&place.bucket, &self.region).await?;
        let notifications = self.cos.notifications();
        let size = bytes.len();
        let begin = Instant::now();
        self.client.put(&place, &self.region, content_type, bytes).await?;
        let put_ms = milliseconds(begin.elapsed());
        let event = event_of(&place, notifications).await?;
        self.pictures.forget(&place);
        self.remember(Upload { place: place.clone(), event: event.to_string(), thumbnails: Vec::new() });
        let Place { bucket, key } = place;
        Ok(UploadReport { bucket, key, bytes: size, put_ms, event })
    }

    /// Renders previews of a configuration for a photo.
    pub(super) async fn preview(
        &self,
        raw: RawConfiguration,
        place: &Place,
    ) -> Result<PreviewReport, ApiError> {
        match Configuration::try_from(raw) {
            Ok(configuration) => self.pictures.preview(&configuration, place).await,
            Err(_) => Ok(PreviewReport::default()),
        }
    }

    /// Compares the thumbnails of the latest run to exact reductions of their photo.
    pub(super) async fn scores(
        &self,
        raw: RawConfiguration,
        place: &Place,
    ) -> Result<ScoresReport, ApiError> {
        let stored = |bucket: &str, key: &str| self.cos.object(bucket, key).map(|object| object.bytes);
        self.pictures.scores(&raw.try_into()?, place, stored).await
    }

    /// Runs the function with a configuration for the event of a photo.
    ///
    /// The thumbnails of the run before are removed first, so that this run makes all of them.
    pub(super) async fn run(&self, raw: RawConfiguration, place: &Place) -> Result<RunReport, ApiError> {
        let configuration = Configuration::try_from(raw)?;
        let mut held = self.function.lock().await;
        let mut upload = self.uploaded(place).ok_or_else(|| ApiError::NotUploaded(place.name()))?;
        let begin = Instant::now();
        let (function, is_new) = self.start(&mut held, configuration, &place.bucket).await?;
        self.remove(&upload.thumbnails);
        let start = begin.elapsed();
        let (mut report, waited) = self.deliver(function, &upload.event).await;
        report.start_ms = is_new.then(|| milliseconds(start.saturating_add(waited)));
        let kept = report.kept_thumbnails(place);
        if !kept.is_empty() {
            // They are left from an earlier start of this program.
            self.remove(&kept);
            let start_ms = report.start_ms;
            (report, _) = self.deliver(function, &upload.event).await;
            report.start_ms = start_ms;
        }
        upload.thumbnails = report.thumbnails();
        self.remember(upload);
        Ok(report)
    }

    /// Returns the function with a configuration, and whether it was started for this call.
    pub(super) async fn start<'a>(
        &self,
        held: &'a mut Option<RunningFunction>,
        configuration: Configuration,
        source: &str,
    ) -> Result<(&'a RunningFunction, bool), ApiError> {
        let running = held.take();
        let is_new = running.as_ref().is_none_or(|function| function.configuration != configuration);
        let function = match running {
            Some(mut function) if !is_new => {
                if function.source != source {
                    self.create_targets(&function.configuration, source).await?;
                    source.clone_into(&mut function.source);
                }
                function
            }
            former => {
                if let Some(former) = former {
                    // Ends while the new one starts.
                    tokio::spawn(former.stop());
                }
                let (created, started) = tokio::join!(
                    self.create_targets(&configuration, source),
                    RunningFunction::start(&self.template, configuration.clone(), source),
                );
                created?;
                started?
            }
        };
        Ok((held.insert(function), is_new))
    }

    /// Delivers an event. Returns the report, and how long the event waited for the process to be ready.
    async fn deliver(&self, function: &RunningFunction, event: &str) -> (RunReport, Duration) {
        if self.clears_journal {
            self.cos.clear_journal();
        }
        let (issued, issued_at) = (Instant::now(), since_epoch());
        let invocation = function.invoke(event).await;
        let waited = issued.elapsed().saturating_sub(invocation.elapsed);
        let delivered_at = issued_at.saturating_add(waited);
        let requests = self.cos.journal().into_iter().filter(|request| request.at >= issued_at);
        let requests = requests.map(|request| RequestReport::new(request, delivered_at)).collect();
        (RunReport::new(invocation, function.configuration.memory_mb, requests), waited)
    }

    fn remove(&self, thumbnails: &[Place]) {
        for Place { bucket, key } in thumbnails {
            self.cos.delete(bucket, key);
        }
    }

    /// Creates the buckets that a configuration writes into, which the policy names.
    async fn create_targets(&self, configuration: &Configuration, source: &str) -> Result<(), ApiError> {
        let folder = code_folder(configuration)?;
        let (region, source) = (format!("--region={}", self.region), format!("--source={source}"));
        let output = self.program.run(&["policy", &region, &source], configuration, folder.path()).await?;
        for bucket in buckets_of_policy(&output.stdout) {
            self.client.put_bucket(&bucket, &self.region).await?;
        }
        Ok(())
    }

    fn uploaded(&self, place: &Place) -> Option<Upload> {
        let uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        uploads.iter().find(|upload| upload.place == *place).cloned()
    }

    fn remember(&self, upload: Upload) {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        uploads.retain(|other| other.place != upload.place);
        if uploads.len() >= MAX_UPLOADS {
            uploads.pop_front();
        }
        uploads.push_back(upload);
    }
}

/// Waits for the event of a change that was made.
pub(super) async fn event_of(
    place: &Place,
    mut notifications: UnboundedReceiver<EventNotification>,
) -> Result<Value, ApiError> {
    let arrival = async {
        while let Some(notification) = notifications.recv().await {
            if notification.bucket == place.bucket && notification.key == place.key {
                return Some(event::from_notification(&notification));
            }
        }
        None
    };
    let event = timeout(EVENT_TIMEOUT, arrival).await.ok().flatten();
    event.ok_or_else(|| ApiError::NoEvent(place.name()))
}

pub(super) fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The report of a configuration that the program does not see.
fn refused(error: &ConfigurationError) -> ConfigurationReport {
    let mistakes = vec![Mistake::read(&error.to_string())];
    ConfigurationReport { mistakes, ..ConfigurationReport::default() }
}

/// The last line that a command printed, without the name of the program before it.
fn last_line(text: &str) -> String {
    let line = text.trim_end().lines().last().unwrap_or_default();
    line.strip_prefix("cos-thumbnailer: ").unwrap_or(line).to_owned()
}

/// The buckets in the resources of a policy: `qcs::cos:ap-guangzhou:uid/1250000000:photos-1250000000/*`. Patterns of
/// names are left out, because no key tells here which of them are meant.
fn buckets_of_policy(policy: &str) -> BTreeSet<String> {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let statements = policy.get("statement").and_then(Value::as_array).into_iter().flatten();
    let resources = statements.filter_map(|statement| statement.get("resource")?.as_array()).flatten();
    let bucket = |resource: &Value| {
        let (_, path) = resource.as_str()?.rsplit_once(':')?;
        Some(path.split('/').next()?.to_owned())
    };
    resources.filter_map(bucket).filter(|name| !name.contains('*')).collect()
}

/// The content type of a photo by its name.
fn content_type(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "avif" => Some("image/avif"),
        "gif" => Some("image/gif"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        "png" => Some("image/png"),
        "webp" => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_buckets() {
        let policy = r#"{"version":"2.0","statement":[
            {"effect":"allow","action":["name/cos:GetObject"],
             "resource":["qcs::cos:ap-guangzhou:uid/1250000000:example-1250000000/*"]},
            {"effect":"allow","action":["name/cos:PutObject"],
             "resource":["qcs::cos:ap-guangzhou:uid/1250000000:exampleresized-1250000000/thumbs/*",
                         "qcs::cos:ap-guangzhou:uid/1250000000:thumbs-*-1250000000/*",
                         "qcs::cos:ap-guangzhou:uid/1250000000:exampleresized-1250000000/*"]}]}"#;
        let buckets = buckets_of_policy(policy);
        assert_eq!(
            buckets.into_iter().collect::<Vec<_>>(),
            ["example-1250000000", "exampleresized-1250000000"]
        );
        assert!(buckets_of_policy("").is_empty() && buckets_of_policy("{}").is_empty());
    }
}
