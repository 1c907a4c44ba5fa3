//! Pixels come back as close as their steps allow.

use thumbnail_jpeg::{Channels, Effort, Order, Pixels, Sampling, Scale, Tables, WriteOptions, decode};

use crate::{EFFORTS, Picture, SAMPLINGS, decoded, noise};

fn most_off(picture: &Picture, pixels: &[u8]) -> u8 {
    assert_eq!(pixels.len(), picture.samples.len());
    picture.samples.iter().zip(pixels).map(|(have, want)| have.abs_diff(*want)).max().unwrap()
}

#[test]
fn best_quality_keeps_pixels_within_three_levels() {
    for channels in [Channels::Grey, Channels::Rgb] {
        for seed in 0..4 {
            let picture = Picture::of((45, 37), channels, noise(seed));
            let file = picture.write(Sampling::Full, 100, Effort::Fast, Order::Baseline);
            let off = most_off(&picture, &decoded(&file));
            assert!(off <= 3, "{channels:?}: {off}");
        }
    }
}

#[test]
fn flat_pictures_keep_their_colour() {
    for color in [[0, 0, 0], [255; 3], [200, 30, 77], [255, 0, 0], [0, 255, 0], [0, 0, 255], [1, 2, 3]] {
        let picture = Picture::of((35, 19), Channels::Rgb, |_, _, channel| color[channel]);
        for (sampling, effort) in SAMPLINGS.into_iter().flat_map(|s| EFFORTS.map(|effort| (s, effort))) {
            let file = picture.write(sampling, 95, effort, Order::Smallest);
            let off = most_off(&picture, &decoded(&file));
            assert!(off <= 2, "{color:?} {sampling:?} {effort:?}: {off}");
        }
    }
}

/// A slope, which half the resolution of chroma does not harm, with a blot in a corner that is repeated at no edge.
#[test]
fn colours_stay_in_their_place_in_every_sampling() {
    for size in [(64, 48), (61, 45), (17, 33), (50, 16)] {
        let picture = Picture::of(size, Channels::Rgb, |x, y, channel| {
            [30 + 2 * x, 200 - 2 * y, 60 + x + y][channel] as u8
        });
        for sampling in SAMPLINGS {
            let file = picture.write(sampling, 97, Effort::Usual, Order::Smallest);
            let off = most_off(&picture, &decoded(&file));
            assert!(off <= 6, "{size:?} {sampling:?}: {off}");
        }
    }
}

#[test]
fn given_steps_stand_in_the_file() {
    let (luma, chroma) = (std::array::from_fn(|n| n as u8 + 1), std::array::from_fn(|n| 255 - n as u8));
    let picture = Picture::of((20, 20), Channels::Rgb, noise(1));
    let options = WriteOptions { tables: Tables::new(luma, chroma), ..WriteOptions::of_quality(1) };
    let file = picture.transformed(Sampling::Quarter).write(&options).unwrap();
    let mut rest = file.as_slice();
    let head = thumbnail_jpeg::Head::read(&mut rest).unwrap();
    let components = head.coefficients(rest, Scale::Full).unwrap().components;
    assert_eq!(components[0].steps, luma.map(u16::from));
    assert_eq!(components[2].steps, chroma.map(u16::from));
}

/// Files of several qualities from one transform are those of one each.
#[test]
fn a_transformed_picture_can_be_written_again() {
    let picture = Picture::of((40, 30), Channels::Rgb, noise(5));
    let transformed = picture.transformed(Sampling::Quarter);
    let again = [90, 20, 90].map(|quality| transformed.write(&WriteOptions::of_quality(quality)).unwrap());
    assert_eq!(transformed.into_file(&WriteOptions::of_quality(90)).unwrap(), again[0]);
    assert_eq!(again[0], again[2]);
    assert_eq!(again[1], picture.write(Sampling::Quarter, 20, Effort::Usual, Order::Smallest));
    assert!(again[1].len() < again[0].len());
}
