//! The extended container of WebP (RFC 9649, section 2.7): an ICC profile, EXIF, XMP and frames beside the coded image.
//!
//! A WebP file is a RIFF list of chunks. The simple form has one chunk, `VP8 ` or `VP8L`. The extended form starts with
//! a `VP8X` chunk that announces the others. This module rearranges chunks and never looks into coded pixels.

use crate::imaging::encode::kept_metadata::KeptMetadata;
use crate::imaging::picture::geometry::Size;

/// Flags in the first byte of VP8X.
const HAS_PROFILE: u8 = 0x20;
pub(super) const HAS_ALPHA: u8 = 0x10;
const HAS_EXIF: u8 = 0x08;
const HAS_XMP: u8 = 0x04;
pub(super) const IS_ANIMATED: u8 = 0x02;

/// The same image with metadata. A file that is not WebP comes back unchanged, as with no metadata.
pub(super) fn with_metadata(webp: Vec<u8>, size: Size, metadata: &KeptMetadata<'_>) -> Vec<u8> {
    if let KeptMetadata { profile: None, exif: None, xmp: None } = metadata {
        return webp;
    }
    match image_chunks(&webp) {
        Some((alpha, chunks)) => extended(alpha, size, chunks, metadata),
        None => webp,
    }
}

/// The flag [`HAS_ALPHA`] or 0, and the chunks of the coded image of a still file.
pub(super) fn image_chunks(webp: &[u8]) -> Option<(u8, &[u8])> {
    // "RIFF", the length of the rest, "WEBP".
    let chunks = webp.get(12..)?;
    match chunks.first_chunk()? {
        // Lossy without VP8X: alpha would need a chunk ALPH, and with it the extended form.
        b"VP8 " => Some((0, chunks)),
        // Lossless (RFC 9649, section 3.4): the chunk's header of 8 bytes, a signature of 1 byte, then 32 bits, little
        // endian: 14 of width, 14 of height, and bit 28, the alpha flag.
        b"VP8L" => Some((if chunks.get(12)? & 0x10 == 0 { 0 } else { HAS_ALPHA }, chunks)),
        // A payload of 10 bytes that starts with the flags. The chunks of the image follow.
        b"VP8X" => Some((chunks.get(8)? & HAS_ALPHA, chunks.get(18..)?)),
        _ => None,
    }
}

/// A file in the extended form: VP8X, the profile, the chunks of the image, EXIF, XMP, in the order that the RFC asks for.
///
/// `flags` are those of alpha and animation; the flags of the metadata are added.
pub(super) fn extended(flags: u8, size: Size, image_chunks: &[u8], metadata: &KeptMetadata<'_>) -> Vec<u8> {
    let KeptMetadata { profile, exif, xmp } = metadata;
    let mut body = b"WEBP".to_vec();
    let set = |is_there: bool, flag: u8| if is_there { flag } else { 0 };
    // Flags, 24 reserved bits, then width - 1 and height - 1 in 24 bits each.
    let of_metadata =
        [(profile.is_some(), HAS_PROFILE), (exif.is_some(), HAS_EXIF), (xmp.is_some(), HAS_XMP)];
    let flags = of_metadata.into_iter().fold(flags, |flags, (is_there, flag)| flags | set(is_there, flag));
    let mut header = vec![flags, 0, 0, 0];
    for side in [size.width, size.height] {
        header.extend(side.saturating_sub(1).to_le_bytes().into_iter().take(3));
    }
    append(&mut body, *b"VP8X", &header);
    if let Some(profile) = profile {
        append(&mut body, *b"ICCP", profile);
    }
    body.extend(image_chunks);
    if let Some(exif) = exif {
        append(&mut body, *b"EXIF", exif);
    }
    if let Some(xmp) = xmp {
        append(&mut body, *b"XMP ", xmp);
    }
    let mut file = Vec::new();
    append(&mut file, *b"RIFF", &body);
    file
}

/// Appends a chunk: name, length in 32 bits, content, and a zero byte after an odd length.
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
    fn another_decoder_finds_image_and_metadata() {
        use image::ImageDecoder as _;
        let size = Size { width: 5, height: 3 };
        for (layout, color) in
            [(Layout::Rgb, image::ColorType::Rgb8), (Layout::RgbAlpha, image::ColorType::Rgba8)]
        {
            let mut picture = Picture::blank(size, layout, Depth::Eight);
            picture.samples.fill(77);
            let plain =
                crate::imaging::encode::webp::encode(picture, 80, crate::recipe::Loss::ByQuality, false)
                    .unwrap();
            let metadata = KeptMetadata {
                profile: Some(b"odd"),
                exif: Some(b"II*\0".to_vec()),
                xmp: Some(b"<x/>".to_vec()),
            };
            let wrapped = with_metadata(plain.clone(), size, &metadata);
            let read = |file: &[u8]| {
                let mut decoder =
                    image::codecs::webp::WebPDecoder::new(std::io::Cursor::new(file.to_vec())).unwrap();
                let found = [decoder.icc_profile(), decoder.exif_metadata(), decoder.xmp_metadata()];
                let found = found.map(Result::unwrap);
                assert_eq!((decoder.dimensions(), decoder.color_type()), ((5, 3), color));
                let mut pixels = vec![0; usize::try_from(decoder.total_bytes()).unwrap()];
                decoder.read_image(&mut pixels).unwrap();
                (found, pixels)
            };
            let (found, pixels) = read(&wrapped);
            let found = found.each_ref().map(Option::as_deref);
            assert_eq!(found, [Some(&b"odd"[..]), Some(b"II*\0"), Some(b"<x/>")]);
            assert_eq!(pixels, read(&plain).1);
        }
    }
}
