//! Operations on real photographs, in the syntax of the settings: against references of another program
//! (`tests/data/make.py`), and against the position of the subject.

mod effects;

use cos_thumbnailer::config::{Config, Environment};
use cos_thumbnailer::imaging::{Error, Thumbnail};
use cos_thumbnailer::recipe::{Format, Recipe};
use image::RgbImage;

use crate::fixture::{data, run};

/// The recipe of a thumbnail as the variable `THUMBNAILS` has it.
fn recipe(text: &str, format: Format) -> Recipe {
    let variables = [("THUMBNAILS", format!("t={text}")), ("FORMAT", format.name().to_owned())];
    let config = Config::load(&Environment::from_pairs(variables), None);
    config.unwrap_or_else(|mistakes| panic!("{mistakes}")).rules()[0].thumbnails()[0].recipe.clone()
}

fn thumbnail(name: &str, text: &str, format: Format) -> Result<Thumbnail, Error> {
    run(&data(name), &[&recipe(text, format)]).unwrap().thumbnails.remove(0)
}

fn pixels(name: &str, text: &str) -> RgbImage {
    let thumbnail = thumbnail(name, text, Format::Png).unwrap_or_else(|error| panic!("{text}: {error}"));
    image::load_from_memory(&thumbnail.bytes).unwrap().into_rgb8()
}

