//! Items to planes of samples, by rav1d: one picture, or the tiles of a grid put together.

use std::borrow::Cow;

use re_rav1d::dav1d::{Decoder, PixelLayout, PlanarImageComponent, Settings};

use crate::imaging::decode::avif::meta::{CodePoints, Meta, Property};
use crate::imaging::decode::avif::stream::{ChromaSubsampling, PlaneFormat, Stream};
use crate::imaging::error::Error;
use crate::imaging::input::source::TRUNCATED;
use crate::imaging::limits::{Budget, Cancel};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::side;
use crate::imaging::source_format::SourceFormat;

/// Bytes a pixel that the decoder keeps beside pictures: what is known of each block, and the edges that its filters
/// still need. 0.73 was measured, of noise in 4:4:4.
const WORKING: u64 = 1;

/// Most frames of an item: layers of better and better quality.
const MOST_FRAMES: u32 = 8;

/// The items that make one picture, and how they are laid out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct TileGrid {
    pub(super) tiles: Vec<u32>,
    pub(super) columns: usize,
    /// Size of the whole; tiles may reach over its right and lower edge.
    pub(super) size: Size,
}

/// A decoded picture.
pub(super) struct Planes {
    /// Luma and, unless the picture is grey, both of chroma.
    pub(super) planes: Vec<Plane>,
    pub(super) format: PlaneFormat,
    /// What the stream says of its colours.
    pub(super) color: CodePoints,
}

/// The samples of one component, of one byte each, or of two in the machine's order.
pub(super) struct Plane {
    samples: PlaneSamples,
    /// Bytes from row to row.
    stride: usize,
    /// Samples that show something.
    pub(super) size: Size,
}

enum PlaneSamples {
    Decoded(re_rav1d::dav1d::Plane),
    Joined(Vec<u8>),
}

impl Plane {
    /// A row, to the end of which there may be padding.
    pub(super) fn row(&self, y: u32) -> &[u8] {
        let samples: &[u8] = match &self.samples {
            PlaneSamples::Decoded(plane) => plane,
            PlaneSamples::Joined(samples) => samples,
        };
        let start = side(y).saturating_mul(self.stride);
        samples.get(start..start.saturating_add(self.stride)).unwrap_or_default()
    }
}

impl ChromaSubsampling {
    /// The size of a plane of chroma.
    fn size(self, luma: Size) -> Size {
        let half = |side: u32, halved: bool| if halved { side.div_ceil(2) } else { side };
        Size { width: half(luma.width, self.across), height: half(luma.height, self.down) }
    }
}

/// Decodes what `layout` names.
pub(super) fn decode(
    meta: &Meta<'_>,
    file: &[u8],
    layout: &TileGrid,
    budget: &mut Budget,
    cancel: &Cancel,
) -> Result<Planes, Error> {
    let [only] = layout.tiles.as_slice() else { return grid(meta, file, layout, budget, cancel) };
    let (planes, taken) = tile(meta, file, *only, budget)?;
    budget.release(taken.saturating_sub(planes.format.bytes(layout.size)));
    if planes.planes.first().is_none_or(|luma| luma.size != layout.size) {
        return Err(Error::damaged(SourceFormat::Avif, "its pixels have another size than its header says"));
    }
    Ok(planes)
}

/// Decodes tiles one after the other into one picture (ISO/IEC 23008-12, section 6.6.2.3).
fn grid(
    meta: &Meta<'_>,
    file: &[u8],
    layout: &TileGrid,
    budget: &mut Budget,
    cancel: &Cancel,
) -> Result<Planes, Error> {
    let mut whole: Option<(Planes, Size)> = None;
    for (number, item) in layout.tiles.iter().enumerate() {
        cancel.check()?;
        let (decoded, taken) = tile(meta, file, *item, budget)?;
        let size = decoded.planes.first().map(|luma| luma.size).ok_or_else(uneven)?;
        if whole.is_none() {
            budget.reserve(decoded.format.bytes(layout.size))?;
            whole = Some((blank(&decoded, layout, size)?, size));
        }
        let Some((planes, expected)) = whole.as_mut() else { return Err(uneven()) };
        if *expected != size || planes.format != decoded.format {
            return Err(uneven());
        }
        let (column, row) = (number % layout.columns, number / layout.columns);
        let bytes = if planes.format.bits > 8 { 2 } else { 1 };
        for (to, from) in planes.planes.iter_mut().zip(&decoded.planes) {
            copy(to, from, side(from.size.width).saturating_mul(bytes), column, row);
        }
        drop(decoded);
        budget.release(taken);
    }
    whole.map(|(planes, _)| planes).ok_or_else(uneven)
}

