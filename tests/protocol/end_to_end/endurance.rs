//! The memory of a process that handles events for days, against that of the function.
//!
//! Messages of several records come in random order: images of every format, damaged ones, large ones, and strips that
//! are much longer than wide, for one thumbnail or for four. `scripts/soak` runs the long form.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use fastrand::Rng;
use scf_local::event;
use serde_json::Value;

use crate::setup::{Options, SOURCE, Setup, TARGET, jpeg_of, small_jpeg, tiff_with_directory_last};

/// One rule for a thumbnail of a photo page, one for a set of four.
const RULES: &str = r#"{"rules": [
    {"source": {"prefix": "one/"}, "thumbnails": "300x300"},
    {"source": {"prefix": "four/"}, "thumbnails": {"a": "1600x1600", "b": "800x800", "c": "400x400", "d": "150x150"}}
]}"#;

/// Records of one message, at most.
const MOST_RECORDS: usize = 6;

/// Records of the short form.
const SHORT: usize = 120;

/// Records after which growth counts. Those before fill what stays: caches, connections, the heap of the decoder.
const WARM_UP: usize = 500;

/// Records between two looks at the memory that stays.
const PROBE_EVERY: usize = 25;

/// Number of records; that of the long form is set by `scripts/soak`.
fn records() -> usize {
    std::env::var("SOAK_RECORDS").map_or(SHORT, |count| count.parse().unwrap())
}

fn images_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            images_below(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// A PNG of one column.
fn narrow_png() -> Vec<u8> {
    const HEIGHT: u32 = 3_000_000;
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 1, HEIGHT);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&vec![0; usize::try_from(HEIGHT).unwrap()]).unwrap();
    file
}

/// A BMP of ten columns without most of its pixels.
fn narrow_bmp() -> Vec<u8> {
    const SIZE: [u32; 2] = [10, 10_000_000];
    let header = [[54, 40], SIZE, [1 | 24 << 16, 0], [0; 2], [0; 2], [0; 2]];
    let mut file = b"BM\0\0\0\0\0\0\0\0".to_vec();
    file.extend(header.as_flattened().iter().flat_map(|field| field.to_le_bytes()));
    file.extend([90; 3200]);
    file
}

/// A name and the bytes of a source.
type Source = (String, Bytes);

/// The sources: all images of `tests/data`, and large ones.
fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    images_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data"), &mut paths);
    paths.sort();
    let read = |path: &PathBuf| (path.display().to_string(), Bytes::from(std::fs::read(path).unwrap()));
    let mut sources: Vec<Source> = paths.iter().map(read).collect();
    let large = [
        ("12 megapixels", jpeg_of(4000, 3000)),
        ("24 megapixels", jpeg_of(6000, 4000)),
        ("TIFF with its directory last", tiff_with_directory_last(2500, 2500)),
        ("narrow PNG", narrow_png()),
        ("narrow BMP", narrow_bmp()),
    ];
    let large = large.map(|(name, bytes)| (name.to_owned(), Bytes::from(bytes)));
    // Large ones must not be rare.
    for _ in 0..paths.len() / 60 {
        sources.extend(large.clone());
    }
    sources
}

/// Memory that a process holds while it handles a small image, MB.
async fn probe(setup: &Setup) -> f64 {
    let response = setup.thumbnail_of("one/probe.jpg", small_jpeg()).await;
    setup.cos.delete(TARGET, "one/probe.jpg");
    megabytes(response.0.peak_rss)
}

#[expect(clippy::cast_precision_loss, reason = "below 2^52")]
fn megabytes(bytes: Option<u64>) -> f64 {
    bytes.expect("the process has ended") as f64 / 1024.0 / 1024.0
}

/// Slope of the least squares line through points, MB per 1000 records.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = f64::from(u32::try_from(points.len()).unwrap());
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let above: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let below: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    above / below * 1000.0
}

