//! Fits the quantisation tables of the writer to photographs, from flat ones.
//!
//! `cargo run --release --package thumbnail-jpeg --example fit_tables -- FOLDER [SWEEPS]`, where FOLDER has PNG files of
//! the size of thumbnails. The tables are printed after each sweep, in natural order, with the mean change of bytes.
//!
//! What is minimised are the bytes at equal SSIMULACRA2: each picture is written at the scales at which the tables of the
//! beginning of a sweep reach the scores 60, 70 and 80. A change of the tables changes bytes and score, and the score is
//! turned to bytes by the slope that the picture has between those scales. Coefficients are changed one after another,
//! at first in groups of equal frequency, and a change stays if it pays.

#![allow(clippy::print_stdout, reason = "the tables are the purpose")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a tool for developers, with arrays of 64"
)]

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::thread;

use fast_ssim2::{PixelDescriptor, PixelSlice, Ssimulacra2Reference};
use thumbnail_jpeg::{
    Channels, Effort, Order, Pixels, Sampling, Scale, Tables, Transformed, WriteOptions, decode,
};

const SCORES: [f64; 3] = [60.0, 70.0, 80.0];

/// Steps of the sweeps: a factor, and whether coefficients change in groups.
const SWEEPS: [(f64, bool); 7] =
    [(1.6, true), (1.35, true), (1.2, true), (1.1, true), (1.25, false), (1.15, false), (1.1, false)];

/// Logarithms of the tables of luma and chroma, in natural order.
type Steps = [[f64; 64]; 2];

struct Picture {
    width: u32,
    height: u32,
    transformed: Transformed,
    reference: Ssimulacra2Reference,
}

/// A picture at one score.
#[derive(Clone, Copy)]
struct Anchor {
    picture: usize,
    scale: f64,
    score: f64,
    /// Change of the logarithm of the bytes for one point.
    slope: f64,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().expect("fit_tables FOLDER [SWEEPS]");
    let sweeps: usize =
        arguments.next().map_or(SWEEPS.len(), |text| text.parse().expect("a number of sweeps"));
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let pictures: Vec<_> = files.iter().map(|file| Picture::read(file)).collect();
    // Flat, with steps that are neither all 1 nor all 255 at the scales of the scores.
    let mut steps: Steps = [[40_f64.ln(); 64]; 2];
    let mut all = 0.0;
    for (factor, in_groups) in SWEEPS.into_iter().take(sweeps) {
        let anchors = anchors(&pictures, &steps);
        let start = cost(&pictures, &anchors, &steps);
        let mut least = start;
        for group in groups(in_groups) {
            for change in [factor.ln(), -factor.ln()] {
                let mut changed = steps;
                for (table, place) in &group {
                    changed[*table][*place] += change;
                }
                let cost = cost(&pictures, &anchors, &changed);
                if cost < least {
                    (steps, least) = (changed, cost);
                    break;
                }
            }
        }
        all += least - start;
        println!(
            "steps of {factor}: {:+.4} of the bytes, {:+.4} in all",
            (least - start).exp() - 1.0,
            all.exp() - 1.0
        );
        print(&steps);
    }
}

/// Coefficients that change together: of one frequency and direction, or each for itself.
fn groups(in_groups: bool) -> Vec<Vec<(usize, usize)>> {
    let mut groups = Vec::new();
    for table in 0..2 {
        if in_groups {
            for frequency in 0..15 {
                let places = (0..64).filter(|place| place / 8 + place % 8 == frequency);
                groups.push(places.map(|place| (table, place)).collect());
            }
        } else {
            groups.extend((0..64).map(|place| vec![(table, place)]));
        }
    }
    groups
}

