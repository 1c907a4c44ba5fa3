//! Requests to the doctor.

use std::time::Duration;

use serde_json::Value;

/// A request to the doctor: inputs beside the configuration.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Request {
    /// Full names of source buckets, for rules that name none.
    pub sources: Vec<String>,
    /// The region, if it differs from that of the function.
    pub region: Option<String>,
    /// Memory of the function, MB; without it no images are tried.
    pub memory_mb: Option<u64>,
    /// Time limit of the function; without it the limit is not checked.
    pub time_limit: Option<Duration>,
}

impl Request {
    /// Reads the test event `{"doctor":{"sources":["example-1250000000"],"region":"ap-guangzhou"}}`, whose members
    /// may be left out. `None` for every other message, such as an event of COS, which has `Records`.
    #[must_use]
    pub fn read(message: &[u8]) -> Option<Self> {
        // Events of COS, which lack this member, are not parsed twice. Nor are messages whose values would need memory
        // that nobody reserved.
        const MEMBER: &[u8] = b"\"doctor\"";
        const LONGEST: usize = 64 * 1024;
        if message.len() > LONGEST || !message.windows(MEMBER.len()).any(|window| window == MEMBER) {
            return None;
        }
        let message: Value = serde_json::from_slice(message).ok()?;
        let request = message.get("doctor").filter(|_| message.get("Records").is_none())?;
        let sources = request.get("sources").and_then(Value::as_array).into_iter().flatten();
        Some(Self {
            // A value that is not a text is not a name of a bucket either.
            sources: sources
                .map(|name| name.as_str().map_or_else(|| name.to_string(), str::to_owned))
                .collect(),
            region: request.get("region").and_then(Value::as_str).map(str::to_owned),
            ..Self::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_test_event_is_a_request() {
        let request = |sources: &[&str], region: Option<&str>| Request {
            sources: sources.iter().map(|&name| name.to_owned()).collect(),
            region: region.map(str::to_owned),
            ..Request::default()
        };
        let table = [
            (
                r#"{"doctor":{"sources":["a-1","b-1"],"region":"ap-x"}}"#,
                Some(request(&["a-1", "b-1"], Some("ap-x"))),
            ),
            (r#"{"doctor":{}}"#, Some(request(&[], None))),
            (r#"{"doctor":true}"#, Some(request(&[], None))),
            (r#"{"doctor":{"sources":[7]}}"#, Some(request(&["7"], None))),
            (r#"{"Records":[],"doctor":{}}"#, None),
            (r#"{"Records":[{"cos":{"cosObject":{"key":"\"doctor\""}}}]}"#, None),
            (r#"["doctor"]"#, None),
            (r#"{"doctor":"#, None),
            ("{}", None),
        ];
        for (text, expected) in table {
            assert_eq!(Request::read(text.as_bytes()), expected, "{text}");
        }
    }
}
