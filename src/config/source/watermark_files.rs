//! Pictures of watermarks: PNG files beside `thumbnails.json`, or beside the program.
//!
//! Each is read once, when a thumbnail first names it, and kept as pixels.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{Cursor, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use png::{ColorType, Decoder, Limits, Transformations};

use crate::recipe::WatermarkPicture;

/// Most pixels of all watermarks together: 4 MB, which stay in memory.
const MOST_PIXELS: u64 = 1 << 20;

/// Most bytes of a file. A PNG of so many pixels that do not compress has hardly more.
const MOST_BYTES: u64 = 5 << 20;

/// Longest name of a file, bytes (NAME_MAX of Linux).
const LONGEST_NAME: usize = 255;

/// The reason why a file is not the picture of a watermark, as the end of a sentence about it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(in crate::config) enum WatermarkError {
    #[error("it is not in {0}; put the PNG there, beside bootstrap")]
    Missing(String),
    #[error("it must be the plain name of a PNG file beside bootstrap, such as logo.png, without a folder")]
    Name,
    #[error("it cannot be read: {0}")]
    Read(String),
    #[error("it is not a PNG image that can be read: {0}; save it as PNG again")]
    Png(String),
    #[error("it has {0} bytes or more; a watermark has at most {MOST_BYTES}")]
    Bytes(u64),
    #[error(
        "it has {width} x {height} pixels, and all watermarks together have at most {MOST_PIXELS}; save it at the \
         size that thumbnails show"
    )]
    Pixels { width: u32, height: u32 },
}

/// The files, and those that were read.
#[derive(Debug, Default)]
pub(in crate::config) struct WatermarkFiles {
    /// Folders in which a file may be, the first first.
    folders: Vec<PathBuf>,
    read: RefCell<BTreeMap<String, Result<WatermarkPicture, WatermarkError>>>,
}

impl WatermarkFiles {
    /// The files in `folder`, where there is one, and those beside the program.
    pub(in crate::config) fn beside(folder: Option<&Path>) -> Self {
        let program = std::env::current_exe().ok().and_then(|path| path.parent().map(PathBuf::from));
        let mut folders: Vec<PathBuf> = folder.map(PathBuf::from).into_iter().chain(program).collect();
        folders.dedup();
        Self { folders, read: RefCell::default() }
    }

    /// The picture of the file with this name.
    pub(in crate::config) fn get(&self, name: &str) -> Result<WatermarkPicture, WatermarkError> {
        if let Some(known) = self.read.borrow().get(name) {
            return known.clone();
        }
        let picture = self.read_file(name).and_then(|file| self.decode(name, &file));
        self.read.borrow_mut().insert(name.to_owned(), picture.clone());
        picture
    }

