//! The one place where network and pixels meet: fetch a source, render its thumbnails, store them.
//!
//! The source streams into the decoder, which runs on a thread of its own, through a bounded channel: decoding
//! starts with the first bytes, and a slow side holds the other back instead of filling memory.

mod body;
mod heic;
mod pixels;

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use self::pixels::Lying;
pub use self::pixels::Pixels;
use crate::config::Heic;
use crate::cos::{self, Download, Head, Missing, Place, Session, Upload};
use crate::error::Error;
use crate::event::Record;
use crate::imaging::{self, Limits, Motion, Rendering, SourceInfo, Thumbnail};
use crate::object::{ETag, VersionId};
use crate::plan::{Job, Target, is_stamped, stamp};
use crate::report::{Entry, Outcome, Picture, Skip, Source, Stored, milliseconds};

/// Times a source that changes while it is read is begun again.
const RESTARTS: u32 = 3;

/// Pauses after which a source that is not there is looked for again: COS promises no read after write in so
/// many words, and the event may be faster than the object (436 FAQ).
const NOT_FOUND_PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];

/// What the thumbnails of one invocation are made with.
#[derive(Debug)]
pub struct Pipeline<'a> {
    /// Requests to COS.
    pub session: &'a Session,
    /// The thread of the decoder.
    pub pixels: &'a Pixels,
    /// What pictures may take.
    pub limits: Limits,
}

/// A source that was rendered, and which version of it.
struct Fetched {
    etag: Option<ETag>,
    version: Option<VersionId>,
    rendering: Rendering,
}

