//! Filler: one byte again and again, where disks, downloads and recovery programs had no data.
//!
//! Filler decodes as data does: with the tables of annex K zeros are blocks full of small coefficients, and with
//! others they may be blocks that continue the colour before. The latter is also what the data of a flat picture may
//! be, so filler alone proves nothing. What tells is the end of the segment. In a whole file the last MCU ends where
//! the data does. Behind filler it does so only by chance: data that was replaced had another number of MCUs.
//!
//! | end of the segment | MCUs from a run on that is not flat | from a flat run on |
//! |---|---|---|
//! | more data than MCUs | lost, also behind the run: nobody knows where they belong | lost |
//! | more MCUs than data, or an invalid code | lost | good: no data of that length has more MCUs than flat ones |
//! | both end together | good | good |

/// Shortest run of equal bytes that is taken for filler, if the end confirms it. A photo has no run of half that
/// length; a block of a disk, the smallest hole, has 512 bytes.
pub(crate) const SHORTEST: usize = 64;

/// Bytes behind the last MCU that some writers leave before a marker.
const SLACK: usize = 16;

/// A place where filler begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct FillerStart {
    /// The MCU with which it begins, as near as that is known.
    pub(crate) mcu: usize,
    /// True when the run decodes to blocks that continue the colour before.
    pub(crate) is_flat: bool,
}

/// End of the MCUs of a segment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SegmentEnding {
    /// All MCUs came, and more than [`SLACK`] bytes are left.
    LeftOver,
    /// The data ended before the MCUs did, or has bits that are no code.
    Missing,
    /// Data and MCUs ended together.
    Together,
}

/// The filler of a segment, as far as it is decoded.
#[derive(Debug, Default)]
pub(crate) struct Filler {
    search: RunSearch,
    /// The first run that is not flat, or else the first.
    suspect: Option<FillerStart>,
    last: Option<FillerStart>,
}

impl SegmentEnding {
    /// The end of a segment, all of whose MCUs came or not, with so many bytes behind the last of them.
    pub(crate) fn new(is_whole: bool, left_over: usize) -> Self {
        match (is_whole, left_over) {
            (false, _) => Self::Missing,
            (true, ..=SLACK) => Self::Together,
            (true, _) => Self::LeftOver,
        }
    }
}

impl Filler {
    /// Goes on in the data of the segment, from byte `at` of `data` on: to the byte behind the [`SHORTEST`] that begin
    /// the next run, or, without one, to the end, and then it is false.
    pub(crate) fn next_run(&mut self, data: &[u8], at: &mut usize) -> bool {
        self.search.next(data, at)
    }

    /// Takes note of a run.
    pub(crate) fn note(&mut self, start: FillerStart) {
        if self.suspect.is_none_or(|suspect| suspect.is_flat && !start.is_flat) {
            self.suspect = Some(start);
        }
        self.last = Some(start);
    }

    /// True when a run was found, or may have begun.
    pub(crate) fn is_suspected(&self) -> bool {
        self.suspect.is_some() || self.search.length >= SHORTEST / 8
    }

    /// Bytes before `rest` that belong to a run which reaches its end, and which is shorter than [`SHORTEST`] without
    /// it.
    pub(crate) fn begun(&self, rest: &[u8]) -> Option<usize> {
        let length = self.search.length;
        let is_run = length < SHORTEST && length + rest.len() >= SHORTEST && self.search.continues(rest);
        is_run.then_some(length)
    }

    /// The MCU from which on a segment is lost, if it is, by its end and the data behind the last MCU. A run that
    /// reaches the end is where a file was cut. Others may be flat parts of the picture, least so one that is not flat.
    pub(crate) fn first_lost(&self, ending: SegmentEnding, rest: &[u8]) -> Option<usize> {
        let reaches_end = self.search.length >= SHORTEST && self.search.continues(rest);
        let start = if reaches_end { self.last } else { self.suspect }?;
        let is_lost = match ending {
            SegmentEnding::LeftOver => true,
            SegmentEnding::Missing => !start.is_flat,
            SegmentEnding::Together => false,
        };
        is_lost.then_some(start.mcu)
    }
}

/// A search for runs of [`SHORTEST`] equal bytes and more. It looks at one byte in so many: a run that ends before
/// the byte where it would be long enough is passed over.
#[derive(Debug, Default)]
struct RunSearch {
    /// The last byte passed, or any at first.
    value: u8,
    /// Number of bytes passed last that have this value.
    length: usize,
}

