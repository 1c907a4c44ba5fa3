//! A writer of unusual JPEG files: everything that T.81 allows in a Huffman-coded file of 8 bits, and mistakes of
//! real writers. It starts from coefficients, so that every one of them can be compared with what a reader finds.

mod entropy;
mod file;
mod huffman;
mod picture;
mod script;

use entropy::Token;
use file::{File, Tables};

pub use picture::{Component, Picture, Random, Sampling};
pub use script::{
    Scan, apart, first_apart, libjpeg_progression, random_progression, random_sequential,
    spectral_progression, successive_progression, together,
};

/// The coding process in the frame header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    /// SOF0.
    Baseline,
    /// SOF1, 8 bits: as baseline, but with four table slots of each class.
    Extended,
    /// SOF2.
    Progressive,
}

/// Source of the Huffman tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Huffman {
    /// Annex K.3 where it has all symbols of the data, else as `Optimal`.
    Standard,
    /// The shortest codes for the data.
    Optimal,
    /// Random codes of 1 to 16 bits, from this seed.
    Random(u64),
}

/// Options of the file that a picture becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writing {
    /// The process.
    pub process: Process,
    /// The scans, fit for the process.
    pub scans: Vec<Scan>,
    /// Restart interval in MCUs of each scan, the last one for all further scans; 0 or nothing for none.
    pub restarts: Vec<u16>,
    /// The Huffman tables.
    pub huffman: Huffman,
    /// Tables for each scan anew instead of one set for the file.
    pub redefine: bool,
    /// Ends of band in runs as long as possible, instead of one per block. Progressive files only.
    pub eob_runs: bool,
    /// Quantisation tables of 16-bit entries even where 8 bits would do.
    pub wide_tables: bool,
    /// Each quantisation table right before the first scan that needs it, instead of all before the frame.
    pub late_tables: bool,
    /// All tables of a kind in one segment.
    pub joined: bool,
    /// Fill bytes before each marker but the first (T.81 B.1.1.2).
    pub fill: usize,
    /// The last byte before a marker filled up with zeros instead of ones (against T.81 F.1.2.3).
    pub zero_padding: bool,
    /// A JFIF header.
    pub jfif: bool,
    /// An Adobe segment with this colour transform.
    pub adobe: Option<u8>,
    /// Further segments before the frame: marker and contents.
    pub segments: Vec<(u8, Vec<u8>)>,
    /// A comment before each scan.
    pub comments: bool,
    /// Height 0 in the frame header, the true height behind the first scan.
    pub dnl: bool,
    /// The end marker.
    pub eoi: bool,
    /// Bytes behind the end marker.
    pub trailing: Vec<u8>,
}

impl Writing {
    /// A plain file of these scans with Annex K tables and nothing that is not needed.
    pub fn new(process: Process, scans: Vec<Scan>) -> Self {
        Self {
            process,
            scans,
            restarts: vec![],
            huffman: Huffman::Standard,
            redefine: false,
            eob_runs: true,
            wide_tables: false,
            late_tables: false,
            joined: false,
            fill: 0,
            zero_padding: false,
            jfif: false,
            adobe: None,
            segments: vec![],
            comments: false,
            dnl: false,
            eoi: true,
            trailing: vec![],
        }
    }

    /// Any process, a script that suits it, and every option; colour markers (JFIF, Adobe) stay out.
    /// Unless `complete`, a progressive file may end before all bits are coded.
    pub fn random(picture: &Picture, complete: bool, random: &mut Random) -> Self {
        let process = [Process::Baseline, Process::Extended, Process::Progressive, Process::Progressive];
        let process = process[random.below(4)];
        let scans = match (process, random.below(6)) {
            (Process::Progressive, 0) => libjpeg_progression(picture),
            (Process::Progressive, 1) => spectral_progression(picture),
            (Process::Progressive, 2) => successive_progression(picture, 1 + random.below(3) as u8),
            (Process::Progressive, _) => random_progression(picture, complete, random),
            (_, 0..=2) => together(picture),
            (_, 3) => apart(picture),
            (_, 4) => first_apart(picture),
            _ => random_sequential(picture, random),
        };
        let intervals = random.below(3);
        let segments = random.below(3);
        let eoi = !random.one_in(5);
        Self {
            restarts: (0..intervals).map(|_| random.below(9) as u16 * random.below(4) as u16).collect(),
            huffman: match random.below(4) {
                0 => Huffman::Standard,
                1 => Huffman::Optimal,
                _ => Huffman::Random(random.bits()),
            },
            redefine: random.one_in(2),
            eob_runs: !random.one_in(3),
            wide_tables: random.one_in(4),
            late_tables: random.one_in(4),
            joined: random.one_in(2),
            fill: if random.one_in(3) { random.below(5) } else { 0 },
            zero_padding: random.one_in(6),
            segments: (0..segments).map(|_| random_segment(random)).collect(),
            comments: random.one_in(4),
            dnl: random.one_in(5),
            eoi,
            trailing: (0..if eoi { random.below(9) } else { 0 }).map(|_| random.bits() as u8).collect(),
            ..Self::new(process, scans)
        }
    }

