//! A visit as it is carried out: the requests behind its steps.

use crate::cos::{BucketLocation, Head};
use crate::error::Error;
use crate::event::{EventKind, Record};
use crate::imaging::Thumbnail;
use crate::pipeline::Pipeline;
use crate::pipeline::memory::MemoryReservation;
use crate::plan::SourceJob;
use crate::reconcile::{
    Action, SeenThumbnail, SourceRequest, SourceState, Visit, VisitEnd, VisitStep, is_stamped,
};
use crate::report::{Entry, Outcome, Skip};

/// Why no thumbnails are made of a source, or not all of them.
pub(super) enum SourceProblem {
    Failed(Error),
    Skip(Skip),
}

/// The thumbnails of a source, the headers it was read with, and the memory they take.
pub(super) struct Rendered<'a> {
    pub(super) head: Head,
    pub(super) _memory: MemoryReservation<'a>,
    /// By number; `None` for those that it cannot be made into.
    pub(super) thumbnails: Vec<Option<Thumbnail>>,
}

impl Pipeline<'_> {
    /// Brings the thumbnails of one source to what its present state asks for, and writes what happened into `entry`,
    /// bit by bit, so that the entry is right wherever a deadline cuts this off.
    ///
    /// # Errors
    /// The first thing that went wrong. The other thumbnails are seen to all the same, and are in `entry`.
    pub async fn visit(
        &self,
        record: &Record,
        job: &SourceJob<'_>,
        entry: &mut Entry,
    ) -> Result<Outcome, Error> {
        VisitRunner::new(self, record, job).run(entry).await
    }
}

/// Who carries a visit out.
pub(super) struct VisitRunner<'a> {
    pub(super) pipeline: &'a Pipeline<'a>,
    pub(super) record: &'a Record,
    pub(super) job: &'a SourceJob<'a>,
    /// Where the source is.
    pub(super) source_location: BucketLocation,
    /// Where its thumbnails are.
    pub(super) target_location: BucketLocation,
    pub(super) visit: Visit,
    /// What speaks against the source as it was seen last.
    pub(super) problem: Option<SourceProblem>,
    pub(super) rendered: Option<Rendered<'a>>,
    /// The first failure of a write that would fail again. The others are carried out and looked after all the same.
    pub(super) failure: Option<Error>,
}

impl<'a> VisitRunner<'a> {
    pub(super) fn new(pipeline: &'a Pipeline<'a>, record: &'a Record, job: &'a SourceJob<'a>) -> Self {
        let nothing_to_read =
            record.kind == EventKind::Removed || record.size == Some(0) || is_stamped(&record.meta);
        let first_request = if nothing_to_read { SourceRequest::Head } else { SourceRequest::Get };
        let hashes = job.targets.iter().map(|target| target.hash.clone()).collect();
        Self {
            pipeline,
            record,
            job,
            source_location: BucketLocation { bucket: record.bucket.clone(), region: record.region.clone() },
            target_location: BucketLocation { bucket: job.bucket.clone(), region: record.region.clone() },
            visit: Visit::new(hashes, pipeline.on_foreign, first_request, record.etag.clone()),
            problem: None,
            rendered: None,
            failure: None,
        }
    }

    pub(super) async fn run(mut self, entry: &mut Entry) -> Result<Outcome, Error> {
        loop {
            match self.visit.step().clone() {
                VisitStep::HeadThumbnails => {
                    let seen = self.head_thumbnails().await?;
                    self.visit.on_thumbnails(seen);
                }
                VisitStep::HeadSource => {
                    let source = self.head_source().await?;
                    self.visit.on_source(source);
                }
                VisitStep::Fetch => {
                    let fetched = self.fetch(entry).await?;
                    self.visit.on_fetched(fetched);
                }
                VisitStep::Write(actions) => {
                    let lost_race = self.write(&actions, entry).await?;
                    self.visit.on_written(lost_race);
                }
                VisitStep::End(VisitEnd::SourceKeepsChanging) => return Err(Error::SourceKeepsChanging),
                VisitStep::End(VisitEnd::Converged) => return self.outcome(entry),
            }
        }
    }

    pub(super) fn count_kept(&self, entry: &mut Entry) {
        let is_stored = |key: &str| entry.thumbnails.iter().any(|stored| stored.key == key);
        let states = self.visit.actions().into_iter().zip(self.visit.seen()).zip(&self.job.targets);
        let kept = states.filter(|((action, seen), target)| {
            *action == Action::Keep
                && matches!(seen, SeenThumbnail::Ours { .. })
                && !is_stored(target.key.as_str())
        });
        entry.kept = kept.count();
    }

    /// What a settled visit comes to.
    fn outcome(self, entry: &mut Entry) -> Result<Outcome, Error> {
        self.count_kept(entry);
        let states = self.visit.actions().into_iter().zip(self.visit.seen()).zip(&self.job.targets);
        let mut taken = None;
        for ((action, seen), target) in states {
            let key = target.key.to_string();
            match (action, seen) {
                (Action::Leave, _) => {
                    entry.thumbnails.retain(|stored| stored.key != key);
                    entry.foreign.push(key);
                }
                (Action::Refuse, SeenThumbnail::OfAnother(owner)) => {
                    entry.thumbnails.retain(|stored| stored.key != key);
                    taken = taken.or(Some(Error::KeyTaken { key, owner: owner.clone() }));
                }
                (Action::Keep | Action::Make | Action::Refuse | Action::Remove, _) => {}
            }
        }
        if let Some(failure) = self.failure.or(taken) {
            return Err(failure);
        }
        match self.problem {
            Some(SourceProblem::Failed(error)) => return Err(error),
            Some(SourceProblem::Skip(skip)) if entry.removed.is_empty() => return Ok(skip.into()),
            Some(SourceProblem::Skip(_)) | None => {}
        }
        Ok(if !entry.thumbnails.is_empty() {
            Outcome::Stored
        } else if !entry.removed.is_empty() {
            Outcome::Removed
        } else if self.visit.source() == Some(&SourceState::Gone) {
            Skip::SourceGone.into()
        } else if entry.kept == 0 && !entry.foreign.is_empty() {
            Skip::Foreign.into()
        } else {
            Outcome::Unchanged
        })
    }
}
