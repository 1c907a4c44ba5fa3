//! The JPEG reader: as much of a file as a picture of a reduced size needs, and no more.
//!
//! Nearly all the time of a thumbnail goes into Huffman codes. At 1/8 only the mean of each block matters, at
//! 1/4 and 1/2 its lowest coefficients: the codes of all others are passed over several at a time (`steps`,
//! `lookup`), at several places of the stream in turns (`lanes`, `sequential`) and on several threads (`team`), and of
//! a progressive file only the scans are read that carry what is wanted to the precision that shows (`precision`).
//!
//! The way through: `input` finds markers and segments, `head` what stands before the first scan (with the codes
//! of `standard` where a file has none); `window` holds entropy-coded data; scans go through `sequential` to
//! `strips`, which turns blocks into `rows` a `line` at a time (`transform`, `small`), or, where there are several
//! (`scans`, `progressive`), are kept in `store` until enough is there, and what damage took of them in `gaps`;
//! rows are `upsample`d and turned into pixels (`color`). [`Coefficients`] are what is kept, as numbers.
//!
//! Memory: for sequential files of one scan some rows of blocks, whatever the height; for others the
//! coefficients that the scale needs, of all blocks. Work: each byte once, and each block once for each scan, of
//! which no more are read than the size of the picture and of the file warrant.

mod coefficients;
mod color;
mod error;
mod frame;
mod gaps;
mod head;
mod huffman;
mod input;
mod lanes;
mod layout;
mod line;
mod lookup;
mod metadata;
mod precision;
mod progressive;
mod rows;
mod scans;
mod sequential;
mod small;
mod standard;
mod steps;
mod store;
mod strips;
mod tables;
mod team;
mod transform;
mod upsample;
mod vector;
mod window;

use std::io::BufRead;
use std::num::NonZeroUsize;

pub use self::coefficients::{Blocks, Coefficients};
use self::color::Color;
pub use self::error::Error;
pub use self::frame::{Component, Frame, Process};
pub use self::head::{Head, height_at_end};
use self::input::Input;
use self::layout::Layout;
use self::lookup::Lookup;
pub use self::metadata::Metadata;
use self::rows::Rows;
use self::scans::Scans;
use self::sequential::Scan;
use self::store::Store;
use self::strips::{Part, Strips};
use self::transform::Transform;
use self::window::Window;

/// How small a picture is decoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Scale {
    Full,
    Half,
    Quarter,
    Eighth,
}

impl Scale {
    /// Pixels of the file for each pixel, along one axis.
    #[must_use]
    pub fn reduction(self) -> u32 {
        8 / self.samples()
    }

    /// Pixels for each block of the file, along one axis.
    fn samples(self) -> u32 {
        match self {
            Self::Full => 8,
            Self::Half => 4,
            Self::Quarter => 2,
            Self::Eighth => 1,
        }
    }
}

/// How a file is decoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// How small.
    pub scale: Scale,
    /// How many times smaller the picture will be made afterwards: progressive files are read only as far as that
    /// shows, and to their end when it is 0.
    pub reduction: f64,
    /// Most threads that decode a sequential scan; what comes out is the same.
    pub threads: NonZeroUsize,
}

impl Wanted {
    /// All that a scale has, on one thread.
    #[must_use]
    pub fn all(scale: Scale) -> Self {
        Self { scale, reduction: 0.0, threads: NonZeroUsize::MIN }
    }
}

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Pixels of a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bytes of the file that were read.
    pub bytes_read: u64,
    /// Share of the picture that was lost to damage, 0 to 1: MCUs that did not come, or, in a file of several scans,
    /// blocks of which something never came that the scale keeps. Where only precision was lost, that of one MCU.
    pub lost: f64,
}

/// Decodes a file at a scale, row by row: grey, RGB or CMYK (0 for no ink), as [`Head`] tells.
///
/// # Errors
/// See [`Head::read`] and [`Head::decode`].
pub fn decode(mut reader: impl BufRead, scale: Scale, mut rows: impl FnMut(&[u8])) -> Result<Summary, Error> {
    let head = Head::read(&mut reader)?;
    head.decode(reader, Wanted { reduction: 1.0, ..Wanted::all(scale) }, |row| {
        rows(row);
        Ok(())
    })
}

