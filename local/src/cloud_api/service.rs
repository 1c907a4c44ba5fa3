//! Handling of calls: faults, signature, rate limit, action, response.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::cloud_api::admin;
use crate::cloud_api::counters::ScfApiCounters;
use crate::cloud_api::error::ApiError;
use crate::cloud_api::fault::{ApiFaultKind, ApiFaults};
use crate::cloud_api::options::ScfApiOptions;
use crate::cloud_api::request::ApiRequest;
use crate::cloud_api::signature::Authenticator;
use crate::http::{HttpAction, ScriptedBody};
use crate::pool::FunctionPool;
use crate::rate_window::RateWindow;
use crate::scf::request_id;

/// Largest body of a signed POST request, in bytes (306/57449).
const BODY_MAX: usize = 10 << 20;

/// Version of the API.
const VERSION: &str = "2018-04-16";

/// State that all connections share.
pub(super) struct Service {
    pub(super) pool: Arc<FunctionPool>,
    pub(super) options: ScfApiOptions,
    pub(super) authenticator: Mutex<Authenticator>,
    pub(super) faults: ApiFaults,
    reserved_mb: Mutex<Option<u64>>,
    state: Mutex<CallState>,
}

/// Calls so far, and limits on their rate.
struct CallState {
    calls: BTreeMap<String, u64>,
    rate_limited: u64,
    invoke: RateWindow,
    invoke_function: RateWindow,
}

/// Function that a call names.
pub(super) struct FunctionName<'a> {
    pub(super) name: &'a str,
    pub(super) namespace: Option<&'a str>,
    pub(super) qualifier: Option<&'a str>,
}

