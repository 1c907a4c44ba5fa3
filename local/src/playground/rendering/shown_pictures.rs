//! Pictures that the page shows and no bucket has: previews, exact reductions, other formats.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use crate::playground::error::ApiError;

/// Most pictures that are kept; the page shows those of the latest calls.
const MOST_PICTURES: usize = 64;

/// Most bytes of all of them.
const MOST_BYTES: usize = 256 << 20;

/// Pictures by their numbers.
#[derive(Default)]
pub(super) struct ShownPictures(Mutex<KeptPictures>);

#[derive(Default)]
struct KeptPictures {
    last: u64,
    /// The latest last.
    kept: VecDeque<Picture>,
}

struct Picture {
    number: u64,
    format: String,
    bytes: Bytes,
}

impl ShownPictures {
    /// Keeps a file, and returns the number of its picture.
    pub(super) fn keep(&self, file: &Path, format: &str) -> Result<u64, ApiError> {
        let bytes = Bytes::from(std::fs::read(file).map_err(ApiError::Folder)?);
        let mut pictures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pictures.last = pictures.last.saturating_add(1);
        let number = pictures.last;
        pictures.kept.push_back(Picture { number, format: format.to_owned(), bytes });
        let total =
            |pictures: &KeptPictures| pictures.kept.iter().map(|picture| picture.bytes.len()).sum::<usize>();
        while pictures.kept.len() > MOST_PICTURES
            || (pictures.kept.len() > 1 && total(&pictures) > MOST_BYTES)
        {
            pictures.kept.pop_front();
        }
        Ok(number)
    }

    /// Returns the content type and the bytes of a picture, unless it is too old.
    pub(super) fn find(&self, number: u64) -> Option<(String, Bytes)> {
        let pictures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = pictures.kept.iter().find(|picture| picture.number == number)?;
        Some((format!("image/{}", found.format), found.bytes.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_pictures_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.png");
        std::fs::write(&file, "pixels").unwrap();
        let pictures = ShownPictures::default();
        let numbers: Vec<u64> = (0..=MOST_PICTURES).map(|_| pictures.keep(&file, "png").unwrap()).collect();
        assert!(pictures.find(numbers[0]).is_none());
        let (content_type, bytes) = pictures.find(numbers[MOST_PICTURES]).unwrap();
        assert_eq!((content_type.as_str(), &bytes[..]), ("image/png", &b"pixels"[..]));
    }
}
