//! Checkpoint: where a run can be resumed, and what it has used.

use std::future::Future;

use serde::{Deserialize, Serialize};

use crate::sync::money::Usage;
use crate::sync::record::tally::Tally;

/// Parts of a run, in their order.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Sources are surveyed and sent.
    #[default]
    Sources,
    /// Thumbnails without source are looked for.
    Orphans,
    /// Nothing is left.
    Done,
}

/// State of a run.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Checkpoint {
    /// Form of this document.
    pub version: u32,
    /// Name of the job; see [`Job::fingerprint`](crate::sync::Job::fingerprint).
    pub job: String,
    /// Time at which the job began, seconds since the epoch. Ages in its selection count back from it.
    #[serde(default)]
    pub began: u64,
    /// Part of the run.
    pub phase: Phase,
    /// Key up to which the part is done.
    pub end: String,
    /// Numbers of sources so far.
    pub tally: Tally,
    /// Use so far. It includes what may have been sent after this was written, so limits hold whenever a driver is killed.
    pub usage: Usage,
}

impl Checkpoint {
    /// Form of the document that this program writes.
    pub const VERSION: u32 = 1;

    /// The beginning of a job.
    #[must_use]
    pub fn start(job: String) -> Self {
        Self { version: Self::VERSION, job, ..Self::default() }
    }

    /// Parses a checkpoint of the job `job`. One that is done is followed by a new beginning.
    ///
    /// # Errors
    /// [`CheckpointError::Unreadable`] and [`CheckpointError::OtherJob`].
    pub fn parse(text: &[u8], name: &str, job: &str) -> Result<Self, CheckpointError> {
        let unreadable = |reason: String| CheckpointError::Unreadable(name.to_owned(), reason);
        let read: Self = serde_json::from_slice(text).map_err(|error| unreadable(error.to_string()))?;
        if read.version != Self::VERSION {
            return Err(unreadable(format!("it has the version {}", read.version)));
        }
        if read.phase == Phase::Done {
            return Ok(Self::start(job.to_owned()));
        }
        if read.job != job {
            return Err(CheckpointError::OtherJob(name.to_owned()));
        }
        Ok(read)
    }

    /// The checkpoint as JSON.
    ///
    /// # Errors
    /// [`CheckpointError::Write`]; no checkpoint causes it.
    pub fn to_json(&self, name: &str) -> Result<Vec<u8>, CheckpointError> {
        serde_json::to_vec_pretty(self)
            .map_err(|error| CheckpointError::Write(name.to_owned(), error.to_string()))
    }
}

/// Place of the checkpoint of a job, which one driver at a time owns.
pub trait Checkpoints {
    /// Writes the checkpoint as a whole, in the place of an older one.
    fn save(&self, checkpoint: &Checkpoint) -> impl Future<Output = Result<(), CheckpointError>>;
}

/// A checkpoint that cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CheckpointError {
    /// Another driver has the lease.
    #[error(
        "another sync runs with the checkpoint {0} ({1}); wait for its end, or name another with --checkpoint"
    )]
    Leased(String, String),
    /// The lease was lost to another driver.
    #[error("another sync took over the checkpoint {0}, because this one was not heard of for too long")]
    LeaseLost(String),
    /// It is of another job.
    #[error(
        "the checkpoint {0} is of a run with other sources, options or thumbnails that has not ended; end that one, delete \
         the checkpoint, or name another with --checkpoint"
    )]
    OtherJob(String),
    /// It cannot be read.
    #[error(
        "the checkpoint {0} cannot be read: {1}; name another with --checkpoint, or delete it to begin anew"
    )]
    Unreadable(String, String),
    /// It cannot be written.
    #[error("the checkpoint {0} cannot be written: {1}; name another with --checkpoint")]
    Write(String, String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_resumed_by_its_own_job_only_and_begins_anew_when_done() {
        let checkpoint = Checkpoint { end: "b".to_owned(), ..Checkpoint::start("one".to_owned()) };
        let text = checkpoint.to_json("c").unwrap();
        assert_eq!(Checkpoint::parse(&text, "c", "one"), Ok(checkpoint.clone()));
        assert_eq!(Checkpoint::parse(&text, "c", "two"), Err(CheckpointError::OtherJob("c".to_owned())));
        assert!(matches!(Checkpoint::parse(b"{", "c", "one"), Err(CheckpointError::Unreadable(..))));
        let done = Checkpoint { phase: Phase::Done, ..checkpoint }.to_json("c").unwrap();
        assert_eq!(Checkpoint::parse(&done, "c", "two"), Ok(Checkpoint::start("two".to_owned())));
        let newer = String::from_utf8(text).unwrap().replace("\"version\": 1", "\"version\": 2");
        assert!(matches!(
            Checkpoint::parse(newer.as_bytes(), "c", "one"),
            Err(CheckpointError::Unreadable(..))
        ));
    }
}
