//! POST Object: the upload of a form (436/14690).

use percent_encoding::utf8_percent_encode;
use tokio::runtime::Handle;

use crate::cos::operations::acl::unsigned;
use crate::cos::operations::object::{check_digest, check_traffic_limit, stored_headers};
use crate::cos::service::Service;
use crate::cos::signature::authenticator::{Authenticator, Caller};
use crate::cos::signature::{self, policy};
use crate::cos::storage::version::{Version, Versioning};
use crate::cos::wire::acl::CannedAcl;
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::form::Form;
use crate::cos::wire::request::{AddressStyle, CosRequest, UNRESERVED, UNRESERVED_PATH, check_key};
use crate::cos::wire::response::CosResponse;

impl Service {
    /// Stores the file of a form. The signature is in its fields.
    pub(crate) fn post_form(
        &self,
        request: &CosRequest,
        authenticator: &Authenticator,
        request_id: &str,
    ) -> Result<CosResponse, CosError> {
        let form = Handle::current().block_on(Form::read(request))?;
        let upload = upload(request, &form)?;
        self.check_form(request, &upload, &form, authenticator)?;
        check_digest(&upload)?;
        check_traffic_limit(&upload)?;
        let new_version = self.new_version(&upload, stored_headers(&upload)?, form.file.clone(), request_id);
        let version = self.store.put(&upload.bucket, &upload.key, new_version)?;
        self.notify_created("cos:ObjectCreated:Post", &upload, &version, &form.file);
        let mut response = success(&upload, &form, &version);
        if self.versioning(&request.bucket)? == Versioning::Enabled {
            response.set("x-cos-version-id", &version.id);
        }
        Ok(response)
    }

    fn check_form(
        &self,
        request: &CosRequest,
        upload: &CosRequest,
        form: &Form,
        authenticator: &Authenticator,
    ) -> Result<(), CosError> {
        if form.field("policy").is_some() {
            return policy::verify(authenticator, upload, form, self.now());
        }
        // SDKs of mini programs put the signature of a request without a body into the form.
        let signature = form.field("signature").or_else(|| request.header("authorization"));
        if let Some(signature) = signature {
            let mut signed = request.clone();
            signed.headers.retain(|(name, _)| name != "authorization");
            signed.headers.push(("authorization".to_owned(), signature.to_owned()));
            if let Some(token) = form.field("x-cos-security-token") {
                signed.headers.push(("x-cos-security-token".to_owned(), token.to_owned()));
            }
            let now = i64::try_from(self.now()).unwrap_or(i64::MAX);
            let (caller, _) = signature::authenticate(authenticator, &signed, now)?;
            return if caller == Caller::Owner { Ok(()) } else { Err(unsigned()) };
        }
        if self.bucket_acl(&request.bucket)? == CannedAcl::PublicReadWrite { Ok(()) } else { Err(unsigned()) }
    }
}

/// Returns the PUT request that a form stands for.
fn upload(request: &CosRequest, form: &Form) -> Result<CosRequest, CosError> {
    let key = form.field("key").unwrap_or_default().replace("${filename}", &form.file_name);
    if key.is_empty() {
        return Err(CosError::with_message(ErrorCode::INVALID_ARGUMENT, "The form has no key."));
    }
    check_key(&key)?;
    let header = |name: &str| if name == "acl" { "x-cos-acl".to_owned() } else { name.to_owned() };
    let headers = form.fields.iter().map(|(name, value)| (header(name), value.clone())).collect();
    Ok(CosRequest { key, headers, body: form.file.clone(), ..request.clone() })
}

/// Returns the response that the form asks for.
fn success(upload: &CosRequest, form: &Form, version: &Version) -> CosResponse {
    let encode = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
    let key = utf8_percent_encode(&upload.key, UNRESERVED_PATH);
    let location = match upload.style {
        AddressStyle::Host => format!("http://{}/{key}", upload.host),
        AddressStyle::Path { .. } => format!("http://{}/{}/{key}", upload.host, upload.bucket),
    };
    let response = match form.field("success_action_redirect") {
        Some(target) => {
            let joint = if target.contains('?') { '&' } else { '?' };
            let (bucket, key, etag) = (&upload.bucket, encode(&upload.key), encode(&version.etag));
            let target = format!("{target}{joint}bucket={bucket}&key={key}&etag={etag}");
            CosResponse::new(303).header("Location", &target)
        }
        None => {
            let status = match form.field("success_action_status") {
                Some("200") => 200,
                Some("201") => 201,
                _ => 204,
            };
            CosResponse::new(status).header("Location", &location)
        }
    };
    response.header("ETag", &version.etag)
}
