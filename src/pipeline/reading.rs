//! What a visitor reads: the headers of thumbnails and source, and the source itself.

use std::time::{Duration, UNIX_EPOCH};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::cos::{Download, Head, MissingResource};
use crate::error::{Disposition, Error};
use crate::event::EventKind;
use crate::imaging::Thumbnail;
use crate::object::ETag;
use crate::pipeline::memory::Hold;
use crate::pipeline::rendering::RenderedSource;
use crate::pipeline::visitor::{Objection, Rendered, Visitor};
use crate::plan::Target;
use crate::reconcile::{FetchOutcome, SeenThumbnail, SourceState, Stamp, is_stamped};
use crate::report::{Entry, Skip};
use crate::{cos, imaging};

/// Pauses after which a source is looked for again that is not there, or not as new as the event says: COS promises no
/// read after write in so many words, and the event may be faster than the object (436 FAQ).
const PATIENCE: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];

/// Times a source that changes while it is read is begun again.
const RESTARTS: u32 = 3;

/// Thumbnails looked at side by side: as many as connections are kept.
const LOOKS: usize = 2;

impl<'a> Visitor<'a> {
    pub(super) async fn look_at_thumbnails(&self) -> Result<Vec<SeenThumbnail>, Error> {
        let looks = self.job.targets.iter().map(|target| self.look_at(target));
        stream::iter(looks).buffered(LOOKS).try_collect().await
    }

    async fn look_at(&self, target: &Target<'_>) -> Result<SeenThumbnail, Error> {
        let Some(head) = there(self.pipeline.session.head(&self.target, &target.key, None).await)? else {
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

    pub(super) async fn look_at_source(&mut self) -> Result<SourceState, Error> {
        let mut pauses = self.patience();
        loop {
            let head = there(self.pipeline.session.head(&self.home, &self.record.key, None).await)?;
            match (self.not_yet(head.as_ref()), pauses.next()) {
                (true, Some(pause)) => tokio::time::sleep(pause).await,
                (true, None) | (false, _) => return self.judge(head.as_ref()),
            }
        }
    }

    /// What the headers of the source make of it. What was found against this content before stays.
    fn judge(&mut self, head: Option<&Head>) -> Result<SourceState, Error> {
        let etag = head.map(|head| self.name_of(head)).transpose()?;
        if self.visit.source().is_none_or(|source| source.etag() != etag.as_ref()) {
            self.objection = None;
        }
        let (Some(head), Some(etag)) = (head, etag) else { return Ok(SourceState::Gone) };
        let skip = if is_stamped(&head.meta) {
            Skip::OwnThumbnail
        } else if head.length == 0 {
            Skip::Empty
        } else {
            return Ok(SourceState::Picture(etag));
        };
        self.objection.get_or_insert(Objection::Skip(skip));
        Ok(SourceState::NotAnImage(etag))
    }

    fn name_of(&self, head: &Head) -> Result<ETag, Error> {
        let unnamed = || Error::Unnamed(format!("{}/{}", self.record.bucket, self.record.key));
        head.etag.clone().ok_or_else(unnamed)
    }

    /// The first look at a source is a patient one.
    fn patience(&self) -> std::vec::IntoIter<Duration> {
        let pauses = if self.visit.source().is_none() { PATIENCE.to_vec() } else { Vec::new() };
        pauses.into_iter()
    }

    /// Whether the source is older than what the event says of it. A removed version, and the one that it uncovers, may
    /// be of any age.
    fn not_yet(&self, head: Option<&Head>) -> bool {
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
        let mut needs_all = false;
        loop {
            self.objection = None;
            self.rendered = None;
            let memory = &self.pipeline.memory;
            let held = if needs_all { memory.all().await } else { memory.share().await };
            let Some(memory) = held else { return Err(imaging::Error::Cancelled.into()) };
            let Some(download) = self.open().await? else {
                return Ok(FetchOutcome { source: self.look_closer().await?, impossible: Vec::new() });
            };
            let source = self.judge(Some(&download.head))?;
            let etag = match &source {
                SourceState::Picture(etag) if self.visit.needs(&source) => etag.clone(),
                SourceState::NotAnImage(_) | SourceState::Gone | SourceState::Picture(_) => {
                    return Ok(FetchOutcome { source, impossible: Vec::new() });
                }
            };
            let made = self.pipeline.render(self.record, self.job, download, memory.bytes(), entry).await;
            match made {
                Err(Error::Cos(cos::Error::Changed(_))) if restarts < RESTARTS => restarts += 1,
                made if !memory.is_all() && lacks_memory(&made) => needs_all = true,
                Err(error) if is_about_the_picture(&error) => {
                    self.objection = Some(Objection::Failed(error));
                    return Ok(FetchOutcome {
                        source: SourceState::NotAnImage(etag),
                        impossible: Vec::new(),
                    });
                }
                made => {
                    let impossible = self.take(made?, memory)?;
                    return Ok(FetchOutcome { source: SourceState::Picture(etag), impossible });
                }
            }
        }
    }

    /// Opens the source; `None` when it is not there or archived.
    async fn open(&mut self) -> Result<Option<Download>, Error> {
        let mut pauses = self.patience();
        loop {
            let download = match self.pipeline.session.get(&self.home, &self.record.key, None).await {
                Err(archived @ cos::Error::Archived(_)) => {
                    self.objection = Some(Objection::Failed(archived.into()));
                    return Ok(None);
                }
                result => there(result)?,
            };
            match (self.not_yet(download.as_ref().map(|download| &download.head)), pauses.next()) {
                (true, Some(pause)) => tokio::time::sleep(pause).await,
                (true, None) | (false, _) => return Ok(download),
            }
        }
    }

    /// What a source is that cannot be read. The refusal to read an archived one does not name its content.
    async fn look_closer(&mut self) -> Result<SourceState, Error> {
        if self.objection.is_none() {
            return Ok(SourceState::Gone);
        }
        let Some(head) = there(self.pipeline.session.head(&self.home, &self.record.key, None).await)? else {
            self.objection = None;
            return Ok(SourceState::Gone);
        };
        Ok(SourceState::NotAnImage(self.name_of(&head)?))
    }

    /// Takes the thumbnails over. Which of them this picture cannot be made into.
    ///
    /// # Errors
    /// When one was not made for another reason.
    fn take(&mut self, made: RenderedSource, mut memory: Hold<'a>) -> Result<Vec<usize>, Error> {
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
            self.objection.get_or_insert(Objection::Failed(error));
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
fn is_about_the_picture(error: &Error) -> bool {
    match error {
        Error::Imaging(_) => error.disposition() == Disposition::Permanent,
        Error::Cos(cos::Error::Refused(refusal)) => refusal.operation.process.is_some(),
        _ => false,
    }
}

/// An answer about an object that may not be there.
fn there<T>(answer: Result<T, cos::Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(cos::Error::NotFound {
            missing: MissingResource::Deleted | MissingResource::Object | MissingResource::Version,
            ..
        }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