/// Mean difference of samples.
fn difference(left: &RgbImage, right: &RgbImage) -> f64 {
    assert_eq!(left.dimensions(), right.dimensions());
    let sum: u64 = left.iter().zip(right.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / left.len() as f64
}

/// Cut and mirrored images are exact. Scaled ones may differ by half a level, which rounding between the two passes of
/// resampling costs; sharpening increases that.
#[test]
fn operations_match_the_reference() {
    for (text, reference, allowed) in [
        ("imageMogr2/cut/100x80x100x50", "cut", 0.0),
        ("imageMogr2/cut/100x80x20x10/gravity/southeast", "cut-southeast", 0.0),
        ("imageMogr2/cut/100x80x100x50/flip/vertical", "flip-vertical", 0.0),
        ("imageMogr2/cut/100x80x100x50|imageMogr2/flip/horizontal", "flip-horizontal", 0.0),
        ("imageMogr2/flip/horizontal/cut/100x80x568x50", "flip-horizontal", 0.0),
        ("120x120", "fit", 0.5),
        ("imageMogr2/thumbnail/120x", "fit", 0.5),
        ("imageMogr2/thumbnail/x80>", "fit", 0.5),
        ("imageView2/2/w/120/h/120", "fit", 0.5),
        ("imageMogr2/thumbnail/!96x96r", "cover", 0.5),
        ("imageView2/3/w/96", "cover", 0.5),
        ("imageMogr2/thumbnail/!96x96r/gravity/center/crop/96x96", "cover-center", 0.5),
        ("96x96/fit/cover", "cover-center", 0.5),
        ("imageView2/1/w/96/h/96", "cover-center", 0.5),
        ("96x96/fit/cover/focus/0.63x0.5", "cover-focus", 0.5),
        ("100x100/fit/exact", "exact", 0.5),
        ("imageMogr2/thumbnail/100x100!", "exact", 0.5),
        ("imageMogr2/thumbnail/120x110/pad/1/color/I2ZmNjYwMA", "pad", 0.5),
        ("120x110/fit/pad/background/#ff6600", "pad", 0.5),
        ("imageMogr2/thumbnail/10000@", "area", 0.5),
        ("imageMogr2/thumbnail/!12p", "percent", 0.5),
        ("imageMogr2/thumbnail/!12px/crop/x96", "percent-width", 0.5),
        ("imageMogr2/rotate/90|imageView2/4/w/120/h/60", "edges", 0.5),
        ("imageMogr2/rotate/90|imageView2/5/w/100/h/80", "edges-cut", 0.5),
        ("120x120/sharpen/70", "sharpen", 0.9),
        ("120x120/grayscale/1", "grayscale", 0.6),
    ] {
        let wanted = data(&format!("reference/operation-{reference}.png"));
        let wanted = image::load_from_memory(&wanted).unwrap().into_rgb8();
        let mean = difference(&pixels("kodim23-768x512.png", text), &wanted);
        println!("{text}: mean {mean:.3}");
        assert!(mean <= allowed, "{text}: mean {mean:.3}");
    }
}

/// Position of a window in an image: the only one where all pixels agree.
fn position(window: &RgbImage, whole: &RgbImage) -> (u32, u32) {
    let free = (whole.width() - window.width(), whole.height() - window.height());
    let positions = (0..=free.1).flat_map(|y| (0..=free.0).map(move |x| (x, y)));
    let agrees = |&(left, top): &(u32, u32)| {
        window.enumerate_pixels().all(|(x, y, pixel)| whole.get_pixel(left + x, top + y) == pixel)
    };
    positions.into_iter().find(agrees).unwrap()
}

/// The subject is a face or head, with its left, top, right and bottom edge in parts of the width and height.
#[test]
fn automatic_crop_contains_the_subject() {
    for (name, size, subject) in [
        ("portrait.jpg", "100x100", (0.57, 0.17, 0.76, 0.58)),
        ("portrait.jpg", "60x120", (0.57, 0.17, 0.76, 0.58)),
        ("portrait.jpg", "200x100", (0.57, 0.17, 0.76, 0.58)),
        ("kodim23-768x512.png", "60x120", (0.53, 0.22, 0.72, 0.55)),
        ("photo-2048x1365.jpg", "120x40", (0.46, 0.43, 0.54, 0.6)),
        ("photo-2048x1365.jpg", "40x120", (0.46, 0.43, 0.54, 0.6)),
    ] {
        let whole = pixels(name, &format!("imageMogr2/thumbnail/!{size}r"));
        let window = pixels(name, &format!("imageMogr2/thumbnail/!{size}r/gravity/auto/crop/{size}"));
        assert_eq!(format!("{}x{}", window.width(), window.height()), size);
        let (x, y) = position(&window, &whole);
        let part = |at: u32, of: u32| f64::from(at) / f64::from(of);
        let (left, top) = (part(x, whole.width()), part(y, whole.height()));
        let (right, bottom) =
            (part(x + window.width(), whole.width()), part(y + window.height(), whole.height()));
        let inside = left <= subject.0 && top <= subject.1 && right >= subject.2 && bottom >= subject.3;
        println!("{name} {size}: {left:.2} {top:.2} {right:.2} {bottom:.2}");
        assert!(inside, "{name} {size}: {left:.2} {top:.2} {right:.2} {bottom:.2} for {subject:?}");
    }
}

#[test]
fn cut_outside_the_image_fails_alone_with_its_position() {
    let recipes =
        ["imageMogr2/cut/10x10x768x0", "imageMogr2/cut/10x10x767x0"].map(|text| recipe(text, Format::Png));
    let thumbnails = run(&data("kodim23-768x512.png"), &recipes.each_ref()).unwrap().thumbnails;
    assert_eq!(
        thumbnails[0].as_ref().unwrap_err().to_string(),
        "the cut begins 768 px across and 0 px down, outside of the picture of 768x512 px; cut nearer to the \
         edge or leave such pictures out of the rules"
    );
    assert_eq!(thumbnails[1].as_ref().unwrap().width, 1);
}

/// Large thumbnails are encoded in parallel if there are enough cores.
#[test]
fn thumbnails_encoded_in_parallel_keep_their_order() {
    let requests = [
        ("1000x1000", Format::WebP, 1000),
        ("imageMogr2/cut/9x9x5000x0", Format::Jpeg, 0),
        ("2000x2000", Format::Jpeg, 2000),
        ("32x32", Format::Gif, 32),
        ("900x900/sharpen/70", Format::Png, 900),
        ("120x120", Format::Avif, 120),
        ("600x600", Format::Jpeg, 600),
    ];
    let recipes: Vec<Recipe> = requests.iter().map(|(text, format, _)| recipe(text, *format)).collect();
    let recipes: Vec<&Recipe> = recipes.iter().collect();
    let file = data("photo-2048x1365.jpg");
    let made = run(&file, &recipes).unwrap().thumbnails;
    for ((made, (text, format, side)), again) in
        made.iter().zip(requests).zip(run(&file, &recipes).unwrap().thumbnails)
    {
        match made {
            Ok(thumbnail) => {
                assert_eq!((thumbnail.width, thumbnail.format), (side, format), "{text}");
                assert_eq!(thumbnail, &again.unwrap());
            }
            Err(error) => assert!(side == 0 && matches!(error, Error::Outside { .. }), "{text}: {error}"),
        }
    }
    assert_eq!(
        made[2].as_ref().unwrap(),
        &thumbnail("photo-2048x1365.jpg", "2000x2000", Format::Jpeg).unwrap()
    );
}

#[test]
fn limit_of_bytes_is_met_or_reported_in_every_format() {
    for format in [Format::Avif, Format::Jpeg, Format::WebP] {
        let thumbnail = thumbnail("photo-2048x1365.jpg", "300x300/max_bytes/6k", format).unwrap();
        let length = thumbnail.bytes.len();
        let least = if format == Format::Avif { 3000 } else { 4500 };
        assert!((least..=6144).contains(&length), "{}: {length}", format.name());
    }
    for format in [Format::Gif, Format::Png] {
        let refusal = thumbnail("photo-2048x1365.jpg", "300x300/max_bytes/6k", format).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            format!(
                "a thumbnail of 300x200 px cannot be written as {} in 6144 bytes; allow more bytes or choose a \
                 smaller size, or jpeg or webp",
                format.name()
            )
        );
    }
}

