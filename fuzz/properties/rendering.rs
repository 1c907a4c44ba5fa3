//! Any recipe of any picture renders without a panic. A thumbnail has the size that its recipe promises, keeps its limits
//! of bytes and colours, and an independent decoder reads it. More threads change nothing.
//!
//! The first byte of an input chooses the picture, the second the syntax of the recipe. The others choose size, options
//! and operations.

use std::collections::HashSet;
use std::num::NonZeroUsize;

use cos_thumbnailer::config::{Config, Environment};
use cos_thumbnailer::imaging::{Cancel, Limits, Motion, Rendering, SourceInfo, Thumbnail, Upright, render};
use cos_thumbnailer::recipe::{Animation, Format, Recipe};
use image::ImageFormat;

use super::limits::LIMITS;

/// Each behind a byte for the size of reads.
const PICTURES: [&[u8]; 24] = [
    include_bytes!("../seeds/formats/orientation-6.jpg"),
    include_bytes!("../seeds/formats/orientation-6.png"),
    include_bytes!("../seeds/formats/orientation-6.webp"),
    include_bytes!("../seeds/formats/orientation-6.avif"),
    include_bytes!("../seeds/formats/orientation-6.tif"),
    include_bytes!("../seeds/formats/orientation-6.jxl"),
    include_bytes!("../seeds/formats/animated.gif"),
    include_bytes!("../seeds/formats/animated.webp"),
    include_bytes!("../seeds/formats/animated.avif"),
    include_bytes!("../seeds/formats/any-disposal.gif"),
    include_bytes!("../seeds/formats/dispose-previous-blend-source.png"),
    include_bytes!("../seeds/formats/fcTL-blend-source-transparent.png"),
    include_bytes!("../seeds/formats/basi2c16.png"),
    include_bytes!("../seeds/formats/basn3p02.png"),
    include_bytes!("../seeds/formats/basn6a08.png"),
    include_bytes!("../seeds/formats/rgba16.png"),
    include_bytes!("../seeds/formats/bilevel.p4.pbm"),
    include_bytes!("../seeds/formats/grey.p5.pgm"),
    include_bytes!("../seeds/formats/jpeg.tif"),
    include_bytes!("../seeds/formats/seq-4c-8b-cmyk-352ac1da.tiff"),
    include_bytes!("../seeds/formats/dxt5.dds"),
    include_bytes!("../seeds/formats/rgba-10-29x100.heif"),
    include_bytes!("../seeds/formats/small.hdr"),
    include_bytes!("../seeds/formats/pal4rle.bmp"),
];

/// Options of a size: a word and its values.
const OPTIONS: [(&str, &[&str]); 17] = [
    ("fit", &["inside", "cover", "ratio", "exact", "pad"]),
    ("enlarge", &["never", "always", "only"]),
    ("gravity", &["auto", "northwest", "center", "southeast", "0.3x0.7"]),
    ("sharpen", &["10", "70", "300"]),
    ("blur", &["0.1", "1.5", "12"]),
    ("radius", &["1", "20", "5000", "round"]),
    ("grayscale", &["0", "1"]),
    ("linear", &["0", "1"]),
    ("format", &["jpg", "png", "webp", "gif", "jpg", "png", "webp", "avif"]),
    ("quality", &["1", "30", "80", "95", "100", "auto:60"]),
    ("background", &["#102030", "#fff"]),
    ("progressive", &["0", "1"]),
    ("subsampling", &["420", "444"]),
    ("colors", &["2", "17", "256"]),
    ("lossless", &["1", "near"]),
    ("max_bytes", &["300", "1000", "3k"]),
    ("keep", &["copyright", "profile", "copyright+profile"]),
];

/// Operations of `imageMogr2`, and what begins the next link.
const OPERATIONS: [(&str, &[&str]); 14] = [
    (
        "thumbnail",
        &["40x30", "x50", "60x>", "!30x40r", "50x20!", "900@", "!50p", "!200px", "!x30p", "90x90<"],
    ),
    ("thumbnail", &["40x30/pad/1", "33x9/pad/1/color/IzEwMjAzMA=="]),
    ("crop", &["20x10", "x7", "90x90"]),
    ("cut", &["9x9x3x3", "100x100x1x0"]),
    ("scrop", &["20x20", "9x50"]),
    ("rotate", &["90", "45", "181", "359"]),
    ("flip", &["vertical", "horizontal"]),
    ("iradius", &["5", "500"]),
    ("rradius", &["5", "500"]),
    ("blur", &["3x1.5", "50x100"]),
    ("sharpen", &["70"]),
    ("format", &["jpg", "png", "webp", "gif"]),
    ("quality", &["10", "90!"]),
    ("strip|imageMogr2/strip|imageMogr2/flip", &["vertical"]),
];

/// Most operations of a chain: each may enlarge.
const MOST_OPERATIONS: usize = 6;

