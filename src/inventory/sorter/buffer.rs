//! Rows in memory, until they are sorted.

use std::ops::Range;

use crate::inventory::sorter::entry;

/// Entries, in the order in which they are pushed or, once they are sorted, of their keys.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    entries: Vec<Range<usize>>,
    /// Entries that [`Self::next_entry`] has returned or left out.
    returned: usize,
}

impl Buffer {
    /// Creates a buffer that grows to `memory` bytes.
    pub(super) fn with_capacity(memory: usize) -> Self {
        // Pages that are not written take no memory.
        Self { bytes: Vec::with_capacity(memory), ..Self::default() }
    }

    /// Bytes that the buffer takes with one more entry.
    pub(super) fn memory_with(&self, entry: &[u8]) -> usize {
        let entries = self.entries.len().saturating_add(1).saturating_mul(size_of::<Range<usize>>());
        self.bytes.len().saturating_add(entry.len()).saturating_add(entries)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn push(&mut self, entry: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(entry);
        self.entries.push(start..self.bytes.len());
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
        self.returned = 0;
    }

    /// Sorts by key. Entries with the same key stay in their order.
    pub(super) fn sort(&mut self) {
        let Self { bytes, entries, .. } = self;
        let key = |range: &Range<usize>| entry::key(bytes.get(range.clone()).unwrap_or_default());
        entries.sort_by(|one, other| key(one).cmp(key(other)));
    }

    /// Returns the newest entry of the next key, after [`Self::sort`].
    pub(super) fn next_entry(&mut self) -> Option<&[u8]> {
        let mut best = self.returned;
        let newest = self.entry(best)?;
        let (key, mut time) = (entry::key(newest), entry::time(newest));
        let mut next = best.saturating_add(1);
        while let Some(other) = self.entry(next).filter(|other| entry::key(other) == key) {
            if entry::time(other) >= time {
                (best, time) = (next, entry::time(other));
            }
            next = next.saturating_add(1);
        }
        self.returned = next;
        self.entry(best)
    }

    fn entry(&self, at: usize) -> Option<&[u8]> {
        self.bytes.get(self.entries.get(at)?.clone())
    }
}
