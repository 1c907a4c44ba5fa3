//! Any picture with any options gives a file whose coefficients all readers agree on.

use thumbnail_jpeg::{Channels, Effort, Head, Order, Sampling, Scale};

use crate::{EFFORTS, ORDERS, Picture, SAMPLINGS, decoded, noise, reference};

/// Pictures of one size that go to the limits of the format in their own ways.
fn pictures(size: (u16, u16), channels: Channels) -> [Picture; 6] {
    let levels = |bright: bool| if bright { 255 } else { 0 };
    let mut random = noise(u64::from(size.0) << 16 | u64::from(size.1));
    [
        Picture::of(size, channels, |_, _, channel| [255, 0, 128][channel]),
        Picture::of(size, channels, |x, y, channel| levels((x + y + channel) % 2 == 0)),
        Picture::of(size, channels, |x, y, _| levels((x / 8 + y / 8) % 2 == 0)),
        Picture::of(size, channels, |x, y, channel| (x * 5 + y * (3 + channel)) as u8),
        Picture::of(size, channels, noise(7)),
        Picture::of(size, channels, |x, y, channel| {
            // Noise of ones and extremes, with still places between.
            let noise = random(x, y, channel);
            if (x / 8 + y / 16) % 3 == 0 { levels(noise > 127) } else { 100 + noise / 90 }
        }),
    ]
}

/// Checks a file with the reference reader and with our own. Returns the levels of visible blocks.
fn levels(file: &[u8], picture: &Picture, name: &str) -> Vec<i16> {
    let frame = reference::read(file).unwrap_or_else(|error| panic!("{name}: {error}"));
    let size = (usize::from(picture.width), usize::from(picture.height));
    assert_eq!((frame.width, frame.height, frame.ended), (size.0, size.1, true), "{name}");
    let mut rest = file;
    let head = Head::read(&mut rest).unwrap();
    let own = head.coefficients(rest, Scale::Full).unwrap();
    assert_eq!(own.lost, 0.0, "{name}");
    assert_eq!(
        (own.components.len(), frame.components.len()),
        (picture.channels.count(), own.components.len())
    );
    let mut levels = Vec::new();
    for (own, other) in own.components.iter().zip(&frame.components) {
        assert_eq!(own.steps, other.table, "{name}");
        for (row, column) in
            (0..other.height.div_ceil(8)).flat_map(|row| (0..other.width.div_ceil(8)).map(move |x| (row, x)))
        {
            let block = &other.blocks[row * other.blocks_wide + column];
            assert_eq!(own.block(column, row).unwrap(), block, "{name}: block {column}, {row}");
            let is_held = |level: &i16| level.unsigned_abs() <= 1023;
            assert!(block.iter().all(is_held), "{name}: no baseline file holds {block:?}");
            levels.extend(block);
        }
    }
    levels
}

fn check(size: (u16, u16), quality: u8) {
    for channels in [Channels::Grey, Channels::Rgb] {
        for (number, picture) in pictures(size, channels).iter().enumerate() {
            for (sampling, effort) in SAMPLINGS.into_iter().flat_map(|s| EFFORTS.map(|effort| (s, effort))) {
                let name = format!("{size:?} {channels:?} {number} {sampling:?} {effort:?} {quality}");
                let files = ORDERS.map(|order| picture.write(sampling, quality, effort, order));
                let [baseline, progressive, smallest] = &files;
                let expected = levels(baseline, picture, &name);
                assert!(levels(progressive, picture, &name) == expected, "{name}: orders differ");
                let least = baseline.len().min(progressive.len());
                // Sizes are compared without the zeros behind bytes of ones.
                let is_smallest = smallest.len() <= least + least / 64 + 8;
                assert!(is_smallest && [baseline, progressive].contains(&smallest), "{name}");
                assert!(decoded(baseline) == decoded(progressive), "{name}");
            }
        }
    }
}

#[test]
fn every_small_size_is_read_back() {
    for side in 1..=33_u16 {
        let other = 1 + side * 7 % 33;
        check((side, other), [1, 30, 75, 92, 100][usize::from(side) % 5]);
    }
}

#[test]
fn pictures_at_the_limits_are_read_back_in_every_quality() {
    for quality in [1, 10, 50, 80, 95, 100] {
        check((61, 50), quality);
    }
}

#[test]
fn longest_sides_are_read_back() {
    for size in [(65_535, 1), (1, 65_535), (65_535, 17)] {
        let picture = Picture::of(size, Channels::Rgb, |x, y, channel| (x / 3 + y * 9 + channel * 50) as u8);
        let [baseline, progressive] = [Order::Baseline, Order::Progressive].map(|order| {
            levels(&picture.write(Sampling::Quarter, 80, Effort::Fast, order), &picture, "long")
        });
        assert!(baseline == progressive);
    }
}

/// More blocks without further levels than a code of them can count.
#[test]
fn longest_runs_of_empty_blocks_are_cut() {
    let mut picture = Picture::of((1601, 1600), Channels::Grey, |_, _, _| 90);
    *picture.samples.last_mut().unwrap() = 255;
    for effort in EFFORTS {
        let file = picture.write(Sampling::Full, 80, effort, Order::Progressive);
        assert!(levels(&file, &picture, "flat").iter().any(|level| *level != 0));
        // DC of each of 40 200 blocks takes a bit at least.
        assert!(file.len() < 5300, "{} bytes for almost nothing", file.len());
    }
}

#[test]
fn more_effort_takes_fewer_bytes() {
    let mut random = noise(3);
    let picture = Picture::of((300, 200), Channels::Rgb, |x, y, channel| {
        let wave = (x as f64 / 9.0).sin() * (y as f64 / (5.0 + channel as f64)).cos();
        (120.0 + 70.0 * wave) as u8 + random(x, y, channel) / 12
    });
    for order in ORDERS {
        let [fast, usual, most] =
            EFFORTS.map(|effort| picture.write(Sampling::Quarter, 80, effort, order).len());
        assert!(usual < fast && most <= usual, "{order:?}: {fast}, {usual}, {most}");
    }
}
