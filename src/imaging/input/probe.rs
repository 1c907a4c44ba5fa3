//! Detection of a file's format and declared size from its first bytes.
//!
//! File names and media types are never consulted. Formats that are known but not decoded get an error that names them.

use std::borrow::Cow;

use crate::imaging::error::Error;
use crate::imaging::input::heif::Coding;
use crate::imaging::input::{known_formats, plausible_header};
use crate::imaging::picture::geometry::Size;
use crate::imaging::source_format::SourceFormat;

/// Bytes that suffice to detect the format and to read the declared size, of formats that declare it at their beginning.
pub(crate) const HEAD: usize = 68;

/// Detects the format from the first [`HEAD`] bytes, or from the whole file if it is shorter.
///
/// # Errors
/// [`Error::Empty`] without bytes, [`Error::Heic`] or [`Error::Unsupported`] for a known format that is not decoded,
/// else [`Error::NotAnImage`].
pub(crate) fn format(head: &[u8]) -> Result<SourceFormat, Error> {
    if head.is_empty() {
        return Err(Error::Empty);
    }
    if let Some(coding) = Coding::of_file(head) {
        let format = if coding == Coding::Hevc { SourceFormat::Heic } else { SourceFormat::Avif };
        return coding.refusal().map_or(Ok(format), Err);
    }
    // Camera raw files begin like TIFF, so their signatures are tested first.
    if let Some(what) = base_media_format(head) {
        return Err(Error::Unsupported { what: Cow::Borrowed(what) });
    }
    if let Some(refusal) = known_formats::refusal(head) {
        return Err(refusal);
    }
    let is_webp = head.starts_with(b"RIFF") && matches_at(head, 8, b"WEBP");
    // Text may begin with "BM", so the size of the second header must be valid as well.
    let is_bmp = head.starts_with(b"BM")
        && head.get(14..18).is_some_and(|size| matches!(size, [12 | 16..=64 | 108 | 124, 0, 0, 0]));
    match head {
        [0xff, 0xd8, 0xff, ..] => Ok(SourceFormat::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] if matches_at(head, 12, b"CgBI") => {
            Err(Error::IosPng)
        }
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Ok(SourceFormat::Png),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(SourceFormat::Gif),
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Ok(SourceFormat::Tiff),
        [b'q', b'o', b'i', b'f', ..] => Ok(SourceFormat::Qoi),
        [0xff, 0x0a, ..] => Ok(SourceFormat::Jxl),
        _ if head.starts_with(b"\0\0\0\x0cJXL \r\n\x87\n") => Ok(SourceFormat::Jxl),
        _ if head.starts_with(b"DDS ") => Ok(SourceFormat::Dds),
        _ if head.starts_with(b"v/1\x01") => Ok(SourceFormat::Exr),
        _ if head.starts_with(b"farbfeld") => Ok(SourceFormat::Farbfeld),
        _ if head.starts_with(b"#?RADIANCE") || head.starts_with(b"#?RGBE") => Ok(SourceFormat::Hdr),
        // An icon or a cursor, and the number of its pictures, which tells a cursor from a TGA without a palette.
        [0, 0, 1 | 2, 0, 1..=u8::MAX, 0, ..] => Ok(SourceFormat::Ico),
        [b'P', kind @ b'1'..=b'7', rest @ ..] if is_pnm(*kind, rest) => Ok(SourceFormat::Pnm),
        _ if is_webp => Ok(SourceFormat::WebP),
        _ if is_bmp => Ok(SourceFormat::Bmp),
        _ => plausible_header::format(head).ok_or(Error::NotAnImage),
    }
}

/// Returns `true` if `rest` continues a PNM header after the kind: white space, then a comment, a number or, for PAM, a
/// keyword.
fn is_pnm(kind: u8, rest: &[u8]) -> bool {
    let [space, rest @ ..] = rest else { return false };
    space.is_ascii_whitespace()
        && match rest.trim_ascii_start() {
            [b'#', ..] => true,
            [first, ..] if kind == b'7' => first.is_ascii_uppercase(),
            [first, ..] => first.is_ascii_digit(),
            [] => false,
        }
}