/// A thumbnail with the pixels of its source has at most its bytes.
#[test]
fn image_of_unchanged_size_has_no_more_bytes() {
    for (name, quality) in [("quality-35.jpg", "95!"), ("progressive.jpg", "100!"), ("rgb.webp", "100!")] {
        let length = |side: u32| {
            let text = format!("imageMogr2/thumbnail/{side}x{side}>/quality/{quality}");
            let format = if name.ends_with("webp") { Format::WebP } else { Format::Jpeg };
            thumbnail(name, &text, format).unwrap().bytes.len()
        };
        let source = data(name).len();
        assert!(length(192) <= source, "{name}: {} after {source}", length(192));
        assert!(length(192) * 5 > source * 4, "{name}: {} after {source}", length(192));
        assert!(length(188) > source, "{name}: the quality of a smaller image is as asked");
    }
}

/// True if the file contains these bytes.
fn has(file: &[u8], mark: &[u8]) -> bool {
    file.windows(mark.len()).any(|window| window == mark)
}

#[test]
fn artist_and_copyright_are_kept_on_request_and_nothing_else() {
    for format in [Format::Avif, Format::Gif, Format::Jpeg, Format::Png, Format::WebP] {
        let kept = thumbnail("portrait.jpg", "100x100/keep/copyright", format).unwrap().bytes;
        let carries = format != Format::Gif;
        for (mark, expected) in [
            (&b"Ann Artist\0"[..], carries),
            (b"(c) 2026 Ann Artist\0", carries),
            (b"Camera Maker", false),
            (b"SERIAL-0042", false),
        ] {
            assert_eq!(has(&kept, mark), expected, "{} {}", format.name(), String::from_utf8_lossy(mark));
        }
        let bare = thumbnail("portrait.jpg", "100x100", format).unwrap().bytes;
        assert!(!has(&bare, b"Artist"), "{}", format.name());
    }
}

