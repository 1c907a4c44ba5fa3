//! Icons, textures, film, old formats and HDR photographs through `render`; `thumbnails` compares them with references.

use cos_thumbnailer::imaging::{Cancel, Error, Limits, SourceFormat, Upright, render};
use cos_thumbnailer::recipe::{Format, Recipe};
use image::RgbaImage;

use crate::fixture::{LIMITS, data, open, run};

const FILES: [(&str, SourceFormat); 10] = [
    ("dxt5.dds", SourceFormat::Dds),
    ("icon-bmp.ico", SourceFormat::Ico),
    ("icon.ico", SourceFormat::Ico),
    ("small-alpha.ff", SourceFormat::Farbfeld),
    ("small-alpha.tga", SourceFormat::Tga),
    ("small-palette.pcx", SourceFormat::Pcx),
    ("small.exr", SourceFormat::Exr),
    ("small.hdr", SourceFormat::Hdr),
    ("small.pcx", SourceFormat::Pcx),
    ("small.tga", SourceFormat::Tga),
];

fn shown(file: &[u8]) -> Result<(SourceFormat, RgbaImage), Error> {
    let recipe = Recipe { format: Some(Format::Png), ..Recipe::default() };
    let mut rendering = run(file, &[&recipe])?;
    Ok((rendering.source.format, open(&rendering.thumbnails.remove(0)?.bytes)))
}

#[test]
fn format_is_told_by_content_alone() {
    for (name, format) in FILES {
        assert_eq!(shown(&data(name)).unwrap().0, format, "{name}");
    }
}

/// The directory of the icon lists 16, 32 and 48 pixels.
#[test]
fn largest_picture_of_an_icon_or_cursor_is_shown() {
    for name in ["icon.ico", "icon-bmp.ico"] {
        let mut file = data(name);
        let icon = shown(&file).unwrap().1;
        assert_eq!(icon.dimensions(), (48, 48), "{name}");
        file[2] = 2;
        assert_eq!(shown(&file).unwrap().1, icon, "{name} as a cursor");
    }
}

/// A pixel of 8 in linear light is white, one of a half is 188, and colours are divided by alpha.
#[test]
fn light_above_white_is_white() {
    let mut file = b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 3\n".to_vec();
    // 8 = 128 / 256 * 2^4, and a half = 128 / 256 * 2^0; 0.
    file.extend([128, 128, 128, 132, 128, 128, 128, 128, 0, 0, 0, 0]);
    let pixels: Vec<u8> = shown(&file).unwrap().1.pixels().map(|pixel| pixel.0[0]).collect();
    assert_eq!(pixels, [255, 188, 0]);
}

/// An Ultra HDR file has its gain map, another JPEG, behind the base picture.
#[test]
fn gain_map_behind_a_jpeg_is_dropped() {
    let base = data("portrait.jpg");
    let file = [base.as_slice(), &data("grey.jpg")].concat();
    let recipe = Recipe { format: Some(Format::Png), ..Recipe::fit_inside(200, 200) };
    let shown = |file: &[u8]| run(file, &[&recipe]).unwrap().thumbnails.remove(0).unwrap();
    assert_eq!(shown(&file), shown(&base));
}

#[test]
fn header_that_promises_too_much_is_refused_before_it_is_decoded() {
    let recipe = Recipe::fit_inside(20, 20);
    // Place of a side in the file, in bytes of its order.
    for (name, place, side) in
        [("dxt5.dds", 12, 60_000_u32.to_le_bytes()), ("small-alpha.ff", 8, 60_000_000_u32.to_be_bytes())]
    {
        let mut file = data(name);
        file[place..place + 4].copy_from_slice(&side);
        file[place + 4..place + 8].copy_from_slice(&side);
        let refusal = run(&file, &[&recipe]).map(|_| ());
        assert!(matches!(refusal, Err(Error::TooManyPixels { .. })), "{name}: {refusal:?}");
    }
    let mut exr = data("small.exr");
    let window = exr.windows(11).position(|name| name == b"dataWindow\0").unwrap() + 11 + 6 + 4;
    exr[window + 8..window + 16].copy_from_slice(&0x3fff_ffff_u32.to_le_bytes().repeat(2));
    let refusal = run(&exr, &[&recipe]).map(|_| ());
    assert!(matches!(refusal, Err(Error::TooManyPixels { .. })), "{refusal:?}");
    for (name, _) in FILES {
        let limits = Limits { memory: 5000, ..LIMITS };
        let file = data(name);
        let refusal = render(file.as_slice(), None, &[&recipe], Upright::ByExif, &limits, &Cancel::default())
            .map(|_| ());
        assert!(matches!(refusal, Err(Error::TooMuchMemory { .. })), "{name}: {refusal:?}");
    }
}

/// Any byte changed, a file is refused with its reason or shown.
#[test]
fn changed_files_never_panic() {
    let recipe = Recipe::fit_inside(20, 20);
    let limits = Limits { max_pixels: 2_000_000, memory: 64_000_000, ..LIMITS };
    let mut random = fastrand::Rng::with_seed(1);
    for (name, _) in FILES {
        let file = data(name);
        for number in 0..100 {
            let mut changed = file.clone();
            // The header, and every place.
            let place = if number % 2 == 0 {
                random.usize(0..changed.len().min(400))
            } else {
                random.usize(0..changed.len())
            };
            changed[place] = random.u8(..);
            let _ =
                render(changed.as_slice(), None, &[&recipe], Upright::ByExif, &limits, &Cancel::default());
        }
    }
}
