//! The peak memory of the real program, against the memory that it was allowed.
//!
//! A function reserves 24 MB for itself and gives the rest to pixels. Each image is either rendered within that or
//! refused, and refused only if at least 4/5 of the function's memory would have been needed.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::files::{bmp_header, passes, png_header, png_of_rows, tiff_directory, tiff_header};

/// Memory sizes of functions, MB.
const FUNCTIONS: [u64; 4] = [64, 128, 256, 512];

/// Memory that a function reserves for itself, MB.
const OWN: u64 = 24;

/// One rendering in a process of its own.
struct Run {
    /// The error sentence, if any.
    refusal: Option<String>,
    /// Peak of the whole process, MB.
    peak: f64,
}

/// The thumbnail to render: fitted inside a square, in this format; with the mode `multi` of 1600, 800, 400 and 150 px at
/// once.
#[derive(Clone, Copy)]
struct Request<'a> {
    mode: &'a str,
    side: u32,
    format: &'a str,
    options: &'a str,
    threads: usize,
}

/// Renders a file with `memory` MB for pixels.
fn run(file: &Path, request: Request<'_>, memory: Option<u64>) -> Run {
    let folder = Folder::new();
    let Request { mode, side, format, options, threads } = request;
    let job = json!({"src": file, "dst": folder.0.path().join("thumbnail"), "mode": mode, "box": side, "fmt": format, "q": 80, "memory": memory,
        "options": options, "threads": threads});
    let mut program = Command::new(env!("CARGO_BIN_EXE_cos-thumbnailer"))
        .args(["render", "--serve"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(program.stdin.take().unwrap(), "{job}").unwrap();
    let output = program.wait_with_output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    Run {
        refusal: answer.get("err").and_then(Value::as_str).map(str::to_owned),
        peak: answer.get("rss_kb").and_then(Value::as_f64).unwrap() / 1024.0,
    }
}

/// Peak of the process for an image of a few pixels, MB.
fn idle() -> f64 {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let request = Request { mode: "", side: 1, format: "png", options: "", threads: 1 };
    run(&folder.join("pngsuite/basn0g01.png"), request, None).peak
}

/// Checks one file in functions of all sizes; returns how many of them render it.
fn check(file: &Path, side: u32, format: &str) -> usize {
    check_as(file, Request { mode: "", side, format, options: "", threads: 1 })
}

fn check_as(file: &Path, request: Request<'_>) -> usize {
    let Request { mode, side, format, options, threads } = request;
    let name = file.file_name().unwrap().display();
    let name = format!("{name} to {side} px of {format}, {options:?} {mode}, {threads} threads");
    let free = run(file, request, None);
    if let Some(refusal) = free.refusal {
        assert!(!refusal.contains("of memory"), "{name}: {refusal}");
        return 0;
    }
    let needed = free.peak - idle() + f64::from(u32::try_from(OWN).unwrap());
    let mut renderings = 0;
    for function in FUNCTIONS {
        let size = f64::from(u32::try_from(function).unwrap());
        let Run { refusal, peak } = run(file, request, Some(function - OWN));
        println!("{name}: {needed:.0} MB in {function}: {peak:.0}, {}", refusal.as_deref().unwrap_or("made"));
        assert!(peak <= size, "{name}: {peak:.0} MB in a function of {function}");
        match refusal {
            None => renderings += 1,
            Some(refusal) => {
                assert!(refusal.contains("of memory"), "{name}: {refusal}");
                assert!(
                    needed * 1.25 > size,
                    "{name}: refused in {function} MB, and {needed:.0} are enough: {refusal}"
                );
            }
        }
    }
    renderings
}

/// A temporary folder for files.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

/// Samples of an image that is neither flat nor noise.
fn samples(width: u32, height: u32, channels: usize) -> Vec<u8> {
    let pixel = |x: u32, y: u32| {
        let (pattern, noise) = ((x / 7) ^ (y / 5), x.wrapping_mul(0x9e37_79b9) ^ y.wrapping_mul(0x85eb_ca6b));
        [pattern, x / 16, y / 12, (noise >> 29) + ((x / 8) & 0xf0)]
    };
    let byte = |sample: u32| u8::try_from(sample & 0xff).unwrap();
    let rows = (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y).into_iter().take(channels)));
    rows.map(byte).collect()
}

fn jpeg(width: u16, height: u16, prepare: impl FnOnce(&mut jpeg_encoder::Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 88);
    prepare(&mut encoder);
    let samples = samples(width.into(), height.into(), 3);
    encoder.encode(&samples, width, height, jpeg_encoder::ColorType::Rgb).unwrap();
    file
}