    fn read_file(&self, name: &str) -> Result<Vec<u8>, WatermarkError> {
        let is_plain = !name.is_empty() && name.len() <= LONGEST_NAME && !name.starts_with('.');
        if !is_plain || name.chars().any(|c| matches!(c, '/' | '\\' | ':') || c.is_control()) {
            return Err(WatermarkError::Name);
        }
        for folder in &self.folders {
            let file = match std::fs::File::open(folder.join(name)) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                other => other.map_err(|error| WatermarkError::Read(error.to_string()))?,
            };
            let mut content = Vec::new();
            let read = file.take(MOST_BYTES + 1).read_to_end(&mut content);
            let bytes = u64::try_from(read.map_err(|error| WatermarkError::Read(error.to_string()))?);
            return match bytes {
                Ok(bytes) if bytes <= MOST_BYTES => Ok(content),
                _ => Err(WatermarkError::Bytes(MOST_BYTES)),
            };
        }
        let folders = self.folders.iter().map(|folder| folder.display().to_string());
        Err(WatermarkError::Missing(folders.collect::<Vec<_>>().join(" or ")))
    }

    /// The pixels of a PNG. Its samples count as sRGB. Of an animation, its still image or first frame.
    fn decode(&self, name: &str, file: &[u8]) -> Result<WatermarkPicture, WatermarkError> {
        let broken = |error: png::DecodingError| WatermarkError::Png(error.to_string());
        let unreadable = || WatermarkError::Png("its form is not supported".to_owned());
        let bytes = usize::try_from(MOST_PIXELS * 16).unwrap_or(usize::MAX);
        let mut decoder = Decoder::new_with_limits(Cursor::new(file), Limits { bytes });
        decoder.set_transformations(Transformations::normalize_to_color8() | Transformations::ALPHA);
        let mut reader = decoder.read_info().map_err(broken)?;
        let (width, height) = reader.info().size();
        if u64::from(width).saturating_mul(height.into()).saturating_add(self.pixels()) > MOST_PIXELS {
            return Err(WatermarkError::Pixels { width, height });
        }
        let mut samples = vec![0; reader.output_buffer_size().ok_or_else(unreadable)?];
        let frame = reader.next_frame(&mut samples).map_err(broken)?;
        let pixels = match frame.color_type {
            ColorType::GrayscaleAlpha => {
                samples.as_chunks::<2>().0.iter().map(|[grey, alpha]| [*grey, *grey, *grey, *alpha]).collect()
            }
            ColorType::Rgba => samples.as_chunks::<4>().0.to_vec(),
            ColorType::Grayscale | ColorType::Indexed | ColorType::Rgb => return Err(unreadable()),
        };
        WatermarkPicture::new(name, file, width, pixels).ok_or_else(unreadable)
    }

    /// Pixels of all that were read.
    fn pixels(&self) -> u64 {
        let read = self.read.borrow();
        let pictures = read.values().filter_map(|picture| picture.as_ref().ok());
        pictures.map(|picture| u64::from(picture.width()).saturating_mul(picture.height().into())).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32, color: ColorType, samples: &[u8]) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(color);
        if color == ColorType::Indexed {
            encoder.set_palette(vec![1, 2, 3, 4, 5, 6]);
            encoder.set_trns(vec![7]);
        }
        encoder.write_header().unwrap().write_image_data(samples).unwrap();
        file
    }

    fn folder(files: &[(&str, &[u8])]) -> (tempfile::TempDir, WatermarkFiles) {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        let found = WatermarkFiles::beside(Some(folder.path()));
        (folder, found)
    }

    #[test]
    fn every_kind_of_png_becomes_colours_and_alpha() {
        for (color, samples, pixels) in [
            (ColorType::Grayscale, &[9, 8][..], [[9, 9, 9, 255], [8, 8, 8, 255]]),
            (ColorType::GrayscaleAlpha, &[9, 1, 8, 2], [[9, 9, 9, 1], [8, 8, 8, 2]]),
            (ColorType::Indexed, &[1, 0], [[4, 5, 6, 255], [1, 2, 3, 7]]),
            (ColorType::Rgb, &[1, 2, 3, 4, 5, 6], [[1, 2, 3, 255], [4, 5, 6, 255]]),
            (ColorType::Rgba, &[1, 2, 3, 4, 5, 6, 7, 8], [[1, 2, 3, 4], [5, 6, 7, 8]]),
        ] {
            let (_folder, files) = folder(&[("logo.png", &png(2, 1, color, samples))]);
            let picture = files.get("logo.png").unwrap();
            assert_eq!((picture.width(), picture.height()), (2, 1), "{color:?}");
            assert_eq!(picture.pixels(), pixels, "{color:?}");
        }
    }

    #[test]
    fn names_with_a_folder_are_refused() {
        let (_folder, files) = folder(&[]);
        for name in
            ["", "a/b.png", "../b.png", "..", ".png", "a\\b.png", "http://a/b.png", "a\nb", &"a".repeat(256)]
        {
            assert_eq!(files.get(name), Err(WatermarkError::Name), "{name}");
        }
    }

    #[test]
    fn files_that_are_no_picture_are_refused_with_the_reason() {
        let cut = &png(2, 1, ColorType::Grayscale, &[9, 8])[..40];
        let (_folder, files) = folder(&[("text.png", b"GIF89a"), ("cut.png", cut)]);
        for (name, reason) in
            [("text.png", "it is not a PNG"), ("cut.png", "it is not a PNG"), ("none.png", "it is not in /")]
        {
            let refusal = files.get(name).unwrap_err().to_string();
            assert!(refusal.starts_with(reason), "{refusal}");
        }
    }

    #[test]
    fn all_watermarks_together_have_a_limit() {
        let half = png(1024, 512, ColorType::Grayscale, &vec![0; 1 << 19]);
        let names = ["a.png", "b.png", "c.png"];
        let (_folder, files) = folder(&names.map(|name| (name, half.as_slice())));
        assert!(files.get("a.png").is_ok() && files.get("b.png").is_ok() && files.get("a.png").is_ok());
        assert_eq!(files.get("c.png"), Err(WatermarkError::Pixels { width: 1024, height: 512 }));
    }
}
