//! Progressive scans of Huffman codes (ITU-T T.81, annex G).

use crate::entropy::units::McuBlock;
use crate::scans::bits::{BitReader, InvalidBlock};
use crate::scans::kept_scan::BlockDecoder;
use crate::scans::store::CoefficientPlane;
use crate::syntax::huffman::{HuffmanTable, extend};
use crate::syntax::tables::{ScanHeader, Tables};

/// Decodes the blocks of a progressive scan.
pub(super) struct ProgressiveDecoder<'a> {
    header: &'a ScanHeader,
    tables: &'a Tables,
    /// DC of the last block of each component.
    predictors: [i16; 4],
    /// Blocks to come that have no new coefficient in the band (EOBRUN).
    end_of_band_run: u32,
}

impl BlockDecoder for ProgressiveDecoder<'_> {
    fn begin_interval(&mut self) {
        self.predictors = [0; 4];
        self.end_of_band_run = 0;
    }

    #[inline(always)]
    fn block(
        &mut self,
        reader: &mut BitReader<'_>,
        block: McuBlock,
        table: usize,
        plane: &mut CoefficientPlane,
        number: usize,
    ) -> Result<(), InvalidBlock> {
        match (self.header.band, self.header.high) {
            ((0, _), 0) => {
                let code = self.tables.dc.get(table).and_then(Option::as_ref).ok_or(InvalidBlock)?;
                let predictor = self.predictors.get_mut(block.component).ok_or(InvalidBlock)?;
                first_dc(reader, code, predictor, self.header.low, plane.block(number))
            }
            ((0, _), _) => {
                if reader.flag()
                    && let Some(dc) = plane.block(number).first_mut()
                {
                    *dc |= 1 << self.header.low;
                }
                Ok(())
            }
            (_, 0) => self.first_ac(reader, plane, number),
            _ => self.refine_ac(reader, plane, number),
        }
    }

    fn is_flat(&self, reader: &BitReader<'_>) -> bool {
        match (self.header.band, self.header.high) {
            ((0, _), 0) => {
                let number = self.header.components.first().map_or(0, |component| component.dc_table);
                let code = self.tables.dc.get(number).and_then(Option::as_ref);
                code.and_then(|code| reader.peek(code)).is_some_and(|(_, size)| size == 0)
            }
            ((0, _), _) => true,
            _ => {
                let symbol = self.ac_table().ok().and_then(|code| reader.peek(code));
                symbol.is_some_and(|(_, symbol)| symbol & 15 == 0)
            }
        }
    }
}

impl<'a> ProgressiveDecoder<'a> {
    pub(super) fn new(header: &'a ScanHeader, tables: &'a Tables) -> Self {
        Self { header, tables, predictors: [0; 4], end_of_band_run: 0 }
    }

