//! Means of chroma are sharpened, and stay in their places.

use thumbnail_jpeg::{Channels, Effort, Order, Sampling, Scale, Tables, WriteOptions};

use crate::{Picture, reference};

/// Samples of the second component of a file with steps of 1.
fn cb(picture: &Picture, sampling: Sampling) -> (reference::Plane, usize, usize) {
    let options = WriteOptions {
        tables: Tables::new([1; 64], [1; 64]),
        effort: Effort::Fast,
        ..WriteOptions::of_quality(100)
    };
    let file = picture.transformed(sampling).write(&options).unwrap();
    let component = &reference::read(&file).unwrap().components[1];
    (component.plane(8, 8), component.width, component.height)
}

/// Means of pixels, sharpened, by the definition.
fn expected(picture: &Picture, (across, down): (usize, usize)) -> impl Fn(usize, usize) -> f64 {
    let (width, height) = (usize::from(picture.width), usize::from(picture.height));
    let cb = |x: usize, y: usize| {
        let at = 3 * (y.min(height - 1) * width + x.min(width - 1));
        let [r, g, b] = [0, 1, 2].map(|channel| f64::from(picture.samples[at + channel]));
        0.5 * b - 0.168_736 * r - 0.331_264 * g
    };
    let (columns, rows) = (width.div_ceil(across), height.div_ceil(down));
    let mean = move |x: isize, y: isize| {
        let (x, y) = (x.clamp(0, columns as isize - 1) as usize, y.clamp(0, rows as isize - 1) as usize);
        let places = (0..across * down).map(|n| cb(x * across + n % across, y * down + n / across));
        places.sum::<f64>() / (across * down) as f64
    };
    let picture_mean: Vec<Vec<f64>> =
        (-1..=rows as isize).map(|y| (-1..=columns as isize).map(|x| mean(x, y)).collect()).collect();
    move |x, y| {
        let blur = |n: usize, is_halved: bool| match (n, is_halved) {
            (1, false) => 1.0,
            (_, false) => 0.0,
            (1, true) => 0.75,
            (_, true) => 0.125,
        };
        let terms = (0..9).map(|n| {
            let weight = blur(n % 3, across == 2) * blur(n / 3, down == 2);
            weight * picture_mean[y + n / 3][x + n % 3]
        });
        128.0 + 2.0 * picture_mean[y + 1][x + 1] - terms.sum::<f64>()
    }
}

#[test]
fn chroma_is_twice_the_mean_less_its_blur() {
    for size in [(64, 64), (33, 47), (5, 80), (80, 5), (16, 16), (17, 18)] {
        let picture = Picture::of(size, Channels::Rgb, |x, y, channel| {
            // Edges and a slope, within what chroma can be.
            let edge = if (x / 7 + y / 5) % 2 == 0 { 60 } else { 0 };
            [80 + edge, 90, 100 + (2 * x + y) % 50][channel] as u8
        });
        for (sampling, factors) in
            [(Sampling::Quarter, (2, 2)), (Sampling::Half, (2, 1)), (Sampling::Full, (1, 1))]
        {
            let (plane, columns, rows) = cb(&picture, sampling);
            let expected = expected(&picture, factors);
            for (x, y) in (0..columns * rows).map(|n| (n % columns, n / columns)) {
                // At the right edge the means that fill up blocks are those of the last pixel.
                let off = (plane.at(x, y) - expected(x, y)).abs();
                assert!(off < 2.5, "{size:?} {sampling:?} at {x}, {y}: {off}");
            }
        }
    }
}
