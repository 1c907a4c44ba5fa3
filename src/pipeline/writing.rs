//! Requests of a visit that write: uploads and removals of thumbnails.
//!
//! Uploads to a missing key are conditional writes, so that a concurrent writer is noticed. Nothing but
//! thumbnails of this source is ever deleted.

use crate::cos;
use crate::cos::Upload;
use crate::error::{Disposition, Error};
use crate::imaging::{DraftThumbnail, Motion, Thumbnail};
use crate::pipeline::stored_facts::{StoredFacts, manifest_metadata};
use crate::pipeline::visit_runner::{Rendered, VisitRunner};
use crate::plan::Target;
use crate::reconcile::{Action, SeenThumbnail, Stamp, Written};
use crate::report::{Entry, Stored, milliseconds, rounded_score};

impl VisitRunner<'_> {
    /// Carries out the actions.
    pub(super) async fn write(&mut self, actions: &[Action], entry: &mut Entry) -> Result<Written, Error> {
        let started = std::time::Instant::now();
        let before = entry.ms.store;
        let job = self.job;
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
                Err(exists @ cos::Error::Exists(_)) => self.lost_race = Some(exists),
                Err(error) => self.defer_permanent(error.into())?,
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

    /// Uploads a thumbnail that is encoded.
    pub(super) async fn store(
        &mut self,
        number: usize,
        target: &Target<'_>,
        entry: &mut Entry,
    ) -> Result<(), cos::Error> {
        if let Some(stored) = self.stored.get_mut(number) {
            *stored = None;
        }
        let Some(rendered) = &self.rendered else { return Ok(()) };
        let Some(Some(DraftThumbnail::Encoded(thumbnail))) = rendered.thumbnails.get(number) else {
            return Ok(());
        };
        let key = target.key.as_str().to_owned();
        let upload = Upload {
            only_if_absent: self.visit.seen().get(number) == Some(&SeenThumbnail::Absent),
            ..self.upload(target, rendered, thumbnail)
        };
        let result = self.pipeline.session.put(&self.target_location, &target.key, upload).await;
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
