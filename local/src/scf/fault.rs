//! Injected faults of the runtime API.

/// Fault of the runtime API.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RuntimeFault {
    /// `next` returns status 200, a body that is not JSON, and no headers.
    Garbage {
        /// Number of calls that fail.
        times: u32,
    },
    /// `next` returns half of its event, and the connection closes.
    Half {
        /// Number of calls that fail.
        times: u32,
    },
    /// The process is killed when it posts a response, which is lost. All of its work is done then.
    Kill {
        /// Number of responses that are lost.
        times: u32,
    },
    /// The connection of any call is closed without a response.
    Reset {
        /// Number of calls that fail.
        times: u32,
    },
    /// Any call is answered with this status.
    Status {
        /// HTTP status.
        status: u16,
        /// Number of calls that fail.
        times: u32,
    },
}

impl RuntimeFault {
    /// Returns whether the fault applies to a call of this path.
    pub(super) fn applies_to(&self, path: &str) -> bool {
        match self {
            Self::Garbage { times } | Self::Half { times } => {
                *times > 0 && path == "/runtime/invocation/next"
            }
            Self::Kill { times } => *times > 0 && path == "/runtime/invocation/response",
            Self::Reset { times } | Self::Status { times, .. } => *times > 0,
        }
    }

    /// Returns the number of calls that the fault still applies to.
    pub(crate) fn times(&self) -> u32 {
        match self {
            Self::Garbage { times }
            | Self::Half { times }
            | Self::Kill { times }
            | Self::Reset { times }
            | Self::Status { times, .. } => *times,
        }
    }

    /// Uses up one application of the fault.
    pub(super) fn count_down(&mut self) {
        match self {
            Self::Garbage { times }
            | Self::Half { times }
            | Self::Kill { times }
            | Self::Reset { times }
            | Self::Status { times, .. } => {
                *times = times.saturating_sub(1);
            }
        }
    }
}
