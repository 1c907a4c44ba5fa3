//! Any picture, written by libjpeg-turbo or by `thumbnail-jpeg`, has the same pixels in both readers.
//!
//! The first five bytes of an input choose size, sampling, quality and writer; the others are samples, over and over. A
//! file of arbitrary bytes is no input: libjpeg clips coefficients that no picture has in ways of its own.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use mozjpeg::{ColorSpace, Compress, Decompress};
use thumbnail_jpeg::{Channels, Order, Pixels, Sampling, Scale, Transformed, WriteOptions, decode};

/// Levels by which samples may differ. Both readers round the inverse transform, whose exact result either may miss by less
/// than one level; colours and interpolated chroma are computed from those samples in the same integers.
const MOST: u8 = 1;

/// Pixels of a component beside each other and above each other for one sample of chroma.
const SAMPLINGS: [(u8, u8); 4] = [(1, 1), (2, 1), (1, 2), (2, 2)];

fuzz_target!(|data: &[u8]| -> Corpus {
    let [width, height, kind, quality, writer, samples @ ..] = data else { return Corpus::Reject };
    // Planes of chroma with one or two samples in a row libjpeg repeats instead of interpolating them.
    let (width, height) = (usize::from(width % 76) + 5, usize::from(height % 80) + 1);
    let channels = if kind & 1 == 0 { Channels::Rgb } else { Channels::Grey };
    let length = width * height * channels.count();
    let samples: Vec<u8> = samples.iter().chain([&128]).cycle().take(length).copied().collect();
    let quality = quality % 100 + 1;
    let sampling = SAMPLINGS[usize::from(kind >> 1) % SAMPLINGS.len()];
    let file = if writer & 1 == 0 {
        written_by_libjpeg((width, height), channels, &samples, (quality, sampling, writer & 2 == 0))
    } else {
        written_by_us((width, height), channels, &samples, (quality, sampling, writer & 2 == 0))
    };
    let mut ours = Vec::new();
    let summary =
        decode(file.as_slice(), Scale::Full, |row| ours.extend_from_slice(row)).expect("it is refused");
    assert_eq!(summary.lost, 0.0, "it counts as damaged");
    let theirs = read_by_libjpeg(&file, channels);
    assert_eq!(ours.len(), theirs.len());
    let most = ours.iter().zip(&theirs).map(|(ours, theirs)| ours.abs_diff(*theirs)).max();
    assert!(most <= Some(MOST), "{most:?} levels");
    Corpus::Keep
});

fn written_by_libjpeg(
    (width, height): (usize, usize),
    channels: Channels,
    samples: &[u8],
    (quality, sampling, progressive): (u8, (u8, u8), bool),
) -> Vec<u8> {
    let mut writer = Compress::new(color_space(channels));
    writer.set_size(width, height);
    writer.set_quality(quality.into());
    if progressive {
        writer.set_progressive_mode();
    }
    if channels == Channels::Rgb {
        writer.set_chroma_sampling_pixel_sizes(sampling, sampling);
    }
    let mut writer = writer.start_compress(Vec::new()).expect("libjpeg does not begin");
    writer.write_scanlines(samples).expect("libjpeg does not write");
    writer.finish().expect("libjpeg does not end")
}

fn written_by_us(
    (width, height): (usize, usize),
    channels: Channels,
    samples: &[u8],
    (quality, sampling, progressive): (u8, (u8, u8), bool),
) -> Vec<u8> {
    let pixels = Pixels { width: width as u16, height: height as u16, samples, channels };
    let sampling = match sampling {
        (1, 1) => Sampling::Full,
        (_, 1) => Sampling::Half,
        _ => Sampling::Quarter,
    };
    let order = if progressive { Order::Progressive } else { Order::Baseline };
    let transformed = Transformed::new(&pixels, sampling).unwrap_or_else(|_| panic!("a picture is refused"));
    let options = WriteOptions { order, ..WriteOptions::of_quality(quality) };
    transformed.write(&options).unwrap_or_else(|_| panic!("options are refused"))
}

fn read_by_libjpeg(file: &[u8], channels: Channels) -> Vec<u8> {
    let reader = Decompress::new_mem(file).expect("libjpeg refuses it");
    let mut reader = reader.to_colorspace(color_space(channels)).expect("libjpeg does not begin");
    let pixels = reader.read_scanlines().expect("libjpeg does not read it");
    reader.finish().expect("libjpeg does not end");
    pixels
}

fn color_space(channels: Channels) -> ColorSpace {
    match channels {
        Channels::Grey => ColorSpace::JCS_GRAYSCALE,
        _ => ColorSpace::JCS_RGB,
    }
}
