//! A visit as it is carried out: the requests behind its steps.

use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::memory::Hold;
use super::{Fetched as Made, Pipeline};
use crate::converge::{Action, Approach, End, Fetched, Seen, Source, Stamp, Step, Visit, is_stamped};
use crate::cos::{self, Download, Head, Missing, Place, Upload};
use crate::error::{Disposition, Error};
use crate::event::{Kind, Record};
use crate::imaging::{self, Thumbnail};
use crate::object::ETag;
use crate::plan::{Job, Target};
use crate::report::{Entry, Outcome, Skip, Stored, milliseconds};

/// Pauses after which a source is looked for again that is not there, or not as new as the event says: COS promises no
/// read after write in so many words, and the event may be faster than the object (436 FAQ).
const PATIENCE: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];

/// Times a source that changes while it is read is begun again.
const RESTARTS: u32 = 3;

/// Thumbnails looked at side by side: as many as connections are kept.
const LOOKS: usize = 2;

/// Why no thumbnails are made of a source, or not all of them.
enum Objection {
    Failed(Error),
    Skip(Skip),
}

/// The thumbnails of a source, the headers it was read with, and the memory they take.
struct Rendered<'a> {
    head: Head,
    _memory: Hold<'a>,
    /// By number; `None` for those that it cannot be made into.
    thumbnails: Vec<Option<Thumbnail>>,
}

/// Who carries a visit out.
pub(super) struct Visitor<'a> {
    pipeline: &'a Pipeline<'a>,
    record: &'a Record,
    job: &'a Job<'a>,
    /// Where the source is.
    home: Place,
    /// Where its thumbnails are.
    target: Place,
    visit: Visit,
    /// What speaks against the source as it was seen last.
    objection: Option<Objection>,
    rendered: Option<Rendered<'a>>,
    /// The first failure of a write that would fail again. The others are carried out and looked after all the same.
    failure: Option<Error>,
}

impl<'a> Visitor<'a> {
    pub(super) fn new(pipeline: &'a Pipeline<'a>, record: &'a Record, job: &'a Job<'a>) -> Self {
        let nothing_to_read =
            record.kind == Kind::Removed || record.size == Some(0) || is_stamped(&record.meta);
        let approach = if nothing_to_read { Approach::Look } else { Approach::Fetch };
        let hashes = job.targets.iter().map(|target| target.hash.clone()).collect();
        Self {
            pipeline,
            record,
            job,
            home: Place { bucket: record.bucket.clone(), region: record.region.clone() },
            target: Place { bucket: job.bucket.clone(), region: record.region.clone() },
            visit: Visit::new(hashes, pipeline.on_foreign, approach, record.etag.clone()),
            objection: None,
            rendered: None,
            failure: None,
        }
    }

    pub(super) async fn run(mut self, entry: &mut Entry) -> Result<Outcome, Error> {
        loop {
            match self.visit.step().clone() {
                Step::LookAtThumbnails => {
                    let seen = self.look_at_thumbnails().await?;
                    self.visit.saw_thumbnails(seen);
                }
                Step::LookAtSource => {
                    let source = self.look_at_source().await?;
                    self.visit.saw_source(source);
                }
                Step::Fetch => {
                    let fetched = self.fetch(entry).await?;
                    self.visit.fetched(fetched);
                }
                Step::Write(actions) => {
                    let beaten = self.write(&actions, entry).await?;
                    self.visit.wrote(beaten);
                }
                Step::End(End::Restless) => return Err(Error::Unsettled),
                Step::End(End::Settled) => return self.outcome(entry),
            }
        }
    }

    async fn look_at_thumbnails(&self) -> Result<Vec<Seen>, Error> {
        let looks = self.job.targets.iter().map(|target| self.look_at(target));
        stream::iter(looks).buffered(LOOKS).try_collect().await
    }

    async fn look_at(&self, target: &Target<'_>) -> Result<Seen, Error> {
        let Some(head) = there(self.pipeline.session.head(&self.target, &target.key, None).await)? else {
            return Ok(Seen::Absent);
        };
        Ok(match Stamp::read(&head.meta) {
            None => Seen::Foreign,
            Some(stamp) if stamp.source == self.job.source => {
                Seen::Ours { etag: stamp.etag, recipe: stamp.recipe }
            }
            Some(stamp) => Seen::OfAnother(stamp.source),
        })
    }

