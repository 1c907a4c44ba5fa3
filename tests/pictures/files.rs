//! Files written byte by byte: chunks of PNG, directories of TIFF, headers of BMP.

/// Columns and rows of the first pixel of each pass of an interlaced PNG, and the steps to the next column and row.
pub(crate) const ADAM7: [[u32; 4]; 7] =
    [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

/// The passes of a PNG: those of Adam7, or a single one.
pub(crate) fn passes(interlaced: bool) -> &'static [[u32; 4]] {
    if interlaced { &ADAM7 } else { &[[0, 0, 1, 1]] }
}

/// A PNG file whose rows, filter bytes included, are these.
pub(crate) fn png_of_rows(header: &[u8], rows: &[u8]) -> Vec<u8> {
    png(&[(b"IHDR", header), (b"IDAT", &fdeflate::compress_to_vec(rows)), (b"IEND", &[])])
}

/// Content of the chunk IHDR.
pub(crate) fn png_header(size: [u32; 2], bits: u8, color: u8, interlaced: bool) -> Vec<u8> {
    [size.map(u32::to_be_bytes).as_flattened(), &[bits, color, 0, 0, interlaced.into()]].concat()
}

/// A PNG file of these chunks.
pub(crate) fn png(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let chunks = chunks.iter().map(|(name, content)| chunk(name, content)).collect::<Vec<_>>();
    [SIGNATURE.to_vec(), chunks.concat()].concat()
}

/// A PNG file with the chunks of `with` behind its header, without its own of these names and of those in `without`.
pub(crate) fn edited_png(file: &[u8], without: &[&[u8; 4]], with: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut edited = SIGNATURE.to_vec();
    let (_, mut rest) = file.split_at(SIGNATURE.len());
    while let Some((length, _)) = rest.split_first_chunk::<4>() {
        // Length, name and checksum have four bytes each.
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

/// CRC-32 of PNG, annex D.
fn crc(bytes: &[u8]) -> u32 {
    let shifted = |crc: u32| if crc & 1 == 1 { 0xedb8_8320 ^ crc >> 1 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| shifted(crc)))
}

/// The first bytes of a little-endian TIFF with its directory at this offset.
pub(crate) fn tiff_header(directory: u32) -> Vec<u8> {
    [b"II*\0", directory.to_le_bytes().as_slice()].concat()
}

/// A directory of entries (tag, count, value), each a LONG, and no next directory.
pub(crate) fn tiff_directory(entries: &[(u16, u32, u32)]) -> Vec<u8> {
    let mut bytes = u16::try_from(entries.len()).unwrap().to_le_bytes().to_vec();
    for (tag, count, value) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(4_u16.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    bytes
}

/// The header of a BMP of 24 bits; a negative height means rows from the top.
pub(crate) fn bmp_header(width: u32, height: i32) -> Vec<u8> {
    let mut bytes = b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
    bytes.extend(width.to_le_bytes());
    bytes.extend(height.to_le_bytes());
    bytes.extend(b"\x01\0\x18\0");
    bytes.resize(0x36, 0);
    bytes
}
