//! Encoders: one file per thumbnail, in one format each.
//!
//! [`encode`] chooses format and quality by the recipe and the source, and writes the file. If it is too large, it is
//! written again with a lower quality. Metadata is written only if the recipe keeps it.
//!
//! Invariant: the input is a picture of eight bits that is not CMYK. Scaling and colours are settled before.
//!
//! - `jpeg`, `png`, `webp`, `gif`, [`avif`]: one still file each;
//! - `palette`: pictures of few colours;
//! - `kept_metadata`, `sides`: what all formats share;
//! - `job`: the files of one thumbnail, until one is good;
//! - `quality_search`: the quality for a limit of bytes;
//! - `score_search`, `score`, `read_back`: the quality for a score;
//! - `webp_metadata`: the container of WebP with metadata or frames;
//! - [`animation`]: animated GIF, WebP and PNG.

pub(crate) mod animation;
pub(crate) mod avif;
mod gif;
mod job;
mod jpeg;
mod kept_metadata;
mod palette;
mod png;
mod quality_search;
mod read_back;
mod score;
mod score_search;
mod sides;
mod webp;
mod webp_metadata;

use std::time::Duration;

use bytes::Bytes;

use crate::imaging::encode::avif::speed::Speed;
use crate::imaging::encode::job::{EncodeJob, Encoded};
pub(super) use crate::imaging::encode::kept_metadata::KeptMetadata;
pub(super) use crate::imaging::encode::sides::{check_sides, side_u16};
use crate::imaging::error::Error;
use crate::imaging::limits::Cancel;
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Depth, Layout, Picture};
use crate::imaging::pixels::placeholder::placeholder;
use crate::imaging::rendering::{Motion, Thumbnail};
use crate::imaging::source_format::SourceFormat;
use crate::imaging::source_properties::SourceFile;
use crate::recipe::{Format, Loss, Quality, Recipe, Subsampling};

/// Encodes a picture as its recipe says; format and quality that the recipe leaves open follow the source.
///
/// A file larger than a source of the same format and number of pixels is encoded again with lower quality, up to seven
/// times; if no quality makes it small enough, it stays. So is a file larger than the recipe's limit; if no quality
/// makes that small enough, it is an error.
///
/// # Errors
/// - [`Error::Impossible`]: a side exceeds the format's longest.
/// - [`Error::TooManyBytes`]: no quality meets the recipe's limit.
/// - [`Error::TooLargeToScore`]: the quality is to be found by a score, for a thumbnail of too many pixels.
/// - [`Error::Encode`]: the encoder failed.
/// - [`Error::Cancelled`].
///
/// `speed` is that of AVIF, the one format that is slow.
pub(super) fn encode(
    picture: Picture,
    recipe: &Recipe,
    source_file: &SourceFile,
    metadata: &KeptMetadata<'_>,
    speed: Speed,
    cancel: &Cancel,
) -> Result<Thumbnail, Error> {
    debug_assert!(picture.depth == Depth::Eight && picture.layout != Layout::Cmyk);
    let format = recipe.format.unwrap_or_else(|| default_format(source_file.format, picture.layout));
    let size = picture.size;
    check_sides(format, size)?;
    let picture = in_encoded_layout(picture, format, recipe, metadata);
    let quality = first_quality(recipe, source_file.quality, format);
    let placeholder = recipe.placeholder.then(|| placeholder(&picture)).flatten();
    let job = EncodeJob::new(picture, format, recipe, metadata, speed);
    let encoded = if may_repeat(recipe, source_file, format, size) {
        encode_within_limits(job, quality, recipe, source_file.byte_limit(format, size), cancel)?
    } else {
        job.encode_once(quality)?
    };
    let Size { width, height } = size;
    Ok(Thumbnail {
        bytes: Bytes::from(encoded.file),
        format,
        width,
        height,
        quality: has_quality(recipe, format).then_some(encoded.quality),
        score: encoded.score,
        motion: Motion::Still,
        part: None,
        placeholder,
    })
}

