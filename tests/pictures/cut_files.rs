//! Damaged and cut files of the formats that are decoded row by row: shown as far as they came, with the lost share.

use cos_thumbnailer::imaging::{Cancel, Error, Limits, Tolerance, Upright, render};
use cos_thumbnailer::recipe::{Format, Recipe};

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
