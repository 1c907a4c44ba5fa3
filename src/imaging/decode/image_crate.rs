//! Decoders of seldom formats by the crate `image`: ICO and CUR, TGA, DDS, Radiance HDR, OpenEXR and farbfeld.
//!
//! The crate gives whole pictures. Of an icon the largest picture is shown, of two of one size that with more bits; a
//! PNG in it is decoded as any PNG. HDR and OpenEXR store linear light without an upper bound: light above 1 becomes
//! white, as viewers show it without a setting of exposure, and the rest has the curve of sRGB. Alpha of OpenEXR is
//! premultiplied.
//!
//! Memory: the file, the picture as it is stored, what a decoder keeps beside it ([`working_bytes`]), and the scaler. A
//! damaged file is an error.

use std::io::{Cursor, Read};

use image::codecs::{dds, farbfeld, hdr, ico, openexr, tga};
use image::{ColorType, ImageDecoder, ImageError};

use crate::imaging::color::srgb::SrgbTable;
use crate::imaging::decode::png;
use crate::imaging::decoded::Decoded;
use crate::imaging::draw::frames::AnimationSink;
use crate::imaging::error::Error;
use crate::imaging::input::source::{SourceReader, TRUNCATED};
use crate::imaging::limits::{Budget, Cancel, bytes_of, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::{Depth, Layout, side};
use crate::imaging::pixels::source_rows::SourceRows;
use crate::imaging::pixels::source_scaler::SourceScaler;
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;

/// Decodes a picture of one of the formats of this module.
///
/// # Errors
/// As [`decode::decode`](crate::imaging::decode::decode).
pub(super) fn decode<R: Read>(
    format: SourceFormat,
    source: &mut SourceReader<'_, R>,
    demand: Demand<'_>,
    budget: &mut Budget,
) -> Result<Decoded, Error> {
    let cancel = source.cancel();
    let file = source.take_bytes(budget)?;
    if format == SourceFormat::Ico {
        return decode_icon(&file, demand, budget, cancel);
    }
    if format == SourceFormat::Exr {
        exr_window(&file)?.reserve(budget)?;
    }
    decode_whole(opened(format, Cursor::new(&file))?, format, demand, budget, cancel)
}

/// The decoder of a format, which has read the header.
fn opened<'a>(format: SourceFormat, file: Cursor<&'a [u8]>) -> Result<Box<dyn ImageDecoder + 'a>, Error> {
    let decoder: Result<Box<dyn ImageDecoder>, ImageError> = match format {
        SourceFormat::Dds => dds::DdsDecoder::new(file).map(|decoder| Box::new(decoder) as _),
        SourceFormat::Exr => openexr::OpenExrDecoder::new(file).map(|decoder| Box::new(decoder) as _),
        SourceFormat::Farbfeld => farbfeld::FarbfeldDecoder::new(file).map(|decoder| Box::new(decoder) as _),
        SourceFormat::Hdr => hdr::HdrDecoder::new(file).map(|decoder| Box::new(decoder) as _),
        SourceFormat::Ico => ico::IcoDecoder::new(file).map(|decoder| Box::new(decoder) as _),
        _ => tga::TgaDecoder::new(file).map(|decoder| Box::new(decoder) as _),
    };
    decoder.map_err(|error| decode_error(format, &error))
}

/// Bytes per pixel that a decoder keeps beside the picture: OpenEXR a copy of it, TGA the indices of colours, and an
/// icon its rows.
fn working_bytes(format: SourceFormat, color: ColorType) -> u64 {
    match format {
        SourceFormat::Exr => color.bytes_per_pixel().into(),
        SourceFormat::Ico => 4,
        SourceFormat::Tga => 2,
        _ => 0,
    }
}

