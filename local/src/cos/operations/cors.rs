//! CORS: the rules of a bucket (436/8279), preflight requests (436/8288), and the headers of responses.

use crate::cos::operations::object::check_digest;
use crate::cos::options::CorsDefault;
use crate::cos::service::Service;
use crate::cos::wire::cors::CorsConfiguration;
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::CosRequest;
use crate::cos::wire::response::CosResponse;
use crate::cos::wire::xml_writer;

impl Service {
    pub(crate) fn put_cors(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        check_digest(request)?;
        let cors = CorsConfiguration::read(&request.body)?;
        self.store.change_settings(&request.bucket, |settings| settings.cors = Some(cors))?;
        Ok(CosResponse::new(200))
    }

    pub(crate) fn get_cors(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let settings = self.store.with_bucket(&request.bucket, |bucket| Ok(bucket.settings.clone()))?;
        let cors = settings.cors.ok_or(ErrorCode::NO_SUCH_CORS_CONFIGURATION)?;
        Ok(CosResponse::xml(format!("{}{}", xml_writer::HEAD, cors.document()?)))
    }

    pub(crate) fn delete_cors(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        self.store.change_settings(&request.bucket, |settings| settings.cors = None)?;
        Ok(CosResponse::new(204))
    }

    /// Answers a preflight request, which is not signed.
    pub(crate) fn preflight(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let (Some(origin), Some(method)) =
            (request.header("origin"), request.header("access-control-request-method"))
        else {
            let message = "A preflight request has the headers Origin and Access-Control-Request-Method.";
            return Err(CosError::with_message(ErrorCode::INVALID_ARGUMENT, message));
        };
        let headers = request.header("access-control-request-headers").unwrap_or_default();
        let answer = self.cors_of(request).and_then(|cors| cors.preflight(origin, method, headers));
        let Some(answer) = answer else {
            let hint = format!("no CORS rule of {} allows {method} from {origin}", request.bucket);
            return Err(CosError::from(ErrorCode::ACCESS_FORBIDDEN).hint(hint));
        };
        let response = CosResponse::new(200);
        Ok(answer.iter().fold(response, |response, (name, value)| response.header(name, value)))
    }

    /// Adds the CORS headers to the response of a request that has an origin. A request that no rule allows is carried out,
    /// and the browser hides its response.
    pub(crate) fn add_cors(&self, request: &CosRequest, response: &mut CosResponse) {
        let Some(origin) = request.header("origin").filter(|_| request.method != "OPTIONS") else { return };
        let Some(cors) = self.cors_of(request) else { return };
        for (name, value) in cors.actual(origin, &request.method) {
            response.set(name, &value);
        }
    }

    /// Returns the rules of a bucket, or those of the COS for buckets without rules.
    fn cors_of(&self, request: &CosRequest) -> Option<CorsConfiguration> {
        let own = self.store.with_bucket(&request.bucket, |bucket| Ok(bucket.settings.cors.clone()));
        own.ok().flatten().or_else(|| match self.cors {
            CorsDefault::AnyOrigin => Some(CorsConfiguration::any_origin()),
            CorsDefault::None => None,
        })
    }
}
