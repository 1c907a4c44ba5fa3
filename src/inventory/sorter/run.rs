//! Sorted entries in a temporary file, which has no name and vanishes when it is closed.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, Write};
use std::path::Path;

use crate::inventory::error::Error;

/// Buffer of one file, bytes.
const BUFFER: usize = 64 * 1024;

/// Longest entry that is read, bytes: above the longest row, so that a damaged length takes no memory.
const MAX_ENTRY: u32 = 1024 * 1024;

/// File that is written to its end.
#[derive(Debug)]
pub(super) struct Run {
    file: File,
    entries: u64,
}

/// Run that is being written.
#[derive(Debug)]
pub(super) struct RunWriter {
    file: BufWriter<File>,
    entries: u64,
}

impl RunWriter {
    pub(super) fn create(folder: &Path) -> Result<Self, Error> {
        let file = tempfile::tempfile_in(folder).map_err(Error::Temporary)?;
        Ok(Self { file: BufWriter::with_capacity(BUFFER, file), entries: 0 })
    }

    pub(super) fn write(&mut self, entry: &[u8]) -> Result<(), Error> {
        let length = u32::try_from(entry.len()).ok().filter(|length| *length <= MAX_ENTRY);
        let length = length.ok_or_else(|| Error::Temporary(ErrorKind::InvalidInput.into()))?;
        self.file
            .write_all(&length.to_le_bytes())
            .and_then(|()| self.file.write_all(entry))
            .map_err(Error::Temporary)?;
        self.entries = self.entries.saturating_add(1);
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Run, Error> {
        let rewound = |mut file: File| file.rewind().map(|()| file);
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error).and_then(rewound);
        Ok(Run { file: file.map_err(Error::Temporary)?, entries: self.entries })
    }
}

/// Run that is being read.
#[derive(Debug)]
pub(super) struct RunReader {
    file: BufReader<File>,
    left: u64,
}

impl RunReader {
    pub(super) fn new(run: Run) -> Self {
        Self { file: BufReader::with_capacity(BUFFER, run.file), left: run.entries }
    }

    /// Replaces `entry` by the next one. Returns `false` at the end.
    pub(super) fn read(&mut self, entry: &mut Vec<u8>) -> Result<bool, Error> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(false) };
        self.left = left;
        self.read_entry(entry).map(|()| true).map_err(Error::Temporary)
    }

    fn read_entry(&mut self, entry: &mut Vec<u8>) -> io::Result<()> {
        let mut length = [0; 4];
        self.file.read_exact(&mut length)?;
        let length = u32::from_le_bytes(length);
        if length > MAX_ENTRY {
            return Err(ErrorKind::InvalidData.into());
        }
        entry.resize(length as usize, 0);
        self.file.read_exact(entry)
    }
}