fn decode_whole(
    decoder: Box<dyn ImageDecoder + '_>,
    format: SourceFormat,
    demand: Demand<'_>,
    budget: &mut Budget,
    cancel: &Cancel,
) -> Result<Decoded, Error> {
    let (width, height) = decoder.dimensions();
    let full = Size { width, height };
    if full.pixels() == 0 {
        return Err(Error::damaged(format, "it has no pixels"));
    }
    budget.admit(full)?;
    let color = decoder.color_type();
    let (layout, depth) =
        stored(color).ok_or_else(|| Error::unsupported(format, &format!("samples of the kind {color:?}")))?;
    let length = usize::try_from(decoder.total_bytes()).unwrap_or(usize::MAX);
    let working = bytes_of(full, working_bytes(format, color));
    budget.reserve(to_u64(length).saturating_add(working))?;
    let mut samples = Vec::new();
    samples
        .try_reserve_exact(length)
        .map_err(|_| Error::TooMuchMemory { needed: to_u64(length), allowed: budget.left() })?;
    samples.resize(length, 0);
    cancel.check()?;
    decoder.read_image_boxed(&mut samples).map_err(|error| decode_error(format, &error))?;
    let rows = SourceRows::all(full, layout, depth);
    let mut scaler = SourceScaler::new(rows, demand, Some(Orientation::UPRIGHT), budget)?;
    let stored_row = (length / side(height)).max(1);
    let mut light = LinearRows::new(full, color, budget)?;
    for row in samples.chunks_exact(stored_row) {
        cancel.check()?;
        scaler.push(match &mut light {
            Some(light) => light.encoded(row),
            None => row,
        });
    }
    Ok(Decoded::plain(format, scaler.finish()))
}

/// Layout and depth of the rows that are made of stored samples.
fn stored(color: ColorType) -> Option<(Layout, Depth)> {
    Some(match color {
        ColorType::L8 => (Layout::Grey, Depth::Eight),
        ColorType::La8 => (Layout::GreyAlpha, Depth::Eight),
        ColorType::Rgb8 => (Layout::Rgb, Depth::Eight),
        ColorType::Rgba8 => (Layout::RgbAlpha, Depth::Eight),
        ColorType::Rgb32F => (Layout::Rgb, Depth::Sixteen),
        ColorType::Rgba16 | ColorType::Rgba32F => (Layout::RgbAlpha, Depth::Sixteen),
        _ => return None,
    })
}

/// Rows of linear light, on their way to sRGB in sixteen bits.
struct LinearRows {
    table: SrgbTable,
    has_alpha: bool,
    row: Vec<u8>,
}

impl LinearRows {
    /// The conversion of samples of this kind; `None` if they are not linear.
    fn new(size: Size, color: ColorType, budget: &mut Budget) -> Result<Option<Self>, Error> {
        let has_alpha = match color {
            ColorType::Rgb32F => false,
            ColorType::Rgba32F => true,
            _ => return Ok(None),
        };
        let length = side(size.width).saturating_mul(if has_alpha { 8 } else { 6 });
        budget.reserve(to_u64(length))?;
        Ok(Some(Self { table: SrgbTable::new(), has_alpha, row: Vec::with_capacity(length) }))
    }

    /// A row of `f32` in samples of sixteen bits.
    fn encoded(&mut self, row: &[u8]) -> &[u8] {
        self.row.clear();
        let channels = if self.has_alpha { 4 } else { 3 };
        let (samples, _) = row.as_chunks::<4>();
        for pixel in samples.chunks_exact(channels) {
            let mut light = pixel.iter().map(|sample| f64::from(f32::from_ne_bytes(*sample)));
            let colors = [light.next(), light.next(), light.next()].map(Option::unwrap_or_default);
            let alpha = light.next().map(|alpha| alpha.clamp(0.0, 1.0));
            // Colours without alpha are light that is added to the background, which straight alpha cannot say.
            let divisor = alpha.filter(|alpha| *alpha > 0.0).unwrap_or(1.0);
            let codes = colors.map(|color| self.table.sample(color / divisor));
            self.row.extend(codes.iter().flat_map(|code| code.to_ne_bytes()));
            if let Some(alpha) = alpha {
                self.row.extend(unit(alpha).to_ne_bytes());
            }
        }
        &self.row
    }
}

/// A fraction from 0 to 1 in sixteen bits. What is no number is 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
fn unit(fraction: f64) -> u16 {
    (fraction * 65_535.0 + 0.5) as u16
}

