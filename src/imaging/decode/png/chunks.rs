//! The chunks of a PNG on their way to the crate `png`, which stops at damage that other viewers pass over.
//!
//! Chunks go through as they are, but for IDAT: its [pixel data](PixelData) is inflated, and goes on in stored blocks
//! (RFC 1951, section 3.2.4), in chunks of their own. Stream and file get the ends that they lack. The decoder thus gives
//! all rows that came, and meets no wrong checksum in them.
//!
//! Texts are kept beside ([`Texts`]) on their way.
//!
//! Memory: 130 KiB for the window and a block, and what the texts state.

use std::cell::RefCell;
use std::io::{self, BufRead, Read, Seek, SeekFrom};

use crc32fast::Hasher;

use crate::imaging::damage::Damage;
use crate::imaging::decode::png::pixel_data::{PixelData, RowLayout};
use crate::imaging::decode::png::texts::{LONGEST_CHUNK, Texts};
use crate::imaging::input::source::SourceReader;
use crate::imaging::picture::side;

/// Length of the signature.
const SIGNATURE: u64 = 8;

/// Most bytes that are inflated at once. Those of a corrupt stream are lost up to its error.
const PART: u32 = 1024;

/// Header of a zlib stream with the largest window (RFC 1950, section 2.2).
const ZLIB_HEADER: [u8; 2] = [0x78, 0x01];

/// An empty block that ends a stream of stored blocks, and an Adler-32, which the decoder does not check.
const LAST_BLOCK: [u8; 9] = [1, 0, 0, 0xff, 0xff, 0, 0, 0, 0];

/// IEND with its length and checksum.
const IEND: &[u8] = b"\0\0\0\0IEND\xae\x42\x60\x82";

/// A reader of chunks.
pub(super) struct ChunkReader<'s, 'a, R> {
    source: &'s mut SourceReader<'a, R>,
    texts: &'s RefCell<Texts>,
    state: State,
    /// Bytes for the decoder; those before `consumed` it has.
    ready: Vec<u8>,
    consumed: usize,
    /// Pixel data, from IHDR on.
    data: Option<PixelData>,
    chunk: PixelChunk,
    /// `true` from the first IDAT on, until the stream that the decoder gets is ended.
    is_streaming: bool,
}

/// What the source gives next.
#[derive(Clone, Copy, Debug)]
enum State {
    /// Bytes that go through as they are.
    Verbatim(u64),
    /// Length and type of a chunk.
    Header,
    /// The content of IDAT, then its checksum.
    Pixels,
    /// Nothing.
    End,
}

/// An IDAT chunk while it is read.
#[derive(Default)]
struct PixelChunk {
    /// Bytes of content that are left in the source.
    left: u32,
    crc: Hasher,
    /// Bytes of content that are read; those before `inflated` the inflater has.
    part: Vec<u8>,
    inflated: usize,
    /// Inflated bytes before this chunk.
    start: u64,
    /// `true` if the source ended within this chunk.
    is_cut: bool,
    /// `true` if the stream became corrupt in this chunk: its bytes are wrong unless its checksum is right.
    is_corrupt: bool,
}

impl<'s, 'a, R: Read> ChunkReader<'s, 'a, R> {
    /// A reader from the first byte of a file on, which puts texts into `texts`.
    pub(super) fn new(source: &'s mut SourceReader<'a, R>, texts: &'s RefCell<Texts>) -> Self {
        Self {
            source,
            texts,
            state: State::Verbatim(SIGNATURE),
            ready: Vec::new(),
            consumed: 0,
            data: None,
            chunk: PixelChunk::default(),
            is_streaming: false,
        }
    }

    /// The damage of a picture of which `missing` did not come.
    pub(super) fn damage(&self, missing: Damage) -> Damage {
        let untrusted = self.data.as_ref().map_or(0, PixelData::untrusted);
        Damage { lost: missing.lost.max(untrusted), ..missing }
    }

    /// `true` if the pixel data ended with an error.
    pub(super) fn is_corrupt(&self) -> bool {
        self.data.as_ref().is_some_and(PixelData::is_corrupt)
    }

