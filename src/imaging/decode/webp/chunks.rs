//! The chunks of a WebP file (RFC 9649, section 2.3).

/// Content of the first chunk with this tag (RFC 9649, section 2.3); `None` if it is missing or truncated.
pub(super) fn chunk(file: &[u8], wanted: [u8; 4]) -> Option<&[u8]> {
    let mut rest = file.get(12..)?;
    loop {
        let (tag, after) = rest.split_first_chunk::<4>()?;
        let (length, content) = after.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        if *tag == wanted {
            return content.get(..length);
        }
        // Chunks are padded to an even length.
        rest = content.get(length.checked_add(length % 2)?..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunk_is_found_after_padding() {
        let file = b"RIFF\0\0\0\0WEBPVP8X\x01\0\0\0a\0EXIF\x02\0\0\0ok";
        assert_eq!(chunk(file, *b"EXIF"), Some(&b"ok"[..]));
        assert_eq!(chunk(file, *b"ICCP"), None);
        assert_eq!(chunk(&file[..file.len() - 1], *b"EXIF"), None);
        assert_eq!(chunk(b"RIFF\0\0\0\0WEBPVP8X\xff\xff\xff\xff", *b"EXIF"), None);
    }
}
