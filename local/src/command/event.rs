//! `scf-local event`: prints a message as COS sends it, with a bucket and keys of one's own.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};
use md5::{Digest, Md5};
use scf_local::event::{self, DescribedObject, EventKind};
use scf_local::is_bucket_name;
use serde_json::{Value, json};

use crate::command::print;

/// Kind that is not an event of COS: a request for a report by the function's doctor.
const DOCTOR: &str = "doctor";

/// Size of objects whose size is not given, in bytes. Objects of size 0 have no thumbnails.
const SIZE: u64 = 1 << 20;

/// Print an event as COS sends it, with your bucket and key.
///
/// The kinds are those of the examples in the folder events. The message goes to standard output: into a file, into
/// `scf-local invoke -`, or to a deployed function by `scripts/deploy test /dev/stdin`. Several keys make one message
/// with several records. Nothing is uploaded or removed.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct EventOptions {
    /// Kind of event
    #[arg(value_parser = kinds())]
    kind: String,
    /// Full name of the bucket, <name>-<appid>
    #[arg(long, value_parser = parse_bucket)]
    bucket: String,
    /// Key of the object, not encoded; repeatable
    #[arg(long = "key", value_name = "KEY")]
    keys: Vec<String>,
    /// Region of the bucket
    #[arg(long, default_value = "ap-guangzhou")]
    region: String,
    /// File of the object, from which size and ETag are taken; a multipart upload has one part then
    #[arg(long, value_name = "FILE", conflicts_with_all = ["size", "etag"])]
    image: Option<PathBuf>,
    /// Size of the object in bytes [default: 1048576]
    #[arg(long, value_name = "BYTES")]
    size: Option<u64>,
    /// ETag of the object, with or without its quotes; left out by default, as COS did until 2022
    #[arg(long)]
    etag: Option<String>,
    /// Content type of the object [default: image/jpeg]
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// Version id, in a bucket with versioning
    #[arg(long, value_name = "ID")]
    version_id: Option<String>,
    /// Storage class of the object, such as ARCHIVE [default: STANDARD]
    #[arg(long, value_name = "CLASS")]
    storage_class: Option<String>,
}

const EXAMPLES: &str = "Examples:
  scf-local event put --bucket example-1250000000 --key a/b.jpg --image b.jpg > put.json
  scf-local event remove --bucket example-1250000000 --key a/b.jpg | scf-local invoke -
  scf-local event doctor --bucket example-1250000000 > doctor.json";

/// Returns the names of all kinds, with what fires them.
fn kinds() -> PossibleValuesParser {
    let of_cos = EventKind::ALL.into_iter().map(|kind| PossibleValue::new(kind.name()).help(kind.cause()));
    of_cos.chain([PossibleValue::new(DOCTOR).help("not of COS: a request for a report on the bucket")]).into()
}

fn parse_bucket(text: &str) -> Result<String> {
    let name = Some(text.to_owned()).filter(|name| is_bucket_name(name));
    name.ok_or_else(|| anyhow!("the full name of a bucket ends in -<appid>, as in photos-1250000000"))
}

/// Runs the command.
pub(crate) fn run(options: &EventOptions) -> Result<ExitCode> {
    print::line(&format!("{:#}", message(options)?));
    Ok(ExitCode::SUCCESS)
}

fn message(options: &EventOptions) -> Result<Value> {
    let Some(kind) = EventKind::find(&options.kind) else {
        if !options.keys.is_empty() {
            bail!("the doctor looks at buckets; leave out --key");
        }
        return Ok(json!({ "doctor": { "sources": [options.bucket] } }));
    };
    if options.keys.is_empty() {
        bail!("--key is missing: the key of the object that the event is about");
    }
    if let Some(key) = options.keys.iter().find(|key| key.is_empty() || key.starts_with('/')) {
        bail!("--key \"{key}\" is not a key of COS: keys are not empty and do not begin with /");
    }
    let (size, etag) = match &options.image {
        Some(file) => content(kind, file)?,
        None => (options.size.unwrap_or(SIZE), options.etag.as_deref().map(quoted)),
    };
    let records = options.keys.iter().map(|key| {
        let object = DescribedObject {
            key,
            size,
            etag: etag.as_deref(),
            content_type: options.content_type.as_deref(),
            version: options.version_id.as_deref(),
            storage_class: options.storage_class.as_deref(),
        };
        event::of_kind(kind, &options.bucket, &options.region, &object)
    });
    Ok(event::merged(&records.collect::<Vec<_>>()))
}

/// Returns the size of a file and the ETag of its upload: the MD5, or for parts the MD5 of their MD5s with their number.
fn content(kind: EventKind, file: &Path) -> Result<(u64, Option<String>)> {
    let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let digest = Md5::digest(&bytes);
    let etag = match kind {
        EventKind::Multipart => format!("{}-1", hex::encode(Md5::digest(digest))),
        _ => hex::encode(digest),
    };
    Ok((bytes.len() as u64, Some(quoted(&etag))))
}

fn quoted(etag: &str) -> String {
    format!("\"{}\"", etag.trim_matches('"'))
}
