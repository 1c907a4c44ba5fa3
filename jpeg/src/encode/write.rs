//! Coefficients to a file.

use crate::encode::file::File;
use crate::encode::huffman::Code;
use crate::encode::picture::{Channels, EncodeError, Sampling};
use crate::encode::quantise::Levels;
use crate::encode::script::{Group, Scan, bytes, progressive, searched, sequential};
use crate::encode::sequential::code_ac;
use crate::encode::symbols::{AC, BitWriter, Counter};
use crate::encode::tables::Tables;
use crate::encode::transformed::{Transformed, block_counts};
use crate::encode::trellis::Rates;

/// Work that goes into a smaller file.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Effort {
    /// Levels are rounded.
    Fast,
    /// Levels are those of the fewest bits for their error.
    #[default]
    Usual,
    /// As usual, and the scans of progressive files are the best of several.
    Most,
}

/// Order of the data in a file.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Order {
    /// Block by block: a baseline file, which any reader decodes in little memory.
    Baseline,
    /// From coarse to fine, in several scans.
    Progressive,
    /// The smaller one of both.
    #[default]
    Smallest,
}

/// Options of writing a file.
#[derive(Clone, Copy, Debug)]
pub struct WriteOptions<'a> {
    /// Tables of quantisation.
    pub tables: Tables,
    /// Work that goes into a smaller file.
    pub effort: Effort,
    /// Order of the data.
    pub order: Order,
    /// An EXIF block, from its TIFF header on: at most 65 527 bytes.
    pub exif: Option<&'a [u8]>,
    /// A packet of XMP: at most 65 504 bytes.
    pub xmp: Option<&'a [u8]>,
    /// An ICC profile: at most 255 * 65 519 bytes.
    pub icc: Option<&'a [u8]>,
}

impl WriteOptions<'_> {
    /// A quality from 1 to 100, without metadata.
    #[must_use]
    pub fn of_quality(quality: u8) -> Self {
        let tables = Tables::of_quality(quality);
        Self { tables, effort: Effort::default(), order: Order::default(), exif: None, xmp: None, icc: None }
    }
}

impl Transformed {
    /// Bytes of memory that [`Self::new`] takes, without the picture, and keeps.
    #[must_use]
    pub fn memory(width: u16, height: u16, channels: Channels, sampling: Sampling) -> u64 {
        // Lines of one row of MCUs come on top of the coefficients: at most 18 bytes for each of 16 samples.
        let lines = 16 * 18 * u64::from(width) + (1 << 14);
        blocks(width, height, channels, sampling) * 128 + lines
    }

    /// Bytes of memory that [`Self::write`] takes on top, the file included and metadata not.
    ///
    /// Each coefficient takes two bytes as a level, and at most 1.6 bytes in the file even of noise in the best
    /// quality; those of photographs take a small part of that, and memory is only touched as far as it is used.
    #[must_use]
    pub fn write_memory(width: u16, height: u16, channels: Channels, sampling: Sampling) -> u64 {
        blocks(width, height, channels, sampling) * (16 + 126 + 103) + (1 << 16)
    }

    /// Writes a file.
    ///
    /// # Errors
    /// [`EncodeError::Metadata`] and [`EncodeError::Memory`].
    pub fn write(&self, options: &WriteOptions<'_>) -> Result<Vec<u8>, EncodeError> {
        let steps = options.tables.steps(self.sampling);
        let rates = self.rates(&steps, options.effort);
        let planes = self.planes.iter().zip(by_component(&steps, &rates));
        let levels = planes.map(|(plane, (steps, rates))| Levels::new(plane, steps, rates));
        write(options, (self.width, self.height), self.sampling, &levels.collect::<Result<Vec<_>, _>>()?)
    }

