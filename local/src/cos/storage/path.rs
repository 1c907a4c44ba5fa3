//! Path of an object in the folder of its bucket.
//!
//! The object `photos/cat.jpg` has the path `photos/cat.jpg`. Keys that file systems do not allow are encoded:
//!
//! | in the key | in the file name |
//! |---|---|
//! | control characters and `% \ : * ? " < > \|` | `%XX` |
//! | a segment that is `.` or `..` | `%2E`, `%2E%2E` |
//! | an empty segment, as in `a//b`, or at the end of `a/` | `%` |
//! | a segment over 200 bytes | its first 150 bytes, `%~`, the SHA-1 of the segment |
//! | an object `a` beside objects below `a/` | `a%object` |
//!
//! A `%` in a key is always encoded as `%25`, so different keys have different paths. Paths are never decoded: the
//! metadata file of an object contains its key.

use std::fmt::Write;

use sha1::{Digest, Sha1};

/// Longest unchanged segment, in bytes. File names have at most 255, and the suffix `%object` must fit.
const SEGMENT_MAX: usize = 200;

/// Bytes of a longer segment that are kept.
const SEGMENT_KEPT: usize = 150;

/// Suffix of an object whose plain path is a folder.
pub(crate) const BESIDE_FOLDER: &str = "%object";

/// Returns the relative path for a key.
pub(crate) fn of(key: &str) -> String {
    let segments: Vec<String> = key.split('/').map(encode_segment).collect();
    segments.join("/")
}

/// Encodes one segment of a key.
fn encode_segment(segment: &str) -> String {
    match segment {
        "" => return "%".to_owned(),
        "." => return "%2E".to_owned(),
        ".." => return "%2E%2E".to_owned(),
        _ => {}
    }
    let mut name = String::with_capacity(segment.len());
    for character in segment.chars() {
        if character.is_ascii_control() || "%\\:*?\"<>|".contains(character) {
            // Writing to a String does not fail.
            let _ = write!(name, "%{:02X}", u32::from(character));
        } else {
            name.push(character);
        }
    }
    if name.len() <= SEGMENT_MAX {
        return name;
    }
    let mut end = SEGMENT_KEPT;
    while !name.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    name.truncate(end);
    name + "%~" + &hex::encode(Sha1::digest(segment.as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn ordinary_keys_are_unchanged() {
        for key in ["photos/cat.jpg", "图片/猫 1.jpg", "a+b (1)!.png", ".hidden", "a.b/c..d"] {
            assert_eq!(of(key), key);
        }
    }

    #[test]
    fn no_key_leaves_its_folder_or_has_an_invalid_path() {
        let cases = [
            ("a//b", "a/%/b"),
            ("a/", "a/%"),
            ("a/../b/.", "a/%2E%2E/b/%2E"),
            ("100%", "100%25"),
            ("%2F", "%252F"),
            ("a\nb\\c:d", "a%0Ab%5Cc%3Ad"),
            ("x\0", "x%00"),
        ];
        for (key, expected) in cases {
            assert_eq!(of(key), expected);
        }
    }

    #[test]
    fn long_segments_fit_and_stay_distinct() {
        let long = [
            "k".repeat(850),
            "猫".repeat(283),
            "%".repeat(850),
            format!("{}a", "k".repeat(849)),
            "k".repeat(201),
        ];
        let mut seen = BTreeMap::new();
        for key in &long {
            let path = of(key);
            assert!(path.len() + BESIDE_FOLDER.len() <= 255, "{path}");
            assert_eq!(seen.insert(path, key), None);
        }
    }
}
