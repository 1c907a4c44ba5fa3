//! Orphans: thumbnails whose source is gone.
//!
//! The listing of the targets is walked, and the source of each object looked up. A template that ends with the key names
//! the source by itself; otherwise the stamp of the object is read. Nothing is an orphan before a HEAD of its source and its
//! stamp say so, because listings are eventually consistent.
//!
//! Where a segment of the source key names the bucket, the buckets are those of the sources that are there: COS cannot
//! list buckets by a pattern. A bucket whose last source is gone is not looked at.

use std::collections::{BTreeSet, VecDeque};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::config::KeyPrefix;
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
    /// Where an earlier walk ended, until the places are known.
    begin: Option<String>,
    /// Places that are still to be listed.
    places: VecDeque<(Bucket, String)>,
    /// Key after which the first place is continued.
    marker: String,
}

impl<'a, S: Store> OrphanSurvey<'a, S> {
    /// Walks through the targets of a job, after `end`, which an earlier page ended with.
    #[must_use]
    pub fn new(job: &'a Job, store: &'a S, end: &str) -> Self {
        Self { job, store, begin: Some(end.to_owned()), places: VecDeque::new(), marker: String::new() }
    }

    /// Finds the places to list after `end`.
    async fn find_places(&mut self, end: &str) -> Result<(), StoreError> {
        let mut all: BTreeSet<(Bucket, String)> = BTreeSet::new();
        let mut segments: Option<(&KeyPrefix, BTreeSet<String>)> = None;
        let thumbnails =
            self.job.thumbnails().map(|(rule, one, target)| (rule, rule.target_prefix(one), target));
        let manifests = self
            .job
            .manifests()
            .filter_map(|(rule, target)| rule.manifest_prefix().map(|prefix| (rule, prefix, target)));
        for (rule, prefix, target) in thumbnails.chain(manifests) {
            let prefix = prefix.known().to_owned();
            if let Some(bucket) = target.only() {
                all.insert((bucket.clone(), prefix));
                continue;
            }
            let sources = rule.source().prefix();
            let found = match segments.take().filter(|(of, _)| *of == sources) {
                Some((_, found)) => found,
                None => self.segments(sources).await?,
            };
            let buckets = found.iter().filter_map(|segment| target.bucket(segment).ok());
            all.extend(buckets.map(|bucket| (bucket, prefix.clone())));
            segments = Some((sources, found));
        }
        for (bucket, prefix) in all {
            let is_covered =
                self.places.back().is_some_and(|last| last.0 == bucket && prefix.starts_with(&last.1));
            if !is_covered {
                self.places.push_back((bucket, prefix));
            }
        }
        if let Some((bucket, marker)) = end.split_once('/') {
            self.places.retain(|place| place.0.as_str() >= bucket);
            if self.places.front().is_some_and(|place| place.0.as_str() == bucket) {
                self.marker = marker.to_owned();
            }
        }
        Ok(())
    }

    /// The values of the open segment among the sources, at about one list request each.
    async fn segments(&self, prefix: &KeyPrefix) -> Result<BTreeSet<String>, StoreError> {
        let (mut found, mut marker) = (BTreeSet::new(), String::new());
        loop {
            let page = self.store.list(&self.job.source, prefix.known(), &marker).await?;
            let of_page = page.objects.iter().filter_map(|object| prefix.segment_of(object.key.as_str()));
            found.extend(of_page.map(str::to_owned));
            let Some(next) = page.next else { return Ok(found) };
            let folder = next.strip_prefix(prefix.known()).and_then(|rest| rest.split_once('/'));
            let jump = folder.map(|(folder, _)| {
                let first = prefix.filled(folder);
                // Sources of the folder are still to come, or the listing goes on behind it: 0 follows the slash.
                if first > next { first } else { format!("{}{folder}0", prefix.known()) }
            });
            let next = jump.unwrap_or(next);
            if next <= marker {
                return Err(StoreError::stuck(&self.job.source, &next));
            }
            marker = next;
        }
    }

