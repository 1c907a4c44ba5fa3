//! Requests of a visit that read: HEAD of thumbnails and source, GET of the source.
//!
//! A visit asks for the thumbnails and for the source at the same time. If the source is to be read, its body already
//! comes while the headers of the thumbnails are waited for.
//!
//! A source may be missing or stale right after its event, and it may change while it is read. Both are
//! retried here, within fixed limits.

use std::time::{Duration, UNIX_EPOCH};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::cos::{Head, MissingResource};
use crate::error::{Disposition, Error};
use crate::event::EventKind;
use crate::imaging::DraftThumbnail;
use crate::object::{ContentId, Key};
use crate::pipeline::memory::MemoryReservation;
use crate::pipeline::rendering::RenderedSource;
use crate::pipeline::stored_facts::StoredFacts;
use crate::pipeline::visit_runner::{FirstRequest, OpenSource, Rendered, SourceProblem, VisitRunner};
use crate::reconcile::{FetchOutcome, SeenThumbnail, SourceState, is_stamped};
use crate::report::{Entry, Milliseconds, Skip};
use crate::{cos, imaging};

/// Delays before a missing or stale source is requested again. COS does not promise read after write in so
/// many words, and the event may arrive before the object (436 FAQ).
const STALE_DELAYS: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];

/// Most restarts of a source that changes while it is read, or arrives damaged.
const RESTARTS: u32 = 3;

/// HEAD requests of thumbnails in flight: one for each kept connection.
const PARALLEL_HEADS: usize = 2;

impl<'a> VisitRunner<'a> {
    /// Requests the source and the headers of its thumbnails at the same time. If both fail, the error is that of the
    /// thumbnails, whichever failed first.
    pub(super) async fn first_look(
        &mut self,
    ) -> Result<(SourceState, (Vec<SeenThumbnail>, SeenThumbnail)), Error> {
        let (heads, source) = match self.first_request {
            FirstRequest::Head => {
                let (heads, head) = tokio::join!(self.head_targets(), self.head_source_when_stored());
                (heads?, self.source_state(head?.as_ref())?)
            }
            FirstRequest::Get => {
                let (heads, open) = tokio::join!(self.head_targets(), self.open_source(false));
                let (heads, open) = (heads?, open?);
                let source = self.source_state(open.head())?;
                self.open = Some(open);
                (heads, source)
            }
        };
        Ok((source, self.take_heads(heads)))
    }

    /// Requests the headers of all thumbnails and of the manifest, if the rule has one.
    pub(super) async fn head_targets(&self) -> Result<Vec<Option<Head>>, Error> {
        let job = self.job;
        let keys = job.targets.iter().map(|target| &target.key);
        let keys = keys.chain(job.manifest.as_ref().map(|manifest| &manifest.key));
        let heads = keys.map(|key| self.head_target(key));
        stream::iter(heads).buffered(PARALLEL_HEADS).try_collect().await
    }

    /// Keeps what the headers tell of the thumbnails. Returns what is under their keys, and under that of the manifest.
    pub(super) fn take_heads(&mut self, mut heads: Vec<Option<Head>>) -> (Vec<SeenThumbnail>, SeenThumbnail) {
        let job = self.job;
        let manifest = heads.split_off(job.targets.len().min(heads.len())).pop().flatten();
        self.stored = heads.iter().map(|head| head.as_ref().map(StoredFacts::of_head)).collect();
        let seen = |head: &Option<Head>| {
            head.as_ref().map_or(SeenThumbnail::Absent, |head| SeenThumbnail::of(&head.meta, &job.source))
        };
        (heads.iter().map(seen).collect(), self.seen_manifest(manifest.as_ref()))
    }

    async fn head_target(&self, key: &Key) -> Result<Option<Head>, Error> {
        none_if_missing(self.pipeline.session.head(&self.target_location, key, None).await)
    }

    /// Requests the headers of the source.
    pub(super) async fn head_source(&mut self) -> Result<SourceState, Error> {
        let head = self.head_source_once().await?;
        self.source_state(head.as_ref())
    }

    /// Requests the headers of the source, and once more after each delay while it is missing or stale.
    async fn head_source_when_stored(&self) -> Result<Option<Head>, Error> {
        let mut delays = STALE_DELAYS.into_iter();
        loop {
            let head = self.head_source_once().await?;
            match (self.is_stale(head.as_ref()), delays.next()) {
                (true, Some(delay)) => tokio::time::sleep(delay).await,
                (true, None) | (false, _) => return Ok(head),
            }
        }
    }

