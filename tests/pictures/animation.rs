//! Moving sources through `render`, seen by an independent reader of the same files and of what is made of them.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its fixture has failed")]

use std::io::{self, Cursor, Read};
use std::path::Path;

use cos_thumbnailer::imaging::{Cancel, Error, Limits, Motion, NotAnimated, Thumbnail, Upright, render};
use cos_thumbnailer::recipe::{Animation, Format, Geometry, Gravity, Quality, Recipe, Scaling, Step};
use image::codecs::gif::{GifDecoder, GifEncoder, Repeat};
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::{AnimationDecoder as _, Delay, Frame, RgbaImage};

use crate::fixture::{LIMITS, data, run};

/// A picture and when it goes away, ms.
struct Shown {
    picture: RgbaImage,
    until: f64,
}

/// What viewers show: equal pictures are one, and haste is a tenth of a second.
fn watch(file: &[u8]) -> Vec<Shown> {
    let source = Cursor::new(file);
    let frames = match file {
        [b'G', ..] => GifDecoder::new(source).unwrap().into_frames(),
        [b'R', ..] => {
            let mut decoder = WebPDecoder::new(source).unwrap();
            // As browsers have it, whatever the file hints at.
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
        let mut picture = frame.into_buffer();
        for pixel in picture.pixels_mut().filter(|pixel| pixel.0[3] == 0) {
            pixel.0 = [0; 4];
        }
        match shown.last_mut() {
            Some(last) if last.picture == picture => last.until = clock,
            _ => shown.push(Shown { picture, until: clock }),
        }
    }
    shown
}

fn moving(format: Format) -> Recipe {
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
    crate::nearness::difference(left, right).0
}

/// Every file in the folder whose frames the reader can tell.
fn animations() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/animations");
    let mut found = vec![("image-rs-anim.webp".to_owned(), data("image-rs-anim.webp"))];
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        // The reader knows no frames of sixteen bits.
        let is_read = name != "rgba16.png" && [".gif", ".png", ".webp"].iter().any(|end| name.ends_with(end));
        if is_read {
            found.push((name.clone(), data(&format!("animations/{name}"))));
        }
    }
    found.sort();
    found
}

#[test]
fn moving_thumbnails_show_what_their_sources_show_for_as_long() {
    let mut moved = 0;
    for (name, file) in animations() {
        let expected = watch(&file);
        let alphas = || expected.iter().flat_map(|shown| shown.picture.pixels()).map(|pixel| pixel.0[3]);
        for format in [Format::Gif, Format::WebP] {
            // In GIF a pixel is there or not.
            if expected.len() < 2
                || (format == Format::Gif && alphas().any(|alpha| !matches!(alpha, 0 | 255)))
            {
                continue;
            }
            let what = format!("{name} as {format:?}");
            let thumbnail = thumbnail(&file, &moving(format));
            assert_eq!(thumbnail.motion, Motion::Animated(u32::try_from(expected.len()).unwrap()), "{what}");
            let seen = watch(&thumbnail.bytes);
            assert_eq!(seen.len(), expected.len(), "{what}");
            // WebP halves the resolution of colours.
            let (allowed, late) = match format {
                Format::Gif => (2.0, 5.0),
                _ if ["border-touching", "dispose-"].iter().any(|kind| name.starts_with(kind)) => (30.0, 0.5),
                _ => (6.0, 0.5),
            };
            for (seen, expected) in seen.iter().zip(&expected) {
                let apart = difference(&seen.picture, &expected.picture);
                assert!(apart < allowed, "{what}: {apart:.2}");
                assert!((seen.until - expected.until).abs() <= late, "{what}: {} ms", seen.until);
            }
            moved += 1;
        }
    }
    assert!(moved >= 18, "{moved}");
}

#[test]
fn each_frame_is_scaled_like_a_still_picture_of_it() {
    for name in [
        "animations/large-gif-anim-combine.gif",
        "animations/says-alpha-has-none.webp",
        "animations/ball.png",
    ] {
        let file = data(name);
        let steps = Recipe::fit_inside(90, 60).steps;
        let recipe = Recipe { steps: steps.clone(), ..moving(Format::WebP) };
        let seen = watch(&thumbnail(&file, &recipe).bytes);
        let still = Recipe { steps, format: Some(Format::Png), ..Recipe::default() };
        for (seen, frame) in seen.iter().zip(watch(&file)) {
            let mut png = Cursor::new(Vec::new());
            frame.picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
            let expected = image::load_from_memory(&thumbnail(png.get_ref(), &still).bytes).unwrap();
            let apart = difference(&seen.picture, &expected.into_rgba8());
            assert!(apart < 4.0, "{name}: {apart:.2}");
        }
    }
}

/// The number in the ANIM chunk, or the block of Netscape's extension.
fn plays(file: &[u8]) -> Option<u16> {
    let at = |name: &[u8], skipped: usize| {
        let found = file.windows(name.len()).position(|window| window == name)?;
        Some(u16::from_le_bytes(*file.get(found + name.len() + skipped..)?.first_chunk()?))
    };
    match file {
        [b'G', ..] => at(b"NETSCAPE2.0", 2),
        _ => at(b"ANIM", 8),
    }
}