impl Picture {
    fn read(path: &Path) -> Self {
        let mut decoder = png::Decoder::new(BufReader::new(File::open(path).unwrap()));
        decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
        let mut reader = decoder.read_info().unwrap();
        let mut samples = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut samples).unwrap();
        assert_eq!(info.color_type, png::ColorType::Rgb, "{}", path.display());
        let (width, height) = (info.width, info.height);
        let pixels = Pixels {
            width: u16::try_from(width).unwrap(),
            height: u16::try_from(height).unwrap(),
            samples: &samples,
            channels: Channels::Rgb,
        };
        let transformed = Transformed::new(&pixels, Sampling::Quarter).unwrap();
        let reference = Ssimulacra2Reference::new(&slice(&samples, width, height)).unwrap();
        Self { width, height, transformed, reference }
    }

    /// The logarithm of the bytes, and the score.
    fn write(&self, steps: &Steps, scale: f64) -> (f64, f64) {
        let [luma, chroma] = steps.map(|table| {
            table.map(|step| {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 255")]
                let step = (step.exp() * scale).round().clamp(1.0, 255.0) as u8;
                step
            })
        });
        let options = WriteOptions {
            tables: Tables::new(luma, chroma),
            effort: Effort::Usual,
            order: Order::Baseline,
            exif: None,
            xmp: None,
            icc: None,
        };
        let file = self.transformed.write(&options).unwrap();
        let mut samples = Vec::new();
        decode(file.as_slice(), Scale::Full, |row| samples.extend_from_slice(row)).unwrap();
        let score = self.reference.compare(&slice(&samples, self.width, self.height)).unwrap();
        (f64::from(u32::try_from(file.len()).unwrap()).ln(), score)
    }

    /// The scale at which a score is reached, by bisection of its logarithm.
    fn scale_at(&self, steps: &Steps, score: f64) -> f64 {
        let (mut low, mut high) = (0.02_f64.ln(), 6_f64.ln());
        for _ in 0..9 {
            let middle = f64::midpoint(low, high);
            if self.write(steps, middle.exp()).1 > score { low = middle } else { high = middle }
        }
        f64::midpoint(low, high).exp()
    }

    fn anchors(&self, number: usize, steps: &Steps) -> Vec<Anchor> {
        SCORES
            .into_iter()
            .map(|score| {
                let scale = self.scale_at(steps, score);
                let (finer, coarser) = (self.write(steps, scale / 1.08), self.write(steps, scale * 1.08));
                let slope = ((finer.0 - coarser.0) / (finer.1 - coarser.1).max(0.1)).clamp(0.005, 0.1);
                Anchor { picture: number, scale, score, slope }
            })
            .collect()
    }
}

fn slice(samples: &[u8], width: u32, height: u32) -> PixelSlice<'_> {
    let stride = usize::try_from(width).unwrap() * 3;
    PixelSlice::new(samples, width, height, stride, PixelDescriptor::RGB8_SRGB).unwrap()
}

fn anchors(pictures: &[Picture], steps: &Steps) -> Vec<Anchor> {
    let numbers: Vec<usize> = (0..pictures.len()).collect();
    on_threads(&numbers, |number| pictures[*number].anchors(*number, steps)).concat()
}

/// The mean logarithm of the bytes at equal score.
fn cost(pictures: &[Picture], anchors: &[Anchor], steps: &Steps) -> f64 {
    let costs = on_threads(anchors, |anchor| {
        let (bytes, score) = pictures[anchor.picture].write(steps, anchor.scale);
        bytes - (score - anchor.score) * anchor.slope
    });
    costs.iter().sum::<f64>() / costs.len() as f64
}

/// The results of a function for all items, in no order, on all processors.
fn on_threads<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|first| {
                let work = &work;
                scope.spawn(move || items.iter().skip(first).step_by(threads).map(work).collect::<Vec<_>>())
            })
            .collect();
        handles.into_iter().flat_map(|handle| handle.join().unwrap()).collect()
    })
}

/// The tables, in the order in which the writer has them.
fn print(steps: &Steps) {
    for (name, table) in [("luma", steps[0]), ("chroma", steps[1])] {
        println!("{name}");
        for row in table.chunks_exact(8) {
            println!(
                "  {}",
                row.iter().map(|step| format!("{:5.1}", step.exp())).collect::<Vec<_>>().join(" ")
            );
        }
    }
}
