//! Length and MD5 of a data file, computed while it is read.

use std::io::{self, Read};

use md5::{Digest, Md5};

use crate::inventory::error::Error;
use crate::object::Bucket;

/// Properties of a data file that the manifest tells. Each that is known is checked.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Expected {
    /// Bucket of all rows.
    pub bucket: Option<Bucket>,
    /// Bytes of the file.
    pub size: Option<u64>,
    /// MD5 of the file.
    pub md5: Option<[u8; 16]>,
}

impl Expected {
    /// Compares a file that was read to its end with its properties.
    ///
    /// Tencent does not say whether they are those of the compressed file. So those of either form are
    /// accepted.
    pub(super) fn verify(&self, stored: &Checksum, unpacked: &Checksum) -> Result<(), Error> {
        if let Some(size) = self.size
            && size != stored.length
            && size != unpacked.length
        {
            return Err(Error::Size { expected: size, found: stored.length });
        }
        match self.md5 {
            Some(md5) if md5 != stored.md5() && md5 != unpacked.md5() => Err(Error::Damaged {
                file: "a data file",
                expected: hex::encode(md5),
                found: hex::encode(stored.md5()),
            }),
            _ => Ok(()),
        }
    }
}

/// Length and MD5 of bytes so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Checksum {
    length: u64,
    md5: Md5,
}

impl Checksum {
    fn md5(&self) -> [u8; 16] {
        self.md5.clone().finalize().into()
    }
}

/// Reader that computes the checksum of what passes through it.
#[derive(Debug)]
pub(super) struct Checked<R> {
    inner: R,
    checksum: Checksum,
}

impl<R> Checked<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, checksum: Checksum::default() }
    }

    pub(super) fn checksum(&self) -> &Checksum {
        &self.checksum
    }

    /// Returns what is read.
    pub(super) fn get_ref(&self) -> &R {
        &self.inner
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if let Some(bytes) = buffer.get(..count) {
            self.checksum.md5.update(bytes);
            self.checksum.length = self.checksum.length.saturating_add(count as u64);
        }
        Ok(count)
    }
}