/// The file of a quality or of the recipe's score, or a lower quality for the limits of bytes: `source_bytes` is kept if that
/// is possible.
fn encode_within_limits(
    mut job: EncodeJob<'_>,
    quality: u8,
    recipe: &Recipe,
    source_bytes: Option<u64>,
    cancel: &Cancel,
) -> Result<Encoded, Error> {
    let mut encoded = match recipe.quality {
        Quality::Auto(score) if is_searched(recipe, job.format()) => job.encode_for_score(score, cancel)?,
        _ => job.encode(quality)?,
    };
    if let Some(limit) = source_bytes
        && !quality_search::fits(&encoded.file, limit)
    {
        encoded = job.encode_within(limit, encoded.quality, cancel)?.unwrap_or(encoded);
    }
    if let Some(allowed) = recipe.max_bytes
        && !quality_search::fits(&encoded.file, allowed)
    {
        encoded = job
            .encode_within(allowed, encoded.quality, cancel)?
            .ok_or_else(|| job.too_many_bytes(allowed))?;
    }
    Ok(encoded)
}

/// `true` if files of this format are larger and better with a higher quality.
fn has_quality(recipe: &Recipe, format: Format) -> bool {
    match format {
        Format::Gif | Format::Png => false,
        Format::WebP => cfg!(feature = "libwebp") && recipe.loss == Loss::ByQuality,
        Format::Avif | Format::Jpeg => true,
    }
}

/// `true` if the quality is searched by its score.
fn is_searched(recipe: &Recipe, format: Format) -> bool {
    matches!(recipe.quality, Quality::Auto(_)) && has_quality(recipe, format)
}

/// The quality of the first file, for a source of this quality: that of the recipe, or the one that has its score in the
/// mean.
pub(super) fn first_quality(recipe: &Recipe, source: Option<u8>, format: Format) -> u8 {
    match recipe.quality {
        Quality::Auto(score) => score_search::mean_quality(format, score),
        quality => quality.of(source),
    }
}

/// `true` if the thumbnails of a recipe take so long to encode that others are stored first.
pub(super) fn is_slow(recipe: &Recipe) -> bool {
    recipe.format == Some(Format::Avif)
}

/// Longest time that [`encode`] is expected to take for a thumbnail in a slow format, by what this process has measured.
pub(super) fn estimate(
    recipe: &Recipe,
    source_quality: Option<u8>,
    size: Size,
    layout: Layout,
    speed: Speed,
) -> Duration {
    let of_file = |quality| avif::estimate::estimate(speed, size, layout, quality);
    let first = of_file(first_quality(recipe, source_quality, Format::Avif));
    let for_bytes = if recipe.max_bytes.is_some() { job::AVIF_BYTE_TRIALS } else { 0 };
    let Quality::Auto(score) = recipe.quality else { return first.saturating_mul(1 + for_bytes) };
    let highest = of_file(score_search::highest_quality(Format::Avif, score));
    let comparisons = avif::estimate::comparison(size).saturating_mul(job::AVIF_SCORE_TRIALS);
    let others = highest.saturating_mul(job::AVIF_SCORE_TRIALS - 1 + for_bytes);
    first.saturating_add(others).saturating_add(comparisons)
}

