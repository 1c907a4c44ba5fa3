//! Progressive scans (ITU-T T.81, annex G).

use std::io::BufRead;
use std::ops::Range;

use crate::entropy::huffman::{Huffman, extend};
use crate::entropy::lanes::reservoir;
use crate::entropy::window::Window;
use crate::error::Error;
use crate::scans::store::{Plane, Store};
use crate::syntax::input::Input;
use crate::syntax::tables::{ScanHeader, Tables};

/// More bytes than a block can have in one scan.
const LONGEST_BLOCK: usize = 512;

/// Bytes read ahead.
const AHEAD: usize = 64 * 1024;

/// What a bad code, or the end of data, makes of a block.
struct Bad;

/// Bits of one scan.
struct Bits<'a> {
    window: &'a mut Window,
    /// Bit of the window.
    bit: usize,
}

impl Bits<'_> {
    /// Makes sure that a block is in memory.
    fn prepare<R: BufRead>(&mut self, input: &mut Input<R>) -> Result<(), Error> {
        if self.bit / 8 + LONGEST_BLOCK > self.window.length() && !self.window.has_ended() {
            self.window.discard(self.bit / 8);
            self.bit %= 8;
            self.window.fill(input, AHEAD)?;
        }
        Ok(())
    }

    /// Whether more was taken than there is.
    fn is_overrun(&self) -> bool {
        let end = self.window.segment(0).and_then(|segment| segment.end);
        self.bit > end.unwrap_or_else(|| self.window.length()) * 8
    }

    fn symbol(&mut self, code: &Huffman) -> Result<u8, Bad> {
        let bits = u16::try_from(reservoir(self.window.data(), self.bit) >> 48).unwrap_or(0);
        let (length, symbol) = code.symbol(bits).ok_or(Bad)?;
        self.bit += usize::try_from(length).unwrap_or(0);
        Ok(symbol)
    }

    /// The next bits, at most 16.
    fn take(&mut self, count: u32) -> u32 {
        let bits = reservoir(self.window.data(), self.bit).checked_shr(64 - count).unwrap_or(0);
        self.bit += usize::try_from(count).unwrap_or(0);
        u32::try_from(bits).unwrap_or(0)
    }

    fn flag(&mut self) -> bool {
        self.take(1) != 0
    }
}

/// A scan of a progressive frame.
pub(crate) struct Progressive<'a> {
    pub(crate) header: &'a ScanHeader,
    pub(crate) tables: &'a Tables,
    /// For each block of an MCU: component in the frame, DC code, place in the MCU.
    pub(crate) spots: Vec<(usize, usize, (usize, usize))>,
    /// For each component of the frame, blocks of an MCU across and down.
    pub(crate) unit: Vec<(usize, usize)>,
    /// MCUs across and down.
    pub(crate) mcus: (usize, usize),
}

/// What goes on from block to block.
#[derive(Default)]
struct Run {
    predictors: [i16; 4],
    /// Blocks without another coefficient in the band.
    blocks: u32,
}

