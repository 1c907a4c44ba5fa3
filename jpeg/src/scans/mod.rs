//! Files of several scans: one after the other, until enough is known (ITU-T T.81, sections B.2.3 and G.1.1).
//!
//! Coefficients are kept in a [`store`] for the whole picture. `progressive` decodes the scans of progressive files
//! into it, from `bits`. `stop_rule` tells when no scan to come could matter, and `losses` what damage took.

mod arithmetic;
mod bits;
pub(crate) mod coefficients;
mod kept_scan;
mod losses;
mod progressive;
mod stop_rule;
pub(crate) mod store;

use std::io::BufRead;
use std::num::NonZeroUsize;

use crate::entropy::lookup::Lookup;
use crate::entropy::sequential::SequentialScan;
use crate::entropy::units::ScanUnits;
use crate::entropy::window::Window;
use crate::error::Error;
use crate::index::index;
use crate::scale::{Scale, Wanted};
use crate::scans::arithmetic::ArithmeticDecoder;
use crate::scans::kept_scan::{BlockDecoder as _, KeptScan};
use crate::scans::progressive::ProgressiveDecoder;
use crate::scans::store::{CoefficientStore, StoreSink};
use crate::syntax::frame::{Coding, Process};
use crate::syntax::head::Head;
use crate::syntax::input::Input;
use crate::syntax::tables::{ScanHeader, Tables};

/// Times that each block may be visited. Every scan costs a visit to each block of its components, though it may have
/// a few bytes only; writers need six or seven.
const VISITS: u64 = 16;

/// Visits that a byte of the file pays for beyond that: even a scan of one coefficient of a photo has as many bytes.
const VISITS_PER_BYTE: u64 = 16;

/// Blocks of an MCU that arithmetic decoding allows, as many as Huffman decoding does.
const MOST_BLOCKS: usize = 16;

/// Reason to read no more scans.
#[derive(Clone, Copy, Debug)]
enum Ending {
    /// The file ended, or is broken, and scans are missing.
    CutShort,
    /// No other scan could matter.
    Sufficient,
    /// The file says that these are all.
    EndOfImage,
}

/// A file of several scans while it is read.
pub(crate) struct ScanReader<'a> {
    head: &'a Head,
    tables: Tables,
    /// Header of the present scan.
    header: ScanHeader,
    scale: Scale,
    reduction: f64,
    threads: NonZeroUsize,
    pub(crate) store: CoefficientStore,
    window: Window,
    /// Blocks visited so far.
    visits: u64,
    /// Decisions of arithmetic coding so far.
    decisions: u64,
}

impl<'a> ScanReader<'a> {
    pub(crate) fn new(head: &'a Head, wanted: Wanted) -> Self {
        let Wanted { scale, reduction, threads, .. } = wanted;
        Self {
            head,
            tables: head.tables.clone(),
            header: head.scan.clone(),
            scale,
            reduction,
            threads,
            store: CoefficientStore::new(&head.frame, scale),
            window: Window::default(),
            visits: 0,
            decisions: 0,
        }
    }

    /// Reads scans until enough is known or the file ends; gives the share that was lost
    /// ([`CoefficientStore::lost`]).
    ///
    /// A table or header that breaks the rules ends the reading as the end of the file does, and is an error only
    /// where nothing came before it.
    pub(crate) fn read<R: BufRead>(&mut self, input: &mut Input<R>) -> Result<f64, Error> {
        let (ending, refusal) = match self.read_scans(input) {
            Ok(ending) => (ending, None),
            Err(error @ (Error::Damaged(_) | Error::CutShort)) => (Ending::CutShort, Some(error)),
            Err(error @ (Error::Read(_) | Error::Stopped | Error::Unsupported(_))) => return Err(error),
        };
        for plane in &mut self.store.planes {
            match ending {
                Ending::CutShort => plane.note_cut(self.reduction),
                Ending::Sufficient => (),
                Ending::EndOfImage => plane.note_end(),
            }
        }
        let lost = self.store.lost(&self.head.frame, || input.poll())?;
        refusal.filter(|_| lost >= 1.0).map_or(Ok(lost), Err)
    }

