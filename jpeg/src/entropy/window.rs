//! Entropy-coded data in memory: a window of the data of a scan, without stuffing and markers
//! (ITU-T T.81, section B.1.1.5).

use std::collections::VecDeque;
use std::io::BufRead;
use std::sync::Arc;

use crate::error::Error;
use crate::syntax::input::Input;

/// Zeros behind the data, so that a reservoir of eight bytes can be loaded from any of its bits, and lanes may read
/// some bytes past their limit ([`OVERRUN`](crate::entropy::lanes::OVERRUN)).
pub(crate) const PADDING: usize = 64;

/// Bits that a reservoir has at least: 64, less those of its first byte that were used before.
pub(crate) const RESERVOIR_BITS: u32 = 57;

/// Most segments in memory: restart markers may follow each other without any data between them, and must not fill
/// the memory.
const MOST_SEGMENTS: usize = 64;

/// Bytes in which the next restart marker is looked for.
const LOOKAHEAD: usize = 64 * 1024;

/// An entropy-coded segment: data between two markers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct EntropySegment {
    /// First byte in the window.
    pub(crate) start: usize,
    /// Byte behind the last one, once the marker behind it has been seen.
    pub(crate) end: Option<usize>,
    /// Number of the restart marker before it, 0 to 7; `None` at the start of a scan.
    pub(crate) restart: Option<u8>,
}

/// The data of one scan, as far as it is in memory.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// The data, and [`PADDING`] zeros; shared with the threads that decode it.
    data: Arc<Vec<u8>>,
    /// Bytes of `data` before the padding.
    length: usize,
    /// Bytes of the scan before `data`.
    passed: usize,
    /// Segments in memory, in bytes from the start of the scan.
    segments: VecDeque<EntropySegment>,
    /// The marker that ended the scan.
    marker: Option<u8>,
    has_ended: bool,
    /// True behind a marker that no data has: what follows up to the next restart marker is of no use.
    is_skipping: bool,
    /// True when the last byte that arrived was 0xff.
    after_ff: bool,
}

impl Window {
    /// Begins a scan.
    pub(crate) fn begin(&mut self) {
        let data = Arc::make_mut(&mut self.data);
        data.clear();
        data.resize(PADDING, 0);
        self.length = 0;
        self.passed = 0;
        self.segments.clear();
        self.segments.push_back(EntropySegment { start: 0, end: None, restart: None });
        self.marker = None;
        self.has_ended = false;
        self.is_skipping = false;
        self.after_ff = false;
    }

    /// Reads until so many bytes are in memory, or the scan ends, or there are so many segments that all of the first
    /// must be in memory.
    pub(crate) fn fill<R: BufRead>(&mut self, input: &mut Input<R>, wanted: usize) -> Result<(), Error> {
        if self.length >= wanted || self.is_closed() {
            return Ok(());
        }
        let mut data = Arc::unwrap_or_clone(std::mem::take(&mut self.data));
        data.truncate(self.length);
        let filled = self.append(&mut data, input, wanted);
        self.length = data.len();
        data.resize(self.length.saturating_add(PADDING), 0);
        self.data = Arc::new(data);
        filled
    }

    fn append<R: BufRead>(
        &mut self,
        data: &mut Vec<u8>,
        input: &mut Input<R>,
        wanted: usize,
    ) -> Result<(), Error> {
        while data.len() < wanted && !self.is_closed() {
            let chunk = input.available()?;
            if chunk.is_empty() {
                self.end_scan(data, None);
                break;
            }
            let limit = chunk.len().min(wanted.saturating_sub(data.len()));
            let used = self.unstuff(data, chunk.get(..limit).unwrap_or_default());
            input.consume(used);
        }
        Ok(())
    }

    /// True when no more data is taken until the data in memory has been read.
    fn is_closed(&self) -> bool {
        self.has_ended || self.segments.len() >= MOST_SEGMENTS
    }