impl Head {
    /// Bytes that [`Self::decode`] takes at a scale, but for some fixed ones, below 2 MB.
    #[must_use]
    pub fn memory(&self, scale: Scale) -> u64 {
        let store = if self.is_streamed() { 0 } else { Store::bytes(&self.frame, scale) };
        store.saturating_add(Rows::bytes(&self.frame, scale))
    }

    /// Whoever reads on must know how much.
    fn has_height(&self) -> Result<(), Error> {
        if self.frame.height == 0 { Err(Error::unsupported("its height at the end")) } else { Ok(()) }
    }

    /// Whether the first scan has the whole picture.
    fn is_streamed(&self) -> bool {
        self.frame.process == Process::Sequential && self.scan.components.len() == self.frame.components.len()
    }

    /// Reads on behind [`Self::read`] and gives the rows of the picture.
    ///
    /// # Errors
    /// When the reader fails, when nothing can be made of the file, and what `rows` gives. What is only lost
    /// in part is made up for, and counted in [`Summary::lost`].
    pub fn decode(
        &self,
        mut reader: impl BufRead,
        wanted: Wanted,
        mut rows: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Summary, Error> {
        self.decode_by(&mut reader, wanted, &mut rows)
    }

    /// Once for all readers: this is where most of the reader's code comes together.
    fn decode_by(
        &self,
        reader: &mut dyn BufRead,
        wanted: Wanted,
        mut rows: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Summary, Error> {
        self.has_height()?;
        let mut input = Input::new(reader);
        let Wanted { scale, .. } = wanted;
        let lost = if self.is_streamed() {
            self.decode_streamed(&mut input, wanted, &mut rows)?
        } else {
            let mut reading = Scans::new(self, wanted);
            let lost = reading.read(&mut input)?;
            let color = Color::of(&self.frame, &self.metadata);
            let strips = Rows::new(&self.frame, scale, color, |component| component.down);
            reading.store.draw(&self.frame, strips, &mut rows)?;
            lost
        };
        let (width, height) = self.frame.reduced(scale);
        let bytes_read = self.length.saturating_add(input.taken());
        Ok(Summary { width, height, bytes_read, lost })
    }

    fn decode_streamed<R: BufRead, F: FnMut(&[u8]) -> Result<(), Error>>(
        &self,
        input: &mut Input<R>,
        Wanted { scale, threads, .. }: Wanted,
        emit: &mut F,
    ) -> Result<f64, Error> {
        let layout = Layout::new(&self.frame, &self.scan);
        let lookup = Lookup::new(layout.blocks(&self.frame, &self.scan, &self.tables, scale)?)?;
        let color = Color::of(&self.frame, &self.metadata);
        let is_single = self.frame.components.len() == 1;
        let unit = |component: &Component| if is_single { 1 } else { component.down };
        let transforms = self.frame.components.iter().map(|component| {
            let steps = self.tables.quantisation.get(component.table).and_then(Option::as_ref);
            let steps = steps.ok_or_else(|| Error::damaged("a quantisation table is missing"))?;
            Ok(Transform::new(self.frame.block_size(component, scale), steps))
        });
        let mut strips = Strips {
            parts: Part::of(&self.frame, &layout, scale),
            rows: Rows::new(&self.frame, scale, color, unit),
            transforms: transforms.collect::<Result<_, Error>>()?,
            above: vec![0; layout.mcus.0 * layout.spots.len()],
            unit: lookup.unit.clone(),
            across: layout.mcus.0,
            column: 0,
            emit,
        };
        let predictor_of = layout.spots.iter().map(|(component, _)| *component).collect();
        let total = layout.mcus.0.saturating_mul(layout.mcus.1);
        let interval = index(self.tables.restart_interval);
        let scan = Scan { lookup: &lookup, predictor_of, total, interval, threads };
        let mut window = Window::default();
        window.begin();
        let lost = scan.decode(input, &mut window, &mut strips)?;
        Ok(share(lost, total))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share for people")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// A number of pixels or blocks as an index.
fn index(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
