//! The JPEG reader: as much of a file as a picture of a reduced size needs, and no more.
//!
//! Nearly all the time of a thumbnail goes into Huffman codes. At 1/8 only the mean of each block matters, at
//! 1/4 and 1/2 its lowest coefficients: the codes of all others are passed over several at a time (`lookup`),
//! at several places of the stream in turns (`lanes`, `sequential`), and of a progressive file only the
//! scans are read that carry what is wanted to the precision that shows (`precision`).
//!
//! The way through: `input` finds markers and segments, `head` what stands before the first scan;
//! `window` holds entropy-coded data; scans go through `sequential` to `strips`, which `transform`s
//! blocks into `rows`, or are kept in `store` until the last one is there (`progressive`); rows are
//! `upsample`d and turned into pixels (`color`).
//!
//! Memory: for sequential files of one scan some rows of blocks, whatever the height; for others the
//! coefficients that the scale needs, of all blocks.

mod color;
mod error;
mod frame;
mod head;
mod huffman;
mod input;
mod lanes;
mod lookup;
mod metadata;
mod precision;
mod progressive;
mod rows;
mod sequential;
mod store;
mod strips;
mod tables;
mod transform;
mod upsample;
mod vector;
mod window;

use std::io::BufRead;

use self::color::Color;
pub use self::error::Error;
pub use self::frame::{Component, Frame, Process};
pub use self::head::{Head, height_at_end};
use self::huffman::Huffman;
use self::input::Input;
use self::lookup::{Block, Lookup};
pub use self::metadata::Metadata;
use self::progressive::Progressive;
use self::rows::Rows;
use self::sequential::Sequential;
use self::store::{Keeper, Store};
use self::strips::{Spot, Strips};
use self::tables::{ScanHeader, Tables};
use self::transform::Transform;
use self::window::Window;

/// Most scans of a file. Encoders write about ten; every one costs a visit to every block.
const MOST_SCANS: u32 = 200;

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

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Pixels of a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bytes of the file that were read.
    pub bytes_read: u64,
    /// Share of the picture that was lost to damage, 0 to 1.
    pub lost: f64,
}

/// Decodes a file at a scale, row by row: grey, RGB or CMYK (0 for no ink), as [`Head`] tells.
///
/// # Errors
/// See [`Head::read`] and [`Head::decode`].
pub fn decode(mut reader: impl BufRead, scale: Scale, mut rows: impl FnMut(&[u8])) -> Result<Summary, Error> {
    let head = Head::read(&mut reader)?;
    head.decode(reader, scale, 1.0, |row| {
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

    /// Whether the first scan has the whole picture.
    fn is_streamed(&self) -> bool {
        self.frame.process == Process::Sequential && self.scan.components.len() == self.frame.components.len()
    }

    /// Reads on behind [`Self::read`] and gives the rows of the picture. `reduction` tells how many times
    /// smaller it will be made afterwards: progressive files are read only as far as that shows, and to their end
    /// when it is 0.
    ///
    /// # Errors
    /// When the reader fails, when nothing can be made of the file, and what `rows` gives. What is only lost
    /// in part is made up for, and counted in [`Summary::lost`].
    pub fn decode(
        &self,
        reader: impl BufRead,
        scale: Scale,
        reduction: f64,
        mut rows: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Summary, Error> {
        if self.frame.height == 0 {
            return Err(Error::unsupported("its height at the end"));
        }
        let mut input = Input::new(reader);
        let lost = if self.is_streamed() {
            self.decode_streamed(&mut input, scale, &mut rows)?
        } else {
            let mut reading = Stored::new(self, scale, reduction);
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
        scale: Scale,
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
        let spots: Vec<Spot> = layout
            .spots
            .iter()
            .map(|(component, at)| {
                let size = self.frame.components.get(*component);
                let size = size.map_or((1, 1), |component| self.frame.block_size(component, scale));
                let across = layout.unit.get(*component).map_or(1, |unit| unit.0);
                Spot { component: *component, size: (index(size.0), index(size.1)), at: *at, across }
            })
            .collect();
        let mut strips = Strips {
            rows: Rows::new(&self.frame, scale, color, unit),
            transforms: transforms.collect::<Result<_, Error>>()?,
            above: vec![0; layout.mcus.0 * spots.len()],
            spots,
            stride: lookup.stride,
            across: layout.mcus.0,
            column: 0,
            emit,
        };
        let predictors = layout.spots.iter().map(|(component, _)| *component).collect();
        let total = layout.mcus.0.saturating_mul(layout.mcus.1);
        let scan = Sequential::new(lookup, predictors, total, index(self.tables.restart_interval));
        let mut window = Window::default();
        window.begin();
        let lost = scan.decode(input, &mut window, &mut strips)?;
        Ok(share(lost, total))
    }
}

/// How the blocks of a scan are grouped (section A.2).
struct Layout {
    /// For each block of an MCU, its component in the frame and its place, blocks.
    spots: Vec<(usize, (usize, usize))>,
    /// For each component of the frame, blocks of an MCU across and down.
    unit: Vec<(usize, usize)>,
    /// MCUs across and down.
    mcus: (usize, usize),
}

impl Layout {
    fn new(frame: &Frame, scan: &ScanHeader) -> Self {
        let whole = |(across, down): (u32, u32)| (index(across), index(down));
        if let [only] = *scan.components.as_slice() {
            let mcus = frame.components.get(only.place).map_or((0, 0), |component| frame.blocks(component));
            let unit = vec![(1, 1); frame.components.len()];
            return Self { spots: vec![(only.place, (0, 0))], unit, mcus: whole(mcus) };
        }
        let unit: Vec<(usize, usize)> =
            frame.components.iter().map(|component| whole((component.across, component.down))).collect();
        let places = scan.components.iter().map(|component| component.place);
        let spots = places.flat_map(|place| {
            let (across, down) = unit.get(place).copied().unwrap_or((0, 0));
            (0..down).flat_map(move |y| (0..across).map(move |x| (place, (x, y))))
        });
        let spots = spots.collect();
        Self { spots, unit, mcus: whole(frame.mcus()) }
    }

    fn blocks<'a>(
        &self,
        frame: &Frame,
        scan: &ScanHeader,
        tables: &'a Tables,
        scale: Scale,
    ) -> Result<Vec<Block<'a>>, Error> {
        let missing = || Error::damaged("a Huffman table is missing");
        let code = |codes: &'a [Option<Huffman>; 4], number: usize| {
            codes.get(number).and_then(Option::as_ref).ok_or_else(missing)
        };
        self.spots
            .iter()
            .map(|(place, _)| {
                let chosen = scan.components.iter().find(|component| component.place == *place);
                let (chosen, component) = chosen.zip(frame.components.get(*place)).ok_or_else(missing)?;
                let size = frame.block_size(component, scale);
                Ok(Block { dc: code(&tables.dc, chosen.dc)?, ac: code(&tables.ac, chosen.ac)?, size })
            })
            .collect()
    }
}

/// A file of several scans while it is read.
struct Stored<'a> {
    head: &'a Head,
    tables: Tables,
    scan: ScanHeader,
    scale: Scale,
    reduction: f64,
    store: Store,
    window: Window,
}

