//! Still images through `render`, against references that another program computed in floating point
//! (`tests/data/make.py`).

use std::path::{Path, PathBuf};

use cos_thumbnailer::imaging::{SourceFormat, Thumbnail};
use cos_thumbnailer::recipe::{Format, Geometry, Gravity, Quality, Recipe, Rgb, Scaling, Scans, Step};
use image::RgbaImage;

use crate::comparison::difference;
use crate::fixture::{data, decoded, open, run};

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

/// The expected result of a file of the folder.
#[derive(Clone, Copy)]
enum Class {
    /// Differences by resampling and rounding only. The largest are at sharp edges: eight bits between the two passes
    /// of resampling clip the overshoot there.
    Exact,
    /// The largest mean difference that is allowed where another decoder, or conversion of a profile, rounds
    /// differently.
    Near(f64),
    /// An error whose sentence has these words.
    Refused(&'static str),
}

/// File, reference and class of the images that are not exact, or have the reference of another. Every other image of
/// the folder is exact and has a reference of its own name.
const IMAGES: &[(&str, &str, Class)] = &[
    ("adobe-rgb.jpg", "adobe-rgb", Class::Near(1.2)),
    ("adobe-rgb.jxl", "adobe-rgb", Class::Near(2.0)),
    ("animated.avif", "animated-opaque", Class::Near(1.0)),
    // All edges are sharp, as in palette.png.
    ("bilevel.png", "bilevel", Class::Near(1.5)),
    ("bomb.png", "", Class::Refused("60000x60000 = 3600000000 pixels")),
    ("broken-profile.jpg", "rgb", Class::Near(1.0)),
    ("cmyk-adobe.jpg", "cmyk", Class::Near(1.2)),
    ("cmyk-bare.jpg", "cmyk", Class::Near(1.2)),
    ("cropped-and-turned.avif", "orientation", Class::Near(0.5)),
    ("deep-10.avif", "deep", Class::Near(0.6)),
    ("deep-12.avif", "deep", Class::Near(0.8)),
    ("dxt5.dds", "dxt5", Class::Near(0.5)),
    ("exif-landscape-6.jpg", "exif-landscape-6", Class::Near(0.8)),
    ("grey.avif", "grey", Class::Near(1.5)),
    ("grey.jpg", "grey", Class::Near(1.0)),
    ("grey.jxl", "grey", Class::Near(1.5)),
    ("grid.avif", "rgb", Class::Near(2.5)),
    ("icon-bmp.ico", "icon", Class::Exact),
    ("image-rs-anim.webp", "image-rs-anim", Class::Near(0.5)),
    ("interlaced.png", "rgb", Class::Exact),
    ("jpeg.tif", "jpeg", Class::Near(0.3)),
    ("kodim23-768x512.png", "kodim23-768x512", Class::Near(0.8)),
    ("kodim23-alpha.webp", "kodim23-alpha", Class::Near(1.0)),
    ("kodim23-lossless.webp", "kodim23-90", Class::Near(0.6)),
    ("kodim23.avif", "kodim23-90", Class::Near(1.2)),
    ("kodim23.webp", "kodim23-90", Class::Near(1.2)),
    ("megapixels-12.avif", "megapixels-12", Class::Near(0.6)),
    ("megapixels-12.jxl", "megapixels-12", Class::Near(0.8)),
    ("p3.png", "p3", Class::Near(0.6)),
    ("palette.bmp", "palette-opaque", Class::Exact),
    ("palette.png", "palette", Class::Near(0.8)),
    ("photo-2048x1365.jpg", "photo-2048x1365", Class::Near(0.8)),
    ("photo-2048x878-progressive.jpg", "photo-2048x878-progressive", Class::Near(0.8)),
    ("portrait.jpg", "portrait", Class::Near(0.4)),
    ("premultiplied.avif", "rgba", Class::Near(2.5)),
    ("progressive.jpg", "rgb", Class::Near(2.5)),
    ("quality-35.jpg", "quality-35", Class::Near(0.4)),
    ("rgb-422.avif", "rgb", Class::Near(2.5)),
    ("rgb-444.avif", "rgb", Class::Near(2.5)),
    ("rgb.avif", "rgb", Class::Near(2.5)),
    ("rgb.jxl", "rgb", Class::Near(2.0)),
    ("rgb.webp", "rgb", Class::Near(2.5)),
    // The reference has the upper eight bits only.
    ("rgb16.png", "rgb16", Class::Near(0.4)),
    ("rgba-lossy.webp", "rgba", Class::Near(2.5)),
    ("rgba.avif", "rgba", Class::Near(2.5)),
    // Shared exponents and floats of sixteen bits.
    ("small.exr", "small", Class::Near(0.4)),
    ("small.hdr", "small", Class::Near(0.8)),
    ("text.jpg", "", Class::Refused("the content is not a picture")),
    // The second half of the file is missing.
    ("truncated.jpg", "rgb", Class::Near(4.0)),
    ("ycck-adobe.jpg", "cmyk", Class::Near(1.2)),
    ("ycgco-re.avif", "rgb", Class::Exact),
];

/// Reference and class of an image.
fn expectation(name: &str) -> (String, Class) {
    if let Some((_, reference, class)) = IMAGES.iter().find(|(image, ..)| *image == name) {
        return ((*reference).to_owned(), *class);
    }
    if name.starts_with("orientation-") {
        let is_lossy = [".avif", ".jpg", ".jxl"].iter().any(|end| name.ends_with(end));
        return ("orientation".to_owned(), if is_lossy { Class::Near(0.5) } else { Class::Exact });
    }
    (name.split('.').next().unwrap().to_owned(), Class::Exact)
}

/// Compares every image of the folder at the size of its reference. Photographs, and images of 767x511, are averaged
/// while they are decoded, with partial cells in the last column and row.
#[test]
fn every_image_matches_its_reference_or_is_refused_with_its_reason() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let names =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_image =
        |name: &String| folder.join(name).is_file() && !OTHER_FILES.iter().any(|end| name.ends_with(end));
    let mut mistakes = Vec::new();
    let mut seen = 0;
    for name in names.filter(is_image) {
        // A build without the decoder refuses them.
        if name.ends_with(".jxl") && cfg!(not(feature = "jxl")) {
            continue;
        }
        seen += 1;
        let (reference, class) = expectation(&name);
        if let Class::Refused(words) = class {
            let refusal =
                run(&data(&name), &[&Recipe::fit_inside(80, 80)]).map(|_| ()).unwrap_err().to_string();
            if !refusal.contains(words) {
                mistakes.push(format!("{name}: {refusal}"));
            }
            continue;
        }
        let path = folder.join(format!("reference/{reference}.png"));
        let Ok(reference) = std::fs::read(&path) else {
            mistakes.push(format!("{name} has no reference {}: see make.py", path.display()));
            continue;
        };
        let reference = open(&reference);
        let have = pixels(&name, reference.width().max(reference.height()));
        let (mean, most) = difference(&have, &reference);
        println!("{name}: mean {mean:.3}, largest {most:.2}");
        let is_near = match class {
            Class::Exact => mean < 0.4 && most < 12.0,
            Class::Near(allowed) => mean < allowed,
            Class::Refused(_) => false,
        };
        if !is_near {
            mistakes.push(format!("{name}: mean {mean:.3}, largest {most:.2}"));
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    assert!(seen > IMAGES.len(), "{seen} images");
}

/// Extensions of the files in the folder that are not images.
const OTHER_FILES: [&str; 4] = [".json", ".md", ".py", ".txt"];

/// The properties of the container count. EXIF data repeat the orientation and must not turn the image again.
#[test]
fn avif_is_cropped_and_then_turned_once() {
    let turned = (2..=8).map(|value| format!("orientation-{value}.avif"));
    for name in turned.chain(["cropped-and-turned.avif".to_owned()]) {
        check_quadrants(&name);
    }
    assert_eq!(pixels("cropped-and-turned.avif", 48).dimensions(), (48, 32));
}

/// 255 is no ink, as in the same file with Adobe's segment.
#[test]
fn inks_of_a_jpeg_without_adobes_segment_are_not_negative() {
    let image = pixels("faults/cmyk-without-adobe.jpg", 300);
    assert_eq!(image.dimensions(), (192, 128));
    let mean = |channel: usize| {
        let sum: f64 = image.pixels().map(|pixel| f64::from(pixel.0[channel])).sum();
        sum / f64::from(image.width() * image.height())
    };
    for (channel, expected) in [121.0, 109.0, 75.0].into_iter().enumerate() {
        assert!((mean(channel) - expected).abs() < 2.0, "{} in channel {channel}", mean(channel));
    }
}

#[test]
fn every_orientation_ends_upright_in_every_format() {
    let jpegs = (1..=8).map(|value| format!("orientation-{value}.jpg"));
    let others = ["orientation-6.png", "orientation-6.webp", "orientation-6.tif"].map(str::to_owned);
    jpegs.chain(others).for_each(|name| check_quadrants(&name));
}

/// Checks for red and green above blue and yellow.
fn check_quadrants(name: &str) {
    let image = pixels(name, 24);
    assert_eq!(image.dimensions(), (24, 16), "{name}");
    let corner = |x, y| image.get_pixel(x, y).0;
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
fn animation_gives_its_first_frame_with_transparency() {
    let gif = pixels("animated.gif", 60);
    assert_eq!(gif.dimensions(), (60, 40));
    assert_eq!(gif.get_pixel(1, 1).0[3], 0);
    assert_eq!(gif.get_pixel(30, 20).0, [250, 10, 10, 255]);
    assert_eq!(pixels("image-rs-anim.webp", 100).dimensions(), (100, 100));
    let avif = pixels("animated.avif", 60);
    assert!(avif.get_pixel(30, 20).0[0] > 240, "{:?}", avif.get_pixel(30, 20));
}

#[test]
fn thumbnail_without_a_format_has_that_of_its_source() {
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
fn every_output_format_is_read_by_another_program() {
    for (format, allowed) in [
        (Format::Avif, 6.0),
        (Format::Gif, 6.0),
        (Format::Jpeg, 6.0),
        (Format::Png, 0.35),
        (Format::WebP, 6.0),
    ] {
        let recipe = Recipe { format: Some(format), ..Recipe::fit_inside(80, 80) };
        let bytes = thumbnail("rgb.bmp", &recipe).bytes;
        let image = match format {
            Format::Jpeg => {
                let mut decoder = jpeg_decoder::Decoder::new(bytes.as_ref());
                let pixels = decoder.decode().unwrap();
                let rgb = image::RgbImage::from_raw(80, 53, pixels).unwrap();
                image::DynamicImage::ImageRgb8(rgb).into_rgba8()
            }
            Format::Avif => decoded(&bytes),
            Format::Gif | Format::Png | Format::WebP => open(&bytes),
        };
        let (mean, _) = difference(&image, &open(&data("reference/rgb.png")));
        println!("{}: mean {mean:.3}, {} bytes", format.name(), bytes.len());
        assert!(mean < allowed, "{}: mean {mean:.3}", format.name());
    }
}

/// In narrow images several reduced scales give the short side the same length.
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
fn metadata_is_dropped() {
    for name in ["exif-landscape-6.jpg", "adobe-rgb.jpg", "p3.png", "orientation-6.webp"] {
        for format in [Format::Avif, Format::Gif, Format::Jpeg, Format::Png, Format::WebP] {
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

    let recipe = Recipe { scans: Scans::Progressive, ..Recipe::fit_inside(40, 40) };
    let progressive = thumbnail("progressive.jpg", &recipe).bytes;
    let mut decoder = jpeg_decoder::Decoder::new(progressive.as_ref());
    decoder.decode().unwrap();
    assert_eq!(decoder.info().unwrap().coding_process, jpeg_decoder::CodingProcess::DctProgressive);
}

#[test]
fn quality_is_at_most_that_of_the_source() {
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
fn one_decode_serves_thumbnails_of_all_sizes() {
    let steps = |steps: &[Step]| Recipe { steps: steps.to_vec(), ..Recipe::default() };
    let cover = Step::Thumbnail(Geometry::Cover { width: 200, height: 200, scaling: Scaling::Both });
    let square = || Step::Crop { width: Some(200), height: Some(200), gravity: Gravity::Center };
    let pad = Step::Pad { width: 320, height: 310, color: Some(Rgb([1, 2, 3])) };
    let fit = || Recipe::fit_inside(300, 300).steps.remove(0);
    let recipes = [
        (steps(&[fit()]), (300, 200)),
        (steps(&[cover, square()]), (200, 200)),
        (steps(&[fit(), pad]), (320, 310)),
        (steps(&[Step::Rotate(90), fit()]), (200, 300)),
        (steps(&[fit(), Step::Rotate(30)]), (360, 324)),
        (steps(&[square()]), (200, 200)),
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

/// Small thumbnails are drawn from a reduced copy of the source, which must not show.
#[test]
fn thumbnails_of_many_sizes_look_like_each_alone() {
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

/// A reduced decode and a full one crop the same part of the image.
#[test]
fn crop_of_a_reduced_decode_has_the_same_pixels() {
    let cut = Step::Crop { width: Some(1000), height: Some(1000), gravity: Gravity::SouthEast };
    let shrink = Recipe::fit_inside(100, 100).steps.remove(0);
    let small = Recipe { steps: vec![cut, shrink], format: Some(Format::Png), ..Recipe::default() };
    let whole = Recipe { steps: vec![], format: Some(Format::Png), ..Recipe::default() };
    let bytes = data("photo-2048x1365.jpg");
    let alone = run(&bytes, &[&small]).unwrap().thumbnails.remove(0).unwrap();
    let from_full = run(&bytes, &[&small, &whole]).unwrap().thumbnails.remove(0).unwrap();
    let (mean, _) = difference(&open(&alone.bytes), &open(&from_full.bytes));
    assert!(mean > 0.0, "the image was not decoded at a reduced size");
    assert!(mean < 0.8, "mean {mean:.3}");
}

#[test]
fn same_input_gives_same_bytes() {
    for format in [Format::Avif, Format::Gif, Format::Jpeg, Format::Png, Format::WebP] {
        let recipe = Recipe { format: Some(format), ..Recipe::fit_inside(90, 90) };
        for name in ["rgba.png", "progressive.jpg"] {
            assert_eq!(thumbnail(name, &recipe), thumbnail(name, &recipe), "{name} {}", format.name());
        }
    }
}

/// Images with other licences, in a folder beside the checkout. Files that are absent are passed over.
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

/// A gradient of one level of eight bits every 40 pixels. The thumbnail is the exact mean, rounded once: it bands no
/// more than eight bits must.
#[test]
fn gradient_of_sixteen_bits_is_rounded_once() {
    const WIDTH: u32 = 1600;
    let level = |x: f64| 20_000.0 + x * 6.425;
    let gradient = image::ImageBuffer::from_fn(WIDTH, 64, |x, _| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 65,536")]
        image::Luma([level(f64::from(x)).round() as u16])
    });
    let mut file = std::io::Cursor::new(Vec::new());
    image::DynamicImage::ImageLuma16(gradient).write_to(&mut file, image::ImageFormat::Png).unwrap();
    // Averaged in cells of 1 to 5 pixels, and then resampled.
    for side in [1600, 1000, 333, 200, 80] {
        let recipe = Recipe { format: Some(Format::Png), ..Recipe::fit_inside(side, side) };
        let thumbnail = run(file.get_ref(), &[&recipe]).unwrap().thumbnails.remove(0).unwrap();
        let pixels = open(&thumbnail.bytes);
        let scale = f64::from(WIDTH) / f64::from(pixels.width());
        let mut worst = 0.0_f64;
        // Kernels reach beyond the image at its left and right edge.
        let margin = pixels.width() / 20 + 4;
        for x in margin..pixels.width() - margin {
            let exact = level((f64::from(x) + 0.5) * scale - 0.5) / 257.0;
            worst = worst.max((f64::from(pixels.get_pixel(x, 0).0[0]) - exact).abs());
        }
        println!("{side}: {worst:.3}");
        assert!(worst < 0.52, "{side}: {worst:.3} of a level off");
    }
}

/// Alternate black and white pixels average to sRGB 188 in linear light, and to 128 as samples.
#[test]
fn linear_light_is_averaged_on_request() {
    let checkerboard =
        image::GrayImage::from_fn(480, 480, |x, y| image::Luma([if (x + y) % 2 == 0 { 0 } else { 255 }]));
    let mut png = std::io::Cursor::new(Vec::new());
    checkerboard.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let mut jpeg = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut jpeg, 100);
    encoder.encode(&checkerboard, 480, 480, jpeg_encoder::ColorType::Luma).unwrap();
    let gamma = Recipe { format: Some(Format::Png), ..Recipe::fit_inside(32, 32) };
    let linear = Recipe { linear: true, ..gamma.clone() };
    for file in [png.get_ref(), &jpeg] {
        let thumbnails = run(file, &[&gamma, &linear]).unwrap().thumbnails;
        for (thumbnail, level) in thumbnails.iter().zip([128, 188]) {
            let pixels = open(&thumbnail.as_ref().unwrap().bytes);
            assert!(
                pixels.pixels().all(|pixel| pixel.0[0].abs_diff(level) <= 2),
                "{level}: {:?}",
                pixels.get_pixel(16, 16)
            );
        }
    }
}

/// Linear light changes smooth areas by rounding only.
#[test]
fn linear_light_keeps_alpha_and_profile_colours() {
    for name in ["rgba.png", "p3.png", "grey16.png", "exif-landscape-6.jpg", "cmyk-adobe.jpg"] {
        let gamma = Recipe { format: Some(Format::Png), ..Recipe::fit_inside(80, 80) };
        let linear = Recipe { linear: true, ..gamma.clone() };
        let [gamma, linear] = [gamma, linear].map(|recipe| open(&thumbnail(name, &recipe).bytes));
        let (mean, _) = difference(&gamma, &linear);
        println!("{name}: mean {mean:.3}");
        assert!(mean < 3.0, "{name}: mean {mean:.3}");
    }
}
