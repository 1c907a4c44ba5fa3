//! A file of several scans: one after the other, until enough is known (ITU-T T.81, sections B.2.3 and G.1.1).

pub(crate) mod coefficients;
mod losses;
mod stop_rule;
pub(crate) mod store;

use std::io::BufRead;
use std::num::NonZeroUsize;

use crate::entropy::lookup::Lookup;
use crate::entropy::progressive::Progressive;
use crate::entropy::sequential::Scan;
use crate::entropy::units::Layout;
use crate::entropy::window::Window;
use crate::error::Error;
use crate::scale::{Scale, Wanted, index};
use crate::scans::store::{Keeper, Store};
use crate::syntax::frame::Process;
use crate::syntax::head::Head;
use crate::syntax::input::Input;
use crate::syntax::tables::{ScanHeader, Tables};

/// Times that each block may be visited. Every scan costs a visit to each block of its components, be it of a few
/// bytes; writers need six or seven.
const VISITS: u64 = 16;

/// Visits that a byte of the file pays for beyond that: even a scan of one coefficient of a photo has as much.
const VISITS_OF_A_BYTE: u64 = 16;

/// Why no more scans are read.
#[derive(Clone, Copy, Debug)]
enum End {
    /// Some are missing.
    Cut,
    /// No other could matter.
    Enough,
    /// The file says that these are all.
    Marked,
}

/// A file of several scans while it is read.
pub(crate) struct Scans<'a> {
    head: &'a Head,
    tables: Tables,
    scan: ScanHeader,
    scale: Scale,
    reduction: f64,
    threads: NonZeroUsize,
    pub(crate) store: Store,
    window: Window,
    /// Blocks visited so far.
    visits: u64,
}

impl<'a> Scans<'a> {
    pub(crate) fn new(head: &'a Head, wanted: Wanted) -> Self {
        let Wanted { scale, reduction, threads } = wanted;
        Self {
            head,
            tables: head.tables.clone(),
            scan: head.scan.clone(),
            scale,
            reduction,
            threads,
            store: Store::new(&head.frame, scale),
            window: Window::default(),
            visits: 0,
        }
    }

    /// Reads scans until enough is known or the file ends; gives the share that was lost ([`Store::lost`]).
    ///
    /// A table or header that breaks the rules ends the reading as the end of the file does, and is an error only
    /// where nothing came before it.
    pub(crate) fn read<R: BufRead>(&mut self, input: &mut Input<R>) -> Result<f64, Error> {
        let (end, refusal) = match self.read_scans(input) {
            Ok(end) => (end, None),
            Err(Error::Damaged(detail)) => (End::Cut, Some(Error::Damaged(detail))),
            Err(error) => return Err(error),
        };
        for plane in &mut self.store.planes {
            match end {
                End::Cut => plane.cut(self.reduction),
                End::Enough => (),
                End::Marked => plane.end(),
            }
        }
        let lost = self.store.lost(&self.head.frame);
        refusal.filter(|_| lost >= 1.0).map_or(Ok(lost), Err)
    }

    fn read_scans<R: BufRead>(&mut self, input: &mut Input<R>) -> Result<End, Error> {
        loop {
            self.take_steps();
            let mut missed = 0;
            let marker = if self.is_wanted() {
                missed = self.read_scan(input)?;
                if self.window.has_ended() { self.window.marker() } else { input.marker_after_scan()? }
            } else {
                input.marker_after_scan()?
            };
            if self.store.is_known(self.reduction) {
                return Ok(End::Enough);
            }
            match self.next_scan(input, marker)? {
                // Some programs close a file that was cut.
                Some(End::Marked) if missed > 0 => return Ok(End::Cut),
                Some(end) => return Ok(end),
                None => (),
            }
        }
    }

    /// Components are quantised as the tables say that stand before their first scan.
    fn take_steps(&mut self) {
        for component in &self.scan.components {
            let of = self.head.frame.components.get(component.place);
            let (Some(plane), Some(of)) = (self.store.planes.get_mut(component.place), of) else { continue };
            plane.steps = plane.steps.or_else(|| self.tables.quantisation.get(of.table).copied().flatten());
        }
    }