#[test]
fn jpeg_of_24_megapixels() {
    use jpeg_encoder::SamplingFactor;
    let folder = Folder::new();
    let baseline = jpeg(6000, 4000, |encoder| encoder.set_sampling_factor(SamplingFactor::R_4_2_0));
    let baseline = folder.file("baseline.jpg", &baseline);
    assert_eq!(check(&baseline, 300, "jpeg"), 4);
    assert!(check(&baseline, 1600, "webp") > 0);
    assert_eq!(
        check_as(&baseline, Request { mode: "", side: 300, format: "jpeg", options: "", threads: 4 }),
        4
    );
    let light = Request { mode: "", side: 300, format: "jpeg", options: "linear/1", threads: 1 };
    assert_eq!(check_as(&baseline, light), 4);
    let four = Request { mode: "multi", side: 1600, format: "jpeg", options: "", threads: 1 };
    assert_eq!(check_as(&baseline, four), 4, "four sizes");
    let progressive =
        folder.file("progressive.jpg", &jpeg(6000, 4000, |encoder| encoder.set_progressive(true)));
    assert_eq!(check(&progressive, 300, "jpeg"), 4);
}

/// A PNG of 12 megapixels.
fn png(bits: u8, channels: usize, interlaced: bool) -> Vec<u8> {
    const SIZE: [u32; 2] = [4000, 3000];
    let pixel = channels * usize::from(bits) / 8;
    let row = 4000 * pixel;
    let samples = samples(SIZE[0] * u32::from(bits) / 8, SIZE[1], channels);
    let mut rows = Vec::new();
    for pass in passes(interlaced) {
        let [x, y, right, down] = pass.map(|number| usize::try_from(number).unwrap());
        for row in samples.chunks_exact(row).skip(y).step_by(down) {
            rows.push(0);
            row.chunks_exact(pixel).skip(x).step_by(right).for_each(|pixel| rows.extend(pixel));
        }
    }
    let color = if channels == 4 { 6 } else { 2 };
    png_of_rows(&png_header(SIZE, bits, color, interlaced), &rows)
}

#[test]
fn png_of_12_megapixels() {
    let folder = Folder::new();
    assert_eq!(check(&folder.file("rgb.png", &png(8, 3, false)), 300, "png"), 4);
    assert_eq!(check(&folder.file("deep.png", &png(16, 3, false)), 300, "jpeg"), 4);
    let alpha = folder.file("alpha.png", &png(8, 4, false));
    assert_eq!(check(&alpha, 300, "webp"), 4);
    assert!(check(&alpha, 1600, "jpeg") > 0);
}

#[test]
fn interlaced_png_of_12_megapixels() {
    let folder = Folder::new();
    assert_eq!(check(&folder.file("interlaced.png", &png(8, 3, true)), 300, "jpeg"), 4);
    assert!(check(&folder.file("deep.png", &png(16, 4, true)), 300, "png") >= 3);
}

#[cfg(feature = "libwebp")]
#[test]
fn webp_of_12_megapixels() {
    use webpx::{Encoder, EncoderConfig, Unstoppable};
    let folder = Folder::new();
    let (rgb, rgba) = (samples(4000, 3000, 3), samples(4000, 3000, 4));
    let lossy = || EncoderConfig::new().quality(75.0).method(0);
    let encode = |encoder: Encoder<'_>, config| encoder.config(config).encode(Unstoppable).unwrap();
    let file = folder.file("lossy.webp", &encode(Encoder::new_rgb(&rgb, 4000, 3000), lossy()));
    assert_eq!(check(&file, 300, "webp"), 4);
    let file = folder.file("alpha.webp", &encode(Encoder::new_rgba(&rgba, 4000, 3000), lossy()));
    assert!(check(&file, 300, "png") >= 3);
    let lossless = EncoderConfig::new().lossless(true).method(0).quality(0.0);
    let file = folder.file("lossless.webp", &encode(Encoder::new_rgb(&rgb, 4000, 3000), lossless));
    assert!(check(&file, 300, "jpeg") >= 3);
}

/// The image is smooth and its file small: the memory of the decoder depends on the size only.
#[test]
fn avif_of_12_megapixels() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/megapixels-12.avif");
    assert_eq!(check(&file, 300, "jpeg"), 4);
    assert!(check(&file, 1600, "jpeg") >= 3);
}

/// A smooth photograph, and hidden layers of a megapixel each.
#[cfg(feature = "jxl")]
#[test]
fn jxl_of_12_megapixels_and_of_layers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    assert_eq!(check(&folder.join("megapixels-12.jxl"), 300, "jpeg"), 3);
    let layers = folder.join("jxlsuite/blend-modes.jxl");
    let request = Request { mode: "", side: 300, format: "png", options: "", threads: 1 };
    let Run { refusal, peak } = run(&layers, request, Some(64 - OWN));
    assert!(refusal.is_some_and(|refusal| refusal.contains("of memory")));
    assert!(peak <= 64.0, "{peak:.0} MB");
}