impl Pipeline<'_> {
    /// Makes and stores the thumbnails of one source, and writes what happened into `entry`, bit by bit, so
    /// that the entry is right wherever a deadline cuts this off.
    ///
    /// # Errors
    /// The first thing that went wrong. The other thumbnails are stored all the same, and are in `entry`.
    pub async fn make(&self, record: &Record, job: &Job<'_>, entry: &mut Entry) -> Result<Outcome, Error> {
        let place = Place { bucket: record.bucket.clone(), region: record.region.clone() };
        let mut restarts = 0;
        loop {
            let download = match self.open(record, &place).await? {
                Ok(download) => download,
                Err(skip) => return Ok(skip.into()),
            };
            let head = download.head.clone();
            let result = match self.render(record, job, download, entry).await {
                Err(Error::Imaging(imaging::Error::Heic)) if job.rule.heic() == Heic::CloudInfinite => {
                    self.render_heic(record, job, &place, head, entry).await
                }
                result => result,
            };
            match result {
                Err(Error::Cos(cos::Error::Changed(_))) if restarts < RESTARTS => restarts += 1,
                result => return self.store(record, job, result?, entry).await,
            }
        }
    }

    /// Opens the source, or says why it needs nothing.
    async fn open(&self, record: &Record, place: &Place) -> Result<Result<Download, Skip>, Error> {
        let mut pauses = NOT_FOUND_PAUSES.into_iter();
        let download = loop {
            match self.session.get(place, &record.key, record.version.as_ref()).await {
                Err(cos::Error::NotFound {
                    missing: Missing::Deleted | Missing::Object | Missing::Version,
                    ..
                }) => match pauses.next() {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Ok(Err(Skip::SourceGone)),
                },
                result => break result?,
            }
        };
        let head = &download.head;
        if is_stamped(&head.meta) {
            return Ok(Err(Skip::OwnThumbnail));
        }
        if head.length == 0 {
            return Ok(Err(Skip::Empty));
        }
        Ok(Ok(download))
    }

    /// Downloads and renders in one go.
    async fn render(
        &self,
        record: &Record,
        job: &Job<'_>,
        mut download: Download,
        entry: &mut Entry,
    ) -> Result<Fetched, Error> {
        let started = Instant::now();
        let length = download.head.length;
        let source = Source { picture: None, bytes: length, unfetched: None, damaged: None, through: None };
        let source = entry.source.insert(source);
        let recipes = job.targets.iter().map(|target| target.recipe.clone()).collect();
        let (feed, rendered) = self.pixels.start(length, recipes, self.limits, Lying::AsItSays);
        let delivered = feed.all(&mut download).await;
        entry.ms.fetch = milliseconds(started.elapsed());
        let rendered = rendered_while_draining(rendered, &mut download).await;
        let rendering = match (rendered, delivered) {
            // A decoder that was cut short by the network blames the picture; the network knows better.
            (Err(_), Err(error)) => return Err(error.into()),
            // What came was enough, even if the rest did not.
            (rendered, _) => {
                source.unfetched = NonZeroU64::new(download.remaining());
                rendered?
            }
        };
        source.picture = Some(Picture {
            format: rendering.source.format.name(),
            width: rendering.source.width,
            height: rendering.source.height,
        });
        source.damaged = rendering.source.damaged;
        entry.ms.take_over(&rendering.timings);
        let version = download.head.version.or_else(|| record.version.clone());
        Ok(Fetched { etag: download.head.etag, version, rendering })
    }

    /// Renders what Cloud Infinite makes of a HEIC picture. `head` is that of the picture itself, and so are the
    /// stamps of its thumbnails.
    async fn render_heic(
        &self,
        record: &Record,
        job: &Job<'_>,
        place: &Place,
        head: Head,
        entry: &mut Entry,
    ) -> Result<Fetched, Error> {
        let started = Instant::now();
        let recipes: Vec<_> = job.targets.iter().map(|target| target.recipe.clone()).collect();
        let version = head.version.or_else(|| record.version.clone());
        let process = heic::process(&recipes);
        let body = self.session.get_processed(place, &record.key, version.as_ref(), &process).await?;
        entry.ms.fetch += milliseconds(started.elapsed());
        let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
        // All of it is in memory, and nothing of that is known to the decoder.
        let limits = Limits { memory: self.limits.memory.saturating_sub(length), ..self.limits };
        let (feed, rendered) = self.pixels.start(length, recipes, limits, Lying::Upright);
        feed.whole(body).await;
        let rendering = rendered.await?;
        entry.ms.take_over(&rendering.timings);
        let SourceInfo { width, height, .. } = rendering.source;
        entry.source = Some(Source {
            picture: Some(Picture { format: "heic", width, height }),
            bytes: head.length,
            unfetched: None,
            damaged: rendering.source.damaged,
            through: Some("ci"),
        });
        Ok(Fetched { etag: head.etag, version, rendering })
    }

    async fn store(
        &self,
        record: &Record,
        job: &Job<'_>,
        fetched: Fetched,
        entry: &mut Entry,
    ) -> Result<Outcome, Error> {
        let started = Instant::now();
        let place = Place { bucket: job.bucket.clone(), region: record.region.clone() };
        let mut first_error = None;
        for (target, thumbnail) in job.targets.iter().zip(fetched.rendering.thumbnails) {
            let (etag, version) = (fetched.etag.as_ref(), fetched.version.as_ref());
            let meta = stamp(&record.bucket, &record.key, etag, version, target.recipe);
            let result = match thumbnail {
                Ok(thumbnail) => self.put(job, target, &place, &thumbnail, meta).await.map_err(Error::from),
                Err(error) => Err(error.into()),
            };
            entry.ms.store = milliseconds(started.elapsed());
            match result {
                Ok(stored) => entry.thumbnails.push(stored),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        first_error.map_or(Ok(Outcome::Stored), Err)
    }

    async fn put(
        &self,
        job: &Job<'_>,
        target: &Target<'_>,
        place: &Place,
        thumbnail: &Thumbnail,
        meta: Vec<(&'static str, String)>,
    ) -> Result<Stored, cos::Error> {
        let upload = Upload {
            body: thumbnail.bytes.clone(),
            content_type: thumbnail.format.content_type(),
            cache_control: job.rule.cache_control().map(str::to_owned),
            storage_class: job.rule.storage_class(),
            acl: job.rule.acl(),
            meta,
        };
        self.session.put(place, &target.key, upload).await?;
        let (frames, still) = match &thumbnail.motion {
            Motion::Dropped(reason) => (None, Some(reason.to_string())),
            Motion::Frames(frames) => (Some(*frames), None),
            Motion::Still => (None, None),
        };
        Ok(Stored {
            bucket: place.bucket.to_string(),
            key: target.key.to_string(),
            format: thumbnail.format.name(),
            width: thumbnail.width,
            height: thumbnail.height,
            bytes: thumbnail.bytes.len(),
            frames,
            still,
        })
    }
}

/// Waits for the rendering. Meanwhile there is time to read what the decoder left of the download, and no longer:
/// a kept connection is not worth waiting for.
async fn rendered_while_draining<T>(rendered: impl Future<Output = T>, download: &mut Download) -> T {
    tokio::pin!(rendered);
    tokio::select! {
        biased;
        rendered = &mut rendered => return rendered,
        () = download.drain() => (),
    }
    rendered.await
}
