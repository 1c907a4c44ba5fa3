//! Scans of arithmetic coding, sequential and progressive (ITU-T T.81, sections F.1.4, F.2.4 and G.1.3).
//!
//! Each decision has an estimate of its own for each context: for DC by the difference of the block before, for AC by
//! the place in the block. The statistical areas of tables F.4 and F.5 are arrays here, with the places of estimates as
//! these number them.

use crate::entropy::binary::{BinaryDecoder, Estimate};
use crate::entropy::units::McuBlock;
use crate::scans::bits::{BitReader, InvalidBlock};
use crate::scans::kept_scan::BlockDecoder;
use crate::scans::store::CoefficientPlane;
use crate::syntax::tables::{Conditioning, ScanHeader};

/// Estimates of a DC table: five contexts of four, magnitudes and their bits.
type DcEstimates = [Estimate; 20 + 14 + 15];

/// Estimates of an AC table: three for each coefficient, magnitudes and their bits, twice.
type AcEstimates = [Estimate; 189 + 2 * 28];

/// First estimate of the magnitudes of DC.
const DC_MAGNITUDES: usize = 20;

/// First estimates of the magnitudes of AC up to Kx, and of those above.
const AC_MAGNITUDES: [usize; 2] = [189, 217];

/// From the estimate of a magnitude to that of its lower bits.
const LOWER_BITS: usize = 14;

/// Decodes the blocks of an arithmetic-coded scan.
pub(super) struct ArithmeticDecoder<'a> {
    header: &'a ScanHeader,
    conditioning: &'a Conditioning,
    ac_table: usize,
    binary: BinaryDecoder,
    dc: [DcEstimates; 4],
    ac: [AcEstimates; 4],
    /// DC of the last block of each component.
    predictors: [i16; 4],
    /// For each component, the first estimate for the difference of its next block.
    contexts: [usize; 4],
}

impl BlockDecoder for ArithmeticDecoder<'_> {
    /// Blocks of some thousand decisions.
    const BETWEEN_POLLS: usize = 64;

    fn begin_interval(&mut self) {
        let decisions = self.binary.decisions;
        *self = Self::new(self.header, self.conditioning);
        self.binary.decisions = decisions;
    }

    fn decisions(&self) -> u64 {
        self.binary.decisions
    }

    fn block(
        &mut self,
        reader: &mut BitReader<'_>,
        block: McuBlock,
        table: usize,
        plane: &mut CoefficientPlane,
        number: usize,
    ) -> Result<(), InvalidBlock> {
        let (first, last) = self.header.band;
        if first == 0 {
            self.dc(reader, (block.component, table), plane, number)?;
        }
        match (last, self.header.high) {
            (0, _) => (),
            (_, 0) => self.ac(reader, block.component, plane, number)?,
            _ => self.refine_ac(reader, plane, number)?,
        }
        if reader.is_cut() { Err(InvalidBlock) } else { Ok(()) }
    }

    /// Zeros decode to what is most probable.
    fn is_flat(&self, _: &BitReader<'_>) -> bool {
        true
    }
}

impl<'a> ArithmeticDecoder<'a> {
    pub(super) fn new(header: &'a ScanHeader, conditioning: &'a Conditioning) -> Self {
        Self {
            header,
            conditioning,
            ac_table: header.components.first().map_or(0, |component| component.ac_table),
            binary: BinaryDecoder::default(),
            dc: [[Estimate::default(); _]; 4],
            ac: [[Estimate::default(); _]; 4],
            predictors: [0; 4],
            contexts: [0; 4],
        }
    }

    /// A decision that is as probable as its opposite.
    fn flag(&mut self, reader: &mut BitReader<'_>) -> bool {
        self.binary.decide(&mut { Estimate::FIXED }, || reader.byte())
    }

    /// Decodes DC, or a bit of it (figures F.19 to F.24, section G.1.3.1).
    fn dc(
        &mut self,
        reader: &mut BitReader<'_>,
        (component, table): (usize, usize),
        plane: &mut CoefficientPlane,
        number: usize,
    ) -> Result<(), InvalidBlock> {
        let ScanHeader { high, low, .. } = *self.header;
        if high > 0 {
            let bit = i16::from(self.flag(reader)) << low;
            if let Some(dc) = plane.block(number).first_mut() {
                *dc |= bit;
            }
            return Ok(());
        }
        let estimates = self.dc.get_mut(table).ok_or(InvalidBlock)?;
        let [smallest, largest] = self.conditioning.dc.get(table).copied().ok_or(InvalidBlock)?;
        let context = self.contexts.get_mut(component).ok_or(InvalidBlock)?;
        let predictor = self.predictors.get_mut(component).ok_or(InvalidBlock)?;
        let mut areas = Areas { binary: &mut self.binary, estimates, reader };
        let base = std::mem::take(context);
        if areas.decide(base)? {
            let is_negative = areas.decide(base + 1)?;
            let is_large = areas.decide(base + 2 + usize::from(is_negative))?;
            let magnitude = if is_large { areas.magnitude(1, DC_MAGNITUDES)? } else { 0 };
            // Small differences count as none, and large ones apart, by bounds that the file may set (section
            // F.1.4.4.1.2).
            let zone = |bound: u8| (1_u32 << bound) >> 1;
            let class = match u32::from(magnitude) {
                magnitude if magnitude < zone(smallest) => 0,
                magnitude if magnitude > zone(largest) => 12,
                _ => 4,
            };
            *context = if class == 0 { 0 } else { class + 4 * usize::from(is_negative) };
            *predictor = predictor.wrapping_add(signed(magnitude, is_negative));
        }
        if let Some(dc) = plane.block(number).first_mut() {
            *dc = predictor.wrapping_shl(low.into());
        }
        Ok(())
    }

