//! The document of a bucket's CORS rules (436/8279), and the rule that applies to a request.

use serde::{Deserialize, Serialize};

use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::xml;

/// Largest number of rules.
const RULES_MAX: usize = 100;

/// Largest document, in bytes.
const DOCUMENT_MAX: usize = 64 << 10;

/// Methods that a rule may allow.
const METHODS: [&str; 5] = ["PUT", "GET", "POST", "DELETE", "HEAD"];

/// The document `CORSConfiguration`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename = "CORSConfiguration")]
pub(crate) struct CorsConfiguration {
    #[serde(rename = "CORSRule", default)]
    rules: Vec<CorsRule>,
    #[serde(rename = "ResponseVary", default, skip_serializing_if = "Option::is_none")]
    response_vary: Option<bool>,
}

/// Requests of other origins that a bucket allows.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct CorsRule {
    #[serde(rename = "ID", default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(rename = "AllowedOrigin", default)]
    origins: Vec<String>,
    #[serde(rename = "AllowedMethod", default)]
    methods: Vec<String>,
    #[serde(rename = "AllowedHeader", default, skip_serializing_if = "Vec::is_empty")]
    headers: Vec<String>,
    #[serde(rename = "ExposeHeader", default, skip_serializing_if = "Vec::is_empty")]
    exposed: Vec<String>,
    #[serde(rename = "MaxAgeSeconds", default, skip_serializing_if = "Option::is_none")]
    max_age: Option<u32>,
}

impl CorsConfiguration {
    /// Reads and checks a document.
    pub(crate) fn read(body: &[u8]) -> Result<Self, CosError> {
        let read: Self = xml::read(body)?;
        let is_valid = |rule: &CorsRule| {
            let has_one_star = |origin: &String| origin.matches('*').count() <= 1;
            !rule.origins.is_empty()
                && !rule.methods.is_empty()
                && rule.origins.iter().all(has_one_star)
                && rule.methods.iter().all(|method| METHODS.contains(&method.as_str()))
                && !rule.exposed.iter().any(|name| name.contains('*'))
        };
        let is_in_limits = (1..=RULES_MAX).contains(&read.rules.len()) && body.len() <= DOCUMENT_MAX;
        if is_in_limits && read.rules.iter().all(is_valid) {
            Ok(read)
        } else {
            Err(ErrorCode::MALFORMED_XML.into())
        }
    }

    /// Writes the document.
    pub(crate) fn document(&self) -> Result<String, CosError> {
        xml::write(self)
    }

    /// Returns one rule that allows every origin, for a COS without rules of its own.
    pub(crate) fn any_origin() -> Self {
        let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let rule = CorsRule {
            id: None,
            origins: texts(&["*"]),
            methods: texts(&METHODS),
            headers: texts(&["*"]),
            exposed: texts(&[
                "Content-Length",
                "Content-Range",
                "ETag",
                "Location",
                "x-cos-hash-crc64ecma",
                "x-cos-request-id",
                "x-cos-version-id",
            ]),
            max_age: Some(600),
        };
        Self { rules: vec![rule], response_vary: None }
    }

    /// Returns the headers that answer a preflight request for these headers, or `None` if no rule allows it.
    pub(crate) fn preflight(
        &self,
        origin: &str,
        method: &str,
        headers: &str,
    ) -> Option<Vec<(&'static str, String)>> {
        let asked: Vec<String> = list(headers);
        let rule =
            self.rules.iter().find(|rule| rule.allows(origin, method) && rule.allows_headers(&asked))?;
        let mut answer = rule.answer(origin);
        answer.push(("Access-Control-Allow-Methods", rule.methods.join(",")));
        if !asked.is_empty() {
            let any = rule.headers.iter().any(|header| header == "*");
            let named =
                if any { asked } else { rule.headers.iter().map(|h| h.to_ascii_lowercase()).collect() };
            answer.push(("Access-Control-Allow-Headers", named.join(",")));
        }
        if let Some(seconds) = rule.max_age {
            answer.push(("Access-Control-Max-Age", seconds.to_string()));
        }
        Some(answer)
    }

    /// Returns the headers for the response to a request, none if no rule allows it.
    pub(crate) fn actual(&self, origin: &str, method: &str) -> Vec<(&'static str, String)> {
        let rule = self.rules.iter().find(|rule| rule.allows(origin, method));
        rule.map(|rule| rule.answer(origin)).unwrap_or_default()
    }
}