/// Checks the property. `false` if the input is not worth keeping.
pub(crate) fn check(data: &[u8]) -> bool {
    let [picture, syntax, width, height, choices @ ..] = data else { return false };
    let Some([_, file @ ..]) = PICTURES.get(usize::from(*picture) % PICTURES.len()) else { return false };
    let sides = (u32::from(*width) % 90 + 1, u32::from(*height) % 90 + 1);
    let is_size = syntax % 3 != 0;
    let text = if is_size { size(sides, choices) } else { chain(choices) };
    let Some(mut recipe) = recipe(&text) else { unreachable!("{text} was not refused") };
    if syntax % 2 == 0 {
        recipe.animation = Animation::Keep;
    }
    let one = outcome(file, &recipe, &LIMITS);
    let several = outcome(file, &recipe, &Limits { threads: NonZeroUsize::MIN.saturating_add(2), ..LIMITS });
    let Ok(Rendering { source, thumbnails, .. }) = one else {
        assert!(several.is_err(), "{text}");
        return true;
    };
    let [thumbnail] = thumbnails.as_slice() else { panic!("{} thumbnails for one recipe", thumbnails.len()) };
    let Ok(thumbnail) = thumbnail else { return true };
    let of_several = several.ok().and_then(|several| several.thumbnails.into_iter().next()?.ok());
    // Each thread takes memory, so that more of them may fail.
    if let Some(several) = of_several {
        assert_eq!(several, *thumbnail, "the number of threads shows: {text}");
    }
    let (sides_read, colors) = read(thumbnail);
    assert_eq!(sides_read, (thumbnail.width, thumbnail.height), "{text}");
    let most_colors =
        recipe.colors.filter(|_| thumbnail.motion == Motion::Still && thumbnail.format == Format::Png);
    assert!(most_colors.is_none_or(|most| colors <= usize::from(most)), "{colors} colours: {text}");
    assert!(recipe.max_bytes.is_none_or(|most| thumbnail.bytes.len() as u64 <= most), "{text}");
    if is_size {
        keeps_its_size(&text, sides, &source, thumbnail);
    }
    true
}

fn outcome(file: &[u8], recipe: &Recipe, limits: &Limits) -> Result<Rendering, String> {
    let length = u64::try_from(file.len()).ok();
    render(file, length, &[recipe], Upright::ByExif, limits, &Cancel::default()).map_err(|error| {
        let text = error.to_string();
        assert!(!text.is_empty());
        text
    })
}

/// A size with options.
fn size((width, height): (u32, u32), choices: &[u8]) -> String {
    chosen(format!("{width}x{height}"), &OPTIONS, choices)
}

fn chain(choices: &[u8]) -> String {
    let most = choices.len().min(2 * MOST_OPERATIONS);
    chosen("imageMogr2/auto-orient".to_owned(), &OPERATIONS, &choices[..most])
}

/// A text with words and values of a table. Each is chosen by two bytes, and left out if the configuration refuses it, for
/// instance because it is there.
fn chosen(mut text: String, table: &[(&str, &[&str])], choices: &[u8]) -> String {
    for [word, value] in choices.as_chunks().0 {
        let (word, values) = table[usize::from(*word) % table.len()];
        let longer = format!("{text}/{word}/{}", values[usize::from(*value) % values.len()]);
        if recipe(&longer).is_some() {
            text = longer;
        }
    }
    text
}

fn recipe(text: &str) -> Option<Recipe> {
    let variables = Environment::from_pairs([("THUMBNAILS", format!("a={text}"))]);
    Some(Config::load(&variables, None).ok()?.rules()[0].thumbnails()[0].recipe.clone())
}

/// Width and height of a thumbnail as another decoder sees it, after it has read all of its first frame, and the number of
/// colours where that decoder tells pixels.
fn read(thumbnail: &Thumbnail) -> ((u32, u32), usize) {
    let format = match thumbnail.format {
        Format::Gif => ImageFormat::Gif,
        Format::Png => ImageFormat::Png,
        Format::WebP => ImageFormat::WebP,
        Format::Jpeg => return (read_jpeg(&thumbnail.bytes), 0),
        // There is no other decoder of AV1 in Rust than ours.
        Format::Avif => return (read_again(&thumbnail.bytes), 0),
    };
    let picture = image::load_from_memory_with_format(&thumbnail.bytes, format).expect("it cannot be read");
    let pixels = picture.into_rgba8();
    (pixels.dimensions(), pixels.pixels().collect::<HashSet<_>>().len())
}

fn read_jpeg(file: &[u8]) -> (u32, u32) {
    let mut decoder = jpeg_decoder::Decoder::new(file);
    decoder.decode().expect("it cannot be read");
    let info = decoder.info().expect("it was read");
    (info.width.into(), info.height.into())
}

fn read_again(file: &[u8]) -> (u32, u32) {
    let recipe = Recipe { format: Some(Format::Png), ..Recipe::default() };
    let SourceInfo { width, height, damaged, .. } =
        outcome(file, &recipe, &LIMITS).expect("it cannot be read").source;
    assert_eq!(damaged, None);
    (width, height)
}

/// Asserts what `docs/configuration.md` says of the size.
fn keeps_its_size(text: &str, (width, height): (u32, u32), source: &SourceInfo, thumbnail: &Thumbnail) {
    let has = |words: &str| text.contains(words);
    let (got, of_source) = ((thumbnail.width, thumbnail.height), (source.width, source.height));
    let is_within = |most: (u32, u32)| got.0 <= most.0 && got.1 <= most.1;
    let context = || format!("{text}: {got:?} of {of_source:?}");
    assert!(got.0 > 0 && got.1 > 0, "{}", context());
    if has("fit/exact")
        || (has("fit/pad") && !has("enlarge/only"))
        || (has("fit/cover") && has("enlarge/always"))
    {
        assert_eq!(got, (width, height), "{}", context());
    } else if has("enlarge/only") {
        // A larger image keeps its size.
    } else if has("enlarge/always") {
        assert!(is_within((width, height)), "{}", context());
        assert!(got.0 == width || got.1 == height, "{}", context());
    } else {
        assert!(is_within((width, height)) && is_within(of_source), "{}", context());
        let touches = got.0 == width || got.1 == height || got == of_source;
        assert!(touches || has("fit/"), "{}", context());
    }
    if let Motion::Animated(frames) = thumbnail.motion {
        assert!(frames > 0, "{}", context());
    }
}