    async fn head_source_once(&self) -> Result<Option<Head>, Error> {
        none_if_missing(self.pipeline.session.head(&self.source_location, &self.record.key, None).await)
    }

    /// Derives the state of the source from its headers. A problem found earlier stays as long as the content
    /// is the same.
    fn source_state(&mut self, head: Option<&Head>) -> Result<SourceState, Error> {
        let content = head.map(|head| self.content_of(head)).transpose()?;
        let known = self.visit.source().and_then(SourceState::content);
        if !known.zip(content.as_ref()).is_some_and(|(known, now)| known.agrees_with(now)) {
            self.problem = None;
        }
        let (Some(head), Some(content)) = (head, content) else { return Ok(SourceState::Gone) };
        let skip = if is_stamped(&head.meta) {
            Skip::OwnThumbnail
        } else if head.length == 0 {
            Skip::Empty
        } else {
            return Ok(SourceState::Image(content));
        };
        self.problem.get_or_insert(SourceProblem::Skip(skip));
        Ok(SourceState::NotAnImage(content))
    }

    fn content_of(&self, head: &Head) -> Result<ContentId, Error> {
        let no_etag = || Error::NoETag(format!("{}/{}", self.record.bucket, self.record.key));
        head.content().ok_or_else(no_etag)
    }

    /// Returns `true` if the source is older than its event. A removed version, and the version below it, may
    /// be of any age.
    fn is_stale(&self, head: Option<&Head>) -> bool {
        let Some(head) = head else { return self.record.kind == EventKind::Created };
        let time = self.record.time.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
        let is_older = matches!((head.last_modified, time), (Some(stored), Some(time)) if stored < time);
        match self.record.kind {
            EventKind::Created => {
                let named = self.record.content();
                is_older
                    && named.is_some_and(|named| !head.content().is_some_and(|now| now.agrees_with(&named)))
            }
            EventKind::Removed => is_older && head.version.is_none(),
            EventKind::Other | EventKind::RestoreStarted | EventKind::Restored => false,
        }
    }

    /// Downloads the source and renders its thumbnails.
    pub(super) async fn fetch(&mut self, entry: &mut Entry) -> Result<FetchOutcome, Error> {
        let mut restarts = 0;
        let mut needs_all_memory = false;
        loop {
            self.problem = None;
            self.rendered = None;
            let open = match self.open.take() {
                Some(open) => open,
                None => self.open_source(needs_all_memory).await?,
            };
            let source = self.source_state(open.head())?;
            let (download, mut memory) = match open {
                OpenSource::Download(download, memory) => (*download, memory),
                OpenSource::Missing => return Ok(FetchOutcome { source, impossible: Vec::new() }),
                OpenSource::Archived(error, head) => {
                    self.problem = Some(SourceProblem::Failed(error.into()));
                    let source = SourceState::NotAnImage(self.content_of(&head)?);
                    return Ok(FetchOutcome { source, impossible: Vec::new() });
                }
            };
            let content = match &source {
                SourceState::Image(content) if self.visit.needs_fetch(&source) => content.clone(),
                SourceState::NotAnImage(_) | SourceState::Gone | SourceState::Image(_) => {
                    return Ok(FetchOutcome { source, impossible: Vec::new() });
                }
            };
            let made = self.pipeline.render(self.record, self.job, download, &mut memory, entry).await;
            match made {
                Err(Error::Cos(cos::Error::Changed(_) | cos::Error::Corrupted(_))) if restarts < RESTARTS => {
                    restarts += 1;
                }
                made if !memory.is_all() && lacks_memory(&made) => needs_all_memory = true,
                Err(error) if is_fault_of_source(&error) => {
                    self.problem = Some(SourceProblem::Failed(error));
                    return Ok(FetchOutcome {
                        source: SourceState::NotAnImage(content),
                        impossible: Vec::new(),
                    });
                }
                made => {
                    let impossible = self.take_thumbnails(made?, memory, &entry.ms)?;
                    return Ok(FetchOutcome { source: SourceState::Image(content), impossible });
                }
            }
        }
    }

