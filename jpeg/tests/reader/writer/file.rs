//! Markers, segments and entropy-coded data as bytes (T.81 Annex B).

use std::collections::BTreeMap;

use super::entropy::{self, Token};
use super::huffman::{Counts, Table};
use super::{Huffman, Picture, Process, Random, Scan, Writing};

/// The Huffman tables in force, by class and slot.
pub(super) type Tables = BTreeMap<(bool, usize), Table>;

/// The file as far as it is written.
pub(super) struct File<'a> {
    pub(super) bytes: Vec<u8>,
    pub(super) writing: &'a Writing,
}

impl File<'_> {
    pub(super) fn marker(&mut self, code: u8) {
        self.bytes.resize(self.bytes.len() + self.writing.fill + 1, 0xff);
        self.bytes.push(code);
    }

    pub(super) fn segment(&mut self, code: u8, contents: &[u8]) {
        self.marker(code);
        self.bytes.extend((contents.len() as u16 + 2).to_be_bytes());
        self.bytes.extend(contents);
    }

    /// One segment for all contents, or one for each.
    fn segments(&mut self, code: u8, contents: &[Vec<u8>]) {
        if self.writing.joined && !contents.is_empty() {
            self.segment(code, &contents.concat());
        } else {
            contents.iter().for_each(|contents| self.segment(code, contents));
        }
    }

    /// Everything up to the frame header.
    pub(super) fn header(&mut self, picture: &Picture) {
        let writing = self.writing;
        if writing.jfif {
            self.segment(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
        }
        if let Some(transform) = writing.adobe {
            self.segment(0xee, &[b"Adobe\0\x64\0\0\0\0", &[transform][..]].concat());
        }
        for (marker, contents) in &writing.segments {
            self.segment(*marker, contents);
        }
        if !writing.late_tables {
            self.quantisation(picture, &(0..picture.tables.len()).collect::<Vec<_>>());
        }
        let height = if writing.dnl { 0 } else { picture.height as u16 };
        let mut frame = vec![8];
        frame.extend(height.to_be_bytes());
        frame.extend((picture.width as u16).to_be_bytes());
        frame.push(picture.components.len() as u8);
        for component in &picture.components {
            frame.extend([component.id, component.h << 4 | component.v, component.table]);
        }
        let code = match writing.process {
            Process::Baseline => 0xc0,
            Process::Extended => 0xc1,
            Process::Progressive => 0xc2,
        };
        self.segment(code, &frame);
    }

    pub(super) fn quantisation(&mut self, picture: &Picture, tables: &[usize]) {
        let definitions = tables.iter().map(|&slot| {
            let entries = entropy::zigzag().map(|position| picture.tables[slot][position]);
            let wide = self.writing.wide_tables || entries.iter().any(|&entry| entry > 255);
            let mut definition = vec![u8::from(wide) << 4 | slot as u8];
            for entry in entries {
                definition.extend(&entry.to_be_bytes()[usize::from(!wide)..]);
            }
            definition
        });
        let definitions: Vec<_> = definitions.collect();
        self.segments(0xdb, &definitions);
    }

    /// Chooses and writes tables that suit `scans`.
    pub(super) fn huffman(&mut self, scans: &[Vec<Token>], random: &mut Random) -> Tables {
        let mut counts = BTreeMap::<_, Counts>::new();
        for token in scans.iter().flatten() {
            if let Token::Symbol { ac, slot, symbol, .. } = *token {
                counts.entry((ac, slot)).or_insert([0; 256])[usize::from(symbol)] += 1;
            }
        }
        let choose = |(&(ac, slot), counts): (&(bool, usize), &Counts)| {
            let table = match self.writing.huffman {
                Huffman::Standard => {
                    Table::standard(counts, ac, slot == 0).unwrap_or_else(|| Table::optimal(counts))
                }
                Huffman::Optimal => Table::optimal(counts),
                Huffman::Random(_) => Table::random(counts, ac, random),
            };
            ((ac, slot), table)
        };
        let tables: Tables = counts.iter().map(choose).collect();
        let definitions = tables.iter().map(|(&(ac, slot), table)| {
            let header = u8::from(ac) << 4 | slot as u8;
            [vec![header], table.definition()].concat()
        });
        self.segments(0xc4, &definitions.collect::<Vec<_>>());
        tables
    }

    pub(super) fn scan_header(&mut self, picture: &Picture, scan: &Scan, tables: &Tables) {
        let mut header = vec![scan.components.len() as u8];
        for &c in &scan.components {
            let slot = entropy::slot(self.writing.process, c);
            let used = |ac, carried| if carried && tables.contains_key(&(ac, slot)) { slot as u8 } else { 0 };
            let (dc, ac) = (used(false, scan.ss == 0 && scan.ah == 0), used(true, scan.se > 0));
            header.extend([picture.components[c].id, dc << 4 | ac]);
        }
        header.extend([scan.ss, scan.se, scan.ah << 4 | scan.al]);
        self.segment(0xda, &header);
    }

    pub(super) fn data(&mut self, tokens: &[Token], tables: &Tables) {
        let mut restarts = 0;
        let mut bits = Bits::default();
        for &token in tokens {
            match token {
                Token::Symbol { ac, slot, symbol, bits: value, count } => {
                    let (code, length) = tables[&(ac, slot)].code(symbol);
                    bits.put(&mut self.bytes, code, length);
                    bits.put(&mut self.bytes, value, count);
                }
                Token::Bit(bit) => bits.put(&mut self.bytes, u32::from(bit), 1),
                Token::Restart => {
                    bits.pad(&mut self.bytes, self.writing.zero_padding);
                    self.marker(0xd0 + restarts % 8);
                    restarts = (restarts + 1) % 8;
                }
            }
        }
        bits.pad(&mut self.bytes, self.writing.zero_padding);
    }
}

/// Bits on their way into bytes, the first bit highest (T.81 B.1.1.5).
#[derive(Default)]
struct Bits {
    held: u64,
    count: u8,
}

impl Bits {
    fn put(&mut self, bytes: &mut Vec<u8>, bits: u32, count: u8) {
        self.held = self.held << count | u64::from(bits);
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            let byte = (self.held >> self.count) as u8;
            bytes.push(byte);
            if byte == 0xff {
                bytes.push(0);
            }
        }
        self.held &= (1 << self.count) - 1;
    }

    fn pad(&mut self, bytes: &mut Vec<u8>, zeros: bool) {
        let missing = (8 - self.count) % 8;
        self.put(bytes, if zeros { 0 } else { (1 << missing) - 1 }, missing);
    }
}
