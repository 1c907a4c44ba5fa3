//! LZW of another encoder, whole and damaged, compared with another decoder.

use weezl::decode::Configuration;
use weezl::{BitOrder, LzwStatus};

use super::*;

const VARIETIES: [LzwVariety; 2] = [LzwVariety::LowestBitFirst, LzwVariety::HighestBitFirst];

/// All bytes of a stream, decoded from parts of `input` of `step` bytes.
fn decoded(variety: LzwVariety, literal_bits: u32, stream: &[u8], step: usize) -> (Vec<u8>, LzwStop) {
    let mut decoder = LzwDecoder::new(variety, literal_bits);
    let (mut bytes, mut output) = (Vec::new(), vec![0; LZW_SPACE + 100]);
    let mut input = stream;
    loop {
        let part = input.get(..step).unwrap_or(input);
        let LzwStep { consumed, written, stop } = decoder.decode(part, &mut output);
        input = &input[consumed..];
        bytes.extend_from_slice(&output[..written]);
        if stop != LzwStop::Open || consumed == 0 && written == 0 {
            return (bytes, stop);
        }
    }
}

/// The same by another decoder.
fn reference(variety: LzwVariety, literal_bits: u8, stream: &[u8], length: usize) -> (Vec<u8>, LzwStop) {
    let mut decoder = match variety {
        LzwVariety::LowestBitFirst => Configuration::new(BitOrder::Lsb, literal_bits),
        LzwVariety::HighestBitFirst => Configuration::with_tiff_size_switch(BitOrder::Msb, literal_bits),
    }
    .build();
    let (mut input, mut bytes, mut filled) = (stream, vec![0; length], 0);
    loop {
        let result = decoder.decode_bytes(input, &mut bytes[filled..]);
        input = &input[result.consumed_in..];
        filled += result.consumed_out;
        let stop = match result.status {
            Ok(LzwStatus::Ok) => continue,
            Ok(LzwStatus::NoProgress) => LzwStop::Open,
            Ok(LzwStatus::Done) => LzwStop::End,
            Err(_) => LzwStop::Corrupt,
        };
        bytes.truncate(filled);
        return (bytes, stop);
    }
}

fn encoded(variety: LzwVariety, literal_bits: u8, bytes: &[u8]) -> Vec<u8> {
    let mut encoder = match variety {
        LzwVariety::LowestBitFirst => weezl::encode::Encoder::new(BitOrder::Lsb, literal_bits),
        LzwVariety::HighestBitFirst => {
            weezl::encode::Encoder::with_tiff_size_switch(BitOrder::Msb, literal_bits)
        }
    };
    encoder.encode(bytes).unwrap()
}

/// Bytes with runs and repetitions of all lengths.
fn sample(random: &mut fastrand::Rng, length: usize, literal_bits: u32) -> Vec<u8> {
    let highest = u8::try_from((1_u32 << literal_bits.min(8)) - 1).unwrap();
    let mut bytes = Vec::new();
    while bytes.len() < length {
        match random.u8(..4) {
            0 => bytes.extend(std::iter::repeat_n(random.u8(..=highest), random.usize(1..3000))),
            1 if bytes.len() > 10 => {
                let start = random.usize(..bytes.len());
                let end = random.usize(start..bytes.len().min(start + 5000));
                bytes.extend_from_within(start..end);
            }
            _ => bytes.extend((0..random.usize(1..2000)).map(|_| random.u8(..=highest))),
        }
    }
    bytes.truncate(length);
    bytes
}

#[test]
fn streams_of_another_encoder_are_decoded_in_parts_of_any_size() {
    let mut random = fastrand::Rng::with_seed(1);
    for variety in VARIETIES {
        for literal_bits in 2..=8 {
            // The longest strings are in the run.
            let bytes = [sample(&mut random, 100_000, literal_bits.into()), vec![1; 1_000_000]].concat();
            let stream = encoded(variety, literal_bits, &bytes);
            for step in [1, 7, 255, usize::MAX] {
                let (have, stop) = decoded(variety, literal_bits.into(), &stream, step);
                assert!(have == bytes && stop == LzwStop::End, "{variety:?} {literal_bits} {step}");
            }
        }
    }
}

#[test]
fn corrupt_and_cut_streams_are_decoded_as_far_as_by_another_decoder() {
    let mut random = fastrand::Rng::with_seed(2);
    for round in 0..600 {
        let variety = VARIETIES[round % 2];
        let literal_bits = random.u8(1..=11);
        let sample = sample(&mut random, 20_000, literal_bits.into());
        let mut stream = encoded(variety, literal_bits.clamp(2, 8), &sample);
        for _ in 0..random.usize(..4) {
            let at = random.usize(..stream.len());
            stream[at] = random.u8(..);
        }
        stream.truncate(random.usize(..=stream.len()));
        let want = reference(variety, literal_bits, &stream, 20_000_000);
        let have = decoded(variety, literal_bits.into(), &stream, random.usize(1..1000));
        assert!(have == want, "round {round}, {literal_bits} bits");
    }
}

#[test]
fn decoder_is_used_again_for_another_stream() {
    let mut decoder = LzwDecoder::new(LzwVariety::HighestBitFirst, 8);
    let mut output = vec![0; LZW_SPACE + 100];
    decoder.decode(&[0xff; 100], &mut output);
    for variety in VARIETIES {
        decoder.restart(variety, 8);
        let step = decoder.decode(&encoded(variety, 8, b"abcabcabc"), &mut output);
        assert_eq!((&output[..step.written], step.stop), (b"abcabcabc".as_slice(), LzwStop::End));
    }
}
