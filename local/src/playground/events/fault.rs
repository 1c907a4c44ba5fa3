//! Faults that the page can switch on for the deliveries to come.

use serde::{Deserialize, Serialize};

use crate::cos::{Fault, FaultKind};
use crate::scf::RuntimeFault;

/// Time by which a slow answer is late, ms.
const SLOW_MS: u64 = 1000;

/// Bytes of an answer that is cut.
const CUT_AT: usize = 10_000;

/// Most requests or calls that one switch makes fail.
const MAX_TIMES: u32 = 99;

/// Fault by its name on the page.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FaultName {
    /// COS answers 503 SlowDown.
    SlowDown,
    /// COS closes the connection without an answer.
    Reset,
    /// COS stores a thumbnail, and its answer is lost.
    LostAnswer,
    /// COS sends the source with a wrong bit.
    Corrupt,
    /// COS sends only the beginning of the source.
    Truncate,
    /// COS answers late.
    Slow,
    /// COS says that the credentials are expired.
    ExpiredToken,
    /// The process is killed when all its work is done, before its answer is read.
    Killed,
    /// The runtime API closes the connection without an answer.
    RuntimeReset,
    /// The runtime API answers 500.
    RuntimeError,
}

/// A fault that is switched on, for this many requests or calls.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct FaultSwitch {
    pub(super) fault: FaultName,
    pub(super) times: u32,
}

/// What a switch does in the local cloud.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Injection {
    Cos(Fault),
    Runtime(RuntimeFault),
}

impl FaultSwitch {
    /// Returns the fault to inject.
    pub(super) fn injection(self) -> Injection {
        let times = self.times.min(MAX_TIMES);
        let cos = |kind| Injection::Cos(Fault::new(kind).times(times));
        let of_method = |method: &str, kind| Injection::Cos(Fault::new(kind).method(method).times(times));
        match self.fault {
            FaultName::SlowDown => cos(FaultKind::Status { status: 503, code: "SlowDown".to_owned() }),
            FaultName::Reset => cos(FaultKind::Reset),
            FaultName::LostAnswer => of_method("PUT", FaultKind::LostAnswer),
            FaultName::Corrupt => of_method("GET", FaultKind::Corrupt),
            FaultName::Truncate => of_method("GET", FaultKind::Truncate(CUT_AT)),
            FaultName::Slow => cos(FaultKind::Slow { before_ms: SLOW_MS, chunk: 0, pause_ms: 0 }),
            FaultName::ExpiredToken => cos(FaultKind::ExpiredToken),
            FaultName::Killed => Injection::Runtime(RuntimeFault::Kill { times }),
            FaultName::RuntimeReset => Injection::Runtime(RuntimeFault::Reset { times }),
            FaultName::RuntimeError => Injection::Runtime(RuntimeFault::Status { status: 500, times }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_is_read_from_json_and_limits_its_requests() {
        let switch: FaultSwitch = serde_json::from_str(r#"{"fault":"lost_answer","times":1000}"#).unwrap();
        let fault = Fault::new(FaultKind::LostAnswer).method("PUT").times(99);
        assert_eq!(switch.injection(), Injection::Cos(fault));
        let killed = FaultSwitch { fault: FaultName::Killed, times: 2 };
        assert_eq!(killed.injection(), Injection::Runtime(RuntimeFault::Kill { times: 2 }));
        assert!(serde_json::from_str::<FaultSwitch>(r#"{"fault":"none","times":1}"#).is_err());
    }
}
