//! The AV1 decoder, rav1d. Each thread keeps one for the next item, tile or file.
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

use re_rav1d::dav1d::{Decoder, Picture, Settings};

use crate::imaging::decode::avif::grid::Selection;
use crate::imaging::decode::avif::stream::StreamInfo;
use crate::imaging::error::Error;
use crate::imaging::input::source::TRUNCATED;
use crate::imaging::source_format::SourceFormat;

/// Most bytes of an item's pictures with which the decoder is kept.
const MOST_KEPT_BYTES: u64 = 1024 * 1024;

thread_local! {
    /// The decoder of this thread, with default settings, while it decodes nothing.
    static KEPT: Cell<Option<Decoder>> = const { Cell::new(None) };
}

/// Decodes the units of an item, whose pictures take at most `bytes`. Returns the picture of the selected layer, or else
/// the last one, which has the best quality.
///
/// # Errors
/// [`Error::Damaged`].
pub(super) fn decode(
    units: Vec<u8>,
    selection: Selection,
    stream: &StreamInfo,
    bytes: u64,
) -> Result<Picture, Error> {
    let is_kept = selection == Selection::default() && bytes <= MOST_KEPT_BYTES;
    let kept = if is_kept { KEPT.take() } else { None };
    let mut decoder = kept.map_or_else(|| new_decoder(selection), Ok)?;
    let picture = last_picture(&mut decoder, units, selection.layer, stream.frames)?;
    if is_kept {
        decoder.flush();
        KEPT.set(Some(decoder));
    }
    Ok(picture)
}

fn new_decoder(selection: Selection) -> Result<Decoder, Error> {
    let mut settings = Settings::new();
    // More threads would cost more processor time and memory.
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_operating_point(selection.operating_point.into());
    settings.set_all_layers(selection.layer.is_some());
    Decoder::with_settings(&settings).map_err(decode_error)
}

/// Decodes all units. The decoder is not asked for more pictures than there are frames: every question without an
/// answer loses 48 bytes in rav1d 0.1.3.
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
    use crate::imaging::decode::avif::stream::WHITE;

    #[test]
    fn decoder_is_kept_until_an_error_or_a_large_picture() {
        let stream = StreamInfo::read(&WHITE).unwrap();
        let decode =
            |units: &[u8], selection, bytes| decode(units.to_vec(), selection, &stream, bytes).is_ok();
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
}
