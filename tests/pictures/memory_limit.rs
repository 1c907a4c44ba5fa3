//! Sources that are decoded row by row fit a memory limit below the size of their pixels.

use std::io::{Cursor, Read, repeat};
use std::num::NonZeroUsize;

use cos_thumbnailer::imaging::{Cancel, Error, Limits, Rendering, Tolerance, Upright, render};
use cos_thumbnailer::recipe::Recipe;

use crate::files::{bmp_header, passes, png_header, png_of_rows, tiff_directory, tiff_header};

const WIDTH: u32 = 1500;
const HEIGHT: u32 = 1000;

/// Bytes of the pixels as RGB.
const PIXELS: u64 = WIDTH as u64 * HEIGHT as u64 * 3;

/// A memory limit below the size of the pixels, bytes.
const MEMORY: u64 = PIXELS / 6 * 5;

fn rendered(file: impl Read + Send, length: Option<u64>, memory: u64) -> Result<Rendering, Error> {
    let limits =
        Limits { max_pixels: u64::MAX, memory, damage: Tolerance::Nothing, threads: NonZeroUsize::MIN };
    render(file, length, &[&Recipe::fit_inside(100, 100)], Upright::ByExif, &limits, &Cancel::default())
}

/// A header, and all samples alike.
fn flat(header: Vec<u8>, sample: u8) -> impl Read + Send {
    Cursor::new(header).chain(repeat(sample).take(PIXELS))
}

/// The directory of a TIFF of RGB in one strip at this offset.
fn directory(strip: u32) -> Vec<u8> {
    let entries: [(u16, u32); 9] = [
        (256, WIDTH),
        (257, HEIGHT),
        (258, 8),
        (259, 1),
        (262, 2),
        (273, strip),
        (277, 3),
        (278, HEIGHT),
        (279, u32::try_from(PIXELS).unwrap()),
    ];
    tiff_directory(&entries.map(|(tag, value)| (tag, 1, value)))
}

#[test]
fn streamed_rows_are_not_held_in_memory() {
    let height = i32::try_from(HEIGHT).unwrap();
    for (name, header) in [
        ("BMP from the bottom", bmp_header(WIDTH, height)),
        ("BMP from the top", bmp_header(WIDTH, -height)),
        ("PNM", format!("P6 {WIDTH} {HEIGHT} 255\n").into_bytes()),
        ("TIFF whose directory comes first", [tiff_header(8), directory(8 + 114)].concat()),
    ] {
        let rendering =
            rendered(flat(header, 255), None, MEMORY).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((rendering.source.width, rendering.source.height), (WIDTH, HEIGHT), "{name}");
        assert!(rendering.thumbnails[0].is_ok(), "{name}");
    }
    // QOI: the byte 0xfd repeats the last pixel 62 times.
    let mut qoi = b"qoif".to_vec();
    qoi.extend([WIDTH, HEIGHT].map(u32::to_be_bytes).as_flattened());
    qoi.extend(b"\x03\0");
    assert!(rendered(Cursor::new(qoi).chain(repeat(0xfd)), None, MEMORY).unwrap().thumbnails[0].is_ok());
}

/// A black PNG, twice as wide and high, so that the constant memory of the decoder counts less.
fn black_png(interlaced: bool) -> Vec<u8> {
    const WIDTH: u32 = self::WIDTH * 2;
    const HEIGHT: u32 = self::HEIGHT * 2;
    let bytes = |&[x, y, right, down]: &[u32; 4]| {
        // Each row has a byte for its filter.
        (HEIGHT - y).div_ceil(down) * (1 + 3 * (WIDTH - x).div_ceil(right))
    };
    let rows = vec![0; usize::try_from(passes(interlaced).iter().map(bytes).sum::<u32>()).unwrap()];
    png_of_rows(&png_header([WIDTH, HEIGHT], 8, 2, interlaced), &rows)
}

#[test]
fn png_is_reduced_while_it_is_read_interlaced_or_not() {
    for interlaced in [false, true] {
        let rendering = rendered(Cursor::new(black_png(interlaced)), None, MEMORY * 4).unwrap();
        assert!(rendering.thumbnails[0].is_ok(), "interlaced: {interlaced}");
    }
}

#[test]
fn tiff_with_its_directory_last_needs_memory_for_the_whole_file() {
    let pixels = u32::try_from(PIXELS).unwrap();
    let file = || {
        let pixels = Cursor::new(tiff_header(8 + pixels)).chain(repeat(0).take(PIXELS));
        pixels.chain(Cursor::new(directory(8)))
    };
    for length in [None, Some(8 + PIXELS + 114)] {
        let refusal = rendered(file(), length, MEMORY).map(|_| ());
        assert!(
            matches!(refusal, Err(Error::TooMuchMemory { needed, .. }) if needed >= MEMORY),
            "{refusal:?}"
        );
    }
    let rendering = rendered(file(), None, PIXELS * 3).unwrap();
    assert!(rendering.thumbnails[0].is_ok());
}
