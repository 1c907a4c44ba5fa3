//! Hostile, damaged and interrupted files through `render`: each gives a thumbnail or an error that names the cause,
//! and never a panic.

use std::io::{self, Cursor, Read};

use cos_thumbnailer::imaging::{Cancel, Error, Limits, SourceFormat, Upright, render};
use cos_thumbnailer::recipe::{
    Blur, Flip, Focus, Format, Geometry, Gravity, Keep, Recipe, Scaling, Step, Watermark, WatermarkPicture,
};

use crate::fixture::{BrokenReader, LIMITS, data, run};

#[test]
fn impossible_recipe_does_not_fail_the_others() {
    let good = Recipe::fit_inside(50, 50);
    let huge = Recipe {
        steps: vec![Step::Thumbnail(Geometry::Exact { width: 10_000, height: 10_000 })],
        ..Recipe::default()
    };
    let rendering = run(&data("rgb.bmp"), &[&huge, &good]).unwrap();
    assert!(matches!(rendering.thumbnails[0], Err(Error::TooMuchMemory { .. })));
    assert!(rendering.thumbnails[1].is_ok());
}

#[test]
fn text_half_a_file_and_an_empty_file_are_told_apart() {
    let recipe = Recipe::fit_inside(50, 50);
    let refusal = |name: &str| run(&data(name), &[&recipe]).unwrap_err();
    assert!(matches!(refusal("text.jpg"), Error::NotAnImage));
    let photo = data("photo-2048x1365.jpg");
    let half = run(&photo[..photo.len() / 2], &[&recipe]).unwrap_err();
    assert!(matches!(half, Error::Damaged { format: SourceFormat::Jpeg, .. }), "{half:?}");
    assert!(matches!(run(&[], &[&recipe]), Err(Error::Empty)));
}

/// The missing half of this progressive file only refines the first half.
#[test]
fn progressive_jpeg_without_its_last_scans_is_rendered_and_reported_as_damaged() {
    let source = run(&data("truncated.jpg"), &[&Recipe::fit_inside(50, 50)]).unwrap().source;
    assert!(source.damaged.is_some_and(|percent| percent.get() < 10), "{source:?}");
}

/// Some writers omit the end marker, and some add one to a file that they cut.
#[test]
fn jpeg_without_pixels_is_damaged_and_without_an_end_marker_is_not() {
    let recipe = Recipe::fit_inside(50, 50);
    for name in ["grey.jpg", "progressive.jpg", "cmyk-adobe.jpg", "photo-2048x1365.jpg"] {
        let bytes = data(name);
        let unended = &bytes[..bytes.len() - 2];
        assert!(run(unended, &[&recipe]).is_ok(), "{name}");
        let closed = |part: usize| [&bytes[..part], &[0xff, 0xd9]].concat();
        let refusal = run(&closed(bytes.len() / 3), &[&recipe]).map(|_| ());
        assert!(matches!(refusal, Err(Error::Damaged { .. })), "{name}: {refusal:?}");
        let nearly = run(&closed(bytes.len() - 40), &[&recipe]).unwrap().source;
        assert!(nearly.damaged.is_some(), "{name}: the damage is not reported");
    }
}

/// Header of the first progressive scan of three components.
const SCAN: [u8; 14] = [0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 0, 1];

/// The header suffices: `render` must not read more than a first chunk of an endless file.
#[test]
fn decompression_bombs_are_refused_by_their_header_with_numbers() {
    let recipe = Recipe::fit_inside(50, 50);
    let gif = [b"GIF89a\xff\xff\xff\xff\x80\0\0", [0; 6].as_slice(), b",\0\0\0\0\xff\xff\xff\xff\0"].concat();
    let bmp =
        [b"BM............\x28\0\0\0".as_slice(), &60_000_u32.to_le_bytes().repeat(2), &[0; 40]].concat();
    let webp = b"RIFF....WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\x3f\xff\xff\x03".to_vec();
    let mut jpeg = vec![0xff, 0xd8, 0xff, 0xc2, 0, 17, 8, 0xff, 0xff, 0xff, 0xff, 3];
    jpeg.extend([1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]);
    jpeg.extend(SCAN);
    let qoi = [b"qoif".as_slice(), &60_000_u32.to_be_bytes().repeat(2), b"\x04\0"].concat();
    let pnm = b"P6 60000 60000 255\n".to_vec();
    let mut tiff = b"II*\0\x08\0\0\0\x02\0".to_vec();
    for tag in [256_u16, 257] {
        tiff.extend([tag.to_le_bytes(), [4, 0], [1, 0], [0, 0]].as_flattened());
        tiff.extend(60_000_u32.to_le_bytes());
    }
    let size = |file: &[u8]| file.windows(4).position(|kind| kind == b"ispe").unwrap() + 8;
    let mut avif = data("rgb.avif");
    let at = size(&avif);
    avif[at..at + 8].copy_from_slice(&60_000_u32.to_be_bytes().repeat(2));
    for bomb in [data("bomb.png"), gif, bmp, webp, jpeg, avif, qoi, pnm, tiff] {
        let mut endless =
            Counted { inner: Cursor::new(bomb.clone()).chain(io::repeat(0).take(1 << 30)), read: 0 };
        let refusal =
            render(&mut endless, None, &[&recipe], Upright::ByExif, &LIMITS, &Cancel::default()).unwrap_err();
        assert!(matches!(refusal, Error::TooManyPixels { .. }), "{refusal:?}");
        assert!(refusal.to_string().contains("100000000 are allowed"), "{refusal}");
        assert!(endless.read <= 128 * 1024, "{} bytes were read", endless.read);
    }
}

