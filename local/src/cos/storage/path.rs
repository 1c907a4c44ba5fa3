//! Where an object lies in the folder of its bucket.
//!
//! `photos/cat.jpg` lies at `photos/cat.jpg`. What a file system cannot hold is written differently:
//!
//! | in the key | in the file name |
//! |---|---|
//! | control characters and `% \ : * ? " < > \|` | `%XX` |
//! | a part that is `.` or `..` | `%2E`, `%2E%2E` |
//! | an empty part, as between the slashes of `a//b` or after the last slash of `a/` | `%` |
//! | a part over 200 bytes | its first 150 bytes, `%~`, the SHA-1 of the part |
//! | an object `a` beside objects below `a/` | `a%object` |
//!
//! A `%` of a key is always written `%25`, so none of the marks can be mistaken for a key. Nothing is ever
//! decoded: the side file of an object holds its key.

use std::fmt::Write;

use sha1::{Digest, Sha1};

/// Longest part left as it is, in bytes; file names end at 255 and the mark `%object` must fit behind.
const PART_MAX: usize = 200;

/// Bytes kept of a longer part.
const PART_KEPT: usize = 150;

/// Suffix of an object whose plain name is taken by a folder.
pub(crate) const BESIDE_FOLDER: &str = "%object";

/// The relative path for a key.
pub(crate) fn of(key: &str) -> String {
    let parts: Vec<String> = key.split('/').map(part).collect();
    parts.join("/")
}

fn part(part: &str) -> String {
    match part {
        "" => return "%".to_owned(),
        "." => return "%2E".to_owned(),
        ".." => return "%2E%2E".to_owned(),
        _ => {}
    }
    let mut name = String::with_capacity(part.len());
    for character in part.chars() {
        if character.is_ascii_control() || "%\\:*?\"<>|".contains(character) {
            // Writing to a String does not fail.
            let _ = write!(name, "%{:02X}", u32::from(character));
        } else {
            name.push(character);
        }
    }
    if name.len() <= PART_MAX {
        return name;
    }
    let mut end = PART_KEPT;
    while !name.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    name.truncate(end);
    name + "%~" + &hex::encode(Sha1::digest(part.as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn ordinary_keys_lie_where_one_looks() {
        for key in ["photos/cat.jpg", "图片/猫 1.jpg", "a+b (1)!.png", ".hidden", "a.b/c..d"] {
            assert_eq!(of(key), key);
        }
    }

    #[test]
    fn no_key_leaves_its_folder_or_breaks_a_file_system() {
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
    fn long_parts_fit_and_stay_apart() {
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
