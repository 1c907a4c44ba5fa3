//! Property: any bytes as a JPEG give no panic, rows of the size that the summary says, and the same pixels for any
//! size of reads, with an empty segment before them all, and for inks with Adobe's segment as without it.

use std::hash::{DefaultHasher, Hasher as _};
use std::io::{BufRead, Read as _};

use thumbnail_jpeg::{Head, Scale, Wanted};

use super::jpeg_input::Input;

/// Checks the property; true when the input is worth keeping.
pub(crate) fn check(data: &[u8]) -> bool {
    let Some(input) = Input::new(data) else { return false };
    let scale = input.scale(&Scale::ALL);
    let chunked = read(input.chunks(), scale);
    let whole = read(input.file, scale);
    assert_eq!(chunked, whole, "the size of reads shows");
    // A length that does not count itself.
    let segment = [0xff, 0xe9, 0, input.choice & 1];
    assert_eq!(read(segment.chain(input.file), scale), whole, "an empty segment shows");
    let mut rest = input.file;
    if let Ok(mut head) = Head::read(&mut rest)
        && (head.frame.components.len(), head.metadata.adobe) == (4, Some(0))
    {
        head.metadata.adobe = None;
        assert_eq!(read_on(&head, rest, scale), whole, "Adobe's segment shows");
    }
    true
}

/// Size and pixels, if they can be read.
fn read(mut file: impl BufRead, scale: Scale) -> Option<(u32, u32, u64)> {
    let head = Head::read(&mut file).ok()?;
    read_on(&head, file, scale)
}

fn read_on(head: &Head, file: impl BufRead, scale: Scale) -> Option<(u32, u32, u64)> {
    let (mut rows, mut width, mut pixels) = (0_u32, None, DefaultHasher::new());
    let summary = head.decode(file, Wanted { reduction: 1.0, ..Wanted::all(scale) }, |row| {
        rows += 1;
        assert_eq!(*width.get_or_insert(row.len()), row.len(), "rows of different lengths");
        assert!(rows <= 65_535, "more rows than a JPEG can have");
        pixels.write(row);
        Ok(())
    });
    let summary = summary.ok()?;
    assert_eq!(rows, summary.height);
    let width = width.unwrap_or_default() as u64;
    assert!([1, 3, 4].map(|channels| channels * u64::from(summary.width)).contains(&width) || rows == 0);
    assert!((0.0..=1.0).contains(&summary.lost), "{} is no share", summary.lost);
    Some((summary.width, summary.height, pixels.finish()))
}
