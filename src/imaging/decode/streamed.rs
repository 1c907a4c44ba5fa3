//! Tests of all formats that are decoded row by row: scaling a picture while it is decoded equals scaling the whole
//! picture afterwards, and the damage of a cut file is never understated.

use std::path::Path;

use crate::imaging::damage::Tolerance;
use crate::imaging::decoded::Decoded;
use crate::imaging::draw::frames::AnimationSink;
use crate::imaging::error::Error;
use crate::imaging::input::source::SourceReader;
use crate::imaging::limits::{Budget, Cancel, Limits};
use crate::imaging::picture::Picture;
use crate::imaging::pixels::source_rows::{RowOrder, SourceRows};
use crate::imaging::pixels::source_scaler::SourceScaler;
use crate::imaging::plan::demand::{Demand, Upright};
use crate::imaging::source_format::SourceFormat;
use crate::recipe::Recipe;

fn decode(file: &[u8], recipe: &Recipe, budget: &mut Budget) -> Result<Decoded, Error> {
    let cancel = Cancel::default();
    let recipes = [recipe];
    let demand = Demand { recipes: &recipes, upright: Upright::ByExif, propagate_id: None };
    let mut animation = AnimationSink::new(demand, None, &cancel);
    crate::imaging::decode::decode(
        &mut SourceReader::new(file, None, &cancel),
        demand,
        budget,
        &mut animation,
    )
}

fn data(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).unwrap()
}

fn budget() -> Budget {
    Budget::new(Limits {
        max_pixels: 1 << 20,
        memory: 1 << 28,
        damage: Tolerance::Nothing,
        threads: std::num::NonZeroUsize::MIN,
    })
}

/// Files of every coding, cut at many places. Every pixel that differs from the whole picture must be counted as lost.
/// The only exception is a number in text that ends the file: nothing shows whether it has lost digits.
#[test]
fn damage_of_a_cut_file_covers_every_wrong_pixel() {
    for name in [
        "animated.gif",
        "bmpsuite/pal8rle.bmp",
        "bmpsuite/rgb16.bmp",
        "bmpsuite/rgba32.bmp",
        "faults/gif-unknown-extension.gif",
        "pngsuite/basi3p02.png",
        "pngsuite/basi6a08.png",
        "pngsuite/basn0g16.png",
        "pngsuite/basn3p04.png",
        "pngsuite/oi9n2c16.png",
        "pngsuite/z00n2c08.png",
        "rgb.webp",
        "rgba.webp",
        "rgba-lossy.webp",
        "small/bilevel.p1.pbm",
        "small/bilevel.p4.pbm",
        "small/grey-1000.p2.pgm",
        "small/rgb16.p6.ppm",
        "small/rgba.p7.pam",
        "small/rgba.qoi",
    ] {
        // The decoder in Rust refuses cut files.
        if name.ends_with(".webp") && cfg!(not(feature = "libwebp")) {
            continue;
        }
        let file = data(name);
        let whole = decode(&file, &Recipe::default(), &mut budget()).unwrap();
        assert_eq!(whole.damage.lost, 0, "{name}");
        let mut shown = 0;
        let is_text = name.ends_with(".p2.pgm");
        let ends = file.len() - 30..file.len();
        for length in (0..file.len()).step_by(file.len() / 70).chain(ends) {
            let Ok(cut) = decode(&file[..length], &Recipe::default(), &mut budget()) else { continue };
            let pixels = |decoded: &Decoded| {
                let picture = only_picture(decoded);
                picture.samples.chunks_exact(picture.pixel_bytes()).map(<[u8]>::to_vec).collect::<Vec<_>>()
            };
            let wrong = pixels(&whole).iter().zip(pixels(&cut)).filter(|(whole, cut)| *whole != cut).count();
            let excused = u64::from(is_text && file.len() - length < 8);
            assert_eq!(cut.damage.total, whole.scaled.full.pixels(), "{name} cut to {length} bytes");
            assert!(
                cut.damage.lost + excused >= wrong as u64,
                "{name} cut to {length} bytes: {wrong} {:?}",
                cut.damage
            );
            shown += usize::from(cut.damage.lost > 0);
        }
        assert!(shown > 0, "{name} is never shown in part");
    }
}

/// The picture of the only recipe.
fn only_picture(decoded: &Decoded) -> &Picture {
    let [scaled] = decoded.scaled.pictures.as_slice() else { panic!("{:?}", decoded.scaled.pictures.len()) };
    &scaled.picture
}

/// A whole picture, scaled for a recipe as if its rows came in this order.
fn scaled(whole: &Decoded, order: RowOrder, recipe: &Recipe) -> Picture {
    let picture = only_picture(whole);
    let demand = Demand { recipes: &[recipe], upright: Upright::ByExif, propagate_id: None };
    let rows = SourceRows { order, ..SourceRows::all(picture.size, picture.layout, picture.depth) };
    let mut scaler = SourceScaler::new(rows, demand, Some(whole.orientation), &mut budget()).unwrap();
    match order {
        RowOrder::BottomUp => scaler.push_picture(&picture.clone().flipped()),
        RowOrder::TopDown => scaler.push_picture(picture),
    }
    scaler.finish().pictures.remove(0).picture
}

#[test]
fn scaling_while_decoding_equals_scaling_afterwards() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut kinds = Vec::new();
    for suite in ["bmpsuite", "pngsuite", "small", "tiffsuite"] {
        for entry in std::fs::read_dir(data.join(suite)).unwrap() {
            let path = entry.unwrap().path();
            let mut budget = budget();
            let Ok(file) = std::fs::read(&path) else { continue };
            let Ok(whole) = decode(&file, &Recipe::default(), &mut budget) else { continue };
            assert_eq!(only_picture(&whole).size, whole.scaled.full, "{}", path.display());
            for part in [2, 5, 13] {
                let side = (whole.scaled.full.width.max(whole.scaled.full.height) / part).max(1);
                let recipe = Recipe::fit_inside(side, side);
                let streamed = decode(&file, &recipe, &mut budget).unwrap();
                let have = only_picture(&streamed);
                let orders = [RowOrder::TopDown, RowOrder::BottomUp];
                let orders = if whole.format == SourceFormat::Bmp { &orders[..] } else { &orders[..1] };
                let is_same = orders.iter().any(|order| scaled(&whole, *order, &recipe) == *have);
                assert!(is_same, "{} to {side} px", path.display());
            }
            kinds.push((
                whole.format,
                whole.scaled.layout,
                whole.scaled.depth,
                whole.scaled.full.pixels() > 100,
            ));
        }
    }
    // The files cover this many layouts and depths of each format.
    let averaged = |format| {
        let mut kinds: Vec<String> = kinds
            .iter()
            .filter(|kind| kind.0 == format && kind.3)
            .map(|kind| format!("{:?} {:?}", kind.1, kind.2))
            .collect();
        kinds.sort();
        kinds.dedup();
        kinds.len()
    };
    let formats =
        [SourceFormat::Bmp, SourceFormat::Png, SourceFormat::Pnm, SourceFormat::Qoi, SourceFormat::Tiff];
    assert_eq!(formats.map(averaged), [2, 8, 7, 2, 9], "{kinds:?}");
}