/// Handles `records` records in a function of `memory_mb`.
async fn endure(memory_mb: u64, records: usize) {
    let setup = Setup::with(Options { memory_mb, rules: Some(RULES), ..Options::default() }).await;
    let (sources, mut random) = (sources(), Rng::with_seed(memory_mb));
    let (mut done, mut next_probe, mut stored) = (0, WARM_UP, 0);
    let (mut peak, mut at_peak, mut at_rest) = (0.0_f64, Vec::new(), Vec::new());
    while done < records {
        let mut messages = Vec::new();
        let mut keys = Vec::new();
        let count = random.usize(1..=MOST_RECORDS);
        let chosen: Vec<&Source> = (0..count).map(|_| &sources[random.usize(..sources.len())]).collect();
        for (number, (_, bytes)) in (done..).zip(&chosen) {
            let key = format!("{}/{number}", random.choice(["one", "four"]).unwrap());
            messages.push(setup.upload(&key, bytes.clone()).await);
            keys.push(key);
        }
        let response = setup.invoke(&event::merged(&messages)).await;
        let taken = megabytes(response.0.peak_rss);
        if taken > peak {
            (peak, at_peak) = (taken, chosen.iter().map(|(name, _)| name).collect());
        }
        let is_stored = |outcome: &&Value| outcome["outcome"] == "stored";
        stored += response.outcomes().iter().filter(is_stored).count();
        keys.iter().for_each(|key| setup.cos.delete(SOURCE, key));
        setup.cos.keys(TARGET).iter().for_each(|key| setup.cos.delete(TARGET, key));
        done += count;
        if done >= next_probe {
            let at = f64::from(u32::try_from(done).unwrap());
            at_rest.push((at, probe(&setup).await));
            next_probe = done + PROBE_EVERY;
        }
    }
    println!("{memory_mb} MB: {done} records, {stored} stored, peak {peak:.1} MB; at rest {at_rest:.1?}");
    assert!(stored * 2 > done, "{stored} of {done}");
    let limit = f64::from(u32::try_from(memory_mb).unwrap());
    assert!(peak <= limit, "{peak:.1} MB in a function of {memory_mb} MB: {at_peak:?}");
    if at_rest.len() > 1 {
        let slope = slope(&at_rest);
        println!("{memory_mb} MB: {slope:.2} MB more for every 1000 records");
        assert!(slope <= 1.0, "{slope:.2} MB more for every 1000 records: {at_rest:?}");
    }
}

/// AV1 decoders left memory behind for every picture.
#[tokio::test]
async fn small_images_leave_no_memory_behind() {
    const ROUNDS: u32 = 6;
    let setup = Setup::new().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let names = ["grid.avif", "rgba.avif", "animated.gif", "rgba.webp", "interlaced.png", "progressive.jpg"];
    let sources = names.map(|name| std::fs::read(folder.join(name)).unwrap());
    let mut at_rest = Vec::new();
    for _ in 0..ROUNDS {
        for number in 0..20 {
            let mut messages = Vec::new();
            for (name, source) in names.iter().zip(&sources) {
                messages.push(setup.upload(&format!("one/{number}/{name}"), source.clone()).await);
            }
            setup.invoke(&event::merged(&messages)).await;
            setup.cos.keys(TARGET).iter().for_each(|key| setup.cos.delete(TARGET, key));
        }
        at_rest.push(probe(&setup).await);
    }
    let growth = at_rest[at_rest.len() - 1] - at_rest[1];
    assert!(growth < 1.0, "{growth:.2} MB more after {} images: {at_rest:?}", (ROUNDS - 2) * 120);
}

#[tokio::test]
async fn function_of_64_mb_stays_within_its_memory() {
    endure(64, records()).await;
}

#[tokio::test]
async fn function_of_128_mb_stays_within_its_memory() {
    endure(128, records()).await;
}

#[tokio::test]
async fn function_of_256_mb_stays_within_its_memory() {
    endure(256, records()).await;
}

#[tokio::test]
async fn function_of_512_mb_stays_within_its_memory() {
    endure(512, records()).await;
}
