//! Execution of a visit: each step becomes requests, and their results go back to the visit.
//!
//! [`Visit`] decides the steps. The entry of the log is updated after every change, so it is right wherever a
//! deadline cuts the visit off.

use crate::cos;
use crate::cos::{BucketLocation, Download, Head};
use crate::error::Error;
use crate::event::{EventKind, Record, SYNC_UNVERIFIED};
use crate::imaging::{DraftThumbnail, Thumbnail};
use crate::pipeline::Pipeline;
use crate::pipeline::memory::MemoryReservation;
use crate::pipeline::stored_facts::StoredFacts;
use crate::plan::SourceJob;
use crate::reconcile::{Action, SeenThumbnail, SourceState, Visit, VisitEnd, VisitStep, is_stamped};
use crate::report::{Entry, Outcome, Skip};

/// First request of a source.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum FirstRequest {
    /// GET: there probably is a source, and thumbnails are to be made of it.
    Get,
    /// HEAD: there probably is nothing to read.
    Head,
}

/// Answer to GET of a source.
#[derive(Debug)]
pub(super) enum OpenSource<'a> {
    /// COS refuses to read it, by this error, until it is restored. Its headers can be read.
    Archived(cos::Error, Head),
    /// The download, and the memory for its body.
    Download(Box<Download>, MemoryReservation<'a>),
    /// No object.
    Missing,
}

impl OpenSource<'_> {
    pub(super) fn head(&self) -> Option<&Head> {
        match self {
            Self::Archived(_, head) => Some(head),
            Self::Download(download, _) => Some(&download.head),
            Self::Missing => None,
        }
    }
}

/// Reason why some or all thumbnails of a source cannot be made.
pub(super) enum SourceProblem {
    Failed(Error),
    Skip(Skip),
}

/// Thumbnails of a source, the headers it was read with, and the memory they occupy.
pub(super) struct Rendered<'a> {
    pub(super) head: Head,
    pub(super) _memory: MemoryReservation<'a>,
    /// By number; `None` for a thumbnail that cannot be made of this source.
    pub(super) thumbnails: Vec<Option<DraftThumbnail>>,
}

impl Rendered<'_> {
    /// Returns a thumbnail; `None` if it is not encoded.
    pub(super) fn encoded(&self, number: usize) -> Option<&Thumbnail> {
        match self.thumbnails.get(number)? {
            Some(DraftThumbnail::Encoded(thumbnail)) => Some(thumbnail),
            Some(DraftThumbnail::Drawn(_)) | None => None,
        }
    }
}

impl Pipeline<'_> {
    /// Brings the thumbnails of one source up to date with its present state. It keeps `entry` up to date at
    /// every step, so that a deadline can cut it off anywhere.
    ///
    /// # Errors
    /// The first failure. The other thumbnails are processed nevertheless, and are in `entry`.
    pub(crate) async fn visit(
        &self,
        record: &Record,
        job: &SourceJob<'_>,
        entry: &mut Entry,
    ) -> Result<Outcome, Error> {
        VisitRunner::new(self, record, job).run(entry).await
    }
}

/// State of a visit that is being executed.
pub(super) struct VisitRunner<'a> {
    pub(super) pipeline: &'a Pipeline<'a>,
    pub(super) record: &'a Record,
    pub(super) job: &'a SourceJob<'a>,
    /// Bucket of the source.
    pub(super) source_location: BucketLocation,
    /// Bucket of the thumbnails.
    pub(super) target_location: BucketLocation,
    pub(super) visit: Visit,
    pub(super) first_request: FirstRequest,
    /// Source whose body has not been read yet.
    pub(super) open: Option<OpenSource<'a>>,
    /// Problem of the source in its present state.
    pub(super) problem: Option<SourceProblem>,
    pub(super) rendered: Option<Rendered<'a>>,
    /// By number, what a manifest tells of the thumbnails that are stored; `None` where that is not known.
    pub(super) stored: Vec<Option<StoredFacts>>,
    /// First permanent failure of a write. The other writes and the final check are carried out nevertheless.
    pub(super) failure: Option<Error>,
    /// Refusal of a write in this round, because another writer was first.
    pub(super) lost_race: Option<cos::Error>,
}

