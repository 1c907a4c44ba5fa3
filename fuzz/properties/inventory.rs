//! Inventory reports of any bytes never panic, and the rows of a file that can be read do not depend on the size of
//! reads.
//!
//! The first byte of an input is the number of bytes that each read gives. Then follow the manifest, a line `=====` and a
//! data file.

use cos_thumbnailer::inventory::{Error, Manifest, Row, rows};

use super::chunks::Chunks;

/// Longest data file: gzip makes a thousand times as much of it.
const LONGEST_FILE: usize = 8 * 1024;

const SEPARATOR: &[u8] = b"\n=====\n";

/// Checks the property. `false` if the input is not worth keeping.
pub(crate) fn check(data: &[u8]) -> bool {
    let [chunk, report @ ..] = data else { return false };
    let Some(at) = report.windows(SEPARATOR.len()).position(|window| window == SEPARATOR) else {
        return false;
    };
    let (manifest, file) = (&report[..at], &report[at + SEPARATOR.len()..]);
    let manifest = match Manifest::parse(manifest) {
        Ok(manifest) => manifest,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return true;
        }
    };
    if file.len() > LONGEST_FILE {
        return false;
    }
    let (whole, is_whole) = read(&manifest, file, file.len().max(1));
    let (chunked, is_whole_in_chunks) = read(&manifest, file, usize::from(*chunk).max(1));
    assert_eq!(is_whole_in_chunks, is_whole, "the size of reads shows");
    // How many rows of a damaged file come before the damage is met depends on how far it is read ahead.
    assert!(!is_whole || chunked == whole, "the size of reads shows: {chunked:?} and {whole:?}");
    for row in whole.iter().flatten() {
        assert!(!row.key.as_str().is_empty());
    }
    true
}

/// All rows of a data file, with errors in the place of those that name no object, and whether it was read to its end.
fn read(manifest: &Manifest, file: &[u8], size: usize) -> (Vec<Result<Row, String>>, bool) {
    // The checksum of other bytes would end every reading with one error.
    let mut expected = manifest.files.first().map_or_else(Default::default, |file| manifest.expected(file));
    (expected.size, expected.md5) = (None, None);
    let (mut all, mut is_whole) = (Vec::new(), true);
    for row in rows(&manifest.schema, Chunks { rest: file, size }, expected) {
        is_whole &= row.as_ref().err().is_none_or(Error::is_one_row);
        all.push(row.map_err(|error| error.to_string()));
    }
    (all, is_whole)
}
