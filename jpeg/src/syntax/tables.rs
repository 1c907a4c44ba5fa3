//! Tables and scan headers: what scans are decoded with (ITU-T T.81, sections B.2.3 and B.2.4).

use crate::error::Error;
use crate::syntax::frame::{Frame, NATURAL};
use crate::syntax::huffman::HuffmanTable;

/// Bounds that choose the contexts of arithmetic coding (sections B.2.4.3 and F.1.4.4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Conditioning {
    /// For each table of DC, L and U: differences below the first bound count as none, those above the second as large.
    pub(crate) dc: [[u8; 2]; 4],
    /// For each table of AC, Kx: the last coefficient, zigzag order, whose magnitudes have estimates of their own.
    pub(crate) ac: [u8; 4],
}

impl Default for Conditioning {
    fn default() -> Self {
        Self { dc: [[0, 1]; 4], ac: [5; 4] }
    }
}

/// Tables and the restart interval, as defined so far; each may be redefined between scans.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    /// Codes of DC differences.
    pub(crate) dc: [Option<HuffmanTable>; 4],
    /// Codes of AC coefficients.
    pub(crate) ac: [Option<HuffmanTable>; 4],
    /// Steps of quantisation, natural order.
    pub(crate) quantisation: [Option<[u16; 64]>; 4],
    pub(crate) conditioning: Conditioning,
    /// MCUs between restart markers; 0 for none.
    pub(crate) restart_interval: u32,
}

impl Tables {
    /// Takes what a segment defines, if that is tables or the interval.
    pub(crate) fn define(&mut self, marker: u8, content: &[u8]) -> Result<(), Error> {
        match marker {
            0xc4 => self.define_huffman(content),
            0xcc => self.define_conditioning(content),
            0xdb => self.define_quantisation(content),
            0xdd => {
                let interval = content.first_chunk();
                let interval = interval.ok_or_else(|| Error::damaged("its restart interval is cut short"))?;
                self.restart_interval = u32::from(u16::from_be_bytes(*interval));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn define_huffman(&mut self, mut content: &[u8]) -> Result<(), Error> {
        while let Some((kind, rest)) = content.split_first() {
            let short = Error::damaged("a Huffman table is cut short");
            let Some((counts, rest)) = rest.split_first_chunk::<16>() else { return Err(short) };
            let total = counts.iter().map(|count| usize::from(*count)).sum::<usize>();
            let Some((symbols, rest)) = rest.split_at_checked(total).filter(|_| total <= 256) else {
                return Err(short);
            };
            let class = if kind >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            let place = class.get_mut(usize::from(kind & 15));
            let place = place.ok_or_else(|| Error::damaged("a Huffman table has a number over 3"))?;
            *place = Some(HuffmanTable::new(counts, symbols)?);
            content = rest;
        }
        Ok(())
    }

    fn define_conditioning(&mut self, content: &[u8]) -> Result<(), Error> {
        let wrong = || Error::damaged("its arithmetic conditioning is out of range");
        for [kind, value] in content.as_chunks::<2>().0 {
            let (table, [large, small]) = (usize::from(kind & 15), [value >> 4, value & 15]);
            match kind >> 4 {
                0 if small <= large => {
                    *self.conditioning.dc.get_mut(table).ok_or_else(wrong)? = [small, large];
                }
                1 if (1..=63).contains(value) => {
                    *self.conditioning.ac.get_mut(table).ok_or_else(wrong)? = *value;
                }
                _ => return Err(wrong()),
            }
        }
        Ok(())
    }

    fn define_quantisation(&mut self, mut content: &[u8]) -> Result<(), Error> {
        while let Some((kind, rest)) = content.split_first() {
            let width = if kind >> 4 == 0 { 1 } else { 2 };
            let Some((steps, rest)) = rest.split_at_checked(64 * width) else {
                return Err(Error::damaged("a quantisation table is cut short"));
            };
            let mut table = [0_u16; 64];
            for (natural, step) in NATURAL.iter().zip(steps.chunks_exact(width)) {
                let step = step.iter().fold(0, |value, byte| value << 8 | u16::from(*byte));
                if let Some(place) = table.get_mut(usize::from(*natural)) {
                    *place = step;
                }
            }
            let place = self.quantisation.get_mut(usize::from(kind & 15));
            *place.ok_or_else(|| Error::damaged("a quantisation table has a number over 3"))? = Some(table);
            content = rest;
        }
        Ok(())
    }
}

/// A scan header: which components a scan has, with which tables, which coefficients and bits of them (section
/// B.2.3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ScanHeader {
    /// One to four different ones.
    pub(crate) components: Vec<ScanComponent>,
    /// First and last coefficient, zigzag order (Ss and Se).
    pub(crate) band: (u8, u8),
    /// Lowest bit before this scan (Ah); 0 when it is the first of its band.
    pub(crate) high: u8,
    /// Lowest bit after this scan (Al).
    pub(crate) low: u8,
}

/// A component in a scan.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ScanComponent {
    /// Its index in the frame.
    pub(crate) component: usize,
    /// Number of its table of DC differences.
    pub(crate) dc_table: usize,
    /// Number of its table of AC coefficients.
    pub(crate) ac_table: usize,
}

impl ScanHeader {
    /// Reads the segment behind a start-of-scan marker.
    ///
    /// Some writers give several components one name. Such a name stands for the first of them that the scan does not
    /// have yet, as in libjpeg-turbo (`get_sos`).
    pub(crate) fn parse(content: &[u8], frame: &Frame) -> Result<Self, Error> {
        let short = || Error::damaged("a scan header is cut short");
        let (count, rest) = content.split_first().ok_or_else(short)?;
        if !(1..=4).contains(count) {
            return Err(Error::damaged("a scan has no components, or too many"));
        }
        let (chunks, _) = rest.as_chunks::<2>();
        let mut components: Vec<ScanComponent> = Vec::new();
        for [name, tables] in chunks.iter().take(usize::from(*count)) {
            let mut named =
                (0..).zip(&frame.components).filter(|(_, component)| component.name == *name).peekable();
            if named.peek().is_none() {
                return Err(Error::damaged("a scan names a component that is not in the frame"));
            }
            let is_new = |index: &usize| components.iter().all(|other| other.component != *index);
            let index = named.map(|(index, _)| index).find(is_new);
            let index = index.ok_or_else(|| Error::damaged("a scan names a component twice"))?;
            components.push(ScanComponent {
                component: index,
                dc_table: usize::from(tables >> 4),
                ac_table: usize::from(tables & 15),
            });
        }
        let parameters = rest.get(usize::from(*count) * 2..).and_then(<[u8]>::first_chunk);
        let [first, last, bits] = *parameters.ok_or_else(short)?;
        Ok(Self { components, band: (first, last), high: bits >> 4, low: bits & 15 })
    }
}