/// The size that the first [`HEAD`] bytes declare, or `None` for formats that declare it later.
pub(crate) fn declared_size(format: SourceFormat, head: &[u8]) -> Option<Size> {
    let u16_le = |at: usize| head.get(at..)?.first_chunk().map(|bytes| u32::from(u16::from_le_bytes(*bytes)));
    let u24_le = |at: usize| {
        head.get(at..)?.first_chunk().map(|[low, middle, high]| u32::from_le_bytes([*low, *middle, *high, 0]))
    };
    let u32_le = |at: usize| head.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    let u32_be = |at: usize| head.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
    // A negative height means that rows are stored from the top.
    let i32_le_abs =
        |at: usize| head.get(at..)?.first_chunk().map(|bytes| i32::from_le_bytes(*bytes).unsigned_abs());
    let (width, height) = match format {
        SourceFormat::Bmp if head.get(14) == Some(&12) => (u16_le(18)?, u16_le(20)?),
        SourceFormat::Bmp => (i32_le_abs(18)?, i32_le_abs(22)?),
        SourceFormat::Gif => (u16_le(6)?, u16_le(8)?),
        SourceFormat::Dds => (u32_le(16)?, u32_le(12)?),
        SourceFormat::Farbfeld => (u32_be(8)?, u32_be(12)?),
        SourceFormat::Tga => (u16_le(12)?, u16_le(14)?),
        SourceFormat::Avif
        | SourceFormat::Exr
        | SourceFormat::Hdr
        | SourceFormat::Heic
        | SourceFormat::Ico
        | SourceFormat::Jpeg
        | SourceFormat::Jxl
        | SourceFormat::Pcx
        | SourceFormat::Pnm
        | SourceFormat::Tiff => return None,
        SourceFormat::Png if matches_at(head, 12, b"IHDR") => (u32_be(16)?, u32_be(20)?),
        SourceFormat::Png => return None,
        SourceFormat::Qoi => (u32_be(4)?, u32_be(8)?),
        // RFC 9649, sections 2.5 to 2.7: 24-bit sizes less one, 14-bit sizes after 2 bits of scale, and 14-bit sizes
        // less one in a lossless bitstream.
        SourceFormat::WebP if matches_at(head, 12, b"VP8X") => (u24_le(24)? + 1, u24_le(27)? + 1),
        SourceFormat::WebP if matches_at(head, 12, b"VP8 ") => (u16_le(26)? & 0x3fff, u16_le(28)? & 0x3fff),
        SourceFormat::WebP => {
            let bits = head.get(21..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))?;
            ((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1)
        }
    };
    Some(Size { width, height })
}

/// Name of another ISO base media format by its major brand (ISO/IEC 14496-12, 23008-12).
fn base_media_format(head: &[u8]) -> Option<&'static str> {
    if !matches_at(head, 4, b"ftyp") {
        return None;
    }
    Some(match head.get(8..12)? {
        b"crx " => "a camera raw file (CR3)",
        _ => "a video (MP4 or QuickTime)",
    })
}