/// Planes for all tiles, which must cover the whole.
fn blank(tile: &Planes, layout: &TileGrid, size: Size) -> Result<Planes, Error> {
    let rows = layout.tiles.len() / layout.columns;
    let reach =
        |side: u32, count: usize| u64::from(side).saturating_mul(u64::try_from(count).unwrap_or(u64::MAX));
    let covered = reach(size.width, layout.columns) >= layout.size.width.into()
        && reach(size.height, rows) >= layout.size.height.into();
    // The seams of chroma must be whole samples.
    let odd = |side: u32, halved: bool, count: usize| halved && count > 1 && side % 2 == 1;
    let split = tile.format.chroma.is_some_and(|chroma| {
        odd(size.width, chroma.across, layout.columns) || odd(size.height, chroma.down, rows)
    });
    if !covered || split {
        return Err(uneven());
    }
    let bytes = if tile.format.bits > 8 { 2 } else { 1 };
    let sizes = tile.planes.iter().enumerate().map(|(number, _)| match tile.format.chroma {
        Some(chroma) if number > 0 => chroma.size(layout.size),
        _ => layout.size,
    });
    let planes = sizes.map(|size| {
        let stride = side(size.width).saturating_mul(bytes);
        Plane {
            samples: PlaneSamples::Joined(vec![0; stride.saturating_mul(side(size.height))]),
            stride,
            size,
        }
    });
    Ok(Planes { planes: planes.collect(), format: tile.format, color: tile.color })
}

/// Copies the rows of a tile, `length` bytes each, to its place.
fn copy(to: &mut Plane, from: &Plane, length: usize, column: usize, row: usize) {
    let PlaneSamples::Joined(samples) = &mut to.samples else { return };
    let (left, top) = (column.saturating_mul(length), row.saturating_mul(side(from.size.height)));
    let rows = samples.chunks_exact_mut(to.stride.max(1)).skip(top);
    for (y, place) in (0..from.size.height).zip(rows) {
        let place = place.get_mut(left..).unwrap_or_default();
        let length = length.min(place.len());
        if let (Some(place), Some(row)) = (place.get_mut(..length), from.row(y).get(..length)) {
            place.copy_from_slice(row);
        }
    }
}

/// Decodes one item, and tells what was reserved for it.
fn tile(meta: &Meta<'_>, file: &[u8], item: u32, budget: &mut Budget) -> Result<(Planes, u64), Error> {
    if meta.kind(item) != Some(*b"av01") {
        return Err(Error::unsupported(SourceFormat::Avif, "a picture that is not AV1"));
    }
    // The decoder takes a copy of its own, and parts that lie apart are put together first.
    let length = meta.length(item, file).ok_or_else(|| Error::damaged(SourceFormat::Avif, TRUNCATED))?;
    budget.reserve(length.saturating_mul(2))?;
    let content = meta.content(item, file).ok_or_else(|| Error::damaged(SourceFormat::Avif, TRUNCATED))?;
    let stream = Stream::read(&content)
        .ok_or_else(|| Error::damaged(SourceFormat::Avif, "its AV1 header is broken"))?;
    budget.admit(stream.size)?;
    if stream.frames > MOST_FRAMES {
        return Err(Error::unsupported(SourceFormat::Avif, "more than 8 layers"));
    }
    let pictures = stream.frames.max(1) + u32::from(stream.film_grain);
    let pictures = stream.format.bytes(stream.size).saturating_mul(pictures.into());
    let working = stream.size.pixels().saturating_mul(WORKING);
    budget.reserve(pictures.saturating_add(working))?;
    let planes = run(content, meta, item, stream)?;
    Ok((planes, length.saturating_mul(2).saturating_add(pictures).saturating_add(working)))
}

