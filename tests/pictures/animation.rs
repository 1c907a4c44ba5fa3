//! Animations through `render`: an independent reader plays both the source and its thumbnail.

use std::io::Cursor;
use std::path::Path;

use cos_thumbnailer::imaging::{Cancel, Error, Limits, Motion, NotAnimated, Thumbnail, Upright, render};
use cos_thumbnailer::recipe::{Animation, Format, Geometry, Gravity, Quality, Recipe, Scaling, Step};
use image::codecs::gif::{GifDecoder, GifEncoder, Repeat};
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::{AnimationDecoder as _, Delay, Frame, RgbaImage};

use crate::comparison;
use crate::files::{edited_png, png, png_header};
use crate::fixture::{BrokenReader, LIMITS, data, open, run};

/// An image that a viewer shows, and the time at which it goes away.
struct Shown {
    image: RgbaImage,
    /// Milliseconds from the start.
    until: f64,
}

/// The images that a viewer shows. Equal frames in a row count as one, and delays up to 10 ms are played as 100 ms.
fn playback(file: &[u8]) -> Vec<Shown> {
    let source = Cursor::new(file);
    let frames = match file {
        [b'G', ..] => GifDecoder::new(source).unwrap().into_frames(),
        [b'R', ..] => {
            let mut decoder = WebPDecoder::new(source).unwrap();
            // Browsers ignore the background colour of the file.
            decoder.set_background_color(image::Rgba([0; 4])).unwrap();
            decoder.into_frames()
        }
        _ => PngDecoder::new(source).unwrap().apng().unwrap().into_frames(),
    };
    let mut shown: Vec<Shown> = Vec::new();
    let mut clock = 0.0;
    for frame in frames.collect_frames().unwrap() {
        let (numerator, denominator) = frame.delay().numer_denom_ms();
        let delay = f64::from(numerator) / f64::from(denominator);
        clock += if delay <= 10.0 { 100.0 } else { delay };
        let mut image = frame.into_buffer();
        for pixel in image.pixels_mut().filter(|pixel| pixel.0[3] == 0) {
            pixel.0 = [0; 4];
        }
        match shown.last_mut() {
            Some(last) if last.image == image => last.until = clock,
            _ => shown.push(Shown { image, until: clock }),
        }
    }
    shown
}

fn animated(format: Format) -> Recipe {
    Recipe {
        format: Some(format),
        quality: Quality::Fixed(95),
        animation: Animation::Keep,
        ..Recipe::fit_inside(2000, 2000)
    }
}

fn thumbnail(file: &[u8], recipe: &Recipe) -> Thumbnail {
    run(file, &[recipe]).unwrap().thumbnails.remove(0).unwrap()
}

/// Mean difference of samples.
fn difference(left: &RgbaImage, right: &RgbaImage) -> f64 {
    comparison::difference(left, right).0
}

/// Every animation in the folder that the independent reader understands.
fn animations() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/animations");
    let mut found = vec![("image-rs-anim.webp".to_owned(), data("image-rs-anim.webp"))];
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        // The reader does not support frames of sixteen bits.
        let is_read = name != "rgba16.png" && [".gif", ".png", ".webp"].iter().any(|end| name.ends_with(end));
        if is_read {
            found.push((name.clone(), data(&format!("animations/{name}"))));
        }
    }
    found.sort();
    found
}

#[test]
fn animated_thumbnail_plays_like_its_source() {
    let mut compared = 0;
    for (name, file) in animations() {
        let expected = playback(&file);
        let alphas = || expected.iter().flat_map(|shown| shown.image.pixels()).map(|pixel| pixel.0[3]);
        for format in [Format::Gif, Format::Png, Format::WebP] {
            // A pixel of GIF is opaque or transparent.
            if expected.len() < 2
                || (format == Format::Gif && alphas().any(|alpha| !matches!(alpha, 0 | 255)))
            {
                continue;
            }
            let what = format!("{name} as {format:?}");
            let thumbnail = thumbnail(&file, &animated(format));
            assert_eq!(thumbnail.motion, Motion::Animated(u32::try_from(expected.len()).unwrap()), "{what}");
            let seen = playback(&thumbnail.bytes);
            assert_eq!(seen.len(), expected.len(), "{what}");
            // Lossy WebP halves the resolution of colours, which shows at the sharp edges of these files.
            let (allowed, late) = match format {
                Format::Gif => (2.0, 5.0),
                // The readers of lossy WebP round its colours differently.
                Format::Png => (1.5, 0.5),
                _ if ["border-touching", "dispose-"].iter().any(|kind| name.starts_with(kind)) => (30.0, 0.5),
                _ => (6.0, 0.5),
            };
            for (seen, expected) in seen.iter().zip(&expected) {
                let mean = difference(&seen.image, &expected.image);
                assert!(mean < allowed, "{what}: {mean:.2}");
                assert!((seen.until - expected.until).abs() <= late, "{what}: {} ms", seen.until);
            }
            compared += 1;
        }
    }
    assert!(compared >= 28, "{compared}");
}