impl<'a> Stored<'a> {
    fn new(head: &'a Head, scale: Scale, reduction: f64) -> Self {
        Self {
            head,
            tables: head.tables.clone(),
            scan: head.scan.clone(),
            scale,
            reduction,
            store: Store::new(&head.frame, scale),
            window: Window::default(),
        }
    }

    /// Reads scans until enough is known or the file ends; gives the share that was lost.
    fn read<R: BufRead>(&mut self, input: &mut Input<R>) -> Result<f64, Error> {
        let mut lost = 0.0_f64;
        let mut has_ended = false;
        for _ in 0..MOST_SCANS {
            let marker = if self.is_wanted() {
                lost = lost.max(self.read_scan(input)?);
                if self.window.has_ended() { self.window.marker() } else { input.marker_after_scan()? }
            } else {
                input.marker_after_scan()?
            };
            if self.store.is_known(self.reduction) {
                return Ok(lost);
            }
            match self.next_scan(input, marker)? {
                Some(true) => (),
                Some(false) => {
                    has_ended = true;
                    break;
                }
                None => break,
            }
        }
        // Without its end marker a file may lack more than shows.
        let is_whole = |plane: &store::Plane| {
            if has_ended { plane.precision.first().copied().flatten().is_some() } else { plane.is_complete() }
        };
        let missing = self.store.planes.iter().filter(|plane| !is_whole(plane)).count();
        Ok(lost.max(share(missing, self.store.planes.len())))
    }

    /// Whether the present scan has anything that is kept and not yet known well enough.
    fn is_wanted(&self) -> bool {
        self.scan.components.iter().any(|component| {
            self.store.planes.get(component.place).is_some_and(|plane| {
                let is_dc_alone = plane.size == (1, 1) && self.scan.band.0 > 0;
                !is_dc_alone && !plane.is_known(self.reduction)
            })
        })
    }

