//! Scans of all components together: those of a sequential file, and DC of a progressive one (ITU-T T.81, sections A.2,
//! F.1.2 and G.1.2.1).

use crate::encode::quantise::{LevelBlock, Levels};
use crate::encode::symbols::{AC, DC, Sink, magnitude};

/// Codes all levels of a picture in one scan.
pub(super) fn code_all(planes: &[Levels], factors: (u8, u8), sink: &mut impl Sink) {
    let mut predictions = [0; 3];
    each_block(planes, factors, |component, levels, block| {
        let kind = component.min(1);
        let (dc, ac) = (DC.get(kind).copied().unwrap_or(0), AC.get(kind).copied().unwrap_or(0));
        code_dc(block, dc, predictions.get_mut(component), sink);
        match block {
            Some(block) => code_ac(block.mask, levels.values_of(block), ac, sink),
            None => sink.symbol(ac, 0, 0, 0),
        }
    });
}

/// Codes the DC levels of a picture.
pub(super) fn code_all_dc(planes: &[Levels], factors: (u8, u8), sink: &mut impl Sink) {
    let mut predictions = [0; 3];
    each_block(planes, factors, |component, _, block| {
        let dc = DC.get(component.min(1)).copied().unwrap_or(0);
        code_dc(block, dc, predictions.get_mut(component), sink);
    });
}

/// Visits the blocks of all MCUs with their component. Those that only fill up an MCU are `None`: they repeat the DC
/// level before them and have no others, which takes the fewest bits.
#[inline(always)]
fn each_block(
    planes: &[Levels],
    (across, down): (u8, u8),
    mut visit: impl FnMut(usize, &Levels, Option<&LevelBlock>),
) {
    let Some((luma, chroma)) = planes.split_first() else { return };
    let (across, down) = (usize::from(across), usize::from(down));
    let mcus = (luma.count.0.div_ceil(across), luma.count.1.div_ceil(down));
    let row_of = |levels: &'_ Levels, row: usize| row * levels.count.0..(row + 1) * levels.count.0;
    for mcu_row in 0..mcus.1 {
        for mcu in 0..mcus.0 {
            for row in mcu_row * down..(mcu_row + 1) * down {
                let blocks = luma.blocks.get(row_of(luma, row)).unwrap_or_default();
                for column in mcu * across..(mcu + 1) * across {
                    visit(0, luma, blocks.get(column));
                }
            }
            for (component, levels) in (1..).zip(chroma) {
                let blocks = levels.blocks.get(row_of(levels, mcu_row)).unwrap_or_default();
                visit(component, levels, blocks.get(mcu));
            }
        }
    }
}

#[inline(always)]
fn code_dc(block: Option<&LevelBlock>, table: usize, prediction: Option<&mut i32>, sink: &mut impl Sink) {
    let (Some(block), Some(prediction)) = (block, prediction) else {
        return sink.symbol(table, 0, 0, 0);
    };
    let dc = i32::from(block.dc);
    let (size, bits) = magnitude(dc - *prediction);
    *prediction = dc;
    sink.symbol(table, symbol(0, size), bits, size);
}

/// Codes the AC levels of a block, of which those that are not zero come first in `levels` (section F.1.2.2).
#[inline(always)]
pub(super) fn code_ac(mask: u64, levels: &[i16], table: usize, sink: &mut impl Sink) {
    let (mut rest, mut next) = (mask, 1);
    for level in levels {
        if rest == 0 {
            break;
        }
        let position = rest.trailing_zeros();
        let mut run = position - next;
        while run > 15 {
            sink.symbol(table, 0xf0, 0, 0);
            run -= 16;
        }
        let (size, bits) = magnitude(i32::from(*level));
        sink.symbol(table, symbol(run, size), bits, size);
        next = position + 1;
        rest &= rest - 1;
    }
    if next < 64 {
        sink.symbol(table, 0, 0, 0);
    }
}

/// The symbol of a run of zeros, at most 15, and a size.
#[inline(always)]
pub(super) fn symbol(run: u32, size: u32) -> u8 {
    let [.., symbol] = (run << 4 | size).to_be_bytes();
    symbol
}
