//! The one place where network and pixels meet: a visit is carried out, its source fetched and rendered, its thumbnails
//! stored or taken away.
//!
//! The source streams into the decoder, which runs on a thread of its own, through a bounded channel: decoding
//! starts with the first bytes, and a slow side holds the other back instead of filling memory.

mod body;
mod heic;
mod memory;
mod pixels;
mod visitor;

use std::num::NonZeroU64;
use std::time::Instant;

pub use self::memory::Memory;
use self::pixels::Lying;
pub use self::pixels::Pixels;
use self::visitor::Visitor;
use crate::config::Heic;
use crate::converge::OnForeign;
use crate::cos::{Download, Head, Place, Session};
use crate::error::Error;
use crate::event::Record;
use crate::imaging::{self, Limits, Rendering, SourceInfo};
use crate::plan::Job;
use crate::report::{Entry, Outcome, Picture, Source, milliseconds};

/// What the thumbnails of one invocation are made with.
#[derive(Debug)]
pub struct Pipeline<'a> {
    /// Requests to COS.
    pub session: &'a Session,
    /// The thread of the decoder.
    pub pixels: &'a Pixels,
    /// What pictures may take; of the memory, each only what it holds of `memory`.
    pub limits: Limits,
    /// What the records of the invocation have together.
    pub memory: &'a Memory,
    /// What becomes of objects of others under the keys of thumbnails.
    pub on_foreign: OnForeign,
}

/// A source that was rendered, and the headers it was read with.
struct Fetched {
    head: Head,
    rendering: Rendering,
}

impl Pipeline<'_> {
    /// Brings the thumbnails of one source to what its present state asks for, and writes what happened into `entry`,
    /// bit by bit, so that the entry is right wherever a deadline cuts this off.
    ///
    /// # Errors
    /// The first thing that went wrong. The other thumbnails are seen to all the same, and are in `entry`.
    pub async fn visit(&self, record: &Record, job: &Job<'_>, entry: &mut Entry) -> Result<Outcome, Error> {
        Visitor::new(self, record, job).run(entry).await
    }

    /// Renders a source that was opened, by way of Cloud Infinite where its rule says so, in so many bytes of memory.
    async fn render(
        &self,
        record: &Record,
        job: &Job<'_>,
        download: Download,
        memory: u64,
        entry: &mut Entry,
    ) -> Result<Fetched, Error> {
        let head = download.head.clone();
        let limits = Limits { memory, ..self.limits };
        match self.render_download(job, download, limits, entry).await {
            Err(Error::Imaging(imaging::Error::Heic)) if job.rule.heic() == Heic::CloudInfinite => {
                self.render_heic(record, job, head, limits, entry).await
            }
            result => Ok(Fetched { head, rendering: result? }),
        }
    }

    /// Downloads and renders in one go.
    async fn render_download(
        &self,
        job: &Job<'_>,
        mut download: Download,
        limits: Limits,
        entry: &mut Entry,
    ) -> Result<Rendering, Error> {
        let started = Instant::now();
        let length = download.head.length;
        let source = Source { picture: None, bytes: length, unfetched: None, damaged: None, through: None };
        let source = entry.source.insert(source);
        let recipes = job.targets.iter().map(|target| target.recipe.clone()).collect();
        let (feed, rendered) = self.pixels.start(length, recipes, limits, Lying::AsItSays);
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
        Ok(rendering)
    }

    /// Renders what Cloud Infinite makes of a HEIC picture. `head` is that of the picture itself, and so are the
    /// stamps of its thumbnails.
    async fn render_heic(
        &self,
        record: &Record,
        job: &Job<'_>,
        head: Head,
        limits: Limits,
        entry: &mut Entry,
    ) -> Result<Fetched, Error> {
        let started = Instant::now();
        let recipes: Vec<_> = job.targets.iter().map(|target| target.recipe.clone()).collect();
        let process = heic::process(&recipes);
        let place = Place { bucket: record.bucket.clone(), region: record.region.clone() };
        let body = self.session.get_processed(&place, &record.key, head.version.as_ref(), &process).await?;
        entry.ms.fetch += milliseconds(started.elapsed());
        let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
        // All of it is in memory, and nothing of that is known to the decoder.
        let limits = Limits { memory: limits.memory.saturating_sub(length), ..limits };
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
        Ok(Fetched { head, rendering })
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
