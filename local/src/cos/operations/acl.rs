//! ACLs of buckets and objects, and what they allow to requests without a signature.

use crate::cos::service::Service;
use crate::cos::storage::version::Version;
use crate::cos::wire::acl::CannedAcl;
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::CosRequest;
use crate::cos::wire::response::CosResponse;

/// Header of canned ACLs.
pub(super) const HEADER: &str = "x-cos-acl";

impl Service {
    pub(crate) fn get_bucket_acl(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let acl = self.bucket_acl(&request.bucket)?;
        Ok(CosResponse::xml(acl.document()).header(HEADER, acl.name()))
    }

    pub(crate) fn put_bucket_acl(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let acl = asked(request)?;
        if acl == CannedAcl::Default {
            return Err(CosError::with_message(ErrorCode::INVALID_ARGUMENT, "A bucket has no default ACL."));
        }
        self.store.change_settings(&request.bucket, |settings| settings.acl = acl)?;
        Ok(CosResponse::new(200))
    }

    pub(crate) fn get_object_acl(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let id = request.parameter("versionId");
        let (version, _) = self.store.get(&request.bucket, &request.key, id)?;
        let acl = object_acl(&version);
        Ok(CosResponse::xml(acl.document()).header(HEADER, acl.name()))
    }

    pub(crate) fn put_object_acl(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let acl = asked(request)?;
        if acl == CannedAcl::PublicReadWrite {
            return Err(CosError::with_message(
                ErrorCode::INVALID_ARGUMENT,
                "Only a bucket can be writable.",
            ));
        }
        let id = request.parameter("versionId");
        self.store.update(&request.bucket, &request.key, id, |version| {
            version.headers.insert(HEADER.to_owned(), acl.name().to_owned());
            Ok(())
        })?;
        Ok(CosResponse::new(200))
    }

    /// Checks that a request without a signature may do what it asks for. Reading of an object is checked where its ACL is
    /// known.
    pub(crate) fn check_anonymous(&self, request: &CosRequest, subresource: &str) -> Result<(), CosError> {
        let acl = self.bucket_acl(&request.bucket)?;
        let is_allowed = match (request.method.as_str(), request.key.is_empty(), subresource) {
            ("GET" | "HEAD", false, "") => true,
            ("GET" | "HEAD", true, "" | "versions") => acl.is_public(),
            ("PUT" | "POST" | "DELETE", false, "" | "append" | "uploadId" | "uploads") => {
                acl == CannedAcl::PublicReadWrite
            }
            _ => false,
        };
        if is_allowed { Ok(()) } else { Err(unsigned()) }
    }

    /// Returns whether everybody may read a version.
    pub(crate) fn is_public(&self, bucket: &str, version: &Version) -> Result<bool, CosError> {
        Ok(match object_acl(version) {
            CannedAcl::Default => self.bucket_acl(bucket)?.is_public(),
            acl => acl.is_public(),
        })
    }

    pub(super) fn bucket_acl(&self, bucket: &str) -> Result<CannedAcl, CosError> {
        self.store.with_bucket(bucket, |bucket| Ok(bucket.settings.acl))
    }
}

/// Returns the error for a request that has no signature but needs one.
pub(crate) fn unsigned() -> CosError {
    let hint = "the request has no signature, and no ACL allows everybody to do this";
    CosError::from(ErrorCode::ACCESS_DENIED).hint(hint)
}

/// Returns the ACL that a request sets, by its header or its document.
fn asked(request: &CosRequest) -> Result<CannedAcl, CosError> {
    match request.header(HEADER) {
        Some(text) => CannedAcl::read(text),
        None => CannedAcl::read_document(&request.body),
    }
}

fn object_acl(version: &Version) -> CannedAcl {
    version.headers.get(HEADER).and_then(|acl| CannedAcl::read(acl).ok()).unwrap_or(CannedAcl::Default)
}