impl RunSearch {
    /// See [`Filler::next_run`].
    fn next(&mut self, data: &[u8], at: &mut usize) -> bool {
        loop {
            // Almost always the two bytes differ that would make the run long enough, and the search begins anew at the
            // second.
            if let Some(missing) = (SHORTEST - 2).checked_sub(self.length) {
                let mut probe = *at + missing;
                while let Some([before, last]) = data.get(probe..).and_then(<[u8]>::first_chunk)
                    && before != last
                {
                    (self.value, self.length, *at) = (*last, 1, probe + 2);
                    probe += SHORTEST - 1;
                }
            }
            let rest = data.get(*at..).unwrap_or_default();
            let Some(first) = rest.first().copied() else { return false };
            if self.value != first {
                (self.value, self.length) = (first, 0);
            } else if self.length >= SHORTEST {
                *at += rest.iter().take_while(|byte| **byte == first).count();
                continue;
            }
            // The bytes that would make the run long enough, or all there are: of these only the last ones, as far as
            // they are equal, can belong to a run.
            let wanted = (SHORTEST - self.length).min(rest.len());
            let wanted = rest.get(..wanted).unwrap_or_default();
            let last = wanted.last().copied().unwrap_or(first);
            let equal = wanted.iter().rev().take_while(|byte| **byte == last).count();
            *at += wanted.len();
            let is_all = equal == wanted.len();
            (self.value, self.length) = (last, if is_all { self.length + equal } else { equal });
            if self.length >= SHORTEST {
                return true;
            }
        }
    }

    /// True when all bytes of `rest` are like the last one.
    fn continues(&self, rest: &[u8]) -> bool {
        rest.iter().all(|byte| *byte == self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ends of the first [`SHORTEST`] bytes of each run, in data that comes in pieces of a length.
    fn runs(data: &[u8], piece: usize) -> Vec<usize> {
        let (mut search, mut found) = (RunSearch::default(), Vec::new());
        for (number, piece_data) in data.chunks(piece).enumerate() {
            let mut at = 0;
            while search.next(piece_data, &mut at) {
                found.push(number * piece + at);
            }
        }
        found
    }

    #[test]
    fn runs_are_found_once_however_the_data_comes() {
        let mut data: Vec<u8> = (0..200).collect();
        data.extend([7; SHORTEST - 1]);
        data.extend([8; SHORTEST]);
        data.extend([9; 500]);
        data.extend([8, 9]);
        data.extend([9; SHORTEST - 1]);
        data.push(1);
        let expected = [200 + 2 * SHORTEST - 1, 200 + 3 * SHORTEST - 1, 200 + 3 * SHORTEST - 1 + 500 + 2 - 1];
        for piece in (1..200).chain([1000]) {
            assert_eq!(runs(&data, piece), expected, "pieces of {piece}");
        }
    }

    #[test]
    fn only_a_run_that_the_end_confirms_is_a_loss() {
        let (flat, full) = (FillerStart { mcu: 5, is_flat: true }, FillerStart { mcu: 5, is_flat: false });
        for (start, ending, expected) in [
            (flat, SegmentEnding::Together, None),
            (full, SegmentEnding::Together, None),
            (flat, SegmentEnding::Missing, None),
            (full, SegmentEnding::Missing, Some(5)),
            (flat, SegmentEnding::LeftOver, Some(5)),
            (full, SegmentEnding::LeftOver, Some(5)),
        ] {
            let mut filler = Filler::default();
            assert_eq!(filler.first_lost(ending, &[]), None);
            filler.note(start);
            assert_eq!(filler.first_lost(ending, &[]), expected, "{start:?} {ending:?}");
        }
    }

    #[test]
    fn file_that_was_cut_is_lost_from_the_run_at_its_end() {
        let mut filler = Filler::default();
        let data = [[1; 70].as_slice(), &[2, 3], &[0; 70]].concat();
        let mut at = 0;
        for mcu in [10, 20] {
            assert!(filler.next_run(&data, &mut at));
            filler.note(FillerStart { mcu, is_flat: true });
        }
        assert!(!filler.next_run(&data, &mut at));
        assert_eq!(filler.first_lost(SegmentEnding::LeftOver, &[0; 40]), Some(20));
        assert_eq!(filler.first_lost(SegmentEnding::LeftOver, &[0, 1, 2]), Some(10));
        filler.note(FillerStart { mcu: 30, is_flat: false });
        assert_eq!(filler.first_lost(SegmentEnding::LeftOver, &[0, 1, 2]), Some(30));
    }
}
