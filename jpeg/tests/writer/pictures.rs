//! Files of given pictures, byte by byte: the same on every processor.

use std::hash::{DefaultHasher, Hasher as _};
use std::path::Path;

use thumbnail_jpeg::{Channels, Effort, Order, Sampling, Scale, decode};

use crate::{EFFORTS, ORDERS, Picture, SAMPLINGS, decoded, noise};

/// A photograph of another program's, as pixels.
fn photograph(name: &str, scale: Scale) -> Picture {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data").join(name);
    let file = std::fs::read(path).unwrap();
    let mut samples = Vec::new();
    let summary = decode(file.as_slice(), scale, |row| samples.extend_from_slice(row)).unwrap();
    let (width, height) = (summary.width as u16, summary.height as u16);
    Picture { width, height, channels: Channels::Rgb, samples }
}

/// CRC-32 of a file (ISO 3309), which does not depend on the compiler.
fn checksum(bytes: &[u8]) -> u32 {
    let update = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    };
    !bytes.iter().fold(u32::MAX, update)
}

/// A change of these numbers changes every thumbnail: the version of the encoders in the program must change with them.
#[test]
fn files_are_the_same_on_every_processor() {
    let photograph = photograph("photo-2048x1365.jpg", Scale::Quarter);
    let noise = Picture::of((70, 55), Channels::Rgb, noise(9));
    let mut found = Vec::new();
    for picture in [&photograph, &noise] {
        for (sampling, effort) in SAMPLINGS.into_iter().zip(EFFORTS) {
            found.push(checksum(&picture.write(sampling, 80, effort, Order::Progressive)));
        }
        found.push(checksum(&picture.write(Sampling::Quarter, 60, Effort::Usual, Order::Baseline)));
    }
    assert_eq!(found, EXPECTED, "{found:#x?}");
}

const EXPECTED: [u32; 8] =
    [0x5248_2949, 0xddea_01d2, 0xa67f_039e, 0xcdfa_7648, 0xdf25_40a9, 0x61ae_08f3, 0x7552_3342, 0x12ce_4913];

#[test]
fn photographs_take_fewer_bytes_than_by_a_plain_writer() {
    for name in ["photo-2048x1365.jpg", "photo-2048x878-progressive.jpg"] {
        let picture = photograph(name, Scale::Quarter);
        let mut plain = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut plain, 80);
        encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_2_0);
        encoder.set_optimized_huffman_tables(true);
        let color = jpeg_encoder::ColorType::Rgb;
        encoder.encode(&picture.samples, picture.width, picture.height, color).unwrap();
        let off = |file: &[u8]| {
            let pairs = picture.samples.iter().zip(decoded(file));
            pairs.map(|(have, want)| f64::from(have.abs_diff(want)).powi(2)).sum::<f64>()
        };
        for effort in EFFORTS {
            // The lowest quality whose error is about as large. The tables are fitted to how pictures look, not to it.
            let file = (50..95)
                .map(|quality| picture.write(Sampling::Quarter, quality, effort, Order::Smallest))
                .find(|file| off(file) <= 1.1 * off(&plain))
                .unwrap();
            let ratio = file.len() as f64 / plain.len() as f64;
            assert!(ratio < 0.95, "{name} {effort:?}: {ratio:.3} of the bytes");
        }
    }
}