#[test]
fn each_frame_is_scaled_like_a_still_image() {
    for name in [
        "animations/large-gif-anim-combine.gif",
        "animations/says-alpha-has-none.webp",
        "animations/ball.png",
    ] {
        let file = data(name);
        let steps = Recipe::fit_inside(90, 60).steps;
        let recipe = Recipe { steps: steps.clone(), ..animated(Format::WebP) };
        let seen = playback(&thumbnail(&file, &recipe).bytes);
        let still = Recipe { steps, format: Some(Format::Png), ..Recipe::default() };
        for (seen, frame) in seen.iter().zip(playback(&file)) {
            let mut png = Cursor::new(Vec::new());
            frame.image.write_to(&mut png, image::ImageFormat::Png).unwrap();
            let mean = difference(&seen.image, &open(&thumbnail(png.get_ref(), &still).bytes));
            assert!(mean < 4.0, "{name}: {mean:.2}");
        }
    }
}

/// Number of plays in the acTL chunk of an animated PNG.
fn plays(file: &[u8]) -> u32 {
    let at = file.windows(4).position(|window| window == b"acTL").unwrap();
    u32::from_be_bytes(file[at + 8..at + 12].try_into().unwrap())
}

/// The loop count in the ANIM chunk of WebP, or in the NETSCAPE extension of GIF.
fn loop_count(file: &[u8]) -> Option<u16> {
    let at = |name: &[u8], skipped: usize| {
        let found = file.windows(name.len()).position(|window| window == name)?;
        Some(u16::from_le_bytes(*file.get(found + name.len() + skipped..)?.first_chunk()?))
    };
    match file {
        [b'G', ..] => at(b"NETSCAPE2.0", 2),
        _ => at(b"ANIM", 8),
    }
}

/// GIF stores the number of repetitions, WebP and PNG the number of plays.
#[test]
fn animated_thumbnail_repeats_as_often_as_its_source() {
    let gif = |repeat: Option<Repeat>| {
        let mut file = Vec::new();
        let mut encoder = GifEncoder::new(&mut file);
        repeat.into_iter().for_each(|repeat| encoder.set_repeat(repeat).unwrap());
        encoder.encode_frames(dots(3)).unwrap();
        drop(encoder);
        file
    };
    let once = data("animations/fcTL-dispose-in-region-none.png");
    for (file, as_gif, as_webp) in [
        (gif(None), None, 1),
        (gif(Some(Repeat::Finite(4))), Some(4), 5),
        (gif(Some(Repeat::Infinite)), Some(0), 0),
        (once, None, 1),
        (data("image-rs-anim.webp"), Some(0), 0),
    ] {
        assert_eq!(loop_count(&thumbnail(&file, &animated(Format::Gif)).bytes), as_gif);
        assert_eq!(loop_count(&thumbnail(&file, &animated(Format::WebP)).bytes), Some(as_webp));
        assert_eq!(plays(&thumbnail(&file, &animated(Format::Png)).bytes), u32::from(as_webp));
    }
}

/// Frames with a dot, each in another place.
fn dots(count: u32) -> Vec<Frame> {
    let frame = |number: u32| {
        let mut image = RgbaImage::from_pixel(40, 30, image::Rgba([0, 0, 90, 255]));
        image.put_pixel(number % 40, number / 40, image::Rgba([255, 255, 0, 255]));
        Frame::from_parts(image, 0, 0, Delay::from_numer_denom_ms(50, 1))
    };
    (0..count).map(frame).collect()
}

fn gif(frames: Vec<Frame>) -> Vec<u8> {
    let mut file = Vec::new();
    GifEncoder::new(&mut file).encode_frames(frames).unwrap();
    file
}

#[test]
fn thumbnail_is_the_first_frame_by_default_and_in_formats_without_animation() {
    let file = gif(dots(3));
    let first = Recipe { animation: Animation::First, ..animated(Format::WebP) };
    assert_eq!(Recipe::default().animation, Animation::First);
    assert_eq!(thumbnail(&file, &animated(Format::Jpeg)).motion, Motion::Still);
    let thumbnail = thumbnail(&file, &first);
    assert_eq!(thumbnail.motion, Motion::Still);
    assert!(difference(&open(&thumbnail.bytes), dots(1)[0].buffer()) < 2.0);
}