    fn interval(&self, scan: usize) -> u16 {
        self.restarts.get(scan).or_else(|| self.restarts.last()).copied().unwrap_or(0)
    }

    /// True when all coefficients of each component are coded to the last bit.
    pub fn complete(&self, picture: &Picture) -> bool {
        let said = |c: usize, k: u8| {
            let mut scans = self.scans.iter().filter(|scan| scan.components.contains(&c) && scan.al == 0);
            scans.any(|scan| (scan.ss..=scan.se).contains(&k))
        };
        (0..picture.components.len()).all(|c| (0..64).all(|k| said(c, k)))
    }
}

/// An APPn or COM segment of random bytes, some of which look like markers.
fn random_segment(random: &mut Random) -> (u8, Vec<u8>) {
    // Neither APP0 nor APP14: they say what the colours are.
    let marker = [0xe1, 0xe2, 0xe9, 0xed, 0xef, 0xfe][random.below(6)];
    let bytes = [0xff, 0xd8, 0xd9, 0xda, 0x00, 0xc0];
    (marker, (0..random.below(60)).map(|_| bytes[random.below(6)]).collect())
}

/// The coefficients that a correct decoder ends with: those of the picture without the bits that no scan carries.
/// Padding blocks are zero unless an interleaved scan carries them.
pub fn expected(picture: &Picture, writing: &Writing) -> Picture {
    let zigzag = entropy::zigzag();
    let mut said = picture.clone();
    for component in &mut said.components {
        component.blocks.fill([0; 64]);
    }
    for scan in &writing.scans {
        for (c, index) in entropy::order(picture, scan).0 {
            let (whole, block) =
                (&picture.components[c].blocks[index], &mut said.components[c].blocks[index]);
            for &position in &zigzag[usize::from(scan.ss)..=usize::from(scan.se)] {
                let coefficient = i32::from(whole[position]);
                block[position] = match (position, scan.ah) {
                    (0, 0) => (coefficient >> scan.al << scan.al) as i16,
                    (0, _) => block[0] | whole[0] & 1 << scan.al,
                    _ => (entropy::shifted(coefficient, scan.al) << scan.al) as i16,
                };
            }
        }
    }
    said
}

/// Writes the file.
pub fn write(picture: &Picture, writing: &Writing) -> Vec<u8> {
    let scans: Vec<Vec<Token>> =
        (0..writing.scans.len()).map(|index| entropy::tokens(picture, writing, index)).collect();
    let mut random = Random::new(if let Huffman::Random(seed) = writing.huffman { seed } else { 0 });
    let mut file = File { bytes: vec![0xff, 0xd8], writing };
    file.header(picture);
    let mut tables = Tables::new();
    let (mut quantised, mut interval) = (vec![false; picture.tables.len()], 0);
    for (index, (scan, tokens)) in writing.scans.iter().zip(&scans).enumerate() {
        if writing.redefine {
            tables = file.huffman(std::slice::from_ref(tokens), &mut random);
        } else if index == 0 {
            tables = file.huffman(&scans, &mut random);
        }
        if writing.late_tables {
            let needed = scan.components.iter().map(|&c| usize::from(picture.components[c].table));
            let mut needed: Vec<usize> = needed.filter(|&table| !quantised[table]).collect();
            needed.sort_unstable();
            needed.dedup();
            needed.iter().for_each(|&table| quantised[table] = true);
            file.quantisation(picture, &needed);
        }
        if writing.interval(index) != interval {
            interval = writing.interval(index);
            file.segment(0xdd, &interval.to_be_bytes());
        }
        if writing.comments {
            file.segment(0xfe, format!("scan {index}").as_bytes());
        }
        file.scan_header(picture, scan, &tables);
        file.data(tokens, &tables);
        if writing.dnl && index == 0 {
            file.segment(0xdc, &(picture.height as u16).to_be_bytes());
        }
    }
    if writing.eoi {
        file.marker(0xd9);
        file.bytes.extend(&writing.trailing);
    }
    file.bytes
}