/// GIF counts how often all is shown again, WebP and PNG how often it is shown.
#[test]
fn animations_end_when_their_source_ends() {
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
        assert_eq!(plays(&thumbnail(&file, &moving(Format::Gif)).bytes), as_gif);
        assert_eq!(plays(&thumbnail(&file, &moving(Format::WebP)).bytes), Some(as_webp));
    }
}

/// So many frames, each with a dot in another place.
fn dots(count: u32) -> Vec<Frame> {
    let frame = |number: u32| {
        let mut picture = RgbaImage::from_pixel(40, 30, image::Rgba([0, 0, 90, 255]));
        picture.put_pixel(number % 40, number / 40, image::Rgba([255, 255, 0, 255]));
        Frame::from_parts(picture, 0, 0, Delay::from_numer_denom_ms(50, 1))
    };
    (0..count).map(frame).collect()
}

fn gif(frames: Vec<Frame>) -> Vec<u8> {
    let mut file = Vec::new();
    GifEncoder::new(&mut file).encode_frames(frames).unwrap();
    file
}

#[test]
fn without_a_word_and_in_formats_that_stand_still_the_first_frame_is_shown() {
    let file = gif(dots(3));
    let first = Recipe { animation: Animation::First, ..moving(Format::WebP) };
    assert_eq!(Recipe::default().animation, Animation::First);
    assert_eq!(thumbnail(&file, &moving(Format::Jpeg)).motion, Motion::Still);
    for recipe in [first, moving(Format::Png)] {
        let thumbnail = thumbnail(&file, &recipe);
        assert_eq!(thumbnail.motion, Motion::Still);
        let picture = image::load_from_memory(&thumbnail.bytes).unwrap().into_rgba8();
        assert!(difference(&picture, dots(1)[0].buffer()) < 2.0);
    }
}

#[test]
fn a_picture_of_one_frame_stays_a_picture() {
    for file in [gif(dots(1)), data("animations/interlaced.gif"), data("palette.png"), data("rgba.webp")] {
        for format in [Format::Gif, Format::WebP] {
            let kept = thumbnail(&file, &moving(format));
            let still = thumbnail(&file, &Recipe { animation: Animation::First, ..moving(format) });
            assert_eq!(kept, still);
            assert_eq!(kept.motion, Motion::Still);
        }
    }
}

#[test]
fn frames_of_sixteen_bits_move_too() {
    let file = data("animations/rgba16.png");
    let moving = thumbnail(&file, &moving(Format::WebP));
    assert_eq!(moving.motion, Motion::Animated(3));
    let still = thumbnail(&file, &Recipe { format: Some(Format::Png), ..Recipe::default() });
    let still = image::load_from_memory(&still.bytes).unwrap().into_rgba8();
    assert!(difference(&watch(&moving.bytes)[0].picture, &still) < 3.0);
}

#[test]
fn moving_and_still_thumbnails_come_from_one_source() {
    let file = data("animations/mixed-disposal.gif");
    let still = Recipe { format: Some(Format::Png), ..Recipe::fit_inside(16, 16) };
    let (gif, webp) = (moving(Format::Gif), moving(Format::WebP));
    let together = run(&file, &[&gif, &still, &webp]).unwrap().thumbnails;
    let together: Vec<Thumbnail> = together.into_iter().map(Result::unwrap).collect();
    assert_eq!(together, [thumbnail(&file, &gif), thumbnail(&file, &still), thumbnail(&file, &webp)]);
}

