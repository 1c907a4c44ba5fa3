//! Makes a scan that ends too early fail, and a file without its end marker complete.
//!
//! At a marker the decoder reads on as if zeros followed, so that a file cut short and closed again would
//! give a picture that is grey below the cut. Here ones follow every scan instead: a code of ones alone
//! exists in no Huffman table (T.81, annex C.2), so the decoder stumbles if it still wants pixels, and passes
//! over them if it does not. Restart markers stay where they are.

use std::io::{self, BufRead, Read};

/// Thirty-two bytes of ones, each with the zero that tells it from a marker.
const ONES: [[u8; 2]; 32] = [[0xff, 0]; 32];

const END: [u8; 2] = [0xff, 0xd9];

/// Where in a file a byte stands.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Between segments.
    Between,
    /// After 0xff between segments.
    Marker,
    /// At the first byte of the length of a segment.
    LengthHigh {
        is_scan: bool,
    },
    LengthLow {
        is_scan: bool,
        high: u8,
    },
    /// Inside a segment, so many bytes before its end.
    Content {
        is_scan: bool,
        left: u16,
    },
    /// In entropy-coded data.
    Coded,
    /// After 0xff in entropy-coded data.
    CodedMarker,
    /// After the end marker.
    Ended,
}

/// A JPEG as its decoder should see it.
pub(super) struct Guard<R> {
    inner: R,
    place: Place,
    ready: Vec<u8>,
    taken: usize,
}

impl<R: BufRead> Guard<R> {
    /// Starts at the first byte of a file.
    pub(super) fn new(inner: R) -> Self {
        Self { inner, place: Place::Between, ready: Vec::new(), taken: 0 }
    }

    /// Takes the next bytes of the file; none are ready afterwards only if it has no more.
    fn refill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.taken = 0;
        while self.ready.is_empty() && !matches!(self.place, Place::Ended) {
            let chunk = self.inner.fill_buf()?;
            let length = chunk.len();
            if length > 0 {
                self.place = translate(chunk, self.place, &mut self.ready);
                self.inner.consume(length);
            } else {
                if matches!(self.place, Place::Coded | Place::CodedMarker) {
                    self.ready.extend(ONES.as_flattened());
                    self.ready.extend(END);
                }
                self.place = Place::Ended;
            }
        }
        Ok(())
    }
}

/// Appends to `ready` what the decoder should see of these bytes; gives the place after them.
fn translate(chunk: &[u8], mut place: Place, ready: &mut Vec<u8>) -> Place {
    let mut rest = chunk;
    while let Some((byte, after)) = rest.split_first() {
        if matches!(place, Place::Ended) {
            break;
        }
        if matches!(place, Place::Coded) {
            let run = rest.iter().position(|byte| *byte == 0xff).unwrap_or(rest.len());
            let (plain, marked) = rest.split_at(run);
            ready.extend_from_slice(plain);
            // The 0xff is written when it is known what it belongs to.
            if !marked.is_empty() {
                place = Place::CodedMarker;
            }
            rest = marked.get(1..).unwrap_or_default();
            continue;
        }
        rest = after;
        place = match (place, *byte) {
            (Place::CodedMarker, 0xff) => Place::CodedMarker,
            (Place::CodedMarker, 0 | 0xd0..=0xd7) => {
                ready.extend([0xff, *byte]);
                Place::Coded
            }
            (Place::CodedMarker, marker) => {
                ready.extend(ONES.as_flattened());
                ready.extend([0xff, marker]);
                after_marker(marker)
            }
            (place, byte) => {
                ready.push(byte);
                step(place, byte)
            }
        };
    }
    place
}

/// The place after a byte outside of entropy-coded data.
fn step(place: Place, byte: u8) -> Place {
    match place {
        Place::Between if byte == 0xff => Place::Marker,
        Place::Between => Place::Between,
        Place::Marker => after_marker(byte),
        Place::LengthHigh { is_scan } => Place::LengthLow { is_scan, high: byte },
        Place::LengthLow { is_scan, high } => {
            inside(is_scan, u16::from_be_bytes([high, byte]).saturating_sub(2))
        }
        Place::Content { is_scan, left } => inside(is_scan, left.saturating_sub(1)),
        Place::Coded | Place::CodedMarker | Place::Ended => place,
    }
}

fn after_marker(marker: u8) -> Place {
    match marker {
        0xff => Place::Marker,
        0 | 0x01 | 0xd0..=0xd8 => Place::Between,
        0xd9 => Place::Ended,
        _ => Place::LengthHigh { is_scan: marker == 0xda },
    }
}

fn inside(is_scan: bool, left: u16) -> Place {
    match left {
        0 if is_scan => Place::Coded,
        0 => Place::Between,
        _ => Place::Content { is_scan, left },
    }
}

impl<R: BufRead> Read for Guard<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        if self.taken >= self.ready.len() {
            self.refill()?;
        }
        let count = self.ready.get(self.taken..).unwrap_or_default().read(target)?;
        self.taken += count;
        Ok(count)
    }

    /// The decoder asks for bytes one by one: those that are ready take no detour.
    fn read_exact(&mut self, target: &mut [u8]) -> io::Result<()> {
        let end = self.taken.saturating_add(target.len());
        if let Some(bytes) = self.ready.get(self.taken..end) {
            target.copy_from_slice(bytes);
            self.taken = end;
            return Ok(());
        }
        let mut rest = target;
        while !rest.is_empty() {
            match self.read(rest)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => rest = rest.get_mut(count..).unwrap_or_default(),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guarded(bytes: &[u8]) -> Vec<u8> {
        let mut seen = Vec::new();
        Guard::new(io::BufReader::with_capacity(3, bytes)).read_to_end(&mut seen).unwrap();
        seen
    }

    #[test]
    fn ones_follow_a_scan_and_nothing_else_changes() {
        let scan = b"\xff\xd8\xff\xe0\0\x04\xff\xd9\xff\xda\0\x03\x01ab\xff\0c\xff\xd0d";
        let whole = [scan.as_slice(), &END].concat();
        let expected = [scan.as_slice(), ONES.as_flattened(), &END].concat();
        assert_eq!(guarded(&whole), expected);
        assert_eq!(guarded(scan), expected, "an end marker that is missing is added");
        assert_eq!(guarded(&[whole.as_slice(), b"trailer"].concat()), expected);
    }

    #[test]
    fn file_cut_outside_of_a_scan_just_ends() {
        let head = b"\xff\xd8\xff\xe0\0\x08ab";
        assert_eq!(guarded(head), head);
    }
}
