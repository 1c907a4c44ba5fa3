//! Detection of a file's format and declared size from its first bytes.
//!
//! File names and media types are never consulted. Formats that are known but not decoded get an error that names them.

use std::borrow::Cow;

use crate::imaging::error::Error;
use crate::imaging::input::heif::Coding;
use crate::imaging::picture::geometry::Size;
use crate::imaging::source_format::SourceFormat;

/// Bytes that suffice to detect the format and, except for AVIF, JPEG, PNM and TIFF, to read the declared size.
pub(crate) const HEAD: usize = 64;

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
        return coding.refusal().map_or(Ok(SourceFormat::Avif), Err);
    }
    // Camera raw files begin like TIFF, so their signatures are tested first.
    if let Some(what) = unsupported_format(head) {
        return Err(Error::Unsupported { what: Cow::Borrowed(what) });
    }
    let is_webp = head.starts_with(b"RIFF") && matches_at(head, 8, b"WEBP");
    // Text may begin with "BM", so the size of the second header must be valid as well.
    let is_bmp = head.starts_with(b"BM")
        && head.get(14..18).is_some_and(|size| matches!(size, [12 | 16..=64 | 108 | 124, 0, 0, 0]));
    match head {
        [0xff, 0xd8, 0xff, ..] => Ok(SourceFormat::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Ok(SourceFormat::Png),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(SourceFormat::Gif),
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Ok(SourceFormat::Tiff),
        [b'q', b'o', b'i', b'f', ..] => Ok(SourceFormat::Qoi),
        [b'P', kind @ b'1'..=b'7', rest @ ..] if is_pnm(*kind, rest) => Ok(SourceFormat::Pnm),
        _ if is_webp => Ok(SourceFormat::WebP),
        _ if is_bmp => Ok(SourceFormat::Bmp),
        _ => Err(Error::NotAnImage),
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
    let u32_be = |at: usize| head.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
    // A negative height means that rows are stored from the top.
    let i32_le_abs =
        |at: usize| head.get(at..)?.first_chunk().map(|bytes| i32::from_le_bytes(*bytes).unsigned_abs());
    let (width, height) = match format {
        SourceFormat::Bmp if head.get(14) == Some(&12) => (u16_le(18)?, u16_le(20)?),
        SourceFormat::Bmp => (i32_le_abs(18)?, i32_le_abs(22)?),
        SourceFormat::Gif => (u16_le(6)?, u16_le(8)?),
        SourceFormat::Avif | SourceFormat::Jpeg | SourceFormat::Pnm | SourceFormat::Tiff => return None,
        SourceFormat::Png => (u32_be(16)?, u32_be(20)?),
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

/// Name of a known format that is not decoded.
fn unsupported_format(head: &[u8]) -> Option<&'static str> {
    if matches_at(head, 4, b"ftyp") {
        return base_media_format(head);
    }
    const MAGIC: [(usize, &[u8], &str); 25] = [
        (0, b"%PDF-", "a PDF document"),
        (0, b"%!PS", "a PostScript document"),
        (0, b"8BPS", "a Photoshop document"),
        (0, b"AT&TFORM", "a DjVu document"),
        (0, b"BPG\xfb", "a BPG picture"),
        (0, b"FLIF", "a FLIF picture"),
        (0, b"FLV\x01", "a video (FLV)"),
        (0, b"FUJIFILMCCD-RAW", "a camera raw file (RAF)"),
        (0, b"II*\0\x10\0\0\0CR", "a camera raw file (CR2)"),
        (0, b"IIRO", "a camera raw file (ORF)"),
        (0, b"IIRS", "a camera raw file (ORF)"),
        (0, b"IIU\0", "a camera raw file (RW2)"),
        (0, b"MMOR", "a camera raw file (ORF)"),
        (0, b"PK\x03\x04", "a ZIP archive"),
        (0, b"v/1\x01", "an OpenEXR picture"),
        (0, b"#?RADIANCE", "a Radiance HDR picture"),
        (0, b"\0\0\x01\0", "an icon (ICO)"),
        (0, b"\0\0\x01\xba", "a video (MPEG)"),
        (0, b"\0\0\x01\xb3", "a video (MPEG)"),
        (0, b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture"),
        (0, b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
        (0, b"\xff\x0a", "a JPEG XL picture"),
        (0, b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
        (0, b"\x1aE\xdf\xa3", "a video (Matroska or WebM)"),
        (8, b"AVI ", "a video (AVI)"),
    ];
    let known =
        MAGIC.iter().find(|(offset, magic, _)| matches_at(head, *offset, magic)).map(|(_, _, name)| *name);
    known.or_else(|| svg(head))
}

/// Name of another ISO base media format by its major brand (ISO/IEC 14496-12, 23008-12).
fn base_media_format(head: &[u8]) -> Option<&'static str> {
    Some(match head.get(8..12)? {
        b"crx " => "a camera raw file (CR3)",
        _ => "a video (MP4 or QuickTime)",
    })
}

/// Name of SVG and other XML: text that begins with a tag, after a byte order mark and white space.
fn svg(head: &[u8]) -> Option<&'static str> {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let begins = |tag: &[u8]| text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
    (begins(b"<svg") || begins(b"<?xml") || begins(b"<!doctype svg"))
        .then_some("an SVG picture (or other XML)")
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
            assert!(matches!(format(head), Err(Error::Heic)), "{}", head.escape_ascii());
        }
        let cases: [(&[u8], &str); 11] = [
            (b"\0\0\0\x18ftypavci\0\0\0\0mif1avci", "a HEIF picture that holds AVC (H.264)"),
            (b"\0\0\0\x18ftypjpeg\0\0\0\0mif1jpeg", "a HEIF picture that holds JPEG"),
            (b"\0\0\0\x18ftypisom\0\0\0\0", "a video (MP4 or QuickTime)"),
            (b"\0\0\0\x18ftypcrx \0\0\0\0", "a camera raw file (CR3)"),
            (b"\xff\x0a\0\0", "a JPEG XL picture"),
            (b"%PDF-1.7", "a PDF document"),
            (b"8BPS\0\x01", "a Photoshop document"),
            (b"  <?xml version='1.0'?><svg>", "an SVG picture (or other XML)"),
            (b"II*\0\x10\0\0\0CR\x02\0", "a camera raw file (CR2)"),
            (b"RIFF\0\0\0\0AVI LIST", "a video (AVI)"),
            (b"\x1aE\xdf\xa3", "a video (Matroska or WebM)"),
        ];
        for (head, name) in cases {
            let refusal = format(head).unwrap_err();
            assert!(matches!(&refusal, Error::Unsupported { what } if what == name), "{name}: {refusal:?}");
        }
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
