//! From a request to its operation: verify the signature, choose by method and sub-resource.
//!
//! What the local COS does not have is refused by name. A parameter that selects nothing, such as one against caches, is
//! ignored on objects and refused on buckets.

use std::borrow::Cow;

use crate::cos::operations::acl::unsigned;
use crate::cos::service::Service;
use crate::cos::signature;
use crate::cos::signature::authenticator::Caller;
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::form::Form;
use crate::cos::wire::request::{CosRequest, Dialect, PROCESS, is_processed};
use crate::cos::wire::response::CosResponse;

/// Parameters that select an operation.
const SUBRESOURCES: [&str; 12] = [
    "acl",
    "append",
    "cors",
    "delete",
    "inventory",
    "location",
    "restore",
    "tagging",
    "uploadId",
    "uploads",
    "versioning",
    "versions",
];

/// Sub-resources of COS, of its image processing and of S3 that the local COS does not have.
const ABSENT: [&str; 44] = [
    "accelerate",
    "analytics",
    "asyncjobs",
    "attributes",
    "ci-process",
    "domain",
    "domaincertificate",
    "encryption",
    "exif",
    "image_process",
    "imageAve",
    "imageInfo",
    "imageMogr2",
    "imageView2",
    "intelligent-tiering",
    "intelligenttiering",
    "legal-hold",
    "lifecycle",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "origin",
    "ownershipControls",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "qrcode",
    "quota",
    "referer",
    "rename",
    "replication",
    "requestPayment",
    "retention",
    "select",
    "select-type",
    "style",
    "symlink",
    "torrent",
    "trafficMirror",
    "uploads-copy",
    "vod",
    "watermark",
    "website",
];

/// Parameters of operations on buckets that select nothing.
const BUCKET_PARAMETERS: [&str; 15] = [
    "continuation-token",
    "delimiter",
    "encoding-type",
    "fetch-owner",
    "id",
    "key-marker",
    "list-type",
    "marker",
    "max-keys",
    "max-uploads",
    "prefix",
    "start-after",
    "upload-id-marker",
    "version-id-marker",
    "x-id",
];

/// Verifies the signature and carries out the operation.
pub(super) fn execute(
    service: &Service,
    request: &CosRequest,
    request_id: &str,
) -> Result<CosResponse, CosError> {
    if request.method == "OPTIONS" {
        service.check_bucket(request)?;
        return service.preflight(request);
    }
    let is_form = request.method == "POST" && request.key.is_empty() && Form::is_in(request);
    if is_form {
        service.check_style(request)?;
        service.check_bucket(request)?;
        let authenticator = service.authenticator();
        return service.post_form(request, &authenticator, request_id);
    }
    let (request, caller, dialect) = authenticate(service, request)?;
    let mut response = route(service, &request, caller, request_id)?;
    if dialect == Dialect::S3 {
        response.add_amz();
    }
    Ok(response)
}

/// Carries out the operation of a request.
fn route(
    service: &Service,
    request: &CosRequest,
    caller: Caller,
    request_id: &str,
) -> Result<CosResponse, CosError> {
    if request.bucket.is_empty() {
        return match (request.method.as_str(), caller) {
            ("GET", Caller::Owner) => Ok(service.list_buckets(request)),
            (_, Caller::Anonymous) => Err(unsigned()),
            (_, Caller::Owner) => Err(absent(request, "the service")),
        };
    }
    let creates_bucket = request.method == "PUT" && request.key.is_empty() && request.query.is_empty();
    service.check_style(request)?;
    if !creates_bucket {
        service.check_bucket(request)?;
    }
    let subresource = SUBRESOURCES.into_iter().find(|name| request.parameter(name).is_some());
    let subresource = subresource.unwrap_or_default();
    if caller == Caller::Anonymous {
        if creates_bucket {
            return Err(unsigned());
        }
        service.check_anonymous(request, subresource)?;
    }
    check_present(request)?;
    if request.key.is_empty() {
        on_bucket(service, request, subresource)
    } else {
        on_object(service, request, subresource, caller, request_id)
    }
}

/// Verifies the signature, and returns the request with the reading of its query that the signature confirms. If it confirms
/// both, a plus is a space: clients that do not encode forms send a plus as `%2B`.
fn authenticate<'a>(
    service: &Service,
    request: &'a CosRequest,
) -> Result<(Cow<'a, CosRequest>, Caller, Dialect), CosError> {
    let now = i64::try_from(service.now()).unwrap_or(i64::MAX);
    let authenticator = service.authenticator();
    let spaced = request.with_plus_as_space();
    let verdict = |reading: &CosRequest| signature::authenticate(&authenticator, reading, now);
    let (request, (caller, dialect)) = match spaced.map(|spaced| (verdict(&spaced), spaced)) {
        Some((Ok(verdict), spaced)) => (Cow::Owned(spaced), verdict),
        _ => (Cow::Borrowed(request), verdict(request)?),
    };
    let request = match dialect {
        Dialect::Cos => request,
        Dialect::S3 => Cow::Owned(request.into_owned().into_cos()),
    };
    Ok((request, caller, dialect))
}

