//! What the doctor is asked to look at.

use std::time::Duration;

use serde_json::Value;

/// What the doctor is asked to look at, beside the configuration.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Request {
    /// Full names of source buckets, for rules that name none.
    pub sources: Vec<String>,
    /// The region, where it is not that of the function.
    pub region: Option<String>,
    /// Memory of the function, MB; without it pictures are not weighed.
    pub memory_mb: Option<u64>,
    /// Time limit of the function; without it none is judged.
    pub time_limit: Option<Duration>,
}

impl Request {
    /// Reads the test event `{"doctor":{"sources":["example-1250000000"]}}`; `None` for every other message. Both
    /// members may be left out, and `region` added; the limits of the function are not the
    /// user's to say. An event of COS has `Records` and is none.
    #[must_use]
    pub fn read(message: &[u8]) -> Option<Self> {
        // Spares events of COS, which have other members, to be read twice.
        const MEMBER: &[u8] = b"\"doctor\"";
        if !message.windows(MEMBER.len()).any(|window| window == MEMBER) {
            return None;
        }
        let message: Value = serde_json::from_slice(message).ok()?;
        let request = message.get("doctor").filter(|_| message.get("Records").is_none())?;
        let sources = request.get("sources").and_then(Value::as_array).into_iter().flatten();
        Some(Self {
            // What is no text is no name of a bucket either.
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
    fn only_the_test_event_is_an_order() {
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
