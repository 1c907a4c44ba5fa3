//! From the head of a file to its rows.

use std::io::BufRead;

use crate::entropy::lookup::Lookup;
use crate::entropy::sequential::Scan;
use crate::entropy::units::Layout;
use crate::entropy::window::Window;
use crate::error::Error;
use crate::samples::color::Color;
use crate::samples::rows::Rows;
use crate::samples::streamed::{Part, Strips};
use crate::samples::transform::Transform;
use crate::scale::{Scale, Summary, Wanted, index, share};
use crate::scans::Scans;
use crate::scans::store::Store;
use crate::syntax::frame::{Component, Process};
use crate::syntax::head::Head;
use crate::syntax::input::Input;

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
    pub(crate) fn has_height(&self) -> Result<(), Error> {
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