/// Without a format a thumbnail has its source's, and an animated PNG moves only on request.
#[test]
fn animated_png_stays_animated_png_on_request() {
    let file = data("animations/ball.png");
    let recipe = Recipe { format: None, ..animated(Format::Png) };
    let kept = thumbnail(&file, &recipe);
    assert_eq!((kept.format, kept.motion), (Format::Png, Motion::Animated(20)));
    let still = thumbnail(&file, &Recipe { animation: Animation::First, ..recipe });
    assert_eq!((still.format, still.motion), (Format::Png, Motion::Still));
}

/// Viewers without APNG show the first frame, and a small change takes few bytes.
#[test]
fn animated_png_is_a_still_of_its_first_frame_and_its_changes() {
    let file = gif(dots(50));
    let animation = thumbnail(&file, &animated(Format::Png));
    assert!(difference(&open(&animation.bytes), dots(1)[0].buffer()) < 0.1);
    let still = thumbnail(&file, &Recipe { animation: Animation::First, ..animated(Format::Png) });
    let of_a_frame = (animation.bytes.len() - still.bytes.len()) / 50;
    assert!(of_a_frame < 110, "{of_a_frame} bytes");
}

#[test]
fn source_of_one_frame_gives_a_still_image() {
    for file in [gif(dots(1)), data("animations/interlaced.gif"), data("palette.png"), data("rgba.webp")] {
        for format in [Format::Gif, Format::Png, Format::WebP] {
            let kept = thumbnail(&file, &animated(format));
            let still = thumbnail(&file, &Recipe { animation: Animation::First, ..animated(format) });
            assert_eq!(kept, still);
            assert_eq!(kept.motion, Motion::Still);
        }
    }
}

#[test]
fn frames_of_sixteen_bits_are_animated() {
    let file = data("animations/rgba16.png");
    let kept = thumbnail(&file, &animated(Format::WebP));
    assert_eq!(kept.motion, Motion::Animated(3));
    let still = thumbnail(&file, &Recipe { format: Some(Format::Png), ..Recipe::default() });
    assert!(difference(&playback(&kept.bytes)[0].image, &open(&still.bytes)) < 3.0);
}

#[test]
fn animated_and_still_thumbnails_come_from_one_source() {
    let file = data("animations/mixed-disposal.gif");
    // Not half as large as the others, so that it is not made of them.
    let still = Recipe { format: Some(Format::Png), ..Recipe::fit_inside(24, 24) };
    let (gif, webp) = (animated(Format::Gif), animated(Format::WebP));
    let together = run(&file, &[&gif, &still, &webp]).unwrap().thumbnails;
    let together: Vec<Thumbnail> = together.into_iter().map(Result::unwrap).collect();
    assert_eq!(together, [thumbnail(&file, &gif), thumbnail(&file, &still), thumbnail(&file, &webp)]);
}