    /// Copies data without stuffing until the window [is closed](Self::is_closed); gives the number of bytes used.
    fn unstuff(&mut self, data: &mut Vec<u8>, chunk: &[u8]) -> usize {
        let mut rest = chunk;
        while let Some(first) = rest.first().copied() {
            if self.after_ff {
                rest = rest.get(1..).unwrap_or_default();
                match first {
                    // A fill byte before a marker (section B.1.1.2).
                    0xff => continue,
                    0 if self.is_skipping => (),
                    0 => data.push(0xff),
                    // Reserved (table B.1): damage, behind which only a restart marker tells the place (libjpeg's
                    // `jpeg_resync_to_restart`).
                    0x01..=0xbf => self.skip_segment(data),
                    0xd0..=0xd7 => self.begin_segment(data, first - 0xd0),
                    marker => self.end_scan(data, Some(marker)),
                }
                self.after_ff = false;
                if self.is_closed() {
                    break;
                }
                continue;
            }
            let run = memchr::memchr(0xff, rest);
            let (plain, marked) = rest.split_at_checked(run.unwrap_or(rest.len())).unwrap_or((rest, &[]));
            if !self.is_skipping {
                data.extend_from_slice(plain);
            }
            self.after_ff = !marked.is_empty();
            rest = marked.get(1..).unwrap_or_default();
        }
        chunk.len() - rest.len()
    }

    /// Ends a segment and drops what follows.
    fn skip_segment(&mut self, data: &[u8]) {
        self.end_segment(data);
        self.is_skipping = true;
    }

    /// Ends a segment at a restart marker and begins the next.
    fn begin_segment(&mut self, data: &[u8], number: u8) {
        self.end_segment(data);
        self.is_skipping = false;
        let start = self.passed.saturating_add(data.len());
        self.segments.push_back(EntropySegment { start, end: None, restart: Some(number) });
    }

    fn end_scan(&mut self, data: &[u8], marker: Option<u8>) {
        self.end_segment(data);
        self.marker = marker;
        self.has_ended = true;
    }

    fn end_segment(&mut self, data: &[u8]) {
        let end = self.passed.saturating_add(data.len());
        if let Some(last) = self.segments.back_mut() {
            last.end.get_or_insert(end);
        }
    }

    /// Drops the first bytes and moves the rest to the front.
    pub(crate) fn discard(&mut self, count: usize) {
        let count = count.min(self.length);
        let data = Arc::make_mut(&mut self.data);
        data.copy_within(count.., 0);
        data.truncate(data.len() - count);
        self.length -= count;
        self.passed = self.passed.saturating_add(count);
    }

    /// Goes on at the next restart marker: gives the bit of the window where its data begins, and brings `passed`,
    /// the number of restart intervals before it, up to date; `None` when the scan has no more.
    ///
    /// T.81, section F.2.4 leaves recovery open. Numbers of restart markers count modulo 8, so a marker that is one
    /// to five ahead says how many intervals are missing, and one that is one or two behind, that is seven or six
    /// ahead, belongs to what was given up before: its data is skipped. Libjpeg decides the same for two either
    /// side, and takes the other three for the marker that it expects (`jpeg_resync_to_restart`). But when the marker
    /// behind it has the number that follows on the expected one, its own number is wrong, and nothing is missing.
    pub(crate) fn resume<R: BufRead>(
        &mut self,
        input: &mut Input<R>,
        passed: &mut usize,
    ) -> Result<Option<usize>, Error> {
        loop {
            while self.segment(0).is_some_and(|segment| segment.end.is_none()) {
                self.discard(self.length());
                self.fill(input, 4096)?;
            }
            self.segments.pop_front();
            if self.segments.is_empty() {
                // The next one has not come yet if data is dropped until then.
                self.fill(input, self.length.saturating_add(1))?;
            }
            let Some(segment) = self.segment(0) else { return Ok(None) };
            let number = segment.restart.map_or(0, usize::from);
            let mut missing = number.wrapping_sub(*passed) % 8;
            if missing != 0 && self.next_restart(input, segment)? == Some((*passed + 1) % 8) {
                missing = 0;
            }
            if missing <= 5 {
                *passed += missing + 1;
                return Ok(Some(segment.start * 8));
            }
        }
    }

    /// Number of the restart marker behind the current segment, if the segment is shorter than [`LOOKAHEAD`]: how
    /// much is in memory by chance must not matter.
    fn next_restart<R: BufRead>(
        &mut self,
        input: &mut Input<R>,
        segment: EntropySegment,
    ) -> Result<Option<usize>, Error> {
        self.fill(input, segment.start.saturating_add(LOOKAHEAD))?;
        let next = self.segment(1).filter(|next| next.start.saturating_sub(segment.start) < LOOKAHEAD);
        Ok(next.and_then(|next| next.restart).map(usize::from))
    }

