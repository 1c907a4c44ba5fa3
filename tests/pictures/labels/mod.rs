//! Labels of AI-generated content: read in files that other programs wrote, and carried on in thumbnails that other
//! programs read. `tests/project/labels.rs` has more of those.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};

use cos_thumbnailer::imaging::{Cancel, Motion, Rendering, Thumbnail, Upright, draft};
use cos_thumbnailer::recipe::{AiLabels, Animation, Format, Keep, Propagator, Recipe};
use image::ImageDecoder;
use memchr::memmem;

use crate::fixture::{LIMITS, data, open, run};

const FORMATS: [Format; 5] = [Format::Jpeg, Format::Png, Format::WebP, Format::Gif, Format::Avif];

/// Files with the label.
const LABELLED: [&str; 13] = [
    "comment.jpg",
    "exempi.jpg",
    "exempi.png",
    "exempi.tif",
    "exiftool.avif",
    "exiftool.gif",
    "exiftool.jpg",
    "exiftool.jxl",
    "exiftool.png",
    "exiftool.tif",
    "exiftool.webp",
    "segment.jpg",
    "text.png",
];

const AI: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";

/// Texts of the sources' metadata that must not go on: a position, a serial number, and names of writers.
const PRIVATE: [&[u8]; 6] = [b"GPS", b"Serial", b"SN-12345", b"31,12", b"ExifTool", b"Toolkit"];

fn recipe(format: Format) -> Recipe {
    Recipe { format: Some(format), ..Recipe::fit_inside(8, 8) }
}

