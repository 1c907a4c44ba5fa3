//! Requests of a visit that write: uploads and removals of thumbnails.
//!
//! Uploads to a missing key are conditional writes, so that a concurrent writer is noticed. Nothing but
//! thumbnails of this source is ever deleted.

use std::time::Instant;

use futures_util::{StreamExt as _, stream};

use crate::cos;
use crate::cos::{StoredObject, Upload};
use crate::error::{Disposition, Error};
use crate::imaging::{Motion, Thumbnail};
use crate::pipeline::stored_facts::{StoredFacts, manifest_metadata};
use crate::pipeline::visit_runner::{Rendered, VisitRunner};
use crate::plan::Target;
use crate::reconcile::{Action, SeenThumbnail, Stamp, Written};
use crate::report::{Entry, Stored, milliseconds, rounded_score};

/// Uploads of thumbnails in flight. Each takes as long as a round trip, mostly.
const PARALLEL_UPLOADS: usize = 2;

impl VisitRunner<'_> {
    /// Carries out the actions. Thumbnails that are encoded are stored first.
    pub(super) async fn write(&mut self, actions: &[Action], entry: &mut Entry) -> Result<Written, Error> {
        self.count_kept(entry);
        self.store_encoded(actions, entry).await?;
        for (target, action) in self.job.targets.iter().zip(actions) {
            if *action == Action::Remove {
                let started = Instant::now();
                let removed = self.remove(target, entry).await;
                entry.ms.store += milliseconds(started.elapsed());
                self.settle(removed)?;
            }
        }
        self.store_drawn(actions, entry).await?;
        let is_stored = |(action, facts): (&Action, &Option<_>)| *action != Action::Make || facts.is_some();
        let is_complete = actions.iter().zip(&self.stored).all(is_stored);
        Ok(Written { lost_race: self.lost_race.is_some(), is_complete })
    }

    /// Keeps the first permanent failure for the end of the visit, so that the other thumbnails are
    /// processed. Other failures end the visit.
    pub(super) fn defer_permanent(&mut self, error: Error) -> Result<(), Error> {
        if error.disposition() != Disposition::Permanent {
            return Err(error);
        }
        self.failure.get_or_insert(error);
        Ok(())
    }

    /// Uploads the thumbnails that are to be made and are encoded.
    async fn store_encoded(&mut self, actions: &[Action], entry: &mut Entry) -> Result<(), Error> {
        let started = Instant::now();
        let before = entry.ms.store;
        let numbered =
            (0..).zip(&self.job.targets).zip(actions).filter(|(_, action)| **action == Action::Make);
        let uploads: Vec<_> = numbered
            .filter_map(|((number, target), _)| Some((number, target, self.start_upload(number, target)?)))
            .collect();
        let (session, location) = (self.pipeline.session, &self.target_location.clone());
        let sent = uploads.into_iter().map(|(number, target, upload)| async move {
            (number, target, session.put(location, &target.key, upload).await)
        });
        let mut sent = stream::iter(sent).buffered(PARALLEL_UPLOADS);
        while let Some((number, target, result)) = sent.next().await {
            let result = self.finish_upload(number, target, result, entry);
            entry.ms.store = before + milliseconds(started.elapsed());
            self.settle(result)?;
        }
        Ok(())
    }

    /// Uploads a thumbnail that is encoded.
    pub(super) async fn store(
        &mut self,
        number: usize,
        target: &Target<'_>,
        entry: &mut Entry,
    ) -> Result<(), Error> {
        let Some(upload) = self.start_upload(number, target) else { return Ok(()) };
        let result = self.pipeline.session.put(&self.target_location, &target.key, upload).await;
        let result = self.finish_upload(number, target, result, entry);
        self.settle(result)
    }

    /// Keeps a lost race and the first permanent failure; other failures end the visit.
    fn settle(&mut self, result: Result<(), cos::Error>) -> Result<(), Error> {
        match result {
            Ok(()) => Ok(()),
            Err(exists @ cos::Error::Exists(_)) => {
                self.lost_race = Some(exists);
                Ok(())
            }
            Err(error) => self.defer_permanent(error.into()),
        }
    }

    /// Returns the upload of a thumbnail; `None` if it is not encoded.
    fn start_upload(&mut self, number: usize, target: &Target<'_>) -> Option<Upload> {
        if let Some(stored) = self.stored.get_mut(number) {
            *stored = None;
        }
        let rendered = self.rendered.as_ref()?;
        Some(Upload {
            only_if_absent: self.visit.seen().get(number) == Some(&SeenThumbnail::Absent),
            ..self.upload(target, rendered, rendered.encoded(number)?)
        })
    }

    /// Notes in the entry, and for the manifest, that a thumbnail is stored.
    fn finish_upload(
        &mut self,
        number: usize,
        target: &Target<'_>,
        result: Result<StoredObject, cos::Error>,
        entry: &mut Entry,
    ) -> Result<(), cos::Error> {
        let Some(thumbnail) = self.rendered.as_ref().and_then(|rendered| rendered.encoded(number)) else {
            return result.map(drop);
        };
        let key = target.key.as_str().to_owned();
        // A retried upload whose response was lost finds its own object.
        if matches!(result, Ok(_) | Err(cos::Error::Exists(_))) {
            entry.removed.retain(|removed| *removed != key);
            entry.thumbnails.retain(|stored| stored.key != key);
            let (frames, still) = match &thumbnail.motion {
                Motion::NotAnimated(reason) => (None, Some(reason.to_string())),
                Motion::Animated(frames) => (Some(*frames), None),
                Motion::Still => (None, None),
            };
            entry.thumbnails.push(Stored {
                bucket: self.target_location.bucket.to_string(),
                key,
                format: thumbnail.format.name(),
                width: thumbnail.width,
                height: thumbnail.height,
                bytes: thumbnail.bytes.len(),
                quality: thumbnail.quality,
                score: thumbnail.score.map(rounded_score),
                frames,
                still,
            });
        }
        if let (Ok(object), Some(stored)) = (&result, self.stored.get_mut(number)) {
            *stored = Some(StoredFacts::of_stored(thumbnail, object));
        }
        result.map(drop)
    }

    fn upload(&self, target: &Target<'_>, rendered: &Rendered<'_>, thumbnail: &Thumbnail) -> Upload {
        let rule = self.job.rule;
        let stamp = Stamp {
            source: self.job.source.clone(),
            content: rendered.head.content(),
            version: rendered.head.version.clone(),
            recipe: target.hash.clone(),
        };
        let mut meta = stamp.to_meta();
        if self.job.manifest.is_some() {
            meta.extend(manifest_metadata(thumbnail));
        }
        Upload {
            body: thumbnail.bytes.clone(),
            content_type: thumbnail.format.content_type(),
            cache_control: rule.cache_control().map(str::to_owned),
            storage_class: rule.storage_class(),
            acl: rule.acl(),
            only_if_absent: false,
            meta,
        }
    }

    pub(super) async fn remove(&self, target: &Target<'_>, entry: &mut Entry) -> Result<(), cos::Error> {
        self.pipeline.session.delete(&self.target_location, &target.key, None).await?;
        let key = target.key.as_str().to_owned();
        entry.thumbnails.retain(|stored| stored.key != key);
        entry.removed.retain(|removed| *removed != key);
        entry.removed.push(key);
        Ok(())
    }
}
