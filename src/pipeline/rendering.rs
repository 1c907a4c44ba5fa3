//! A source, downloaded and rendered.

use std::num::NonZeroU64;
use std::time::Instant;

use crate::config::Heic;
use crate::cos::{BucketLocation, Download, Head};
use crate::error::Error;
use crate::event::Record;
use crate::imaging::{self, Limits, Rendering, SourceInfo, Upright};
use crate::pipeline::{Pipeline, heic};
use crate::plan::SourceJob;
use crate::report::{Entry, Picture, Source, milliseconds};

/// A source that was rendered, and the headers it was read with.
pub(super) struct RenderedSource {
    pub(super) head: Head,
    pub(super) rendering: Rendering,
}

impl Pipeline<'_> {
    /// Renders a source that was opened, by way of Cloud Infinite where its rule says so, in so many bytes of memory.
    pub(super) async fn render(
        &self,
        record: &Record,
        job: &SourceJob<'_>,
        download: Download,
        memory: u64,
        entry: &mut Entry,
    ) -> Result<RenderedSource, Error> {
        let head = download.head.clone();
        let limits = Limits { memory, ..self.limits };
        match self.render_download(job, download, limits, entry).await {
            Err(Error::Imaging(imaging::Error::Heic)) if job.rule.heic() == Heic::CloudInfinite => {
                self.render_heic(record, job, head, limits, entry).await
            }
            result => Ok(RenderedSource { head, rendering: result? }),
        }
    }

    /// Downloads and renders in one go.
    async fn render_download(
        &self,
        job: &SourceJob<'_>,
        mut download: Download,
        limits: Limits,
        entry: &mut Entry,
    ) -> Result<Rendering, Error> {
        let started = Instant::now();
        let length = download.head.length;
        let source = Source { picture: None, bytes: length, unfetched: None, damaged: None, through: None };
        let source = entry.source.insert(source);
        let recipes = job.targets.iter().map(|target| target.recipe.clone()).collect();
        let (sender, rendered) = self.decoders.start(length, recipes, limits, Upright::ByExif);
        let delivered = sender.forward(&mut download).await;
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
        job: &SourceJob<'_>,
        head: Head,
        limits: Limits,
        entry: &mut Entry,
    ) -> Result<RenderedSource, Error> {
        let started = Instant::now();
        let recipes: Vec<_> = job.targets.iter().map(|target| target.recipe.clone()).collect();
        let process = heic::ci_process(&recipes);
        let location = BucketLocation { bucket: record.bucket.clone(), region: record.region.clone() };
        let body =
            self.session.get_processed(&location, &record.key, head.version.as_ref(), &process).await?;
        entry.ms.fetch += milliseconds(started.elapsed());
        let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
        // All of it is in memory, and nothing of that is known to the decoder.
        let limits = Limits { memory: limits.memory.saturating_sub(length), ..limits };
        let (sender, rendered) = self.decoders.start(length, recipes, limits, Upright::Already);
        sender.send_whole(body).await;
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
        Ok(RenderedSource { head, rendering })
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
