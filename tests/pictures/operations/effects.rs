//! Effects on pixels, and crops to a ratio, in the syntax of the settings: against references of other programs
//! (`make_effects` in `tests/data/generators/references.py`).

use std::path::Path;

use cos_thumbnailer::config::{Config, Environment};
use cos_thumbnailer::imaging::{Cancel, Error, Limits, Thumbnail, Upright, memory_for_jpeg, render};
use cos_thumbnailer::recipe::{Format, Recipe};
use image::{AnimationDecoder as _, GenericImageView as _, RgbaImage};

use crate::fixture::{LIMITS, data, decoded, open, run};

/// The part of the photograph that the references show.
const PART: &str = "imageMogr2/cut/100x80x100x50";

/// `logo.png` in base64.
const LOGO: &str = "bG9nby5wbmc";

/// The recipe of a thumbnail as the variable `THUMBNAILS` has it, with `logo.png` beside the program.
fn recipe(text: &str, format: Format) -> Recipe {
    let variables = [("THUMBNAILS", format!("t={text}")), ("FORMAT", format.name().to_owned())];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/watermarks");
    let config = Config::load_in(&Environment::from_pairs(variables), None, Some(&folder));
    config.unwrap_or_else(|mistakes| panic!("{mistakes}")).rules()[0].thumbnails()[0].recipe.clone()
}

fn thumbnail(name: &str, text: &str, format: Format) -> Result<Thumbnail, Error> {
    run(&data(name), &[&recipe(text, format)]).unwrap().thumbnails.remove(0)
}

fn pixels(name: &str, text: &str) -> RgbaImage {
    let thumbnail = thumbnail(name, text, Format::Png).unwrap_or_else(|error| panic!("{text}: {error}"));
    open(&thumbnail.bytes)
}

/// Largest difference of samples, of colours as they are seen over black.
fn largest_difference(left: &RgbaImage, right: &RgbaImage) -> u32 {
    assert_eq!(left.dimensions(), right.dimensions());
    let seen = |sample: u8, alpha: u8| (u32::from(sample) * u32::from(alpha) + 127) / 255;
    let pixels = left.pixels().zip(right.pixels());
    let samples = pixels.flat_map(|(a, b)| {
        let (below, above) = (a.0[3], b.0[3]);
        let colors = [0, 1, 2].map(|i| seen(a.0[i], below).abs_diff(seen(b.0[i], above)));
        colors.into_iter().chain([u32::from(below.abs_diff(above))])
    });
    samples.max().unwrap()
}

#[test]
fn effects_match_the_reference_within_a_level() {
    for (effect, reference) in [
        ("/blur/8x5", "blur".to_owned()),
        ("/blur/3x1", "blur-small".to_owned()),
        ("/blur/50x100", "blur-large".to_owned()),
        ("/iradius/30", "circle".to_owned()),
        ("/iradius/30/blur/4x2", "circle-blur".to_owned()),
        ("/rradius/20", "corners".to_owned()),
        ("/rradius/5000", "corners-half".to_owned()),
        (&format!("|watermark/1/image/{LOGO}/dx/5/dy/7"), "marked".to_owned()),
        (&format!("|watermark/1/image/{LOGO}/gravity/center/dx/5/dissolve/100"), "marked-center".to_owned()),
        (&format!("|watermark/1/image/{LOGO}/batch/1/dx/2/dy/10/dissolve/40"), "marked-tiles".to_owned()),
        (&format!("/iradius/30|watermark/1/image/{LOGO}/dx/2/dy/3/dissolve/60"), "circle-marked".to_owned()),
    ] {
        let made = pixels("kodim23-768x512.png", &format!("{PART}{effect}"));
        let difference =
            largest_difference(&made, &open(&data(&format!("reference/effect-{reference}.png"))));
        println!("{effect}: {difference}");
        assert!(difference <= 1, "{effect}: {difference}");
    }
}

#[test]
fn options_of_a_size_do_what_tencents_operations_do() {
    for (options, operations) in [
        ("80x80/blur/2", "imageMogr2/thumbnail/80x80>/blur/6x2".to_owned()),
        ("80x80/radius/9", "imageMogr2/thumbnail/80x80>/rradius/9".to_owned()),
        (
            "80x80/fit/cover/radius/round",
            "imageMogr2/thumbnail/!80x80r/gravity/center/crop/80x80/iradius/40".to_owned(),
        ),
        ("80x80/fit/cover/gravity/auto", "imageMogr2/scrop/80x80".to_owned()),
        (
            "80x80/watermark/logo.png+gravity=west+dx=3+dissolve=70",
            format!("imageMogr2/thumbnail/80x80>|watermark/1/image/{LOGO}/gravity/west/dx/3/dissolve/70"),
        ),
        (
            "80x80/fit/pad/radius/9/watermark/logo.png+tile=1/blur/0.5",
            format!(
                "imageMogr2/thumbnail/80x80>/pad/1/blur/2x0.5|watermark/1/image/{LOGO}/batch/1/dissolve/100\
                 |imageMogr2/rradius/9"
            ),
        ),
    ] {
        let [ours, theirs] = [options, &operations].map(|text| pixels("kodim23-768x512.png", text));
        assert!(ours == theirs, "{options} {operations}");
    }
}