    /// Takes segments up to the next scan header: whether there is one, or the end marker; `None` when the
    /// file just ends.
    fn next_scan<R: BufRead>(
        &mut self,
        input: &mut Input<R>,
        marker: Option<u8>,
    ) -> Result<Option<bool>, Error> {
        let mut marker = marker;
        loop {
            match marker {
                None => return Ok(None),
                Some(0xd9) => return Ok(Some(false)),
                Some(0xda) => {
                    let Ok(content) = input.segment() else { return Ok(None) };
                    self.scan = ScanHeader::parse(&content, &self.head.frame)?;
                    return Ok(Some(true));
                }
                Some(0xc4 | 0xdb | 0xdd) => {
                    let content = match input.segment() {
                        Err(Error::Damaged(_)) => return Ok(None),
                        content => content?,
                    };
                    self.tables.take(marker.unwrap_or(0), &content)?;
                }
                Some(0x01 | 0xd0..=0xd8) => (),
                Some(_) => match input.skip_segment() {
                    Err(Error::Damaged(_)) => return Ok(None),
                    skipped => skipped?,
                },
            }
            marker = input.marker()?;
        }
    }

    fn read_scan<R: BufRead>(&mut self, input: &mut Input<R>) -> Result<f64, Error> {
        for component in &self.scan.components {
            let of = self.head.frame.components.get(component.place);
            let (Some(plane), Some(of)) = (self.store.planes.get_mut(component.place), of) else { continue };
            if plane.steps.is_none() {
                plane.steps = self.tables.quantisation.get(of.table).copied().flatten();
            }
            if plane.steps.is_none() {
                return Err(Error::damaged("a quantisation table is missing"));
            }
        }
        let layout = Layout::new(&self.head.frame, &self.scan);
        self.window.begin();
        match self.head.frame.process {
            Process::Sequential => self.read_sequential(input, layout),
            Process::Progressive => self.read_progressive(input, layout),
        }
    }

    fn read_sequential<R: BufRead>(&mut self, input: &mut Input<R>, layout: Layout) -> Result<f64, Error> {
        let blocks = layout.blocks(&self.head.frame, &self.scan, &self.tables, self.scale)?;
        let lookup = Lookup::new(blocks)?;
        let total = layout.mcus.0.saturating_mul(layout.mcus.1);
        let predictors = layout.spots.iter().map(|(component, _)| *component).collect();
        let mut keeper = Keeper {
            store: &mut self.store,
            stride: lookup.stride,
            across: layout.mcus.0.max(1),
            spots: layout.spots,
            unit: layout.unit,
            taken: 0,
        };
        let scan = Sequential::new(lookup, predictors, total, index(self.tables.restart_interval));
        let lost = scan.decode(input, &mut self.window, &mut keeper)?;
        self.note();
        Ok(share(lost, total))
    }

    fn read_progressive<R: BufRead>(&mut self, input: &mut Input<R>, layout: Layout) -> Result<f64, Error> {
        self.check()?;
        let codes = layout.spots.iter().map(|(place, at)| {
            let chosen = self.scan.components.iter().find(|component| component.place == *place);
            (*place, chosen.map_or(0, |component| component.dc), *at)
        });
        let scan = Progressive {
            header: &self.scan,
            tables: &self.tables,
            spots: codes.collect(),
            unit: layout.unit,
            mcus: layout.mcus,
        };
        let lost = scan.decode(input, &mut self.window, &mut self.store)?;
        self.note();
        Ok(lost)
    }

    /// Whether the scan follows on those before it (section G.1.1.1): each may come once, and adds one bit.
    fn check(&self) -> Result<(), Error> {
        let wrong = || Error::damaged("a scan does not follow on those before it");
        let ScanHeader { components, band: (first, last), high, low } = &self.scan;
        let is_dc = *first == 0;
        if first > last || *last > 63 || *low > 13 || (is_dc && *last > 0) || (!is_dc && components.len() > 1)
        {
            return Err(wrong());
        }
        for component in components {
            let plane = self.store.planes.get(component.place).ok_or_else(wrong)?;
            let band = plane.precision.get(usize::from(*first)..=usize::from(*last)).ok_or_else(wrong)?;
            let follows = |before: &Option<u8>| match before {
                None => *high == 0,
                Some(before) => *high == *before && *low + 1 == *high,
            };
            if !band.iter().all(follows) {
                return Err(wrong());
            }
        }
        Ok(())
    }

    /// Remembers what has come.
    fn note(&mut self) {
        let (first, last) = match self.head.frame.process {
            Process::Sequential => (0, 63),
            Process::Progressive => self.scan.band,
        };
        let low = if self.head.frame.process == Process::Sequential { 0 } else { self.scan.low };
        for component in &self.scan.components {
            let Some(plane) = self.store.planes.get_mut(component.place) else { continue };
            if let Some(band) = plane.precision.get_mut(usize::from(first)..=usize::from(last)) {
                band.fill(Some(low));
            }
        }
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
