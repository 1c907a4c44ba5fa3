//! The AV1 decoder, rav1d. Each thread keeps one for the next item, tile or file that needs the same filters.
//!
//! A decoder takes some 0.4 MB in aligned blocks. glibc before 2.38 does not reuse such blocks well, so that a process
//! that makes a decoder for each item grows with every file. A kept decoder takes none, and saves its start.
//!
//! Memory: the caller reserves the pictures of an item. The kept decoder goes on to hold those of its last items, at
//! most [`MOST_KEPT_BYTES`] for colour and as much for alpha, among the fixed buffers that the budget does not count. A
//! larger picture gets a decoder of its own. An error drops the decoder, whose state is then unknown.
//!
//! A frame is decoded in one call, which does not hear of cancellation: rav1d begins with the last byte of a frame, and
//! has no way to stop. Threads of its own could be told to stop, but not be asked whether they have finished.

use std::cell::Cell;

use re_rav1d::dav1d::{Decoder, InloopFilterType, Picture, Settings};

use crate::imaging::decode::heif::av1::stream::StreamInfo;
use crate::imaging::decode::heif::grid::Selection;
use crate::imaging::error::Error;
use crate::imaging::input::source::TRUNCATED;
use crate::imaging::picture::geometry::Ratio;
use crate::imaging::source_format::SourceFormat;

/// Most bytes of an item's pictures with which the decoder is kept.
const MOST_KEPT_BYTES: u64 = 1024 * 1024;

/// Least pixels per pixel of the thumbnail, along each axis, at which only blocking is filtered. Photographs of quality
/// 20 to 70 lose at most 0.1 points of SSIMULACRA2 at 8, and 0.4 at 5. Without any filter they would lose 1.2 at 8.
const LEAST_REDUCTION: f64 = 8.0;

/// Filters that AV1 applies to decoded frames.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::imaging::decode::heif) enum LoopFilters {
    /// Deblocking, and what sharpens details of a few pixels: directional enhancement (CDEF) and restoration.
    All,
    /// Deblocking alone, for pictures that are reduced so far that such details do not show.
    Deblocking,
}

impl LoopFilters {
    /// The filters that are needed for thumbnails of a [`Demand::ratio`](crate::imaging::plan::demand::Demand::ratio).
    pub(in crate::imaging::decode::heif) fn needed_for(ratio: Ratio) -> Self {
        if ratio.larger() * LEAST_REDUCTION <= 1.0 { Self::Deblocking } else { Self::All }
    }
}

thread_local! {
    /// The decoder of this thread for the default selection, while it decodes nothing, and its filters.
    static KEPT: Cell<Option<(LoopFilters, Decoder)>> = const { Cell::new(None) };
}

/// Decodes the units of an item, whose pictures take at most `bytes`. Returns the picture of the selected layer, or else
/// the last one, which has the best quality. Frames from which others may be predicted get all filters.
///
/// # Errors
/// [`Error::Damaged`].
pub(super) fn decode(
    units: Vec<u8>,
    selection: Selection,
    stream: &StreamInfo,
    filters: LoopFilters,
    bytes: u64,
) -> Result<Picture, Error> {
    let filters = if stream.frames == 1 { filters } else { LoopFilters::All };
    let is_kept = selection == Selection::default() && bytes <= MOST_KEPT_BYTES;
    let kept = if is_kept { KEPT.take().filter(|(kept, _)| *kept == filters) } else { None };
    // Every pixel takes a byte at least.
    let most_pixels = if is_kept { MOST_KEPT_BYTES } else { stream.size.pixels() };
    let mut decoder =
        kept.map_or_else(|| new_decoder(selection, filters, most_pixels), |(_, decoder)| Ok(decoder))?;
    let picture = last_picture(&mut decoder, units, selection.layer, stream.frames)?;
    if is_kept {
        decoder.flush();
        KEPT.set(Some((filters, decoder)));
    }
    Ok(picture)
}

