//! The extended form of WebP's container (RFC 9649, section 2.7): a profile, EXIF and frames beside a picture.

use crate::imaging::picture::geometry::Size;

/// Bits of the first byte of VP8X.
const HAS_PROFILE: u8 = 0x20;
pub(super) const HAS_ALPHA: u8 = 0x10;
const HAS_EXIF: u8 = 0x08;
pub(super) const IS_ANIMATED: u8 = 0x02;

/// The same picture with a profile and a block of EXIF. A file that is none of ours comes back as it is.
pub(super) fn with_metadata(
    webp: Vec<u8>,
    size: Size,
    profile: Option<&[u8]>,
    exif: Option<&[u8]>,
) -> Vec<u8> {
    match pictures(&webp) {
        Some((alpha, chunks)) => extended(alpha, size, chunks, profile, exif),
        None => webp,
    }
}

/// The chunks of a file's picture, and the flag of its alpha.
pub(super) fn pictures(webp: &[u8]) -> Option<(u8, &[u8])> {
    let chunks = webp.get(12..)?;
    match chunks.first_chunk()? {
        // The simple form has no alpha: lossy, and not in the extended form.
        b"VP8 " => Some((0, chunks)),
        // Lossless, with the flag behind the size.
        b"VP8L" => Some((if chunks.get(12)? & 0x10 == 0 { 0 } else { HAS_ALPHA }, chunks)),
        b"VP8X" => Some((chunks.get(8)? & HAS_ALPHA, chunks.get(18..)?)),
        _ => None,
    }
}

/// A file in the extended form.
pub(super) fn extended(
    flags: u8,
    size: Size,
    pictures: &[u8],
    profile: Option<&[u8]>,
    exif: Option<&[u8]>,
) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    let set = |is_there: bool, bit: u8| if is_there { bit } else { 0 };
    let mut head = vec![flags | set(profile.is_some(), HAS_PROFILE) | set(exif.is_some(), HAS_EXIF), 0, 0, 0];
    for side in [size.width, size.height] {
        head.extend(side.saturating_sub(1).to_le_bytes().into_iter().take(3));
    }
    append(&mut body, *b"VP8X", &head);
    if let Some(profile) = profile {
        append(&mut body, *b"ICCP", profile);
    }
    body.extend(pictures);
    if let Some(exif) = exif {
        append(&mut body, *b"EXIF", exif);
    }
    let mut file = Vec::new();
    append(&mut file, *b"RIFF", &body);
    file
}

/// Appends a chunk: name, length, content, a zero after an odd one.
pub(super) fn append(file: &mut Vec<u8>, name: [u8; 4], content: &[u8]) {
    file.extend(name);
    file.extend(u32::try_from(content.len()).unwrap_or(u32::MAX).to_le_bytes());
    file.extend(content);
    if content.len() % 2 == 1 {
        file.push(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::picture::{Depth, Layout, Picture};

    #[test]
    fn another_reader_finds_picture_profile_and_exif() {
        use image::ImageDecoder as _;
        let size = Size { width: 5, height: 3 };
        for (layout, color) in
            [(Layout::Rgb, image::ColorType::Rgb8), (Layout::RgbAlpha, image::ColorType::Rgba8)]
        {
            let mut picture = Picture::blank(size, layout, Depth::Eight);
            picture.samples.fill(77);
            let plain = crate::imaging::encode::webp::encode(picture, 80).unwrap();
            let wrapped = with_metadata(plain.clone(), size, Some(b"odd"), Some(b"II*\0"));
            let read = |file: &[u8]| {
                let mut decoder =
                    image::codecs::webp::WebPDecoder::new(std::io::Cursor::new(file.to_vec())).unwrap();
                let found = (decoder.icc_profile().unwrap(), decoder.exif_metadata().unwrap());
                assert_eq!((decoder.dimensions(), decoder.color_type()), ((5, 3), color));
                let mut pixels = vec![0; usize::try_from(decoder.total_bytes()).unwrap()];
                decoder.read_image(&mut pixels).unwrap();
                (found, pixels)
            };
            let ((profile, exif), pixels) = read(&wrapped);
            assert_eq!((profile.as_deref(), exif.as_deref()), (Some(&b"odd"[..]), Some(&b"II*\0"[..])));
            assert_eq!(pixels, read(&plain).1);
        }
    }
}
