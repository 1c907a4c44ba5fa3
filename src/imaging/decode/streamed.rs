//! Test: reducing a picture while it is decoded equals reducing the whole picture afterwards, in every format and
//! depth.

use std::path::Path;

use crate::imaging::damage::Tolerance;
use crate::imaging::decoded::{Decoded, Reduction};
use crate::imaging::draw::frames::AnimationSink;
use crate::imaging::error::Error;
use crate::imaging::input::source::SourceReader;
use crate::imaging::limits::{Budget, Cancel, Limits};
use crate::imaging::picture::geometry::Cell;
use crate::imaging::pixels::reduce::Reducer;
use crate::imaging::plan::demand::{Demand, Upright};
use crate::imaging::source_format::SourceFormat;
use crate::recipe::Recipe;

fn decode(file: &[u8], recipe: &Recipe, budget: &mut Budget) -> Result<Decoded, Error> {
    let cancel = Cancel::default();
    let recipes = [recipe];
    let demand = Demand { recipes: &recipes, upright: Upright::ByExif };
    let mut animation = AnimationSink::new(demand, None, &cancel);
    crate::imaging::decode::decode(
        &mut SourceReader::new(file, None, &cancel),
        demand,
        budget,
        &mut animation,
    )
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole numbers up to 256")]
fn cell_of(reduction: Reduction) -> Cell {
    Cell { across: reduction.across as u32, down: reduction.down as u32 }
}

#[test]
fn reducing_while_decoding_equals_reducing_afterwards() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut kinds = Vec::new();
    for suite in ["bmpsuite", "pngsuite", "small", "tiffsuite"] {
        for entry in std::fs::read_dir(data.join(suite)).unwrap() {
            let path = entry.unwrap().path();
            let limits = Limits {
                max_pixels: 1 << 20,
                memory: 1 << 28,
                damage: Tolerance::Nothing,
                threads: std::num::NonZeroUsize::MIN,
            };
            let mut budget = Budget::new(limits);
            let Ok(file) = std::fs::read(&path) else { continue };
            let Ok(whole) = decode(&file, &Recipe::default(), &mut budget) else { continue };
            assert_eq!(
                (whole.reduction, whole.picture.size),
                (Cell::PIXEL.into(), whole.full),
                "{}",
                path.display()
            );
            let side = (whole.full.width.max(whole.full.height) / 13).max(1);
            let streamed = decode(&file, &Recipe::fit_inside(side, side), &mut budget).unwrap();
            let cell = cell_of(streamed.reduction);
            let (layout, depth) = (whole.picture.layout, whole.picture.depth);
            let mut reducer = Reducer::new(whole.full, layout, depth, cell, &mut budget).unwrap();
            whole.picture.rows().for_each(|row| reducer.push(row));
            assert_eq!(streamed.picture, reducer.finish().0, "{} by {cell:?}", path.display());
            kinds.push((whole.format, layout, depth, cell != Cell::PIXEL));
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
