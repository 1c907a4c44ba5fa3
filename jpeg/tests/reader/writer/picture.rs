//! A picture as quantised DCT coefficients, made from a seed or from samples.

use std::f64::consts::PI;

/// A xorshift generator: the same seed gives the same file for ever.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A generator for `seed`; neighbouring seeds give unrelated numbers.
    pub fn new(seed: u64) -> Self {
        let mut random = Self((seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9) | 1);
        for _ in 0..4 {
            random.bits();
        }
        random
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number in `0..end`.
    pub fn below(&mut self, end: usize) -> usize {
        ((self.bits() >> 33) as usize) % end
    }

    /// A number in `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True one time in `n`.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn sign(&mut self) -> f64 {
        if self.one_in(2) { 1.0 } else { -1.0 }
    }

    /// A number with a Laplace distribution of mean magnitude `scale`.
    fn laplacian(&mut self, scale: f64) -> f64 {
        self.sign() * -(1.0 - self.unit()).ln() * scale
    }

    /// The items in random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// Horizontal and vertical sampling factors of each component.
pub type Sampling<'a> = &'a [(u8, u8)];

/// Everything that a decoder must find in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Columns of pixels.
    pub width: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Quantisation tables in natural order, at most four.
    pub tables: Vec<[u16; 64]>,
    /// One to four components.
    pub components: Vec<Component>,
}

/// One component and its quantised coefficients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// The identifier in the frame header.
    pub id: u8,
    /// Horizontal sampling factor.
    pub h: u8,
    /// Vertical sampling factor.
    pub v: u8,
    /// Index into [`Picture::tables`].
    pub table: u8,
    /// Samples in a row, without padding (T.81 A.1.1).
    pub width: usize,
    /// Rows of samples, without padding.
    pub height: usize,
    /// Blocks in a row that hold samples; a scan of this component alone codes only these (T.81 A.2.2).
    pub visible_wide: usize,
    /// Rows of blocks that hold samples.
    pub visible_high: usize,
    /// Blocks in a row, padded to whole MCUs of an interleaved scan (T.81 A.2.4).
    pub blocks_wide: usize,
    /// Rows of blocks, padded to whole MCUs.
    pub blocks_high: usize,
    /// `blocks_wide * blocks_high` blocks in natural (row-major) order.
    pub blocks: Vec<[i16; 64]>,
}

impl Picture {
    /// Photograph-like coefficients: smooth DC, AC that decays with frequency. `busy` goes from 0 (flat
    /// blocks only) to 1 (no coefficient is zero).
    pub fn random(seed: u64, width: usize, height: usize, sampling: Sampling<'_>, busy: f64) -> Self {
        let mut random = Random::new(seed);
        let coarse = 1.0 + random.unit() * random.unit() * 30.0;
        let tables = (0..sampling.len()).map(|_| table(&mut random, coarse, 255)).collect();
        let mut picture = Self::grey(width, height, sampling, tables);
        for component in &mut picture.components {
            let table = picture.tables[usize::from(component.table)];
            let (a, b, c) = (random.unit(), random.unit(), random.unit() * 6.0);
            for (index, block) in component.blocks.iter_mut().enumerate() {
                let (x, y) = (index % component.blocks_wide, index / component.blocks_wide);
                let level = 480.0 * (a * x as f64 + b * y as f64 + c).sin() + random.laplacian(20.0);
                *block = photograph(&mut random, level, &table, busy);
            }
        }
        picture
    }

    /// Coefficients at the ends of what a file can say (T.81 F.1.2: DC differences of 11 bits, AC of 10),
    /// and tables of any 16-bit value: nothing that a camera writes.
    pub fn extreme(seed: u64, width: usize, height: usize, sampling: Sampling<'_>) -> Self {
        let mut random = Random::new(seed);
        let tables = (0..sampling.len()).map(|_| table(&mut random, 100.0, 65_535)).collect();
        let mut picture = Self::grey(width, height, sampling, tables);
        for block in picture.components.iter_mut().flat_map(|component| &mut component.blocks) {
            for coefficient in block.iter_mut() {
                *coefficient = [-1023, -1, 0, 0, 1, 1023][random.below(6)];
            }
            block[0] = [-1024, -1023, -1, 0, 1, 1023][random.below(6)];
        }
        picture
    }