/// Bytes of an icon's header, and of each entry of its directory.
const ICON_HEADER: usize = 6;
const ICON_ENTRY: usize = 16;

/// Decodes the best picture of an icon or a cursor: the header, a directory of entries, and a PNG or BMP for each.
fn decode_icon(
    file: &[u8],
    demand: Demand<'_>,
    budget: &mut Budget,
    cancel: &Cancel,
) -> Result<Decoded, Error> {
    let truncated = || Error::damaged(SourceFormat::Ico, TRUNCATED);
    let (header, rest) = file.split_first_chunk::<ICON_HEADER>().ok_or_else(truncated)?;
    let [_, _, kind, _, count @ ..] = *header;
    let entries = rest.as_chunks::<ICON_ENTRY>().0.iter().take(u16::from_le_bytes(count).into());
    // A cursor has the place of its hot spot where an icon has bits per pixel.
    let score = |entry: &[u8; ICON_ENTRY]| {
        let [width, height, _, _, _, _, low, high, ..] = *entry;
        let side = |side: u8| if side == 0 { 256 } else { u32::from(side) };
        let bits = if kind == 1 { u16::from_le_bytes([low, high]) } else { 0 };
        (side(width) * side(height), bits)
    };
    let entry = entries.max_by_key(|entry| score(entry)).ok_or_else(truncated)?;
    let [facts @ .., l0, l1, l2, l3, o0, o1, o2, o3] = *entry;
    let [length, offset] = [[l0, l1, l2, l3], [o0, o1, o2, o3]]
        .map(|number| usize::try_from(u32::from_le_bytes(number)).unwrap_or(usize::MAX));
    let picture = file.get(offset..).and_then(|rest| rest.get(..length.min(rest.len())));
    let picture = picture.ok_or_else(truncated)?;
    if picture.starts_with(b"\x89PNG\r\n\x1a\n") {
        let mut source = SourceReader::new(picture, Some(to_u64(picture.len())), cancel);
        let mut animation = AnimationSink::new(Demand { recipes: &[], ..demand }, None, cancel);
        let decoded = png::decode(&mut source, demand, budget, &mut animation)?;
        return Ok(Decoded { format: SourceFormat::Ico, ..decoded });
    }
    // An icon of this picture alone: the crate prefers another one if several are there.
    let picture = without_broken_mask(picture);
    let [length, first] =
        [picture.len(), ICON_HEADER + ICON_ENTRY].map(|number| to_u64(number).to_le_bytes());
    budget.reserve(to_u64(picture.len() + ICON_HEADER + ICON_ENTRY))?;
    let [colors_and_size @ .., _, _, _, _] = facts;
    let alone = [
        &[0, 0, 1, 0, 1, 0][..],
        &colors_and_size,
        &[0; 4],
        length.get(..4).unwrap_or_default(),
        first.get(..4).unwrap_or_default(),
        picture,
    ]
    .concat();
    let decoder = opened(SourceFormat::Ico, Cursor::new(&alone))?;
    decode_whole(decoder, SourceFormat::Ico, demand, budget, cancel)
}

/// The bitmap of an icon, without its mask if that is shorter than its rows of four bytes need, as some writers leave it.
/// Its pixels then have the alpha of their own, or are opaque.
fn without_broken_mask(bitmap: &[u8]) -> &[u8] {
    let cut = || {
        let header = bitmap.first_chunk::<40>()?;
        let number = |at: usize| Some(u32::from_le_bytes(*header.get(at..)?.first_chunk()?));
        let (width, bits) = (u64::from(number(4)?), u64::from(number(12)? >> 16));
        // Of the pixels and the mask together.
        let height = u64::from(number(8)?) / 2;
        let colors = match (u64::from(number(32)?), bits) {
            (0, 1..=8) => 1 << bits,
            (used, _) => used,
        };
        let rows = |bits: u64| width.checked_mul(bits)?.div_ceil(32).checked_mul(4)?.checked_mul(height);
        let end = u64::from(number(0)?).checked_add(colors.checked_mul(4)?)?.checked_add(rows(bits)?)?;
        let is_broken = to_u64(bitmap.len()) < end.checked_add(rows(1)?)?;
        bitmap.get(..usize::try_from(end).ok()?).filter(|_| is_broken)
    };
    cut().unwrap_or(bitmap)
}

