//! Property: any picture with any options gives files that are read without loss, with the size and the steps that they
//! were written with, and with the same coefficients whatever the order of their scans.

use thumbnail_jpeg::{
    Channels, Coefficients, Effort, Head, Order, Pixels, Sampling, Scale, Tables, Transformed, WriteOptions,
};

/// Checks the property; true when the input is worth keeping.
///
/// The first seven bytes choose size, channels, options and tables; the others are samples, over and over.
pub(crate) fn check(data: &[u8]) -> bool {
    let [width, height, kind, effort, quality, luma, chroma, rest @ ..] = data else { return false };
    let (width, height) = (u16::from(*width % 80) + 1, u16::from(*height % 80) + 1);
    let channels = if kind & 1 == 0 { Channels::Rgb } else { Channels::Grey };
    let sampling = match kind >> 1 & 3 {
        0 => Sampling::Full,
        1 => Sampling::Half,
        _ => Sampling::Quarter,
    };
    let effort = match effort % 3 {
        0 => Effort::Fast,
        1 => Effort::Usual,
        _ => Effort::Most,
    };
    let tables = match kind >> 3 & 3 {
        0 => Tables::new([*luma; 64], [*chroma; 64]),
        1 => Tables::scaled(f32::from(*luma) / (1.0 + f32::from(*chroma))),
        _ => Tables::of_quality(*quality),
    };
    let length = usize::from(width) * usize::from(height) * channels.count();
    let samples: Vec<u8> = rest.iter().chain([&128]).cycle().take(length).copied().collect();
    let pixels = Pixels { width, height, samples: &samples, channels };
    let Ok(transformed) = Transformed::new(&pixels, sampling) else { panic!("a picture is refused") };
    let metadata = (kind & 0x80 != 0).then_some(rest);
    let read_back = |order| {
        let options = WriteOptions { tables, effort, order, exif: None, xmp: None, icc: metadata };
        let Ok(file) = transformed.write(&options) else { panic!("options are refused") };
        let coefficients = read(&file, (width, height));
        let steps = tables.steps(if channels == Channels::Grey { Sampling::Full } else { sampling });
        for (component, steps) in coefficients.components.iter().zip([steps[0], steps[1], steps[1]]) {
            assert_eq!(component.steps, steps.map(u16::from));
        }
        coefficients
    };
    let [baseline, progressive, smallest] =
        [Order::Baseline, Order::Progressive, Order::Smallest].map(read_back);
    for (other, order) in [(progressive, "progressive"), (smallest, "smallest")] {
        for (a, b) in baseline.components.iter().zip(&other.components) {
            // A block that only fills up an MCU has AC in no progressive file, and none in a baseline one.
            assert_eq!(a, b, "{order}");
        }
    }
    true
}

/// The coefficients of a file of this size, which must be whole.
fn read(mut file: &[u8], (width, height): (u16, u16)) -> Coefficients {
    let head = Head::read(&mut file).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((head.frame.width, head.frame.height), (u32::from(width), u32::from(height)));
    let coefficients = head.coefficients(file, Scale::Full).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(coefficients.lost.to_bits(), 0.0_f64.to_bits(), "a file of ours is damaged");
    coefficients
}
