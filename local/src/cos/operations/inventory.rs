//! Inventory jobs: PUT, GET, list, DELETE (436/30625), and one-time jobs (436/46869).

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::cos::inventory_report::InventoryReport;
use crate::cos::notification::{EventNotification, Object};
use crate::cos::operations::object::check_digest;
use crate::cos::service::Service;
use crate::cos::storage::ids;
use crate::cos::storage::version::NewVersion;
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::inventory::{InventoryConfiguration, JobKind};
use crate::cos::wire::request::CosRequest;
use crate::cos::wire::response::CosResponse;
use crate::cos::wire::xml_writer;
use crate::dates::utc_date;

/// Largest number of jobs of a bucket (436/30625).
const JOBS_MAX: usize = 1000;

/// Jobs of one page of the list.
const PAGE: usize = 100;

impl Service {
    pub(crate) fn put_inventory(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let job = self.read_job(request, JobKind::Periodic)?;
        self.store.put_inventory(&request.bucket, job, JOBS_MAX)?;
        Ok(CosResponse::new(200))
    }

    /// Stores a periodic job of the region of this COS.
    pub(crate) fn store_inventory(&self, bucket: &str, id: &str, document: &[u8]) -> Result<(), CosError> {
        let job = InventoryConfiguration::read(document, JobKind::Periodic, id, &self.region)?;
        self.store.put_inventory(bucket, job, JOBS_MAX)
    }

    pub(crate) fn get_inventory(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let job = self.job(&request.bucket, request.parameter("id").unwrap_or_default())?;
        Ok(CosResponse::xml(format!("{}{}", xml_writer::HEAD, job.document()?)))
    }

    pub(crate) fn delete_inventory(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let id = request.parameter("id").unwrap_or_default();
        self.store.delete_inventory(&request.bucket, id)?;
        Ok(CosResponse::new(204))
    }

    pub(crate) fn list_inventories(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        // The token is the last id of the page before.
        let token = request.parameter("continuation-token").unwrap_or_default();
        let jobs = self.store.with_bucket(&request.bucket, |bucket| Ok(bucket.inventories.clone()))?;
        let mut after = jobs.iter().filter(|(id, _)| id.as_str() > token);
        let page: Vec<(&String, &InventoryConfiguration)> = after.by_ref().take(PAGE).collect();
        let mut document = format!("{}<ListInventoryConfigurationResult>", xml_writer::HEAD);
        for (_, job) in &page {
            document.push_str(&job.document()?);
        }
        let next = after.next().and_then(|_| page.last());
        xml_writer::element(&mut document, "IsTruncated", if next.is_some() { "true" } else { "false" });
        if !token.is_empty() {
            xml_writer::element(&mut document, "ContinuationToken", token);
        }
        if let Some((id, _)) = next {
            xml_writer::element(&mut document, "NextContinuationToken", id);
        }
        document.push_str("</ListInventoryConfigurationResult>");
        Ok(CosResponse::xml(document))
    }

    /// Runs a one-time job. An id may be used once a day, and must not be that of a periodic job; the code of the refusal
    /// is not documented.
    pub(crate) fn post_inventory(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let job = self.read_job(request, JobKind::OneTime)?;
        let today = utc_date(self.now());
        self.store.with_bucket(&request.bucket, |bucket| {
            let is_used = bucket.inventories.contains_key(&job.id)
                || bucket.one_time_inventories.get(&job.id) == Some(&today);
            if is_used {
                let message = "The id is that of another job of today, or of a periodic job.";
                return Err(CosError::with_message(ErrorCode::INVALID_ARGUMENT, message));
            }
            bucket.one_time_inventories.insert(job.id.clone(), today.clone());
            Ok(())
        })?;
        self.deliver_report(&request.bucket, &self.region_of(&request.bucket), &job)?;
        let job_id = STANDARD.encode(format!("{}_{today}", job.id));
        let mut document = format!("{}<PostInventoryResult>", xml_writer::HEAD);
        xml_writer::element(&mut document, "JobId", &job_id);
        document.push_str("</PostInventoryResult>");
        Ok(CosResponse::xml(document))
    }

    /// Runs a periodic job, and returns the key of its manifest.
    pub(crate) fn run_inventory(&self, bucket: &str, id: &str) -> Result<String, CosError> {
        let job = self.job(bucket, id)?;
        if !job.is_enabled() {
            return Err(CosError::with_message(ErrorCode::INVALID_ARGUMENT, "The job is not enabled."));
        }
        self.deliver_report(bucket, &self.region, &job)
    }

    fn read_job(&self, request: &CosRequest, kind: JobKind) -> Result<InventoryConfiguration, CosError> {
        check_digest(request)?;
        let id = request.parameter("id").unwrap_or_default();
        let job = InventoryConfiguration::read(&request.body, kind, id, &self.region_of(&request.bucket))?;
        // Both buckets must exist.
        self.versioning(&request.bucket)?;
        self.versioning(job.destination_bucket())?;
        Ok(job)
    }

    fn job(&self, bucket: &str, id: &str) -> Result<InventoryConfiguration, CosError> {
        self.store.with_bucket(bucket, |bucket| {
            bucket.inventories.get(id).cloned().ok_or_else(|| ErrorCode::INVENTORY_NOT_FOUND.into())
        })
    }

    /// Writes a report into its destination, as PUT Object does, and returns the key of the manifest.
    fn deliver_report(
        &self,
        bucket: &str,
        region: &str,
        job: &InventoryConfiguration,
    ) -> Result<String, CosError> {
        let now = self.now();
        let report = self.store.with_bucket(bucket, |found| {
            Ok(InventoryReport::write(job, bucket, &found.objects, self.inventory, now)?)
        })?;
        let destination = job.destination_bucket();
        for (key, bytes) in report.files {
            let kind = if key.ends_with(".gz") { "application/gzip" } else { "application/json" };
            let bytes = Bytes::from(bytes);
            let version = NewVersion {
                bytes: bytes.clone(),
                headers: BTreeMap::from([("content-type".to_owned(), kind.to_owned())]),
                id: None,
                etag: None,
                forbid_overwrite: false,
                modified: now,
                request_id: ids::request(),
            };
            let version = self.store.put(destination, &key, version)?;
            self.notify(&EventNotification {
                name: "cos:ObjectCreated:Put",
                bucket: destination.to_owned(),
                region: region.to_owned(),
                object: Some(Object::new(&version, bytes, self.has_versions(destination))),
                key,
            });
        }
        Ok(report.manifest_key)
    }
}
