//! The bits of one scan, one after the other.

use std::io::BufRead;

use crate::entropy::filler::{self, Filler, FillerStart, SegmentEnding};
use crate::entropy::window::{Window, reservoir};
use crate::error::Error;
use crate::syntax::frame::Coding;
use crate::syntax::huffman::HuffmanTable;
use crate::syntax::input::Input;

/// More bytes than an MCU can have in one scan.
///
/// A scan of DC may have 64 blocks in an MCU, four components of 4 by 4, each of a code of 16 bits and a value of 15.
/// A scan of AC has one block, in which each of 63 coefficients may have a code of 16 bits and, at first, a value of
/// 15, and in a refinement a sign and a correction; the length of an end-of-band run has 14 bits.
const LONGEST_MCU: usize = 512;

const _: () = assert!(64 * (16 + 15) < LONGEST_MCU * 8 && 63 * (16 + 15) + 14 < LONGEST_MCU * 8);

/// More bytes than an MCU of arithmetic coding can have: each of its sixteen blocks has 64 coefficients, each of these
/// less than 34 decisions, and each of these takes 15 bits at most.
const LONGEST_ARITHMETIC_MCU: usize = 72 * 1024;

const _: () = assert!(16 * 64 * 34 * 15 < LONGEST_ARITHMETIC_MCU * 8);

/// Bytes read beyond the longest MCU.
const AHEAD: usize = 64 * 1024;

/// Bytes behind the data that arithmetic decoding looks at before it has decoded all.
const ARITHMETIC_LOOKAHEAD: usize = 2;

/// A block that cannot be decoded: it has an invalid code, or a coefficient past the end of the band.
pub(super) struct InvalidBlock;

/// Reads the bits of one scan.
pub(super) struct BitReader<'a> {
    window: &'a mut Window,
    longest_mcu: usize,
    /// Bit of the window.
    bit: usize,
    /// Bytes that were made up behind the end of the segment.
    made_up: usize,
    /// Filler in the current segment.
    filler: Filler,
    /// Byte of the window to which filler was looked for.
    searched: usize,
    /// Bit of the window at which a run of filler begins that was not passed yet.
    run: Option<usize>,
    /// Bit of the window from which on there may be too few bits ahead, or a run behind.
    watched: usize,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(window: &'a mut Window, coding: Coding) -> Self {
        let longest_mcu = match coding {
            Coding::Arithmetic => LONGEST_ARITHMETIC_MCU,
            Coding::Huffman => LONGEST_MCU,
        };
        let filler = Filler::default();
        Self { window, longest_mcu, bit: 0, made_up: 0, filler, searched: 0, run: None, watched: 0 }
    }

    /// Makes sure that an MCU is in memory; true when a run of filler was passed.
    #[inline(always)]
    pub(super) fn fill<R: BufRead>(&mut self, input: &mut Input<R>) -> Result<bool, Error> {
        if self.bit < self.watched { Ok(false) } else { self.fill_window(input) }
    }

    #[cold]
    fn fill_window<R: BufRead>(&mut self, input: &mut Input<R>) -> Result<bool, Error> {
        if self.bit / 8 + self.longest_mcu > self.window.length() && !self.window.has_ended() {
            let passed = self.bit / 8;
            self.window.discard(passed);
            self.bit %= 8;
            self.searched = self.searched.saturating_sub(passed);
            self.run = self.run.map(|run| run.saturating_sub(passed * 8));
            self.window.fill(input, self.longest_mcu + AHEAD)?;
        }
        let is_run_passed = self.run.is_some_and(|run| run <= self.bit);
        if is_run_passed {
            self.run = None;
        }
        self.watch();
        Ok(is_run_passed)
    }

    /// Goes on at the next restart marker: see [`Window::resume`].
    pub(super) fn resume<R: BufRead>(
        &mut self,
        input: &mut Input<R>,
        passed: &mut usize,
    ) -> Result<bool, Error> {
        let Some(bit) = self.window.resume(input, passed)? else { return Ok(false) };
        (self.bit, self.made_up, self.searched, self.run) = (bit, 0, bit / 8, None);
        self.filler = Filler::default();
        self.watch();
        Ok(true)
    }

    /// Takes note of a run of filler that was passed at an MCU.
    pub(super) fn note_filler(&mut self, mcu: usize, is_flat: bool) {
        self.filler.note(FillerStart { mcu, is_flat });
    }

    /// Looks for the next run of filler in memory, unless there is one ahead.
    fn watch(&mut self) {
        if self.run.is_none() {
            let data = self.window.rest_of_segment(self.searched);
            let mut at = 0;
            let is_found = self.filler.next_run(data, &mut at);
            self.searched += at;
            self.run = is_found.then_some(self.searched * 8);
        }
        let filled = (self.window.length() + 1).saturating_sub(self.longest_mcu) * 8;
        let filled = if self.window.has_ended() { usize::MAX } else { filled };
        self.watched = self.run.unwrap_or(usize::MAX).min(filled);
    }

    /// The MCU from which on the segment is lost to filler, if it is, whether all of its MCUs came or not.
    pub(super) fn first_lost<R: BufRead>(
        &mut self,
        input: &mut Input<R>,
        is_whole: bool,
    ) -> Result<Option<usize>, Error> {
        if !self.filler.is_suspected() {
            return Ok(None);
        }
        let end = self.bit.div_ceil(8);
        self.window.fill(input, end + filler::SHORTEST)?;
        let ending = SegmentEnding::new(is_whole, self.window.rest_of_segment(end).len());
        Ok(self.filler.first_lost(ending, self.window.rest_of_segment(self.searched)))
    }

    /// True when more bits were taken than the segment has.
    #[inline(always)]
    pub(super) fn is_past_end(&self) -> bool {
        let end = self.window.segment(0).and_then(|segment| segment.end);
        self.bit > end.unwrap_or_else(|| self.window.length()) * 8
    }

    /// Length and value of the next symbol.
    #[inline(always)]
    pub(super) fn peek(&self, code: &HuffmanTable) -> Option<(u32, u8)> {
        code.decode(u16::try_from(reservoir(self.window.data(), self.bit) >> 48).unwrap_or(0))
    }

    #[inline(always)]
    pub(super) fn symbol(&mut self, code: &HuffmanTable) -> Result<u8, InvalidBlock> {
        let (length, symbol) = self.peek(code).ok_or(InvalidBlock)?;
        self.bit += usize::try_from(length).unwrap_or(0);
        Ok(symbol)
    }

    /// The next bits, at most 16.
    #[inline(always)]
    pub(super) fn bits(&mut self, count: u32) -> u32 {
        let bits = reservoir(self.window.data(), self.bit).checked_shr(64 - count).unwrap_or(0);
        self.bit += usize::try_from(count).unwrap_or(0);
        u32::try_from(bits).unwrap_or(0)
    }

    /// The next byte; zeros behind the end of the segment, which encoders leave out (section D.1.8).
    pub(super) fn byte(&mut self) -> u8 {
        match self.window.rest_of_segment(self.bit / 8).first() {
            Some(byte) => {
                self.bit += 8;
                *byte
            }
            None => {
                self.made_up += 1;
                0
            }
        }
    }

    /// True when bytes were made up because the file ends early.
    pub(super) fn is_cut(&self) -> bool {
        self.made_up > ARITHMETIC_LOOKAHEAD && self.window.has_ended() && self.window.marker().is_none()
    }

    #[inline(always)]
    pub(super) fn flag(&mut self) -> bool {
        self.bits(1) != 0
    }
}