    fn read_scans<R: BufRead>(&mut self, input: &mut Input<R>) -> Result<Ending, Error> {
        loop {
            self.fix_steps();
            let mut missed = 0;
            let marker = if self.is_wanted() && self.is_readable()? {
                missed = self.read_scan(input)?;
                if self.window.has_ended() { self.window.marker() } else { input.marker_after_scan()? }
            } else {
                input.marker_after_scan()?
            };
            if self.store.is_known(self.reduction) {
                return Ok(Ending::Sufficient);
            }
            match self.next_scan(input, marker)? {
                // Some programs write an end marker behind a file that was cut.
                Some(Ending::EndOfImage) if missed > 0 => return Ok(Ending::CutShort),
                Some(ending) => return Ok(ending),
                None => (),
            }
        }
    }

    /// Takes the quantisation tables of the components of the present scan, if it is their first: later definitions
    /// do not concern them.
    fn fix_steps(&mut self) {
        for selected in &self.header.components {
            let component = self.head.frame.components.get(selected.component);
            let (Some(plane), Some(component)) = (self.store.planes.get_mut(selected.component), component)
            else {
                continue;
            };
            plane.steps =
                plane.steps.or_else(|| self.tables.quantisation.get(component.table).copied().flatten());
        }
    }

    /// True when the present scan has anything that is kept and not yet known well enough.
    fn is_wanted(&self) -> bool {
        // What a sequential file says of bands means nothing: its scans have all coefficients.
        let is_without_dc = self.head.frame.process == Process::Progressive && self.header.band.0 > 0;
        self.header.components.iter().any(|selected| {
            self.store.planes.get(selected.component).is_some_and(|plane| {
                let has_nothing_kept = is_without_dc && plane.size == (1, 1);
                !has_nothing_kept && !plane.is_known(self.reduction)
            })
        })
    }

    /// Reads segments up to the next scan header; tells how the file ends when there is none.
    fn next_scan<R: BufRead>(
        &mut self,
        input: &mut Input<R>,
        marker: Option<u8>,
    ) -> Result<Option<Ending>, Error> {
        let mut marker = marker;
        loop {
            match marker {
                None => return Ok(Some(Ending::CutShort)),
                Some(0xd9) => return Ok(Some(Ending::EndOfImage)),
                Some(0xda) => {
                    self.header = ScanHeader::parse(&input.segment()?, &self.head.frame)?;
                    return Ok(None);
                }
                Some(table @ (0xc4 | 0xcc | 0xdb | 0xdd)) => self.tables.define(table, &input.segment()?)?,
                // Restart markers, TEM and SOI have no content.
                Some(0x01 | 0xd0..=0xd8) => (),
                Some(_) => input.skip_segment()?,
            }
            marker = input.marker()?;
        }
    }

    /// Gives the number of MCUs that did not come.
    fn read_scan<R: BufRead>(&mut self, input: &mut Input<R>) -> Result<usize, Error> {
        let mut planes =
            self.header.components.iter().filter_map(|selected| self.store.planes.get(selected.component));
        if planes.any(|plane| plane.steps.is_none()) {
            return Err(Error::damaged("a quantisation table is missing"));
        }
        let units = ScanUnits::new(&self.head.frame, &self.header);
        self.count_visits(&units, input.consumed())?;
        self.window.begin();
        match (self.head.frame.process, self.head.frame.coding) {
            (Process::Sequential, Coding::Huffman) => self.read_sequential(input, units),
            (Process::Progressive, _) | (_, Coding::Arithmetic) => self.read_kept(input, units),
        }
    }

    /// Keeps the work within bounds that grow with the picture and with the file, however many scans it has.
    fn count_visits(&mut self, units: &ScanUnits, bytes_read: u64) -> Result<(), Error> {
        let product =
            |(across, down): (usize, usize)| u64::try_from(across.saturating_mul(down)).unwrap_or(u64::MAX);
        let blocks: u64 = self.store.planes.iter().map(|plane| product(plane.blocks)).sum();
        if self.visits > VISITS * blocks + VISITS_PER_BYTE * bytes_read {
            return Err(Error::damaged("it has more scans than a picture of its size can need"));
        }
        let blocks_per_mcu = u64::try_from(units.blocks.len()).unwrap_or(u64::MAX);
        self.visits = self.visits.saturating_add(product(units.mcus).saturating_mul(blocks_per_mcu));
        Ok(())
    }

    fn read_sequential<R: BufRead>(
        &mut self,
        input: &mut Input<R>,
        units: ScanUnits,
    ) -> Result<usize, Error> {
        let codings = units.codings(&self.head.frame, &self.header, &self.tables, self.scale)?;
        let lookup = Lookup::new(codings)?;
        let scan = SequentialScan {
            lookup: &lookup,
            predictor_of: units.blocks.iter().map(|block| block.component).collect(),
            total: units.count(),
            interval: index(self.tables.restart_interval),
            threads: self.threads,
        };
        let mut sink = StoreSink::new(&mut self.store, units);
        let missed = scan.decode(input, &mut self.window, &mut sink)?;
        self.note_precision();
        Ok(missed)
    }

