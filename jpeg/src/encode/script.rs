//! Scans of a file, in their order and with their Huffman codes (ITU-T T.81, sections B.2.3 and G.1.1).

use crate::encode::huffman::Code;
use crate::encode::progressive::Band;
use crate::encode::quantise::Levels;
use crate::encode::sequential::{code_all, code_all_dc};
use crate::encode::symbols::{AC, Counter, Sink, TABLES};

/// Zigzag index of the last coefficient of the first luma scan of a progressive file: with it a picture has its shapes.
const SPLIT: u8 = 8;

/// Other splits that a search tries; 63 stands for none.
const SPLITS: [u8; 5] = [2, 5, 12, 18, 63];

/// Most bits that a search leaves to refinement.
const MOST_LOW: u8 = 2;

/// A scan.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Scan {
    /// All levels of all components.
    All,
    /// DC of all components.
    AllDc,
    /// A band of one component.
    Band { component: u8, band: Band },
}

impl Scan {
    /// Codes the levels of the scan.
    pub(super) fn code(self, planes: &[Levels], factors: (u8, u8), sink: &mut impl Sink) {
        match self {
            Self::All => code_all(planes, factors, sink),
            Self::AllDc => code_all_dc(planes, factors, sink),
            Self::Band { component, band } => {
                let table = AC.get(usize::from(component.min(1))).copied().unwrap_or(0);
                if let Some(levels) = planes.get(usize::from(component)) {
                    band.code(levels, table, sink);
                }
            }
        }
    }
}

/// Scans one after the other that share Huffman codes.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) scans: Vec<Scan>,
    /// The code of each table that they use.
    pub(super) codes: [Option<Code>; TABLES],
    /// Bits of their data.
    bits: u64,
}

impl Group {
    /// Counts the symbols of scans, and finds codes for them.
    fn new(scans: &[Scan], planes: &[Levels], factors: (u8, u8)) -> Self {
        let mut counter = Counter::new();
        for scan in scans {
            scan.code(planes, factors, &mut counter);
        }
        let codes = counter.counts.each_ref().map(|counts| {
            let is_used = counts.iter().any(|count| *count > 0);
            is_used.then(|| Code::optimal(counts))
        });
        let code_bits = codes
            .iter()
            .zip(&counter.counts)
            .map(|(code, counts)| code.as_ref().map_or(0, |code| code.bits(counts)));
        Self { scans: scans.to_vec(), bits: code_bits.sum::<u64>() + counter.bits, codes }
    }

    /// Bytes of data, tables and headers, without stuffing.
    pub(super) fn bytes(&self) -> u64 {
        let tables: usize = self.codes.iter().flatten().map(Code::table_bytes).sum();
        let headers = 4 + 14 * self.scans.len();
        self.bits / 8 + u64::try_from(tables + headers).unwrap_or(u64::MAX)
    }
}

/// Bytes of groups together.
pub(super) fn bytes(groups: &[Group]) -> u64 {
    groups.iter().map(Group::bytes).sum()
}

/// The one scan of a sequential file.
pub(super) fn sequential(planes: &[Levels], factors: (u8, u8)) -> Vec<Group> {
    vec![Group::new(&[Scan::All], planes, factors)]
}

/// The scans of a progressive file: DC, low luma, chroma, and the rest of luma.
pub(super) fn progressive(planes: &[Levels], factors: (u8, u8)) -> Vec<Group> {
    let luma = bands(SPLIT, 0).map(|scan| Group::new(&[scan], planes, factors));
    in_order(luma.into(), planes, factors)
}

/// The scans of a progressive file of which those of luma are the best of several.
///
/// First the number of bits that are left to refinement scans, then the split into bands.
pub(super) fn searched(planes: &[Levels], factors: (u8, u8)) -> Vec<Group> {
    let group = |scan: Scan| Group::new(&[scan], planes, factors);
    let mut refinements: Vec<Group> = Vec::new();
    let mut best = (bands(SPLIT, 0).map(group).to_vec(), 0);
    for low in 1..=MOST_LOW {
        refinements.insert(0, group(luma(1, 63, low, low - 1)));
        let mut groups = bands(SPLIT, low).map(group).to_vec();
        groups.extend(refinements.iter().cloned());
        if bytes(&groups) < bytes(&best.0) {
            best = (groups, low);
        }
    }
    let (mut groups, low) = best;
    let rest = groups.split_off(2);
    for split in SPLITS {
        let other: Vec<Group> =
            bands(split, low).into_iter().filter(|scan| !scan.is_empty()).map(group).collect();
        if bytes(&other) < bytes(&groups) {
            groups = other;
        }
    }
    groups.extend(rest);
    in_order(groups, planes, factors)
}

impl Scan {
    /// True when a band has no coefficients.
    fn is_empty(self) -> bool {
        matches!(self, Self::Band { band, .. } if band.first > band.last)
    }
}

/// A scan of luma.
fn luma(first: u8, last: u8, high: u8, low: u8) -> Scan {
    Scan::Band { component: 0, band: Band { first, last, high, low } }
}

/// Two first scans of luma, the first one to the split.
fn bands(split: u8, low: u8) -> [Scan; 2] {
    [luma(1, split, 0, low), luma(split + 1, 63, 0, low)]
}

/// DC, the first scan of luma, chroma, the other scans of luma.
fn in_order(luma: Vec<Group>, planes: &[Levels], factors: (u8, u8)) -> Vec<Group> {
    let mut groups = vec![Group::new(&[Scan::AllDc], planes, factors)];
    let mut luma = luma.into_iter();
    groups.extend(luma.next());
    if planes.len() > 1 {
        let band = Band { first: 1, last: 63, high: 0, low: 0 };
        let scans = [1, 2].map(|component| Scan::Band { component, band });
        let apart = scans.map(|scan| Group::new(&[scan], planes, factors));
        let together = Group::new(&scans, planes, factors);
        if together.bytes() <= bytes(&apart) {
            groups.push(together);
        } else {
            groups.extend(apart);
        }
    }
    groups.extend(luma);
    groups
}
