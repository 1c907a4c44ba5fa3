//! Scans as symbols and bits (T.81 F.1.2 and G.1.2), before Huffman codes are chosen.

use super::picture::Picture;
use super::script::Scan;
use super::{Process, Writing};

/// An element of the entropy-coded data of a scan.
#[derive(Debug, Clone, Copy)]
pub(super) enum Token {
    /// A symbol of a Huffman table, and the bits behind it.
    Symbol { ac: bool, slot: usize, symbol: u8, bits: u32, count: u8 },
    /// One bit without a code: refinement.
    Bit(bool),
    /// The end of a restart interval.
    Restart,
}

/// The blocks of a scan in order, as component and index, and how many make an MCU (T.81 A.2).
pub(super) fn order(picture: &Picture, scan: &Scan) -> (Vec<(usize, usize)>, usize) {
    let mut order = Vec::new();
    if let [alone] = scan.components[..] {
        let component = &picture.components[alone];
        for y in 0..component.visible_high {
            order.extend((0..component.visible_wide).map(|x| (alone, y * component.blocks_wide + x)));
        }
        return (order, 1);
    }
    let first = &picture.components[0];
    let (mcus_wide, mcus_high) =
        (first.blocks_wide / usize::from(first.h), first.blocks_high / usize::from(first.v));
    for mcu in 0..mcus_wide * mcus_high {
        for &c in &scan.components {
            let component = &picture.components[c];
            let (h, v) = (usize::from(component.h), usize::from(component.v));
            for block in 0..h * v {
                let (x, y) = (mcu % mcus_wide * h + block % h, mcu / mcus_wide * v + block / h);
                order.push((c, y * component.blocks_wide + x));
            }
        }
    }
    let per_mcu = order.len() / (mcus_wide * mcus_high);
    (order, per_mcu)
}

/// Natural positions of the coefficients in zigzag order: up and down the diagonals (T.81 Figure A.6).
pub(super) fn zigzag() -> [usize; 64] {
    let mut positions: Vec<(usize, usize)> = (0..64).map(|i| (i / 8, i % 8)).collect();
    positions.sort_by_key(|&(y, x)| (y + x, if (y + x) % 2 == 0 { x } else { y }));
    std::array::from_fn(|k| positions[k].0 * 8 + positions[k].1)
}

/// The table slot of a component: a baseline file has two of each class, others four (T.81 Table B.5).
pub(super) fn slot(process: Process, component: usize) -> usize {
    if process == Process::Baseline { component.min(1) } else { component }
}

/// The tokens of a scan.
pub(super) fn tokens(picture: &Picture, writing: &Writing, index: usize) -> Vec<Token> {
    let scan = &writing.scans[index];
    let zigzag = zigzag();
    let interval = usize::from(writing.interval(index));
    let mut coder = Coder::new(writing.eob_runs && writing.process == Process::Progressive);
    let (order, per_mcu) = order(picture, scan);
    for (mcu, blocks) in order.chunks(per_mcu).enumerate() {
        if interval > 0 && mcu > 0 && mcu % interval == 0 {
            coder.restart();
        }
        for &(c, index) in blocks {
            let natural = &picture.components[c].blocks[index];
            let block = zigzag.map(|position| i32::from(natural[position]));
            coder.slot = slot(writing.process, c);
            coder.block(&block, scan, c, writing.process);
        }
    }
    coder.end_run();
    coder.tokens
}

struct Coder {
    tokens: Vec<Token>,
    slot: usize,
    /// The last DC of each component.
    predictions: [i32; 4],
    /// True when an end of band waits for that of the next block.
    runs: bool,
    end_of_band: u32,
    /// Correction bits of the blocks in the run.
    pending: Vec<bool>,
}

impl Coder {
    fn new(runs: bool) -> Self {
        Self { tokens: vec![], slot: 0, predictions: [0; 4], runs, end_of_band: 0, pending: vec![] }
    }

