//! Sources in the order of their keys, page by page.

use std::collections::VecDeque;
use std::future::Future;

use crate::sync::{Job, Source, Store, StoreError};

/// Some sources, and how far they go.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SourcePage {
    /// Sources, in the order of the bytes of their keys.
    pub sources: Vec<Source>,
    /// Key up to which all sources are in this page or an earlier one.
    pub end: String,
    /// Number of objects whose keys no request can name.
    pub unusable: usize,
}

/// Sources in the order of their keys.
pub trait Sources {
    /// The next page; `None` after the last.
    fn next_page(&mut self) -> impl Future<Output = Result<Option<SourcePage>, StoreError>>;
}

/// The listing of the source bucket, below the prefixes of its rules.
#[derive(Debug)]
pub struct Listing<'a, S> {
    job: &'a Job,
    store: &'a S,
    prefixes: VecDeque<String>,
    marker: String,
}

impl<'a, S: Store> Listing<'a, S> {
    /// The sources of a job whose keys follow `marker`.
    #[must_use]
    pub fn new(job: &'a Job, store: &'a S, marker: &str) -> Self {
        let after = job.selection.start_after.as_deref().unwrap_or_default();
        let marker = marker.max(after).to_owned();
        Self { job, store, prefixes: job.prefixes().into(), marker }
    }
}

impl<S: Store> Sources for Listing<'_, S> {
    async fn next_page(&mut self) -> Result<Option<SourcePage>, StoreError> {
        let Some(prefix) = self.prefixes.front().cloned() else { return Ok(None) };
        let page = self.store.list(&self.job.source, &prefix, &self.marker).await?;
        let last = page.objects.last().map(|last| last.key.as_str().to_owned());
        let end = page.next.clone().or(last).unwrap_or_else(|| self.marker.clone());
        if page.next.is_none() {
            self.prefixes.pop_front();
        } else if end <= self.marker {
            return Err(StoreError::stuck(&self.job.source, &end));
        }
        self.marker = end.max(std::mem::take(&mut self.marker));
        let sources = page.objects.into_iter().map(Source::from).collect();
        Ok(Some(SourcePage { sources, end: self.marker.clone(), unusable: page.unusable }))
    }
}

/// Counts the sources of a job, which tells how far a run is.
///
/// # Errors
/// When a request failed at every attempt.
pub async fn count_sources(job: &Job, store: &impl Store) -> Result<u64, StoreError> {
    let mut listing = Listing::new(job, store, "");
    let mut count = 0_u64;
    while let Some(page) = listing.next_page().await? {
        let taken = page.sources.iter().filter(|source| job.takes(source)).count();
        count = count.saturating_add(u64::try_from(taken).unwrap_or(u64::MAX));
    }
    Ok(count)
}
