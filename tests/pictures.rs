//! Real files through `render`, against references computed in floating point by another program
//! (`tests/data/make.py`).

#![expect(clippy::unwrap_used, reason = "a test that cannot read its fixture has failed")]

mod fixture;

use std::path::{Path, PathBuf};

use cos_thumbnailer::imaging::{SourceFormat, Thumbnail};
use cos_thumbnailer::recipe::{Format, Geometry, Gravity, Quality, Recipe, Rgb, Scaling, Step};
use image::RgbaImage;

use fixture::{data, run};

/// One thumbnail of one fixture.
fn thumbnail(name: &str, recipe: &Recipe) -> Thumbnail {
    let mut rendering = run(&data(name), &[recipe]).unwrap_or_else(|error| panic!("{name}: {error}"));
    rendering.thumbnails.remove(0).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The pixels of one thumbnail, fitted inside a square.
fn pixels(name: &str, side: u32) -> RgbaImage {
    let recipe = Recipe { format: Some(Format::Png), ..Recipe::fit_inside(side, side) };
    open(&thumbnail(name, &recipe).bytes)
}

fn open(bytes: &[u8]) -> RgbaImage {
    image::load_from_memory(bytes).unwrap().into_rgba8()
}

/// Mean and largest difference of samples, colours premultiplied by alpha.
fn difference(left: &RgbaImage, right: &RgbaImage) -> (f64, f64) {
    assert_eq!(left.dimensions(), right.dimensions());
    let premultiplied = |image: &RgbaImage| -> Vec<f64> {
        let weigh = |image::Rgba([r, g, b, a]): &image::Rgba<u8>| {
            let alpha = f64::from(*a);
            [r, g, b].map(|color| f64::from(*color) * alpha / 255.0).into_iter().chain([alpha])
        };
        image.pixels().flat_map(weigh).collect()
    };
    let (left, right) = (premultiplied(left), premultiplied(right));
    let differences = left.iter().zip(&right).map(|(left, right)| (left - right).abs());
    let (sum, most) = differences.fold((0.0, 0.0_f64), |(sum, most), d| (sum + d, most.max(d)));
    (sum / left.len() as f64, most)
}

/// Lossless sources decoded at full size: resampling and rounding alone. The largest differences are where
/// sharp edges overshoot between the two passes and eight bits cut that off.
#[test]
fn lossless_sources_match_the_reference() {
    for (name, reference) in [
        ("grey-alpha.png", "grey-alpha"),
        ("grey16.png", "grey16"),
        ("interlaced.png", "rgb"),
        ("rgb.bmp", "rgb"),
        ("rgb.tif", "rgb"),
        ("rgba.png", "rgba"),
        ("rgba.tif", "rgba"),
        ("rgba.webp", "rgba"),
        ("cmyk.tif", "cmyk"),
    ] {
        let (mean, most) = difference(&pixels(name, 80), &open(&data(&format!("reference/{reference}.png"))));
        println!("{name}: mean {mean:.3}, largest {most:.2}");
        assert!(mean < 0.4 && most < 12.0, "{name}: mean {mean:.3}, largest {most:.2}");
    }
}

/// Lossy sources, and colours through a profile: other decoders round differently by a step or so.
#[test]
fn lossy_and_converted_sources_are_near_the_reference() {
    for (name, reference, allowed) in [
        ("adobe-rgb.jpg", "adobe-rgb", 1.2),
        // Nothing but such edges, as in the palette picture.
        ("bilevel.png", "bilevel", 1.5),
        ("broken-profile.jpg", "rgb", 1.0),
        ("cmyk-adobe.jpg", "cmyk", 1.2),
        ("cmyk-bare.jpg", "cmyk", 1.2),
        ("deep-10.avif", "deep", 0.6),
        ("deep-12.avif", "deep", 0.8),
        ("grey.avif", "grey", 1.5),
        ("grey.jpg", "grey", 1.0),
        ("grid.avif", "rgb", 2.5),
        ("p3.png", "p3", 0.6),
        ("palette.png", "palette", 0.8),
        ("premultiplied.avif", "rgba", 2.5),
        ("progressive.jpg", "rgb", 2.5),
        ("rgb-422.avif", "rgb", 2.5),
        ("rgb-444.avif", "rgb", 2.5),
        ("rgb.avif", "rgb", 2.5),
        ("rgb.webp", "rgb", 2.5),
        ("rgba.avif", "rgba", 2.5),
        ("rgba-lossy.webp", "rgba", 2.5),
        ("ycck-adobe.jpg", "cmyk", 1.2),
    ] {
        let (mean, most) = difference(&pixels(name, 80), &open(&data(&format!("reference/{reference}.png"))));
        println!("{name}: mean {mean:.3}, largest {most:.2}");
        assert!(mean < allowed, "{name}: mean {mean:.3}, largest {most:.2}");
    }
}

/// Photographs decoded smaller than they are stay within 0.8 of every pixel's Lanczos.
#[test]
fn photographs_decoded_small_match_the_reference() {
    for name in [
        "photo-2048x1365.jpg",
        "photo-2048x878-progressive.jpg",
        "kodim23-768x512.png",
        "exif-landscape-6.jpg",
    ] {
        let stem = name.split('.').next().unwrap();
        let (mean, most) = difference(&pixels(name, 300), &open(&data(&format!("reference/{stem}.png"))));
        println!("{name}: mean {mean:.3}, largest {most:.2}");
        assert!(mean < 0.8, "{name}: mean {mean:.3}, largest {most:.2}");
    }
}

/// Averaged while they are decoded, their last column and row of cells not being full.
#[test]
fn pictures_of_other_formats_decoded_small_match_the_reference() {
    for (name, reference, allowed) in [
        ("kodim23-alpha.webp", "kodim23-alpha", 1.0),
        ("kodim23-lossless.webp", "kodim23-90", 0.6),
        ("kodim23.avif", "kodim23-90", 1.2),
        ("kodim23.webp", "kodim23-90", 1.2),
    ] {
        let (mean, most) = difference(&pixels(name, 90), &open(&data(&format!("reference/{reference}.png"))));
        println!("{name}: mean {mean:.3}, largest {most:.2}");
        assert!(mean < allowed, "{name}: mean {mean:.3}, largest {most:.2}");
    }
}

/// Turned by its properties, although EXIF data say it once more.
#[test]
fn avif_is_cropped_then_turned_and_once_only() {
    let turned = (2..=8).map(|value| format!("orientation-{value}.avif"));
    for name in turned.chain(["cropped-and-turned.avif".to_owned()]) {
        check_quadrants(&name);
    }
    assert_eq!(pixels("cropped-and-turned.avif", 48).dimensions(), (48, 32));
}

#[test]
fn every_orientation_ends_upright_in_every_format_that_has_one() {
    let jpegs = (1..=8).map(|value| format!("orientation-{value}.jpg"));
    let others = ["orientation-6.png", "orientation-6.webp", "orientation-6.tif"].map(str::to_owned);
    jpegs.chain(others).for_each(|name| check_quadrants(&name));
}

/// Red, green above blue, yellow.
fn check_quadrants(name: &str) {
    let picture = pixels(name, 24);
    assert_eq!(picture.dimensions(), (24, 16), "{name}");
    let corner = |x, y| picture.get_pixel(x, y).0;
    for (color, expected) in [
        (corner(2, 2), [200, 30, 30, 255]),
        (corner(21, 2), [30, 180, 30, 255]),
        (corner(2, 13), [30, 30, 200, 255]),
        (corner(21, 13), [220, 220, 40, 255]),
    ] {
        let near = color.iter().zip(expected).all(|(have, want)| have.abs_diff(want) < 12);
        assert!(near, "{name}: {color:?} is not {expected:?}");
    }
}

#[test]
fn first_frame_of_an_animation_is_taken_with_its_transparency() {
    let gif = pixels("animated.gif", 60);
    assert_eq!(gif.dimensions(), (60, 40));
    assert_eq!(gif.get_pixel(1, 1).0[3], 0);
    assert_eq!(gif.get_pixel(30, 20).0, [250, 10, 10, 255]);
    assert_eq!(pixels("image-rs-anim.webp", 100).dimensions(), (100, 100));
    let avif = pixels("animated.avif", 60);
    assert!(avif.get_pixel(30, 20).0[0] > 240, "{:?}", avif.get_pixel(30, 20));
}

#[test]
fn format_is_the_sources_own_where_the_recipe_names_none() {
    for (name, format) in [
        ("animated.gif", Format::Gif),
        ("grey.jpg", Format::Jpeg),
        ("rgb.avif", Format::Jpeg),
        ("rgb.bmp", Format::Jpeg),
        ("rgb.tif", Format::Jpeg),
        ("rgba.avif", Format::Png),
        ("rgba.tif", Format::Png),
        ("rgba.png", Format::Png),
        ("rgb.webp", Format::WebP),
    ] {
        assert_eq!(thumbnail(name, &Recipe::fit_inside(40, 40)).format, format, "{name}");
    }
}

#[test]
fn every_output_format_opens_again_and_shows_the_picture() {
    for (format, allowed) in
        [(Format::Gif, 6.0), (Format::Jpeg, 6.0), (Format::Png, 0.35), (Format::WebP, 6.0)]
    {
        let recipe = Recipe { format: Some(format), ..Recipe::fit_inside(80, 80) };
        let bytes = thumbnail("rgb.bmp", &recipe).bytes;
        let picture = match format {
            Format::Jpeg => {
                let mut decoder = jpeg_decoder::Decoder::new(bytes.as_ref());
                let pixels = decoder.decode().unwrap();
                let rgb = image::RgbImage::from_raw(80, 53, pixels).unwrap();
                image::DynamicImage::ImageRgb8(rgb).into_rgba8()
            }
            Format::Gif | Format::Png | Format::WebP => open(&bytes),
        };
        let (mean, _) = difference(&picture, &open(&data("reference/rgb.png")));
        println!("{}: mean {mean:.3}, {} bytes", format.name(), bytes.len());
        assert!(mean < allowed, "{}: mean {mean:.3}", format.name());
    }
}

/// Several reduced scales give a short side the same length.
#[test]
fn jpeg_of_every_shape_is_read() {
    let narrow = [(9000, 1), (1, 9000), (65_500, 3), (3, 65_500)];
    let small =
        (1..=33_u16).step_by(4).flat_map(|width| (1..=33_u16).step_by(4).map(move |height| (width, height)));
    for (width, height) in narrow.into_iter().chain(small) {
        let mut file = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut file, 90);
        encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
        let grey = vec![100; usize::from(width) * usize::from(height) * 3];
        encoder.encode(&grey, width, height, jpeg_encoder::ColorType::Rgb).unwrap();
        for side in [3, 300] {
            let recipe = Recipe { format: Some(Format::Png), ..Recipe::fit_inside(side, side) };
            let rendering =
                run(&file, &[&recipe]).unwrap_or_else(|error| panic!("{width}x{height}: {error}"));
            assert_eq!((rendering.source.width, rendering.source.height), (width.into(), height.into()));
            let pixels = open(&rendering.thumbnails[0].as_ref().unwrap().bytes);
            assert!(pixels.width().max(pixels.height()) <= side);
            let level = |pixel: &image::Rgba<u8>| pixel.0[..3].iter().all(|sample| sample.abs_diff(100) <= 2);
            assert!(pixels.pixels().all(level), "{width}x{height} to {side}");
        }
    }
}

