//! Any bytes as the units of AV1 that both rav1d and dav1d accept have the same pixels in both.
//!
//! Each input is decoded with all filters and with deblocking alone, as the program does for small thumbnails, and with
//! film grain. Both libraries export the same names, so that dav1d is a process of its own: the program `dav1d`, without
//! its assembler. What only one of them accepts is no finding, because they are of different years.

#![no_main]

use std::fs::{File, OpenOptions};
use std::io::{Seek, Write};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use libfuzzer_sys::{Corpus, fuzz_target};
use re_rav1d::dav1d::{Decoder, InloopFilterType, Picture, PixelLayout, PlanarImageComponent, Settings};

/// Larger inputs and pictures, and more of them, only cost time.
const MOST_BYTES: usize = 1 << 16;
const MOST_PIXELS: u32 = 1 << 16;
const MOST_PICTURES: usize = 16;

/// Filters, and their names for the program.
const FILTERS: [(InloopFilterType, &str); 2] =
    [(InloopFilterType::all(), "all"), (InloopFilterType::DEBLOCK, "deblock")];

/// The input of the program: a file without a name, which goes with this process.
static INPUT: LazyLock<File> = LazyLock::new(|| {
    let path = std::env::temp_dir().join(format!("avif_dav1d-{}.ivf", std::process::id()));
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path);
    std::fs::remove_file(path).expect("there is no file");
    file.expect("there is no file")
});

fuzz_target!(|data: &[u8]| -> Corpus {
    // With debug assertions rav1d ends the process where a caller has no data.
    if data.is_empty() || data.len() > MOST_BYTES {
        return Corpus::Reject;
    }
    for (filters, name) in FILTERS {
        let Some(ours) = decoded_by_rav1d(data, filters) else { break };
        let Some(theirs) = decoded_by_dav1d(data, name) else { break };
        assert_eq!(ours.len(), theirs.len(), "bytes of the pictures with the filters {name}");
        let other = ours.iter().zip(&theirs).position(|(ours, theirs)| ours != theirs);
        assert_eq!(other, None, "first byte that differs with the filters {name}");
    }
    Corpus::Keep
});

/// All samples of the pictures, plane by plane. `None` after an error.
fn decoded_by_rav1d(data: &[u8], filters: InloopFilterType) -> Option<Vec<u8>> {
    let mut settings = Settings::new();
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_frame_size_limit(MOST_PIXELS);
    settings.set_all_layers(false);
    settings.set_apply_grain(true);
    settings.set_inloop_filters(filters);
    let mut decoder = Decoder::with_settings(&settings).expect("no decoder");
    let mut is_accepted = is_done(decoder.send_data(data.to_vec(), None, None, None))?;
    let (mut samples, mut pictures) = (Vec::new(), 0);
    // The second question without an answer is the end.
    let mut idle = 0;
    while idle < 2 && pictures < MOST_PICTURES {
        match decoder.get_picture() {
            Ok(picture) => {
                add_samples(&picture, &mut samples);
                (pictures, idle) = (pictures + 1, 0);
            }
            Err(error) if error.is_again() => idle += 1,
            Err(_) => return None,
        }
        if !is_accepted {
            is_accepted = is_done(decoder.send_pending_data())?;
        }
    }
    Some(samples)
}

/// Whether all data were taken. `None` after an error.
fn is_done(result: Result<(), re_rav1d::dav1d::Error>) -> Option<bool> {
    match result {
        Ok(()) => Some(true),
        Err(error) => error.is_again().then_some(false),
    }
}

fn add_samples(picture: &Picture, samples: &mut Vec<u8>) {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let half = |side: usize| side.div_ceil(2);
    let chroma = match picture.pixel_layout() {
        PixelLayout::I400 => None,
        PixelLayout::I420 => Some((half(width), half(height))),
        PixelLayout::I422 => Some((half(width), height)),
        PixelLayout::I444 => Some((width, height)),
    };
    let sample_bytes = if picture.bit_depth() > 8 { 2 } else { 1 };
    let components = [
        (PlanarImageComponent::Y, Some((width, height))),
        (PlanarImageComponent::U, chroma),
        (PlanarImageComponent::V, chroma),
    ];
    for (component, size) in components {
        let Some((width, height)) = size else { continue };
        let plane = picture.plane(component);
        let rows = plane.chunks(picture.stride(component) as usize).take(height);
        rows.for_each(|row| samples.extend_from_slice(&row[..width * sample_bytes]));
    }
}

/// The same of the program.
fn decoded_by_dav1d(data: &[u8], filters: &str) -> Option<Vec<u8>> {
    let (mut input, length) = (&*INPUT, data.len() as u32);
    // One frame of an IVF file: its header with the codec and the number of frames, length and time of the frame.
    let header = [
        &b"DKIF\0\0\x20\0AV01\0\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\0\0\0\0"[..],
        &length.to_le_bytes(),
        &[0; 8],
    ];
    input.rewind().expect("the file has no begin");
    input.set_len(0).expect("the file keeps its length");
    input.write_all(&[&header.concat(), data].concat()).expect("the file cannot be written");
    let mut program = Command::new("dav1d");
    program.args(["--quiet", "--demuxer", "ivf", "--input", "/dev/stdin", "--muxer", "yuv", "--output", "-"]);
    program.args([
        "--threads",
        "1",
        "--framedelay",
        "1",
        "--cpumask",
        "0",
        "--filmgrain",
        "1",
        "--alllayers",
        "0",
    ]);
    program.args(["--inloopfilters", filters, "--sizelimit", &MOST_PIXELS.to_string()]);
    program.args(["--limit", &MOST_PICTURES.to_string()]);
    let input = input.try_clone().expect("the file cannot be handed over");
    let output = program.stdin(Stdio::from(input)).output().expect("dav1d is not installed");
    // It goes on after some errors.
    let has_error = String::from_utf8_lossy(&output.stderr).contains("Error decoding frame");
    (output.status.success() && !has_error).then_some(output.stdout)
}
