//! The sources of a long run: all files of `tests/data`, and large ones.

use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::setup::{jpeg_of, tiff_with_directory_last};

/// A name and the bytes of a source.
pub(super) type Source = (String, Bytes);

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// A PNG of one column.
fn narrow_png() -> Vec<u8> {
    const HEIGHT: u32 = 3_000_000;
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 1, HEIGHT);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&vec![0; usize::try_from(HEIGHT).unwrap()]).unwrap();
    file
}

/// A BMP of ten columns without most of its pixels.
fn narrow_bmp() -> Vec<u8> {
    const SIZE: [u32; 2] = [10, 10_000_000];
    let header = [[54, 40], SIZE, [1 | 24 << 16, 0], [0; 2], [0; 2], [0; 2]];
    let mut file = b"BM\0\0\0\0\0\0\0\0".to_vec();
    file.extend(header.as_flattened().iter().flat_map(|field| field.to_le_bytes()));
    file.extend([90; 3200]);
    file
}

/// Sources of every kind, at least one of each file extension, and large ones: about `most`, or all with `usize::MAX`.
pub(super) fn sources(most: usize) -> Vec<Source> {
    let mut paths = Vec::new();
    files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data"), &mut paths);
    paths.sort_by_key(|path| (path.extension().map(std::ffi::OsStr::to_owned), path.clone()));
    let every = paths.len().div_ceil(most);
    let mut chosen: Vec<&PathBuf> = Vec::new();
    for (number, path) in paths.iter().enumerate() {
        let is_new = chosen.last().is_none_or(|last| last.extension() != path.extension());
        if is_new || number % every == 0 {
            chosen.push(path);
        }
    }
    let read = |path: &&PathBuf| (path.display().to_string(), Bytes::from(std::fs::read(path).unwrap()));
    let mut sources: Vec<Source> = chosen.iter().map(read).collect();
    let large = [
        ("12 megapixels", jpeg_of(4000, 3000)),
        ("24 megapixels", jpeg_of(6000, 4000)),
        ("TIFF with its directory last", tiff_with_directory_last(2500, 2500)),
        ("narrow PNG", narrow_png()),
        ("narrow BMP", narrow_bmp()),
    ];
    sources.extend(large.map(|(name, bytes)| (name.to_owned(), Bytes::from(bytes))));
    sources
}
