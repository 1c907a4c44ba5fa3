//! SSIMULACRA2 of pictures, for `scripts/bench`: how near the file of an encoder is to the pixels that it was given.
//!
//! `cargo bench --bench score` answers jobs on standard input: `{"reference","distorted"}` a line, the paths of two PNG
//! files of one size, is answered with `{"err","score"}`. The reference of the last job is kept for the same file.

use std::fs;
use std::io::{self, BufRead as _, Cursor, Write as _};

use fast_ssim2::{PixelDescriptor, PixelSlice, Ssimulacra2Reference};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Job {
    reference: String,
    distorted: String,
}

#[derive(Serialize)]
struct Answer {
    err: Option<String>,
    score: f64,
}

/// Pixels in RGB, eight bits a sample.
struct Pixels {
    width: u32,
    height: u32,
    samples: Vec<u8>,
}

fn main() -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let mut kept: Option<(Vec<u8>, Ssimulacra2Reference)> = None;
    for line in io::stdin().lock().lines() {
        let result = serde_json::from_str::<Job>(&line?)
            .map_err(|error| error.to_string())
            .and_then(|job| score(&job, &mut kept));
        let answer = match result {
            Ok(score) => Answer { err: None, score },
            Err(error) => Answer { err: Some(error), score: 0.0 },
        };
        writeln!(stdout, "{}", serde_json::to_string(&answer)?)?;
        stdout.flush()?;
    }
    Ok(())
}

/// `kept` is a file and its reference. The next picture may have the same path.
fn score(job: &Job, kept: &mut Option<(Vec<u8>, Ssimulacra2Reference)>) -> Result<f64, String> {
    let file = fs::read(&job.reference).map_err(|error| format!("{}: {error}", job.reference))?;
    if kept.as_ref().is_none_or(|(bytes, _)| *bytes != file) {
        let pixels = pixels(&file).map_err(|error| format!("{}: {error}", job.reference))?;
        let reference = Ssimulacra2Reference::new(&slice(&pixels)?).map_err(|error| error.to_string())?;
        *kept = Some((file, reference));
    }
    let (_, reference) = kept.as_ref().ok_or("no reference")?;
    let distorted = fs::read(&job.distorted).map_err(|error| format!("{}: {error}", job.distorted))?;
    let distorted = pixels(&distorted).map_err(|error| format!("{}: {error}", job.distorted))?;
    reference.compare(&slice(&distorted)?).map_err(|error| error.to_string())
}

fn slice(pixels: &Pixels) -> Result<PixelSlice<'_>, String> {
    let stride = pixels.samples.len() / pixels.height.max(1) as usize;
    PixelSlice::new(&pixels.samples, pixels.width, pixels.height, stride, PixelDescriptor::RGB8_SRGB)
        .map_err(|error| error.to_string())
}

/// The pixels of a PNG file in RGB or grey.
fn pixels(file: &[u8]) -> Result<Pixels, png::DecodingError> {
    let mut decoder = png::Decoder::new(Cursor::new(file));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info()?;
    let mut samples = vec![0; reader.output_buffer_size().unwrap_or_default()];
    let info = reader.next_frame(&mut samples)?;
    samples.truncate(info.buffer_size());
    if info.color_type == png::ColorType::Grayscale {
        samples = samples.iter().flat_map(|grey| [*grey; 3]).collect();
    }
    Ok(Pixels { width: info.width, height: info.height, samples })
}
