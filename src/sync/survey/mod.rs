//! Survey: which sources need a visit of the function.
//!
//! The listing of the targets tells which thumbnails are missing. The stamp of a thumbnail, for which its headers are
//! requested, tells whether it is stale; by default only thumbnails older than their source are asked. What a stamp means is
//! decided by [`decide`], as for an event.

pub(super) mod inventory;
pub(super) mod orphans;
pub(super) mod sources;
mod targets;

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::cos::ListedObject;
use crate::object::{Bucket, Key};
use crate::recipe::RecipeHash;
use crate::reconcile::{Action, SeenThumbnail, SourceName, SourceState, decide, set_of};
use crate::sync::job::TAKEN;
use crate::sync::record::tally::Tally;
use crate::sync::survey::targets::look_up;
use crate::sync::{Job, Need, Source, SourcePage, Store, StoreError, Task};

/// HEAD requests in flight for one page. At 30 ms each, a page of a thousand takes a second.
const PARALLEL_HEADS: usize = 32;

/// How thoroughly existing thumbnails are looked at.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Verify {
    /// By their presence and time; the stamps of those that are older than their source.
    #[default]
    Listing,
    /// Not at all: every source is visited.
    Nothing,
    /// By their stamps, all of them.
    Stamps,
}

/// Source that is not sent, because the function could do nothing for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Passed {
    /// Key.
    pub key: String,
    /// Stable code of the reason.
    pub code: &'static str,
    /// One sentence.
    pub reason: String,
}

/// One surveyed page.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Surveyed {
    /// Sources to visit, in the order of their keys.
    pub tasks: Vec<Task>,
    /// Sources that are not sent although a thumbnail is missing.
    pub passed: Vec<Passed>,
    /// Numbers of sources by state.
    pub tally: Tally,
    /// Key up to which everything is surveyed.
    pub end: String,
}

/// Surveyor of a job.
#[derive(Debug)]
pub struct Survey<'a, S> {
    pub(super) job: &'a Job,
    pub(super) store: &'a S,
    verify: Verify,
}

/// A source of a page, with the keys of its thumbnails.
struct Candidate {
    source: Source,
    /// Number of its rule.
    rule: usize,
    bucket: Bucket,
    /// Keys of its thumbnails, and after them that of its manifest, if the rule has one.
    keys: Vec<Key>,
}

impl<'a, S: Store> Survey<'a, S> {
    /// A survey by this thoroughness.
    #[must_use]
    pub fn new(job: &'a Job, store: &'a S, verify: Verify) -> Self {
        Self { job, store, verify }
    }

    /// Surveys a page.
    ///
    /// # Errors
    /// When a request failed at every attempt.
    pub async fn page(&self, page: SourcePage) -> Result<Surveyed, StoreError> {
        let mut surveyed = Surveyed { end: page.end, ..Surveyed::default() };
        surveyed.tally.unusable = u64::try_from(page.unusable).unwrap_or(u64::MAX);
        let candidates = self.candidates(page.sources, &mut surveyed);
        if self.verify == Verify::Nothing {
            for Candidate { source, .. } in candidates {
                surveyed.tally.add(Need::Unverified, source.length);
                surveyed.tasks.push(Task { source, need: Need::Unverified });
            }
            return Ok(surveyed);
        }
        let listed = self.list_thumbnails(&candidates).await?;
        let states =
            candidates.into_iter().zip(listed).map(|(candidate, listed)| self.judge(candidate, listed));
        let states: Vec<_> = stream::iter(states).buffered(PARALLEL_HEADS).try_collect().await?;
        for (source, verdict) in states {
            match verdict {
                Verdict::Current => surveyed.tally.current = surveyed.tally.current.saturating_add(1),
                Verdict::Passed(code, reason) => pass(&mut surveyed, &source, code, reason),
                Verdict::Visit(need) => {
                    surveyed.tally.add(need, source.length);
                    surveyed.tasks.push(Task { source, need });
                }
            }
        }
        Ok(surveyed)
    }