    async fn look_at_source(&mut self) -> Result<Source, Error> {
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
    fn judge(&mut self, head: Option<&Head>) -> Result<Source, Error> {
        let etag = head.map(|head| self.name_of(head)).transpose()?;
        if self.visit.source().is_none_or(|source| source.etag() != etag.as_ref()) {
            self.objection = None;
        }
        let (Some(head), Some(etag)) = (head, etag) else { return Ok(Source::Gone) };
        let skip = if is_stamped(&head.meta) {
            Skip::OwnThumbnail
        } else if head.length == 0 {
            Skip::Empty
        } else {
            return Ok(Source::Picture(etag));
        };
        self.objection.get_or_insert(Objection::Skip(skip));
        Ok(Source::Barren(etag))
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
        let Some(head) = head else { return self.record.kind == Kind::Created };
        let time = self.record.time.map(|seconds| std::time::UNIX_EPOCH + Duration::from_secs(seconds));
        let is_older = matches!((head.last_modified, time), (Some(stored), Some(time)) if stored < time);
        match self.record.kind {
            Kind::Created => is_older && self.record.etag.is_some() && self.record.etag != head.etag,
            Kind::Removed => is_older && head.version.is_none(),
            Kind::Other | Kind::RestoreStarted | Kind::Restored => false,
        }
    }

    /// Reads the source and makes its thumbnails.
    async fn fetch(&mut self, entry: &mut Entry) -> Result<Fetched, Error> {
        let mut restarts = 0;
        let mut needs_all = false;
        loop {
            self.objection = None;
            self.rendered = None;
            let memory = &self.pipeline.memory;
            let held = if needs_all { memory.all().await } else { memory.share().await };
            let Some(memory) = held else { return Err(imaging::Error::Cancelled.into()) };
            let Some(download) = self.open().await? else {
                return Ok(Fetched { source: self.look_closer().await?, impossible: Vec::new() });
            };
            let source = self.judge(Some(&download.head))?;
            let etag = match &source {
                Source::Picture(etag) if self.visit.needs(&source) => etag.clone(),
                Source::Barren(_) | Source::Gone | Source::Picture(_) => {
                    return Ok(Fetched { source, impossible: Vec::new() });
                }
            };
            let made = self.pipeline.render(self.record, self.job, download, memory.bytes(), entry).await;
            match made {
                Err(Error::Cos(cos::Error::Changed(_))) if restarts < RESTARTS => restarts += 1,
                made if !memory.is_all() && lacks_memory(&made) => needs_all = true,
                Err(error @ Error::Imaging(_)) if error.disposition() == Disposition::Permanent => {
                    self.objection = Some(Objection::Failed(error));
                    return Ok(Fetched { source: Source::Barren(etag), impossible: Vec::new() });
                }
                made => {
                    let impossible = self.take(made?, memory)?;
                    return Ok(Fetched { source: Source::Picture(etag), impossible });
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
    async fn look_closer(&mut self) -> Result<Source, Error> {
        if self.objection.is_none() {
            return Ok(Source::Gone);
        }
        let Some(head) = there(self.pipeline.session.head(&self.home, &self.record.key, None).await)? else {
            self.objection = None;
            return Ok(Source::Gone);
        };
        Ok(Source::Barren(self.name_of(&head)?))
    }

    /// Takes the thumbnails over. Which of them this picture cannot be made into.
    ///
    /// # Errors
    /// When one was not made for another reason.
    fn take(&mut self, made: Made, mut memory: Hold<'a>) -> Result<Vec<usize>, Error> {
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

    /// Stores and removes. Whether somebody else stored something first where nothing was.
    async fn write(&mut self, actions: &[Action], entry: &mut Entry) -> Result<bool, Error> {
        let started = std::time::Instant::now();
        let before = entry.ms.store;
        let job = self.job;
        let mut beaten = false;
        self.count_kept(entry);
        for (number, (target, action)) in job.targets.iter().zip(actions).enumerate() {
            let result = match action {
                Action::Make => self.store(number, target, entry).await,
                Action::Remove => self.remove(target, entry).await,
                Action::Keep | Action::Leave | Action::Refuse => Ok(()),
            };
            entry.ms.store = before + milliseconds(started.elapsed());
            match result {
                Ok(()) => {}
                Err(cos::Error::Exists(_)) => beaten = true,
                Err(error) => self.note(error.into())?,
            }
        }
        Ok(beaten)
    }

    /// Keeps a failure that would happen again for the end of the visit.
    fn note(&mut self, error: Error) -> Result<(), Error> {
        if error.disposition() != Disposition::Permanent {
            return Err(error);
        }
        self.failure.get_or_insert(error);
        Ok(())
    }

    async fn store(&self, number: usize, target: &Target<'_>, entry: &mut Entry) -> Result<(), cos::Error> {
        let Some(rendered) = &self.rendered else { return Ok(()) };
        let Some(Some(thumbnail)) = rendered.thumbnails.get(number) else { return Ok(()) };
        let key = target.key.to_string();
        let upload = Upload {
            only_if_absent: self.visit.seen().get(number) == Some(&Seen::Absent),
            ..self.upload(target, rendered, thumbnail)
        };
        let result = self.pipeline.session.put(&self.target, &target.key, upload).await;
        // An upload whose answer was lost meets itself when it is tried again.
        if matches!(result, Ok(_) | Err(cos::Error::Exists(_))) {
            entry.removed.retain(|removed| *removed != key);
            entry.thumbnails.retain(|stored| stored.key != key);
            entry.thumbnails.push(Stored {
                bucket: self.target.bucket.to_string(),
                key,
                format: thumbnail.format.name(),
                width: thumbnail.width,
                height: thumbnail.height,
                bytes: thumbnail.bytes.len(),
            });
        }
        result.map(drop)
    }

    fn upload(&self, target: &Target<'_>, rendered: &Rendered<'_>, thumbnail: &Thumbnail) -> Upload {
        let rule = self.job.rule;
        let stamp = Stamp {
            source: self.job.source.clone(),
            etag: rendered.head.etag.clone(),
            version: rendered.head.version.clone(),
            recipe: target.hash.clone(),
        };
        Upload {
            body: thumbnail.bytes.clone(),
            content_type: thumbnail.format.content_type(),
            cache_control: rule.cache_control().map(str::to_owned),
            storage_class: rule.storage_class(),
            acl: rule.acl(),
            only_if_absent: false,
            meta: stamp.to_meta(),
        }
    }

    async fn remove(&self, target: &Target<'_>, entry: &mut Entry) -> Result<(), cos::Error> {
        self.pipeline.session.delete(&self.target, &target.key, None).await?;
        let key = target.key.to_string();
        entry.thumbnails.retain(|stored| stored.key != key);
        entry.removed.retain(|removed| *removed != key);
        entry.removed.push(key);
        Ok(())
    }

    fn count_kept(&self, entry: &mut Entry) {
        let is_stored = |key: &str| entry.thumbnails.iter().any(|stored| stored.key == key);
        let states = self.visit.actions().into_iter().zip(self.visit.seen()).zip(&self.job.targets);
        let kept = states.filter(|((action, seen), target)| {
            *action == Action::Keep && matches!(seen, Seen::Ours { .. }) && !is_stored(target.key.as_str())
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
                (Action::Refuse, Seen::OfAnother(owner)) => {
                    entry.thumbnails.retain(|stored| stored.key != key);
                    taken = taken.or(Some(Error::Taken { key, owner: owner.clone() }));
                }
                (Action::Keep | Action::Make | Action::Refuse | Action::Remove, _) => {}
            }
        }
        if let Some(failure) = self.failure.or(taken) {
            return Err(failure);
        }
        match self.objection {
            Some(Objection::Failed(error)) => return Err(error),
            Some(Objection::Skip(skip)) if entry.removed.is_empty() => return Ok(skip.into()),
            Some(Objection::Skip(_)) | None => {}
        }
        Ok(if !entry.thumbnails.is_empty() {
            Outcome::Stored
        } else if !entry.removed.is_empty() {
            Outcome::Removed
        } else if self.visit.source() == Some(&Source::Gone) {
            Skip::SourceGone.into()
        } else if entry.kept == 0 && !entry.foreign.is_empty() {
            Skip::Foreign.into()
        } else {
            Outcome::Unchanged
        })
    }
}

/// Whether more memory might have made a difference.
fn lacks_memory(made: &Result<Made, Error>) -> bool {
    let lacks = |error: &imaging::Error| matches!(error, imaging::Error::TooMuchMemory { .. });
    match made {
        Ok(made) => made.rendering.thumbnails.iter().filter_map(|made| made.as_ref().err()).any(lacks),
        Err(Error::Imaging(error)) => lacks(error),
        Err(_) => false,
    }
}

/// An answer about an object that may not be there.
fn there<T>(answer: Result<T, cos::Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(cos::Error::NotFound {
            missing: Missing::Deleted | Missing::Object | Missing::Version, ..
        }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