/// Refuses what the local COS does not have.
fn check_present(request: &CosRequest) -> Result<(), CosError> {
    if request.header("pic-operations").is_some() {
        return Err(absent(request, "the header Pic-Operations"));
    }
    if let Some((name, _)) = request.headers.iter().find(|(name, _)| name.starts_with("x-cos-grant-")) {
        return Err(absent(request, &format!("the header {name}")));
    }
    for (name, _) in &request.query {
        let base = name.split(['/', '|']).next().unwrap_or_default();
        let is_processing = request.method == "GET" && name.starts_with(PROCESS);
        let is_unknown = request.key.is_empty()
            && !SUBRESOURCES.contains(&base)
            && !BUCKET_PARAMETERS.contains(&base)
            && !is_signature(base);
        if is_unknown || ABSENT.contains(&base) && !is_processing {
            return Err(absent(request, &format!("?{name}")));
        }
    }
    Ok(())
}

/// Returns whether a parameter belongs to a signature.
fn is_signature(name: &str) -> bool {
    name.starts_with("q-")
        || ["x-cos-", "X-Amz-"].iter().any(|prefix| name.starts_with(prefix))
        || matches!(name, "sign" | "AWSAccessKeyId" | "Expires" | "Signature")
}

/// Returns the error for an operation that the local COS does not have.
fn absent(request: &CosRequest, name: &str) -> CosError {
    let message = format!("{name} with {} is not part of the local COS.", request.method);
    CosError::with_message(ErrorCode::NOT_IMPLEMENTED, message)
}

/// Names the operation of a request that is not part of the local COS.
fn absent_operation(request: &CosRequest, subresource: &str) -> CosError {
    let target = if request.key.is_empty() { "a bucket" } else { "an object" };
    let name = if subresource.is_empty() { target.to_owned() } else { format!("?{subresource} of {target}") };
    absent(request, &name)
}

/// Carries out an operation on a bucket.
fn on_bucket(service: &Service, request: &CosRequest, subresource: &str) -> Result<CosResponse, CosError> {
    let has_id = request.parameter("id").is_some();
    match (request.method.as_str(), subresource) {
        ("HEAD", "") => service.head_bucket(request),
        ("GET", "") => service.list_objects(request),
        ("DELETE", "") => service.delete_bucket(request),
        ("GET", "acl") => service.get_bucket_acl(request),
        ("PUT", "acl") => service.put_bucket_acl(request),
        ("DELETE", "cors") => service.delete_cors(request),
        ("GET", "cors") => service.get_cors(request),
        ("PUT", "cors") => service.put_cors(request),
        ("GET", "location") => service.get_location(request),
        ("DELETE" | "GET" | "PUT", "tagging") => service.bucket_tagging(request),
        ("GET", "versions") => service.list_versions(request),
        ("DELETE", "inventory") => service.delete_inventory(request),
        ("GET", "inventory") if has_id => service.get_inventory(request),
        ("GET", "inventory") => service.list_inventories(request),
        ("POST", "inventory") => service.post_inventory(request),
        ("PUT", "inventory") => service.put_inventory(request),
        ("GET", "uploads") => service.list_uploads(request),
        ("GET", "versioning") => service.get_versioning(request),
        ("PUT", "versioning") => service.put_versioning(request),
        ("PUT", "") => service.put_bucket(request),
        ("POST", "delete") => service.delete_objects(request),
        _ => Err(absent_operation(request, subresource)),
    }
}

/// Carries out an operation on an object.
fn on_object(
    service: &Service,
    request: &CosRequest,
    subresource: &str,
    caller: Caller,
    request_id: &str,
) -> Result<CosResponse, CosError> {
    let upload = request.parameter("uploadId").unwrap_or_default();
    let copy = request.header("x-cos-copy-source").is_some();
    match (request.method.as_str(), subresource) {
        ("GET", "") if is_processed(request) => service.get_processed(request, caller),
        ("GET" | "HEAD", "") => service.get_object(request, caller),
        ("PUT", "") if copy => service.copy_object(request, request_id),
        ("PUT", "") => service.put_object(request, request_id),
        ("DELETE", "") => service.delete_object(request),
        ("GET", "acl") => service.get_object_acl(request),
        ("PUT", "acl") => service.put_object_acl(request),
        ("POST", "append") => service.append_object(request, request_id),
        ("DELETE" | "GET" | "PUT", "tagging") => service.object_tagging(request),
        ("POST", "restore") => service.restore_object(request),
        ("POST", "uploads") => service.initiate_upload(request),
        ("PUT", "uploadId") if copy => service.copy_part(request, upload),
        ("PUT", "uploadId") => service.upload_part(request, upload),
        ("POST", "uploadId") => service.complete_upload(request, upload, request_id),
        ("DELETE", "uploadId") => service.abort_upload(request, upload),
        ("GET", "uploadId") => service.list_parts(request, upload),
        _ => Err(absent_operation(request, subresource)),
    }
}
