//! The frame header: what is coded, and how its planes are laid out (ITU-T T.81, sections A.1, A.2 and B.2.2).

use std::borrow::Cow;

use crate::error::Error;
use crate::scale::Scale;

/// Order in which coefficients are coded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Process {
    /// Each block at once: baseline and extended sequential (SOF0, SOF1 and SOF9).
    Sequential,
    /// Block by block in several scans, each adding coefficients or precision (SOF2 and SOF10).
    Progressive,
}

/// Entropy coding of the coefficients.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Coding {
    /// Binary arithmetic coding (SOF9 and SOF10).
    Arithmetic,
    /// Huffman codes (SOF0 to SOF2).
    Huffman,
}

/// A component: one plane of samples.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Component {
    /// The identifier that scans call it by.
    pub name: u8,
    /// Horizontal sampling factor, 1 to 4.
    pub across: u32,
    /// Vertical sampling factor, 1 to 4.
    pub down: u32,
    /// Number of its quantisation table, 0 to 3.
    pub(crate) table: usize,
}

/// The frame header.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Frame {
    /// Pixels of a row, 1 to 65535.
    pub width: u32,
    /// Rows of pixels, up to 65535; 0 while it is to be defined behind the first scan (section B.2.5), see
    /// [`height_at_end`](crate::height_at_end).
    pub height: u32,
    /// Order in which coefficients are coded.
    pub process: Process,
    /// Entropy coding of the coefficients.
    pub coding: Coding,
    /// One, three or four.
    pub components: Vec<Component>,
}

impl Frame {
    /// Reads the segment behind a start-of-frame marker.
    pub(super) fn parse(marker: u8, content: &[u8]) -> Result<Self, Error> {
        let (process, coding) = match marker {
            0xc0 | 0xc1 => (Process::Sequential, Coding::Huffman),
            0xc2 => (Process::Progressive, Coding::Huffman),
            0xc9 => (Process::Sequential, Coding::Arithmetic),
            0xca => (Process::Progressive, Coding::Arithmetic),
            0xc3 | 0xcb => return Err(Error::unsupported("lossless coding")),
            _ => return Err(Error::unsupported("hierarchical coding")),
        };
        let short = Error::damaged("its frame header is cut short");
        let Some(([precision, y1, y0, x1, x0, count], rest)) = content.split_first_chunk() else {
            return Err(short);
        };
        if *precision != 8 {
            return Err(Error::Unsupported(Cow::Owned(format!("{precision} bits a sample"))));
        }
        let width = u32::from(u16::from_be_bytes([*x1, *x0]));
        let height = u32::from(u16::from_be_bytes([*y1, *y0]));
        if width == 0 {
            return Err(Error::damaged("it has no width"));
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(Error::Unsupported(Cow::Owned(format!("{count} components"))));
        }
        let (chunks, _) = rest.as_chunks::<3>();
        let components: Vec<Component> = chunks.iter().take(usize::from(*count)).map(component).collect();
        if components.len() < usize::from(*count) {
            return Err(short);
        }
        if components.iter().any(|c| !(1..=4).contains(&c.across) || !(1..=4).contains(&c.down)) {
            return Err(Error::damaged("a sampling factor is not between 1 and 4"));
        }
        if components.iter().any(|c| c.table > 3) {
            return Err(Error::damaged("a component names a quantisation table that cannot exist"));
        }
        Ok(Self { width, height, process, coding, components })
    }

    /// Largest horizontal sampling factor.
    pub(crate) fn max_across(&self) -> u32 {
        self.components.iter().map(|c| c.across).max().unwrap_or(1)
    }

    /// Largest vertical sampling factor.
    pub(crate) fn max_down(&self) -> u32 {
        self.components.iter().map(|c| c.down).max().unwrap_or(1)
    }

    /// MCUs of an interleaved scan, across and down (section A.2.4).
    pub(crate) fn mcus(&self) -> (u32, u32) {
        (self.width.div_ceil(8 * self.max_across()), self.height.div_ceil(8 * self.max_down()))
    }

    /// Blocks of a component that show something, across and down: those that a scan of it alone codes (section
    /// A.2.2).
    pub(crate) fn blocks(&self, component: &Component) -> (u32, u32) {
        let samples = |length: u32, factor: u32, most: u32| (length * factor).div_ceil(most);
        (
            samples(self.width, component.across, self.max_across()).div_ceil(8),
            samples(self.height, component.down, self.max_down()).div_ceil(8),
        )
    }

    /// Width and height of the picture at a scale, pixels: fractions count as one.
    #[must_use]
    pub fn reduced(&self, scale: Scale) -> (u32, u32) {
        (scale.reduced(self.width), scale.reduced(self.height))
    }

    /// Samples that a block of a component gives at a scale, across and down: 1 to 8.
    ///
    /// A component of half the resolution has one block where others have two. It is decoded at twice the size, so
    /// that its plane has as many samples as the output has pixels there and needs no upsampling (libjpeg's
    /// `jpeg_calc_output_dimensions`). Where a block has not coefficients enough for that, it gives all eight samples.
    pub(crate) fn block_size(&self, component: &Component, scale: Scale) -> (u32, u32) {
        let grown = |factor: u32, most: u32| {
            let mut size = scale.samples();
            while size < 8 && (most * scale.samples()).is_multiple_of(factor * size * 2) {
                size *= 2;
            }
            size.min(8)
        };
        (grown(component.across, self.max_across()), grown(component.down, self.max_down()))
    }

    /// Width and height of a component's plane at a scale, samples, without the padding of blocks.
    pub(crate) fn plane_size(&self, component: &Component, scale: Scale) -> (u32, u32) {
        let (across, down) = self.block_size(component, scale);
        (
            (self.width * component.across * across).div_ceil(8 * self.max_across()),
            (self.height * component.down * down).div_ceil(8 * self.max_down()),
        )
    }
}

fn component(&[name, factors, table]: &[u8; 3]) -> Component {
    Component {
        name,
        across: u32::from(factors >> 4),
        down: u32::from(factors & 15),
        table: usize::from(table),
    }
}

/// The natural index, row by row, of each coefficient in zigzag order (section A.3.6, figure A.6).
pub(crate) const NATURAL: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
    46, 53, 60, 61, 54, 47, 55, 62, 63,
];
