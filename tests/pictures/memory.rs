//! What is streamed is rendered in memory that its pixels would never fit in.

#![expect(clippy::unwrap_used, reason = "a test that cannot make its picture has failed")]

use std::io::{Cursor, Read, repeat};
use std::num::NonZeroUsize;

use cos_thumbnailer::imaging::{Cancel, Error, Limits, Rendering, Tolerance, Upright, render};
use cos_thumbnailer::recipe::Recipe;

const WIDTH: u32 = 1500;
const HEIGHT: u32 = 1000;

/// Bytes of the pixels, as RGB.
const PIXELS: u64 = WIDTH as u64 * HEIGHT as u64 * 3;

/// Less than the pixels.
const MEMORY: u64 = PIXELS / 6 * 5;

fn rendered(file: impl Read + Send, length: Option<u64>, memory: u64) -> Result<Rendering, Error> {
    let limits =
        Limits { max_pixels: u64::MAX, memory, damage: Tolerance::Nothing, threads: NonZeroUsize::MIN };
    render(file, length, &[&Recipe::fit_inside(100, 100)], Upright::ByExif, &limits, &Cancel::default())
}

/// A header, and black or white.
fn plain(header: Vec<u8>, sample: u8) -> impl Read + Send {
    Cursor::new(header).chain(repeat(sample).take(PIXELS))
}

/// The head of a TIFF with its directory at a place.
fn tiff(directory: u32) -> Vec<u8> {
    [b"II*\0", directory.to_le_bytes().as_slice()].concat()
}

/// Three samples of eight bits in one strip, that begins at a place.
fn tiff_directory(strip: u32) -> Vec<u8> {
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
    let mut bytes = u16::try_from(entries.len()).unwrap().to_le_bytes().to_vec();
    for (tag, value) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(4_u16.to_le_bytes());
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    bytes
}

#[test]
fn rows_that_stream_are_never_held_together() {
    let bmp = |height: i32| {
        let mut bytes = b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
        bytes.extend(WIDTH.to_le_bytes());
        bytes.extend(height.to_le_bytes());
        bytes.extend(b"\x01\0\x18\0");
        bytes.resize(0x36, 0);
        bytes
    };
    let height = i32::try_from(HEIGHT).unwrap();
    for (name, header) in [
        ("BMP from the bottom", bmp(height)),
        ("BMP from the top", bmp(-height)),
        ("PNM", format!("P6 {WIDTH} {HEIGHT} 255\n").into_bytes()),
        ("TIFF whose directory comes first", [tiff(8), tiff_directory(8 + 114)].concat()),
    ] {
        let rendering =
            rendered(plain(header, 255), None, MEMORY).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((rendering.source.width, rendering.source.height), (WIDTH, HEIGHT), "{name}");
        assert!(rendering.thumbnails[0].is_ok(), "{name}");
    }
    // Each byte makes another 62 pixels the same.
    let mut qoi = b"qoif".to_vec();
    qoi.extend([WIDTH, HEIGHT].map(u32::to_be_bytes).as_flattened());
    qoi.extend(b"\x03\0");
    assert!(rendered(Cursor::new(qoi).chain(repeat(0xfd)), None, MEMORY).unwrap().thumbnails[0].is_ok());
}

/// The passes of an interlaced picture: columns and rows of the first pixel, and from one to the next.
const PASSES: [(u32, u32, u32, u32); 7] =
    [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

/// Twice as wide and high: the decoder takes some memory whatever the size.
fn png(interlaced: bool) -> Vec<u8> {
    const WIDTH: u32 = self::WIDTH * 2;
    const HEIGHT: u32 = self::HEIGHT * 2;
    let passes = if interlaced { PASSES.as_slice() } else { &[(0, 0, 1, 1)] };
    let bytes = |&(x, y, right, down): &(u32, u32, u32, u32)| {
        // Each row has a byte for its filter.
        (HEIGHT - y).div_ceil(down) * (1 + 3 * (WIDTH - x).div_ceil(right))
    };
    let rows = vec![0; usize::try_from(passes.iter().map(bytes).sum::<u32>()).unwrap()];
    let header =
        [[WIDTH, HEIGHT].map(u32::to_be_bytes).as_flattened(), &[8, 2, 0, 0, interlaced.into()]].concat();
    crate::chunks::png(&[(b"IHDR", &header), (b"IDAT", &fdeflate::compress_to_vec(&rows)), (b"IEND", &[])])
}

#[test]
fn png_of_both_kinds_is_reduced_while_it_is_read() {
    for interlaced in [false, true] {
        let rendering = rendered(Cursor::new(png(interlaced)), None, MEMORY * 4).unwrap();
        assert!(rendering.thumbnails[0].is_ok(), "interlaced: {interlaced}");
    }
}

#[test]
fn tiff_whose_directory_comes_last_must_be_held_and_says_so() {
    let pixels = u32::try_from(PIXELS).unwrap();
    let file = || {
        let pixels = Cursor::new(tiff(8 + pixels)).chain(repeat(0).take(PIXELS));
        pixels.chain(Cursor::new(tiff_directory(8)))
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