/// A crop without scaling gives the pixels of the source.
#[test]
fn ratio_crops_the_images_own_pixels() {
    const PHOTO: &str = "kodim23-768x512.png";
    let source = open(&data(PHOTO));
    for (text, [x, y, width, height]) in [
        ("16:9/fit/cover", [0, 40, 768, 432]),
        ("16:9/fit/cover/gravity/north", [0, 0, 768, 432]),
        ("1:1/fit/cover/focus/1x0.5", [256, 0, 512, 512]),
        ("1920x1080/fit/ratio", [0, 40, 768, 432]),
        ("10000x1000/fit/ratio/gravity/south", [0, 435, 768, 77]),
    ] {
        let window = source.view(x, y, width, height).to_image();
        assert!(pixels(PHOTO, text) == window, "{text}");
    }
    assert_eq!(pixels(PHOTO, "96x54/fit/ratio").dimensions(), (96, 54));
    assert_eq!(pixels(PHOTO, "9:16/fit/cover/gravity/auto").dimensions(), (288, 512));
}

#[test]
fn formats_without_alpha_have_the_background_in_the_corners() {
    let text = "80x80/fit/cover/radius/round/background/#00ff00";
    for format in [Format::Avif, Format::Gif, Format::Jpeg, Format::WebP] {
        let thumbnail = thumbnail("kodim23-768x512.png", text, format).unwrap();
        let picture = match format {
            Format::Avif => decoded(&thumbnail.bytes),
            Format::Jpeg => {
                let corner = &jpeg_decoder::Decoder::new(thumbnail.bytes.as_ref()).decode().unwrap()[..3];
                assert!(corner[0] < 30 && corner[1] > 220 && corner[2] < 30, "{corner:?}");
                continue;
            }
            Format::Gif | Format::Png | Format::WebP => open(&thumbnail.bytes),
        };
        assert_eq!(picture.get_pixel(0, 0).0[3], 0, "{}", format.name());
    }
}

#[test]
fn every_frame_of_an_animation_has_the_effects() {
    let text = "40x40/fit/cover/animation/keep/radius/round/watermark/logo.png+gravity=center";
    let made = thumbnail("animated.gif", text, Format::Gif).unwrap();
    let frames =
        image::codecs::gif::GifDecoder::new(std::io::Cursor::new(&made.bytes)).unwrap().into_frames();
    let frames = frames.collect_frames().unwrap();
    assert!(frames.len() > 1);
    for frame in frames {
        let corners = [(0, 0), (39, 0), (0, 39), (39, 39)].map(|(x, y)| frame.buffer().get_pixel(x, y).0[3]);
        assert_eq!(corners, [0; 4]);
        // The white bar of the logo.
        let bar = frame.buffer().get_pixel(24, 16).0;
        assert!(bar.iter().all(|sample| *sample > 180), "{bar:?}");
    }
}

/// The estimate from the header covers what the effects take: rendering in that memory succeeds, and in much less fails.
#[test]
fn memory_of_effects_is_reserved() {
    let file = data("photo-2048x1365.jpg");
    let recipe = recipe("600x600/blur/15/watermark/logo.png+tile=1/radius/99", Format::Jpeg);
    let scan = file.windows(2).position(|marker| marker == [0xff, 0xda]).unwrap();
    let header = &file[..scan + 2 + usize::from(u16::from_be_bytes([file[scan + 2], file[scan + 3]]))];
    let needed = memory_for_jpeg(header, &[&recipe]).unwrap();
    let fits = |memory| {
        let limits = Limits { memory, ..LIMITS };
        let length = u64::try_from(file.len()).ok();
        let made = render(file.as_slice(), length, &[&recipe], Upright::ByExif, &limits, &Cancel::default());
        made.is_ok_and(|made| made.thumbnails.iter().all(Result::is_ok))
    };
    println!("{needed} bytes");
    assert!(fits(needed + (1 << 16)));
    assert!(!fits(needed / 2));
}
