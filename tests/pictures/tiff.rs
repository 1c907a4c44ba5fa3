//! TIFF files that are damaged, or that ask for more work than they are worth.

use std::time::{Duration, Instant};

use cos_thumbnailer::imaging::{Cancel, Error, Limits, Tolerance, Upright, render};
use cos_thumbnailer::recipe::{Format, Recipe};

use crate::files::{tiff_directory, tiff_header};
use crate::fixture::{LIMITS, data, open, run};

/// Compression by Deflate.
const DEFLATE: u32 = 8;

/// A TIFF of grey rows in strips, the directory before or behind them.
fn strips(width: u32, rows: u32, compression: u32, strips: &[Vec<u8>], directory_first: bool) -> Vec<u8> {
    let count = u32::try_from(strips.len()).unwrap();
    let entries = |offsets: u32, lengths: u32| {
        let tags = [
            (256, 1, width),
            (257, 1, rows * count),
            (258, 1, 8),
            (259, 1, compression),
            (262, 1, 1),
            (273, count, offsets),
            (277, 1, 1),
            (278, 1, rows),
            (279, count, lengths),
        ];
        tiff_directory(&tags)
    };
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap();
    let (directory, lists) = (length(&entries(0, 0)), count * 4);
    let body = length(&strips.concat());
    let (at, first) = if directory_first { (8, 8 + directory + lists * 2) } else { (8 + body, 8) };
    let offsets = strips.iter().scan(first, |next, strip| {
        let start = *next;
        *next += length(strip);
        Some(start.to_le_bytes())
    });
    let offsets: Vec<u8> = offsets.flatten().collect();
    let lengths: Vec<u8> = strips.iter().flat_map(|strip| length(strip).to_le_bytes()).collect();
    let directory = [entries(at + directory, at + directory + lists), offsets, lengths].concat();
    let parts = if directory_first { [directory, strips.concat()] } else { [strips.concat(), directory] };
    [tiff_header(at), parts.concat()].concat()
}

/// Rows of a gradient, in 25 strips of four rows.
fn gradient() -> Vec<Vec<u8>> {
    let pixel = |x: u8, y: u8| x.wrapping_mul(2).wrapping_add(y);
    let rows: Vec<u8> = (0..100).flat_map(|y| (0..120).map(move |x| pixel(x, y))).collect();
    rows.chunks(120 * 4).map(fdeflate::compress_to_vec).collect()
}

fn as_png() -> Recipe {
    Recipe { format: Some(Format::Png), ..Recipe::fit_inside(120, 120) }
}

#[test]
fn strip_that_cannot_be_decoded_is_filled_in_and_counted() {
    let whole = open(
        &run(&strips(120, 4, DEFLATE, &gradient(), true), &[&as_png()]).unwrap().thumbnails[0]
            .as_ref()
            .unwrap()
            .bytes,
    );
    for (directory_first, how) in [(true, "corrupt"), (false, "corrupt"), (true, "empty"), (false, "empty")] {
        let mut parts = gradient();
        match how {
            "empty" => parts[7].truncate(1),
            _ => parts[7][2..].fill(0xff),
        }
        let file = strips(120, 4, DEFLATE, &parts, directory_first);
        let rendering = run(&file, &[&as_png()]).unwrap();
        assert_eq!(rendering.source.damaged.map(u8::from), Some(4), "{how}, {directory_first}");
        let picture = open(&rendering.thumbnails[0].as_ref().unwrap().bytes);
        for (x, y, pixel) in picture.enumerate_pixels() {
            let expected = if (28..32).contains(&y) { 128 } else { whole.get_pixel(x, y).0[0] };
            assert_eq!(pixel.0[0], expected, "{how}, {directory_first}: {x}, {y}");
        }
        let limits = Limits { damage: Tolerance::Nothing, ..LIMITS };
        let strict =
            render(file.as_slice(), None, &[&as_png()], Upright::ByExif, &limits, &Cancel::default());
        assert!(matches!(strict, Err(Error::Damaged { .. })), "{how}, {directory_first}");
    }
}

