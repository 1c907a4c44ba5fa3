//! AV1 items: what their bitstream announces, and their decoding by rav1d.

pub(super) mod decoder;
mod frame_header;
mod sequence_header;
mod stream;

use re_rav1d::dav1d::{PixelLayout, PlanarImageComponent};

use self::decoder::LoopFilters;
use self::stream::StreamInfo;
use crate::imaging::decode::heif::allowance::PixelAllowance;
use crate::imaging::decode::heif::grid::Selection;
use crate::imaging::decode::heif::planes::{ChromaSubsampling, DecodedItem, Plane, PlaneSamples, Planes};
use crate::imaging::error::Error;
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::side;
use crate::imaging::source_format::SourceFormat;

/// Most frames of an item. Frames of an image are layers of increasing quality.
const MOST_LAYERS: u32 = 8;

/// Decodes the bytes of an item.
///
/// # Errors
/// [`Error::Damaged`], [`Error::Unsupported`] or an exceeded limit.
pub(super) fn decode(
    content: &[u8],
    selection: Selection,
    filters: LoopFilters,
    allowance: &mut PixelAllowance,
    budget: &mut Budget,
) -> Result<DecodedItem, Error> {
    let stream = StreamInfo::read(content)
        .ok_or_else(|| Error::damaged(SourceFormat::Avif, "its AV1 header is broken"))?;
    budget.admit(stream.size)?;
    if stream.frames > MOST_LAYERS {
        return Err(Error::unsupported(SourceFormat::Avif, "more than 8 layers"));
    }
    allowance.take(stream.size, stream.frames)?;
    let decoder_bytes = stream.decoder_bytes();
    // The decoder takes a copy of its input.
    let reserved_bytes = to_u64(content.len()).saturating_add(decoder_bytes);
    budget.reserve(reserved_bytes)?;
    let units = stream::needed_units(content);
    let picture = decoder::decode(units, selection, &stream, filters, decoder_bytes)?;
    let planes = planes_of(&picture, stream)?;
    Ok(DecodedItem { planes, reserved_bytes, picture_bytes: stream.picture_bytes() })
}

/// The planes of a decoded picture, whose format must be that of the sequence header.
fn planes_of(picture: &re_rav1d::dav1d::Picture, stream: StreamInfo) -> Result<Planes, Error> {
    let subsampled = |across, down| Some(ChromaSubsampling { across, down });
    let chroma = match picture.pixel_layout() {
        PixelLayout::I400 => None,
        PixelLayout::I420 => subsampled(true, true),
        PixelLayout::I422 => subsampled(true, false),
        PixelLayout::I444 => subsampled(false, false),
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
        samples: PlaneSamples::Av1(picture.plane(component)),
        size,
    });
    Ok(Planes { planes: planes.collect(), format: stream.format, color: stream.color })
}
