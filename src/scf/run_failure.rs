//! Class of a run that failed, by the status codes of SCF (583/35311).

use serde_json::Value;

use crate::scf::answer::Invocation;

/// Reason why a run failed, as a caller has to react to it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RunFailure {
    /// The function reported an error (430, 443); [`Invocation::error`] and [`Invocation::response`] say which.
    Code,
    /// The function, its configuration or the account is at fault; no repetition helps.
    Configuration,
    /// SCF ended the instance during the run: out of time (433), out of memory (434), or the process exited
    /// (439). A smaller event may succeed.
    Killed {
        /// Status code.
        code: i64,
    },
    /// SCF failed (500) or the run was cancelled (499); a repetition may succeed.
    Platform,
    /// The limit of concurrency (432), the rate of new instances (429) or the capacity of the region (449) is
    /// reached. The function did not run. Fewer calls at once may succeed.
    Throttled,
    /// The event (406) or the response (407) is larger than SCF takes. A smaller event may succeed.
    TooLarge {
        /// Status code.
        code: i64,
    },
}

/// Names of status codes, for answers whose `InvokeResult` is none. A name that begins like another comes
/// before it.
const NAMES: [(&str, i64); 9] = [
    ("ContainerStateExited", 405),
    ("RequestTooLarge", 406),
    ("ResourceLimitReached", 432),
    ("ResourceLimit", 429),
    ("TimeLimitReached", 433),
    ("MemoryLimitReached", 434),
    ("InsufficientResources", 449),
    ("RequestCanceled", 499),
    ("InternalError", 500),
];

impl Invocation {
    /// Class of the failure; `None` after a successful run.
    #[must_use]
    pub fn failure(&self) -> Option<RunFailure> {
        (self.status != 0).then(|| RunFailure::from_code(self.status_code()))
    }

    /// Status code of the run (583/35311).
    ///
    /// It is `InvokeResult`, if that is one of these codes. Otherwise it is the `statusCode` of the error
    /// document in one of the texts, or the code whose name they hold.
    #[must_use]
    pub fn status_code(&self) -> i64 {
        if self.status == 0 || (200..1000).contains(&self.status) {
            return self.status;
        }
        let texts = [&self.error, &self.response];
        let named = || {
            let found = NAMES.iter().find(|(name, _)| texts.iter().any(|text| text.contains(name)));
            found.map(|(_, code)| *code)
        };
        texts.iter().find_map(|text| document_code(text)).or_else(named).unwrap_or(self.status)
    }
}

/// Returns the `statusCode` of an error document of SCF.
fn document_code(text: &str) -> Option<i64> {
    let document: Value = serde_json::from_str(text).ok()?;
    document.get("errorMessage")?;
    document.get("statusCode")?.as_i64()
}

impl RunFailure {
    fn from_code(code: i64) -> Self {
        match code {
            406 | 407 => Self::TooLarge { code },
            429 | 432 | 449 => Self::Throttled,
            // Other numbers below 400 are exit codes and the `errorCode` of functions.
            ..400 | 430 | 443 => Self::Code,
            433 | 434 | 439 => Self::Killed { code },
            499 | 500.. => Self::Platform,
            400..499 => Self::Configuration,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(status: i64, error: &str, response: &str) -> Invocation {
        Invocation { status, error: error.to_owned(), response: response.to_owned(), ..Invocation::default() }
    }

    #[test]
    fn every_status_code_has_its_class() {
        let configuration =
            [400, 401, 402, 404, 405, 410, 435, 436, 437, 438, 441, 442, 444, 445, 446, 447, 450];
        let table = [
            (&[406][..], RunFailure::TooLarge { code: 406 }),
            (&[407], RunFailure::TooLarge { code: 407 }),
            (&[429, 432, 449], RunFailure::Throttled),
            (&[430, 443, 1, -1], RunFailure::Code),
            (&[433], RunFailure::Killed { code: 433 }),
            (&[434], RunFailure::Killed { code: 434 }),
            (&[439], RunFailure::Killed { code: 439 }),
            (&[499, 500, 503], RunFailure::Platform),
            (&configuration, RunFailure::Configuration),
        ];
        for (codes, class) in table {
            for code in codes {
                assert_eq!(run(*code, "", "").failure(), Some(class), "{code}");
            }
        }
        assert_eq!(run(0, "", "{\"errorMessage\":\"x\",\"statusCode\":433}").failure(), None);
    }

    #[test]
    fn texts_tell_what_the_status_does_not() {
        let table = [
            ("{\"errorCode\":-1,\"errorMessage\":\"timed out\",\"statusCode\":433}", "", 433),
            ("", "{\"errorCode\":1,\"errorMessage\":\"x\",\"statusCode\":430}", 430),
            ("ResourceLimitReached: quota", "", 432),
            ("ResourceLimit", "", 429),
            ("MemoryLimitReached", "{\"statusCode\":200}", 434),
            ("it failed", "{\"statusCode\":433}", -1),
        ];
        for (error, response, code) in table {
            assert_eq!(run(-1, error, response).status_code(), code, "{error} {response}");
        }
    }
}