fn run(content: Cow<'_, [u8]>, meta: &Meta<'_>, item: u32, stream: Stream) -> Result<Planes, Error> {
    let mut settings = Settings::new();
    // More threads would cost more processor time and memory.
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_frame_size_limit(u32::try_from(stream.size.pixels()).unwrap_or(u32::MAX));
    let mut layer = None;
    for (_, property) in meta.of(item) {
        match property {
            Property::OperatingPoint(point) if point < 32 => settings.set_operating_point(point.into()),
            // 0xffff is the last one, as if nothing were said.
            Property::Layer(number) if number != 0xffff => layer = Some(number),
            _ => (),
        }
    }
    settings.set_all_layers(layer.is_some());
    let mut decoder = Decoder::with_settings(&settings).map_err(refusal)?;
    let picture = last_picture(&mut decoder, content.into_owned(), layer)?;
    planes(&picture, stream)
}

/// The picture of a layer, or else the last there is, which is the best.
fn last_picture(
    decoder: &mut Decoder,
    units: Vec<u8>,
    layer: Option<u16>,
) -> Result<re_rav1d::dav1d::Picture, Error> {
    /// Whether the decoder took all that it was sent.
    fn taken(result: Result<(), re_rav1d::dav1d::Error>) -> Result<bool, Error> {
        match result {
            Ok(()) => Ok(true),
            Err(error) if error.is_again() => Ok(false),
            Err(error) => Err(refusal(error)),
        }
    }
    let mut all = taken(decoder.send_data(units, None, None, None))?;
    let (mut best, mut number, mut idle) = (None, 0, 0);
    // A picture that waits for better layers comes when the decoder is asked again after its last data.
    while idle < 2 {
        match decoder.get_picture() {
            Ok(picture) => {
                best = Some(picture);
                if layer == Some(number) {
                    break;
                }
                (number, idle) = (number + 1, 0);
            }
            Err(error) if error.is_again() => idle += 1,
            Err(error) => return Err(refusal(error)),
        }
        if !all {
            all = taken(decoder.send_pending_data())?;
        }
    }
    best.ok_or_else(|| Error::damaged(SourceFormat::Avif, TRUNCATED))
}

fn planes(picture: &re_rav1d::dav1d::Picture, stream: Stream) -> Result<Planes, Error> {
    let half = |across, down| Some(ChromaSubsampling { across, down });
    let chroma = match picture.pixel_layout() {
        PixelLayout::I400 => None,
        PixelLayout::I420 => half(true, true),
        PixelLayout::I422 => half(true, false),
        PixelLayout::I444 => half(false, false),
    };
    let bits = picture.bits_per_component().and_then(|bits| u8::try_from(bits.0).ok());
    if stream.format.chroma != chroma || bits != Some(stream.format.bits) {
        return Err(Error::damaged(
            SourceFormat::Avif,
            "its pixels have another format than its header says",
        ));
    }
    let luma = Size { width: picture.width(), height: picture.height() };
    let mut components = vec![(PlanarImageComponent::Y, luma)];
    if let Some(chroma) = chroma {
        let size = chroma.size(luma);
        components.extend([(PlanarImageComponent::U, size), (PlanarImageComponent::V, size)]);
    }
    let planes = components.into_iter().map(|(component, size)| Plane {
        stride: side(picture.stride(component)),
        samples: PlaneSamples::Decoded(picture.plane(component)),
        size,
    });
    Ok(Planes { planes: planes.collect(), format: stream.format, color: stream.color })
}

fn uneven() -> Error {
    Error::damaged(SourceFormat::Avif, "the tiles of its grid do not fit together")
}

fn refusal(error: re_rav1d::dav1d::Error) -> Error {
    Error::damaged(SourceFormat::Avif, format!("its AV1 data are broken ({error})"))
}
