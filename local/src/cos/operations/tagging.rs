//! Tags of buckets and objects.

use crate::cos::service::Service;
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::CosRequest;
use crate::cos::wire::response::CosResponse;
use crate::cos::wire::tagging::TagSet;
use crate::cos::wire::xml_writer;

/// Largest number of tags of a bucket, and of an object.
const BUCKET_MAX: usize = 50;
pub(super) const OBJECT_MAX: usize = 10;

/// Header of the tags of an object.
pub(super) const HEADER: &str = "x-cos-tagging";

impl Service {
    pub(crate) fn bucket_tagging(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let bucket = &request.bucket;
        match request.method.as_str() {
            "PUT" => {
                let tags = TagSet::read(&request.body, BUCKET_MAX)?;
                self.store.change_settings(bucket, |settings| settings.tags = Some(tags))?;
                Ok(CosResponse::new(204))
            }
            "DELETE" => {
                self.store.change_settings(bucket, |settings| settings.tags = None)?;
                Ok(CosResponse::new(204))
            }
            _ => {
                let tags = self.store.with_bucket(bucket, |bucket| Ok(bucket.settings.tags.clone()))?;
                respond(&tags.ok_or(ErrorCode::NO_SUCH_TAG_SET)?)
            }
        }
    }

    pub(crate) fn object_tagging(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let (bucket, key, id) = (&request.bucket, &request.key, request.parameter("versionId"));
        match request.method.as_str() {
            "PUT" => {
                let tags = TagSet::read(&request.body, OBJECT_MAX)?.header();
                self.store.update(bucket, key, id, |version| {
                    version.headers.insert(HEADER.to_owned(), tags);
                    Ok(())
                })?;
                Ok(CosResponse::new(200))
            }
            "DELETE" => {
                self.store.update(bucket, key, id, |version| {
                    version.headers.remove(HEADER);
                    Ok(())
                })?;
                Ok(CosResponse::new(204))
            }
            _ => {
                let (version, _) = self.store.get(bucket, key, id)?;
                let text = version.headers.get(HEADER).map_or("", String::as_str);
                respond(&TagSet::read_header(text, OBJECT_MAX)?)
            }
        }
    }
}

fn respond(tags: &TagSet) -> Result<CosResponse, CosError> {
    Ok(CosResponse::xml(format!("{}{}", xml_writer::HEAD, tags.document()?)))
}