    fn ac_table(&self) -> Result<&'a HuffmanTable, InvalidBlock> {
        let number = self.header.components.first().map_or(0, |component| component.ac_table);
        self.tables.ac.get(number).and_then(Option::as_ref).ok_or(InvalidBlock)
    }

    /// Decodes the first bits of the AC coefficients of a block (section G.1.2.2).
    fn first_ac(
        &mut self,
        reader: &mut BitReader<'_>,
        plane: &mut CoefficientPlane,
        number: usize,
    ) -> Result<(), InvalidBlock> {
        if self.end_of_band_run > 0 {
            self.end_of_band_run -= 1;
            return Ok(());
        }
        let code = self.ac_table()?;
        let (first, last) = self.header.band;
        let (mut at, mut nonzero) = (first, 0_u64);
        while at <= last {
            let symbol = reader.symbol(code)?;
            let (zeros, size) = (symbol >> 4, u32::from(symbol & 15));
            if size == 0 && zeros < 15 {
                // The run has this block in it, which is done.
                self.end_of_band_run = (1 << zeros) - 1 + reader.bits(u32::from(zeros));
                break;
            }
            at += zeros;
            if size > 0 {
                let value = extend(reader.bits(size), size);
                if at > last {
                    return Err(InvalidBlock);
                }
                nonzero |= 1 << at;
                if let Some(coefficient) = plane.coefficient(number, at) {
                    *coefficient = value.wrapping_shl(self.header.low.into());
                }
            }
            at += 1;
        }
        if let Some(before) = plane.nonzero.get_mut(number) {
            *before |= nonzero;
        }
        Ok(())
    }

    /// Decodes one more bit of the AC coefficients of a block (section G.1.2.3).
    ///
    /// A coefficient that is not zero so far has a correction bit wherever the scan passes it. Zeros are counted by
    /// the runs of symbols, and one of them becomes one unit of this bit, plus or minus. Which coefficients are not
    /// zero therefore decides the meaning of all bits that follow.
    fn refine_ac(
        &mut self,
        reader: &mut BitReader<'_>,
        plane: &mut CoefficientPlane,
        number: usize,
    ) -> Result<(), InvalidBlock> {
        if plane.losses.has_missed_ac(number) {
            return Err(InvalidBlock);
        }
        let (first, last) = self.header.band;
        let before = plane.nonzero.get(number).copied().unwrap_or(0);
        let (mut at, mut nonzero) = (first, 0_u64);
        let one = 1_i16.wrapping_shl(self.header.low.into());
        while self.end_of_band_run == 0 && at <= last {
            let symbol = reader.symbol(self.ac_table()?)?;
            let (mut zeros, size) = (symbol >> 4, symbol & 15);
            if size == 0 && zeros < 15 {
                // The run has this block in it, the rest of which has correction bits still.
                self.end_of_band_run = (1 << zeros) + reader.bits(u32::from(zeros));
                break;
            }
            let value = match size {
                0 => 0,
                _ if reader.flag() => one,
                _ => -one,
            };
            while at <= last {
                if before >> at & 1 != 0 {
                    correct(reader, plane, number, at, one);
                } else if zeros == 0 {
                    break;
                } else {
                    zeros -= 1;
                }
                at += 1;
            }
            if size > 0 {
                if at > last {
                    return Err(InvalidBlock);
                }
                nonzero |= 1 << at;
                if let Some(coefficient) = plane.coefficient(number, at) {
                    *coefficient = value;
                }
            }
            at += 1;
        }
        if self.end_of_band_run > 0 {
            let mut rest = if at > last { 0 } else { before & band_mask(at, last) };
            while rest != 0 {
                let at = u8::try_from(rest.trailing_zeros()).unwrap_or(63);
                correct(reader, plane, number, at, one);
                rest &= rest - 1;
            }
            self.end_of_band_run -= 1;
        }
        if let Some(before) = plane.nonzero.get_mut(number) {
            *before |= nonzero;
        }
        Ok(())
    }
}

/// The bits of coefficients `first` to `last`, both included; `first` is at most `last`, which is at most 63.
fn band_mask(first: u8, last: u8) -> u64 {
    debug_assert!(first <= last && last <= 63, "{first} to {last}");
    (u64::MAX >> (63 - last)) & (u64::MAX << first)
}

/// Decodes the first bits of DC (section G.1.2.1).
fn first_dc(
    reader: &mut BitReader<'_>,
    code: &HuffmanTable,
    predictor: &mut i16,
    low: u8,
    block: &mut [i16],
) -> Result<(), InvalidBlock> {
    let size = u32::from(reader.symbol(code)?);
    if size > 15 {
        return Err(InvalidBlock);
    }
    *predictor = predictor.wrapping_add(extend(reader.bits(size), size));
    if let Some(dc) = block.first_mut() {
        *dc = predictor.wrapping_shl(low.into());
    }
    Ok(())
}

/// Reads the correction bit of a coefficient that is not zero: a set bit moves it away from zero.
fn correct(reader: &mut BitReader<'_>, plane: &mut CoefficientPlane, number: usize, at: u8, one: i16) {
    if !reader.flag() {
        return;
    }
    if let Some(coefficient) = plane.coefficient(number, at) {
        *coefficient =
            if *coefficient < 0 { coefficient.wrapping_sub(one) } else { coefficient.wrapping_add(one) };
    }
}