/// The first frame, because of this.
fn dropped(file: &[u8], recipe: &Recipe) -> NotAnimated {
    let kept = thumbnail(file, recipe);
    let still = thumbnail(file, &Recipe { animation: Animation::First, ..recipe.clone() });
    assert_eq!(kept.bytes, still.bytes);
    match kept.motion {
        Motion::NotAnimated(reason) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_too_much_becomes_the_first_frame() {
    assert_eq!(dropped(&gif(dots(1001)), &moving(Format::WebP)), NotAnimated::Frames(1000));
    assert_eq!(thumbnail(&gif(dots(1000)), &moving(Format::WebP)).motion, Motion::Animated(1000));
    let tight = Recipe { max_bytes: Some(1000), ..moving(Format::WebP) };
    assert_eq!(dropped(&gif(dots(200)), &tight), NotAnimated::Bytes(1000));

    // 1,100,000,000 pixels, of which the first frame is there.
    let announced = crate::chunks::png(&[
        (b"IHDR", &[&1100_u32.to_be_bytes()[..], &1000_u32.to_be_bytes(), &[8, 0, 0, 0, 0]].concat()),
        (b"acTL", &[1000_u32.to_be_bytes(), 0_u32.to_be_bytes()].concat()),
        (b"fcTL", &control(1100, 1000)),
        (b"IDAT", &fdeflate::compress_to_vec(&[0; 1000 * 1101])),
        (b"IEND", &[]),
    ]);
    // The second one is missing, but was too much anyway.
    assert_eq!(dropped(&announced, &moving(Format::WebP)), NotAnimated::Pixels(1_000_000_000));
}

/// The control of a first frame that fills a canvas of this size.
fn control(width: u32, height: u32) -> Vec<u8> {
    let numbers = [0, width, height, 0, 0].map(u32::to_be_bytes).concat();
    [numbers, vec![0, 1, 0, 10, 0, 0]].concat()
}

/// It would be another thumbnail with more memory, under the same stamp.
#[test]
fn an_animation_that_lacks_memory_fails_where_its_first_frame_would_not() {
    let file = gif(dots(100));
    let made = |animation, memory| {
        let recipe = Recipe { animation, ..moving(Format::Gif) };
        let limits = Limits { memory, ..LIMITS };
        let rendering =
            render(Cursor::new(&file), None, &[&recipe], Upright::ByExif, &limits, &Cancel::default())
                .ok()?;
        rendering.thumbnails.into_iter().next()
    };
    let (mut moved, mut lacked) = (0, 0);
    for memory in (0..100).map(|step| 20_000 + step * 2000) {
        match made(Animation::Keep, memory) {
            Some(Ok(thumbnail)) => {
                assert_eq!(thumbnail.motion, Motion::Animated(100), "{memory}");
                moved += 1;
            }
            Some(Err(_)) | None => {
                lacked += usize::from(made(Animation::First, memory).is_some_and(|first| first.is_ok()));
            }
        }
    }
    assert!(moved > 0 && lacked > 0, "{moved} {lacked}");
}

/// Gives its bytes, then fails.
struct Broken<'a>(&'a [u8]);

impl Read for Broken<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        match self.0.read(target)? {
            0 => Err(io::ErrorKind::ConnectionReset.into()),
            count => Ok(count),
        }
    }
}

#[test]
fn a_damaged_frame_leaves_the_first_and_a_broken_download_nothing() {
    let recipe = moving(Format::WebP);
    for file in [gif(dots(100)), data("animations/ball.png")] {
        let half = file.get(..file.len() / 2).unwrap();
        let reason = dropped(half, &recipe);
        assert!(matches!(reason, NotAnimated::Damaged { frame: 3.., .. }), "{reason:?}");
        let broken = render(Broken(half), None, &[&recipe], Upright::ByExif, &LIMITS, &Cancel::default());
        assert!(matches!(broken, Err(Error::Read(_))), "{broken:?}");
    }
}

#[test]
fn a_file_without_its_last_byte_moves_unless_the_download_broke_off() {
    let recipe = moving(Format::WebP);
    let whole = gif(dots(5));
    let cut = whole.get(..whole.len() - 1).unwrap();
    assert_eq!(thumbnail(cut, &recipe), thumbnail(&whole, &recipe));
    let broken = render(Broken(cut), None, &[&recipe], Upright::ByExif, &LIMITS, &Cancel::default());
    assert!(matches!(broken, Err(Error::Read(_))), "{broken:?}");
}

/// A bright disc moves from left to right over a plain ground; the crop stays where it was in the first frame.
#[test]
fn the_subject_is_looked_for_once() {
    let frame = |number: u32| {
        let picture = RgbaImage::from_fn(90, 30, |x, y| {
            let (across, down) = (f64::from(x) - 15.0 - 20.0 * f64::from(number), f64::from(y) - 15.0);
            let inside = across.hypot(down) < 10.0;
            image::Rgba(if inside { [250, 40, 30, 255] } else { [90, 90, 90, 255] })
        });
        Frame::from_parts(picture, 0, 0, Delay::from_numer_denom_ms(100, 1))
    };
    let crop = Step::Crop { width: Some(30), height: Some(30), gravity: Gravity::Auto };
    let recipe = Recipe { steps: vec![crop], ..moving(Format::Gif) };
    let seen = watch(&thumbnail(&gif((0..4).map(frame).collect()), &recipe).bytes);
    let red = |shown: &Shown| shown.picture.pixels().filter(|pixel| pixel.0[0] > 200).count();
    assert!(red(&seen[0]) > 250, "{}", red(&seen[0]));
    assert_eq!(red(seen.last().unwrap()), 0);
}

#[test]
fn frames_are_cut_turned_and_padded_like_stills() {
    let recipe = Recipe {
        steps: vec![
            Step::Thumbnail(Geometry::Cover { width: 20, height: 20, scaling: Scaling::Both }),
            Step::Rotate(90),
            Step::Pad { width: 24, height: 40, color: None },
        ],
        ..moving(Format::Gif)
    };
    let thumbnail = thumbnail(&gif(dots(5)), &recipe);
    assert_eq!((thumbnail.width, thumbnail.height, thumbnail.motion), (24, 40, Motion::Animated(5)));
    assert!(watch(&thumbnail.bytes).iter().all(|shown| shown.picture.dimensions() == (24, 40)));
}