/// Counts the bytes that were read.
struct Counted<R> {
    inner: R,
    read: usize,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(target)?;
        self.read += count;
        Ok(count)
    }
}

#[test]
fn progressive_coefficients_are_refused_before_they_are_allocated() {
    let mut jpeg = vec![0xff, 0xd8, 0xff, 0xc2, 0, 17, 8, 0x20, 0, 0x20, 0, 3];
    jpeg.extend([1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1]);
    jpeg.extend(SCAN);
    let limits = Limits { memory: 100_000_000, ..LIMITS };
    // A decode at full size keeps all coefficients.
    let recipe = Recipe::fit_inside(5000, 5000);
    let refusal =
        render(jpeg.as_slice(), None, &[&recipe], Upright::ByExif, &limits, &Cancel::default()).unwrap_err();
    // 8192 x 8192 x 3 coefficients of two bytes each.
    assert!(
        matches!(refusal, Error::TooMuchMemory { needed, .. } if needed >= 8192 * 8192 * 6),
        "{refusal:?}"
    );
}

/// The size in the container and that of the coded image must agree, whichever is larger.
#[test]
fn avif_with_another_size_in_its_container_is_damaged() {
    let recipe = Recipe::fit_inside(50, 50);
    let whole = data("rgb.avif");
    let at = whole.windows(4).position(|kind| kind == b"ispe").unwrap() + 8;
    for size in [[192_u32, 127], [2, 2], [193, 128], [0, 0], [192, u32::MAX]] {
        let mut bytes = whole.clone();
        bytes[at..at + 4].copy_from_slice(&size[0].to_be_bytes());
        bytes[at + 4..at + 8].copy_from_slice(&size[1].to_be_bytes());
        let refusal = run(&bytes, &[&recipe]).map(|_| ());
        let is_clear = matches!(refusal, Err(Error::Damaged { .. } | Error::TooManyPixels { .. }));
        assert!(is_clear, "{size:?}: {refusal:?}");
    }
}

/// The sequence header tells the memory that the decoder would need.
#[test]
fn avif_beyond_the_memory_limit_is_refused_before_it_is_decoded() {
    let recipe = Recipe::fit_inside(50, 50);
    let limits = Limits { memory: 100_000, ..LIMITS };
    let bytes = data("kodim23.avif");
    let refusal =
        render(bytes.as_slice(), None, &[&recipe], Upright::ByExif, &limits, &Cancel::default()).unwrap_err();
    assert!(matches!(refusal, Error::TooMuchMemory { .. }), "{refusal:?}");
}

