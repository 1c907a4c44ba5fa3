//! Operations on a bucket: creation, deletion of several objects, versioning, location; and the list of buckets.

use crate::cos::operations::object;
use crate::cos::service::Service;
use crate::cos::storage::bucket::BucketSettings;
use crate::cos::storage::version::Versioning;
use crate::cos::wire::acl::CannedAcl;
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::CosRequest;
use crate::cos::wire::response::CosResponse;
use crate::cos::wire::{xml, xml_writer};
use crate::dates::iso_date;

/// Largest number of keys of a Delete Multiple Objects.
const MAX_ENTRIES: usize = 1000;

impl Service {
    pub(crate) fn head_bucket(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        self.versioning(&request.bucket)?;
        Ok(CosResponse::new(200).header("x-cos-bucket-region", &self.region_of(&request.bucket)))
    }

    /// Creates a bucket in the region of the host name.
    pub(crate) fn put_bucket(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let region = request.region.clone().filter(|region| *region != self.region);
        let acl = request.header("x-cos-acl").map_or(Ok(CannedAcl::Private), CannedAcl::read)?;
        let settings = BucketSettings { region, acl, created: self.now(), ..BucketSettings::default() };
        self.store.create(&request.bucket, settings)?;
        Ok(CosResponse::new(200).header("Location", &format!("/{}", request.bucket)))
    }

    pub(crate) fn delete_bucket(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        self.store.delete_bucket(&request.bucket)?;
        Ok(CosResponse::new(204))
    }

    pub(crate) fn get_location(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let mut document = String::from(xml_writer::HEAD);
        xml_writer::element(&mut document, "LocationConstraint", &self.region_of(&request.bucket));
        Ok(CosResponse::xml(document))
    }

    /// Lists the buckets (436/8291); those of one region if the host name contains it.
    pub(crate) fn list_buckets(&self, request: &CosRequest) -> CosResponse {
        let mut document = format!("{}<ListAllMyBucketsResult>", xml_writer::HEAD);
        document.push_str("<Owner><ID>qcs::cam::uin/100000000001:uin/100000000001</ID>");
        document.push_str("<DisplayName>100000000001</DisplayName></Owner><Buckets>");
        for (name, settings) in self.store.buckets() {
            let region = settings.region.as_ref().unwrap_or(&self.region);
            if request.region.as_ref().is_some_and(|asked| asked != region) {
                continue;
            }
            document.push_str("<Bucket>");
            xml_writer::element(&mut document, "Name", &name);
            xml_writer::element(&mut document, "Location", region);
            xml_writer::element(&mut document, "CreationDate", &iso_date(settings.created));
            document.push_str("</Bucket>");
        }
        document.push_str("</Buckets></ListAllMyBucketsResult>");
        CosResponse::xml(document)
    }

    pub(crate) fn delete_objects(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        if request.header("content-md5").is_none() {
            return Err(CosError::with_message(
                ErrorCode::INVALID_ARGUMENT,
                "Missing required header Content-MD5.",
            ));
        }
        object::check_digest(request)?;
        let body: xml::DeleteRequest = xml::read(&request.body)?;
        if body.objects.is_empty() || body.objects.len() > MAX_ENTRIES {
            return Err(ErrorCode::MALFORMED_XML.into());
        }
        let mut document = format!("{}<DeleteResult>", xml_writer::HEAD);
        for item in &body.objects {
            let id = item.version_id.as_deref();
            match self.store.delete(&request.bucket, &item.key, id, self.now()) {
                Ok(deletion) => {
                    if deletion.existed {
                        self.notify_removed(request, &item.key, id.is_none() && deletion.marker);
                    }
                    if !body.quiet {
                        document.push_str("<Deleted>");
                        xml_writer::element(&mut document, "Key", &item.key);
                        if let Some(id) = &deletion.version_id {
                            xml_writer::element(&mut document, "VersionId", id);
                        }
                        document.push_str("</Deleted>");
                    }
                }
                Err(error) => {
                    document.push_str("<Error>");
                    xml_writer::element(&mut document, "Key", &item.key);
                    xml_writer::element(&mut document, "Code", error.code());
                    xml_writer::element(&mut document, "Message", error.message());
                    document.push_str("</Error>");
                }
            }
        }
        document.push_str("</DeleteResult>");
        Ok(CosResponse::xml(document))
    }

    pub(crate) fn get_versioning(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let mut document = format!("{}<VersioningConfiguration>", xml_writer::HEAD);
        match self.versioning(&request.bucket)? {
            Versioning::Enabled => xml_writer::element(&mut document, "Status", "Enabled"),
            Versioning::Off => {}
            Versioning::Suspended => xml_writer::element(&mut document, "Status", "Suspended"),
        }
        document.push_str("</VersioningConfiguration>");
        Ok(CosResponse::xml(document))
    }

    pub(crate) fn put_versioning(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let body: xml::VersioningConfiguration = xml::read(&request.body)?;
        let versioning = match body.status.as_str() {
            "Enabled" => Versioning::Enabled,
            "Suspended" => Versioning::Suspended,
            _ => return Err(ErrorCode::MALFORMED_XML.into()),
        };
        self.store.set_versioning(&request.bucket, versioning)?;
        Ok(CosResponse::new(200))
    }
}
