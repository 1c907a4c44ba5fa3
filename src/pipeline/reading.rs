//! What a visitor reads: the headers of thumbnails and source, and the source itself.

use std::time::{Duration, UNIX_EPOCH};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::cos::{Download, Head, MissingResource};
use crate::error::{Disposition, Error};
use crate::event::EventKind;
use crate::imaging::Thumbnail;
use crate::object::ETag;
use crate::pipeline::memory::MemoryReservation;
use crate::pipeline::rendering::RenderedSource;
use crate::pipeline::visit_runner::{Rendered, SourceProblem, VisitRunner};
use crate::plan::Target;
use crate::reconcile::{FetchOutcome, SeenThumbnail, SourceState, Stamp, is_stamped};
use crate::report::{Entry, Skip};
use crate::{cos, imaging};

/// Pauses after which a source is looked for again that is not there, or not as new as the event says: COS promises no
/// read after write in so many words, and the event may be faster than the object (436 FAQ).
const STALE_DELAYS: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];

/// Times a source that changes while it is read is begun again.
const RESTARTS: u32 = 3;

/// Thumbnails looked at side by side: as many as connections are kept.
const PARALLEL_HEADS: usize = 2;

impl<'a> VisitRunner<'a> {
    pub(super) async fn head_thumbnails(&self) -> Result<Vec<SeenThumbnail>, Error> {
        let heads = self.job.targets.iter().map(|target| self.head_thumbnail(target));
        stream::iter(heads).buffered(PARALLEL_HEADS).try_collect().await
    }

    async fn head_thumbnail(&self, target: &Target<'_>) -> Result<SeenThumbnail, Error> {
        let Some(head) =
            none_if_missing(self.pipeline.session.head(&self.target_location, &target.key, None).await)?
        else {
            return Ok(SeenThumbnail::Absent);
        };
        Ok(match Stamp::read(&head.meta) {
            None => SeenThumbnail::Foreign,
            Some(stamp) if stamp.source == self.job.source => {
                SeenThumbnail::Ours { etag: stamp.etag, recipe: stamp.recipe }
            }
            Some(stamp) => SeenThumbnail::OfAnother(stamp.source),
        })
    }

    pub(super) async fn head_source(&mut self) -> Result<SourceState, Error> {
        let mut delays = self.stale_delays();
        loop {
            let head = self.head_source_once().await?;
            match (self.is_stale(head.as_ref()), delays.next()) {
                (true, Some(delay)) => tokio::time::sleep(delay).await,
                (true, None) | (false, _) => return self.source_state(head.as_ref()),
            }
        }
    }

    async fn head_source_once(&self) -> Result<Option<Head>, Error> {
        none_if_missing(self.pipeline.session.head(&self.source_location, &self.record.key, None).await)
    }

    /// What the headers of the source make of it. What was found against this content before stays.
    fn source_state(&mut self, head: Option<&Head>) -> Result<SourceState, Error> {
        let etag = head.map(|head| self.etag_of(head)).transpose()?;
        if self.visit.source().is_none_or(|source| source.etag() != etag.as_ref()) {
            self.problem = None;
        }
        let (Some(head), Some(etag)) = (head, etag) else { return Ok(SourceState::Gone) };
        let skip = if is_stamped(&head.meta) {
            Skip::OwnThumbnail
        } else if head.length == 0 {
            Skip::Empty
        } else {
            return Ok(SourceState::Image(etag));
        };
        self.problem.get_or_insert(SourceProblem::Skip(skip));
        Ok(SourceState::NotAnImage(etag))
    }

    fn etag_of(&self, head: &Head) -> Result<ETag, Error> {
        let no_etag = || Error::NoETag(format!("{}/{}", self.record.bucket, self.record.key));
        head.etag.clone().ok_or_else(no_etag)
    }

    /// The first look at a source is a patient one.
    fn stale_delays(&self) -> std::vec::IntoIter<Duration> {
        let delays = if self.visit.source().is_none() { STALE_DELAYS.to_vec() } else { Vec::new() };
        delays.into_iter()
    }

    /// Whether the source is older than what the event says of it. A removed version, and the one that it uncovers, may
    /// be of any age.
    fn is_stale(&self, head: Option<&Head>) -> bool {
        let Some(head) = head else { return self.record.kind == EventKind::Created };
        let time = self.record.time.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
        let is_older = matches!((head.last_modified, time), (Some(stored), Some(time)) if stored < time);
        match self.record.kind {
            EventKind::Created => is_older && self.record.etag.is_some() && self.record.etag != head.etag,
            EventKind::Removed => is_older && head.version.is_none(),
            EventKind::Other | EventKind::RestoreStarted | EventKind::Restored => false,
        }
    }