/// Bytes of memory per pixel that [`encode`] takes, the picture included.
///
/// Measured on noise, the worst case. JPEG: the picture or the file, and two bytes for each coefficient, of which 4:2:0 has
/// 1.5 per pixel and 4:4:4, which `Auto` may choose, three; if it may be encoded again, two more for each, and further
/// files. Of others most of it are coefficients and tokens, which are held until their entropy tables are known, and for
/// WebP the search for repetitions in alpha.
pub(super) fn working_bytes_per_pixel(
    recipe: &Recipe,
    source_file: &SourceFile,
    layout: Layout,
    size: Size,
) -> u64 {
    let format = recipe.format.unwrap_or_else(|| default_format(source_file.format, layout));
    let may_repeat = may_repeat(recipe, source_file, format, size);
    let quality =
        if is_searched(recipe, format) { 100 } else { first_quality(recipe, source_file.quality, format) };
    let for_file = match format {
        // Alpha is encoded after the colours.
        Format::Avif => match quality {
            0..=80 => 46,
            81..=90 => 64,
            _ => 97,
        },
        Format::Gif => 15,
        Format::Jpeg => match (recipe.subsampling, may_repeat) {
            (Subsampling::Quarter, false) => 7,
            (Subsampling::Auto | Subsampling::Full, false) => 12,
            (Subsampling::Quarter, true) => 17,
            (Subsampling::Auto | Subsampling::Full, true) => 31,
        },
        // The pixels in RGBA and in Oklab, and their indices.
        Format::Png if recipe.colors.is_some() => 31,
        Format::Png => 11,
        Format::WebP if recipe.loss != Loss::ByQuality => 50,
        Format::WebP if layout.has_alpha() => 46,
        Format::WebP => match quality {
            0..=80 => 17,
            81..=84 => 20,
            85..=90 => 25,
            _ => 31,
        },
    };
    match format {
        _ if !is_searched(recipe, format) => for_file,
        // The encoder has ended when pixels are compared.
        Format::Avif => score::REFERENCE_BYTES_PER_PIXEL + for_file.max(score::COMPARISON_BYTES_PER_PIXEL),
        _ => score::REFERENCE_BYTES_PER_PIXEL + for_file + score::COMPARISON_BYTES_PER_PIXEL,
    }
}

/// `true` if a file may be written again with another quality, for a limit of bytes or a score.
fn may_repeat(recipe: &Recipe, source_file: &SourceFile, format: Format, size: Size) -> bool {
    is_searched(recipe, format)
        || recipe.max_bytes.is_some()
        || source_file.byte_limit(format, size).is_some()
}

/// The picture in the layout that is encoded: without alpha for JPEG, and in RGB if an RGB profile is kept.
fn in_encoded_layout(
    picture: Picture,
    format: Format,
    recipe: &Recipe,
    metadata: &KeptMetadata<'_>,
) -> Picture {
    let picture = match format {
        Format::Jpeg => picture.flatten(recipe.background.0),
        Format::Avif | Format::Gif | Format::Png | Format::WebP => picture,
    };
    if metadata.profile.is_some() { picture.colored() } else { picture }
}

