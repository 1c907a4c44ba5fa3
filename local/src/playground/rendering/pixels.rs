//! Pixels of the PNG files that the function's program writes.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;

use png::{ColorType, Decoder, Reader, Transformations};

/// Reason why a PNG has no pixels.
#[derive(Debug, thiserror::Error)]
pub(super) enum PixelError {
    /// The file is damaged, or of a kind that the program does not write.
    #[error("the PNG of the program cannot be read: {0}")]
    Png(#[from] png::DecodingError),
    /// A file cannot be read or written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The picture is too large for memory.
    #[error("the PNG of the program is too large")]
    TooLarge,
}

/// A picture in sRGB of eight bits, with transparent pixels over white.
pub(super) struct Pixels {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Red, green and blue of each pixel, by rows.
    pub(super) rgb: Vec<u8>,
    /// Whether any pixel was not opaque.
    pub(super) is_transparent: bool,
}

impl Pixels {
    /// Reads a PNG.
    pub(super) fn read(path: &Path) -> Result<Self, PixelError> {
        let mut reader = open(path)?;
        let mut samples = vec![0; reader.output_buffer_size().ok_or(PixelError::TooLarge)?];
        let frame = reader.next_frame(&mut samples)?;
        let channels = frame.color_type.samples();
        samples.truncate(frame.buffer_size());
        let has_alpha = matches!(frame.color_type, ColorType::GrayscaleAlpha | ColorType::Rgba);
        let is_transparent =
            has_alpha && samples.iter().skip(channels - 1).step_by(channels).any(|alpha| *alpha < 255);
        let rgb = match frame.color_type {
            ColorType::Rgb => samples,
            _ => samples.chunks_exact(channels).flat_map(over_white).collect(),
        };
        Ok(Self { width: frame.width, height: frame.height, rgb, is_transparent })
    }
}

/// A pixel of grey or RGB, with or without alpha, over white.
fn over_white(pixel: &[u8]) -> [u8; 3] {
    let blend = |sample: u8, alpha: u8| {
        let (sample, alpha) = (u32::from(sample), u32::from(alpha));
        u8::try_from((sample * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
    };
    match *pixel {
        [grey] => [grey; 3],
        [grey, alpha] => [blend(grey, alpha); 3],
        [red, green, blue, alpha] => [red, green, blue].map(|sample| blend(sample, alpha)),
        _ => [255; 3],
    }
}

/// Writes the pixels of a PNG as PAM, which is read many times as fast.
pub(super) fn write_pam(png: &Path, pam: &Path) -> Result<(), PixelError> {
    let mut reader = open(png)?;
    let (width, height) = (reader.info().width, reader.info().height);
    let (kind, depth) = match reader.output_color_type().0 {
        ColorType::Grayscale => ("GRAYSCALE", 1),
        ColorType::GrayscaleAlpha => ("GRAYSCALE_ALPHA", 2),
        ColorType::Rgba => ("RGB_ALPHA", 4),
        ColorType::Rgb | ColorType::Indexed => ("RGB", 3),
    };
    let mut file = BufWriter::new(File::create(pam)?);
    write!(file, "P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH {depth}\nMAXVAL 255\nTUPLTYPE {kind}\nENDHDR\n")?;
    while let Some(row) = reader.next_row()? {
        file.write_all(row.data())?;
    }
    file.flush()?;
    Ok(())
}

fn open(path: &Path) -> Result<Reader<BufReader<File>>, PixelError> {
    let mut decoder = Decoder::new(BufReader::new(File::open(path)?));
    decoder.set_transformations(Transformations::normalize_to_color8());
    Ok(decoder.read_info()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transparent_pixels_are_over_white() {
        assert_eq!(over_white(&[10]), [10; 3]);
        assert_eq!(over_white(&[0, 0]), [255; 3]);
        assert_eq!(over_white(&[0, 255]), [0; 3]);
        assert_eq!(over_white(&[0, 100, 255, 128]), [127, 177, 255]);
    }
}
