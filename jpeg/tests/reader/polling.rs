//! Work that needs no bytes asks the reader for some all the same, so that it can be ended.

use std::io::{self, BufRead, Read};

use thumbnail_jpeg::{Error, Head, Scale};

use crate::writer::{self, Picture, Process, Writing};

/// A file in memory that may be asked for bytes so many times.
struct Patient<'a> {
    rest: &'a [u8],
    patience: usize,
}

impl BufRead for Patient<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.patience = self.patience.checked_sub(1).ok_or(io::ErrorKind::TimedOut)?;
        Ok(self.rest)
    }

    fn consume(&mut self, amount: usize) {
        self.rest = &self.rest[amount..];
    }
}

impl Read for Patient<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(target)?;
        self.consume(count);
        Ok(count)
    }
}

/// Times that the reader of a file is asked for bytes, all of which are in memory.
fn questions(file: &[u8]) -> usize {
    let head = Head::read(file).unwrap();
    let rest = &file[head.length as usize..];
    let decode = |patience| head.coefficients(Patient { rest, patience }, Scale::Eighth);
    let enough = (0..20).map(|bits| 1 << bits).find(|patience| decode(*patience).is_ok()).unwrap();
    assert!(matches!(decode(1), Err(Error::Read(_))), "the first question is answered");
    enough
}

#[test]
fn reader_is_asked_between_blocks_that_come_without_bits() {
    let picture = Picture::grey(4000, 4000, &[(1, 1)], vec![[1; 64]]);
    let mut scans = writer::successive_progression(&picture, 0);
    let whole = writer::write(&picture, &Writing::new(Process::Progressive, scans.clone()));
    assert!(questions(&whole) >= 16, "{}", questions(&whole));
    // All is missing from the second block on.
    scans.truncate(1);
    for process in [Process::Progressive, Process::Extended] {
        let scans = if process == Process::Progressive { scans.clone() } else { writer::apart(&picture) };
        let file = writer::write(&picture, &Writing { eoi: false, ..Writing::new(process, scans) });
        let head = Head::read(file.as_slice()).unwrap();
        let cut = &file[..head.length as usize + 2];
        assert!(questions(cut) >= 16, "{process:?}: {}", questions(cut));
    }
}