    /// A segment in memory, by its number from the current one on.
    pub(crate) fn segment(&self, number: usize) -> Option<EntropySegment> {
        let EntropySegment { start, end, restart } = self.segments.get(number).copied()?;
        let in_window = |byte: usize| byte.saturating_sub(self.passed);
        Some(EntropySegment { start: in_window(start), end: end.map(in_window), restart })
    }

    /// The data of the current segment from a byte of the window on, as far as it is in memory.
    pub(crate) fn rest_of_segment(&self, from: usize) -> &[u8] {
        let end = self.segment(0).and_then(|segment| segment.end).unwrap_or(self.length);
        self.data.get(from..end).unwrap_or_default()
    }

    /// The data and [`PADDING`] zeros behind it.
    pub(crate) fn data(&self) -> &Arc<Vec<u8>> {
        &self.data
    }

    /// Bytes of data.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// True when the end of the scan is in memory.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// The marker that ended the scan; `None` at the end of the file.
    pub(crate) fn marker(&self) -> Option<u8> {
        self.marker
    }
}

/// The bits from `bit` on, from the highest down; [`RESERVOIR_BITS`] of them are there at least.
#[inline(always)]
pub(crate) fn reservoir(data: &[u8], bit: usize) -> u64 {
    let bytes = data.get(bit / 8..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0, |bytes| u64::from_be_bytes(*bytes)) << (bit % 8)
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn window(bytes: &[u8], chunk: usize) -> Window {
        let mut window = Window::default();
        window.begin();
        let mut input = Input::new(BufReader::with_capacity(chunk, bytes));
        window.fill(&mut input, 1000).unwrap();
        window
    }

    #[test]
    fn stuffing_goes_and_segments_part_however_the_bytes_arrive() {
        let bytes = b"ab\xff\x00c\xff\xff\xd0de\xff\xd1f\xff\xff\xd9later";
        for chunk in 1..=bytes.len() {
            let window = window(bytes, chunk);
            assert_eq!(&window.data()[..window.length()], b"ab\xffcdef");
            let segments: Vec<_> = window.segments.iter().map(|s| (s.start, s.end, s.restart)).collect();
            assert_eq!(segments, [(0, Some(4), None), (4, Some(6), Some(0)), (6, Some(7), Some(1))]);
            assert_eq!(window.marker(), Some(0xd9));
        }
    }

    #[test]
    fn numbers_of_restart_markers_tell_what_is_missing() {
        // Numbers as they come, and the intervals that data is taken for.
        let cases: [(&[u8], &[usize]); 6] = [
            (&[0, 1, 2, 3], &[1, 2, 3, 4]),
            (&[0, 4, 5, 6], &[1, 5, 6, 7]),
            (&[0, 5, 2, 3], &[1, 2, 3, 4]),
            (&[0, 0, 1, 2], &[1, 2, 3]),
            (&[7, 0, 1, 2], &[1, 2, 3]),
            (&[0, 3], &[1, 4]),
        ];
        for (numbers, expected) in cases {
            let bytes: Vec<u8> = numbers.iter().flat_map(|number| [1, 0xff, 0xd0 + number, 2]).collect();
            let mut window = Window::default();
            window.begin();
            let mut input = Input::new(bytes.as_slice());
            let (mut passed, mut found) = (0, Vec::new());
            while window.resume(&mut input, &mut passed).unwrap().is_some() {
                found.push(passed);
            }
            assert_eq!(found, expected, "{numbers:?}");
        }
    }

    #[test]
    fn restart_markers_without_data_take_no_memory() {
        let bytes = b"\xff\xd0".repeat(1 << 20);
        let mut window = Window::default();
        window.begin();
        let mut input = Input::new(bytes.as_slice());
        window.fill(&mut input, 100_000).unwrap();
        assert_eq!((window.segments.len(), window.length()), (MOST_SEGMENTS, 0));
        assert!(input.consumed() < 200, "{} bytes were read", input.consumed());
        // Each that is passed makes room for another.
        for passed in 0..1000 {
            assert_eq!(window.resume(&mut input, &mut { passed * 8 }).unwrap(), Some(0));
            window.fill(&mut input, 100_000).unwrap();
            assert_eq!(window.segments.len(), MOST_SEGMENTS);
        }
    }

    #[test]
    fn end_of_the_file_ends_the_scan_without_a_marker() {
        let window = window(b"abc\xff", 2);
        assert!(window.has_ended());
        assert_eq!((window.length(), window.marker()), (3, None));
    }
}