#[test]
fn nothing_but_pixels_is_carried_on() {
    for name in ["exif-landscape-6.jpg", "adobe-rgb.jpg", "p3.png", "orientation-6.webp"] {
        for format in [Format::Gif, Format::Jpeg, Format::Png, Format::WebP] {
            let thumbnail = thumbnail(name, &Recipe { format: Some(format), ..Recipe::fit_inside(60, 60) });
            for mark in [&b"Exif"[..], b"EXIF", b"eXIf", b"ICC_PROFILE", b"ICCP", b"iCCP", b"http", b"tEXt"] {
                let found = thumbnail.bytes.windows(mark.len()).any(|window| window == mark);
                assert!(!found, "{name} as {}: {}", format.name(), String::from_utf8_lossy(mark));
            }
        }
    }
}

#[test]
fn grey_jpeg_stays_grey_and_interlace_is_progressive() {
    let grey = thumbnail("grey.jpg", &Recipe::fit_inside(40, 40)).bytes;
    let mut decoder = jpeg_decoder::Decoder::new(grey.as_ref());
    decoder.read_info().unwrap();
    assert_eq!(decoder.info().unwrap().pixel_format, jpeg_decoder::PixelFormat::L8);

    let recipe = Recipe { interlace: true, ..Recipe::fit_inside(40, 40) };
    let progressive = thumbnail("progressive.jpg", &recipe).bytes;
    let mut decoder = jpeg_decoder::Decoder::new(progressive.as_ref());
    decoder.decode().unwrap();
    assert_eq!(decoder.info().unwrap().coding_process, jpeg_decoder::CodingProcess::DctProgressive);
}

