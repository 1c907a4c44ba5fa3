//! Rendering of one source: download, decode, and all its thumbnails at once.
//!
//! The result is tied to the headers that the source was read with, because stamps name its content.

use std::num::NonZeroU64;
use std::time::Instant;

use crate::config::Heic;
use crate::cos::{BucketLocation, Download, Head};
use crate::error::Error;
use crate::event::Record;
use crate::imaging::{self, Draft, Limits, SourceInfo, Upright};
use crate::pipeline::body::{Body, Filled};
use crate::pipeline::decoder_thread::RenderingOrder;
use crate::pipeline::memory::MemoryReservation;
use crate::pipeline::{Pipeline, body, heic};
use crate::plan::SourceJob;
use crate::recipe::Recipe;
use crate::report::{Entry, ImageReport, Milliseconds, SourceReport, milliseconds};

/// Part of a body, as a divisor, that may still come while it is decoded, where other records wait. A photograph
/// takes about as long to decode.
const LAST_PART: u64 = 8;

/// Rendered source, and the headers it was read with.
pub(super) struct RenderedSource {
    pub(super) head: Head,
    pub(super) draft: Draft,
}

impl Pipeline<'_> {
    /// Renders a source within `memory`. HEIC goes through Cloud Infinite if the rule says so.
    pub(super) async fn render(
        &self,
        record: &Record,
        job: &SourceJob<'_>,
        download: Download,
        memory: &mut MemoryReservation<'_>,
        entry: &mut Entry,
    ) -> Result<RenderedSource, Error> {
        let head = download.head.clone();
        match self.render_download(job, download, memory, entry).await {
            Err(Error::Imaging(imaging::Error::Heic)) if job.rule.heic() == Heic::CloudInfinite => {
                self.render_heic(record, job, head, memory, entry).await
            }
            result => Ok(RenderedSource { head, draft: result? }),
        }
    }

    /// Downloads and renders at the same time.
    async fn render_download(
        &self,
        job: &SourceJob<'_>,
        mut download: Download,
        memory: &mut MemoryReservation<'_>,
        entry: &mut Entry,
    ) -> Result<Draft, Error> {
        let length = download.head.length;
        let Entry { source, ms, .. } = entry;
        let source = source.insert(SourceReport {
            image: None,
            bytes: length,
            unfetched: None,
            damaged: None,
            aigc: false,
            c2pa: None,
            through: None,
        });
        let rendered = self.deliver(&mut download, Some(length), job, Upright::ByExif, memory, ms).await;
        source.unfetched = NonZeroU64::new(download.remaining());
        let rendering = rendered?;
        source.image = Some(ImageReport {
            format: rendering.source.format.name(),
            width: rendering.source.width,
            height: rendering.source.height,
        });
        source.damaged = rendering.source.damaged;
        source.aigc = rendering.source.has_aigc_label;
        source.c2pa = c2pa(&rendering.source);
        ms.take_over(&rendering.timings);
        Ok(rendering)
    }

    /// Renders the JPEG that Cloud Infinite makes of a HEIC source. `head` is that of the source, which the
    /// stamps name.
    async fn render_heic(
        &self,
        record: &Record,
        job: &SourceJob<'_>,
        head: Head,
        memory: &mut MemoryReservation<'_>,
        entry: &mut Entry,
    ) -> Result<RenderedSource, Error> {
        let started = Instant::now();
        let process = heic::ci_process(&recipes(job));
        let location = BucketLocation { bucket: record.bucket.clone(), region: record.region.clone() };
        let mut download =
            self.session.get_processed(&location, &record.key, head.version.as_ref(), &process).await?;
        entry.ms.fetch += milliseconds(started.elapsed());
        let rendering = loop {
            let ms = &mut entry.ms;
            match self.deliver(&mut download, None, job, Upright::Already, memory, ms).await {
                // The response cannot be resumed, and the network may fail after enough of it has come.
                Err(Error::Cos(error)) => download.restart(error).await?,
                rendered => break rendered?,
            }
        };
        entry.ms.take_over(&rendering.timings);
        let SourceInfo { width, height, .. } = rendering.source;
        entry.source = Some(SourceReport {
            image: Some(ImageReport { format: "heic", width, height }),
            bytes: head.length,
            unfetched: None,
            damaged: rendering.source.damaged,
            aigc: rendering.source.has_aigc_label,
            c2pa: c2pa(&rendering.source),
            through: Some("ci"),
        });
        Ok(RenderedSource { head, draft: rendering })
    }

    /// Delivers a body to the decoder thread on the turn of this record, and returns what it makes of it. Of
    /// several records, each waits for its turn with a full buffer or nearly the whole body.
    ///
    /// # Errors
    /// The error of the rendering, or that of the download if it is the cause: a decoder that lost its
    /// download, or got damaged bytes, reports a damaged image. Bytes that arrived may be enough, even if the rest failed.
    async fn deliver<B: Body>(
        &self,
        body: &mut B,
        length: Option<u64>,
        job: &SourceJob<'_>,
        upright: Upright,
        memory: &mut MemoryReservation<'_>,
        ms: &mut Milliseconds,
    ) -> Result<Draft, Error> {
        let started = Instant::now();
        let (mut sender, reader) = body::channel(memory.body_bytes());
        let filled = if memory.is_all() {
            Ok(Filled::Partly)
        } else {
            let enough = length.map_or(u64::MAX, |length| length - length / LAST_PART);
            sender.fill(body, enough).await
        };
        ms.fetch += milliseconds(started.elapsed());
        let turn = self.decoder.turn().await;
        let limits = Limits { memory: memory.take_pixels(), ..self.limits };
        let order = RenderingOrder {
            recipes: recipes(job),
            upright,
            propagate_id: job.propagate_id.clone(),
            // A program without the feature refuses it by itself.
            refuses_heic: cfg!(feature = "heic") && job.rule.heic() != Heic::Decode,
        };
        let rendered = turn.start(reader, length, order, limits)?;
        let started = Instant::now();
        let delivered = match filled {
            Ok(Filled::Partly) => sender.forward(body).await,
            // Without its sender the body ends for the decoder.
            ended => {
                drop(sender);
                ended.map(|_| ())
            }
        };
        ms.fetch += milliseconds(started.elapsed());
        let rendered = rendered_while_draining(rendered, body).await;
        // Damaged bytes can make any image, or none.
        body.verify()?;
        match (rendered, delivered) {
            (Err(_), Err(error)) => Err(error.into()),
            (rendered, _) => rendered,
        }
    }
}

fn recipes(job: &SourceJob<'_>) -> Vec<Recipe> {
    job.targets.iter().map(|target| target.recipe.clone()).collect()
}

/// The fate of a manifest of C2PA, if there was one.
fn c2pa(source: &SourceInfo) -> Option<&'static str> {
    source.has_c2pa.then_some("dropped")
}

/// Waits for the rendering, and meanwhile drains the body so that its connection can be reused. It never waits
/// longer for the connection than for the rendering.
async fn rendered_while_draining<T>(rendered: impl Future<Output = T>, body: &mut impl Body) -> T {
    tokio::pin!(rendered);
    tokio::select! {
        biased;
        rendered = &mut rendered => return rendered,
        () = body.drain() => (),
    }
    rendered.await
}
