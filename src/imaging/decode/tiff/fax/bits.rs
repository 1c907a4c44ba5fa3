//! Bits of fax, and the one code that all of its varieties share: EOL.

use std::io;

use crate::imaging::decode::tiff::coded::{CodedReader, corrupt};

/// Zero bits of EOL, before its 1.
const EOL_ZEROS: u32 = 11;

/// A reader of bits, highest first. Zeros follow the last.
pub(super) struct BitReader<'r> {
    coded: CodedReader<'r>,
    /// The next `held` bits, from the highest on; the others are 0.
    word: u64,
    held: u32,
    /// Bytes that were loaded into `word`.
    loaded: u64,
}

impl<'r> BitReader<'r> {
    /// A reader from the first bit on.
    pub(super) fn new(coded: CodedReader<'r>) -> Self {
        Self { coded, word: 0, held: 0, loaded: 0 }
    }

    /// The next bits, at most 32.
    pub(super) fn peek(&mut self, count: u32) -> io::Result<u32> {
        debug_assert!((1..=32).contains(&count));
        while self.held < count {
            let input = self.coded.fill_buf()?;
            let Some(byte) = input.first().copied() else { break };
            self.coded.consume(1);
            self.word |= u64::from(byte) << (56 - self.held);
            self.held += 8;
            self.loaded += 1;
        }
        Ok(u32::try_from(self.word >> (64 - count)).unwrap_or(u32::MAX))
    }

    /// Skips bits that were peeked at; `false` if there are fewer.
    pub(super) fn skip(&mut self, count: u32) -> bool {
        let is_there = count <= self.held;
        self.word = self.word.unbounded_shl(count);
        self.held = self.held.saturating_sub(count);
        is_there
    }

    /// Skips to the next offset in the chunk that is a multiple of `bytes`, 1 or 2.
    pub(super) fn align(&mut self, bytes: u64) -> io::Result<()> {
        self.skip(self.held % 8);
        let offset = self.loaded - u64::from(self.held / 8);
        if !offset.is_multiple_of(bytes) {
            self.peek(8)?;
            self.skip(8);
        }
        Ok(())
    }

    /// `true` if no bit is left.
    pub(super) fn is_at_end(&mut self) -> io::Result<bool> {
        self.peek(1)?;
        Ok(self.held == 0)
    }

    /// Skips an EOL code and the fill bits before it, which are zeros; `false`, without skipping, if there is none.
    ///
    /// No other code has as many zeros. Zeros up to the end of the input are skipped.
    pub(super) fn skip_eol(&mut self) -> io::Result<bool> {
        if self.peek(EOL_ZEROS)? != 0 {
            return Ok(false);
        }
        loop {
            let zeros = self.peek(32)?.leading_zeros();
            if zeros < 32 {
                return Ok(self.skip(zeros + 1));
            }
            if !self.skip(zeros) {
                return Ok(false);
            }
        }
    }

    /// Skips to the next EOL code, or to the end of the input.
    pub(super) fn seek_eol(&mut self) -> io::Result<()> {
        while self.peek(EOL_ZEROS)? != 0 {
            self.skip(1);
        }
        Ok(())
    }

    /// The error of bits that are not a code of at most `longest` bits.
    pub(super) fn fault(&mut self, longest: u32) -> io::Result<io::Error> {
        self.peek(longest)?;
        let is_cut = self.held < longest;
        Ok(if is_cut { io::ErrorKind::UnexpectedEof.into() } else { corrupt("its fax coding is corrupt") })
    }
}