/// A file of each format and kind.
const SAMPLES: [&str; 54] = [
    "animated.gif",
    "bilevel.png",
    "bmpsuite/pal4rle.bmp",
    "bmpsuite/rgb24prof.bmp",
    "bmpsuite/rgba16-1924.bmp",
    "cmyk-adobe.jpg",
    "cmyk.tif",
    "cropped-and-turned.avif",
    "deep-10.avif",
    "dxt5.dds",
    "grey.jpg",
    "grey16.png",
    "grid.avif",
    "icon-bmp.ico",
    "icon.ico",
    "image-rs-anim.webp",
    "interlaced.png",
    "jpeg.tif",
    "orientation-6.tif",
    "orientation-6.webp",
    "palette.bmp",
    "palette.png",
    "progressive.jpg",
    "rgb.avif",
    "rgb.webp",
    "rgba-lossy.webp",
    "rgba.avif",
    "rgba.tif",
    "small-alpha.ff",
    "small-alpha.tga",
    "small-palette.pcx",
    "small.exr",
    "small.pcx",
    "small.tga",
    "small/bilevel.group3.tif",
    "small/bilevel.group3-2d.tif",
    "small/bilevel.group4.tif",
    "small/bilevel.p1.pbm",
    "small/bilevel.p4.pbm",
    "small/bilevel.rle.tif",
    "small/flat.qoi",
    "small/grey-1000.p2.pgm",
    "small/grey.packbits.tif",
    "small/rgb.first-deflate.tif",
    "small/rgb16.big.tif",
    "small/rgb16.p6.ppm",
    "small/rgba16.tiles.tif",
    "small/rgba.p7.pam",
    "small/rgba.qoi",
    "tiffsuite/flower-ycbcr42-contig-08.tif",
    "tiffsuite/lab8-lzw.tif",
    "tiffsuite/seq-1c-64f-deflate-fpredict-afa8560e.tiff",
    "tiffsuite/seq-3c-32f-9a471c2b.tiff",
    "tiffsuite/zackthecat.tif",
];

/// Files of JPEG XL, which a build may leave out.
const JXL_SAMPLES: [&str; 4] = ["adobe-rgb.jxl", "grey.jxl", "rgb.jxl", "rgba.jxl"];

/// All samples that this build decodes.
fn samples() -> impl Iterator<Item = &'static str> {
    let jxl = if cfg!(feature = "jxl") { &JXL_SAMPLES[..] } else { &[] };
    SAMPLES.iter().chain(jxl).copied()
}

#[test]
fn failing_reader_and_short_file_are_told_apart_in_every_format() {
    let recipe = Recipe::fit_inside(50, 50);
    for name in samples() {
        let bytes = data(name);
        for part in [3, 20, bytes.len() / 3, bytes.len() / 2] {
            let reader = BrokenReader(&bytes[..part]);
            let refusal =
                render(reader, None, &[&recipe], Upright::ByExif, &LIMITS, &Cancel::default()).map(|_| ());
            assert!(matches!(refusal, Err(Error::Read(_))), "{name} after {part} bytes: {refusal:?}");
            let refusal = run(&bytes[..part], &[&recipe]).map(|rendering| rendering.source.damaged);
            let is_clear = match refusal {
                Err(Error::Damaged { .. } | Error::NotAnImage) => true,
                // An animation may be cut behind its first frame.
                Ok(damaged) => damaged.is_some() || name.contains("anim"),
                Err(_) => false,
            };
            assert!(is_clear, "{name} after {part} bytes: {refusal:?}");
        }
    }
}

#[test]
fn cancelled_rendering_ends_in_every_format() {
    let recipe = Recipe::fit_inside(50, 50);
    let cancel = Cancel::default();
    cancel.cancel();
    for name in samples() {
        let result =
            render(data(name).as_slice(), None, &[&recipe], Upright::ByExif, &LIMITS, &cancel).map(|_| ());
        assert!(matches!(result, Err(Error::Cancelled)), "{name}: {result:?}");
    }
}

/// Numbers from a fixed seed (xorshift64), so that a failure repeats.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from.get(self.below(from.len())).unwrap().clone()
    }
}

/// Checks that these bytes give a rendering or an error, not a panic.
fn assert_no_panic(name: &str, what: &str, bytes: &[u8]) {
    let recipe = Recipe { format: Some(Format::Jpeg), ..Recipe::fit_inside(20, 20) };
    let limits = Limits { max_pixels: 4_000_000, memory: 32_000_000, ..LIMITS };
    let outcome = std::panic::catch_unwind(|| {
        let _ =
            render(bytes, Some(bytes.len() as u64), &[&recipe], Upright::ByExif, &limits, &Cancel::default());
    });
    assert!(outcome.is_ok(), "{name} panics: {what}");
}

#[test]
fn truncated_file_causes_no_panic() {
    for name in samples() {
        let bytes = data(name);
        let step = (bytes.len() / 150).max(1);
        for length in (0..bytes.len()).step_by(step).chain(0..bytes.len().min(100)) {
            assert_no_panic(name, &format!("cut to {length} bytes"), &bytes[..length]);
        }
    }
}

#[test]
fn flipped_bits_cause_no_panic() {
    let rounds = std::env::var("FLIPS").ok().and_then(|text| text.parse().ok()).unwrap_or(150);
    for name in samples() {
        let whole = data(name);
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        for round in 0..rounds {
            let mut bytes = whole.clone();
            // Every other round flips bits of the header, where they have most effect.
            let reach = if round % 2 == 0 { bytes.len().min(700) } else { bytes.len() };
            let flips: Vec<(usize, usize)> =
                (0..=random.below(4)).map(|_| (random.below(reach), random.below(8))).collect();
            for (at, bit) in &flips {
                bytes[*at] ^= 1 << bit;
            }
            assert_no_panic(name, &format!("{flips:?}"), &bytes);
        }
    }
}

