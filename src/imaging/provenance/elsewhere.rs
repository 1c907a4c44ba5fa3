//! Labels in other places than XMP, as services write them: texts that a file names `AIGC`, and the user's comment of
//! EXIF.

use crate::imaging::exif::directory::{Directory, tag};
use crate::imaging::provenance::aigc_label::AigcLabel;

/// Most bytes of a comment, which has two for each character of UTF-16.
const LONGEST_COMMENT: u64 = 16 * 1024;

/// Bytes before the text of a comment, which name its character code (Exif 2.32, section 4.6.5).
const CODE_BYTES: usize = 8;

/// The label that is the content of a text, in UTF-8 or in Latin-1, which the text chunks of PNG have by their standard.
pub(super) fn in_text(text: &[u8]) -> Option<AigcLabel> {
    let end = text.iter().rposition(|byte| *byte != 0)? + 1;
    let text = text.get(..end)?;
    match std::str::from_utf8(text) {
        Ok(text) => AigcLabel::parse(text),
        Err(_) => AigcLabel::parse(&text.iter().copied().map(char::from).collect::<String>()),
    }
}

/// The label in the user's comment of a block of EXIF.
pub(super) fn in_exif(exif: &[u8]) -> Option<AigcLabel> {
    let directory = Directory::of_exif(exif).ok()?.sub_directory(tag::EXIF_DIRECTORY)?;
    let comment = directory.bytes(tag::USER_COMMENT, LONGEST_COMMENT).ok()??;
    // Some writers leave the code out.
    let text = if comment.starts_with(b"{") { comment } else { comment.get(CODE_BYTES..)? };
    match from_utf16(text) {
        Some(text) => AigcLabel::parse(&text),
        None => in_text(text),
    }
}

/// A text in UTF-16, of which the first character tells the byte order: writers do not agree whether it is that of the
/// block.
fn from_utf16(text: &[u8]) -> Option<String> {
    let number: fn([u8; 2]) -> u16 = match text.first_chunk()? {
        [0xfe, 0xff] | [0, b'{'] => u16::from_be_bytes,
        [0xff, 0xfe] | [b'{', 0] => u16::from_le_bytes,
        _ => return None,
    };
    let numbers = text.as_chunks().0.iter().map(|bytes| number(*bytes));
    let text = char::decode_utf16(numbers).collect::<Result<String, _>>().ok()?;
    Some(text.trim_matches(['\u{feff}', '\0']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block of EXIF with this user's comment of at least five bytes.
    fn exif(comment: &[u8]) -> Vec<u8> {
        let entry = |tag: u16, kind: u16, count: usize, value: u32| {
            let count = u32::try_from(count).unwrap();
            [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value.to_be_bytes()].concat()
        };
        [
            &b"MM\0*\0\0\0\x08\0\x01"[..],
            &entry(tag::EXIF_DIRECTORY, 4, 1, 26),
            &[0, 0, 0, 0, 0, 1],
            &entry(tag::USER_COMMENT, 7, comment.len(), 44),
            &[0; 4],
            comment,
        ]
        .concat()
    }

    #[test]
    fn user_comments_are_read_in_every_character_code() {
        let json = r#"{"AIGC":{"Label":"1","ContentProducer":"豆包"}}"#;
        let units = || json.encode_utf16();
        let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
        let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
        for comment in [
            [b"ASCII\0\0\0", json.as_bytes()].concat(),
            [b"UNICODE\0", json.as_bytes()].concat(),
            [b"UNICODE\0", &big[..]].concat(),
            [b"UNICODE\0", &little[..]].concat(),
            [b"UNICODE\0\xff\xfe", &little[..], &[0, 0]].concat(),
            [&[0; 8], json.as_bytes(), &[0]].concat(),
            json.as_bytes().to_vec(),
        ] {
            let label = in_exif(&exif(&comment)).map(|label| label.text().to_owned());
            assert_eq!(label.as_deref(), Some(json), "{}", comment.escape_ascii());
        }
    }

    #[test]
    fn other_comments_and_cut_blocks_have_no_label() {
        assert_eq!(in_exif(&exif(b"ASCII\0\0\0a walk in the park")), None);
        let block = exif(br#"ASCII   {"Label":"1"}"#);
        for length in 0..block.len() {
            assert_eq!(in_exif(&block[..length]), None, "{length}");
        }
        assert!(in_exif(&block).is_some());
    }

    #[test]
    fn texts_are_utf8_or_latin1() {
        assert_eq!(in_text("{\"Label\":\"é\"}\0".as_bytes()).unwrap().text(), r#"{"Label":"é"}"#);
        assert_eq!(in_text(b"{\"Label\":\"\xe9\"}").unwrap().text(), r#"{"Label":"é"}"#);
        assert_eq!(in_text(b""), None);
    }
}