/// The reason why the thumbnail is the first frame only.
fn reason_for_still(file: &[u8], recipe: &Recipe) -> NotAnimated {
    let kept = thumbnail(file, recipe);
    let still = thumbnail(file, &Recipe { animation: Animation::First, ..recipe.clone() });
    assert_eq!(kept.bytes, still.bytes);
    match kept.motion {
        Motion::NotAnimated(reason) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn animation_beyond_a_limit_becomes_its_first_frame() {
    assert_eq!(reason_for_still(&gif(dots(1001)), &animated(Format::WebP)), NotAnimated::Frames(1000));
    assert_eq!(thumbnail(&gif(dots(1000)), &animated(Format::WebP)).motion, Motion::Animated(1000));
    let tight = Recipe { max_bytes: Some(1000), ..animated(Format::WebP) };
    assert_eq!(reason_for_still(&gif(dots(200)), &tight), NotAnimated::Bytes(1000));

    // A small file that announces 1,100,000,000 pixels and has only its first frame.
    let announced = png(&[
        (b"IHDR", &png_header([1100, 1000], 8, 0, false)),
        (b"acTL", &[1000_u32.to_be_bytes(), 0_u32.to_be_bytes()].concat()),
        (b"fcTL", &frame_control(1100, 1000)),
        (b"IDAT", &fdeflate::compress_to_vec(&[0; 1000 * 1101])),
        (b"IEND", &[]),
    ]);
    // The limit is met before the missing second frame is.
    let allowed = 250_000_000 + 150 * u64::try_from(announced.len()).unwrap();
    assert_eq!(reason_for_still(&announced, &animated(Format::WebP)), NotAnimated::Pixels(allowed));
    // A long file may have more, up to a bound.
    let long = edited_png(&announced, &[], &[(b"prVt", &[0; 6_000_000])]);
    assert_eq!(reason_for_still(&long, &animated(Format::WebP)), NotAnimated::Pixels(1_000_000_000));
}

/// Content of the chunk fcTL of a first frame that fills a canvas of this size.
fn frame_control(width: u32, height: u32) -> Vec<u8> {
    let numbers = [0, width, height, 0, 0].map(u32::to_be_bytes).concat();
    [numbers, vec![0, 1, 0, 10, 0, 0]].concat()
}

/// A first frame instead would have the same stamp as the animation that more memory gives.
#[test]
fn animation_without_enough_memory_fails_even_if_its_first_frame_fits() {
    let file = gif(dots(100));
    let made = |animation, memory| {
        let recipe = Recipe { animation, ..animated(Format::Gif) };
        let limits = Limits { memory, ..LIMITS };
        let rendering =
            render(Cursor::new(&file), None, &[&recipe], Upright::ByExif, &limits, &Cancel::default())
                .ok()?;
        rendering.thumbnails.into_iter().next()
    };
    let (mut animations, mut failures) = (0, 0);
    // The decoder reserves 4.2 MB for metadata.
    for memory in (0..100).map(|step| 4_216_600 + step * 2000) {
        match made(Animation::Keep, memory) {
            Some(Ok(thumbnail)) => {
                assert_eq!(thumbnail.motion, Motion::Animated(100), "{memory}");
                animations += 1;
            }
            Some(Err(_)) | None => {
                failures += usize::from(made(Animation::First, memory).is_some_and(|first| first.is_ok()));
            }
        }
    }
    assert!(animations > 0 && failures > 0, "{animations} {failures}");
}

#[test]
fn damaged_animation_becomes_its_first_frame_and_a_broken_download_fails() {
    let recipe = animated(Format::WebP);
    for file in [gif(dots(100)), data("animations/ball.png")] {
        let half = file.get(..file.len() / 2).unwrap();
        let reason = reason_for_still(half, &recipe);
        assert!(matches!(reason, NotAnimated::Damaged { frame: 3.., .. }), "{reason:?}");
        let broken =
            render(BrokenReader(half), None, &[&recipe], Upright::ByExif, &LIMITS, &Cancel::default());
        assert!(matches!(broken, Err(Error::Read(_))), "{broken:?}");
    }
}

#[test]
fn file_without_its_last_byte_is_animated_unless_its_download_broke_off() {
    let recipe = animated(Format::WebP);
    let whole = gif(dots(5));
    let cut = whole.get(..whole.len() - 1).unwrap();
    assert_eq!(thumbnail(cut, &recipe), thumbnail(&whole, &recipe));
    let broken = render(BrokenReader(cut), None, &[&recipe], Upright::ByExif, &LIMITS, &Cancel::default());
    assert!(matches!(broken, Err(Error::Read(_))), "{broken:?}");
}

/// A bright disc moves from left to right over a plain background; the crop stays at its place in the first frame.
#[test]
fn crop_follows_the_subject_of_the_first_frame() {
    let frame = |number: u32| {
        let image = RgbaImage::from_fn(90, 30, |x, y| {
            let (across, down) = (f64::from(x) - 15.0 - 20.0 * f64::from(number), f64::from(y) - 15.0);
            let inside = across.hypot(down) < 10.0;
            image::Rgba(if inside { [250, 40, 30, 255] } else { [90, 90, 90, 255] })
        });
        Frame::from_parts(image, 0, 0, Delay::from_numer_denom_ms(100, 1))
    };
    let crop = Step::Crop { width: Some(30), height: Some(30), gravity: Gravity::Auto };
    let recipe = Recipe { steps: vec![crop], ..animated(Format::Gif) };
    let seen = playback(&thumbnail(&gif((0..4).map(frame).collect()), &recipe).bytes);
    let red = |shown: &Shown| shown.image.pixels().filter(|pixel| pixel.0[0] > 200).count();
    assert!(red(&seen[0]) > 250, "{}", red(&seen[0]));
    assert_eq!(red(seen.last().unwrap()), 0);
}

#[test]
fn frames_are_cropped_rotated_and_padded() {
    let recipe = Recipe {
        steps: vec![
            Step::Thumbnail(Geometry::Cover { width: 20, height: 20, scaling: Scaling::Both }),
            Step::Rotate(90),
            Step::Pad { width: 24, height: 40, color: None },
        ],
        ..animated(Format::Gif)
    };
    let thumbnail = thumbnail(&gif(dots(5)), &recipe);
    assert_eq!((thumbnail.width, thumbnail.height, thumbnail.motion), (24, 40, Motion::Animated(5)));
    assert!(playback(&thumbnail.bytes).iter().all(|shown| shown.image.dimensions() == (24, 40)));
}
