//! The entropy-coded data of a scan (T.81 F.2 and G.2).

use super::{Frame, ZIGZAG};

/// A component in a scan.
pub(super) struct Member {
    pub(super) index: usize,
    pub(super) dc: Option<Huffman>,
    pub(super) ac: Option<Huffman>,
    pub(super) prediction: i32,
}

pub(super) struct Scan<'a> {
    pub(super) data: Data<'a>,
    pub(super) ss: usize,
    pub(super) se: usize,
    pub(super) ah: u8,
    pub(super) al: u8,
    pub(super) progressive: bool,
    pub(super) end_of_band: u32,
}

impl Scan<'_> {
    /// Decodes all MCUs (A.2 and E.2.4).
    pub(super) fn run(
        &mut self,
        frame: &mut Frame,
        members: &mut [Member],
        interval: usize,
    ) -> Result<(), String> {
        let alone = members.len() == 1;
        let first = &frame.components[members[0].index];
        let (wide, high) = if alone {
            (first.width.div_ceil(8), first.height.div_ceil(8))
        } else {
            (first.blocks_wide / usize::from(first.h), first.blocks_high / usize::from(first.v))
        };
        for mcu in 0..wide * high {
            if interval > 0 && mcu > 0 && mcu % interval == 0 {
                self.restart(mcu / interval - 1)?;
                members.iter_mut().for_each(|member| member.prediction = 0);
            }
            for member in &mut *members {
                let component = &mut frame.components[member.index];
                let (h, v) =
                    if alone { (1, 1) } else { (usize::from(component.h), usize::from(component.v)) };
                for y in 0..v {
                    for x in 0..h {
                        let (x, y) = (mcu % wide * h + x, mcu / wide * v + y);
                        let block = &mut component.blocks[y * component.blocks_wide + x];
                        self.block(block, member).map_err(|error| format!("{error}, MCU {mcu}"))?;
                    }
                }
            }
        }
        if self.end_of_band > 0 {
            return Err("end-of-band run beyond the scan".into());
        }
        Ok(())
    }

    fn restart(&mut self, number: usize) -> Result<(), String> {
        if self.end_of_band > 0 {
            return Err("end-of-band run beyond the interval".into());
        }
        self.data.left = 0;
        if self.data.bytes.get(self.data.at) != Some(&0xff) {
            return Err("no restart marker".into());
        }
        while self.data.bytes.get(self.data.at) == Some(&0xff) {
            self.data.at += 1;
        }
        if self.data.bytes.get(self.data.at) != Some(&(0xd0 + (number % 8) as u8)) {
            return Err(format!("restart marker {number} is not here"));
        }
        self.data.at += 1;
        Ok(())
    }

    fn block(&mut self, block: &mut [i16; 64], member: &mut Member) -> Result<(), String> {
        if self.ss == 0 && self.ah == 0 {
            self.dc_first(block, member)?;
        } else if self.ss == 0 {
            block[0] |= (self.data.bit()? << self.al) as i16;
        }
        if self.se == 0 {
            return Ok(());
        }
        let table = member.ac.as_ref().ok_or("no AC table")?;
        if self.ah == 0 { self.ac_first(block, table) } else { self.ac_refine(block, table) }
    }

    /// Decodes DC (F.2.2.1 and G.1.2.1).
    fn dc_first(&mut self, block: &mut [i16; 64], member: &mut Member) -> Result<(), String> {
        let size = self.data.symbol(member.dc.as_ref().ok_or("no DC table")?)?;
        if size > 11 {
            return Err("DC difference of more than 11 bits".into());
        }
        member.prediction += self.data.signed(size)?;
        block[0] = i16::try_from(member.prediction << self.al).map_err(|_| "DC beyond 16 bits")?;
        Ok(())
    }

    /// Decodes AC, or its first bits (F.2.2.2 and G.1.2.2).
    fn ac_first(&mut self, block: &mut [i16; 64], table: &Huffman) -> Result<(), String> {
        if self.end_of_band > 0 {
            self.end_of_band -= 1;
            return Ok(());
        }
        let mut k = self.ss.max(1);
        while k <= self.se {
            let symbol = self.data.symbol(table)?;
            let (run, size) = (symbol >> 4, symbol & 15);
            if size == 0 && run < 15 {
                if run > 0 && !self.progressive {
                    return Err("end-of-band run in a sequential scan".into());
                }
                self.end_of_band = (1 << run) + self.data.bits(run)? - 1;
                return Ok(());
            }
            k += usize::from(run);
            if size > 0 {
                if k > self.se || size > 10 {
                    return Err("coefficient out of place or of more than 10 bits".into());
                }
                block[ZIGZAG[k]] = (self.data.signed(size)? << self.al) as i16;
            }
            k += 1;
        }
        if k > self.se + 1 { Err("zeros beyond the band".into()) } else { Ok(()) }
    }

    /// Refines AC (G.1.2.3).
    fn ac_refine(&mut self, block: &mut [i16; 64], table: &Huffman) -> Result<(), String> {
        let mut k = self.ss;
        while k <= self.se && self.end_of_band == 0 {
            let symbol = self.data.symbol(table)?;
            let (run, size) = (symbol >> 4, symbol & 15);
            let mut new = 0;
            if size == 0 && run < 15 {
                self.end_of_band = (1 << run) + self.data.bits(run)?;
                break;
            } else if size == 1 {
                new = if self.data.bit()? == 1 { 1 << self.al } else { -1 << self.al };
            } else if size > 1 {
                return Err("a new coefficient of more than one bit".into());
            }
            let mut zeros = run;
            loop {
                let position = *ZIGZAG[..=self.se].get(k).ok_or("zeros beyond the band")?;
                k += 1;
                if block[position] != 0 {
                    self.correct(&mut block[position])?;
                } else if zeros > 0 {
                    zeros -= 1;
                } else {
                    block[position] = new;
                    break;
                }
            }
        }
        if self.end_of_band > 0 {
            for &position in &ZIGZAG[k..=self.se] {
                if block[position] != 0 {
                    self.correct(&mut block[position])?;
                }
            }
            self.end_of_band -= 1;
        }
        Ok(())
    }

    fn correct(&mut self, coefficient: &mut i16) -> Result<(), String> {
        *coefficient += coefficient.signum() * ((self.data.bit()? << self.al) as i16);
        Ok(())
    }
}