#[test]
fn quality_is_held_down_to_the_sources() {
    let length = |quality| {
        let recipe = Recipe { quality, ..Recipe::fit_inside(100, 100) };
        thumbnail("quality-35.jpg", &recipe).bytes.len()
    };
    assert_eq!(length(Quality::AtMostSource(90)), length(Quality::Fixed(35)));
    assert!(length(Quality::Fixed(90)) > length(Quality::Fixed(35)));
}

#[test]
fn transparency_shows_the_background_in_jpeg() {
    let recipe =
        Recipe { format: Some(Format::Jpeg), background: Rgb([0, 0, 255]), ..Recipe::fit_inside(96, 96) };
    let bytes = thumbnail("rgba.png", &recipe).bytes;
    let mut decoder = jpeg_decoder::Decoder::new(bytes.as_ref());
    let pixels = decoder.decode().unwrap();
    let middle = &pixels[(32 * 96 + 48) * 3..][..3];
    assert!(middle[0] < 12 && middle[1] < 12 && middle[2] > 240, "{middle:?}");
}

#[test]
fn steps_give_their_sizes_from_one_decode() {
    let steps = |steps: &[Step]| Recipe { steps: steps.to_vec(), ..Recipe::default() };
    let cover = Step::Thumbnail(Geometry::Cover { width: 200, height: 200, scaling: Scaling::Both });
    let square = Step::Crop { width: Some(200), height: Some(200), gravity: Gravity::Center };
    let pad = Step::Pad { width: 320, height: 310, color: Some(Rgb([1, 2, 3])) };
    let fit = Recipe::fit_inside(300, 300).steps[0];
    let recipes = [
        (steps(&[fit]), (300, 200)),
        (steps(&[cover, square]), (200, 200)),
        (steps(&[fit, pad]), (320, 310)),
        (steps(&[Step::Rotate(90), fit]), (200, 300)),
        (steps(&[fit, Step::Rotate(30)]), (360, 324)),
        (steps(&[square]), (200, 200)),
        (steps(&[]), (2048, 1365)),
    ];
    let bytes = data("photo-2048x1365.jpg");
    let rendering = run(&bytes, &recipes.iter().map(|(recipe, _)| recipe).collect::<Vec<_>>()).unwrap();
    assert_eq!((rendering.source.width, rendering.source.height), (2048, 1365));
    assert_eq!(rendering.source.format, SourceFormat::Jpeg);
    for (thumbnail, (recipe, size)) in rendering.thumbnails.iter().zip(&recipes) {
        let thumbnail = thumbnail.as_ref().unwrap();
        assert_eq!((thumbnail.width, thumbnail.height), *size, "{recipe}");
    }
}

