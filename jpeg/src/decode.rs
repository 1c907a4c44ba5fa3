//! From the head of a file to its rows.

use std::io::BufRead;

use crate::entropy::lookup::Lookup;
use crate::entropy::sequential::SequentialScan;
use crate::entropy::units::ScanUnits;
use crate::entropy::window::Window;
use crate::error::Error;
use crate::index::index;
use crate::samples::color::Color;
use crate::samples::rows::RowAssembler;
use crate::samples::streamed::{McuComponent, StreamedPicture};
use crate::samples::transform::Transform;
use crate::scale::{Scale, Summary, Wanted, share};
use crate::scans::ScanReader;
use crate::scans::store::CoefficientStore;
use crate::syntax::frame::{Coding, Component, Process};
use crate::syntax::head::Head;
use crate::syntax::input::Input;

/// Decodes a file at a scale, on one thread, and gives its rows from top to bottom: `width * components` bytes each,
/// grey, RGB or CMYK (0 for no ink).
///
/// Scans of a progressive file that do not show at this scale are not read ([`Wanted::reduction`] is 1).
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
    /// Bytes that [`Self::decode`] takes at a scale, beyond 1.3 MB that it always may, and 0.6 MB for each thread but
    /// the first. The head itself is not counted: see [`Metadata::bytes`](crate::Metadata::bytes).
    #[must_use]
    pub fn memory(&self, scale: Scale) -> u64 {
        let kept = if self.is_streamed() {
            self.dc_above_length() * 2
        } else {
            CoefficientStore::bytes(&self.frame, scale)
        };
        kept.saturating_add(RowAssembler::bytes(&self.frame, scale))
    }

    /// Blocks of a row of MCUs, whose DC is kept where a picture is streamed.
    fn dc_above_length(&self) -> u64 {
        let blocks = self.frame.components.iter().map(|component| component.across * component.down);
        u64::from(self.frame.mcus().0) * u64::from(blocks.sum::<u32>())
    }

    /// Refuses a frame that leaves its height open: nothing can be read on without it.
    pub(crate) fn require_height(&self) -> Result<(), Error> {
        if self.frame.height == 0 { Err(Error::unsupported("its height at the end")) } else { Ok(()) }
    }

    /// True when the first scan has the whole picture, and nothing of it is kept.
    fn is_streamed(&self) -> bool {
        self.frame.process == Process::Sequential
            && self.frame.coding == Coding::Huffman
            && self.scan.components.len() == self.frame.components.len()
    }

    /// Reads on behind [`Self::read`] and gives the rows of the picture, `width * components` bytes each
    /// ([`Frame::reduced`](crate::Frame::reduced)).
    ///
    /// Lost parts are filled in, and counted in [`Summary::lost`].
    ///
    /// Who no longer wants the picture lets `rows` or the reader fail. One of them is called every few milliseconds;
    /// the reader is asked for bytes also where none are needed yet.
    ///
    /// # Errors
    /// [`Error::Read`] when the reader fails, [`Error::Damaged`] or [`Error::CutShort`] when nothing can be made of
    /// the file, [`Error::Unsupported`] when [`Frame::height`](crate::Frame::height) is 0, and whatever `rows` gives,
    /// which ends the reading.
    pub fn decode(
        &self,
        mut reader: impl BufRead,
        wanted: Wanted,
        mut rows: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Summary, Error> {
        self.decode_by(&mut reader, wanted, &mut rows)
    }

    /// [`Self::decode`] once for all types of readers: most of the crate's code comes together here, and a copy of it
    /// for each type would be large. The calls across `dyn` are those for a chunk of input and a row of output.
    fn decode_by(
        &self,
        reader: &mut dyn BufRead,
        wanted: Wanted,
        mut rows: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Summary, Error> {
        self.require_height()?;
        let mut input = Input::new(reader);
        let Wanted { scale, .. } = wanted;
        let lost = if self.is_streamed() {
            self.decode_streamed(&mut input, wanted, &mut rows)?
        } else {
            let mut scans = ScanReader::new(self, wanted);
            let lost = scans.read(&mut input)?;
            let color = Color::of(&self.frame, &self.metadata);
            let mut assembler = RowAssembler::new(&self.frame, scale, color, |component| component.down);
            assembler.is_planar = wanted.is_planar;
            scans.store.write_rows(&self.frame, assembler, &mut rows)?;
            lost
        };
        let (width, height) = self.frame.reduced(scale);
        let bytes_read = self.length.saturating_add(input.consumed());
        Ok(Summary { width, height, bytes_read, lost })
    }

    /// Decodes the only scan of a picture; gives the share that was lost.
    fn decode_streamed<R: BufRead, F: FnMut(&[u8]) -> Result<(), Error>>(
        &self,
        input: &mut Input<R>,
        Wanted { scale, threads, is_planar, .. }: Wanted,
        emit: &mut F,
    ) -> Result<f64, Error> {
        let units = ScanUnits::new(&self.frame, &self.scan);
        let lookup = Lookup::new(units.codings(&self.frame, &self.scan, &self.tables, scale)?)?;
        let color = Color::of(&self.frame, &self.metadata);
        // The MCU of a single component is one block, whatever its sampling factors.
        let is_single = self.frame.components.len() == 1;
        let blocks_down = |component: &Component| if is_single { 1 } else { component.down };
        let transforms = self.frame.components.iter().map(|component| {
            let steps = self.tables.quantisation.get(component.table).and_then(Option::as_ref);
            let steps = steps.ok_or_else(|| Error::damaged("a quantisation table is missing"))?;
            Ok(Transform::new(self.frame.block_size(component, scale), steps))
        });
        let mut rows = RowAssembler::new(&self.frame, scale, color, blocks_down);
        rows.is_planar = is_planar;
        let mut picture = StreamedPicture {
            components: McuComponent::all(&self.frame, &units, scale),
            rows,
            transforms: transforms.collect::<Result<_, Error>>()?,
            dc_above: vec![0; units.mcus.0 * units.blocks.len()],
            layout: lookup.mcu.clone(),
            across: units.mcus.0,
            column: 0,
            emit,
        };
        let total = units.count();
        let scan = SequentialScan {
            lookup: &lookup,
            predictor_of: units.blocks.iter().map(|block| block.component).collect(),
            total,
            interval: index(self.tables.restart_interval),
            threads,
        };
        let mut window = Window::default();
        window.begin();
        let lost = scan.decode(input, &mut window, &mut picture)?;
        Ok(share(lost, total))
    }
}
