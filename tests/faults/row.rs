//! Rows of the table: a fault, and the outcome that it must give.

use std::time::Duration;

use scf_local::{Fault, FaultKind, RuntimeFault};

use crate::setup::Options;

/// Part of the table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Group {
    Cos,
    Connection,
    Runtime,
    Process,
    Input,
}

impl Group {
    pub fn name(self) -> &'static str {
        match self {
            Self::Cos => "answers of COS",
            Self::Connection => "connection to COS",
            Self::Runtime => "runtime API",
            Self::Process => "process",
            Self::Input => "input",
        }
    }
}

/// Change of the source that the event is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Change {
    /// It is new, and the user has stored another object under the key of its thumbnail.
    Foreign,
    /// It is removed, and has a thumbnail.
    Removal,
    /// It replaces another image, which has a thumbnail.
    Replacement,
    /// It is new.
    Upload,
}

/// One fault and its outcome.
pub struct Row {
    pub group: Group,
    pub change: Change,
    /// The fault in words.
    pub fault: String,
    pub injection: Injection,
    pub options: Options,
    pub expected: Expected,
}

impl Row {
    pub fn new(group: Group, fault: impl Into<String>, injection: Injection, expected: Expected) -> Self {
        let (fault, change) = (fault.into(), Change::Upload);
        Self { group, change, fault, injection, options: Options::default(), expected }
    }

    /// Makes the event one of another change.
    pub fn change(self, change: Change) -> Self {
        Self { change, ..self }
    }

    pub fn options(self, options: Options) -> Self {
        Self { options, ..self }
    }

    /// Gives the function this time limit.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.options.time_limit = limit;
        self
    }

    /// True if the fault is over after one delivery, so that the next one must be stored.
    pub fn is_passing(&self) -> bool {
        self.group != Group::Input && self.change != Change::Foreign
    }

    /// The outcome in words, and that of the next delivery.
    pub fn outcome(&self) -> String {
        let done = if self.change == Change::Removal { "removed" } else { "stored" };
        let next = match self.expected {
            _ if !self.is_passing() => String::new(),
            Expected::Removed | Expected::Stored => String::new(),
            Expected::Permanent(_) | Expected::Skipped(_) => format!("; sent again: {done}"),
            Expected::Ended | Expected::Fatal(_) | Expected::NotStarted => format!("; new process: {done}"),
            Expected::Mistake | Expected::Transient(_) => format!("; retry: {done}"),
            Expected::StoredStale => "; next delivery: stored, of the last one".to_owned(),
        };
        self.expected.words() + &next
    }
}

/// Way in which a fault is brought about.
pub enum Injection {
    /// Requests to COS fail.
    Cos(Vec<Fault>),
    /// The message itself is the fault.
    Message(String),
    /// Calls of the runtime API fail.
    Runtime(RuntimeFault),
    /// The runtime API is gone for this time.
    RuntimeOutage(Duration),
    /// The options of the row are the fault.
    Setup,
    /// The process gets signals once COS has received a request, which it holds.
    Signal { names: &'static [&'static str], request: Request, held: FaultKind },
    /// The source itself is the fault.
    Source(Vec<u8>),
    /// The source is the newer of two versions, and requests to COS fail.
    Stale(Vec<Fault>),
    /// Until the first delivery is over, processes start after these commands of a shell. If a file is named, it exists
    /// once the fault has happened.
    Start { commands: String, evidence: Option<&'static str> },
}

/// The request to a bucket that is the first with its method, or a later one, counted from 1.
#[derive(Clone, Copy)]
pub struct Request {
    pub method: &'static str,
    pub bucket: &'static str,
    pub number: usize,
}

/// Outcome of the delivery that meets a fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Expected {
    Ended,
    Fatal(&'static str),
    Mistake,
    NotStarted,
    Permanent(&'static str),
    Removed,
    Skipped(&'static str),
    Stored,
    /// Stored, but of an older object, which COS returned to the end (docs/guarantees.md, assumption 2).
    StoredStale,
    Transient(&'static str),
}

impl Expected {
    /// The outcome in the words of [`crate::trial::observed`].
    pub fn words(self) -> String {
        match self {
            Self::Ended => "the process ends".to_owned(),
            Self::Fatal(code) => format!("fatal, `{code}`"),
            Self::Mistake => "an error that names the mistake".to_owned(),
            Self::NotStarted => "the process does not start".to_owned(),
            Self::Permanent(code) => format!("permanent, `{code}`"),
            Self::Removed => "removed".to_owned(),
            Self::Skipped(code) => format!("skipped, `{code}`"),
            Self::Stored => "stored".to_owned(),
            Self::StoredStale => "stored, of the object that COS returned".to_owned(),
            Self::Transient(code) => format!("transient, `{code}`"),
        }
    }

    /// True if the process that had the fault must serve the next event as well.
    pub fn keeps_process(self) -> bool {
        match self {
            Self::Mistake
            | Self::Permanent(_)
            | Self::Removed
            | Self::Skipped(_)
            | Self::Stored
            | Self::StoredStale
            | Self::Transient(_) => true,
            Self::Ended | Self::Fatal(_) | Self::NotStarted => false,
        }
    }

    pub fn agrees_with(self, observed: &str) -> bool {
        match self {
            Self::StoredStale => observed == "stored",
            expected => expected.words() == observed,
        }
    }
}