/// Entropy-coded bits (F.2.2.5).
pub(super) struct Data<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
    current: u8,
    left: u8,
}

impl<'a> Data<'a> {
    /// The data of a scan from `at` on.
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, current: 0, left: 0 }
    }

    fn bit(&mut self) -> Result<u32, String> {
        if self.left == 0 {
            self.current = *self.bytes.get(self.at).ok_or("data end")?;
            self.at += 1;
            if self.current == 0xff {
                if self.bytes.get(self.at) != Some(&0) {
                    return Err(format!("marker among data at {}", self.at));
                }
                self.at += 1;
            }
            self.left = 8;
        }
        self.left -= 1;
        Ok(u32::from(self.current >> self.left & 1))
    }

    fn bits(&mut self, count: u8) -> Result<u32, String> {
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | self.bit()?;
        }
        Ok(value)
    }

    /// RECEIVE and EXTEND (Figures F.12 and F.17).
    fn signed(&mut self, size: u8) -> Result<i32, String> {
        let value = self.bits(size)? as i32;
        Ok(if size > 0 && value < 1 << (size - 1) { value - (1 << size) + 1 } else { value })
    }

    /// DECODE (Figure F.16).
    fn symbol(&mut self, table: &Huffman) -> Result<u8, String> {
        let mut code = 0;
        for length in 0..16 {
            code = code << 1 | self.bit()?;
            let (first, start, count) = table.lengths[length];
            if code >= first && code < first + count {
                return Ok(table.symbols[(start + code - first) as usize]);
            }
        }
        Err("no such code".into())
    }
}

/// For each length the first code, the number of its symbol, and how many there are (Annex C).
#[derive(Debug, Clone)]
pub(super) struct Huffman {
    lengths: [(u32, u32, u32); 16],
    symbols: Vec<u8>,
}

impl Huffman {
    pub(super) fn new(counts: &[u8], symbols: &[u8]) -> Result<Self, String> {
        let mut lengths = [(0, 0, 0); 16];
        let (mut code, mut start) = (0u32, 0);
        for (i, &count) in counts.iter().enumerate() {
            lengths[i] = (code, start, u32::from(count));
            start += u32::from(count);
            code += u32::from(count);
            // C.2 keeps the code of all ones for itself.
            if count > 0 && code > (1 << (i + 1)) - 1 {
                return Err("codes do not fit".into());
            }
            code <<= 1;
        }
        Ok(Self { lengths, symbols: symbols.to_vec() })
    }
}
