//! Metadata, and what is refused.

use thumbnail_jpeg::{
    Channels, Effort, EncodeError, Head, Order, Pixels, Sampling, Transformed, WriteOptions,
};

use crate::{Picture, decoded};

#[test]
fn metadata_comes_back_whatever_its_length() {
    let picture = Picture::of((9, 9), Channels::Rgb, |x, _, _| x as u8);
    let transformed = picture.transformed(Sampling::Quarter);
    for (exif, icc) in [(10, 1), (65_527, 65_519), (3, 65_520), (0, 300_000)] {
        let [exif, icc] =
            [exif, icc].map(|length: usize| (0..length).map(|n| (n % 251) as u8).collect::<Vec<_>>());
        let options = WriteOptions { exif: Some(&exif), icc: Some(&icc), ..WriteOptions::of_quality(80) };
        let file = transformed.write(&options).unwrap();
        let head = Head::read(&mut file.as_slice()).unwrap();
        assert!(head.metadata.is_jfif);
        assert_eq!(head.metadata.exif.as_deref().unwrap_or_default(), exif);
        let mut decoder = jpeg_decoder::Decoder::new(file.as_slice());
        decoder.decode().unwrap();
        assert_eq!(decoder.icc_profile().unwrap(), icc);
    }
}

#[test]
fn metadata_that_does_not_fit_is_refused() {
    let picture = Picture::of((9, 9), Channels::Grey, |x, _, _| x as u8);
    let transformed = picture.transformed(Sampling::Full);
    let long = vec![0; 255 * 65_519 + 1];
    let exif = WriteOptions { exif: Some(&long[..65_528]), ..WriteOptions::of_quality(80) };
    let icc = WriteOptions { icc: Some(&long), ..WriteOptions::of_quality(80) };
    for options in [exif, icc] {
        assert!(matches!(transformed.write(&options), Err(EncodeError::Metadata { .. })));
    }
    let most = WriteOptions { icc: Some(&long[1..]), ..WriteOptions::of_quality(80) };
    assert!(transformed.write(&most).is_ok());
}

#[test]
fn pictures_whose_samples_do_not_match_are_refused() {
    let samples = [0; 48];
    for (width, height, channels) in [(4, 3, Channels::Rgb), (4, 5, Channels::Rgb), (4, 4, Channels::Grey)] {
        let pixels = Pixels { width, height, samples: &samples, channels };
        let error = Transformed::new(&pixels, Sampling::Quarter).unwrap_err();
        assert_eq!(error, EncodeError::Samples { width, height, found: 48 });
    }
    for (width, height) in [(0, 4), (4, 0), (0, 0)] {
        let pixels = Pixels { width, height, samples: &[], channels: Channels::Rgb };
        assert_eq!(Transformed::new(&pixels, Sampling::Full).unwrap_err(), EncodeError::Empty);
    }
}

#[test]
fn memory_is_what_coefficients_and_file_take() {
    let picture = Picture::of((400, 300), Channels::Rgb, crate::noise(1));
    for (sampling, samples) in [(Sampling::Full, 3.0), (Sampling::Half, 2.0), (Sampling::Quarter, 1.5)] {
        let bytes = Transformed::memory(400, 300, Channels::Rgb, sampling) as f64;
        assert!((2.0..3.0).contains(&(bytes / (400.0 * 300.0 * samples))), "{bytes}");
        // The worst case: noise in the best quality.
        let file = picture.write(sampling, 100, Effort::Fast, Order::Smallest);
        let levels = 400.0 * 300.0 * samples * 2.2;
        let bytes = Transformed::write_memory(400, 300, Channels::Rgb, sampling) as f64;
        assert!(levels + (file.len() as f64) < bytes, "{} bytes, and {bytes} reserved", file.len());
    }
}