#[test]
fn avif_out_of_2_megapixels() {
    let folder = Folder::new();
    let photo = jpeg(1600, 1200, |encoder| encoder.set_optimized_huffman_tables(true));
    let photo = folder.file("photo.jpg", &photo);
    assert_eq!(check(&photo, 300, "avif"), 4);
    assert!(check(&photo, 1000, "avif") > 0);
    let scored = Request { mode: "", side: 600, format: "avif", options: "quality/auto:80", threads: 1 };
    assert!(check_as(&photo, scored) > 0);
}

/// A TIFF of RGB of eight bits, directory first. All tiles are the same bytes.
fn tiff(size: [u32; 2], tile: [u32; 2]) -> Vec<u8> {
    let tiles = size[0].div_ceil(tile[0]) * size[1].div_ceil(tile[1]);
    let samples = samples(tile[0], tile[1], 3);
    let coded = fdeflate::compress_to_vec(&samples);
    let entries = 10_u32;
    let lists = 8 + 2 + entries * 12 + 4;
    let (offsets, counts, data) = (lists, lists + tiles * 4, lists + tiles * 8);
    let length = u32::try_from(coded.len()).unwrap();
    let tags: [(u16, u32, u32); 10] = [
        (256, 1, size[0]),
        (257, 1, size[1]),
        (258, 1, 8),
        (259, 1, 8),
        (262, 1, 2),
        (277, 1, 3),
        (322, 1, tile[0]),
        (323, 1, tile[1]),
        (324, tiles, offsets),
        (325, tiles, counts),
    ];
    let mut file = [tiff_header(8), tiff_directory(&tags)].concat();
    file.extend(data.to_le_bytes().repeat(usize::try_from(tiles).unwrap()));
    file.extend(length.to_le_bytes().repeat(usize::try_from(tiles).unwrap()));
    file.extend(coded);
    file
}

#[test]
fn tiff_of_12_megapixels() {
    let folder = Folder::new();
    assert_eq!(check(&folder.file("small-tiles.tif", &tiff([4096, 3072], [256, 256])), 300, "jpeg"), 4);
    assert!(check(&folder.file("large-tiles.tif", &tiff([4096, 4096], [2048, 2048])), 300, "jpeg") >= 3);
}

#[test]
fn bmp_and_gif_of_12_megapixels() {
    let folder = Folder::new();
    let mut bmp = bmp_header(4000, 3000);
    bmp.extend(samples(4000, 3000, 3));
    assert_eq!(check(&folder.file("rgb.bmp", &bmp), 300, "jpeg"), 4);
    let palette: Vec<u8> = (0..=255_u8).flat_map(|level| [level, level / 2, 255 - level]).collect();
    let mut gif = Vec::new();
    let mut encoder = gif::Encoder::new(&mut gif, 4000, 3000, &palette).unwrap();
    let frame = gif::Frame::from_indexed_pixels(4000, 3000, samples(4000, 3000, 1), None);
    encoder.write_frame(&frame).unwrap();
    drop(encoder);
    assert_eq!(check(&folder.file("palette.gif", &gif), 300, "gif"), 4);
}

/// The resampler's weights for the long side alone would take more than the smallest functions have.
#[test]
fn images_of_millions_of_rows_or_columns() {
    let folder = Folder::new();
    let flat = |size: [u32; 2]| {
        let rows = vec![0; usize::try_from((size[0] + 1) * size[1]).unwrap()];
        png_of_rows(&png_header(size, 8, 0, false), &rows)
    };
    assert_eq!(check(&folder.file("column.png", &flat([1, 5_000_000])), 300, "jpeg"), 4);
    assert_eq!(check(&folder.file("row.png", &flat([3_000_000, 2])), 300, "jpeg"), 4);
    let squeezed = Request { mode: "", side: 300, format: "jpeg", options: "fit/exact", threads: 1 };
    assert_eq!(check_as(&folder.file("squeezed.png", &flat([1_000_000, 8])), squeezed), 4);
    let faults = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/faults");
    assert_eq!(check(&faults.join("tall-10x10000000.bmp"), 300, "jpeg"), 4);
}

/// The small images of the folder fit the smallest function.
#[test]
fn every_fixture() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut made = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_image = path.extension().is_some_and(|extension| {
            ["avif", "bmp", "gif", "jpg", "png", "tif", "webp"].iter().any(|known| extension == *known)
        });
        if is_image {
            made += usize::from(check(&path, 300, "jpeg") == FUNCTIONS.len());
        }
    }
    assert!(made > 50, "{made}");
}