    /// Whether the present scan has anything that is kept and not yet known well enough.
    fn is_wanted(&self) -> bool {
        // What a sequential file says of bands means nothing: its scans have all coefficients.
        let is_without_dc = self.head.frame.process == Process::Progressive && self.scan.band.0 > 0;
        self.scan.components.iter().any(|component| {
            self.store.planes.get(component.place).is_some_and(|plane| {
                let has_nothing_kept = is_without_dc && plane.size == (1, 1);
                !has_nothing_kept && !plane.is_known(self.reduction)
            })
        })
    }

    /// Takes segments up to the next scan header; tells how the file ends when there is none.
    fn next_scan<R: BufRead>(
        &mut self,
        input: &mut Input<R>,
        marker: Option<u8>,
    ) -> Result<Option<End>, Error> {
        let mut marker = marker;
        loop {
            match marker {
                None => return Ok(Some(End::Cut)),
                Some(0xd9) => return Ok(Some(End::Marked)),
                Some(0xda) => {
                    self.scan = ScanHeader::parse(&input.segment()?, &self.head.frame)?;
                    return Ok(None);
                }
                Some(table @ (0xc4 | 0xdb | 0xdd)) => self.tables.take(table, &input.segment()?)?,
                // Restart markers, TEM and SOI have no content.
                Some(0x01 | 0xd0..=0xd8) => (),
                Some(_) => input.skip_segment()?,
            }
            marker = input.marker()?;
        }
    }

    /// Gives the number of MCUs that did not come.
    fn read_scan<R: BufRead>(&mut self, input: &mut Input<R>) -> Result<usize, Error> {
        let mut planes = self.scan.components.iter().filter_map(|of| self.store.planes.get(of.place));
        if planes.any(|plane| plane.steps.is_none()) {
            return Err(Error::damaged("a quantisation table is missing"));
        }
        let layout = Layout::new(&self.head.frame, &self.scan);
        self.visit(&layout, input.taken())?;
        self.window.begin();
        match self.head.frame.process {
            Process::Sequential => self.read_sequential(input, layout),
            Process::Progressive => self.read_progressive(input, layout),
        }
    }

    /// Keeps the work within bounds that grow with the picture and with the file, however many scans it has.
    fn visit(&mut self, layout: &Layout, read: u64) -> Result<(), Error> {
        let product =
            |(across, down): (usize, usize)| u64::try_from(across.saturating_mul(down)).unwrap_or(u64::MAX);
        let blocks: u64 = self.store.planes.iter().map(|plane| product(plane.blocks)).sum();
        if self.visits > VISITS * blocks + VISITS_OF_A_BYTE * read {
            return Err(Error::damaged("it has more scans than a picture of its size can need"));
        }
        let spots = u64::try_from(layout.spots.len()).unwrap_or(u64::MAX);
        self.visits = self.visits.saturating_add(product(layout.mcus).saturating_mul(spots));
        Ok(())
    }

    fn read_sequential<R: BufRead>(&mut self, input: &mut Input<R>, layout: Layout) -> Result<usize, Error> {
        let blocks = layout.blocks(&self.head.frame, &self.scan, &self.tables, self.scale)?;
        let lookup = Lookup::new(blocks)?;
        let total = layout.mcus.0.saturating_mul(layout.mcus.1);
        let predictor_of = layout.spots.iter().map(|(component, _)| *component).collect();
        let mut keeper = Keeper {
            store: &mut self.store,
            across: layout.mcus.0.max(1),
            spots: layout.spots,
            unit: layout.unit,
            taken: 0,
        };
        let interval = index(self.tables.restart_interval);
        let threads = self.threads;
        let scan = Scan { lookup: &lookup, predictor_of, total, interval, threads };
        let missed = scan.decode(input, &mut self.window, &mut keeper)?;
        self.note();
        Ok(missed)
    }

    fn read_progressive<R: BufRead>(&mut self, input: &mut Input<R>, layout: Layout) -> Result<usize, Error> {
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
        let missed = scan.decode(input, &mut self.window, &mut self.store)?;
        self.note();
        Ok(missed)
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