#[test]
fn cut_file_is_shown_if_most_of_it_is_there() {
    let rows: Vec<Vec<u8>> =
        gradient().iter().map(|strip| fdeflate::decompress_to_vec(strip).unwrap()).collect();
    for (compression, parts) in [(DEFLATE, gradient()), (1, rows)] {
        let file = strips(120, 4, compression, &parts, true);
        let directory = file.len() - parts.concat().len();
        let cut = |share: usize| run(&file[..directory + parts.concat().len() * share / 100], &[&as_png()]);
        let damaged = cut(95).unwrap().source.damaged.map_or(0, u8::from);
        assert!((4..=9).contains(&damaged), "{damaged} %");
        let refusal = cut(60).map(|_| ()).unwrap_err().to_string();
        assert!(refusal.contains("% of the picture is lost"), "{refusal}");
    }
}

#[test]
fn fax_with_bad_lines_is_shown_as_far_as_it_is_good() {
    let mut file = data("small/bilevel.group3.tif");
    let whole = run(&file, &[&as_png()]).unwrap();
    assert_eq!(whole.source.damaged, None);
    // The strip follows the header.
    file[60] ^= 0x20;
    let bad = run(&file, &[&as_png()]).unwrap();
    let damaged = bad.source.damaged.map_or(0, u8::from);
    assert!((1..=9).contains(&damaged), "{damaged} %");
}

/// Time that a refusal of a bomb may take in a test build.
const PROMPT: Duration = Duration::from_secs(2);

/// Checks that a file is refused at once for its work.
fn assert_refused(name: &str, file: &[u8]) {
    let limits = Limits { max_pixels: 250_000_000, memory: 500_000_000, ..LIMITS };
    let start = Instant::now();
    let length = u64::try_from(file.len()).ok();
    let refusal =
        render(file, length, &[&as_png()], Upright::ByExif, &limits, &Cancel::default()).map(|_| ());
    assert!(matches!(refusal, Err(Error::Unsupported { .. })), "{name}: {refusal:?}");
    assert!(start.elapsed() < PROMPT, "{name}: {:?}", start.elapsed());
}

#[test]
fn samples_beyond_the_worth_of_a_file_are_refused() {
    let file = data("faults/tiff-16-samples-of-31-bits.tif");
    assert_refused("16 samples of 31 bits", &file);
}

/// Offsets and lengths of all chunks are the same few bytes.
#[test]
fn chunks_beyond_the_worth_of_a_file_are_refused() {
    const BYTE: [u8; 4] = [1, 0, 0, 0];
    let jpeg = data("grey.jpg");
    // Width and height of the image and of its tiles, and the compression.
    for (name, [width, height, across, down, compression]) in [
        ("tiles of one pixel", [1000, 1000, 1, 1, DEFLATE]),
        ("tiles far larger than the image", [16, 16000, 1_000_000, 16, 5]),
        ("rows of JPEG", [1, 100_000, 1, 1, 7]),
        ("fax of the same bytes", [8, 1_000_000, 8, 1, 4]),
    ] {
        let tiles = width.div_ceil(across) * height.div_ceil(down);
        let bits = if compression == 4 { 1 } else { 8 };
        let lists = 8 + 2 + 10 * 12 + 4;
        let tags = [
            (256, 1, width),
            (257, 1, height),
            (258, 1, bits),
            (259, 1, compression),
            (262, 1, 1),
            (277, 1, 1),
            (322, 1, across),
            (323, 1, down),
            (324, tiles, lists),
            (325, tiles, lists),
        ];
        let mut directory = tiff_directory(&tags);
        for entry in [8, 9] {
            // Lists of bytes, which are short.
            directory[2 + entry * 12 + 2..][..2].copy_from_slice(&BYTE[..2]);
        }
        let mut file = [tiff_header(8), directory].concat();
        file.resize(file.len() + usize::try_from(tiles).unwrap(), 255);
        file.extend(&jpeg);
        file.resize(file.len().max(100_000), 0);
        assert_refused(name, &file);
    }
}