fn rendered(name: &str, recipes: &[Recipe]) -> Rendering {
    let recipes: Vec<&Recipe> = recipes.iter().collect();
    run(&data(&format!("labels/{name}")), &recipes).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn only(rendering: Rendering) -> Thumbnail {
    let mut thumbnails = rendering.thumbnails;
    thumbnails.pop().unwrap().unwrap()
}

/// The packet of XMP in a file, as an independent reader finds it. Of AVIF it is the text between its marks.
fn packet(file: &[u8], format: Format) -> Option<Vec<u8>> {
    let reader = Cursor::new(file);
    match format {
        Format::Avif => {
            let start = memmem::find(file, b"<?xpacket begin")?;
            let end = memmem::find(file, b"<?xpacket end=\"r\"?>")? + 19;
            Some(file[start..end].to_vec())
        }
        Format::Gif => image::codecs::gif::GifDecoder::new(reader).unwrap().xmp_metadata().unwrap(),
        Format::Jpeg => {
            let mut decoder = jpeg_decoder::Decoder::new(reader);
            decoder.read_info().unwrap();
            decoder.xmp_data().map(<[u8]>::to_vec)
        }
        Format::Png => image::codecs::png::PngDecoder::new(reader).unwrap().xmp_metadata().unwrap(),
        Format::WebP => image::codecs::webp::WebPDecoder::new(reader).unwrap().xmp_metadata().unwrap(),
    }
}

/// The content of an element in a packet, by text alone.
fn element(packet: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8(packet.to_vec()).unwrap();
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>")).unwrap().0.to_owned())
}

/// The members of a label, without the object around them.
fn members(json: &str) -> BTreeMap<String, String> {
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    let inner = json.get("AIGC").unwrap_or(&json);
    let members = inner.as_object().unwrap().iter();
    members.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}

#[test]
fn label_of_every_source_is_in_thumbnails_of_every_format_and_nothing_else() {
    let can_read = |name: &&str| cfg!(feature = "jxl") || !name.ends_with("jxl");
    for name in LABELLED.into_iter().filter(can_read) {
        let rendering = rendered(name, &FORMATS.map(recipe));
        assert!(rendering.source.has_aigc_label && !rendering.source.has_c2pa, "{name}");
        for (thumbnail, format) in rendering.thumbnails.into_iter().zip(FORMATS) {
            let bytes = thumbnail.unwrap().bytes;
            let packet = packet(&bytes, format).unwrap_or_else(|| panic!("{name} {format:?}"));
            let label = members(&element(&packet, "TC260:AIGC").unwrap());
            assert_eq!(label.len(), 7, "{name} {format:?}");
            assert_eq!((label["Label"].as_str(), label["ProduceID"].as_str()), ("1", "ex-0001"));
            let source_type = element(&packet, "Iptc4xmpExt:DigitalSourceType");
            assert_eq!(
                source_type.as_deref(),
                name.starts_with("exiftool").then_some(AI),
                "{name} {format:?}"
            );
            for private in PRIVATE {
                let found = memmem::find(&bytes, private);
                assert_eq!(found, None, "{} in {name} {format:?}", private.escape_ascii());
            }
        }
    }
}

#[test]
fn dropped_labels_leave_the_file_of_a_source_without_any() {
    let dropping = |format| Recipe { ai_labels: AiLabels::Drop, ..recipe(format) };
    let rendering = rendered("exiftool.png", &FORMATS.map(dropping));
    assert!(rendering.source.has_aigc_label, "the outcome tells of the source");
    for (thumbnail, format) in rendering.thumbnails.into_iter().zip(FORMATS) {
        let with = only(rendered("exiftool.png", &[recipe(format)])).bytes;
        let without = thumbnail.unwrap().bytes;
        assert_eq!(packet(&without, format), None);
        let added = with.len() - without.len();
        assert!((500..1100).contains(&added), "{format:?}: {added}");
        if !matches!(format, Format::Avif | Format::Jpeg) {
            assert_eq!(open(&with), open(&without), "{format:?}");
        }
    }
}

#[test]
fn manifests_of_c2pa_are_told_and_dropped() {
    for ending in ["avif", "gif", "jpg", "png", "tif", "webp"] {
        let rendering = rendered(&format!("c2pa.{ending}"), &FORMATS.map(recipe));
        assert!(rendering.source.has_c2pa && !rendering.source.has_aigc_label, "{ending}");
        for thumbnail in rendering.thumbnails {
            let bytes = thumbnail.unwrap().bytes;
            for trace in [&b"c2pa"[..], b"C2PA", b"jumb", b"caBX"] {
                assert_eq!(memmem::find(&bytes, trace), None, "{ending}");
            }
        }
    }
    for name in ["rgb.avif", "animated.gif", "grey.jpg", "rgba.png", "rgb.tif", "rgb.webp", "palette.bmp"] {
        let rendering = run(&data(name), &[&recipe(Format::Png)]).unwrap();
        assert!(!rendering.source.has_c2pa && !rendering.source.has_aigc_label, "{name}");
        assert_eq!(packet(&only(rendering).bytes, Format::Png), None, "{name}");
    }
}

/// The boxes of a JPEG XL behind its pixels, also where its last one is cut.
#[cfg(feature = "jxl")]
#[test]
fn boxes_behind_the_pixels_of_jpeg_xl_are_read_and_may_be_broken() {
    let file = data("labels/exiftool.jxl");
    let description = [&[0, 0, 0, 30], &b"jumd"[..], &[7; 16], &[3], b"c2pa\0"].concat();
    let superbox = [&[0, 0, 0, 38], &b"jumb"[..], &description].concat();
    let of = |bytes: &[u8]| {
        let source = run(bytes, &[&recipe(Format::Png)]).unwrap().source;
        (source.has_aigc_label, source.has_c2pa)
    };
    assert_eq!(of(&[file.as_slice(), &superbox].concat()), (true, true));
    let xmp = memmem::find(&file, b"xml ").unwrap();
    assert_eq!(of(&file[..xmp - 4]), (false, false));
    assert_eq!(of(&file[..file.len() - 9]), (false, false));
    let garbage = [file.as_slice(), &[0xa5; 3 << 20]].concat();
    assert_eq!(of(&garbage), (true, false));
}

#[test]
fn labels_stand_beside_kept_copyright_and_profile() {
    let keep = Keep { copyright: true, profile: true };
    let photo = data("portrait.jpg");
    let with_label = with_segment(&photo, br#"AIGC{"Label":"2"}"#);
    for format in [Format::Jpeg, Format::Png, Format::WebP] {
        let recipe = Recipe { keep, ..recipe(format) };
        let bytes = only(run(&with_label, &[&recipe]).unwrap()).bytes;
        let packet = packet(&bytes, format).unwrap();
        assert_eq!(element(&packet, "TC260:AIGC").as_deref(), Some(r#"{"Label":"2"}"#));
        assert!(memmem::find(&bytes, b"II*\0").is_some(), "{format:?}: artist and copyright");
    }
}

/// A JPEG with one more segment APP11 behind its first two bytes.
fn with_segment(jpeg: &[u8], content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xeb], &length, content, &jpeg[2..]].concat()
}

#[test]
fn a_limit_of_bytes_counts_the_packet() {
    let photo = with_segment(&data("portrait.jpg"), br#"AIGC{"Label":"1"}"#);
    for format in [Format::Jpeg, Format::WebP] {
        let free = Recipe { format: Some(format), ..Recipe::fit_inside(300, 300) };
        let free_bytes = only(run(&photo, &[&free]).unwrap()).bytes.len() as u64;
        let limited = Recipe { max_bytes: Some(free_bytes - 200), ..free };
        let bytes = only(run(&photo, &[&limited]).unwrap()).bytes;
        assert!(bytes.len() as u64 <= free_bytes - 200, "{format:?}");
        assert!(packet(&bytes, format).is_some(), "{format:?}");
    }
}

#[test]
fn animations_carry_the_label() {
    let xmp = data("labels/exiftool.gif");
    let start = memmem::find(&xmp, b"!\xff\x0bXMP DataXMP").unwrap();
    let end = start + memmem::find(&xmp[start..], &[3, 2, 1, 0, 0]).unwrap() + 5;
    let gif = data("animated.gif");
    let header = 13 + if gif[10] & 0x80 == 0 { 0 } else { 3 << ((gif[10] & 7) + 1) };
    let labelled = [&gif[..header], &xmp[start..end], &gif[header..]].concat();
    for format in [Format::Gif, Format::Png, Format::WebP] {
        let recipe = Recipe { animation: Animation::Keep, ..recipe(format) };
        let plain = only(run(&gif, &[&recipe]).unwrap());
        let thumbnail = only(run(&labelled, &[&recipe]).unwrap());
        assert!(matches!(thumbnail.motion, Motion::Animated(2..)), "{:?}", thumbnail.motion);
        assert_eq!(thumbnail.motion, plain.motion);
        let packet = packet(&thumbnail.bytes, format).unwrap();
        assert!(element(&packet, "TC260:AIGC").is_some(), "{format:?}");
        let still = run(&thumbnail.bytes, &[&recipe]).unwrap();
        assert!(still.source.has_aigc_label, "{format:?}: thumbnails are sources too");
    }
}

#[test]
fn propagator_and_its_number_are_named_in_labels_only() {
    let labels = AiLabels::Keep { propagator: Propagator::parse("001191110102EXAMPLE00X20001") };
    let recipe = Recipe { ai_labels: labels, ..recipe(Format::Png) };
    let made = |name: &str| {
        let (file, cancel) = (data(name), Cancel::default());
        let recipes = [&recipe];
        let draft =
            draft(file.as_slice(), None, &recipes, Upright::ByExif, Some("0a1b"), &LIMITS, &cancel).unwrap();
        packet(&only(draft.finish(&cancel)).bytes, Format::Png)
    };
    for name in ["labels/exempi.jpg", "labels/comment.jpg"] {
        let label = members(&element(&made(name).unwrap(), "TC260:AIGC").unwrap());
        let spread = [&label["ContentPropagator"], &label["PropagateID"], &label["ContentProducer"]];
        assert_eq!(spread, ["001191110102EXAMPLE00X20001", "0a1b", "001191110102EXAMPLE00X10001"], "{name}");
    }
    assert_eq!(made("rgba.png"), None);
}

/// A chunk of PNG.
fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let checked = [kind, content].concat();
    [&length[..], &checked, &crc32fast::hash(&checked).to_be_bytes()].concat()
}

#[test]
fn texts_behind_the_pixels_of_a_png_count_and_long_ones_do_not() {
    let png = data("rgba.png");
    let end = png.len() - 12;
    let label = chunk(b"tEXt", b"AIGC\0{\"Label\":\"1\"}");
    let behind = [&png[..end], &label, &png[end..]].concat();
    assert!(run(&behind, &[&recipe(Format::Png)]).unwrap().source.has_aigc_label);
    let long = [b"AIGC\0{\"Label\":\"", vec![b'1'; 10_000_000].as_slice(), b"\"}"].concat();
    let mut zlib =
        flate2::write::ZlibEncoder::new(b"XML:com.adobe.xmp\0\0".to_vec(), flate2::Compression::best());
    zlib.write_all(&long).unwrap();
    for text in [chunk(b"tEXt", &long), chunk(b"zTXt", &zlib.finish().unwrap())] {
        let hostile = [&png[..33], &text, &png[33..]].concat();
        let rendering = run(&hostile, &[&recipe(Format::Png)]).unwrap();
        assert!(!rendering.source.has_aigc_label);
        assert_eq!(packet(&only(rendering).bytes, Format::Png), None);
    }
}

#[test]
fn long_and_broken_packets_fail_no_thumbnail() {
    let webp = data("labels/exiftool.webp");
    let at = memmem::find(&webp, b"XMP ").unwrap();
    let nested = "<a>".repeat(300_000);
    let label =
        r#"<TC260:AIGC xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/">{"Label":"1"}</TC260:AIGC>"#;
    for packet in [
        format!("<!DOCTYPE x [<!ENTITY a \"{}\">]><r>&a;{label}</r>", "x".repeat(100)),
        format!("{nested}{label}"),
        format!("<r>{}{label}</r>", " ".repeat(10_000_000)),
        "\u{fffd}AIGC<".to_owned(),
    ] {
        let mut file = webp[..at].to_vec();
        file.extend(b"XMP ");
        file.extend(u32::try_from(packet.len()).unwrap().to_le_bytes());
        file.extend(packet.as_bytes());
        file.resize(file.len().next_multiple_of(2), 0);
        let length = u32::try_from(file.len() - 8).unwrap().to_le_bytes();
        file[4..8].copy_from_slice(&length);
        let rendering = run(&file, &[&recipe(Format::Jpeg)]).unwrap();
        assert!(!rendering.source.has_aigc_label, "{packet:.60}");
        assert_eq!(self::packet(&only(rendering).bytes, Format::Jpeg), None);
    }
    // The offset of XMP in an entry of TIFF: its tag and type, its length, then the offset.
    let mut tiff = data("labels/exiftool.tif");
    let entry = memmem::find(&tiff, &[0xbc, 2, 1, 0]).unwrap();
    tiff[entry + 8..entry + 12].fill(0x7f);
    assert!(!run(&tiff, &[&recipe(Format::Jpeg)]).unwrap().source.has_aigc_label);
    let gif = data("labels/c2pa.gif");
    let long = [b"!\xff\x0bXMP DataXMP", vec![b'a'; 98 * 100_000].as_slice(), b"\0"].concat();
    let header = 13 + if gif[10] & 0x80 == 0 { 0 } else { 3 << ((gif[10] & 7) + 1) };
    assert!(run(&[&gif[..header], &long, &gif[header..]].concat(), &[&recipe(Format::Gif)]).is_ok());
}