    /// Returns the tasks among these whose thumbnails are still not as they should be.
    ///
    /// # Errors
    /// When a request failed at every attempt.
    pub async fn unfinished(&self, tasks: Vec<Task>) -> Result<Vec<Task>, StoreError> {
        let (orphans, tasks): (Vec<Task>, Vec<Task>) =
            tasks.into_iter().partition(|task| task.need == Need::Orphan);
        let (missing, others): (Vec<Task>, Vec<Task>) =
            tasks.into_iter().partition(|task| task.need == Need::Missing);
        let thorough = Self { verify: Verify::Stamps, ..*self };
        let mut unfinished = self.still(missing).await?;
        unfinished.extend(thorough.still(others).await?);
        let checked = orphans.into_iter().map(|task| async {
            let has_thumbnail = self.has_thumbnail(&task.source.key).await?;
            Ok::<_, StoreError>(has_thumbnail.then_some(task))
        });
        let checked: Vec<_> = stream::iter(checked).buffered(PARALLEL_HEADS).try_collect().await?;
        unfinished.extend(checked.into_iter().flatten());
        Ok(unfinished)
    }

    /// The tasks whose source still needs a visit.
    async fn still(&self, tasks: Vec<Task>) -> Result<Vec<Task>, StoreError> {
        let needs: BTreeMap<Key, Need> =
            tasks.iter().map(|task| (task.source.key.clone(), task.need)).collect();
        let mut sources: Vec<Source> = tasks.into_iter().map(|task| task.source).collect();
        sources.sort_by(|one, other| one.key.cmp(&other.key));
        let found = self.page(SourcePage { sources, ..SourcePage::default() }).await?;
        let of_need =
            |task: Task| Task { need: needs.get(&task.source.key).copied().unwrap_or(task.need), ..task };
        Ok(found.tasks.into_iter().map(of_need).collect())
    }

