//! Any bytes as the units of AV1 never panic rav1d, and make it read and write no memory but its own.
//!
//! It is fuzzed without the checks that the program makes before, and with AddressSanitizer.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use re_rav1d::dav1d::{Decoder, PixelLayout, PlanarImageComponent, Settings};

/// Larger pictures only cost time.
const MOST_PIXELS: u32 = 1 << 16;

fuzz_target!(|data: &[u8]| -> Corpus {
    // With debug assertions rav1d ends the process where a caller has no data.
    if data.is_empty() {
        return Corpus::Reject;
    }
    let mut settings = Settings::new();
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_frame_size_limit(MOST_PIXELS);
    let mut decoder = Decoder::with_settings(&settings).expect("no decoder");
    let mut is_accepted = decoder.send_data(data.to_vec(), None, None, None).is_ok();
    // The second question without an answer is the end.
    let mut idle = 0;
    while idle < 2 {
        match decoder.get_picture() {
            Ok(picture) => {
                let is_grey = picture.pixel_layout() == PixelLayout::I400;
                let components = [PlanarImageComponent::Y, PlanarImageComponent::U, PlanarImageComponent::V];
                for component in &components[..if is_grey { 1 } else { 3 }] {
                    // Every sample is looked at, so that one outside of the memory shows.
                    let sum: u64 = picture.plane(*component).iter().map(|sample| u64::from(*sample)).sum();
                    std::hint::black_box(sum);
                }
                idle = 0;
            }
            Err(error) if error.is_again() => idle += 1,
            Err(_) => return Corpus::Keep,
        }
        if !is_accepted {
            is_accepted = decoder.send_pending_data().is_ok();
        }
    }
    Corpus::Keep
});