    /// The forward DCT of real samples. `sample` gives component, column and row in the component's own
    /// resolution a level from 0 to 255; samples outside repeat the edge. Component n uses table n, or the
    /// last.
    pub fn from_samples(
        width: usize,
        height: usize,
        sampling: Sampling<'_>,
        tables: Vec<[u16; 64]>,
        sample: impl Fn(usize, usize, usize) -> f64,
    ) -> Self {
        let mut picture = Self::grey(width, height, sampling, tables);
        for (c, component) in picture.components.iter_mut().enumerate() {
            let table = picture.tables[usize::from(component.table)];
            for (index, block) in component.blocks.iter_mut().enumerate() {
                let (left, top) = (index % component.blocks_wide * 8, index / component.blocks_wide * 8);
                let mut samples = [0.0; 64];
                for (i, level) in samples.iter_mut().enumerate() {
                    let x = (left + i % 8).min(component.width - 1);
                    let y = (top + i / 8).min(component.height - 1);
                    *level = sample(c, x, y) - 128.0;
                }
                *block = quantise(&forward(&samples), &table);
            }
        }
        picture
    }

    /// Every coefficient zero; identifiers 1, 2, 3, 4.
    pub fn grey(width: usize, height: usize, sampling: Sampling<'_>, tables: Vec<[u16; 64]>) -> Self {
        let h_max = usize::from(sampling.iter().map(|s| s.0).max().unwrap());
        let v_max = usize::from(sampling.iter().map(|s| s.1).max().unwrap());
        let mcus = (width.div_ceil(8 * h_max), height.div_ceil(8 * v_max));
        let components = sampling.iter().enumerate().map(|(index, &(h, v))| {
            let samples = (width * usize::from(h)).div_ceil(h_max);
            let rows = (height * usize::from(v)).div_ceil(v_max);
            let (blocks_wide, blocks_high) = (mcus.0 * usize::from(h), mcus.1 * usize::from(v));
            Component {
                id: index as u8 + 1,
                h,
                v,
                table: index.min(tables.len() - 1) as u8,
                width: samples,
                height: rows,
                visible_wide: samples.div_ceil(8),
                visible_high: rows.div_ceil(8),
                blocks_wide,
                blocks_high,
                blocks: vec![[0; 64]; blocks_wide * blocks_high],
            }
        });
        let components = components.collect();
        Self { width, height, tables, components }
    }
}

/// A quantisation table that grows with frequency, entries at most `largest`.
fn table(random: &mut Random, coarse: f64, largest: u16) -> [u16; 64] {
    let mut table = [0; 64];
    for (i, entry) in table.iter_mut().enumerate() {
        let frequency = (i % 8 + i / 8) as f64;
        let step = coarse * (0.5 + 0.3 * frequency + random.unit());
        *entry = (step.clamp(1.0, f64::from(largest))) as u16;
        if largest > 255 && random.one_in(2) {
            *entry = random.below(usize::from(largest)) as u16 + 1;
        }
    }
    table
}

/// One block whose DC is near `level` and whose AC decays with frequency.
fn photograph(random: &mut Random, level: f64, table: &[u16; 64], busy: f64) -> [i16; 64] {
    let mut coefficients = [0.0; 64];
    coefficients[0] = level;
    let flat = random.unit() > busy * 3.0;
    if !flat {
        let contrast = busy * random.unit() * 400.0;
        for (i, coefficient) in coefficients.iter_mut().enumerate().skip(1) {
            let frequency = (i % 8 + i / 8) as f64;
            *coefficient = random.laplacian(contrast / (frequency * frequency + 1.0));
        }
    }
    let mut block = quantise(&coefficients, table);
    for coefficient in block.iter_mut().skip(1) {
        if *coefficient == 0 && random.unit() < busy.powi(4) {
            *coefficient = random.sign() as i16;
        }
    }
    block
}

fn quantise(coefficients: &[f64; 64], table: &[u16; 64]) -> [i16; 64] {
    let mut block = [0; 64];
    for (i, coefficient) in block.iter_mut().enumerate() {
        let least = if i == 0 { -1024.0 } else { -1023.0 };
        *coefficient = (coefficients[i] / f64::from(table[i])).round().clamp(least, 1023.0) as i16;
    }
    block
}

/// The forward DCT of T.81 A.3.3, rows and then columns.
fn forward(samples: &[f64; 64]) -> [f64; 64] {
    let mut cosines = [0.0; 64];
    for (i, cosine) in cosines.iter_mut().enumerate() {
        let (u, x) = ((i / 8) as f64, (i % 8) as f64);
        let scale = if u == 0.0 { 0.5f64.sqrt() } else { 1.0 };
        *cosine = scale / 2.0 * ((2.0 * x + 1.0) * u * PI / 16.0).cos();
    }
    let mut rows = [0.0; 64];
    let mut coefficients = [0.0; 64];
    for (i, sum) in rows.iter_mut().enumerate() {
        let (y, u) = (i / 8, i % 8);
        *sum = (0..8).map(|x| cosines[u * 8 + x] * samples[y * 8 + x]).sum();
    }
    for (i, sum) in coefficients.iter_mut().enumerate() {
        let (v, u) = (i / 8, i % 8);
        *sum = (0..8).map(|y| cosines[v * 8 + y] * rows[y * 8 + u]).sum();
    }
    coefficients
}
