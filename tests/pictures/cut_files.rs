//! Damaged and cut files of the formats that are decoded row by row: shown as far as they came, with the lost share.

use cos_thumbnailer::imaging::{Cancel, Error, Limits, Tolerance, Upright, render};
use cos_thumbnailer::recipe::{Format, Recipe};

use crate::files::png;
use crate::fixture::{LIMITS, data, open, run};

/// The thumbnail of a file at its own size, and the damaged percentage.
fn shown(file: &[u8]) -> Result<(image::RgbaImage, Option<u8>), Error> {
    let recipe = Recipe { format: Some(Format::Png), ..Recipe::fit_inside(1000, 1000) };
    let rendering = run(file, &[&recipe])?;
    let damaged = rendering.source.damaged.map(|percent| percent.get());
    let thumbnail = rendering.thumbnails.into_iter().next().unwrap()?;
    Ok((open(&thumbnail.bytes), damaged))
}

fn refusal(file: &[u8], damage: Tolerance) -> String {
    let limits = Limits { damage, ..LIMITS };
    let recipe = Recipe::fit_inside(50, 50);
    let rendering = render(file, None, &[&recipe], Upright::ByExif, &limits, &Cancel::default());
    rendering.map(|rendering| rendering.source).unwrap_err().to_string()
}

#[test]
fn damaged_files_are_shown_as_far_as_they_came_and_refused_on_demand() {
    for (name, size, damaged) in [
        ("bmp-one-byte-short.bmp", (192, 128), Some(1)),
        ("gif-frame-larger-than-screen.gif", (192, 128), None),
        ("gif-last-4-bytes-missing.gif", (192, 128), Some(1)),
        ("gif-unknown-extension.gif", (192, 128), None),
        ("png-2-percent-short.png", (192, 128), Some(3)),
        ("png-last-20-bytes-missing.png", (192, 128), None),
        ("png-without-iend.png", (192, 128), None),
        ("png-wrong-crc-in-idat.png", (192, 128), Some(1)),
    ] {
        let file = data(&format!("faults/{name}"));
        let (picture, lost) = shown(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((picture.dimensions(), lost), (size, damaged), "{name}");
        if damaged.is_some() {
            assert!(refusal(&file, Tolerance::Nothing).contains("% of the picture is lost"), "{name}");
        }
    }
}

/// One picture in three files.
#[test]
fn gif_is_not_cropped_to_its_screen_and_unknown_extensions_are_skipped() {
    let picture = |name: &str| shown(&data(&format!("faults/{name}"))).unwrap().0;
    let whole = picture("gif-unknown-extension.gif");
    assert_eq!(picture("gif-frame-larger-than-screen.gif"), whole);
    let cut = picture("gif-last-4-bytes-missing.gif");
    let same_rows = whole.rows().zip(cut.rows()).filter(|(whole, cut)| whole.clone().eq(cut.clone())).count();
    assert_eq!(same_rows, 127);
}

/// A GIF of 2 x 2 pixels without a palette: black and white, as GIF89a suggests.
#[test]
fn gif_without_a_palette_is_black_and_white() {
    let screen = b"GIF89a\x02\0\x02\0\0\0\0";
    let frame = b",\0\0\0\0\x02\0\x02\0\0\x02";
    // Codes of three bits: clear, 0, 1, 1, then of four bits 0 and end.
    let file = [screen.as_slice(), frame, b"\x03\x44\x02\x05\0;"].concat();
    let pixels: Vec<[u8; 4]> = shown(&file).unwrap().0.pixels().map(|pixel| pixel.0).collect();
    let (black, white) = ([0, 0, 0, 255], [255, 255, 255, 255]);
    assert_eq!(pixels, [black, white, white, black]);
}

#[test]
fn png_of_ios_is_refused_by_name() {
    let refusal = refusal(&data("faults/png-cgbi.png"), Tolerance::MostlyGood);
    assert!(refusal.starts_with("an iOS-optimised PNG"), "{refusal}");
    assert!(refusal.contains("re-export it"), "{refusal}");
}

/// A PNG of 128 x 128 pixels of noise, in ten IDAT chunks. Each chunk is its name and content.
fn noise_png(interlace: u8) -> Vec<([u8; 4], Vec<u8>)> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    // A filter of 0 begins each row. The passes have rows of 16 to 128 grey pixels.
    let rows: Vec<usize> = match interlace {
        0 => vec![128; 128],
        _ => [(16, 16), (16, 16), (32, 16), (32, 32), (64, 32), (64, 64), (128, 64)]
            .iter()
            .flat_map(|(width, rows)| vec![*width; *rows])
            .collect(),
    };
    let raw: Vec<u8> = rows
        .iter()
        .flat_map(|width| std::iter::once(0).chain((0..*width).map(|_| next())).collect::<Vec<_>>())
        .collect();
    let header = [0, 0, 0, 128, 0, 0, 0, 128, 8, 0, 0, 0, interlace];
    let mut chunks = vec![(*b"IHDR", header.to_vec()), (*b"tEXt", b"a\0b".to_vec())];
    let stream = fdeflate::compress_to_vec(&raw);
    chunks.extend(stream.chunks(stream.len().div_ceil(10)).map(|part| (*b"IDAT", part.to_vec())));
    chunks.push((*b"IEND", Vec::new()));
    chunks
}