    /// Writes the only file: the same as [`Self::write`], in the memory of the coefficients. It takes an eighth of theirs on
    /// top, and the file.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn into_file(self, options: &WriteOptions<'_>) -> Result<Vec<u8>, EncodeError> {
        let steps = options.tables.steps(self.sampling);
        let rates = self.rates(&steps, options.effort);
        let planes = self.planes.into_iter().zip(by_component(&steps, &rates));
        let levels = planes.map(|(plane, (steps, rates))| Levels::in_place(plane, steps, rates));
        write(options, (self.width, self.height), self.sampling, &levels.collect::<Result<Vec<_>, _>>()?)
    }

    /// Rates for luma and for chroma, by how often rounded levels have each symbol; none without a trellis.
    fn rates(&self, steps: &[[u8; 64]; 2], effort: Effort) -> Option<[Rates; 2]> {
        if effort == Effort::Fast {
            return None;
        }
        let mut counter = Counter::new();
        for (number, plane) in self.planes.iter().enumerate() {
            let kind = number.min(1);
            if let (Some(steps), Some(table)) = (steps.get(kind), AC.get(kind)) {
                Levels::count_rounded(plane, steps, |mask, levels| {
                    code_ac(mask, levels, *table, &mut counter)
                });
            }
        }
        Some(AC.map(|table| rates(&counter, table)))
    }
}

/// Steps and rates of each component.
fn by_component<'a>(
    [luma, chroma]: &'a [[u8; 64]; 2],
    rates: &'a Option<[Rates; 2]>,
) -> [(&'a [u8; 64], Option<&'a Rates>); 3] {
    let [luma_rates, chroma_rates] = match rates {
        Some([luma, chroma]) => [Some(luma), Some(chroma)],
        None => [None; 2],
    };
    [(luma, luma_rates), (chroma, chroma_rates), (chroma, chroma_rates)]
}

/// Writes a file of levels.
fn write(
    options: &WriteOptions<'_>,
    size: (u16, u16),
    sampling: Sampling,
    levels: &[Levels],
) -> Result<Vec<u8>, EncodeError> {
    let factors = sampling.factors();
    let groups = groups(options, levels, factors);
    let metadata =
        options.exif.map_or(0, <[u8]>::len) + options.icc.map_or(0, |icc| icc.len() + icc.len() / 1024);
    let mut file = File::default();
    // Stuffing adds a byte to one in 256 at random; this leaves room for twice as many.
    let expected = bytes(&groups).saturating_mul(129) / 128 + 1024;
    let expected = usize::try_from(expected).unwrap_or(usize::MAX).saturating_add(metadata);
    file.bytes.try_reserve_exact(expected)?;
    file.begin(options.exif, options.xmp, options.icc)?;
    let components = u8::try_from(levels.len()).unwrap_or(u8::MAX);
    let steps = options.tables.steps(sampling);
    file.quantisation(steps.get(..levels.len().min(2)).unwrap_or_default());
    let is_progressive = groups.first().is_some_and(|group| group.scans != [Scan::All]);
    file.frame(is_progressive, size, components, factors);
    for group in &groups {
        file.codes(&group.codes);
        for scan in &group.scans {
            file.scan(*scan, components);
            let mut writer = BitWriter::new(&group.codes, std::mem::take(&mut file.bytes));
            scan.code(levels, factors, &mut writer);
            file.bytes = writer.finish();
        }
    }
    file.marker(0xd9);
    Ok(file.bytes)
}

/// The scans of a file.
fn groups(options: &WriteOptions<'_>, levels: &[Levels], factors: (u8, u8)) -> Vec<Group> {
    let several = || match options.effort {
        Effort::Most => searched(levels, factors),
        Effort::Fast | Effort::Usual => progressive(levels, factors),
    };
    match options.order {
        Order::Baseline => sequential(levels, factors),
        Order::Progressive => several(),
        Order::Smallest => {
            let (one, several) = (sequential(levels, factors), several());
            if bytes(&one) <= bytes(&several) { one } else { several }
        }
    }
}

/// Rates of levels by how often the symbols of a table come, each once more than it does.
fn rates(counter: &Counter, table: usize) -> Rates {
    let mut counts = counter.counts.get(table).copied().unwrap_or([0; 256]);
    for (symbol, count) in counts.iter_mut().enumerate() {
        let (run, size) = (symbol / 16, symbol % 16);
        if (1..=10).contains(&size) || (size == 0 && (run == 0 || run == 15)) {
            *count += 1;
        }
    }
    Rates::new(&Code::optimal(&counts))
}

/// Blocks of all components.
fn blocks(width: u16, height: u16, channels: Channels, sampling: Sampling) -> u64 {
    let counts = block_counts(width, height, channels, sampling).into_iter();
    counts.map(|(across, down)| u64::try_from(across * down).unwrap_or(u64::MAX)).sum()
}