/// Small thumbnails are drawn from a source averaged smaller for them, which must not show.
#[test]
fn many_sizes_together_look_like_each_alone() {
    let bytes = data("photo-2048x1365.jpg");
    let recipes = [100, 1600, 60, 400]
        .map(|side| Recipe { format: Some(Format::Png), ..Recipe::fit_inside(side, side) });
    let together = run(&bytes, &recipes.each_ref()).unwrap().thumbnails;
    for (thumbnail, recipe) in together.iter().zip(&recipes) {
        let alone = run(&bytes, &[recipe]).unwrap().thumbnails.remove(0).unwrap();
        let (mean, _) = difference(&open(&thumbnail.as_ref().unwrap().bytes), &open(&alone.bytes));
        println!("{recipe}: mean {mean:.3}");
        assert!(mean < 1.2, "{recipe}: mean {mean:.3}");
    }
}

/// A cut from the middle of a picture decoded small lands where the cut of the full one does.
#[test]
fn crop_of_a_reduced_decode_lands_on_the_same_pixels() {
    let cut = Step::Crop { width: Some(1000), height: Some(1000), gravity: Gravity::SouthEast };
    let shrink = Recipe::fit_inside(100, 100).steps[0];
    let small = Recipe { steps: vec![cut, shrink], format: Some(Format::Png), ..Recipe::default() };
    let whole = Recipe { steps: vec![], format: Some(Format::Png), ..Recipe::default() };
    let bytes = data("photo-2048x1365.jpg");
    let alone = run(&bytes, &[&small]).unwrap().thumbnails.remove(0).unwrap();
    let from_full = run(&bytes, &[&small, &whole]).unwrap().thumbnails.remove(0).unwrap();
    let (mean, _) = difference(&open(&alone.bytes), &open(&from_full.bytes));
    assert!(mean > 0.0, "the picture was not decoded small");
    assert!(mean < 0.8, "mean {mean:.3}");
}