    /// Decodes AC, or its first bits (figure F.20, section G.1.3.2).
    fn ac(
        &mut self,
        reader: &mut BitReader<'_>,
        component: usize,
        plane: &mut CoefficientPlane,
        number: usize,
    ) -> Result<(), InvalidBlock> {
        let selected = self.header.components.iter().find(|selected| selected.component == component);
        let table = selected.map_or(0, |selected| selected.ac_table);
        let estimates = self.ac.get_mut(table).ok_or(InvalidBlock)?;
        let bound = self.conditioning.ac.get(table).copied().ok_or(InvalidBlock)?;
        let mut areas = Areas { binary: &mut self.binary, estimates, reader };
        let (first, last) = (self.header.band.0.max(1), self.header.band.1);
        let (mut at, mut nonzero) = (first, 0_u64);
        while at <= last {
            if areas.decide(place(at))? {
                break;
            }
            while !areas.decide(place(at) + 1)? {
                at += 1;
                if at > last {
                    return Err(InvalidBlock);
                }
            }
            let is_negative = areas.flag();
            let is_large = areas.decide(place(at) + 2)?;
            let [low, high] = AC_MAGNITUDES;
            let magnitude = if is_large && areas.decide(place(at) + 2)? {
                areas.magnitude(2, if at > bound { high } else { low })?
            } else {
                u16::from(is_large)
            };
            nonzero |= 1 << at;
            if let Some(coefficient) = plane.coefficient(number, at) {
                *coefficient = signed(magnitude, is_negative).wrapping_shl(self.header.low.into());
            }
            at += 1;
        }
        if let Some(before) = plane.nonzero.get_mut(number) {
            *before |= nonzero;
        }
        Ok(())
    }

    /// Decodes one more bit of AC coefficients (section G.1.3.3). Behind the last one that is not zero so far, each
    /// may be the end of the block.
    fn refine_ac(
        &mut self,
        reader: &mut BitReader<'_>,
        plane: &mut CoefficientPlane,
        number: usize,
    ) -> Result<(), InvalidBlock> {
        if plane.losses.has_missed_ac(number) {
            return Err(InvalidBlock);
        }
        let estimates = self.ac.get_mut(self.ac_table).ok_or(InvalidBlock)?;
        let mut areas = Areas { binary: &mut self.binary, estimates, reader };
        let (first, last) = self.header.band;
        let one = 1_i16.wrapping_shl(self.header.low.into());
        let before = plane.nonzero.get(number).copied().unwrap_or(0);
        let (mut at, mut nonzero) = (first, 0_u64);
        while at <= last {
            let is_behind_all = before >> at == 0;
            if is_behind_all && areas.decide(place(at))? {
                break;
            }
            loop {
                let is_known = before >> at & 1 != 0;
                if is_known {
                    let is_set = areas.decide(place(at) + 2)?;
                    let step = if is_set { one } else { 0 };
                    if let Some(coefficient) = plane.coefficient(number, at) {
                        *coefficient = coefficient.wrapping_add(coefficient.signum().wrapping_mul(step));
                    }
                    break;
                }
                if areas.decide(place(at) + 1)? {
                    let value = if areas.flag() { -one } else { one };
                    nonzero |= 1 << at;
                    if let Some(coefficient) = plane.coefficient(number, at) {
                        *coefficient = value;
                    }
                    break;
                }
                at += 1;
                if at > last {
                    return Err(InvalidBlock);
                }
            }
            at += 1;
        }
        if let Some(before) = plane.nonzero.get_mut(number) {
            *before |= nonzero;
        }
        Ok(())
    }
}

/// Place of the first estimate of an AC coefficient: whether the block ends before it. The next two are whether it is
/// not zero, and whether it is more than one.
fn place(at: u8) -> usize {
    3 * usize::from(at.saturating_sub(1))
}

/// The value of a magnitude, less one, and a sign.
fn signed(magnitude: u16, is_negative: bool) -> i16 {
    let value = i16::try_from(magnitude).unwrap_or(i16::MAX).saturating_add(1);
    if is_negative { -value } else { value }
}

/// The estimates of a table, and what decides by them.
struct Areas<'d, 'r, const N: usize> {
    binary: &'d mut BinaryDecoder,
    estimates: &'d mut [Estimate; N],
    reader: &'d mut BitReader<'r>,
}

impl<const N: usize> Areas<'_, '_, N> {
    fn decide(&mut self, place: usize) -> Result<bool, InvalidBlock> {
        let estimate = self.estimates.get_mut(place).ok_or(InvalidBlock)?;
        Ok(self.binary.decide(estimate, || self.reader.byte()))
    }

    fn flag(&mut self) -> bool {
        self.binary.decide(&mut { Estimate::FIXED }, || self.reader.byte())
    }

    /// A magnitude, less one, that is `bit` or more: its highest bit, from the estimate at `place` on, and those below
    /// (figures F.23 and F.24).
    fn magnitude(&mut self, bit: u16, place: usize) -> Result<u16, InvalidBlock> {
        let (mut bit, mut place) = (bit, place);
        while self.decide(place)? {
            bit <<= 1;
            if bit == 0x8000 {
                return Err(InvalidBlock);
            }
            place += 1;
        }
        let mut magnitude = bit;
        while bit > 1 {
            bit >>= 1;
            if self.decide(place + LOWER_BITS)? {
                magnitude |= bit;
            }
        }
        Ok(magnitude)
    }
}
