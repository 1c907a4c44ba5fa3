//! External sort of rows by key, in bounded memory: reports have no order, and may repeat keys.
//!
//! Rows are collected in memory. When that is full, they are sorted and written to a temporary file, a
//! *run*. As soon as [`FAN_IN`] runs have the same level, they are merged to one run of the next level. So
//! each row is written once per level: 100 million rows of 100 bytes are 700 runs and 11 of the second level.

mod buffer;
mod entry;
mod merge;
mod run;

use std::io::ErrorKind;
use std::mem;
use std::path::{Path, PathBuf};

use crate::inventory::error::Error;
use crate::inventory::row::Row;
use crate::inventory::sorter::buffer::Buffer;
use crate::inventory::sorter::merge::Merge;
use crate::inventory::sorter::run::{Run, RunWriter};

/// Memory for rows, bytes.
const MEMORY: usize = 16 * 1024 * 1024;

/// Most runs that are merged at once. Each takes one open file and a buffer of 64 KB.
const FAN_IN: usize = 64;

/// Sorts rows by the bytes of their keys. Of several rows with one key, the one that was uploaded last
/// remains; of those with the same or no time, the one that was pushed last.
#[derive(Debug)]
pub struct Sorter {
    folder: PathBuf,
    memory: usize,
    fan_in: usize,
    buffer: Buffer,
    /// The row that is being pushed.
    entry: Vec<u8>,
    /// Runs by level, from the lowest. In a level they are in the order in which they were pushed, and all of
    /// them were pushed after those of the levels above.
    levels: Vec<Vec<Run>>,
}

impl Default for Sorter {
    /// Creates a sorter whose temporary files are in the folder of the system.
    fn default() -> Self {
        Self::in_folder(&std::env::temp_dir())
    }
}

impl Sorter {
    /// Creates a sorter whose temporary files are in a folder. They have no names, and vanish with the
    /// process.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self::with_limits(folder, MEMORY, FAN_IN)
    }

    fn with_limits(folder: &Path, memory: usize, fan_in: usize) -> Self {
        Self {
            folder: folder.to_owned(),
            memory,
            fan_in: fan_in.max(2),
            buffer: Buffer::with_capacity(memory),
            entry: Vec::new(),
            levels: Vec::new(),
        }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`Error::Temporary`] when a temporary file cannot be written.
    pub fn push(&mut self, row: &Row) -> Result<(), Error> {
        self.entry.clear();
        entry::encode(row, &mut self.entry);
        if self.buffer.memory_with(&self.entry) > self.memory {
            self.spill()?;
        }
        self.buffer.push(&self.entry);
        Ok(())
    }

    /// Ends the input and returns the rows in their order, without duplicates.
    ///
    /// # Errors
    /// [`Error::Temporary`] when a temporary file cannot be written or read.
    pub fn finish(mut self) -> Result<SortedRows, Error> {
        if self.levels.is_empty() {
            self.buffer.sort();
            return Ok(SortedRows(Some(Source::Memory(self.buffer))));
        }
        self.spill()?;
        // What is left of the lowest levels becomes one run each, until a single merge takes all.
        let mut level: usize = 0;
        while self.levels.iter().map(Vec::len).sum::<usize>() > self.fan_in {
            self.merge(level)?;
            level = level.saturating_add(1);
        }
        let runs = self.levels.into_iter().rev().flatten().collect();
        Ok(SortedRows(Some(Source::Runs(Merge::new(runs)?))))
    }

    /// Moves the rows in memory to a run.
    fn spill(&mut self) -> Result<(), Error> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.buffer.sort();
        let mut writer = RunWriter::create(&self.folder)?;
        while let Some(entry) = self.buffer.next_entry() {
            writer.write(entry)?;
        }
        self.buffer.clear();
        self.add(0, writer.finish()?)
    }

    fn add(&mut self, level: usize, run: Run) -> Result<(), Error> {
        if self.levels.len() <= level {
            self.levels.resize_with(level.saturating_add(1), Vec::new);
        }
        let Some(runs) = self.levels.get_mut(level) else { return Ok(()) };
        runs.push(run);
        if runs.len() < self.fan_in { Ok(()) } else { self.merge(level) }
    }

    /// Merges the runs of a level to one of the next level.
    fn merge(&mut self, level: usize) -> Result<(), Error> {
        let runs = self.levels.get_mut(level).map(mem::take).unwrap_or_default();
        if runs.is_empty() {
            return Ok(());
        }
        let (mut merge, mut writer) = (Merge::new(runs)?, RunWriter::create(&self.folder)?);
        while let Some(entry) = merge.next_entry()? {
            writer.write(entry)?;
        }
        self.add(level.saturating_add(1), writer.finish()?)
    }
}

/// Rows in the order of their keys. After an error there are no more.
#[derive(Debug)]
pub struct SortedRows(Option<Source>);

#[derive(Debug)]
enum Source {
    Memory(Buffer),
    Runs(Merge),
}

impl SortedRows {
    fn next_row(&mut self) -> Result<Option<Row>, Error> {
        let entry = match &mut self.0 {
            None => None,
            Some(Source::Memory(buffer)) => buffer.next_entry(),
            Some(Source::Runs(merge)) => merge.next_entry()?,
        };
        let damaged = || Error::Temporary(ErrorKind::InvalidData.into());
        entry.map(|entry| entry::decode(entry).ok_or_else(damaged)).transpose()
    }
}

impl Iterator for SortedRows {
    type Item = Result<Row, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_row();
        if !matches!(next, Ok(Some(_))) {
            self.0 = None;
        }
        next.transpose()
    }
}

#[cfg(test)]
mod tests;
