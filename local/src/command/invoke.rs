//! `scf-local invoke`: uploads the photo of one event, delivers the event, and prints the outcome.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use scf_local::{Cos, CosOptions, Object, Trigger, is_bucket_name};
use serde_json::Value;

use crate::command::cos_access::{CosAccess, print_refusals, start_cos};
use crate::command::event_object::{Change, EventObject, describe, records, rename};
use crate::command::function::FunctionOptions;
use crate::command::{connection, outcome, print, serve};

/// Region and bucket of events that name none.
const DEFAULT_REGION: &str = "ap-guangzhou";
const DEFAULT_BUCKET: &str = "photos-1250000000";

/// Deliver one event to the function and print the outcome.
///
/// First the photo of the event is uploaded into the local COS, under the event's bucket and key. The photo is the
/// file of --image; else photos/<file name of the key> beside the event file or one folder up; else the first JPEG in
/// that photos folder. Size and ETag in the event are replaced by those of the photo; everything else is delivered
/// unchanged. The object of a removal is removed first. The exit code is nonzero if a record failed, the function returned an error, or its process ended.
#[derive(Args, Debug)]
pub(crate) struct InvokeOptions {
    /// Event file: a COS message as the function receives it; - is standard input, beside the photos of events/
    event: PathBuf,
    /// Photo to upload under the event's key
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
    /// Key of the object, instead of that in the event; for events with one record
    #[arg(long)]
    key: Option<String>,
    /// Keep serving until Ctrl-C, and run the function for every further event of the bucket
    #[arg(long)]
    keep: bool,
    #[command(flatten)]
    access: CosAccess,
    #[command(flatten)]
    function: FunctionOptions,
}

/// Runs the command.
pub(crate) async fn run(options: InvokeOptions) -> Result<ExitCode> {
    let mut event = read_event(&options.event)?;
    if let Some(key) = &options.key {
        let [record] = records(&mut event) else {
            bail!("--key needs an event with one record; leave it out")
        };
        rename(record, key);
    }
    let first = records(&mut event).iter().find_map(EventObject::read);
    let region = first.as_ref().map_or(DEFAULT_REGION, |object| &object.region).to_owned();
    let described: Vec<EventObject> = records(&mut event).iter().filter_map(EventObject::read).collect();
    let sources =
        described.iter().map(|object| object.bucket.as_str()).filter(|bucket| is_bucket_name(bucket));
    let mut cos_options = CosOptions {
        root: options.function.root.clone(),
        region: region.clone(),
        buckets: options.function.buckets(sources),
        ..options.access.options()
    };
    if !options.keep && options.access.port.is_none() {
        // No client needs to know the port.
        cos_options.address.set_port(0);
    }
    let cos = start_cos(&cos_options).await?;
    print_refusals(&cos);
    for record in records(&mut event) {
        let Some(object) = EventObject::read(record) else { continue };
        match object.change {
            Change::None => {}
            Change::Removed => cos.delete(&object.bucket, &object.key),
            Change::Stored => describe(record, &upload(&cos, &object, &options)?),
        }
    }
    // The response to a doctor event already contains the log.
    let prints_log = event.get("doctor").is_none();
    let scf = options.function.start(&cos, &region, prints_log).await?;
    let invocation = scf.invoke(&event.to_string()).await;
    let succeeded = outcome::print_outcome(&cos, &invocation);
    outcome::print_current(&cos, &invocation);
    if options.keep {
        let bucket = first.map_or_else(|| DEFAULT_BUCKET.to_owned(), |object| object.bucket);
        // Subscribed before the address is printed: a reader of the address may upload at once.
        let notifications = cos.notifications();
        print::line(&format!("\n{}", connection::instructions(&bucket, &cos, &cos_options)));
        let trigger = Trigger { bucket, copies: 1, ..Trigger::default() };
        serve::run_trigger(&trigger, notifications, &cos, &scf).await?;
    }
    scf.stop().await;
    Ok(if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Name of standard input in place of an event file.
const STDIN: &str = "-";

/// Reads an event file.
fn read_event(file: &Path) -> Result<Value> {
    let path = file.display();
    let bytes = if file == Path::new(STDIN) {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("standard input cannot be read")?;
        bytes
    } else {
        std::fs::read(file).with_context(|| format!("{path} cannot be read"))?
    };
    let is_text = std::str::from_utf8(&bytes).is_ok();
    let event = serde_json::from_slice(&bytes);
    event.with_context(|| {
        if is_text {
            format!("{path} is not JSON")
        } else {
            let name = "scf-local invoke events/put.json";
            format!("{path} is not an event; to upload it as the photo of one: {name} --image {path}")
        }
    })
}

/// Uploads the photo of an object.
fn upload(cos: &Cos, object: &EventObject, options: &InvokeOptions) -> Result<Object> {
    let Some(photo) = options.image.clone().or_else(|| photo_beside(&options.event, &object.key)) else {
        bail!(
            "no photo for {}: pass one with --image, or put one into photos/ beside the event file",
            object.key
        );
    };
    let bytes = std::fs::read(&photo).with_context(|| format!("{} cannot be read", photo.display()))?;
    let mut headers: Vec<(&str, &str)> = Vec::new();
    if !object.content_type.is_empty() {
        headers.push(("content-type", &object.content_type));
    }
    headers.extend(object.metadata.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let EventObject { bucket, key, version, .. } = object;
    Ok(cos.try_put(bucket, key, version.as_deref(), bytes, &headers)?)
}

/// Finds `photos/<file name of the key>` beside the event file or one folder up, else the first JPEG in `photos/` there.
fn photo_beside(event: &Path, key: &str) -> Option<PathBuf> {
    let event = if event == Path::new(STDIN) { Path::new("events/-") } else { event };
    let folders = event.parent()?.ancestors().take(2).map(|folder| folder.join("photos"));
    let folder = folders.into_iter().find(|folder| folder.is_dir())?;
    let same_name = folder.join(key.rsplit('/').next().unwrap_or_default());
    if same_name.is_file() {
        return Some(same_name);
    }
    let is_jpeg = |path: &PathBuf| {
        path.extension().is_some_and(|e| e.eq_ignore_ascii_case("jpg") || e.eq_ignore_ascii_case("jpeg"))
    };
    let entries = std::fs::read_dir(folder).ok()?;
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_jpeg).min()
}