impl Progressive<'_> {
    /// Decodes the scan; gives the number of MCUs that did not come, which the store's planes know of.
    pub(crate) fn decode<R: BufRead>(
        &self,
        input: &mut Input<R>,
        window: &mut Window,
        store: &mut Store,
    ) -> Result<usize, Error> {
        let total = self.mcus.0.saturating_mul(self.mcus.1);
        let interval = match self.tables.restart_interval {
            0 => total,
            interval => usize::try_from(interval).unwrap_or(usize::MAX),
        };
        let mut bits = Bits { window, bit: 0 };
        let (mut passed, mut missed, mut mcu) = (0_usize, 0_usize, 0_usize);
        while mcu < total {
            let end = (passed + 1).saturating_mul(interval).min(total);
            let mut run = Run::default();
            while mcu < end {
                bits.prepare(input)?;
                if self.mcu(&mut bits, store, mcu, &mut run).is_err() || bits.is_overrun() {
                    break;
                }
                mcu += 1;
            }
            if mcu >= total {
                break;
            }
            let Some(bit) = bits.window.resume(input, &mut passed)? else {
                missed += self.miss(store, mcu..total);
                break;
            };
            bits.bit = bit;
            let next = passed.saturating_mul(interval).min(total);
            missed += self.miss(store, mcu..next);
            mcu = next;
        }
        Ok(missed)
    }

    /// Gives up MCUs; gives their number.
    fn miss(&self, store: &mut Store, mcus: Range<usize>) -> usize {
        for mcu in mcus.clone() {
            let (column, row) = (mcu % self.mcus.0, mcu / self.mcus.0);
            for (component, _, at) in &self.spots {
                let unit = self.unit.get(*component).copied().unwrap_or((1, 1));
                if let Some(plane) = store.planes.get_mut(*component) {
                    plane.miss(plane.number(column * unit.0 + at.0, row * unit.1 + at.1), self.header);
                }
            }
        }
        mcus.len()
    }

    fn mcu(&self, bits: &mut Bits<'_>, store: &mut Store, mcu: usize, run: &mut Run) -> Result<(), Bad> {
        let (column, row) = (mcu % self.mcus.0, mcu / self.mcus.0);
        for (component, code, at) in &self.spots {
            let (Some(plane), Some(unit)) = (store.planes.get_mut(*component), self.unit.get(*component))
            else {
                return Err(Bad);
            };
            let number = plane.number(column * unit.0 + at.0, row * unit.1 + at.1);
            match (self.header.band, self.header.high) {
                ((0, _), 0) => {
                    let code = self.tables.dc.get(*code).and_then(Option::as_ref).ok_or(Bad)?;
                    let predictor = run.predictors.get_mut(*component).ok_or(Bad)?;
                    first_dc(bits, code, predictor, self.header.low, plane.block(number))?;
                }
                ((0, _), _) => {
                    if bits.flag()
                        && let Some(dc) = plane.block(number).first_mut()
                    {
                        *dc |= 1 << self.header.low;
                    }
                }
                (_, 0) => self.first_ac(bits, plane, number, run)?,
                _ => self.refine_ac(bits, plane, number, run)?,
            }
        }
        Ok(())
    }

    fn ac_code(&self) -> Result<&Huffman, Bad> {
        let number = self.header.components.first().map_or(0, |component| component.ac);
        self.tables.ac.get(number).and_then(Option::as_ref).ok_or(Bad)
    }

    /// Section G.1.2.2.
    fn first_ac(
        &self,
        bits: &mut Bits<'_>,
        plane: &mut Plane,
        number: usize,
        run: &mut Run,
    ) -> Result<(), Bad> {
        if run.blocks > 0 {
            run.blocks -= 1;
            return Ok(());
        }
        let code = self.ac_code()?;
        let (first, last) = self.header.band;
        let (mut at, mut set) = (first, 0_u64);
        while at <= last {
            let symbol = bits.symbol(code)?;
            let (zeros, size) = (symbol >> 4, u32::from(symbol & 15));
            if size == 0 && zeros < 15 {
                run.blocks = (1 << zeros) - 1 + bits.take(u32::from(zeros));
                break;
            }
            at += zeros;
            if size > 0 {
                let value = extend(bits.take(size), size);
                if at > last {
                    return Err(Bad);
                }
                set |= 1 << at;
                if let Some(place) = plane.coefficient(number, at) {
                    *place = value.wrapping_shl(self.header.low.into());
                }
            }
            at += 1;
        }
        if let Some(nonzero) = plane.nonzero.get_mut(number) {
            *nonzero |= set;
        }
        Ok(())
    }

    /// Section G.1.2.3.
    fn refine_ac(
        &self,
        bits: &mut Bits<'_>,
        plane: &mut Plane,
        number: usize,
        run: &mut Run,
    ) -> Result<(), Bad> {
        if plane.gaps.is_behind(number) {
            return Err(Bad);
        }
        let (first, last) = self.header.band;
        let before = plane.nonzero.get(number).copied().unwrap_or(0);
        let (mut at, mut set) = (first, 0_u64);
        let one = 1_i16.wrapping_shl(self.header.low.into());
        while run.blocks == 0 && at <= last {
            let symbol = bits.symbol(self.ac_code()?)?;
            let (mut zeros, size) = (symbol >> 4, symbol & 15);
            if size == 0 && zeros < 15 {
                run.blocks = (1 << zeros) + bits.take(u32::from(zeros));
                break;
            }
            let value = match size {
                0 => 0,
                _ if bits.flag() => one,
                _ => -one,
            };
            while at <= last {
                if before >> at & 1 != 0 {
                    refine(bits, plane, number, at, one);
                } else if zeros == 0 {
                    break;
                } else {
                    zeros -= 1;
                }
                at += 1;
            }
            if size > 0 {
                if at > last {
                    return Err(Bad);
                }
                set |= 1 << at;
                if let Some(place) = plane.coefficient(number, at) {
                    *place = value;
                }
            }
            at += 1;
        }
        if run.blocks > 0 {
            let mut rest = if at > last { 0 } else { before & band(at, last) };
            while rest != 0 {
                let at = u8::try_from(rest.trailing_zeros()).unwrap_or(63);
                refine(bits, plane, number, at, one);
                rest &= rest - 1;
            }
            run.blocks -= 1;
        }
        if let Some(nonzero) = plane.nonzero.get_mut(number) {
            *nonzero |= set;
        }
        Ok(())
    }
}

/// Bits of these coefficients, both included; `first` is at most `last`, which is at most 63.
fn band(first: u8, last: u8) -> u64 {
    (u64::MAX >> (63 - last)) & (u64::MAX << first)
}

/// Section G.1.2.1.
fn first_dc(
    bits: &mut Bits<'_>,
    code: &Huffman,
    predictor: &mut i16,
    low: u8,
    block: &mut [i16],
) -> Result<(), Bad> {
    let size = u32::from(bits.symbol(code)?);
    if size > 15 {
        return Err(Bad);
    }
    *predictor = predictor.wrapping_add(extend(bits.take(size), size));
    if let Some(dc) = block.first_mut() {
        *dc = predictor.wrapping_shl(low.into());
    }
    Ok(())
}

/// One more bit of a coefficient that is not zero.
fn refine(bits: &mut Bits<'_>, plane: &mut Plane, number: usize, at: u8, one: i16) {
    if !bits.flag() {
        return;
    }
    if let Some(place) = plane.coefficient(number, at) {
        *place = if *place < 0 { place.wrapping_sub(one) } else { place.wrapping_add(one) };
    }
}
