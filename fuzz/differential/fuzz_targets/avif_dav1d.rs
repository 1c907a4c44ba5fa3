//! Of the first item of any AVIF file, rav1d and dav1d give the same samples: AV1 is defined bit by bit.
//!
//! Both are told to be strict, because what they do after an error is not defined. rav1d follows a newer release of dav1d
//! than distributions have, so that one may refuse what the other reads.

#![no_main]

use avif_parse::AvifData;
use libfuzzer_sys::{Corpus, fuzz_target};

/// Larger pictures only cost time.
const MOST_PIXELS: u32 = 1 << 16;

/// Size, bits and planes of a picture.
#[derive(Debug, PartialEq)]
struct Samples {
    size: (u32, u32),
    bits: usize,
    planes: Vec<Vec<u8>>,
}

/// The two crates have one interface and no type in common.
macro_rules! first_picture {
    ($library:path, $units:expr) => {{
        use $library as library;
        let mut settings = library::Settings::new();
        settings.set_n_threads(1);
        settings.set_max_frame_delay(1);
        settings.set_strict_std_compliance(true);
        settings.set_frame_size_limit(MOST_PIXELS);
        let mut decoder = library::Decoder::with_settings(&settings).expect("no decoder");
        let _ = decoder.send_data($units.to_vec(), None, None, None);
        let picture = decoder.get_picture().or_else(|_| decoder.get_picture());
        picture.ok().map(|picture| {
            let components = match picture.pixel_layout() {
                library::PixelLayout::I400 => &[library::PlanarImageComponent::Y][..],
                _ => &[
                    library::PlanarImageComponent::Y,
                    library::PlanarImageComponent::U,
                    library::PlanarImageComponent::V,
                ],
            };
            let bits = picture.bit_depth();
            let plane = |component: &library::PlanarImageComponent| {
                let (width, height) = picture.plane_data_geometry(*component);
                let (plane, stride) = (picture.plane(*component), picture.stride(*component) as usize);
                let bytes = width as usize * if bits > 8 { 2 } else { 1 };
                (0..height as usize).flat_map(|row| plane[row * stride..][..bytes].to_vec()).collect()
            };
            let planes = components.iter().map(plane).collect();
            Samples { size: (picture.width(), picture.height()), bits, planes }
        })
    }};
}

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(file) = AvifData::from_reader(&mut &*data) else { return Corpus::Reject };
    let ours = first_picture!(re_rav1d::dav1d, file.primary_item);
    let theirs = first_picture!(::dav1d, file.primary_item);
    if let (Some(ours), Some(theirs)) = (&ours, &theirs) {
        assert_eq!((ours.size, ours.bits), (theirs.size, theirs.bits));
        assert!(ours.planes == theirs.planes, "samples differ");
    }
    Corpus::Keep
});