    /// Is there a thumbnail of this source?
    async fn has_thumbnail(&self, source: &Key) -> Result<bool, StoreError> {
        let Some((_, rule)) = self.job.rule_for(source) else { return Ok(false) };
        let Ok(bucket) = rule.target_bucket_of(&self.job.source, source) else { return Ok(false) };
        let thumbnails = rule.thumbnails().iter().filter_map(|one| rule.target_key(source, one).ok());
        for key in thumbnails.chain(rule.manifest_key(source).ok().flatten()) {
            if matches!(self.seen(&bucket, &key, source).await?, SeenThumbnail::Ours { .. }) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The selected sources of a page that a rule covers.
    fn candidates(&self, sources: Vec<Source>, surveyed: &mut Surveyed) -> Vec<Candidate> {
        let mut candidates = Vec::with_capacity(sources.len());
        for source in sources {
            let rule = self.job.rule_for(&source.key).filter(|_| self.job.takes(&source));
            let Some((number, rule)) = rule else { continue };
            surveyed.tally.count_source(source.length);
            let bucket = rule.target_bucket_of(&self.job.source, &source.key);
            let keys = rule.thumbnails().iter().map(|thumbnail| rule.target_key(&source.key, thumbnail));
            let keys = keys.chain(rule.manifest_key(&source.key).transpose());
            match bucket.and_then(|bucket| Ok((bucket, keys.collect::<Result<_, _>>()?))) {
                Err(error) => {
                    let reason = format!("the thumbnail cannot be stored: {error}");
                    pass(surveyed, &source, "target.name", reason);
                }
                Ok((bucket, keys)) => candidates.push(Candidate { source, rule: number, bucket, keys }),
            }
        }
        candidates
    }

    /// The objects under the keys of all thumbnails of these sources.
    async fn list_thumbnails(
        &self,
        candidates: &[Candidate],
    ) -> Result<Vec<Vec<Option<ListedObject>>>, StoreError> {
        // The sources of a page may have several target buckets; each is listed by itself.
        let mut places: Vec<(&Bucket, &str, usize, usize)> = Vec::new();
        for (number, candidate) in candidates.iter().enumerate() {
            let keys = candidate.keys.iter().enumerate();
            places.extend(keys.map(|(at, key)| (&candidate.bucket, key.as_str(), number, at)));
        }
        places.sort_unstable_by(|one, other| (one.0.as_str(), one.1).cmp(&(other.0.as_str(), other.1)));
        let mut listed: Vec<Vec<Option<ListedObject>>> =
            candidates.iter().map(|candidate| vec![None; candidate.keys.len()]).collect();
        for places in places.chunk_by(|one, other| one.0 == other.0) {
            let Some((bucket, ..)) = places.first() else { continue };
            let mut keys: Vec<&str> = places.iter().map(|(_, key, ..)| *key).collect();
            keys.dedup();
            let found = look_up(self.store, bucket, &keys).await?;
            for (_, key, number, at) in places {
                let object =
                    keys.binary_search(key).ok().and_then(|place| found.get(place).cloned().flatten());
                if let Some(slot) = listed.get_mut(*number).and_then(|row| row.get_mut(*at)) {
                    *slot = object;
                }
            }
        }
        Ok(listed)
    }

    /// Decides about one source.
    async fn judge(
        &self,
        candidate: Candidate,
        listed: Vec<Option<ListedObject>>,
    ) -> Result<(Source, Verdict), StoreError> {
        let Candidate { mut source, rule, bucket, keys } = candidate;
        let compares = listed.iter().flatten().any(|thumbnail| self.needs_stamp(&source, thumbnail));
        if compares && source.etag.is_none() {
            // An inventory may have no column of ETags.
            let Some(head) = self.store.head(&self.job.source, &source.key).await? else {
                return Ok((source, Verdict::Current));
            };
            source = Source {
                length: Some(head.length),
                etag: head.etag,
                last_modified: head.last_modified,
                ..source
            };
        }
        let mut worst = Verdict::Current;
        let hashes = self.job.hashes_of(rule);
        for ((key, listed), recipe) in keys.iter().zip(&listed).zip(hashes) {
            let seen = match listed {
                None => SeenThumbnail::Absent,
                Some(object) if !self.needs_stamp(&source, object) => continue,
                Some(_) => self.seen(&bucket, key, &source.key).await?,
            };
            worst = worst.or_worse(self.verdict(&source, recipe, key, seen));
        }
        if let Some(key) = keys.get(hashes.len()) {
            worst = self.judge_manifest(&source, &bucket, (key, &keys), (hashes, &listed), worst).await?;
        }
        Ok((source, worst))
    }

    /// Decides about the manifest of a source, by the verdict on its thumbnails. Without all of them there is none.
    async fn judge_manifest(
        &self,
        source: &Source,
        bucket: &Bucket,
        (key, keys): (&Key, &[Key]),
        (hashes, listed): (&[RecipeHash], &[Option<ListedObject>]),
        verdict: Verdict,
    ) -> Result<Verdict, StoreError> {
        let manifest = listed.get(hashes.len()).and_then(Option::as_ref);
        let seen = match (&verdict, manifest) {
            (Verdict::Visit(_), _) | (Verdict::Passed(..), None) => return Ok(verdict),
            (Verdict::Current, None) => SeenThumbnail::Absent,
            (Verdict::Current, Some(manifest)) if !self.needs_look(source, manifest, listed) => {
                return Ok(verdict);
            }
            (Verdict::Current | Verdict::Passed(..), Some(_)) => {
                self.seen_manifest(bucket, key, &source.key, listed.get(..hashes.len()).unwrap_or_default())
                    .await?
            }
        };
        let is_there = matches!(seen, SeenThumbnail::Ours { .. });
        if let Verdict::Passed(..) = verdict {
            return Ok(if is_there { Verdict::Visit(Need::Stale) } else { verdict });
        }
        let thumbnails = keys.iter().zip(hashes).map(|(key, hash)| (key.as_str(), hash));
        Ok(self.verdict(source, &RecipeHash::of_manifest(thumbnails), key, seen))
    }

    /// The object under the key of a manifest, without content if it describes other files than those that are listed.
    async fn seen_manifest(
        &self,
        bucket: &Bucket,
        key: &Key,
        source: &Key,
        listed: &[Option<ListedObject>],
    ) -> Result<SeenThumbnail, StoreError> {
        let Some(head) = self.store.head(bucket, key).await? else { return Ok(SeenThumbnail::Absent) };
        let set = set_of(listed.iter().map(|object| object.as_ref()?.etag.as_ref()));
        let name = SourceName::new(&self.job.source, source);
        Ok(SeenThumbnail::of_manifest(&head.meta, &name, set.as_deref()))
    }

    /// Returns `true` if the presence of a manifest does not show that it is current: it is stored after all thumbnails.
    fn needs_look(&self, source: &Source, manifest: &ListedObject, listed: &[Option<ListedObject>]) -> bool {
        let is_newer = |other: &ListedObject| other.last_modified > manifest.last_modified;
        self.needs_stamp(source, manifest) || listed.iter().flatten().any(is_newer)
    }

    /// Returns `true` if the presence of a thumbnail does not show that it is current.
    fn needs_stamp(&self, source: &Source, thumbnail: &ListedObject) -> bool {
        let times = source.last_modified.zip(thumbnail.last_modified);
        self.verify == Verify::Stamps
            || source.length == Some(0)
            || times.is_none_or(|(source, thumbnail)| thumbnail < source)
    }

    /// The object under the key of a thumbnail of a source, by its stamp.
    pub(super) async fn seen(
        &self,
        bucket: &Bucket,
        key: &Key,
        source: &Key,
    ) -> Result<SeenThumbnail, StoreError> {
        let head = self.store.head(bucket, key).await?;
        let name = SourceName::new(&self.job.source, source);
        Ok(head.map_or(SeenThumbnail::Absent, |head| SeenThumbnail::of(&head.meta, &name)))
    }

    fn verdict(&self, source: &Source, recipe: &RecipeHash, key: &Key, seen: SeenThumbnail) -> Verdict {
        let is_missing = seen == SeenThumbnail::Absent;
        let archived = || {
            let reason = "it is archived; restore it, which makes its thumbnails by the event of the restore";
            Verdict::Passed("cos.archived", reason.to_owned())
        };
        // Only a missing thumbnail is judged without the ETag of the source.
        let Some(content) = source.content() else {
            return if source.is_archived { archived() } else { Verdict::Visit(Need::Missing) };
        };
        let is_empty = source.length == Some(0);
        let state = if is_empty { SourceState::NotAnImage(content) } else { SourceState::Image(content) };
        match (decide(&state, recipe, &seen, self.job.on_foreign()), seen) {
            (Action::Keep, _) => Verdict::Current,
            (Action::Make, _) if source.is_archived => archived(),
            (Action::Make, _) if is_missing => Verdict::Visit(Need::Missing),
            (Action::Make | Action::Remove, _) => Verdict::Visit(Need::Stale),
            (Action::Leave, _) => {
                let reason = format!(
                    "{key} holds an object that this function did not make; move it, or set ON_FOREIGN=overwrite"
                );
                Verdict::Passed("skip.foreign", reason)
            }
            (Action::Refuse, SeenThumbnail::OfAnother(owner)) => {
                let reason = format!(
                    "{key} already holds the thumbnail of {owner}; write a target key that tells the two apart, as \
                     {{key}} and {{hash}} do"
                );
                Verdict::Passed(TAKEN, reason)
            }
            (Action::Refuse, _) => Verdict::Current,
        }
    }
}

/// Decision about a source, from the best to the worst.
enum Verdict {
    Current,
    Passed(&'static str, String),
    Visit(Need),
}

impl Verdict {
    /// A visit comes before what no visit can mend, and a stale thumbnail before a missing one.
    fn or_worse(self, other: Self) -> Self {
        let rank = |verdict: &Self| match verdict {
            Self::Current => 0,
            Self::Passed(..) => 1,
            Self::Visit(Need::Missing | Need::Unverified) => 2,
            Self::Visit(Need::Orphan | Need::Stale) => 3,
        };
        if rank(&other) > rank(&self) { other } else { self }
    }
}

fn pass(surveyed: &mut Surveyed, source: &Source, code: &'static str, reason: String) {
    surveyed.tally.passed = surveyed.tally.passed.saturating_add(1);
    surveyed.passed.push(Passed { key: source.key.as_str().to_owned(), code, reason });
}
