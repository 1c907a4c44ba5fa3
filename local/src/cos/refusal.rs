//! Refused requests, for people who look for the reason.

use std::fmt;

use percent_encoding::utf8_percent_encode;

use crate::cos::wire::error::CosError;
use crate::cos::wire::request::{CosRequest, UNRESERVED};

/// Header and parameter whose value opens something, even in a local COS.
const TOKENS: [&str; 4] = [
    "x-cos-security-token",
    "x-amz-security-token",
    "X-Amz-Security-Token",
    "x-cos-copy-source-security-token",
];

/// Codes that clients expect in their usual work.
const ORDINARY: [&str; 11] = [
    "BucketAlreadyOwnedByYou",
    "FileAlreadyExists",
    "InvalidRange",
    "InventoryConfigurationNotFoundError",
    "NoSuchCORSConfiguration",
    "NoSuchKey",
    "NoSuchTagSet",
    "NoSuchUpload",
    "NoSuchVersion",
    "NotModified",
    "PreconditionFailed",
];

/// Request that the COS refused, with the reason.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Method in upper case.
    pub method: String,
    /// Host and path, without the query.
    pub resource: String,
    /// HTTP status.
    pub status: u16,
    /// Code of the error document.
    pub code: String,
    /// Message of the error document.
    pub message: String,
    /// Further members of the document, such as `StringtoSign`. Session tokens are removed.
    pub details: Vec<(String, String)>,
    /// Advice that is not in the document.
    pub hint: Option<String>,
}

impl Refusal {
    /// Describes an error, unless it is an answer of daily work such as NoSuchKey.
    pub(crate) fn new(request: &CosRequest, error: &CosError) -> Option<Self> {
        if ORDINARY.contains(&error.code()) {
            return None;
        }
        let conceal = |text: &str| {
            let tokens =
                TOKENS.iter().filter_map(|name| request.header(name).or_else(|| request.parameter(name)));
            tokens
                .filter(|token| !token.is_empty())
                .fold(text.to_owned(), |text, token| conceal(&text, token))
        };
        let details = error.details().iter().map(|(name, value)| ((*name).to_owned(), conceal(value)));
        Some(Self {
            method: request.method.clone(),
            resource: request.resource(),
            status: error.status,
            code: error.code().to_owned(),
            message: error.message().to_owned(),
            details: details.collect(),
            hint: error.advice().map(str::to_owned),
        })
    }
}

/// Removes a token, as it is and percent-encoded, from a text.
fn conceal(text: &str, token: &str) -> String {
    let encoded = utf8_percent_encode(token, UNRESERVED).to_string();
    text.replace(token, "(token)").replace(&encoded, "(token)")
}

/// Writes a line for the request, and further lines for the details.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, resource, status, code, message, details, hint } = self;
        write!(f, "refused: {method} {resource}\n  {status} {code}: {message}")?;
        for (name, value) in details {
            let value = value.trim_end_matches('\n').replace('\n', "\n    ");
            write!(f, "\n  {name}:\n    {value}")?;
        }
        hint.as_ref().map_or(Ok(()), |hint| write!(f, "\n  -> {hint}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cos::wire::error::ErrorCode;

    #[test]
    fn a_refusal_shows_the_signed_text_without_the_token() {
        let headers = [("x-cos-security-token".to_owned(), "to/ken".to_owned())];
        let request = CosRequest::for_tests("GET", "/a", &headers);
        let error = CosError::from(ErrorCode::SIGNATURE_DOES_NOT_MATCH)
            .detail("FormatString", "get\n/a\n\nx-cos-security-token=to%2Fken\n")
            .hint("the key is wrong");
        let text = Refusal::new(&request, &error).unwrap().to_string();
        let expected = "refused: GET /a\n  403 SignatureDoesNotMatch: The Signature you specified is invalid.\n  \
            FormatString:\n    get\n    /a\n    \n    x-cos-security-token=(token)\n  -> the key is wrong";
        assert_eq!(text, expected);
        assert!(Refusal::new(&request, &ErrorCode::NO_SUCH_KEY.into()).is_none());
    }
}