/// The part of a picture that an OpenEXR file stores, and the blocks in which it does.
struct ExrWindow {
    size: Size,
    channels: u64,
    /// Pixels of a block.
    block: Size,
}

impl ExrWindow {
    /// Admits the window, and reserves what it takes to decode a block: compressed, decompressed, and in `f32`.
    fn reserve(&self, budget: &mut Budget) -> Result<(), Error> {
        budget.admit(self.size)?;
        let Size { width, height } = self.size;
        let block = Size { width: self.block.width.min(width), height: self.block.height.min(height) };
        // And eight bytes for the place of each row or block.
        let places = u64::from(height).saturating_mul(u64::from(width / self.block.width.max(1)) + 1) * 8;
        budget.reserve(bytes_of(block, self.channels.saturating_mul(12)).saturating_add(places))
    }
}

/// The window of an OpenEXR file by its header (OpenEXR File Layout): attributes of a name, a kind, a length and a value.
fn exr_window(file: &[u8]) -> Result<ExrWindow, Error> {
    const SEVERAL_PARTS_OR_DEEP: u8 = 0x18;
    let damaged = || Error::damaged(SourceFormat::Exr, "its header is broken");
    let [_, _, _, _, _version, flags, _, _, attributes @ ..] = file else { return Err(damaged()) };
    let mut rest = attributes;
    if flags & SEVERAL_PARTS_OR_DEEP != 0 {
        return Err(Error::unsupported(SourceFormat::Exr, "several parts or deep pixels"));
    }
    let (mut size, mut channels, mut tile) = (None, 0, None);
    let numbers = |value: &[u8]| -> Vec<i32> {
        value.as_chunks::<4>().0.iter().map(|number| i32::from_le_bytes(*number)).collect()
    };
    while let Some((name, after)) = until_zero(rest).filter(|(name, _)| !name.is_empty()) {
        let (_kind, after) = until_zero(after).ok_or_else(damaged)?;
        let (length, after) = after.split_first_chunk::<4>().ok_or_else(damaged)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| damaged())?;
        let (value, after) = after.split_at_checked(length).ok_or_else(damaged)?;
        rest = after;
        match name {
            b"channels" => {
                let mut list = value;
                // Each channel has a name, its kind, flags, and two rates of sampling.
                while let Some((_, after)) = until_zero(list).filter(|(name, _)| !name.is_empty()) {
                    channels += 1;
                    list = after.get(16..).ok_or_else(damaged)?;
                }
            }
            b"dataWindow" => {
                let [left, top, right, bottom] = numbers(value)[..] else { return Err(damaged()) };
                let length = |from: i32, to: i32| u32::try_from(i64::from(to) - i64::from(from) + 1).ok();
                size = length(left, right).zip(length(top, bottom));
            }
            b"tiles" => {
                let sides = numbers(value);
                let [width, height] = sides.first_chunk().ok_or_else(damaged)?.map(i32::unsigned_abs);
                tile = Some(Size { width, height });
            }
            _ => (),
        }
    }
    let (width, height) = size.ok_or_else(damaged)?;
    // Of the compressions that are decoded, none has blocks of more rows.
    let block = tile.unwrap_or(Size { width, height: 32 });
    Ok(ExrWindow { size: Size { width, height }, channels, block })
}

/// The bytes before the first zero, and those after it.
fn until_zero(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    Some((bytes.get(..end)?, bytes.get(end + 1..)?))
}

fn decode_error(format: SourceFormat, error: &ImageError) -> Error {
    match error {
        ImageError::Unsupported(error) => Error::unsupported(format, &error.to_string()),
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Error::damaged(format, TRUNCATED)
        }
        other => Error::damaged(format, other.to_string()),
    }
}
