//! Entropy-coded data on its way: a stretch of it in memory, without stuffing and markers
//! (ITU-T T.81, section B.1.1.5).

use std::collections::VecDeque;
use std::io::BufRead;
use std::sync::Arc;

use crate::error::Error;
use crate::syntax::input::Input;

/// Zeros behind the data, so that a reservoir can be filled from any of its bits.
pub(crate) const PADDING: usize = 64;

/// Segments in memory, at most: restart markers may follow each other without any data between them, and must not
/// fill the memory.
const MOST_SEGMENTS: usize = 64;

/// Bytes in which the next restart marker is looked for.
const LOOKAHEAD: usize = 64 * 1024;

/// A stretch of data between two markers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Segment {
    /// First byte in the window.
    pub(crate) start: usize,
    /// Byte after the last one, when the marker behind it has been seen.
    pub(crate) end: Option<usize>,
    /// Number of the restart marker in front of it, 0 to 7; `None` at the start of a scan.
    pub(crate) restart: Option<u8>,
}

/// The data of one scan, as far as it is in memory.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// Shared with the threads that decode it.
    data: Arc<Vec<u8>>,
    /// Bytes of `data` before the padding.
    length: usize,
    /// Bytes of the scan before `data`.
    passed: usize,
    /// Those in memory, counted from the start of the scan.
    segments: VecDeque<Segment>,
    /// The marker that ended the scan.
    marker: Option<u8>,
    has_ended: bool,
    /// Whether an 0xff was the last byte that arrived.
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
        self.segments.push_back(Segment { start: 0, end: None, restart: None });
        self.marker = None;
        self.has_ended = false;
        self.after_ff = false;
    }

    /// Reads until so many bytes are there, or the scan ends, or so many segments are there that all of the first
    /// must be in memory.
    pub(crate) fn fill<R: BufRead>(&mut self, input: &mut Input<R>, wanted: usize) -> Result<(), Error> {
        if self.length >= wanted || self.is_closed() {
            return Ok(());
        }
        let mut data = Arc::unwrap_or_clone(std::mem::take(&mut self.data));
        data.truncate(self.length);
        let filled = self.fill_up(&mut data, input, wanted);
        self.length = data.len();
        data.resize(self.length.saturating_add(PADDING), 0);
        self.data = Arc::new(data);
        filled
    }

    fn fill_up<R: BufRead>(
        &mut self,
        data: &mut Vec<u8>,
        input: &mut Input<R>,
        wanted: usize,
    ) -> Result<(), Error> {
        while data.len() < wanted && !self.is_closed() {
            let chunk = input.available()?;
            if chunk.is_empty() {
                self.end(data, None);
                break;
            }
            let limit = chunk.len().min(wanted.saturating_sub(data.len()));
            let taken = self.take(data, chunk.get(..limit).unwrap_or_default());
            input.consume(taken);
        }
        Ok(())
    }

    /// Whether no more data is taken until what is there has been read.
    fn is_closed(&self) -> bool {
        self.has_ended || self.segments.len() >= MOST_SEGMENTS
    }

    /// Copies data without stuffing until it [is closed](Self::is_closed); gives the number of bytes used.
    fn take(&mut self, data: &mut Vec<u8>, chunk: &[u8]) -> usize {
        let mut rest = chunk;
        while let Some(first) = rest.first().copied() {
            if self.after_ff {
                rest = rest.get(1..).unwrap_or_default();
                match first {
                    0xff => continue,
                    0 => data.push(0xff),
                    0xd0..=0xd7 => self.restart(data, first - 0xd0),
                    marker => self.end(data, Some(marker)),
                }
                self.after_ff = false;
                if self.is_closed() {
                    break;
                }
                continue;
            }
            let run = memchr::memchr(0xff, rest);
            let (plain, marked) = rest.split_at_checked(run.unwrap_or(rest.len())).unwrap_or((rest, &[]));
            data.extend_from_slice(plain);
            self.after_ff = !marked.is_empty();
            rest = marked.get(1..).unwrap_or_default();
        }
        chunk.len() - rest.len()
    }

    fn restart(&mut self, data: &[u8], number: u8) {
        self.close(data);
        let start = self.passed.saturating_add(data.len());
        self.segments.push_back(Segment { start, end: None, restart: Some(number) });
    }

    fn end(&mut self, data: &[u8], marker: Option<u8>) {
        self.close(data);
        self.marker = marker;
        self.has_ended = true;
    }

    fn close(&mut self, data: &[u8]) {
        let end = self.passed.saturating_add(data.len());
        if let Some(last) = self.segments.back_mut() {
            last.end = Some(end);
        }
    }

    /// Forgets what lies before a byte, and shifts the rest to the front.
    pub(crate) fn discard(&mut self, count: usize) {
        let count = count.min(self.length);
        let data = Arc::make_mut(&mut self.data);
        data.copy_within(count.., 0);
        data.truncate(data.len() - count);
        self.length -= count;
        self.passed = self.passed.saturating_add(count);
    }

    /// Goes on at the next restart marker: bit of the window where its data begins, and the number of restart
    /// intervals passed is brought up to date; `None` when the scan has no more.
    ///
    /// T.81, section F.2.4 leaves recovery open. A number that is ahead says how many intervals are missing, one that
    /// is behind stands for what is left of damage; libjpeg tells them apart in the same way, two either side
    /// (`jpeg_resync_to_restart`). But when the marker after it has the number that follows on the expected one, the
    /// number itself is wrong.
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
            let Some(segment) = self.segment(0) else { return Ok(None) };
            let number = segment.restart.map_or(0, usize::from);
            let mut missing = number.wrapping_sub(*passed) % 8;
            if missing != 0 && self.number_behind(input, segment)? == Some((*passed + 1) % 8) {
                missing = 0;
            }
            if missing <= 5 {
                *passed += missing + 1;
                return Ok(Some(segment.start * 8));
            }
        }
    }

    /// Number of the restart marker behind the current segment, if that is no longer than [`LOOKAHEAD`]: how much
    /// is in memory anyway must not matter.
    fn number_behind<R: BufRead>(
        &mut self,
        input: &mut Input<R>,
        segment: Segment,
    ) -> Result<Option<usize>, Error> {
        self.fill(input, segment.start.saturating_add(LOOKAHEAD))?;
        let next = self.segment(1).filter(|next| next.start.saturating_sub(segment.start) < LOOKAHEAD);
        Ok(next.and_then(|next| next.restart).map(usize::from))
    }

    /// The segments in memory, the current one first.
    pub(crate) fn segment(&self, index: usize) -> Option<Segment> {
        let Segment { start, end, restart } = self.segments.get(index).copied()?;
        let here = |place: usize| place.saturating_sub(self.passed);
        Some(Segment { start: here(start), end: end.map(here), restart })
    }

    /// The data and [`PADDING`] zeros behind it.
    pub(crate) fn data(&self) -> &Arc<Vec<u8>> {
        &self.data
    }

    /// Bytes of data.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// The marker that ended the scan; `None` at the end of the file.
    pub(crate) fn marker(&self) -> Option<u8> {
        self.marker
    }
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
        assert!(input.taken() < 200, "{} bytes were read", input.taken());
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
