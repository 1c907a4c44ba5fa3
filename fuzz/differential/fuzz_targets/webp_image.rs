//! Of any still WebP that libwebp and image-webp both read whole, they give the same pixels.

#![no_main]

use std::io::Cursor;

use image_webp::WebPDecoder;
use libfuzzer_sys::{Corpus, fuzz_target};

/// Levels by which samples of a lossy file may differ. VP8 is defined bit by bit, and so is lossless WebP; only the
/// conversion of its colours is left to the reader, and both round it once.
const MOST: u8 = 1;

/// Larger pictures only cost time.
const MOST_PIXELS: u32 = 1 << 16;

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(mut reader) = WebPDecoder::new(Cursor::new(data)) else { return Corpus::Reject };
    let (width, height) = reader.dimensions();
    if reader.is_animated() || width.saturating_mul(height) > MOST_PIXELS {
        return Corpus::Reject;
    }
    let Some(length) = reader.output_buffer_size() else { return Corpus::Reject };
    let mut theirs = vec![0; length];
    if reader.read_image(&mut theirs).is_err() {
        return Corpus::Keep;
    }
    let (has_alpha, is_lossy) = (reader.has_alpha(), reader.is_lossy());
    // What either refuses, or reads as something else, is no wrong pixel.
    let Ok((ours, ..)) = (if has_alpha { webpx::decode_rgba(data) } else { webpx::decode_rgb(data) }) else {
        return Corpus::Keep;
    };
    assert_eq!(ours.len(), theirs.len());
    let most = ours.iter().zip(&theirs).map(|(ours, theirs)| ours.abs_diff(*theirs)).max().unwrap_or(0);
    assert!(most <= if is_lossy { MOST } else { 0 }, "{most} levels");
    Corpus::Keep
});
