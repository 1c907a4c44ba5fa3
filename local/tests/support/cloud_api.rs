//! Calls of the cloud API, signed as documented (306/57449).

use std::io;
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use scf_local::{ScfApi, ScfApiOptions};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{Request, Response};

const HOST: &str = "scf.tencentcloudapi.com";
const TYPE: &str = "application/json";

/// Call of an action under construction.
pub(crate) struct Call {
    pub(crate) action: String,
    pub(crate) parameters: Value,
    pub(crate) secret_id: String,
    pub(crate) secret_key: String,
    /// Seconds by which the clock of the caller is ahead.
    pub(crate) clock_offset: i64,
    pub(crate) token: Option<&'static str>,
    pub(crate) region: &'static str,
}

impl Call {
    /// Creates a call with the default credentials.
    pub(crate) fn new(action: &str, parameters: Value) -> Self {
        let ScfApiOptions { secret_id, secret_key, .. } = ScfApiOptions::default();
        let action = action.to_owned();
        Self {
            action,
            parameters,
            secret_id,
            secret_key,
            clock_offset: 0,
            token: None,
            region: "ap-guangzhou",
        }
    }

    /// Creates a synchronous invocation through `InvokeFunction`.
    pub(crate) fn invocation(event: &str) -> Self {
        Self::new("InvokeFunction", serde_json::json!({ "FunctionName": "cos-thumbnailer", "Event": event }))
    }

    pub(crate) fn sign_as(mut self, id: &str, key: &str) -> Self {
        (self.secret_id, self.secret_key) = (id.to_owned(), key.to_owned());
        self
    }

    /// Sends the call and returns the member `Response`.
    pub(crate) fn send(&self, api: &ScfApi) -> Value {
        self.send_to(api.address())
    }

    pub(crate) fn send_to(&self, address: SocketAddr) -> Value {
        let response = self.try_send_to(address).unwrap();
        assert_eq!((response.status, response.header("content-type")), (200, TYPE), "{}", response.text());
        let mut body: Value = serde_json::from_slice(&response.body).unwrap();
        assert!(body["Response"]["RequestId"].as_str().is_some_and(|id| id.len() == 36), "{body}");
        body["Response"].take()
    }

    pub(crate) fn try_send(&self, api: &ScfApi) -> io::Result<Response> {
        self.try_send_to(api.address())
    }

    fn try_send_to(&self, address: SocketAddr) -> io::Result<Response> {
        let body = self.parameters.to_string();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let timestamp = now.saturating_add_signed(self.clock_offset);
        let date = date(timestamp);
        let digest = |text: &str| hex::encode(Sha256::digest(text));
        let canonical =
            format!("POST\n/\n\ncontent-type:{TYPE}\nhost:{HOST}\n\ncontent-type;host\n{}", digest(&body));
        let text = format!("TC3-HMAC-SHA256\n{timestamp}\n{date}/scf/tc3_request\n{}", digest(&canonical));
        let key = [date.as_str(), "scf", "tc3_request"]
            .iter()
            .fold(format!("TC3{}", self.secret_key).into_bytes(), |key, part| mac(&key, part));
        let authorization = format!(
            "TC3-HMAC-SHA256 Credential={}/{date}/scf/tc3_request, SignedHeaders=content-type;host, Signature={}",
            self.secret_id,
            hex::encode(mac(&key, &text))
        );
        let mut request = Request::new("POST", "/")
            .header("Host", HOST)
            .header("Content-Type", TYPE)
            .header("X-TC-Action", &self.action)
            .header("X-TC-Version", "2018-04-16")
            .header("X-TC-Region", self.region)
            .header("X-TC-Timestamp", &timestamp.to_string())
            .header("Authorization", &authorization)
            .body(body.as_bytes());
        if let Some(token) = self.token {
            request = request.header("X-TC-Token", token);
        }
        request.send_to(address)
    }
}

fn mac(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Returns the UTC day of a time, by the algorithm of days since 1970 that RFC 3339 implies.
fn date(timestamp: u64) -> String {
    let mut days = timestamp / 86_400;
    let mut year = 1970;
    let is_leap =
        |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    format!("{year}-{:02}-{:02}", month + 1, days + 1)
}
