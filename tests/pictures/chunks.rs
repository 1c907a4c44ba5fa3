//! Chunks of PNG files, put in and taken out.

#![allow(dead_code, reason = "each test takes what it needs")]

/// A whole PNG file of these chunks.
pub(crate) fn png(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let chunks = chunks.iter().map(|(name, content)| chunk(name, content)).collect::<Vec<_>>();
    [SIGNATURE.to_vec(), chunks.concat()].concat()
}

/// A file with chunks put in behind its header, and all of the same names and of some others taken out.
pub(crate) fn edited(file: &[u8], without: &[&[u8; 4]], with: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut edited = SIGNATURE.to_vec();
    let (_, mut rest) = file.split_at(SIGNATURE.len());
    while let Some((length, _)) = rest.split_first_chunk::<4>() {
        // Length, name and sum are four bytes each.
        let (chunk, after) = rest.split_at(usize::try_from(u32::from_be_bytes(*length)).unwrap() + 12);
        let is = |name: &[u8; 4]| chunk.get(4..8) == Some(name.as_slice());
        if !without.iter().any(|name| is(name)) && !with.iter().any(|(name, _)| is(name)) {
            edited.extend(chunk);
        }
        if is(b"IHDR") {
            with.iter().for_each(|(name, content)| edited.extend(self::chunk(name, content)));
        }
        rest = after;
    }
    edited
}

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let checked = [name.as_slice(), content].concat();
    let sum = crc(&checked).to_be_bytes();
    [length.as_slice(), &checked, &sum].concat()
}

/// PNG, annex D.
fn crc(bytes: &[u8]) -> u32 {
    let shifted = |crc: u32| if crc & 1 == 1 { 0xedb8_8320 ^ crc >> 1 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| shifted(crc)))
}