#[test]
fn kept_copyright_is_read_by_another_program() {
    use image::ImageDecoder as _;
    let kept = thumbnail("portrait.jpg", "100x100/keep/copyright", Format::WebP).unwrap().bytes;
    let mut decoder = image::codecs::webp::WebPDecoder::new(std::io::Cursor::new(kept)).unwrap();
    let webp = decoder.exif_metadata().unwrap().unwrap();
    let kept = thumbnail("portrait.jpg", "100x100/keep/copyright", Format::Png).unwrap().bytes;
    let png = png::Decoder::new(std::io::Cursor::new(kept)).read_info().unwrap();
    assert_eq!(png.info().exif_metadata.as_deref(), Some(webp.as_slice()));
    assert_eq!(webp.len(), 8 + 2 + 2 * 12 + 4 + 12 + 20, "two fields and their texts");
}

#[test]
fn kept_profile_describes_the_pixels() {
    use image::ImageDecoder as _;
    let open = |bytes: &[u8]| image::load_from_memory(bytes).unwrap().into_rgb8();
    let source = png::Decoder::new(std::io::Cursor::new(data("p3.png"))).read_info().unwrap();
    let profile = source.info().icc_profile.clone().unwrap();
    let kept = thumbnail("p3.png", "80x80/keep/profile", Format::Png).unwrap().bytes;
    let png = png::Decoder::new(std::io::Cursor::new(kept.clone())).read_info().unwrap();
    assert_eq!(png.info().icc_profile, Some(profile.clone()));
    let converted = pixels("p3.png", "80x80");
    assert!(difference(&open(&kept), &converted) > 1.0, "the pixels must not be converted");
    // p3.png has the samples of rgb.png with another profile.
    let wanted = image::load_from_memory(&data("reference/rgb.png")).unwrap().into_rgb8();
    assert!(difference(&open(&kept), &wanted) < 0.5);

    let kept = thumbnail("p3.png", "80x80/keep/profile", Format::WebP).unwrap().bytes;
    let mut webp = image::codecs::webp::WebPDecoder::new(std::io::Cursor::new(kept)).unwrap();
    assert_eq!(webp.icc_profile().unwrap().as_deref(), Some(profile.as_ref()));
    let kept = thumbnail("p3.png", "80x80/keep/profile", Format::Jpeg).unwrap().bytes;
    let mut jpeg = jpeg_decoder::Decoder::new(kept.as_ref());
    jpeg.read_info().unwrap();
    assert_eq!(jpeg.icc_profile().as_deref(), Some(profile.as_ref()));
    // GIF cannot hold a profile, so the colours are converted.
    let gif = thumbnail("p3.png", "80x80/keep/profile", Format::Gif).unwrap().bytes;
    assert_eq!(gif, thumbnail("p3.png", "80x80", Format::Gif).unwrap().bytes);
}

#[test]
fn image_without_an_rgb_profile_is_converted_in_any_case() {
    for name in ["cmyk-adobe.jpg", "grey.jpg", "rgb.bmp", "broken-profile.jpg"] {
        let kept = thumbnail(name, "80x80/keep/profile", Format::Png).unwrap().bytes;
        assert_eq!(kept, thumbnail(name, "80x80", Format::Png).unwrap().bytes, "{name}");
    }
}

#[test]
fn full_chroma_keeps_thin_coloured_lines() {
    let open = |bytes: &[u8]| {
        let mut decoder = jpeg_decoder::Decoder::new(bytes);
        let pixels = decoder.decode().unwrap();
        RgbImage::from_raw(80, 53, pixels).unwrap()
    };
    let wanted = image::load_from_memory(&data("reference/rgb.png")).unwrap().into_rgb8();
    let away =
        |text: &str| difference(&open(&thumbnail("rgb.bmp", text, Format::Jpeg).unwrap().bytes), &wanted);
    let [by_itself, quarter, full] =
        ["", "/subsampling/420", "/subsampling/444"].map(|word| away(&format!("80x80/quality/95{word}")));
    println!("4:2:0 {quarter:.2}, 4:4:4 {full:.2}");
    assert!(full < quarter * 0.8, "4:2:0 {quarter:.2}, 4:4:4 {full:.2}");
    // At a high quality the writer sees that 4:2:0 would show, unless it is asked for.
    assert_eq!(by_itself.to_bits(), full.to_bits());
}
