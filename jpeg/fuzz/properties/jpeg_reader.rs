//! Property: any bytes as a JPEG give no panic, rows of the size that the summary says, and the same pixels for any
//! size of reads.

use std::hash::{DefaultHasher, Hasher as _};
use std::io::BufRead;

use thumbnail_jpeg::{Scale, decode};

use super::jpeg_input::Input;

/// Checks the property; true when the input is worth keeping.
pub(crate) fn check(data: &[u8]) -> bool {
    let Some(input) = Input::new(data) else { return false };
    let scale = match input.choice % 4 {
        0 => Scale::Eighth,
        1 => Scale::Quarter,
        2 => Scale::Half,
        _ => Scale::Full,
    };
    let chunked = read(input.chunks(), scale);
    let whole = read(input.file, scale);
    assert_eq!(chunked, whole, "the size of reads shows");
    true
}

/// Size and pixels, if they can be read.
fn read(file: impl BufRead, scale: Scale) -> Option<(u32, u32, u64)> {
    let (mut rows, mut width, mut pixels) = (0_u32, None, DefaultHasher::new());
    let summary = decode(file, scale, |row| {
        rows += 1;
        assert_eq!(*width.get_or_insert(row.len()), row.len(), "rows of different lengths");
        assert!(rows <= 65_535, "more rows than a JPEG can have");
        pixels.write(row);
    });
    let summary = summary.ok()?;
    assert_eq!(rows, summary.height);
    let width = width.unwrap_or_default() as u64;
    assert!([1, 3, 4].map(|channels| channels * u64::from(summary.width)).contains(&width) || rows == 0);
    assert!((0.0..=1.0).contains(&summary.lost), "{} is no share", summary.lost);
    Some((summary.width, summary.height, pixels.finish()))
}