impl CorsRule {
    fn allows(&self, origin: &str, method: &str) -> bool {
        let matches = |pattern: &String| match pattern.split_once('*') {
            Some((start, end)) => origin.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
            None => pattern == origin,
        };
        self.origins.iter().any(matches) && self.methods.iter().any(|allowed| allowed == method)
    }

    fn allows_headers(&self, asked: &[String]) -> bool {
        let is_allowed = |name: &String| {
            self.headers.iter().any(|allowed| match allowed.split_once('*') {
                Some((start, _)) => name.starts_with(&start.to_ascii_lowercase()),
                None => allowed.eq_ignore_ascii_case(name),
            })
        };
        asked.iter().all(is_allowed)
    }

    /// Returns the headers of every allowed response. Credentials are allowed to named origins only.
    fn answer(&self, origin: &str) -> Vec<(&'static str, String)> {
        let any = self.origins.iter().any(|allowed| allowed == "*");
        let mut answer = vec![("Access-Control-Allow-Origin", if any { "*" } else { origin }.to_owned())];
        if !any {
            answer.push(("Access-Control-Allow-Credentials", "true".to_owned()));
            answer.push(("Vary", "Origin".to_owned()));
        }
        if !self.exposed.is_empty() {
            answer.push(("Access-Control-Expose-Headers", self.exposed.join(",")));
        }
        answer
    }
}

/// Splits a list of header names.
fn list(names: &str) -> Vec<String> {
    let names = names.split(',').map(|name| name.trim().to_ascii_lowercase());
    names.filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "<CORSConfiguration><CORSRule><ID>1</ID><AllowedOrigin>https://*.example.com</AllowedOrigin>\
        <AllowedMethod>PUT</AllowedMethod><AllowedMethod>GET</AllowedMethod><AllowedHeader>X-Cos-Meta-A</AllowedHeader>\
        <ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>500</MaxAgeSeconds></CORSRule></CORSConfiguration>";

    #[test]
    fn a_rule_allows_its_origins_methods_and_headers() {
        let cors = CorsConfiguration::read(DOCUMENT.as_bytes()).unwrap();
        assert_eq!(cors.document().unwrap(), DOCUMENT);
        let expected = [
            ("Access-Control-Allow-Origin", "https://www.example.com"),
            ("Access-Control-Allow-Credentials", "true"),
            ("Vary", "Origin"),
            ("Access-Control-Expose-Headers", "ETag"),
            ("Access-Control-Allow-Methods", "PUT,GET"),
            ("Access-Control-Allow-Headers", "x-cos-meta-a"),
            ("Access-Control-Max-Age", "500"),
        ];
        let answer = cors.preflight("https://www.example.com", "PUT", "x-cos-meta-a").unwrap();
        let answer: Vec<_> = answer.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(answer, expected);
        assert!(cors.preflight("https://example.org", "PUT", "").is_none());
        assert!(cors.preflight("https://www.example.com", "POST", "").is_none());
        assert!(cors.preflight("https://www.example.com", "PUT", "x-other").is_none());
        assert!(cors.actual("http://www.example.com", "GET").is_empty());
    }

    #[test]
    fn any_origin_allows_everything_without_credentials() {
        let answer =
            CorsConfiguration::any_origin().preflight("null", "DELETE", "Authorization, x-y").unwrap();
        assert!(answer.contains(&("Access-Control-Allow-Origin", "*".to_owned())));
        assert!(answer.contains(&("Access-Control-Allow-Headers", "authorization,x-y".to_owned())));
        assert!(!answer.iter().any(|(name, _)| name.ends_with("Credentials")));
    }

    #[test]
    fn impossible_rules_are_malformed() {
        let cases = [
            ("https://*.example.com", "https://*.*.com"),
            ("<AllowedMethod>PUT<", "<AllowedMethod>PATCH<"),
            ("<ExposeHeader>ETag<", "<ExposeHeader>*<"),
            ("<AllowedOrigin>https://*.example.com</AllowedOrigin>", ""),
        ];
        for (good, bad) in cases {
            let document = DOCUMENT.replace(good, bad);
            assert_eq!(
                CorsConfiguration::read(document.as_bytes()).unwrap_err().code(),
                "MalformedXML",
                "{bad}"
            );
        }
    }
}