#[test]
fn same_input_gives_same_bytes() {
    for format in [Format::Gif, Format::Jpeg, Format::Png, Format::WebP] {
        let recipe = Recipe { format: Some(format), ..Recipe::fit_inside(90, 90) };
        for name in ["rgba.png", "progressive.jpg"] {
            assert_eq!(thumbnail(name, &recipe), thumbnail(name, &recipe), "{name} {}", format.name());
        }
    }
}

/// More pictures, of other licences, in the folder beside the checkout; passed over where it is absent.
#[test]
fn shared_corpus_renders() {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let recipe = Recipe { format: Some(Format::Png), ..Recipe::fit_inside(100, 100) };
    for (name, expected) in [
        ("libvips-1.webp", Some((100, 67))),
        ("libvips-cogs.gif", Some((85, 77))),
        ("libvips-indexed.png", Some((66, 100))),
        ("libvips-rgba.png", Some((100, 100))),
        ("libvips-sample-16bit.tif", Some((66, 100))),
        ("libvips-ultra-hdr.jpg", Some((100, 56))),
        ("libvips-truncated.jpg", None),
        ("libvips-orientation-6.avif", Some((75, 100))),
        ("exif-landscape-5.jpg", Some((100, 67))),
        ("exif-portrait-8.jpg", Some((67, 100))),
        ("photo-2048x1332-444.jpg", Some((100, 65))),
    ] {
        let Ok(bytes) = std::fs::read(folder.join(name)) else {
            println!("{name} is not there, passed over");
            continue;
        };
        let size = run(&bytes, &[&recipe]).ok().map(|mut rendering| {
            let thumbnail = rendering.thumbnails.remove(0).unwrap();
            (thumbnail.width, thumbnail.height)
        });
        assert_eq!(size, expected, "{name}");
    }
}