    /// Reads the source and makes its thumbnails.
    pub(super) async fn fetch(&mut self, entry: &mut Entry) -> Result<FetchOutcome, Error> {
        let mut restarts = 0;
        let mut needs_all_memory = false;
        loop {
            self.problem = None;
            self.rendered = None;
            let memory = &self.pipeline.memory;
            let held = if needs_all_memory { memory.all().await } else { memory.share().await };
            let Some(memory) = held else { return Err(imaging::Error::Cancelled.into()) };
            let Some(download) = self.open_source().await? else {
                return Ok(FetchOutcome { source: self.unreadable_source().await?, impossible: Vec::new() });
            };
            let source = self.source_state(Some(&download.head))?;
            let etag = match &source {
                SourceState::Image(etag) if self.visit.needs_fetch(&source) => etag.clone(),
                SourceState::NotAnImage(_) | SourceState::Gone | SourceState::Image(_) => {
                    return Ok(FetchOutcome { source, impossible: Vec::new() });
                }
            };
            let made = self.pipeline.render(self.record, self.job, download, memory.bytes(), entry).await;
            match made {
                Err(Error::Cos(cos::Error::Changed(_))) if restarts < RESTARTS => restarts += 1,
                made if !memory.is_all() && lacks_memory(&made) => needs_all_memory = true,
                Err(error) if is_fault_of_source(&error) => {
                    self.problem = Some(SourceProblem::Failed(error));
                    return Ok(FetchOutcome {
                        source: SourceState::NotAnImage(etag),
                        impossible: Vec::new(),
                    });
                }
                made => {
                    let impossible = self.take_thumbnails(made?, memory)?;
                    return Ok(FetchOutcome { source: SourceState::Image(etag), impossible });
                }
            }
        }
    }

    /// Opens the source; `None` when it is not there or archived.
    async fn open_source(&mut self) -> Result<Option<Download>, Error> {
        let mut delays = self.stale_delays();
        loop {
            let download =
                match self.pipeline.session.get(&self.source_location, &self.record.key, None).await {
                    Err(archived @ cos::Error::Archived(_)) => {
                        self.problem = Some(SourceProblem::Failed(archived.into()));
                        return Ok(None);
                    }
                    result => none_if_missing(result)?,
                };
            match (self.is_stale(download.as_ref().map(|download| &download.head)), delays.next()) {
                (true, Some(delay)) => tokio::time::sleep(delay).await,
                (true, None) | (false, _) => return Ok(download),
            }
        }
    }

    /// What a source is that cannot be read. The refusal to read an archived one does not name its content.
    async fn unreadable_source(&mut self) -> Result<SourceState, Error> {
        if self.problem.is_none() {
            return Ok(SourceState::Gone);
        }
        let Some(head) = self.head_source_once().await? else {
            self.problem = None;
            return Ok(SourceState::Gone);
        };
        Ok(SourceState::NotAnImage(self.etag_of(&head)?))
    }

    /// Takes the thumbnails over. Which of them this picture cannot be made into.
    ///
    /// # Errors
    /// When one was not made for another reason.
    fn take_thumbnails(
        &mut self,
        made: RenderedSource,
        mut memory: MemoryReservation<'a>,
    ) -> Result<Vec<usize>, Error> {
        let (mut thumbnails, mut impossible) = (Vec::new(), Vec::new());
        for (number, thumbnail) in made.rendering.thumbnails.into_iter().enumerate() {
            let error = match thumbnail {
                Ok(thumbnail) => {
                    thumbnails.push(Some(thumbnail));
                    continue;
                }
                Err(error) => Error::from(error),
            };
            if error.disposition() != Disposition::Permanent {
                return Err(error);
            }
            thumbnails.push(None);
            impossible.push(number);
            self.problem.get_or_insert(SourceProblem::Failed(error));
        }
        let bytes = thumbnails.iter().flatten().map(|thumbnail: &Thumbnail| thumbnail.bytes.len());
        memory.shrink_to(u64::try_from(bytes.sum::<usize>()).unwrap_or(u64::MAX));
        self.rendered = Some(Rendered { head: made.head, _memory: memory, thumbnails });
        Ok(impossible)
    }
}

/// Whether more memory might have made a difference.
fn lacks_memory(made: &Result<RenderedSource, Error>) -> bool {
    match made {
        Ok(made) => {
            let lacking = |made: &Result<_, _>| matches!(made, Err(imaging::Error::TooMuchMemory { .. }));
            made.rendering.thumbnails.iter().any(lacking)
        }
        Err(error) => matches!(error, Error::Imaging(imaging::Error::TooMuchMemory { .. })),
    }
}

/// Whether the content of the source is at fault, in our eyes or those of Cloud Infinite.
fn is_fault_of_source(error: &Error) -> bool {
    match error {
        Error::Imaging(_) => error.disposition() == Disposition::Permanent,
        Error::Cos(cos::Error::Refused(refusal)) => refusal.operation.process.is_some(),
        _ => false,
    }
}

/// An answer about an object that may not be there.
fn none_if_missing<T>(result: Result<T, cos::Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(cos::Error::NotFound {
            missing: MissingResource::Deleted | MissingResource::Object | MissingResource::Version,
            ..
        }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
