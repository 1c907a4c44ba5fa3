//! Context of an invocation: request id, limits, and the other headers of its event.
//!
//! Headers may carry keys. They are available by name, and never printed.

use std::fmt;
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;

/// Memory assumed without a header: the smallest ordinary size of the platform (583/11637).
const DEFAULT_MEMORY_MB: u64 = 128;

/// Time limit assumed without a header: the default of the platform (583/11637).
const DEFAULT_TIME_LIMIT: Duration = Duration::from_secs(3);

/// Limits and headers of one invocation.
#[derive(Clone)]
pub struct Context {
    /// Request id, for the log; empty if the platform sends none.
    pub request_id: String,
    /// Memory of the function, MB of 1,048,576 bytes.
    pub memory_mb: u64,
    /// Time limit of the invocation.
    pub time_limit: Duration,
    /// Time at which the event was received.
    pub received: Instant,
    headers: Vec<(String, String)>,
}

impl Context {
    /// Reads the headers of an event.
    ///
    /// Tencent does not document their case, and some proxies replace underscores by hyphens, so both
    /// spellings are accepted. The names of the HTTP mode (583/56051) are accepted as well.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let headers: Vec<(String, String)> = headers
            .iter()
            .filter_map(|(name, value)| Some((normalized(name.as_str()), value.to_str().ok()?.to_owned())))
            .collect();
        let mut context = Self {
            request_id: String::new(),
            memory_mb: DEFAULT_MEMORY_MB,
            time_limit: DEFAULT_TIME_LIMIT,
            received: Instant::now(),
            headers,
        };
        let number = |names: [&str; 2]| context.first(names).and_then(|text| text.trim().parse::<u64>().ok());
        let memory = number(["memory_limit_in_mb", "x_scf_memory"]).filter(|&mb| mb > 0);
        let time = number(["time_limit_in_ms", "x_scf_timeout"]).filter(|&ms| ms > 0);
        let request_id = context.first(["request_id", "x_scf_request_id"]).unwrap_or_default().to_owned();
        context.memory_mb = memory.unwrap_or(DEFAULT_MEMORY_MB);
        context.time_limit = time.map_or(DEFAULT_TIME_LIMIT, Duration::from_millis);
        context.request_id = request_id;
        context
    }

    /// Context of an invocation that the platform has no part in.
    #[must_use]
    pub fn with_limits(request_id: &str, memory_mb: u64, time_limit: Duration) -> Self {
        let request_id = request_id.to_owned();
        Self { request_id, memory_mb, time_limit, received: Instant::now(), headers: Vec::new() }
    }

    /// Returns the value of a header, by its name in any spelling.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let name = normalized(name);
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Returns the time at which work has to stop so that the result can still be posted: a tenth of the time
    /// limit before its end, at least 100 ms and at most 2 s.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        let reserve = (self.time_limit / 10).clamp(Duration::from_millis(100), Duration::from_secs(2));
        let working = self.time_limit.saturating_sub(reserve);
        self.received.checked_add(working).unwrap_or(self.received)
    }

    fn first(&self, names: [&str; 2]) -> Option<&str> {
        names.into_iter().find_map(|name| self.header(name))
    }
}

/// Context without any header.
impl Default for Context {
    fn default() -> Self {
        Self::from_headers(&HeaderMap::new())
    }
}

/// Omits the headers, which may carry keys.
impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("request_id", &self.request_id)
            .field("memory_mb", &self.memory_mb)
            .field("time_limit", &self.time_limit)
            .finish_non_exhaustive()
    }
}

fn normalized(name: &str) -> String {
    name.to_ascii_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn context(headers: &[(&str, &str)]) -> Context {
        let pair = |(name, value): &(&str, &str)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        };
        Context::from_headers(&headers.iter().map(pair).collect())
    }

    #[test]
    fn limits_are_read_in_every_spelling() {
        for names in [
            ["request_id", "memory_limit_in_mb", "time_limit_in_ms"],
            ["Request_Id", "Memory_Limit_In_Mb", "Time_Limit_In_Ms"],
            ["request-id", "memory-limit-in-mb", "time-limit-in-ms"],
            ["X-Scf-Request-Id", "X-Scf-Memory", "X-Scf-Timeout"],
        ] {
            let context = context(&[(names[0], "r1"), (names[1], "512"), (names[2], "30000")]);
            assert_eq!(context.request_id, "r1", "{names:?}");
            assert_eq!(context.memory_mb, 512, "{names:?}");
            assert_eq!(context.time_limit, Duration::from_secs(30), "{names:?}");
        }
    }

    #[test]
    fn absent_or_senseless_limits_have_defaults() {
        for headers in [&[][..], &[("memory_limit_in_mb", "0"), ("time_limit_in_ms", "soon")]] {
            let context = context(headers);
            assert_eq!(context.memory_mb, DEFAULT_MEMORY_MB);
            assert_eq!(context.time_limit, DEFAULT_TIME_LIMIT);
        }
    }

    #[test]
    fn deadline_leaves_time_to_answer() {
        for (limit, working) in [("1000", 900), ("3000", 2700), ("900000", 898_000), ("50", 0)] {
            let context = context(&[("time_limit_in_ms", limit)]);
            assert_eq!(context.deadline() - context.received, Duration::from_millis(working), "{limit}");
        }
    }

    #[test]
    fn keys_in_headers_are_not_printed() {
        let context = context(&[("X-Scf-Secret-Key", "hidden-key")]);
        assert_eq!(context.header("x_scf_secret_key"), Some("hidden-key"));
        assert!(!format!("{context:?}").contains("hidden"));
    }
}