fn matches_at(head: &[u8], offset: usize, magic: &[u8]) -> bool {
    head.get(offset..).is_some_and(|rest| rest.starts_with(magic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_is_detected_by_content() {
        let cases: [(&[u8], SourceFormat); 15] = [
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", SourceFormat::Avif),
            (b"\0\0\0\x18ftypavif\0\0\0\0", SourceFormat::Avif),
            (b"\xff\xd8\xff\xe0", SourceFormat::Jpeg),
            (b"\x89PNG\r\n\x1a\n", SourceFormat::Png),
            (b"GIF89a", SourceFormat::Gif),
            (b"GIF87a", SourceFormat::Gif),
            (b"II*\0\x08\0\0\0", SourceFormat::Tiff),
            (b"MM\0*\0\0\0\x08", SourceFormat::Tiff),
            (b"RIFF\x24\0\0\0WEBPVP8 ", SourceFormat::WebP),
            (b"P1\n# made by hand\n2 2", SourceFormat::Pnm),
            (b"P6 640 480 255\n", SourceFormat::Pnm),
            (b"P7\nWIDTH 2\n", SourceFormat::Pnm),
            (b"qoif\0\0\0\x02", SourceFormat::Qoi),
            (b"BM............\x10\0\0\0", SourceFormat::Bmp),
            (b"BM....\0\0\0\0....\x28\0\0\0", SourceFormat::Bmp),
        ];
        for (head, expected) in cases {
            assert_eq!(format(head).unwrap(), expected, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn known_formats_without_decoder_are_refused_by_name() {
        for head in [b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic"] {
            let found = format(head);
            let is_right = if cfg!(feature = "heic") {
                matches!(found, Ok(SourceFormat::Heic))
            } else {
                matches!(found, Err(Error::Heic))
            };
            assert!(is_right, "{}: {found:?}", head.escape_ascii());
        }
        let cases: [(&[u8], &str); 5] = [
            (b"\0\0\0\x18ftypavci\0\0\0\0mif1avci", "a HEIF picture that holds AVC (H.264)"),
            (b"\0\0\0\x18ftypjpeg\0\0\0\0mif1jpeg", "a HEIF picture that holds JPEG"),
            (b"\0\0\0\x18ftypisom\0\0\0\0", "a video (MP4 or QuickTime)"),
            (b"\0\0\0\x18ftypcrx \0\0\0\0", "a camera raw file (CR3)"),
            (b"II*\0\x10\0\0\0CR\x02\0", "a camera raw file (CR2)"),
        ];
        for (head, name) in cases {
            let refusal = format(head).unwrap_err();
            assert!(matches!(&refusal, Error::Unsupported { what } if what == name), "{name}: {refusal:?}");
        }
    }

    #[test]
    fn png_of_ios_is_refused_as_such() {
        let head = b"\x89PNG\r\n\x1a\n\0\0\0\x04CgBI\x50\0\x20\x02";
        assert!(matches!(format(head), Err(Error::IosPng)));
        assert_eq!(declared_size(SourceFormat::Png, head), None);
    }

    #[test]
    fn text_and_empty_files_are_not_images() {
        assert!(matches!(format(b""), Err(Error::Empty)));
        for head in [
            &b"BMW is a car maker, and this is text"[..],
            b"hello",
            b"\0",
            b"<html>",
            b"P1",
            b"P1 is short",
            b"P7 332\n",
        ] {
            assert!(matches!(format(head), Err(Error::NotAnImage)), "{}", head.escape_ascii());
        }
    }

    #[test]
    fn size_is_read_if_the_header_declares_it() {
        let webp_x = b"RIFF....WEBPVP8X\x0a\0\0\0\x10\0\0\0\xc7\0\0\x63\0\0";
        let cases: [(SourceFormat, &[u8], (u32, u32)); 5] = [
            (SourceFormat::Png, b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\xea\x60\0\0\0\x02", (60_000, 2)),
            (SourceFormat::Gif, b"GIF89a\x0a\0\x14\0", (10, 20)),
            (SourceFormat::WebP, webp_x, (200, 100)),
            (SourceFormat::Qoi, b"qoif\0\0\x02\x80\0\0\x01\xe0\x04\0", (640, 480)),
            (SourceFormat::Bmp, b"BM............\x28\0\0\0\x05\0\0\0\xfd\xff\xff\xff", (5, 3)),
        ];
        for (format, head, (width, height)) in cases {
            assert_eq!(declared_size(format, head), Some(Size { width, height }), "{}", format.name());
            assert_eq!(declared_size(format, &head[..6]), None);
        }
    }
}
