//! Rendering of one source: download, decode, and all its thumbnails at once.
//!
//! The result is tied to the headers that the source was read with, because stamps name its content.

use std::num::NonZeroU64;
use std::time::Instant;

use crate::config::Heic;
use crate::cos::{BucketLocation, Download, Head};
use crate::error::Error;
use crate::event::Record;
use crate::imaging::{self, Limits, Rendering, SourceInfo, Upright};
use crate::pipeline::{Pipeline, heic};
use crate::plan::SourceJob;
use crate::report::{Entry, ImageReport, SourceReport, milliseconds};

/// Rendered source, and the headers it was read with.
pub(super) struct RenderedSource {
    pub(super) head: Head,
    pub(super) rendering: Rendering,
}

impl Pipeline<'_> {
    /// Renders a source within `memory` bytes. HEIC goes through Cloud Infinite if the rule says so.
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

    /// Downloads and renders at the same time.
    async fn render_download(
        &self,
        job: &SourceJob<'_>,
        mut download: Download,
        limits: Limits,
        entry: &mut Entry,
    ) -> Result<Rendering, Error> {
        let started = Instant::now();
        let length = download.head.length;
        let source =
            SourceReport { image: None, bytes: length, unfetched: None, damaged: None, through: None };
        let source = entry.source.insert(source);
        let recipes = job.targets.iter().map(|target| target.recipe.clone()).collect();
        let (sender, rendered) = self.decoders.start(length, recipes, limits, Upright::ByExif);
        let delivered = sender.forward(&mut download).await;
        entry.ms.fetch = milliseconds(started.elapsed());
        let rendered = rendered_while_draining(rendered, &mut download).await;
        let rendering = match (rendered, delivered) {
            // A decoder that lost its download reports a damaged image. The network error is the cause.
            (Err(_), Err(error)) => return Err(error.into()),
            // The bytes that arrived were enough, even if the rest failed.
            (rendered, _) => {
                source.unfetched = NonZeroU64::new(download.remaining());
                rendered?
            }
        };
        source.image = Some(ImageReport {
            format: rendering.source.format.name(),
            width: rendering.source.width,
            height: rendering.source.height,
        });
        source.damaged = rendering.source.damaged;
        entry.ms.take_over(&rendering.timings);
        Ok(rendering)
    }

    /// Renders the JPEG that Cloud Infinite makes of a HEIC source. `head` is that of the source, which the
    /// stamps name.
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
        // The whole body is in memory, which the decoder does not count.
        let limits = Limits { memory: limits.memory.saturating_sub(length), ..limits };
        let (sender, rendered) = self.decoders.start(length, recipes, limits, Upright::Already);
        sender.send_whole(body).await;
        let rendering = rendered.await?;
        entry.ms.take_over(&rendering.timings);
        let SourceInfo { width, height, .. } = rendering.source;
        entry.source = Some(SourceReport {
            image: Some(ImageReport { format: "heic", width, height }),
            bytes: head.length,
            unfetched: None,
            damaged: rendering.source.damaged,
            through: Some("ci"),
        });
        Ok(RenderedSource { head, rendering })
    }
}

/// Waits for the rendering, and meanwhile drains the download so that its connection can be reused. It never
/// waits longer for the connection than for the rendering.
async fn rendered_while_draining<T>(rendered: impl Future<Output = T>, download: &mut Download) -> T {
    tokio::pin!(rendered);
    tokio::select! {
        biased;
        rendered = &mut rendered => return rendered,
        () = download.drain() => (),
    }
    rendered.await
}
