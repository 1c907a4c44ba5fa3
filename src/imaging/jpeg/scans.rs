//! A file of several scans: one after the other, until enough is known (ITU-T T.81, sections B.2.3 and G.1.1).

use std::io::BufRead;

use super::frame::Process;
use super::head::Head;
use super::input::Input;
use super::layout::Layout;
use super::lookup::Lookup;
use super::progressive::Progressive;
use super::sequential::Sequential;
use super::store::{Keeper, Plane, Store};
use super::tables::{ScanHeader, Tables};
use super::window::Window;
use super::{Error, Scale, index, share};

/// Most scans of a file. Encoders write about ten; every one costs a visit to every block.
const MOST_SCANS: u32 = 200;

/// A file of several scans while it is read.
pub(super) struct Scans<'a> {
    head: &'a Head,
    tables: Tables,
    scan: ScanHeader,
    scale: Scale,
    reduction: f64,
    pub(super) store: Store,
    window: Window,
}

impl<'a> Scans<'a> {
    pub(super) fn new(head: &'a Head, scale: Scale, reduction: f64) -> Self {
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
    pub(super) fn read<R: BufRead>(&mut self, input: &mut Input<R>) -> Result<f64, Error> {
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
        let is_whole = |plane: &Plane| {
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
