//! Orphans: thumbnails whose source is gone.
//!
//! The listing of the targets is walked, and the source of each object looked up. A template that ends with the key names
//! the source by itself; otherwise the stamp of the object is read. Nothing is an orphan before a HEAD of its source and its
//! stamp say so, because listings are eventually consistent.

use std::collections::{BTreeSet, VecDeque};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::cos::ListedObject;
use crate::object::{Bucket, Key};
use crate::reconcile::Stamp;
use crate::sync::record::tally::Tally;
use crate::sync::survey::targets::look_up;
use crate::sync::survey::{PARALLEL_HEADS, Surveyed};
use crate::sync::{Job, Need, Source, Store, StoreError, Task};

/// Walk through the thumbnails of a job, in search of those without source.
#[derive(Debug)]
pub struct OrphanSurvey<'a, S> {
    job: &'a Job,
    store: &'a S,
    /// Places that are still to be listed.
    places: VecDeque<(Bucket, String)>,
    /// Key after which the first place is continued.
    marker: String,
}

impl<'a, S: Store> OrphanSurvey<'a, S> {
    /// Walks through the targets of a job, after `end`, which an earlier page ended with.
    #[must_use]
    pub fn new(job: &'a Job, store: &'a S, end: &str) -> Self {
        let thumbnails =
            job.thumbnails().map(|(rule, one, bucket)| (bucket.clone(), rule.target_prefix(one)));
        let manifests =
            job.manifests().filter_map(|(rule, bucket)| Some((bucket.clone(), rule.manifest_prefix()?)));
        let all: BTreeSet<(Bucket, String)> = thumbnails.chain(manifests).collect();
        let mut places: VecDeque<(Bucket, String)> = VecDeque::new();
        for (bucket, prefix) in all {
            let is_covered =
                places.back().is_some_and(|last| last.0 == bucket && prefix.starts_with(&last.1));
            if !is_covered {
                places.push_back((bucket, prefix));
            }
        }
        let mut survey = Self { job, store, places, marker: String::new() };
        if let Some((bucket, marker)) = end.split_once('/') {
            survey.places.retain(|place| place.0.as_str() >= bucket);
            if survey.places.front().is_some_and(|place| place.0.as_str() == bucket) {
                survey.marker = marker.to_owned();
            }
        }
        survey
    }

    /// The orphans of the next page; `None` after the last. The end of a page is `<bucket>/<key>`.
    ///
    /// # Errors
    /// When a request failed at every attempt.
    pub async fn next_page(&mut self) -> Result<Option<Surveyed>, StoreError> {
        let Some((bucket, prefix)) = self.places.front().cloned() else { return Ok(None) };
        let page = self.store.list(&bucket, &prefix, &self.marker).await?;
        let last = page.objects.last().map(|last| last.key.as_str().to_owned());
        let end = page.next.clone().or(last).unwrap_or_else(|| self.marker.clone());
        let surveyed = Surveyed { end: format!("{bucket}/{end}"), ..Surveyed::default() };
        if page.next.is_some() {
            if end <= self.marker {
                return Err(StoreError::stuck(&bucket, &end));
            }
            self.marker = end;
        } else {
            self.places.pop_front();
            let is_same = self.places.front().is_some_and(|next| next.0 == bucket);
            self.marker = if is_same { end.max(std::mem::take(&mut self.marker)) } else { String::new() };
        }
        let tasks = self.orphans(&bucket, page.objects).await?;
        let mut tally = Tally::default();
        tasks.iter().for_each(|_| tally.add(Need::Orphan, None));
        Ok(Some(Surveyed { tasks, tally, ..surveyed }))
    }

    /// The sources of those objects that are thumbnails without source.
    async fn orphans(&self, bucket: &Bucket, objects: Vec<ListedObject>) -> Result<Vec<Task>, StoreError> {
        let sources = objects.iter().map(|object| self.source_of(bucket, &object.key));
        let sources: Vec<Option<Key>> = stream::iter(sources).buffered(PARALLEL_HEADS).try_collect().await?;
        let pairs = objects.into_iter().zip(sources);
        let mut pairs: Vec<(Key, Key)> =
            pairs.filter_map(|(object, source)| Some((source?, object.key))).collect();
        pairs.sort();
        let mut keys: Vec<&str> = pairs.iter().map(|(source, _)| source.as_str()).collect();
        keys.dedup();
        let found = look_up(self.store, self.job.source(), &keys).await?;
        let is_absent = |source: &Key| {
            keys.binary_search(&source.as_str()).is_ok_and(|at| found.get(at).is_some_and(Option::is_none))
        };
        let checked = pairs
            .iter()
            .filter(|(source, _)| is_absent(source))
            .map(|(source, thumbnail)| self.confirm(bucket, source, thumbnail));
        let checked: Vec<Option<Key>> = stream::iter(checked).buffered(PARALLEL_HEADS).try_collect().await?;
        let gone: BTreeSet<Key> = checked.into_iter().flatten().collect();
        let task = |key| Task {
            source: Source { key, length: None, etag: None, last_modified: None, is_archived: false },
            need: Need::Orphan,
        };
        Ok(gone.into_iter().map(task).collect())
    }

    /// The selected source that an object would be a thumbnail of; `None` for a foreign object.
    async fn source_of(&self, bucket: &Bucket, target: &Key) -> Result<Option<Key>, StoreError> {
        let mut needs_stamp = false;
        for (rule, thumbnail, place) in self.job.thumbnails() {
            if place != bucket || !target.as_str().starts_with(&rule.target_prefix(thumbnail)) {
                continue;
            }
            match rule.source_of(target, thumbnail) {
                Some(source) if self.is_of_job(&source) => return Ok(Some(source)),
                Some(_) => {}
                None => needs_stamp |= !rule.names_source(),
            }
        }
        for (rule, place) in self.job.manifests() {
            if place != bucket
                || !rule.manifest_prefix().is_some_and(|prefix| target.as_str().starts_with(&prefix))
            {
                continue;
            }
            match rule.source_of_manifest(target) {
                Some(source) if self.is_of_job(&source) => return Ok(Some(source)),
                Some(_) => {}
                None => needs_stamp |= !rule.manifest_names_source(),
            }
        }
        if !needs_stamp {
            return Ok(None);
        }
        let head = self.store.head(bucket, target).await?;
        let source = head.and_then(|head| Stamp::read(&head.meta)?.source.parts());
        Ok(source
            .and_then(|(bucket, key)| (bucket == self.job.source && self.is_of_job(&key)).then_some(key)))
    }

    fn is_of_job(&self, source: &Key) -> bool {
        self.job.selection.takes_key(source.as_str()) && self.job.rule_for(source).is_some()
    }

    /// Returns the source if it is gone, and its thumbnail is there.
    async fn confirm(
        &self,
        bucket: &Bucket,
        source: &Key,
        thumbnail: &Key,
    ) -> Result<Option<Key>, StoreError> {
        if self.store.head(&self.job.source, source).await?.is_some() {
            return Ok(None);
        }
        let head = self.store.head(bucket, thumbnail).await?;
        let stamped = head.and_then(|head| Stamp::read(&head.meta)?.source.parts());
        let is_its = stamped.is_some_and(|(bucket, key)| bucket == self.job.source && key == *source);
        Ok(is_its.then(|| source.clone()))
    }
}
