//! Unexpected responses of COS: status, headers and error document (436/7730).
//!
//! Texts of COS leave this module as one short line without control characters and keys.

use std::fmt;
use std::time::{Duration, SystemTime};

use reqwest::Response;
use serde::Deserialize;

use crate::cos::error_code::{Cause, judge};
use crate::cos::header_text;
use crate::credential::Credential;
use crate::text::Printable;

/// Response with an unexpected status.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ErrorResponse {
    /// HTTP status.
    pub status: u16,
    /// `Code` of the error document; HEAD has none.
    pub code: Option<String>,
    /// `Message` of the error document: one line, at most 200 characters, without secrets.
    pub message: Option<String>,
    /// `x-cos-request-id`, for questions to Tencent.
    pub request_id: Option<String>,
    /// Destination of a redirect.
    pub location: Option<String>,
    /// Time of the response by the clock of COS.
    pub(super) date: Option<SystemTime>,
    /// `true` if the requested version is a delete marker.
    pub(super) delete_marker: bool,
}

/// Members of the error document (436/7730) that are used. `StringToSign` and the like are never read,
/// because they repeat the session token.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Document {
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
}

impl Document {
    /// Longest document that is read, bytes.
    const MAX_LEN: usize = 64 * 1024;

    /// Reads the document of a response; empty if it is too long, broken or of another kind.
    async fn read(mut response: Response) -> Self {
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            if body.len().saturating_add(chunk.len()) > Self::MAX_LEN {
                return Self::default();
            }
            body.extend_from_slice(&chunk);
        }
        Self::parse(&String::from_utf8_lossy(&body))
    }

    fn parse(text: &str) -> Self {
        quick_xml::de::from_str(text).unwrap_or_default()
    }
}

impl ErrorResponse {
    /// Reads a response. The document is optional: after `timeout` the status alone has to do.
    pub(super) async fn read(http: Response, credential: &Credential, timeout: Duration) -> Self {
        let header = |name| header_text(http.headers(), name);
        let mut response = Self {
            status: http.status().as_u16(),
            request_id: header("x-cos-request-id").map(|id| safe_line(id, credential)),
            location: header("location").map(|location| safe_line(location, credential)),
            date: header("date").and_then(|date| httpdate::parse_http_date(date).ok()),
            delete_marker: header("x-cos-delete-marker") == Some("true"),
            ..Self::default()
        };
        let document = tokio::time::timeout(timeout, Document::read(http)).await.unwrap_or_default();
        let used = |text: Option<String>| text.filter(|text| !text.is_empty());
        response.code = used(document.code).map(|code| safe_line(&code, credential));
        response.message = used(document.message).map(|message| safe_line(&message, credential));
        response.request_id =
            response.request_id.or_else(|| used(document.request_id).map(|id| safe_line(&id, credential)));
        response
    }

    /// Returns `true` if COS itself responded, and not a proxy in front of it.
    pub(super) fn is_from_cos(&self) -> bool {
        self.request_id.is_some()
    }

    /// Cause by the code, the message, or a status that has one cause; `None` if there is none.
    pub(super) fn cause(&self) -> Option<Cause> {
        self.judgement().map(|(cause, _)| cause)
    }

    /// What to do, as its code says.
    pub(super) fn remedy(&self) -> Option<&'static str> {
        self.judgement().map(|(_, remedy)| remedy)
    }

    fn judgement(&self) -> Option<(Cause, &'static str)> {
        judge(self.status, self.code.as_deref(), self.message.as_deref())
    }

    /// Returns `true` if a retry may soon succeed: COS is busy or broken, or the transfer was damaged.
    pub(super) fn is_retryable(&self) -> bool {
        match self.cause() {
            Some(cause) => cause == Cause::Busy,
            None => self.status == 429 || (self.status >= 500 && self.status != 501),
        }
    }

    /// Returns `true` if COS cannot have sent this: a document is missing where COS always sends one, or an
    /// unexpected success.
    pub(super) fn is_invalid(&self, without_body: bool) -> bool {
        match self.status {
            0..300 | 304..=306 => true,
            400..500 if !without_body => {
                self.code.is_none() && !self.is_from_cos() && !matches!(self.status, 412 | 416 | 429)
            }
            _ => false,
        }
    }
}

/// Prints status, code, message and request id.
impl fmt::Display for ErrorResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        if let Some(message) = &self.message {
            write!(f, " \"{message}\"")?;
        }
        if let Some(location) = &self.location {
            write!(f, ", to {location}")?;
        }
        match &self.request_id {
            Some(id) => write!(f, ", request id {id}"),
            None => Ok(()),
        }
    }
}

/// Makes a text of COS safe for error messages: at most 200 characters, on one line, without keys.
fn safe_line(text: &str, credential: &Credential) -> String {
    let text: String = credential.redact(text).chars().take(200).collect();
    Printable(&text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_other_than_error_documents_are_ignored() {
        let document = Document::parse(
            "<?xml version='1.0' encoding='utf-8' ?>\n<Error>\n\t<Code>NoSuchKey</Code>\n\t\
             <Message>a &amp; b</Message><Resource>h/k</Resource><RequestId>NjY=</RequestId><TraceId>T</TraceId></Error>",
        );
        assert_eq!(document.code.as_deref(), Some("NoSuchKey"));
        assert_eq!(document.message.as_deref(), Some("a & b"));
        assert_eq!(document.request_id.as_deref(), Some("NjY="));
        for text in ["", "<html><body>502</body></html>", "<Error><Code>Cut", "{\"Code\":1}", "\u{0}\u{1}"] {
            assert_eq!(Document::parse(text).code, None, "{text}");
        }
    }

    #[test]
    fn texts_of_cos_are_one_short_line_without_secrets() {
        let credential = Credential::new("AKIDx", "key", None);
        assert_eq!(safe_line("a\nb AKIDx", &credential), "a\\u{a}b ******");
        assert_eq!(safe_line(&"é".repeat(500), &credential).chars().count(), 200);
    }

    #[test]
    fn load_and_damaged_transfers_are_retryable() {
        let response = |status, code: Option<&str>| ErrorResponse {
            status,
            code: code.map(str::to_owned),
            ..ErrorResponse::default()
        };
        for (status, code) in [
            (400, Some("RequestTimeout")),
            (400, Some("IncompleteBody")),
            (400, Some("BadDigest")),
            (400, Some("UserNetworkTooSlow")),
            (429, None),
            (500, None),
            (502, None),
            (503, Some("SlowDown")),
        ] {
            assert!(response(status, code).is_retryable(), "{status} {code:?}");
        }
        for (status, code) in [
            (400, Some("InvalidArgument")),
            (403, Some("AccessDenied")),
            (404, Some("NoSuchKey")),
            (409, Some("PathConflict")),
            (501, Some("NotImplemented")),
        ] {
            assert!(!response(status, code).is_retryable(), "{status} {code:?}");
        }
    }
}
