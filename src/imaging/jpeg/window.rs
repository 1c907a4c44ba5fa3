//! Entropy-coded data on its way: a stretch of it in memory, without stuffing and markers
//! (ITU-T T.81, section B.1.1.5).

use std::collections::VecDeque;
use std::io::BufRead;

use super::Error;
use super::input::Input;

/// Zeros behind the data, so that a reservoir can be filled from any of its bits.
pub(super) const PADDING: usize = 64;

/// Most restart markers that are read ahead. Data has at least an MCU between them; what is nothing but markers
/// must not fill the memory.
const MOST_SEGMENTS: usize = 4096;

/// A stretch of data between two markers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Segment {
    /// First byte in the window.
    pub(super) start: usize,
    /// Byte after the last one, when the marker behind it has been seen.
    pub(super) end: Option<usize>,
    /// Number of the restart marker in front of it, 0 to 7; `None` at the start of a scan.
    pub(super) restart: Option<u8>,
}

/// The data of one scan, as far as it is in memory.
#[derive(Debug, Default)]
pub(super) struct Window {
    data: Vec<u8>,
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
    pub(super) fn begin(&mut self) {
        self.data.clear();
        self.data.resize(PADDING, 0);
        self.length = 0;
        self.passed = 0;
        self.segments.clear();
        self.segments.push_back(Segment { start: 0, end: None, restart: None });
        self.marker = None;
        self.has_ended = false;
        self.after_ff = false;
    }

    /// Reads until so many bytes are there, or the scan ends, or so many markers are there that the data up to the
    /// first of them can only be in memory.
    pub(super) fn fill<R: BufRead>(&mut self, input: &mut Input<R>, wanted: usize) -> Result<(), Error> {
        if self.length >= wanted || self.is_enough() {
            return Ok(());
        }
        self.data.truncate(self.length);
        while self.data.len() < wanted && !self.is_enough() {
            let chunk = input.available()?;
            if chunk.is_empty() {
                self.end(None);
                break;
            }
            let limit = chunk.len().min(wanted.saturating_sub(self.data.len()));
            let taken = self.take(chunk.get(..limit).unwrap_or_default());
            input.consume(taken);
        }
        self.length = self.data.len();
        self.data.resize(self.length.saturating_add(PADDING), 0);
        Ok(())
    }

    /// Whether nothing more is to be read, however little there is.
    fn is_enough(&self) -> bool {
        self.has_ended || self.segments.len() >= MOST_SEGMENTS
    }

    /// Copies data without stuffing up to the end of the scan; gives the number of bytes used.
    fn take(&mut self, chunk: &[u8]) -> usize {
        let mut rest = chunk;
        while let Some(first) = rest.first().copied() {
            if self.after_ff {
                rest = rest.get(1..).unwrap_or_default();
                match first {
                    0xff => continue,
                    0 => self.data.push(0xff),
                    0xd0..=0xd7 => self.restart(first - 0xd0),
                    marker => self.end(Some(marker)),
                }
                self.after_ff = false;
                if self.is_enough() {
                    break;
                }
                continue;
            }
            let run = memchr::memchr(0xff, rest);
            let (plain, marked) = rest.split_at_checked(run.unwrap_or(rest.len())).unwrap_or((rest, &[]));
            self.data.extend_from_slice(plain);
            self.after_ff = !marked.is_empty();
            rest = marked.get(1..).unwrap_or_default();
        }
        chunk.len() - rest.len()
    }

    fn restart(&mut self, number: u8) {
        self.close();
        let start = self.passed.saturating_add(self.data.len());
        self.segments.push_back(Segment { start, end: None, restart: Some(number) });
    }

    fn end(&mut self, marker: Option<u8>) {
        self.close();
        self.marker = marker;
        self.has_ended = true;
    }

    fn close(&mut self) {
        let end = self.passed.saturating_add(self.data.len());
        if let Some(last) = self.segments.back_mut() {
            last.end = Some(end);
        }
    }

    /// Forgets what lies before a byte, and shifts the rest to the front.
    pub(super) fn discard(&mut self, count: usize) {
        let count = count.min(self.length);
        self.data.copy_within(count.., 0);
        self.data.truncate(self.data.len() - count);
        self.length -= count;
        self.passed = self.passed.saturating_add(count);
    }

    /// Goes on at the next restart marker: bit of the window where its data begins, and the number of restart
    /// intervals passed is brought up to date; `None` when the scan has no more. T.81, section F.2.4 leaves
    /// recovery open; this is libjpeg's `jpeg_resync_to_restart`.
    pub(super) fn resume<R: BufRead>(
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
            let missing = number.wrapping_sub(*passed) % 8;
            // One that is just past is what is left of the damage.
            if missing <= 5 {
                *passed += missing + 1;
                return Ok(Some(segment.start * 8));
            }
        }
    }

    /// The segments in memory, the current one first.
    pub(super) fn segment(&self, index: usize) -> Option<Segment> {
        let Segment { start, end, restart } = self.segments.get(index).copied()?;
        let here = |place: usize| place.saturating_sub(self.passed);
        Some(Segment { start: here(start), end: end.map(here), restart })
    }

    /// The data and [`PADDING`] zeros behind it.
    pub(super) fn data(&self) -> &[u8] {
        &self.data
    }

    /// Bytes of data.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// The marker that ended the scan; `None` at the end of the file.
    pub(super) fn marker(&self) -> Option<u8> {
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
    fn nothing_but_markers_is_read_in_parts() {
        let markers: Vec<u8> = (0..100_000_u32).flat_map(|n| [0xff, 0xd0 + (n % 8) as u8]).collect();
        let mut window = Window::default();
        window.begin();
        let mut input = Input::new(markers.as_slice());
        window.fill(&mut input, 1000).unwrap();
        assert_eq!(window.segments.len(), MOST_SEGMENTS);
        let (mut passed, mut resumed) = (0, 0);
        while window.resume(&mut input, &mut passed).unwrap().is_some() {
            window.fill(&mut input, 1000).unwrap();
            assert!(window.segments.len() <= MOST_SEGMENTS);
            resumed += 1;
        }
        assert_eq!((passed, resumed), (100_000, 100_000));
    }

    #[test]
    fn end_of_the_file_ends_the_scan_without_a_marker() {
        let window = window(b"abc\xff", 2);
        assert!(window.has_ended());
        assert_eq!((window.length(), window.marker()), (3, None));
    }
}
