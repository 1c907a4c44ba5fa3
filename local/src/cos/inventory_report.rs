//! Inventory reports (436/30622): data files in gzip-compressed CSV, a manifest and its checksum.

use std::collections::BTreeMap;
use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use md5::{Digest, Md5};
use serde_json::json;

use crate::cos::options::InventoryForm;
use crate::cos::storage::version::Version;
use crate::cos::wire::inventory::{IncludedVersions, InventoryConfiguration, Tag};
use crate::cos::wire::xml_writer;
use crate::dates::{iso_date, utc_date};

/// A report: its files in the order in which they are delivered.
#[derive(Debug)]
pub(crate) struct InventoryReport {
    /// Keys and contents. The manifest is the last but one, its checksum the last.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    pub(crate) manifest_key: String,
}

/// One version of an object in a report.
struct Row<'a> {
    key: &'a str,
    version: &'a Version,
    is_latest: bool,
}

/// Numbers of versions and their bytes.
#[derive(Default)]
struct Total {
    count: u64,
    bytes: u64,
}

impl Total {
    fn add(&mut self, row: &Row<'_>) {
        self.count = self.count.saturating_add(1);
        self.bytes = self.bytes.saturating_add(row.version.size);
    }
}

impl InventoryReport {
    /// Writes the report of a job about the objects of `bucket` at `now`, in seconds since the Unix epoch.
    pub(crate) fn write(
        job: &InventoryConfiguration,
        bucket: &str,
        objects: &BTreeMap<String, Vec<Version>>,
        form: InventoryForm,
        now: u64,
    ) -> io::Result<Self> {
        let (mut listed, mut filtered) = (Total::default(), Total::default());
        let mut rows: Vec<Row<'_>> = Vec::new();
        for row in rows_of(job, objects) {
            listed.add(&row);
            if passes(job, &row) {
                filtered.add(&row);
                rows.push(row);
            }
        }
        // The order is not documented. This one is neither that of the keys nor the same within a file.
        rows.sort_by_cached_key(|row| Md5::digest(format!("{}\n{}", row.version.id, row.key)));
        let columns = columns(job);
        let (source, app_id) = bucket.rsplit_once('-').unwrap_or((bucket, ""));
        let destination = job.destination_bucket();
        let (destination, destination_app_id) = destination.rsplit_once('-').unwrap_or((destination, ""));
        let folder = format!("{}{app_id}/{source}/{}/", job.destination_prefix(), job.id);
        let mut files = Vec::new();
        let mut entries = Vec::new();
        for part in rows.chunks(form.rows_per_file.max(1)) {
            let bytes = data_file(&columns, part, (app_id, source), form)?;
            let md5 = hex::encode(Md5::digest(&bytes));
            let key = format!("{folder}{md5}.csv.gz");
            entries.push(json!({ "key": key, "size": bytes.len().to_string(), "md5Checksum": md5 }));
            files.push((key, bytes));
        }
        let manifest = json!({
            "sourceAppid": app_id,
            "sourceBucket": source,
            "destinationAppid": destination_app_id,
            "destinationBucket": destination,
            "fileFormat": "CSV",
            "listObjectCount": listed.count.to_string(),
            "listStorageSize": listed.bytes.to_string(),
            "filterObjectCount": filtered.count.to_string(),
            "filterStorageSize": filtered.bytes.to_string(),
            "fileSchema": columns.join(", "),
            "files": entries,
        });
        let manifest = serde_json::to_vec_pretty(&manifest)?;
        let folder = format!("{folder}{}/", utc_date(now).replace('-', ""));
        let checksum = hex::encode(Md5::digest(&manifest)).into_bytes();
        let manifest_key = format!("{folder}manifest.json");
        files.push((manifest_key.clone(), manifest));
        files.push((format!("{folder}manifest.checksum"), checksum));
        Ok(Self { files, manifest_key })
    }
}

/// Returns the versions that a job lists, before its filter.
fn rows_of<'a>(
    job: &InventoryConfiguration,
    objects: &'a BTreeMap<String, Vec<Version>>,
) -> impl Iterator<Item = Row<'a>> {
    let all = job.included_object_versions == IncludedVersions::All;
    objects.iter().flat_map(move |(key, versions)| {
        let latest = versions.len().saturating_sub(1);
        versions.iter().enumerate().filter_map(move |(number, version)| {
            let is_latest = number == latest;
            (all || is_latest && !version.is_marker()).then_some(Row { key, version, is_latest })
        })
    })
}

fn passes(job: &InventoryConfiguration, row: &Row<'_>) -> bool {
    let tags = row.version.headers.get("x-cos-tagging").map_or("", String::as_str);
    let has = |tag: &Tag| tags.split('&').any(|pair| pair.split_once('=') == Some((&tag.key, &tag.value)));
    row.key.starts_with(job.prefix()) && job.contains(row.version.modified) && job.tags().iter().all(has)
}

/// Returns the names of the columns.
fn columns(job: &InventoryConfiguration) -> Vec<&str> {
    let versions: &[&str] = match job.included_object_versions {
        IncludedVersions::All => &["VersionId", "IsLatest", "IsDeleteMarker"],
        IncludedVersions::Current => &[],
    };
    ["Appid", "Bucket", "Key"].iter().chain(versions).copied().chain(job.optional_columns()).collect()
}

fn data_file(
    columns: &[&str],
    rows: &[Row<'_>],
    (app_id, bucket): (&str, &str),
    form: InventoryForm,
) -> io::Result<Vec<u8>> {
    let compressed = GzEncoder::new(Vec::new(), Compression::default());
    let style = if form.quoted { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
    let mut writer = csv::WriterBuilder::new().quote_style(style).from_writer(compressed);
    if form.header {
        writer.write_record(columns)?;
    }
    for row in rows {
        writer.write_record(columns.iter().map(|column| field(column, row, (app_id, bucket))))?;
    }
    let mut compressed = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    compressed.flush()?;
    compressed.finish()
}

/// Returns the text of a field. Delete markers have neither size, ETag nor class.
fn field(column: &str, row: &Row<'_>, (app_id, bucket): (&str, &str)) -> String {
    let Row { key, version, is_latest } = row;
    let header = |name: &str| version.headers.get(name).cloned().unwrap_or_default();
    let object = |text: String| if version.is_marker() { String::new() } else { text };
    let truth = |value: bool| if value { "True" } else { "False" }.to_owned();
    match column {
        "Appid" => app_id.to_owned(),
        "Bucket" => bucket.to_owned(),
        "Key" => xml_writer::listed(key, true),
        "VersionId" => version.id.clone(),
        "IsLatest" => truth(*is_latest),
        "IsDeleteMarker" => truth(version.is_marker()),
        "Size" => object(version.size.to_string()),
        "LastModifiedDate" => iso_date(version.modified),
        "ETag" => version.etag.trim_matches('"').to_owned(),
        // The FAQ shows `Standard`, all other pages upper case.
        "StorageClass" if version.storage_class() == "STANDARD" => object("Standard".to_owned()),
        "StorageClass" => object(version.storage_class().to_owned()),
        "IsMultipartUploaded" => truth(version.etag.contains('-')),
        "Tag" => header("x-cos-tagging"),
        "Crc64" => object(version.crc64.to_string()),
        // Objects of a bucket without replication have no status.
        "ReplicationStatus" => String::new(),
        metadata => header(&metadata.to_ascii_lowercase()),
    }
}