    /// Waits for the memory of the body, or for all of the memory, and starts the download of the source. The first download
    /// of a visit is started once more after each delay while the source is missing or stale.
    async fn open_source(&self, needs_all_memory: bool) -> Result<OpenSource<'a>, Error> {
        let memory = &self.pipeline.memory;
        let held = if needs_all_memory { memory.all().await } else { memory.for_body().await };
        let Some(memory) = held else { return Err(imaging::Error::Cancelled.into()) };
        let is_first = self.visit.source().is_none();
        let mut delays = STALE_DELAYS.into_iter().filter(|_| is_first);
        loop {
            let answer = self.pipeline.session.get(&self.source_location, &self.record.key, None).await;
            if let Err(archived @ cos::Error::Archived(_)) = answer {
                return self.open_archived(archived).await;
            }
            let download = none_if_missing(answer)?;
            match (self.is_stale(download.as_ref().map(|download| &download.head)), delays.next()) {
                (true, Some(delay)) => tokio::time::sleep(delay).await,
                (true, None) | (false, _) => {
                    let open = |download| OpenSource::Download(Box::new(download), memory);
                    return Ok(download.map_or(OpenSource::Missing, open));
                }
            }
        }
    }

    /// Requests the headers of an archived source, which COS does not name when it refuses to read it.
    async fn open_archived(&self, archived: cos::Error) -> Result<OpenSource<'a>, Error> {
        let head = self.head_source_once().await?;
        Ok(head.map_or(OpenSource::Missing, |head| OpenSource::Archived(archived, head)))
    }

    /// Abandons a download that is not needed, because all thumbnails turned out to be current.
    pub(super) async fn close_source(&mut self) {
        if let Some(OpenSource::Download(mut download, _)) = self.open.take() {
            download.drain().await;
        }
    }

    /// Keeps the thumbnails for the upload. Returns the numbers of those that this source cannot be made
    /// into.
    ///
    /// # Errors
    /// The first error that a retry may cure.
    fn take_thumbnails(
        &mut self,
        made: RenderedSource,
        mut memory: MemoryReservation<'a>,
        ms: &Milliseconds,
    ) -> Result<Vec<usize>, Error> {
        let (mut thumbnails, mut impossible) = (Vec::new(), Vec::new());
        let (mut held_bytes, mut encoding_bytes) = (0_u64, 0_u64);
        for (number, thumbnail) in made.draft.thumbnails.into_iter().enumerate() {
            let made = thumbnail.map_err(Error::from).and_then(|thumbnail| {
                match &thumbnail {
                    DraftThumbnail::Drawn(drawn) => {
                        self.check_time(drawn, ms)?;
                        held_bytes = held_bytes.saturating_add(drawn.held_bytes());
                        encoding_bytes = encoding_bytes.max(drawn.encoding_bytes());
                    }
                    DraftThumbnail::Encoded(encoded) => {
                        let bytes = u64::try_from(encoded.bytes.len()).unwrap_or(u64::MAX);
                        held_bytes = held_bytes.saturating_add(bytes);
                    }
                }
                Ok(thumbnail)
            });
            let error = match made {
                Ok(thumbnail) => {
                    thumbnails.push(Some(thumbnail));
                    continue;
                }
                Err(error) => error,
            };
            if error.disposition() != Disposition::Permanent {
                return Err(error);
            }
            thumbnails.push(None);
            impossible.push(number);
            self.problem.get_or_insert(SourceProblem::Failed(error));
        }
        memory.shrink_to(held_bytes.saturating_add(encoding_bytes));
        self.rendered = Some(Rendered { head: made.head, _memory: memory, thumbnails });
        Ok(impossible)
    }
}

/// Returns `true` if the rendering failed for lack of memory.
fn lacks_memory(made: &Result<RenderedSource, Error>) -> bool {
    match made {
        Ok(made) => {
            let lacking = |made: &Result<_, _>| matches!(made, Err(imaging::Error::TooMuchMemory { .. }));
            made.draft.thumbnails.iter().any(lacking)
        }
        Err(error) => matches!(error, Error::Imaging(imaging::Error::TooMuchMemory { .. })),
    }
}

/// Returns `true` if the content of the source is the reason, for this program or for Cloud Infinite.
fn is_fault_of_source(error: &Error) -> bool {
    match error {
        Error::Imaging(_) => error.disposition() == Disposition::Permanent,
        Error::Cos(error) => error.is_fault_of_processing(),
        _ => false,
    }
}

/// Maps a missing object or version to `None`.
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