impl Service {
    pub(super) fn new(pool: Arc<FunctionPool>, options: ScfApiOptions) -> Self {
        let second = Duration::from_secs(1);
        let state = CallState {
            calls: BTreeMap::new(),
            rate_limited: 0,
            invoke: RateWindow::new(options.invoke_per_second, second),
            invoke_function: RateWindow::new(options.invoke_function_per_second, second),
        };
        let authenticator = Authenticator {
            secret_id: options.secret_id.clone(),
            secret_key: options.secret_key.clone(),
            session_token: options.session_token.clone(),
        };
        Self {
            pool,
            options,
            authenticator: Mutex::new(authenticator),
            faults: ApiFaults::default(),
            reserved_mb: Mutex::default(),
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, CallState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn counters(&self) -> ScfApiCounters {
        let pool = self.pool.counters();
        let state = self.state();
        ScfApiCounters { calls: state.calls.clone(), rate_limited: state.rate_limited, pool }
    }

    /// Counts a call, and returns the fault that applies to it.
    fn begin(&self, action: &str) -> Option<ApiFaultKind> {
        let mut state = self.state();
        let count = state.calls.entry(action.to_owned()).or_default();
        *count = count.saturating_add(1);
        drop(state);
        self.faults.take(action)
    }

    /// Returns the reserved quota of the function, in MB.
    pub(super) fn reserved_mb(&self) -> MutexGuard<'_, Option<u64>> {
        self.reserved_mb.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out a call, and returns the members of its response.
    async fn execute(&self, request: &ApiRequest, fault: Option<&ApiFaultKind>) -> Result<Value, ApiError> {
        if request.method != "POST" || request.path != "/" || !request.query.is_empty() {
            return Err(ApiError::new(
                "UnsupportedProtocol",
                "This API serves POST requests of the path / only.",
            ));
        }
        let authenticator = self.authenticator.lock().unwrap_or_else(PoisonError::into_inner).clone();
        authenticator.authenticate(request, self.now())?;
        if request.header("x-tc-version") != Some(VERSION) {
            return Err(ApiError::new("NoSuchVersion", format!("X-TC-Version is not {VERSION}.")));
        }
        let action = request.action();
        self.check_rate(action)?;
        if let Some(ApiFaultKind::Error { code }) = fault {
            return Err(ApiError::new(code, "Injected fault."));
        }
        match action {
            "GetFunction" => self.get_function(request),
            "GetReservedConcurrencyConfig" => self.get_reserved(request),
            "Invoke" => self.invoke(request, fault).await,
            "InvokeFunction" => self.invoke_function(request, fault).await,
            "PutReservedConcurrencyConfig" => self.put_reserved(request),
            _ => Err(ApiError::new(
                "InvalidAction",
                format!("The action {action:?} is not part of the local API."),
            )),
        }
    }

    /// Returns the time of this API, in seconds since the Unix epoch.
    fn now(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        since.saturating_add_signed(self.options.clock_offset)
    }

    fn check_rate(&self, action: &str) -> Result<(), ApiError> {
        let mut state = self.state();
        let now = Instant::now();
        let (is_within, limit) = match action {
            "Invoke" => (state.invoke.admit(now), self.options.invoke_per_second),
            "InvokeFunction" => (state.invoke_function.admit(now), self.options.invoke_function_per_second),
            _ => (true, None),
        };
        if is_within {
            return Ok(());
        }
        state.rate_limited = state.rate_limited.saturating_add(1);
        let limit = limit.unwrap_or_default();
        let message = format!(
            "Your current request times exceeds the frequency limit `{limit}` for a second. Please reduce the frequency of calls."
        );
        Err(ApiError::new("RequestLimitExceeded", message))
    }

    /// Checks that a call names the function of this API.
    pub(super) fn check_function(
        &self,
        request: &ApiRequest,
        function: &FunctionName<'_>,
    ) -> Result<(), ApiError> {
        let ScfApiOptions { name, namespace, region, .. } = &self.options;
        if function.name != name {
            let message = format!("There is no function {:?}, only {name:?}.", function.name);
            return Err(ApiError::new("ResourceNotFound.Function", message));
        }
        // `InvokeFunction` does not require a region.
        if request.header("x-tc-region").is_some_and(|other| other != region) {
            let message =
                format!("The function {name:?} is in the region {region:?}, not in that of X-TC-Region.");
            return Err(ApiError::new("ResourceNotFound.Function", message));
        }
        if function.namespace.is_some_and(|other| other != namespace) {
            let message = format!("The function {name:?} is in the namespace {namespace:?}.");
            return Err(ApiError::new("ResourceNotFound.Function", message));
        }
        match function.qualifier {
            None | Some("$DEFAULT" | "$LATEST") => Ok(()),
            Some(other) => {
                let message = format!("There is no version or alias {other:?}.");
                Err(ApiError::new("ResourceNotFound.Qualifier", message))
            }
        }
    }
}

/// Handles one request.
pub(super) async fn handle(service: Arc<Service>, http: Request<Incoming>) -> HttpAction {
    let (parts, incoming) = http.into_parts();
    let request_id = request_id::next();
    let Ok(body) = Limited::new(incoming, BODY_MAX).collect().await else {
        let error = ApiError::new("RequestSizeLimitExceeded", "The body is larger than 10 MB or incomplete.");
        return HttpAction::RespondThenClose(response(Err(error), &request_id));
    };
    let request = ApiRequest::read(&parts, body.to_bytes());
    if request.path.starts_with(admin::PREFIX) {
        let counters = serde_json::to_string_pretty(&service.counters()).unwrap_or_default();
        let response = admin::respond(&request, &service.faults, &service.pool, counters).await;
        return HttpAction::Respond(response);
    }
    let fault = service.begin(request.action());
    match fault {
        Some(ApiFaultKind::HttpStatus(status)) => return HttpAction::Respond(plain(status)),
        Some(ApiFaultKind::Reset) => return HttpAction::Close,
        Some(ApiFaultKind::Stall) => return pending().await,
        _ => {}
    }
    let result = service.execute(&request, fault.as_ref()).await;
    match fault {
        Some(ApiFaultKind::LostAnswer) => return HttpAction::Close,
        Some(ApiFaultKind::Slow { before_ms }) => sleep(Duration::from_millis(before_ms)).await,
        _ => {}
    }
    HttpAction::Respond(response(result, &request_id))
}

/// Builds the response of a call. Errors have status 200, too.
fn response(result: Result<Value, ApiError>, request_id: &str) -> Response<ScriptedBody> {
    let mut members = match result {
        Ok(members) => members,
        Err(ApiError { code, message }) => json!({ "Error": { "Code": code, "Message": message } }),
    };
    if let Some(members) = members.as_object_mut() {
        members.insert("RequestId".to_owned(), json!(request_id));
    }
    let text = json!({ "Response": members }).to_string();
    let mut response = Response::new(ScriptedBody::whole(Bytes::from(text)));
    let json = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, json);
    response
}

fn plain(status: u16) -> Response<ScriptedBody> {
    let mut response = Response::new(ScriptedBody::whole(Bytes::from_static(b"injected")));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    response
}
