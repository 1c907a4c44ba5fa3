//! Damaged photographs: they give all rows or an error, unchanged rows before the damage, and the share that is lost.

use thumbnail_jpeg::{Component, Error, Head, Scale, Summary};

use crate::writer::Random;
use crate::{data, read};

const BASELINE: &str = "photo-2048x1365.jpg";
const PROGRESSIVE: &str = "photo-2048x878-progressive.jpg";

/// A whole file and its pixels, which damaged copies are compared with.
struct Whole {
    file: Vec<u8>,
    head: Head,
    scale: Scale,
    pixels: Vec<u8>,
}

impl Whole {
    fn new(file: Vec<u8>, scale: Scale) -> Self {
        let head = Head::read(file.as_slice()).unwrap();
        let (summary, pixels) = read(&file, scale).unwrap();
        assert_eq!(summary.lost, 0.0);
        Self { file, head, scale, pixels }
    }

    /// Reads a damaged copy, and checks that all rows are there; `None` if it is refused.
    fn read(&self, damaged: &[u8]) -> Option<(Summary, Vec<u8>)> {
        let (summary, pixels) = match read(damaged, self.scale) {
            Ok(read) => read,
            Err(Error::CutShort | Error::Damaged(_)) => return None,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(pixels.len(), self.pixels.len(), "rows are missing");
        assert!((0.0..=1.0).contains(&summary.lost), "{}", summary.lost);
        Some((summary, pixels))
    }

    /// Bytes of the pixels that depend on the first `rows` rows of MCUs alone.
    fn settled(&self, rows: usize) -> usize {
        let unit = self.head.frame.components.iter().map(|component| component.down).max().unwrap();
        let rows = rows * (unit * self.scale.samples()) as usize;
        let (width, _) = self.head.frame.reduced(self.scale);
        // Chroma is interpolated with the row below.
        rows.saturating_sub(1) * width as usize * self.head.frame.components.len()
    }

    /// MCUs across and down, all components being in one scan.
    fn mcus(&self) -> (usize, usize) {
        let most =
            |factor: fn(&Component) -> u32| 8 * self.head.frame.components.iter().map(factor).max().unwrap();
        let (across, down) = (most(|component| component.across), most(|component| component.down));
        (self.head.frame.width.div_ceil(across) as usize, self.head.frame.height.div_ceil(down) as usize)
    }
}

/// Peak signal-to-noise ratio, decibels.
fn likeness(a: &[u8], b: &[u8]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2));
    10.0 * (255.0_f64.powi(2) * a.len() as f64 / squares.sum::<f64>()).log10()
}

#[test]
fn baseline_photo_cut_anywhere_keeps_every_row_before_the_cut() {
    let wholes: Vec<_> = [Scale::Eighth, Scale::Full].map(|scale| Whole::new(data(BASELINE), scale)).into();
    let mut least = 1.0;
    for part in 0..200 {
        let whole = &wholes[usize::from(part % 25 == 24)];
        let length = whole.file.len() * part / 200;
        let Some((summary, pixels)) = whole.read(&whole.file[..length]) else {
            assert!((length as u64) < whole.head.length, "cut to {length}");
            continue;
        };
        let (across, down) = whole.mcus();
        let lost = (summary.lost * (across * down) as f64).round() as usize;
        let settled = whole.settled((across * down - lost) / across);
        assert_eq!(pixels[..settled], whole.pixels[..settled], "cut to {length}");
        // A longer part of the file never loses more, and the share that is lost is about the share that was cut off.
        assert!(summary.lost <= least, "cut to {length}");
        assert!((summary.lost + part as f64 / 200.0 - 1.0).abs() < 0.15, "cut to {length}: {}", summary.lost);
        least = summary.lost;
    }
    assert!(least > 0.0);
}

#[test]
fn progressive_photo_cut_anywhere_is_as_good_as_it_says() {
    for (scale, parts, all) in
        [(Scale::Eighth, 0..200, 200), (Scale::Half, 6..24, 24), (Scale::Full, 6..16, 16)]
    {
        let whole = Whole::new(data(PROGRESSIVE), scale);
        let mut least = 1.0;
        let mut mostly_good = 0;
        for part in parts {
            let length = whole.file.len() * part / all;
            let Some((summary, pixels)) = whole.read(&whole.file[..length]) else { continue };
            assert!(summary.lost <= least, "{scale:?} cut to {length}: {} after {least}", summary.lost);
            least = summary.lost;
            if summary.lost <= 0.1 {
                mostly_good += 1;
                let likeness = likeness(&pixels, &whole.pixels);
                assert!(likeness > 29.0, "{scale:?} cut to {length}: {likeness} dB");
            }
        }
        // From two fifths of the file on, all parts are.
        assert!(mostly_good * 2 > all, "{scale:?}: {mostly_good} of {all}");
    }
}

#[test]
fn flipped_bits_in_a_photo_spoil_no_row_before_them() {
    let mut random = Random::new(7);
    for name in [BASELINE, PROGRESSIVE] {
        let whole = Whole::new(data(name), Scale::Eighth);
        let (across, down) = whole.mcus();
        let start = whole.head.length as usize;
        for _ in 0..12 {
            let first = start + random.below(whole.file.len() - start);
            let mut flipped = whole.file.clone();
            for at in [first, first + random.below(2000)] {
                if let Some(byte) = flipped.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            let (_, pixels) = whole.read(&flipped).unwrap();
            if name == BASELINE {
                let (cut, _) = whole.read(&whole.file[..first]).unwrap();
                let lost = (cut.lost * (across * down) as f64).round() as usize;
                let settled = whole.settled((across * down - lost) / across);
                assert_eq!(pixels[..settled], whole.pixels[..settled], "{name} at {first}");
            }
        }
    }
}
