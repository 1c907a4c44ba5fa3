//! The report of an invocation: one entry per record, as a log line and in the answer.
//!
//! Entries are plain data in the words of `docs/outcomes.md`. The answer to the platform follows from the entries
//! alone. Log and answer are bounded, whatever the message holds; counts are exact.

mod answer;
mod entry;
mod log;
mod outcomes;

pub(crate) use answer::{RepeatedBy, answer};
pub(crate) use entry::{
    Entry, ImageReport, ManifestReport, Milliseconds, Outcome, Skip, SourceReport, Stored, milliseconds,
    rounded_score,
};
pub(crate) use log::Log;
pub(crate) use outcomes::Outcomes;
