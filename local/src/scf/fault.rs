//! Faults of the runtime API.

/// Something wrong with the runtime API itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RuntimeFault {
    /// `next` answers 200 with a body that is not JSON and without headers.
    Garbage {
        /// How many times.
        times: u32,
    },
    /// Any call's connection is closed without an answer.
    Reset {
        /// How many times.
        times: u32,
    },
    /// Any call is answered with this status.
    Status {
        /// HTTP status.
        status: u16,
        /// How many times.
        times: u32,
    },
}

impl RuntimeFault {
    pub(super) fn applies_to(&self, path: &str) -> bool {
        match self {
            Self::Garbage { times } => *times > 0 && path == "/runtime/invocation/next",
            Self::Reset { times } | Self::Status { times, .. } => *times > 0,
        }
    }

    pub(super) fn count_down(&mut self) {
        match self {
            Self::Garbage { times } | Self::Reset { times } | Self::Status { times, .. } => {
                *times = times.saturating_sub(1);
            }
        }
    }
}
