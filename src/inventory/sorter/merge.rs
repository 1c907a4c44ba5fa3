//! Merge of sorted runs.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::mem;

use crate::inventory::error::Error;
use crate::inventory::sorter::entry;
use crate::inventory::sorter::run::{Run, RunReader};

/// Runs, the smallest entry of each at hand.
#[derive(Debug)]
pub(super) struct Merge {
    readers: Vec<RunReader>,
    heads: BinaryHeap<Head>,
    /// Entry that [`Self::next_entry`] returned.
    current: Vec<u8>,
}

/// Next entry of a run.
#[derive(Debug)]
struct Head {
    entry: Vec<u8>,
    /// Number of its run.
    run: usize,
}

impl Merge {
    /// Starts to read runs, the oldest first.
    pub(super) fn new(runs: Vec<Run>) -> Result<Self, Error> {
        let mut readers: Vec<_> = runs.into_iter().map(RunReader::new).collect();
        let mut heads = BinaryHeap::with_capacity(readers.len());
        for (run, reader) in readers.iter_mut().enumerate() {
            let mut entry = Vec::new();
            if reader.read(&mut entry)? {
                heads.push(Head { entry, run });
            }
        }
        Ok(Self { readers, heads, current: Vec::new() })
    }

    /// Returns the newest entry of the next key; `None` at the end.
    pub(super) fn next_entry(&mut self) -> Result<Option<&[u8]>, Error> {
        let Self { readers, heads, current } = self;
        let Some(first) = heads.peek_mut() else { return Ok(None) };
        take(first, current, readers)?;
        while let Some(other) = heads.peek_mut()
            && entry::key(&other.entry) == entry::key(current)
        {
            if entry::time(&other.entry) >= entry::time(current) {
                take(other, current, readers)?;
            } else {
                take(other, &mut Vec::new(), readers)?;
            }
        }
        Ok(Some(current))
    }
}

/// Takes the entry of a head, and puts the next one of its run in its place.
fn take(mut head: PeekMut<'_, Head>, taken: &mut Vec<u8>, readers: &mut [RunReader]) -> Result<(), Error> {
    mem::swap(&mut head.entry, taken);
    let Head { entry, run } = &mut *head;
    let is_at_its_end = match readers.get_mut(*run) {
        Some(reader) => !reader.read(entry)?,
        None => true,
    };
    if is_at_its_end {
        PeekMut::pop(head);
    }
    Ok(())
}

/// The head that comes first is the greatest one, because the heap returns that: the one with the smallest
/// key and, among equal keys, of the oldest run.
impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        let keys = entry::key(&other.entry).cmp(entry::key(&self.entry));
        keys.then_with(|| other.run.cmp(&self.run))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Head {}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
