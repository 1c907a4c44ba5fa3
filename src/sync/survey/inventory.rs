//! Sources of an inventory report, in the order of their keys.
//!
//! The files of a report are checked as a whole before any of their rows is used, and sorted, because they come in no order
//! (436/30622). Those in COS are copied to this machine first: a run that waits for the function would hold the connection
//! for hours.

use std::fs::File;
use std::io::{ErrorKind, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::cos::{BucketLocation, Error as CosError, MissingResource, is_archive_class};
use crate::inventory::{DataFile, Error, Manifest, Row, SortedRows, Sorter, rows};
use crate::object::{Bucket, Key};
use crate::sync::{CosStore, Job, Source, SourcePage, Sources, Store, StoreError};
use crate::text::{excerpt, sentence};

/// Sources of a page.
const PAGE: usize = 1000;

/// Longest manifest, bytes. Each of its files takes some 200.
const LONGEST_MANIFEST: u64 = 64 * 1024 * 1024;

/// Name of the file with the MD5 of the manifest.
const CHECKSUM: &str = "manifest.checksum";

/// Sources of a report.
#[derive(Debug)]
pub struct Inventory<'a> {
    job: &'a Job,
    store: &'a CosStore,
    rows: SortedRows,
    /// Key after which the sources begin.
    after: String,
    /// Rows that name no object.
    unusable: usize,
    /// Number of objects in the report, if it tells.
    total: Option<u64>,
}

/// A report that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// It is of another bucket.
    #[error(
        "the inventory {0} is of the bucket {1}, not of {2}; name the right one with --inventory or --source"
    )]
    OtherBucket(String, Bucket, Bucket),
    /// It is not a report, or is damaged.
    #[error("the inventory {0} cannot be used")]
    Report(String, #[source] Error),
    /// A file of this machine cannot be read or written.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
    /// The manifest is not there.
    #[error("there is no inventory report {0}; correct --inventory, which names the manifest.json of one")]
    NoReport(String),
    /// A data file is not there.
    #[error(
        "the data file {0} is not beside the manifest {1}, nor in a folder above it; copy the whole report"
    )]
    NoDataFile(String, String),
    /// COS could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Place of a manifest, and so of its data files.
enum Report<'a> {
    Folder(PathBuf),
    Object(&'a CosStore, BucketLocation, Key),
}

impl<'a> Inventory<'a> {
    /// The sources after `after` of the report whose manifest is this file.
    ///
    /// # Errors
    /// [`InventoryError`].
    pub async fn of_file(
        job: &'a Job,
        store: &'a CosStore,
        manifest: &Path,
        after: &str,
    ) -> Result<Self, InventoryError> {
        Self::open(job, store, Report::Folder(manifest.to_owned()), after).await
    }

    /// The sources after `after` of the report whose manifest is this object.
    ///
    /// # Errors
    /// [`InventoryError`].
    pub async fn of_object(
        job: &'a Job,
        store: &'a CosStore,
        bucket: &Bucket,
        manifest: Key,
        after: &str,
    ) -> Result<Self, InventoryError> {
        Self::open(job, store, Report::Object(store, store.location(bucket), manifest), after).await
    }

    async fn open(
        job: &'a Job,
        store: &'a CosStore,
        report: Report<'_>,
        after: &str,
    ) -> Result<Self, InventoryError> {
        let failed = |error| InventoryError::Report(report.name(), error);
        let text = report.manifest().await?;
        if let Some(checksum) = report.checksum().await? {
            Manifest::verify_checksum(&text, &checksum).map_err(failed)?;
        }
        let manifest = Manifest::parse(&text).map_err(failed)?;
        if manifest.source != *job.source() {
            return Err(InventoryError::OtherBucket(report.name(), manifest.source, job.source().clone()));
        }
        let mut sorter = Sorter::in_folder(&std::env::temp_dir());
        let mut unusable = 0_usize;
        for file in &manifest.files {
            for row in rows(&manifest.schema, report.data_file(file).await?, manifest.expected(file)) {
                match row {
                    Ok(row) => sorter.push(&row).map_err(failed)?,
                    Err(error) if error.is_one_row() => unusable = unusable.saturating_add(1),
                    Err(error) => return Err(failed(error)),
                }
            }
        }
        let rows = sorter.finish().map_err(failed)?;
        let after = after.max(job.selection.start_after.as_deref().unwrap_or_default()).to_owned();
        Ok(Self { job, store, rows, after, unusable, total: manifest.counts.filtered })
    }

    /// Number of objects in the report, if it tells.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// The source of a row. A `+` in a report may stand for a blank; which of them it is, COS is asked.
    async fn source(&self, row: Row) -> Result<Source, StoreError> {
        let Row { mut key, size: length, etag, last_modified, storage_class, raw_plus } = row;
        if raw_plus
            && self.store.head(self.job.source(), &key).await?.is_none()
            && let Ok(other) = Key::parse(&key.as_str().replace('+', " "))
        {
            key = other;
        }
        let is_archived = storage_class.is_some_and(|class| is_archive_class(&class));
        Ok(Source { key, length, etag, last_modified, is_archived })
    }
}