    /// Reads until there are bytes for the decoder, or the source ends.
    fn refill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.consumed = 0;
        while self.ready.is_empty() {
            match self.state {
                State::Verbatim(0) => self.state = State::Header,
                State::Verbatim(left) => {
                    let count = left.min(PART.into());
                    let is_whole = self.read(usize::try_from(count).unwrap_or(usize::MAX))?;
                    self.state = if is_whole { State::Verbatim(left - count) } else { State::End };
                }
                State::Header => self.read_header()?,
                State::Pixels => self.read_pixels()?,
                State::End => break,
            }
        }
        Ok(())
    }

    /// Appends the next `count` bytes to `ready`. `false` if the source ends before.
    fn read(&mut self, count: usize) -> io::Result<bool> {
        read_into(self.source, &mut self.ready, count)
    }

    /// Reads the length and type of a chunk, and the content of IHDR.
    fn read_header(&mut self) -> io::Result<()> {
        if !self.read(8)? {
            self.end();
            return Ok(());
        }
        let [l0, l1, l2, l3, kind @ ..] = self.ready.first_chunk::<8>().copied().unwrap_or_default();
        let length = u32::from_be_bytes([l0, l1, l2, l3]);
        self.state = State::Verbatim(u64::from(length) + 4);
        match (&kind, &self.data) {
            (b"IHDR", None) if length == 13 => {
                let is_whole = self.read(13)?;
                let header = self.ready.get(8..).and_then(<[u8]>::first_chunk).filter(|_| is_whole);
                self.data = header.map(|header| PixelData::new(RowLayout::of_header(header)));
                self.state = State::Verbatim(4);
            }
            (b"IDAT", Some(data)) => {
                self.ready.clear();
                let mut crc = Hasher::new();
                crc.update(b"IDAT");
                self.chunk =
                    PixelChunk { left: length, crc, start: data.inflated(), ..PixelChunk::default() };
                self.state = State::Pixels;
                self.is_streaming = true;
            }
            _ => {
                let header = std::mem::take(&mut self.ready);
                self.end_stream();
                self.ready.extend_from_slice(&header);
                match &kind {
                    b"tEXt" | b"zTXt" | b"iTXt" if length <= LONGEST_CHUNK => self.read_text(kind, length)?,
                    b"caBX" => self.texts.borrow_mut().has_c2pa = true,
                    _ => (),
                }
            }
        }
        Ok(())
    }

    /// Reads the content of a text chunk.
    fn read_text(&mut self, kind: [u8; 4], length: u32) -> io::Result<()> {
        let start = self.ready.len();
        if self.read(side(length))? {
            self.texts.borrow_mut().take(kind, self.ready.get(start..).unwrap_or_default());
            self.state = State::Verbatim(4);
        } else {
            self.state = State::End;
        }
        Ok(())
    }

    /// Ends the stream of stored blocks.
    fn end_stream(&mut self) {
        if std::mem::take(&mut self.is_streaming) {
            let is_first = self.data.as_ref().is_none_or(|data| data.inflated() == 0);
            put_chunk(&mut self.ready, [if is_first { &ZLIB_HEADER } else { &[] }, &LAST_BLOCK, &[]]);
        }
    }

    /// Inflates some of the content of IDAT, or reads more of it.
    fn read_pixels(&mut self) -> io::Result<()> {
        let Self { source, data: Some(data), chunk, .. } = self else { return Ok(()) };
        let (is_first, was_corrupt) = (data.inflated() == 0, data.is_corrupt());
        let mut part = chunk.part.get(chunk.inflated..).unwrap_or_default();
        let rows = data.inflate(&mut part);
        chunk.inflated = chunk.part.len() - part.len();
        if !rows.is_empty() {
            put_block(&mut self.ready, rows, is_first);
            return Ok(());
        }
        chunk.is_corrupt |= data.is_corrupt() && !was_corrupt;
        if chunk.inflated < chunk.part.len() {
            return Ok(());
        }
        if chunk.left == 0 || chunk.is_cut {
            return self.check_sum();
        }
        // The last four bytes may be Adler-32. They are inflated apart, since an error loses what is inflated with it.
        let count = if chunk.left > 4 { (chunk.left - 4).min(PART) } else { chunk.left };
        chunk.part.clear();
        chunk.inflated = 0;
        chunk.is_cut = !read_into(source, &mut chunk.part, side(count))?;
        chunk.crc.update(&chunk.part);
        chunk.left -= count;
        Ok(())
    }

    /// Checks the CRC after the content of IDAT.
    fn check_sum(&mut self) -> io::Result<()> {
        let Self { source, data: Some(data), chunk, .. } = self else { return Ok(()) };
        let mut sum = Vec::new();
        chunk.is_cut |= !read_into(source, &mut sum, 4)?;
        let is_right = sum == chunk.crc.clone().finalize().to_be_bytes();
        // A CRC that is missing proves nothing, but the stream may.
        if if chunk.is_cut { chunk.is_corrupt } else { !is_right } {
            data.distrust_from(chunk.start);
        }
        if chunk.is_cut {
            self.end();
        } else {
            self.state = State::Header;
        }
        Ok(())
    }

    /// Ends the file at the end of the source.
    fn end(&mut self) {
        self.ready.clear();
        self.end_stream();
        self.ready.extend_from_slice(IEND);
        self.state = State::End;
    }
}

/// Appends the next `count` bytes of a source. `false` if it ends before.
fn read_into<R: Read>(
    source: &mut SourceReader<'_, R>,
    target: &mut Vec<u8>,
    count: usize,
) -> io::Result<bool> {
    let mut left = count;
    while left > 0 {
        let bytes = source.fill_buf()?;
        let bytes = bytes.get(..left).unwrap_or(bytes);
        if bytes.is_empty() {
            return Ok(false);
        }
        target.extend_from_slice(bytes);
        let taken = bytes.len();
        source.consume(taken);
        left -= taken;
    }
    Ok(true)
}

/// Appends a stored block in an IDAT chunk. The first one begins the zlib stream.
fn put_block(target: &mut Vec<u8>, content: &[u8], is_first: bool) {
    // At most 32 KiB, by `PixelData`.
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    let ([l0, l1], [n0, n1]) = (length.to_le_bytes(), (!length).to_le_bytes());
    put_chunk(target, [if is_first { &ZLIB_HEADER } else { &[] }, &[0, l0, l1, n0, n1], content]);
}

/// Appends an IDAT chunk of these parts.
fn put_chunk(target: &mut Vec<u8>, parts: [&[u8]; 3]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    target.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    let start = target.len();
    target.extend_from_slice(b"IDAT");
    parts.iter().for_each(|part| target.extend_from_slice(part));
    let crc = crc32fast::hash(target.get(start..).unwrap_or_default());
    target.extend_from_slice(&crc.to_be_bytes());
}

impl<R: Read> BufRead for ChunkReader<'_, '_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.consumed >= self.ready.len() {
            self.refill()?;
        }
        Ok(self.ready.get(self.consumed..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.consumed = self.consumed.saturating_add(amount);
    }
}

impl<R: Read> Read for ChunkReader<'_, '_, R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(target)?;
        self.consume(count);
        Ok(count)
    }
}

/// The decoder demands `Seek` and does not use it.
impl<R> Seek for ChunkReader<'_, '_, R> {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
