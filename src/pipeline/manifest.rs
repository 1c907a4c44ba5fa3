//! Requests of a visit for the manifest of a source: its upload after all thumbnails, and its withdrawal before them.

use bytes::Bytes;

use crate::cos;
use crate::cos::{Head, Upload};
use crate::error::Error;
use crate::imaging::{DraftThumbnail, Motion};
use crate::object::ContentId;
use crate::pipeline::manifest_document::{
    ManifestDocument, PlaceholderFacts, SourceFacts, ThumbnailFacts, path_of,
};
use crate::pipeline::stored_facts::StoredFacts;
use crate::pipeline::visit_runner::VisitRunner;
use crate::plan::{ManifestTarget, Target};
use crate::reconcile::{ManifestStamp, SeenThumbnail, SourceState, Stamp, set_of};
use crate::report::{Entry, ManifestReport, SourceReport};

/// `Content-Type` of manifests.
const CONTENT_TYPE: &str = "application/json";

/// `Cache-Control` of manifests, which change under one key: a cache asks whether its copy is still right.
const CACHE_CONTROL: &str = "no-cache";

impl VisitRunner<'_> {
    /// The object under the key of the manifest, by its headers and those of the thumbnails.
    pub(super) fn seen_manifest(&self, head: Option<&Head>) -> SeenThumbnail {
        let (source, set) = (&self.job.source, self.stored_set());
        head.map_or(SeenThumbnail::Absent, |head| {
            SeenThumbnail::of_manifest(&head.meta, source, set.as_deref())
        })
    }

    fn stored_set(&self) -> Option<String> {
        set_of(self.stored.iter().map(|facts| facts.as_ref()?.etag.as_ref()))
    }

    /// Deletes the manifest.
    pub(super) async fn withdraw_manifest(&self, entry: &mut Entry) -> Result<(), Error> {
        let Some(target) = &self.job.manifest else { return Ok(()) };
        self.pipeline.session.delete(&self.target_location, &target.key, None).await?;
        let key = target.key.as_str();
        entry.manifest = None;
        entry.removed.retain(|removed| removed != key);
        entry.removed.push(key.to_owned());
        Ok(())
    }

    /// Uploads the manifest. Returns `true` if it is to be tried again after a look at all objects: another writer was first,
    /// or COS did not tell the ETag of a thumbnail.
    pub(super) async fn store_manifest(&mut self, entry: &mut Entry) -> Result<bool, Error> {
        let Some(target) = &self.job.manifest else { return Ok(false) };
        let Some(upload) = self.manifest_upload(target, entry) else { return Ok(true) };
        let bytes = upload.body.len();
        let stored = self.pipeline.session.put(&self.target_location, &target.key, upload).await;
        // A retried upload whose response was lost finds its own object.
        if matches!(stored, Ok(_) | Err(cos::Error::Exists(_))) {
            let key = target.key.as_str().to_owned();
            entry.removed.retain(|removed| *removed != key);
            entry.manifest = Some(ManifestReport { key, bytes: Some(bytes), withheld: None });
        }
        match stored {
            Ok(_) => Ok(false),
            Err(exists @ cos::Error::Exists(_)) => {
                self.lost_race = Some(exists);
                Ok(true)
            }
            Err(error) => self.defer_permanent(error.into()).map(|()| false),
        }
    }

    /// `None` if not all is known that a manifest tells.
    fn manifest_upload(&self, target: &ManifestTarget, entry: &Entry) -> Option<Upload> {
        let (job, rendered) = (self.job, self.rendered.as_ref()?);
        let content = rendered.head.content();
        let thumbnails = job.targets.iter().zip(&self.stored).zip(&rendered.thumbnails);
        let thumbnails: Option<Vec<ThumbnailFacts<'_>>> = thumbnails
            .map(|((target, stored), made)| thumbnail_facts(target, stored.as_ref()?, made.as_ref()?))
            .collect();
        let source = self.source_facts(entry.source.as_ref()?, content.as_ref()?)?;
        let document =
            ManifestDocument::new(source, job.bucket.as_str(), thumbnails?, target.hash.to_string());
        let stamp = Stamp {
            source: job.source.clone(),
            content,
            version: rendered.head.version.clone(),
            recipe: target.hash.clone(),
        };
        Some(Upload {
            body: Bytes::from(serde_json::to_vec(&document).ok()?),
            content_type: CONTENT_TYPE,
            cache_control: Some(CACHE_CONTROL.to_owned()),
            storage_class: None,
            acl: job.rule.acl(),
            only_if_absent: self.visit.seen_manifest() == Some(&SeenThumbnail::Absent),
            meta: ManifestStamp { stamp, set: self.stored_set()? }.to_meta(),
        })
    }

    fn source_facts(&self, report: &SourceReport, content: &ContentId) -> Option<SourceFacts<'_>> {
        let image = report.image.as_ref()?;
        Some(SourceFacts {
            bucket: self.record.bucket.as_str(),
            key: self.record.key.as_str(),
            etag: content.etag.to_string(),
            bytes: report.bytes,
            format: image.format,
            width: image.width,
            height: image.height,
            damaged: report.damaged,
            aigc: report.aigc,
        })
    }

    /// Notes for the report that there is no manifest, because not all thumbnails are there.
    pub(super) fn report_withheld_manifest(&self, entry: &mut Entry) {
        let is_image = matches!(self.visit.source(), Some(SourceState::Image(_)));
        if let Some(target) = &self.job.manifest
            && is_image
            && entry.manifest.is_none()
            && self.visit.seen_manifest() == Some(&SeenThumbnail::Absent)
        {
            let (key, reason) = (target.key.as_str().to_owned(), "not all thumbnails are there");
            entry.manifest = Some(ManifestReport { key, bytes: None, withheld: Some(reason) });
        }
    }
}

/// The facts of a thumbnail that is stored. `made` is of the same recipe and source.
fn thumbnail_facts<'a>(
    target: &'a Target<'_>,
    stored: &StoredFacts,
    made: &DraftThumbnail,
) -> Option<ThumbnailFacts<'a>> {
    let (size, content_type, frames, placeholder) = match made {
        DraftThumbnail::Encoded(made) => {
            let frames = if let Motion::Animated(frames) = made.motion { Some(frames) } else { None };
            ((made.width, made.height), made.format.content_type(), frames, made.placeholder.clone())
        }
        DraftThumbnail::Drawn(drawn) => {
            (drawn.size(), target.recipe.format?.content_type(), None, drawn.placeholder())
        }
    };
    let placeholder = placeholder.map(|placeholder| PlaceholderFacts {
        thumbhash: Some(placeholder.thumbhash),
        color: Some(placeholder.color.to_string()),
    });
    Some(ThumbnailFacts {
        name: target.name,
        key: target.key.as_str(),
        path: path_of(&target.key),
        width: size.0,
        height: size.1,
        bytes: stored.bytes,
        content_type,
        quality: stored.quality,
        score: stored.score,
        frames,
        placeholder: placeholder.unwrap_or_default(),
        recipe: target.hash.to_string(),
    })
}