/// The format of a thumbnail whose recipe names none: the source's, or PNG with alpha and JPEG without.
fn default_format(source: SourceFormat, layout: Layout) -> Format {
    let plain = if layout.has_alpha() { Format::Png } else { Format::Jpeg };
    source.kept_format().unwrap_or(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::picture::Depth;
    use crate::recipe::Quality;

    fn source_file(format: SourceFormat) -> SourceFile {
        SourceFile { format, size: Size { width: 9, height: 9 }, quality: None, bytes: None }
    }

    fn write(picture: Picture, recipe: &Recipe, source_file: &SourceFile) -> Result<Thumbnail, Error> {
        encode(picture, recipe, source_file, &KeptMetadata::default(), Speed::Quickest, &Cancel::default())
    }

    fn noise(width: u32) -> Picture {
        let mut picture = Picture::blank(Size { width, height: width }, Layout::Grey, Depth::Eight);
        let mut state = 7_u32;
        for sample in &mut picture.samples {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *sample = state.to_be_bytes()[0];
        }
        picture
    }

    fn blank(width: u32, layout: Layout) -> Picture {
        Picture::blank(Size { width, height: 2 }, layout, Depth::Eight)
    }

    #[test]
    fn format_comes_from_the_recipe_or_else_from_the_source() {
        for (wanted, source, layout, expected) in [
            (Some(Format::WebP), SourceFormat::Jpeg, Layout::Rgb, Format::WebP),
            (None, SourceFormat::Gif, Layout::Rgb, Format::Gif),
            (None, SourceFormat::Png, Layout::Rgb, Format::Png),
            (None, SourceFormat::WebP, Layout::RgbAlpha, Format::WebP),
            (None, SourceFormat::Tiff, Layout::Grey, Format::Jpeg),
            (None, SourceFormat::Avif, Layout::Rgb, Format::Jpeg),
            (None, SourceFormat::Bmp, Layout::GreyAlpha, Format::Png),
        ] {
            let recipe = Recipe { format: wanted, ..Recipe::default() };
            let thumbnail = write(blank(2, layout), &recipe, &source_file(source)).unwrap();
            assert_eq!(thumbnail.format, expected, "{wanted:?} {source:?}");
        }
    }

    #[test]
    fn sides_that_a_format_cannot_store_are_refused() {
        for (format, width) in [(Format::WebP, 16_384), (Format::Jpeg, 65_536), (Format::Gif, 65_536)] {
            let recipe = Recipe { format: Some(format), ..Recipe::default() };
            let refusal =
                write(blank(width, Layout::Grey), &recipe, &source_file(SourceFormat::Png)).unwrap_err();
            assert!(matches!(refusal, Error::Impossible { .. }), "{refusal:?}");
        }
    }

    #[test]
    fn quality_is_capped_by_the_source_only_where_asked() {
        let length = |quality, own| {
            let recipe = Recipe { format: Some(Format::Jpeg), quality, ..Recipe::default() };
            let source_file = SourceFile { quality: own, ..source_file(SourceFormat::Jpeg) };
            write(noise(64), &recipe, &source_file).unwrap().bytes.len()
        };
        let low = length(Quality::Fixed(30), None);
        assert!(low < length(Quality::Fixed(90), Some(30)));
        assert_eq!(low, length(Quality::AtMostSource(90), Some(30)));
        assert_eq!(low, length(Quality::AtMostSource(30), Some(90)));
        assert_eq!(low, length(Quality::AtLeastSource(10), Some(30)));
        assert_eq!(low, length(Quality::OfSource(50), Some(60)));
        assert_eq!(length(Quality::AtMostSource(90), None), length(Quality::Fixed(90), None));
    }

    #[test]
    fn a_byte_limit_is_met_or_refused() {
        for format in [Format::Jpeg, Format::WebP] {
            let recipe = Recipe { format: Some(format), quality: Quality::Fixed(95), ..Recipe::default() };
            let free = write(noise(200), &recipe, &source_file(SourceFormat::Png)).unwrap().bytes;
            let allowed = free.len() as u64 * 2 / 3;
            let within = Recipe { max_bytes: Some(allowed), ..recipe.clone() };
            let limited =
                write(noise(200), &within, &source_file(SourceFormat::Png)).unwrap().bytes.len() as u64;
            assert!((allowed * 9 / 10..=allowed).contains(&limited), "{limited} of {allowed}");
            let loose = Recipe { max_bytes: Some(free.len() as u64), ..recipe.clone() };
            assert_eq!(write(noise(200), &loose, &source_file(SourceFormat::Png)).unwrap().bytes, free);
            let narrow = Recipe { max_bytes: Some(100), ..recipe };
            let refusal = write(noise(200), &narrow, &source_file(SourceFormat::Png)).unwrap_err();
            assert!(matches!(refusal, Error::TooManyBytes { allowed: 100, .. }), "{refusal:?}");
        }
    }

    #[test]
    fn a_thumbnail_as_large_as_its_source_has_no_more_bytes() {
        let recipe = Recipe { format: Some(Format::Jpeg), quality: Quality::Fixed(95), ..Recipe::default() };
        let size = noise(200).size;
        let source = SourceFile { size, quality: Some(90), ..source_file(SourceFormat::Jpeg) };
        let of = |bytes, source_file: SourceFile| {
            let source_file = SourceFile { bytes, ..source_file };
            write(noise(200), &recipe, &source_file).unwrap().bytes.len() as u64
        };
        let free = of(None, source);
        let limit = free * 3 / 4;
        assert!((limit * 9 / 10..=limit).contains(&of(Some(limit), source)));
        assert_eq!(of(Some(limit), SourceFile { format: SourceFormat::Png, ..source }), free);
        assert_eq!(of(Some(limit), SourceFile { size: Size { width: 201, ..size }, ..source }), free);
        assert_eq!(of(Some(10), source), free, "no quality is so small, so the quality stays");
    }
}