impl<'a> VisitRunner<'a> {
    pub(super) fn new(pipeline: &'a Pipeline<'a>, record: &'a Record, job: &'a SourceJob<'a>) -> Self {
        let has_nothing_to_read =
            record.kind == EventKind::Removed || record.size == Some(0) || is_stamped(&record.meta);
        let may_be_current = record.name == SYNC_UNVERIFIED || pipeline.recent.contains(record);
        let first_request =
            if has_nothing_to_read || may_be_current { FirstRequest::Head } else { FirstRequest::Get };
        let hashes = job.targets.iter().map(|target| target.hash.clone()).collect();
        let visit = Visit::new(hashes, pipeline.on_foreign);
        let visit = match &job.manifest {
            Some(manifest) => visit.with_manifest(manifest.hash.clone()),
            None => visit,
        };
        Self {
            pipeline,
            record,
            job,
            source_location: BucketLocation { bucket: record.bucket.clone(), region: record.region.clone() },
            target_location: BucketLocation { bucket: job.bucket.clone(), region: record.region.clone() },
            visit,
            first_request,
            open: None,
            problem: None,
            rendered: None,
            stored: Vec::new(),
            failure: None,
            lost_race: None,
        }
    }

    pub(super) async fn run(mut self, entry: &mut Entry) -> Result<Outcome, Error> {
        loop {
            let step = self.visit.step().clone();
            // What the first look has opened is read by `Fetch`, or not at all.
            if !matches!(step, VisitStep::Fetch | VisitStep::WithdrawManifest) {
                self.close_source().await;
            }
            match step {
                VisitStep::FirstLook => {
                    let (source, (seen, manifest)) = self.first_look().await?;
                    self.visit.on_first_look(source, seen, manifest);
                }
                VisitStep::HeadThumbnails => {
                    self.lost_race = None;
                    let heads = self.head_targets().await?;
                    let (seen, manifest) = self.take_heads(heads);
                    self.visit.on_thumbnails(seen, manifest);
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
                    let written = self.write(&actions, entry).await?;
                    self.visit.on_written(written);
                }
                VisitStep::WithdrawManifest => {
                    self.withdraw_manifest(entry).await?;
                    self.visit.on_manifest_withdrawn();
                }
                VisitStep::StoreManifest => {
                    let lost_race = self.store_manifest(entry).await?;
                    self.visit.on_manifest_stored(lost_race);
                }
                VisitStep::End(VisitEnd::NotConverged) => {
                    return Err(self.lost_race.map_or(Error::NotConverged, Error::Cos));
                }
                VisitStep::End(VisitEnd::Converged) => {
                    let (recent, record) = (self.pipeline.recent, self.record);
                    let outcome = self.outcome(entry)?;
                    if matches!(outcome, Outcome::Stored | Outcome::Unchanged) {
                        recent.insert(record);
                    }
                    return Ok(outcome);
                }
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

    /// Derives the outcome of a visit that has converged.
    fn outcome(self, entry: &mut Entry) -> Result<Outcome, Error> {
        self.count_kept(entry);
        let states = self.visit.actions().into_iter().zip(self.visit.seen()).zip(&self.job.targets);
        let mut taken = None;
        let manifest = self.job.manifest.as_ref().map(|target| &target.key).zip(self.visit.seen_manifest());
        let manifest = manifest.map(|(key, seen)| ((self.visit.manifest_action(), seen), key));
        let states = states.map(|(state, target)| (state, &target.key)).chain(manifest);
        for ((action, seen), key) in states {
            let key = key.as_str().to_owned();
            match (action, seen) {
                (Action::Leave, _) => {
                    entry.not_stored(&key);
                    entry.foreign.push(key);
                }
                (Action::Refuse, SeenThumbnail::OfAnother(owner)) => {
                    entry.not_stored(&key);
                    taken = taken.or(Some(Error::KeyTaken { key, owner: owner.clone() }));
                }
                (Action::Keep | Action::Make | Action::Refuse | Action::Remove, _) => {}
            }
        }
        self.report_withheld_manifest(entry);
        if let Some(failure) = self.failure.or(taken) {
            return Err(failure);
        }
        match self.problem {
            Some(SourceProblem::Failed(error)) => return Err(error),
            Some(SourceProblem::Skip(skip)) if entry.removed.is_empty() => return Ok(skip.into()),
            Some(SourceProblem::Skip(_)) | None => {}
        }
        Ok(if !entry.thumbnails.is_empty() || entry.has_stored_manifest() {
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