    fn block(&mut self, block: &[i32; 64], scan: &Scan, component: usize, process: Process) {
        let (ss, se) = (usize::from(scan.ss), usize::from(scan.se));
        if process != Process::Progressive {
            self.dc_first(block[0], component, 0);
            self.ac_first(&block[1..], 0);
        } else if scan.ss == 0 && scan.ah == 0 {
            self.dc_first(block[0], component, scan.al);
        } else if scan.ss == 0 {
            self.tokens.push(Token::Bit(block[0] >> scan.al & 1 == 1));
        } else if scan.ah == 0 {
            self.ac_first(&block[ss..=se], scan.al);
        } else {
            self.ac_refine(&block[ss..=se], scan.al);
        }
    }

    fn dc_first(&mut self, dc: i32, component: usize, al: u8) {
        let dc = dc >> al;
        let difference = dc - self.predictions[component];
        self.predictions[component] = dc;
        let (bits, count) = magnitude(difference);
        self.tokens.push(Token::Symbol { ac: false, slot: self.slot, symbol: count, bits, count });
    }

    fn ac_first(&mut self, band: &[i32], al: u8) {
        let mut run = 0;
        for &coefficient in band {
            let value = shifted(coefficient, al);
            if value == 0 {
                run += 1;
                continue;
            }
            self.end_run();
            while run > 15 {
                self.ac(0xf0, 0, 0);
                run -= 16;
            }
            let (bits, count) = magnitude(value);
            self.ac(run << 4 | count, bits, count);
            run = 0;
        }
        if run > 0 {
            self.end_band();
        }
    }

    /// T.81 G.1.2.3: newly non-zero coefficients are coded; each carries the correction bits of the
    /// coefficients that were non-zero before and that it passes.
    fn ac_refine(&mut self, band: &[i32], al: u8) {
        let values: Vec<i32> = band.iter().map(|&coefficient| shifted(coefficient, al)).collect();
        let last_new = values.iter().rposition(|value| value.abs() == 1);
        let mut run = 0;
        let mut corrections = Vec::new();
        for (k, &value) in values.iter().enumerate() {
            if value == 0 {
                run += 1;
                continue;
            }
            while run > 15 && last_new.is_some_and(|last| k <= last) {
                self.end_run();
                self.ac(0xf0, 0, 0);
                self.corrections(&mut corrections);
                run -= 16;
            }
            if value.abs() > 1 {
                corrections.push(value.abs() & 1 == 1);
            } else {
                self.end_run();
                self.ac(run << 4 | 1, u32::from(value > 0), 1);
                self.corrections(&mut corrections);
                run = 0;
            }
        }
        if run > 0 || !corrections.is_empty() {
            self.pending.append(&mut corrections);
            self.end_band();
        }
    }

    fn ac(&mut self, symbol: u8, bits: u32, count: u8) {
        self.tokens.push(Token::Symbol { ac: true, slot: self.slot, symbol, bits, count });
    }

    fn corrections(&mut self, corrections: &mut Vec<bool>) {
        self.tokens.extend(corrections.drain(..).map(Token::Bit));
    }

    /// Ends the band of a block; a run is at most 32767 blocks (T.81 Table G.1).
    fn end_band(&mut self) {
        self.end_of_band += 1;
        if !self.runs || self.end_of_band == 0x7fff {
            self.end_run();
        }
    }

    fn end_run(&mut self) {
        if let Some(count) = self.end_of_band.checked_ilog2() {
            self.ac((count as u8) << 4, self.end_of_band - (1 << count), count as u8);
            self.end_of_band = 0;
            let mut pending = std::mem::take(&mut self.pending);
            self.corrections(&mut pending);
        }
    }

    fn restart(&mut self) {
        self.end_run();
        self.tokens.push(Token::Restart);
        self.predictions = [0; 4];
    }
}

/// The point transform of AC coefficients divides: it rounds towards zero (T.81 G.1.2.1).
pub(super) fn shifted(coefficient: i32, al: u8) -> i32 {
    coefficient.signum() * (coefficient.abs() >> al)
}

/// A value's additional bits and their number (T.81 F.1.2.1).
fn magnitude(value: i32) -> (u32, u8) {
    let count = 32 - value.unsigned_abs().leading_zeros();
    let bits = if value < 0 { value - 1 } else { value } as u32 & ((1 << count) - 1);
    (bits, count as u8)
}