fn file_of(chunks: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
    let chunks: Vec<(&[u8; 4], &[u8])> =
        chunks.iter().map(|(name, content)| (name, content.as_slice())).collect();
    png(&chunks)
}

/// The position of the checksum of the chunk with this number.
fn checksum_at(chunks: &[([u8; 4], Vec<u8>)], number: usize) -> usize {
    8 + chunks.iter().take(number + 1).map(|(_, content)| content.len() + 12).sum::<usize>() - 4
}

/// Two checksums cover the pixels: one of each chunk, and one of the whole stream.
#[test]
fn png_pixels_are_trusted_as_far_as_a_checksum_holds() {
    for interlace in [0, 1] {
        let chunks = noise_png(interlace);
        let (whole, none) = shown(&file_of(&chunks)).unwrap();
        assert_eq!(none, None);
        let last = chunks.len() - 2;
        // The checksum of a chunk alone: the stream proves the pixels.
        for number in [2, last] {
            let mut file = file_of(&chunks);
            file[checksum_at(&chunks, number)] ^= 1;
            assert_eq!(shown(&file).unwrap(), (whole.clone(), Some(1)), "chunk {number}");
        }
        // The checksum of the stream alone: those of the chunks prove them.
        let mut edited = chunks.clone();
        *edited[last].1.last_mut().unwrap() ^= 1;
        assert_eq!(shown(&file_of(&edited)).unwrap(), (whole.clone(), Some(1)));
        // An ancillary chunk with a wrong checksum is no damage.
        let mut file = file_of(&chunks);
        file[checksum_at(&chunks, 1)] ^= 1;
        assert_eq!(shown(&file).unwrap(), (whole.clone(), None));
        // Content of the last chunk: only its pixels cannot be trusted.
        let mut file = file_of(&chunks);
        file[checksum_at(&chunks, last) - 30] ^= 0x10;
        let last_share =
            chunks[last].1.len() * 100 / chunks[2..=last].iter().map(|chunk| chunk.1.len()).sum::<usize>();
        let refused = refusal(&file, Tolerance::Nothing);
        let percent = refused.split(" % of the picture").next().and_then(|text| text.rsplit(' ').next());
        let percent: usize = percent.unwrap().parse().unwrap();
        assert!((last_share..last_share + 4).contains(&percent), "{percent} {last_share}: {refused}");
        // Content of the first chunk: nothing can be trusted.
        let mut file = file_of(&chunks);
        file[checksum_at(&chunks, 2) - 100] ^= 0x10;
        let refused = refusal(&file, Tolerance::MostlyGood);
        assert!(
            refused.contains("100 % of the picture is lost") || refused.contains("decompressed"),
            "{refused}"
        );
    }
}

/// The stream becomes corrupt although the checksum of its chunk is right: the pixels before are as they were written.
#[test]
fn png_with_a_corrupt_stream_is_shown_up_to_there() {
    let mut chunks = noise_png(0);
    let last = chunks.len() - 2;
    let content = &mut chunks[last].1;
    let start = content.len() / 2;
    content[start..].fill(0xff);
    assert!(shown(&file_of(&chunks)).unwrap().1.is_some());
}
