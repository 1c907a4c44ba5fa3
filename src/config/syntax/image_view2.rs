//! Tencent's short form `imageView2/<mode>/w/<W>/h/<H>` (quick thumbnail template).
//!
//! Its modes only make pictures smaller, as its description says; `imageMogr2` has forms that enlarge.

use crate::config::source::watermark_files::WatermarkFiles;
use crate::recipe::{Geometry, Gravity, Quality, Scaling, Step};

use super::options::Options;
use super::refusal::Refusal;
use super::sizes;
use super::words::{Words, once};

/// Every operation, as a refusal lists them.
const OPERATIONS: &str = "a mode from 1 to 5, w, h, format, q, rq, lq, sharpen, grayscale, linear, subsampling, effort, \
                          colors, lossless, keep and animation";

const SIDE: &str = "<n> from 1 to 10000";

/// Reads one link of a chain.
pub(super) fn read(
    text: &str,
    files: &WatermarkFiles,
    steps: &mut Vec<Step>,
    options: &mut Options,
) -> Result<(), Refusal> {
    let mut words = Words::after_first(text, files);
    if words.are_none() {
        let example = "imageView2/2/w/300/h/300";
        return Err(Refusal::NoOperation { text: "imageView2", example });
    }
    let is_number = |word: &str| word.bytes().all(|b| b.is_ascii_digit());
    let mode = if words.peek().is_some_and(is_number) {
        Some(words.argument("imageView2", "a mode from 1 to 5")?.number(1..=5)?)
    } else {
        None
    };
    let (mut width, mut height) = (None, None);
    while let Some(operation) = words.next() {
        match operation {
            "w" => once(&mut width, words.argument("w", SIDE)?.number(sizes::SIDES)?, "w")?,
            "h" => once(&mut height, words.argument("h", SIDE)?.number(sizes::SIDES)?, "h")?,
            "q" => options.quality("q", &mut words)?,
            "rq" => options.relative_quality("rq", Quality::OfSource, &mut words)?,
            "lq" => options.relative_quality("lq", Quality::AtLeastSource, &mut words)?,
            other if options.take_shared(other, &mut words)? => {}
            other => {
                return Err(Refusal::foreign(other).unwrap_or_else(|| Refusal::Unsupported {
                    operation: other.to_owned(),
                    form: "imageView2",
                    known: OPERATIONS.to_owned(),
                }));
            }
        }
    }
    match (mode, width.or(height)) {
        (Some(mode), Some(side)) => {
            steps.extend(mode_steps(mode, Sides { width, height, side }));
            Ok(())
        }
        (Some(_), None) => Err(Refusal::Lonely { operation: "a mode", needs: "w or h" }),
        (None, Some(_)) => {
            Err(Refusal::Lonely { operation: "w or h", needs: "a mode as in imageView2/2/w/300" })
        }
        (None, None) => Ok(()),
    }
}

/// The sides as written, and one that is.
#[derive(Clone, Copy, Debug)]
struct Sides {
    width: Option<u32>,
    height: Option<u32>,
    side: u32,
}

/// The steps of a mode. All but mode 2 take a square where one side is left out.
fn mode_steps(mode: u32, sides: Sides) -> Vec<Step> {
    let Sides { width, height, side } = sides;
    let scaling = Scaling::ShrinkOnly;
    let fit = Step::Thumbnail(Geometry::Fit { width, height, scaling });
    let (width, height) = (width.unwrap_or(side), height.unwrap_or(side));
    let cover = Step::Thumbnail(Geometry::Cover { width, height, scaling });
    let edges = Step::Thumbnail(Geometry::CoverEdges { long: width, short: height });
    match mode {
        1 => vec![cover, Step::Crop { width: Some(width), height: Some(height), gravity: Gravity::Center }],
        2 => vec![fit],
        3 => vec![cover],
        4 => vec![edges],
        _ => vec![edges, Step::CropEdges { long: width, short: height }],
    }
}
