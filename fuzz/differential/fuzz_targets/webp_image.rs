//! Any picture, written by libwebp, has the same pixels in libwebp and in image-webp.
//!
//! The first five bytes of an input choose size, alpha, loss, quality and effort; the others are samples, over and over. A
//! file of arbitrary bytes is no input: the readers fill up partitions that end early in ways of their own.

#![no_main]

use std::io::Cursor;

use image_webp::WebPDecoder;
use libfuzzer_sys::{Corpus, fuzz_target};
use webpx::Encoder;

/// Levels by which samples of a lossy file may differ. VP8 is defined bit by bit, and so is lossless WebP; only the
/// conversion of its colours is left to the reader, and both round it once.
const MOST: u8 = 1;

fuzz_target!(|data: &[u8]| -> Corpus {
    let [width, height, kind, quality, effort, samples @ ..] = data else { return Corpus::Reject };
    let (width, height) = (u32::from(width % 80) + 1, u32::from(height % 80) + 1);
    let (has_alpha, is_lossless) = (kind & 1 != 0, kind & 2 != 0);
    let length = width as usize * height as usize * if has_alpha { 4 } else { 3 };
    let samples: Vec<u8> = samples.iter().chain([&128]).cycle().take(length).copied().collect();
    let writer = if has_alpha {
        Encoder::new_rgba(&samples, width, height)
    } else {
        Encoder::new_rgb(&samples, width, height)
    };
    let writer =
        writer.quality(f32::from(quality % 101)).lossless(is_lossless).method(effort % 7).exact(true);
    let file = writer.encode(webpx::Unstoppable).expect("libwebp does not write it");
    let mut reader = WebPDecoder::new(Cursor::new(&file)).expect("image-webp refuses it");
    let mut theirs = vec![0; reader.output_buffer_size().expect("it is small")];
    reader.read_image(&mut theirs).expect("image-webp does not read it");
    let read = if reader.has_alpha() { webpx::decode_rgba(&file) } else { webpx::decode_rgb(&file) };
    let (ours, ..) = read.expect("libwebp does not read it");
    assert_eq!(ours.len(), theirs.len());
    let most = ours.iter().zip(&theirs).map(|(ours, theirs)| ours.abs_diff(*theirs)).max().unwrap_or(0);
    assert!(most <= if is_lossless { 0 } else { MOST }, "{most} levels");
    Corpus::Keep
});