impl Sources for Inventory<'_> {
    async fn next_page(&mut self) -> Result<Option<SourcePage>, StoreError> {
        let mut page = SourcePage { unusable: std::mem::take(&mut self.unusable), ..SourcePage::default() };
        while page.sources.len() < PAGE {
            let row = match self.rows.next() {
                None => break,
                Some(row) => row.map_err(|error| StoreError(sentence(&error)))?,
            };
            // Other sources than those of the rules are not looked at.
            if row.key.as_str() <= self.after.as_str() || self.job.rule_for(&row.key).is_none() {
                continue;
            }
            page.end = row.key.as_str().to_owned();
            let source = self.source(row).await?;
            page.sources.push(source);
        }
        if page.sources.is_empty() && page.unusable == 0 {
            return Ok(None);
        }
        if page.end.is_empty() {
            page.end.clone_from(&self.after);
        }
        self.after.clone_from(&page.end);
        Ok(Some(page))
    }
}

impl Report<'_> {
    fn name(&self) -> String {
        match self {
            Self::Folder(path) => path.display().to_string(),
            Self::Object(_, location, key) => format!("cos://{}/{key}", location.bucket),
        }
    }

    async fn manifest(&self) -> Result<Vec<u8>, InventoryError> {
        match self {
            Self::Folder(path) => std::fs::read(path).map_err(|error| match error.kind() {
                ErrorKind::NotFound => InventoryError::NoReport(self.name()),
                _ => InventoryError::File(self.name(), error),
            }),
            Self::Object(store, location, key) => {
                let text = read_object(store, location, key).await?;
                text.ok_or_else(|| InventoryError::NoReport(self.name()))
            }
        }
    }

    /// The file with the checksum of the manifest; a report without one is used as it is.
    async fn checksum(&self) -> Result<Option<Vec<u8>>, InventoryError> {
        match self {
            Self::Folder(path) => Ok(std::fs::read(path.with_file_name(CHECKSUM)).ok()),
            Self::Object(store, location, key) => match Key::parse(&format!("{}{CHECKSUM}", key.dir())) {
                Ok(key) => Ok(read_object(store, location, &key).await?),
                Err(_) => Ok(None),
            },
        }
    }

    /// A data file, open at its beginning.
    async fn data_file(&self, file: &DataFile) -> Result<File, InventoryError> {
        let missing = || InventoryError::NoDataFile(excerpt(&file.key), self.name());
        match self {
            Self::Folder(manifest) => {
                let name = file.key.rsplit('/').next().filter(|name| !name.is_empty() && *name != "..");
                let name = name.ok_or_else(missing)?;
                let mut places = manifest.ancestors().skip(1).map(|folder| folder.join(name));
                let found = places.find(|place| place.is_file()).or_else(|| self.in_tree(&file.key));
                let path = found.ok_or_else(missing)?;
                File::open(&path).map_err(|error| InventoryError::File(path.display().to_string(), error))
            }
            Self::Object(store, location, _) => {
                let key = Key::parse(&file.key).map_err(|_| missing())?;
                download(store, location, &key).await?.ok_or_else(missing)
            }
        }
    }

    /// The data file in a copy of the whole tree of the destination bucket.
    fn in_tree(&self, key: &str) -> Option<PathBuf> {
        let Self::Folder(manifest) = self else { return None };
        let is_inside = key.split('/').all(|part| !part.is_empty() && part != ".." && part != ".");
        let mut places = manifest.ancestors().skip(1).map(|folder| folder.join(key));
        if is_inside { places.find(|place| place.is_file()) } else { None }
    }
}

/// Reads a small object; `None` if there is none.
async fn read_object(
    store: &CosStore,
    location: &BucketLocation,
    key: &Key,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(mut download) = begin(store, location, key).await? else { return Ok(None) };
    if download.head.length > LONGEST_MANIFEST {
        return Err(StoreError(format!(
            "{}/{key} is longer than 64 MB, so it is no manifest",
            location.bucket
        )));
    }
    let mut text = Vec::new();
    while let Some(chunk) = download.chunk().await? {
        text.extend_from_slice(&chunk);
    }
    Ok(Some(text))
}

/// Copies an object to a file without a name, which vanishes with the process; `None` if there is no such object.
async fn download(
    store: &CosStore,
    location: &BucketLocation,
    key: &Key,
) -> Result<Option<File>, InventoryError> {
    let failed = |error| InventoryError::File(format!("a copy of {key}"), error);
    let Some(mut download) = begin(store, location, key).await? else { return Ok(None) };
    let mut file = tempfile::tempfile().map_err(failed)?;
    while let Some(chunk) = download.chunk().await.map_err(StoreError::from)? {
        file.write_all(&chunk).map_err(failed)?;
    }
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    Ok(Some(file))
}

async fn begin(
    store: &CosStore,
    location: &BucketLocation,
    key: &Key,
) -> Result<Option<crate::cos::Download>, StoreError> {
    match store.session().get(location, key, None).await {
        Ok(download) => Ok(Some(download)),
        Err(CosError::NotFound { missing: MissingResource::Deleted | MissingResource::Object, .. }) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