/// A decoder that refuses frames of more than `most_pixels`.
fn new_decoder(selection: Selection, filters: LoopFilters, most_pixels: u64) -> Result<Decoder, Error> {
    let mut settings = Settings::new();
    // More threads would cost more processor time and memory.
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_frame_size_limit(u32::try_from(most_pixels).unwrap_or(u32::MAX));
    settings.set_operating_point(selection.operating_point.into());
    settings.set_all_layers(selection.layer.is_some());
    if filters == LoopFilters::Deblocking {
        settings.set_inloop_filters(InloopFilterType::DEBLOCK);
    }
    Decoder::with_settings(&settings).map_err(decode_error)
}

/// Decodes all units. For an item of one frame the decoder is asked for one picture: every question without an answer
/// loses 48 bytes in rav1d 0.1.3.
fn last_picture(
    decoder: &mut Decoder,
    units: Vec<u8>,
    layer: Option<u16>,
    frames: u32,
) -> Result<Picture, Error> {
    /// Returns `true` if the decoder accepted all data; it may need to return a picture first.
    fn is_accepted(result: Result<(), re_rav1d::dav1d::Error>) -> Result<bool, Error> {
        match result {
            Ok(()) => Ok(true),
            Err(error) if error.is_again() => Ok(false),
            Err(error) => Err(decode_error(error)),
        }
    }
    let mut all_accepted = is_accepted(decoder.send_data(units, None, None, None))?;
    let (mut best, mut number, mut idle) = (None, 0, 0);
    // The decoder withholds a picture while a better layer may follow, and returns it when asked once more after the
    // end.
    while idle < 2 {
        match decoder.get_picture() {
            Ok(picture) => {
                best = Some(picture);
                if layer == Some(number) || frames == 1 {
                    break;
                }
                (number, idle) = (number + 1, 0);
            }
            Err(error) if error.is_again() => idle += 1,
            Err(error) => return Err(decode_error(error)),
        }
        if !all_accepted {
            all_accepted = is_accepted(decoder.send_pending_data())?;
        }
    }
    best.ok_or_else(|| Error::damaged(SourceFormat::Avif, TRUNCATED))
}

fn decode_error(error: re_rav1d::dav1d::Error) -> Error {
    Error::damaged(SourceFormat::Avif, format!("its AV1 data are broken ({error})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::decode::heif::av1::stream::WHITE;

    #[test]
    fn decoder_is_kept_until_an_error_or_a_large_picture() {
        let stream = StreamInfo::read(&WHITE).unwrap();
        let decode = |units: &[u8], selection, bytes| {
            decode(units.to_vec(), selection, &stream, LoopFilters::All, bytes).is_ok()
        };
        let is_kept = || KEPT.take().map(|decoder| KEPT.set(Some(decoder))).is_some();
        let plain = Selection::default();
        for _ in 0..3 {
            assert!(decode(&WHITE, plain, 1000) && is_kept());
        }
        assert!(decode(&WHITE, plain, 100 << 20) && is_kept(), "the large picture had its own");
        assert!(!decode(&WHITE[..20], plain, 1000) && !is_kept());
        let other = Selection { layer: Some(0), ..plain };
        assert!(decode(&WHITE, other, 1000) && !is_kept());
    }

    #[test]
    fn details_are_filtered_unless_every_axis_is_reduced_to_an_eighth() {
        let needed = |across, down| LoopFilters::needed_for(Ratio { across, down });
        assert_eq!(needed(0.125, 0.125), LoopFilters::Deblocking);
        assert_eq!(needed(0.13, 0.01), LoopFilters::All);
    }

    #[test]
    fn kept_decoder_has_the_filters_that_are_asked_for() {
        let stream = StreamInfo::read(&WHITE).unwrap();
        for filters in [LoopFilters::All, LoopFilters::Deblocking, LoopFilters::Deblocking, LoopFilters::All]
        {
            assert!(decode(WHITE.to_vec(), Selection::default(), &stream, filters, 1000).is_ok());
            assert_eq!(
                KEPT.take().map(|(kept, decoder)| (kept, KEPT.set(Some((kept, decoder))))),
                Some((filters, ()))
            );
        }
        let mut layers = stream;
        layers.frames = 2;
        assert!(decode(WHITE.to_vec(), Selection::default(), &layers, LoopFilters::Deblocking, 1000).is_ok());
        assert_eq!(KEPT.take().map(|(kept, _)| kept), Some(LoopFilters::All));
    }
}