    fn read_kept<R: BufRead>(&mut self, input: &mut Input<R>, units: ScanUnits) -> Result<usize, Error> {
        let coding = self.head.frame.coding;
        if coding == Coding::Arithmetic && units.blocks.len() > MOST_BLOCKS {
            return Err(Error::damaged("a scan has too many blocks in a unit"));
        }
        let mut header = self.header.clone();
        if self.head.frame.process == Process::Sequential {
            (header.band, header.high, header.low) = ((0, 63), 0, 0);
        }
        let blocks = units.blocks.iter().map(|block| {
            let selected = header.components.iter().find(|selected| selected.component == block.component);
            (*block, selected.map_or(0, |selected| selected.dc_table))
        });
        let scan = KeptScan {
            header: &header,
            tables: &self.tables,
            coding,
            pixels: u64::from(self.head.frame.width) * u64::from(self.head.frame.height),
            decided: self.decisions,
            blocks: blocks.collect(),
            sizes: units.sizes,
            mcus: units.mcus,
        };
        let (window, store) = (&mut self.window, &mut self.store);
        let missed = match coding {
            Coding::Arithmetic => {
                let mut decoder = ArithmeticDecoder::new(&header, &self.tables.conditioning);
                let missed = scan.decode(&mut decoder, input, window, store)?;
                self.decisions += decoder.decisions();
                missed
            }
            Coding::Huffman => {
                let mut decoder = ProgressiveDecoder::new(&header, &self.tables);
                scan.decode(&mut decoder, input, window, store)?
            }
        };
        self.note_precision();
        Ok(missed)
    }

    /// True unless the present scan refines AC coefficients that are not known to the bit before: how many bits belong
    /// to a block depends on which of its coefficients are not zero so far (section G.1.2.3). Its bits count as
    /// missing. All other scans can be read on their own, whatever came before, but a first scan of what has come is
    /// passed over: a reader that had enough before it does not know of it.
    ///
    /// # Errors
    /// [`Error::Damaged`] for a scan that no progression has (section G.1.1.1).
    fn is_readable(&mut self) -> Result<bool, Error> {
        if self.head.frame.process == Process::Sequential {
            return Ok(true);
        }
        let ScanHeader { components, band: (first, last), high, low } = &self.header;
        let is_band =
            if *first == 0 { *last == 0 } else { first <= last && *last <= 63 && components.len() == 1 };
        if !is_band || *low > 13 || (*high > 0 && *low + 1 != *high) {
            return Err(Error::damaged("a scan has coefficients or bits that no scan can have"));
        }
        let band = usize::from(*first)..=usize::from(*last);
        if *high == 0 {
            let planes = components.iter().filter_map(|of| self.store.planes.get(of.component));
            let mut bands = planes.filter_map(|plane| plane.lowest_bits.get(band.clone()));
            return Ok(bands.any(|band| band.iter().any(Option::is_none)));
        }
        if *first == 0 {
            return Ok(true);
        }
        let plane = components.first().and_then(|only| self.store.planes.get_mut(only.component));
        Ok(plane.is_some_and(|plane| {
            let band = plane.lowest_bits.get(band).unwrap_or_default();
            let is_known = band.iter().all(|before| *before == Some(*high));
            if !is_known {
                plane.losses.note_coarse();
            }
            is_known
        }))
    }

    /// Notes to which bit the coefficients of the present scan have come. A refinement adds nothing to a coefficient
    /// that lacks a higher bit. A first scan that has a coefficient again beside new ones replaces it.
    fn note_precision(&mut self) {
        let ((first, last), high, low) = match self.head.frame.process {
            Process::Sequential => ((0, 63), 0, 0),
            Process::Progressive => (self.header.band, self.header.high, self.header.low),
        };
        for selected in &self.header.components {
            let Some(plane) = self.store.planes.get_mut(selected.component) else { continue };
            let band = plane.lowest_bits.get_mut(usize::from(first)..=usize::from(last)).unwrap_or_default();
            for before in band {
                let is_next = if high == 0 { before.is_none() } else { *before == Some(high) };
                if !is_next {
                    plane.losses.note_coarse();
                }
                if is_next || high == 0 {
                    *before = Some(low);
                }
            }
        }
    }
}
