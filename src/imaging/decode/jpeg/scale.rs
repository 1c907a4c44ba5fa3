//! The scale at which a JPEG is decoded: the smallest that suffices for its content.
//!
//! Measured by SSIMULACRA2 against all pixels, before compression: a photograph that is decoded at some eighths keeps 95
//! of 100 points with 2.3 decoded pixels per pixel of the thumbnail, 94.5 with 2.0. Text and lines in black and white or in
//! saturated colours lose more, 98 to 88. Compression lets their samples overshoot the range, where a full decoding cuts
//! them off. A smaller transform averages the overshoot instead. Such graphics are therefore decoded at 1, 1/2, 1/4 or 1/8
//! only. Where 1/2 or less suffices, they lose those points all the same.

use thumbnail_jpeg::{Head, Scale, Wanted};

use crate::imaging::limits::to_u64;
use crate::imaging::plan::demand::DECODE_MARGIN;

/// Decoded pixels per pixel of the thumbnail, along one axis, at least, where blocks keep more than their mean.
const MARGIN: f64 = 2.3;

/// Bytes behind the head by which the content is judged: some percent of the file of a camera. Decoding them at 1/8
/// is 1.5 % of the work of 12 megapixels to 1000 px.
pub(super) const SAMPLE: usize = 128 * 1024;

/// Edges of graphics against a colour at an end of the range: one for so many pairs of neighbouring blocks at least. Of the
/// photographs that were tried, the one with most had one for 53, of drawings and text the one with fewest one for 9.
const PAIRS_PER_EDGE: usize = 20;

/// Levels from an end of the range that count as that end.
const END: u8 = 2;

/// Least difference of the means of two blocks on either side of an edge, levels.
const EDGE: u8 = 40;

/// What a picture shows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Content {
    /// Drawings or text, on paper or ground at an end of the range.
    Graphics,
    Photograph,
}

/// The smallest scale that leaves enough pixels. `ratio` is the thumbnail's size relative to the file's, so that decoded
/// pixels per pixel are 1 / (`ratio` · reduction). `content` is asked where it matters.
pub(super) fn scale(ratio: f64, content: impl FnOnce() -> Content) -> Scale {
    let suffices = |scale: &Scale| {
        let margin = if *scale == Scale::Eighth { DECODE_MARGIN } else { MARGIN };
        margin * ratio * scale.reduction() <= 1.0
    };
    let is_halved = |scale: &Scale| scale.samples().is_power_of_two();
    let smallest = Scale::ALL.into_iter().find(suffices).unwrap_or(Scale::Full);
    if is_halved(&smallest) || content() == Content::Photograph {
        return smallest;
    }
    let halved = Scale::ALL.into_iter().filter(is_halved);
    halved.into_iter().find(suffices).unwrap_or(Scale::Full)
}

/// Judges the content by the first bytes behind the head, of `length` that there are: graphics have many edges between a
/// block of paper or ground, whose colour is at an end of the range, and another one.
pub(super) fn content(head: &Head, start: &[u8], length: u64) -> Content {
    let wanted = Wanted { reduction: 1.0, ..Wanted::all(Scale::Eighth) };
    let components = head.frame.components.len().max(1);
    // Rows of which all bytes came, unless the rest of the file has half as many per row.
    let height = u64::from(Scale::Eighth.reduced(head.frame.height));
    let rows = (height.saturating_mul(to_u64(start.len())) / length.max(1) / 2).clamp(1, height.max(1));
    let (mut came, mut pairs, mut edges) = (0, 0_usize, 0_usize);
    // It ends by an error, after these rows.
    let _ = head.decode(start, wanted, |row| {
        came += 1;
        let blocks = row.chunks_exact(components);
        for (block, next) in blocks.clone().zip(blocks.skip(1)) {
            pairs += 1;
            edges += usize::from(block.iter().zip(next).any(|(a, b)| is_clipped_edge(*a, *b)));
        }
        if came < rows { Ok(()) } else { Err(thumbnail_jpeg::Error::Stopped) }
    });
    if pairs > 0 && edges.saturating_mul(PAIRS_PER_EDGE) >= pairs {
        Content::Graphics
    } else {
        Content::Photograph
    }
}

/// `true` if one of two neighbours is at an end of the range, and the other one is not near it.
fn is_clipped_edge(one: u8, other: u8) -> bool {
    let is_clipped = |level: u8| level <= END || level >= u8::MAX - END;
    one.abs_diff(other) >= EDGE && (is_clipped(one) || is_clipped(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_leaves_the_margin() {
        for (width, target, photograph, graphics) in [
            (11648.0, 290.0, Scale::Eighth, Scale::Eighth),
            (6000.0, 300.0, Scale::Eighth, Scale::Eighth),
            (4032.0, 300.0, Scale::Quarter, Scale::Quarter),
            (2048.0, 300.0, Scale::ThreeEighths, Scale::Half),
            (6000.0, 1600.0, Scale::FiveEighths, Scale::Full),
            (4032.0, 1600.0, Scale::Full, Scale::Full),
            (300.0, 300.0, Scale::Full, Scale::Full),
        ] {
            assert_eq!(scale(target / width, || Content::Photograph), photograph, "{width} to {target}");
            assert_eq!(scale(target / width, || Content::Graphics), graphics, "{width} to {target}");
        }
    }

    fn content_of(name: &str) -> Content {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
        let file = std::fs::read(path).unwrap();
        let mut rest = file.as_slice();
        let head = Head::read(&mut rest).unwrap();
        content(&head, &rest[..rest.len().min(SAMPLE)], rest.len() as u64)
    }

    #[test]
    fn photographs_are_told_from_drawings() {
        for name in ["photo-2048x1365.jpg", "photo-2048x878-progressive.jpg"] {
            assert_eq!(content_of(name), Content::Photograph, "{name}");
        }
        let mut file = Vec::new();
        let text = |x: usize, y: usize| x % 72 >= 24 && y % 32 < 16 && (x + y) % 5 > 1;
        let samples: Vec<u8> =
            (0..256 * 256).map(|at| if text(at % 256, at / 256) { 0 } else { 255 }).collect();
        let encoder = jpeg_encoder::Encoder::new(&mut file, 90);
        encoder.encode(&samples, 256, 256, jpeg_encoder::ColorType::Luma).unwrap();
        let mut rest = file.as_slice();
        let head = Head::read(&mut rest).unwrap();
        assert_eq!(content(&head, rest, rest.len() as u64), Content::Graphics);
        assert_eq!(content(&head, &[], 1000), Content::Photograph, "nothing came");
    }
}
