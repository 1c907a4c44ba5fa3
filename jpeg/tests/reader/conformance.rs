//! Files of other writers, compared with the pixels of libjpeg-turbo and of the reference reader; and every small
//! size.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use thumbnail_jpeg::Scale;

use crate::writer::{self, Picture, Process, Writing};
use crate::{SCALES, read, reference, skipped_codes};

/// Files that are refused, and the words that say why.
const REFUSED: [(&str, &str); 2] = [("lossless", "lossless coding"), ("twelve-bits", "12 bits a sample")];

/// Files with planes of a quarter of the resolution: libjpeg repeats their samples, and this crate interpolates them.
const INTERPOLATED: [&str; 3] = ["410", "411", "441"];

fn png(path: &std::path::Path) -> (u32, u32, Vec<u8>) {
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    (info.width, info.height, pixels)
}

#[test]
fn files_of_other_writers_give_the_pixels_of_libjpeg_turbo() {
    let (mut compared, mut refused) = (0, 0);
    for entry in std::fs::read_dir("../tests/data/conformance").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "jpg") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let file = std::fs::read(&path).unwrap();
        if let Some((_, words)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
            let refusal = read(&file, Scale::Full).unwrap_err().to_string();
            assert_eq!(refusal, format!("a JPEG with {words}"), "{name}");
            refused += 1;
            continue;
        }
        let (width, height, expected) = png(&path.with_extension("png"));
        let (summary, pixels) = read(&file, Scale::Full).unwrap();
        assert_eq!((summary.width, summary.height), (width, height), "{name}");
        assert_eq!(pixels.len(), expected.len(), "{name}");
        let most = pixels.iter().zip(&expected).map(|(have, want)| have.abs_diff(*want)).max().unwrap();
        let allowed = if INTERPOLATED.contains(&name.as_str()) { 8 } else { 1 };
        assert!(most <= allowed, "{name}: {most} levels off");
        if name == "progressive-without-dc" {
            assert_eq!(summary.lost, 1.0, "{name}");
        } else if !name.starts_with("arithmetic") {
            // The reference reader knows Huffman codes only.
            assert!(skipped_codes::compare(&name, &file, &reference::read(&file).unwrap()) > 0);
        }
        compared += 1;
    }
    assert_eq!((compared, refused), (27, REFUSED.len()));
}

/// The colour at a position: slopes, which survive any sampling of chroma.
fn color(x: f64, y: f64) -> [f64; 3] {
    [40.0 + 2.0 * x, 200.0 - 2.0 * y, 60.0 + x + y]
}

/// Largest difference of whole cells from the colours they show, levels.
fn off(pixels: &[u8], (width, height): (usize, usize), samples: usize) -> f64 {
    let across = (width * samples).div_ceil(8);
    let mut most = 0.0_f64;
    for (y, x) in (0..height * samples / 8).flat_map(|y| (0..width * samples / 8).map(move |x| (y, x))) {
        let middle = |at: usize| (at as f64 + 0.5) * 8.0 / samples as f64 - 0.5;
        let expected = color(middle(x), middle(y));
        let found = &pixels[(y * across + x) * 3..][..3];
        let differences = found.iter().zip(expected).map(|(have, want)| (f64::from(*have) - want).abs());
        most = differences.fold(most, f64::max);
    }
    most
}

#[test]
fn every_small_size_and_sampling_of_a_real_writer_is_read_in_place() {
    let samplings = [
        (SamplingFactor::R_4_4_4, 4.0),
        (SamplingFactor::R_4_2_2, 6.0),
        (SamplingFactor::R_4_4_0, 6.0),
        (SamplingFactor::R_4_2_0, 6.0),
        (SamplingFactor::R_4_1_1, 8.0),
        (SamplingFactor::R_4_1_0, 8.0),
        (SamplingFactor::R_4_4_1, 9.0),
        (SamplingFactor::R_4_2_1, 9.0),
    ];
    for (number, width) in (1..=70_usize).flat_map(|width| [(0, width), (1, width)]) {
        let height = 1 + (width * 37 + number * 23) % 70;
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x as f64, y as f64)));
        let picture: Vec<u8> = places.flat_map(|(x, y)| color(x, y)).map(|level| level as u8).collect();
        for (sampling, allowed) in samplings {
            let mut file = Vec::new();
            let mut encoder = Encoder::new(&mut file, 97);
            encoder.set_sampling_factor(sampling);
            encoder.set_progressive((width + number) % 3 == 0);
            encoder.set_restart_interval([0, 1, 3][(width + number) % 3]);
            encoder.encode(&picture, width as u16, height as u16, ColorType::Rgb).unwrap();
            for (scale, samples) in SCALES {
                let name = format!("{width}x{height} {sampling:?} {scale:?}");
                let (summary, pixels) = read(&file, scale).unwrap();
                let samples = samples as usize;
                let (cells, rows) = ((width * samples).div_ceil(8), (height * samples).div_ceil(8));
                assert_eq!((summary.width as usize, summary.height as usize), (cells, rows), "{name}");
                assert_eq!((pixels.len(), summary.lost), (cells * rows * 3, 0.0), "{name}");
                let off = off(&pixels, (width, height), samples);
                assert!(off <= allowed, "{name}: {off}");
            }
        }
    }
}

#[test]
fn flat_pictures_keep_their_colour_at_every_scale_and_sampling() {
    let factors = [(1, 1), (2, 1), (1, 2), (2, 2), (4, 1), (1, 4), (4, 2), (2, 4), (3, 2)];
    for (number, factors) in factors.into_iter().enumerate() {
        let (width, height) = (45 + number, 67 - number);
        let levels = [200.0, 30.0, 77.0];
        let picture =
            Picture::from_samples(width, height, &[factors, (1, 1), (1, 1)], vec![[1; 64]], |c, _, _| {
                levels[c]
            });
        for process in [Process::Baseline, Process::Progressive] {
            let scans = match process {
                Process::Progressive => writer::spectral_progression(&picture),
                _ => writer::together(&picture),
            };
            let writing = Writing { adobe: Some(0), jfif: false, ..Writing::new(process, scans) };
            let file = writer::write(&picture, &writing);
            for (scale, _) in SCALES {
                let (_, pixels) = read(&file, scale).unwrap();
                let is_kept = pixels.chunks(3).all(|pixel| pixel == [200, 30, 77]);
                assert!(is_kept, "{factors:?} {process:?} {scale:?}: {:?}", pixels.get(..12));
            }
        }
    }
}