    /// The orphans of the next page; `None` after the last. The end of a page is `<bucket>/<key>`.
    ///
    /// # Errors
    /// When a request failed at every attempt.
    pub async fn next_page(&mut self) -> Result<Option<Surveyed>, StoreError> {
        if let Some(end) = self.begin.clone() {
            self.find_places(&end).await?;
            self.begin = None;
        }
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
            if !place.may_be(bucket) || !rule.target_prefix(thumbnail).takes(target.as_str()) {
                continue;
            }
            match rule.source_of(target, thumbnail) {
                Some(source)
                    if self.is_of_job(&source)
                        && rule.target_bucket_of(&self.job.source, &source).as_ref() == Ok(bucket) =>
                {
                    return Ok(Some(source));
                }
                Some(_) => {}
                None => needs_stamp |= !rule.names_source(),
            }
        }
        for (rule, place) in self.job.manifests() {
            if !place.may_be(bucket)
                || !rule.manifest_prefix().is_some_and(|prefix| prefix.takes(target.as_str()))
            {
                continue;
            }
            match rule.source_of_manifest(target) {
                Some(source)
                    if self.is_of_job(&source)
                        && rule.target_bucket_of(&self.job.source, &source).as_ref() == Ok(bucket) =>
                {
                    return Ok(Some(source));
                }
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::config::{Config, Environment};
    use crate::cos::{Head, ListPage};
    use crate::object::Region;
    use crate::sync::Selection;

    /// A source bucket whose pages have two objects.
    struct Pages {
        keys: Vec<String>,
        requests: Cell<usize>,
    }

    impl Store for Pages {
        async fn list(&self, _: &Bucket, prefix: &str, marker: &str) -> Result<ListPage, StoreError> {
            self.requests.set(self.requests.get() + 1);
            let mut rest = self.keys.iter().filter(|key| key.starts_with(prefix) && key.as_str() > marker);
            let object = |key: &String| ListedObject {
                key: Key::parse(key).unwrap(),
                length: 1,
                etag: None,
                last_modified: None,
                is_archived: false,
            };
            let objects: Vec<_> = rest.by_ref().take(2).map(object).collect();
            let next = rest.next().and_then(|_| objects.last()).map(|last| last.key.as_str().to_owned());
            Ok(ListPage { objects, next, unusable: 0 })
        }

        async fn head(&self, _: &Bucket, _: &Key) -> Result<Option<Head>, StoreError> {
            Ok(None)
        }
    }

    #[tokio::test]
    async fn folders_are_found_without_listing_all_of_their_sources() {
        let mut keys: Vec<String> = (0..50).map(|number| format!("in/acme/up/{number:02}")).collect();
        keys.extend((0..9).map(|number| format!("in/bolt/of/{number}")));
        let others = [
            "in/acme-2/up/1",
            "in/bolt/up/1",
            "in/bolt/up/2",
            "in/corp/up",
            "in/dawn/zz/1",
            "in/x",
            "in/z/up/1",
        ];
        keys.extend(others.map(str::to_owned));
        keys.sort();
        let variables = [("SOURCE_PREFIX", "in/{t}/up/"), ("TARGET_BUCKET", "thumbs-{t}-125")];
        let config = Config::load(&Environment::from_pairs(variables), None).unwrap();
        let (region, source) = (Region::parse("ap-guangzhou").unwrap(), Bucket::parse("photos-125").unwrap());
        let job = Job::new(config, region, source, Selection::default()).unwrap();
        let store = Pages { keys, requests: Cell::new(0) };
        let mut survey = OrphanSurvey::new(&job, &store, "");
        survey.find_places("").await.unwrap();
        let places: Vec<_> =
            survey.places.iter().map(|(bucket, prefix)| format!("{bucket}/{prefix}")).collect();
        assert_eq!(places, ["acme", "acme-2", "bolt", "z"].map(|name| format!("thumbs-{name}-125/in/")));
        assert!(store.requests.get() <= 10, "{}", store.requests.get());
        survey.places.clear();
        survey.find_places("thumbs-bolt-125/in/bolt/up/1").await.unwrap();
        assert_eq!((survey.places.len(), survey.marker.as_str()), (2, "in/bolt/up/1"));
    }
}
