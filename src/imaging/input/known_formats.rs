//! Names of formats that are known and not decoded, by the first bytes of a file.

use std::borrow::Cow;

use crate::imaging::error::Error;

/// Bytes that suffice to find the root of an SVG after the comments of its writer, and the mark of DICOM.
pub(crate) const LONG_HEAD: usize = 4096;

/// The refusal of a file by its first bytes, of which [`LONG_HEAD`] show most. `None` if they match no format that is
/// known.
pub(crate) fn refusal(head: &[u8]) -> Option<Error> {
    const COMPRESSIONS: [(&[u8], &str); 2] = [(b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "Zstandard")];
    if let Some((_, coding)) = COMPRESSIONS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(Error::Compressed { coding });
    }
    let name = by_magic(head).or_else(|| xml(head));
    name.map(|what| Error::Unsupported { what: Cow::Borrowed(what) })
}

fn by_magic(head: &[u8]) -> Option<&'static str> {
    const MAGIC: [(usize, &[u8], &str); 44] = [
        (0, b"%PDF-", "a PDF document"),
        (0, b"%!PS", "a PostScript document"),
        (0, b"\xc5\xd0\xd3\xc6", "a PostScript document (EPS)"),
        (0, b"8BPS", "a Photoshop document"),
        (0, b"gimp xcf", "a GIMP document (XCF)"),
        (0, b"AT&TFORM", "a DjVu document"),
        (0, b"BPG\xfb", "a BPG picture"),
        (0, b"FLIF", "a FLIF picture"),
        (0, b"FLV\x01", "a video (FLV)"),
        (0, b"FOVb", "a camera raw file (X3F)"),
        (0, b"FUJIFILMCCD-RAW", "a camera raw file (RAF)"),
        (0, b"II*\0\x10\0\0\0CR", "a camera raw file (CR2)"),
        (0, b"II\x1a\0\0\0HEAPCCDR", "a camera raw file (CRW)"),
        (0, b"IIRO", "a camera raw file (ORF)"),
        (0, b"IIRS", "a camera raw file (ORF)"),
        (0, b"IIU\0", "a camera raw file (RW2)"),
        (0, b"II\xbc\x01", "a JPEG XR picture"),
        (0, b"MMOR", "a camera raw file (ORF)"),
        (0, b"\0MRM", "a camera raw file (MRW)"),
        (0, b"PK\x03\x04", "a ZIP archive"),
        (0, b"Rar!", "a RAR archive"),
        (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (0, b"PF\n", "a PFM picture"),
        (0, b"Pf\n", "a PFM picture"),
        (0, b"PF4\n", "a PFM picture"),
        (0, b"\x3a\xde\x68\xb1", "a PCX picture of several pages (DCX)"),
        (0, b"\x59\xa6\x6a\x95", "a Sun raster picture"),
        (0, b"SIMPLE  =", "an astronomical picture (FITS)"),
        (0, b"/* XPM", "an XPM picture"),
        (0, b"icns", "an icon (ICNS)"),
        (0, b"\xd7\xcd\xc6\x9a", "a Windows metafile (WMF)"),
        (40, b" EMF", "a Windows metafile (EMF)"),
        (0, b"\x8aMNG\r\n\x1a\n", "an MNG animation"),
        (0, b"\x8bJNG\r\n\x1a\n", "a JNG picture"),
        (0, b"\0\0\x01\xba", "a video (MPEG)"),
        (0, b"\0\0\x01\xb3", "a video (MPEG)"),
        (0, b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
        (0, b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
        (0, b"\x1aE\xdf\xa3", "a video (Matroska or WebM)"),
        (8, b"AVI ", "a video (AVI)"),
        (8, b"ACON", "an animated cursor (ANI)"),
        (8, b"ILBM", "an Amiga picture (ILBM)"),
        (8, b"PBM ", "an Amiga picture (ILBM)"),
        (128, b"DICM", "a medical picture (DICOM)"),
    ];
    let known = MAGIC
        .iter()
        .find(|(offset, magic, _)| head.get(*offset..).is_some_and(|rest| rest.starts_with(magic)));
    known.map(|(_, _, name)| *name)
}

/// Name of SVG and other XML: a root or a declaration after a byte order mark, white space and comments.
fn xml(head: &[u8]) -> Option<&'static str> {
    // In UTF-16 every other byte of ASCII is 0.
    let narrow: Vec<u8>;
    let mut text = match head {
        [0xff, 0xfe, rest @ ..] | [0xfe, 0xff, rest @ ..] => {
            narrow = rest.iter().copied().filter(|byte| *byte != 0).collect();
            narrow.as_slice()
        }
        head => head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head),
    };
    loop {
        text = text.trim_ascii_start();
        let begins = |tag: &[u8]| text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
        if [b"<svg".as_slice(), b"<?xml", b"<!doctype svg"].into_iter().any(begins) {
            return Some("an SVG picture (or other XML)");
        }
        let comment = text.strip_prefix(b"<!--")?;
        let end = comment.windows(3).position(|end| end == b"-->")?;
        text = comment.get(end + 3..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(head: &[u8]) -> String {
        match refusal(head) {
            Some(Error::Unsupported { what }) => what.into_owned(),
            Some(Error::Compressed { coding }) => coding.to_owned(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn formats_are_named_by_their_signature() {
        for (head, expected) in [
            (b"%PDF-1.7".as_slice(), "a PDF document"),
            (b"8BPS\0\x01", "a Photoshop document"),
            (b"II*\0\x10\0\0\0CR\x02\0", "a camera raw file (CR2)"),
            (b"RIFF\0\0\0\0AVI LIST", "a video (AVI)"),
            (b"\x1aE\xdf\xa3", "a video (Matroska or WebM)"),
            (b"PF\n640 480\n-1.0\n", "a PFM picture"),
            (b"FORM\0\0\0\0ILBM", "an Amiga picture (ILBM)"),
            (b"\x1f\x8b\x08\0", "gzip"),
        ] {
            assert_eq!(name(head), expected, "{}", head.escape_ascii());
        }
        assert_eq!(name(&[[0; 128].as_slice(), b"DICM"].concat()), "a medical picture (DICOM)");
    }

    #[test]
    fn svg_is_found_after_what_editors_write_before_it() {
        let svg = "an SVG picture (or other XML)";
        let wide: Vec<u8> = b"<svg>".iter().flat_map(|byte| [*byte, 0]).collect();
        for head in [
            b"<svg xmlns=".as_slice(),
            b"  <?xml version='1.0'?><svg>",
            b"\xef\xbb\xbf\r\n<SVG>",
            b"<!-- Generator: an editor, > 64 bytes of words about it and its maker --> <!-- two -->\n<svg>",
            b"<!DOCTYPE svg PUBLIC",
            &[b"\xff\xfe".as_slice(), &wide].concat(),
        ] {
            assert_eq!(name(head), svg, "{}", head.escape_ascii());
        }
        for head in [b"<!-- a page --><html>".as_slice(), b"<!-- never closed <svg", b"<!doctype html>"] {
            assert_eq!(name(head), "None", "{}", head.escape_ascii());
        }
    }
}
