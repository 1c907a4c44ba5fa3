//! Records of a sync: checkpoint, report and progress.

pub(super) mod checkpoint;
pub(super) mod file;
pub(super) mod object;
pub(super) mod progress;
pub(super) mod report;
pub(super) mod tally;