#[test]
fn random_steps_give_a_thumbnail_or_a_reason() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for name in ["orientation-6.jpg", "rgba.png", "animated.gif"] {
        let bytes = data(name);
        let recipes: Vec<Recipe> = (0..60).map(|_| random_recipe(&mut random)).collect();
        let rendering = run(&bytes, &recipes.iter().collect::<Vec<_>>()).unwrap();
        for (thumbnail, recipe) in rendering.thumbnails.iter().zip(&recipes) {
            match thumbnail {
                Ok(thumbnail) => {
                    assert!(thumbnail.width > 0 && thumbnail.height > 0);
                    assert!(!thumbnail.bytes.is_empty());
                }
                Err(Error::Impossible { .. } | Error::Outside { .. } | Error::TooMuchMemory { .. }) => (),
                Err(error) => panic!("{name} {recipe}: {error}"),
            }
        }
    }
}

/// A recipe of up to four steps with numbers of every magnitude.
fn random_recipe(random: &mut Random) -> Recipe {
    let mut side = || {
        let magnitude = 1 << random.below(9);
        u32::try_from(1 + random.below(magnitude)).unwrap()
    };
    let (a, b, c, d) = (side(), side(), side(), side());
    let scaling = random.pick(&[Scaling::Both, Scaling::EnlargeOnly, Scaling::ShrinkOnly]);
    let choices = [
        Step::Crop { width: Some(a), height: None, gravity: random.pick(&Gravity::POSITIONS) },
        Step::Crop { width: Some(b), height: Some(c), gravity: random.pick(&Gravity::POSITIONS) },
        Step::Crop { width: Some(a), height: Some(d), gravity: Gravity::Auto },
        Step::Crop { width: None, height: Some(c), gravity: Gravity::Focus(Focus { x: 10_000, y: 1 }) },
        Step::Blur(Blur { radius: u16::try_from(1 + a % 50).unwrap(), sigma: u16::try_from(1 + b).unwrap() }),
        Step::Circle { radius: c },
        Step::CropEdges { long: a, short: b },
        Step::CropToRatio { across: a, down: b, gravity: random.pick(&Gravity::POSITIONS) },
        Step::CropToRatio { across: c, down: d, gravity: Gravity::Auto },
        Step::Cut { width: a, height: b, x: c / 2, y: d / 2, gravity: random.pick(&Gravity::POSITIONS) },
        Step::Flip(random.pick(&[Flip::Horizontal, Flip::Vertical])),
        Step::Pad { width: c, height: d, color: None },
        Step::Rotate(u16::try_from(random.below(4) * 90).unwrap()),
        Step::Rotate(u16::try_from(random.below(360)).unwrap()),
        Step::Round { radius: random.pick(&[None, Some(a)]) },
        Step::Thumbnail(Geometry::Area(u64::from(a) * u64::from(b))),
        Step::Thumbnail(Geometry::Cover { width: a, height: b, scaling }),
        Step::Thumbnail(Geometry::CoverEdges { long: c, short: b }),
        Step::Thumbnail(Geometry::Exact { width: c, height: d }),
        Step::Thumbnail(Geometry::Fit { width: Some(a), height: Some(d), scaling }),
        Step::Thumbnail(Geometry::Fit { width: None, height: Some(b), scaling }),
        Step::Thumbnail(Geometry::Percent { width: 1 + a % 300, height: 1 + b % 300 }),
        Step::Watermark(Watermark {
            picture: WatermarkPicture::new("a.png", b"", 3, vec![[9, 9, 9, 99], [1, 2, 3, 4], [0; 4]])
                .unwrap(),
            gravity: random.pick(&Gravity::POSITIONS),
            x: a,
            y: b,
            opacity: 50,
            is_tiled: random.below(2) == 0,
        }),
    ];
    let steps = (0..random.below(5)).map(|_| random.pick(&choices)).collect();
    let format = random.pick(&[Format::Gif, Format::Jpeg, Format::Png, Format::WebP]);
    let sharpen = random.pick(&[None, Some(10), Some(300)]);
    let greyscale = random.below(4) == 0;
    let keep = Keep { copyright: random.below(2) == 0, profile: random.below(2) == 0 };
    Recipe { steps, format: Some(format), sharpen, greyscale, keep, ..Recipe::default() }
}
