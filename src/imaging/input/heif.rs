//! The codings of pictures in HEIF, the container of HEIC and AVIF (ISO/IEC 23008-12): by the brands at the beginning
//! of a file, and by the types of its items.
//!
//! Structural brands, such as mif1, promise no coding. A file that has only those is read as AVIF, whose decoder names
//! the coding by its items.

use std::borrow::Cow;
use std::io::{Cursor, Read};

use crate::imaging::error::Error;

/// As many bytes as are read to recognise a format, which hold the first twelve brands.
const HEAD: u64 = 64;

/// Refuses HEIC by the brands at the beginning of a source, for rules that do not have it decoded. The reader that it
/// returns begins anew.
///
/// # Errors
/// [`Error::Heic`], or [`Error::Read`].
pub fn refuse_heic<R: Read + Send>(mut source: R) -> Result<impl Read + Send, Error> {
    let mut head = Vec::new();
    source.by_ref().take(HEAD).read_to_end(&mut head).map_err(Error::Read)?;
    if Coding::of_file(&head) == Some(Coding::Hevc) {
        return Err(Error::Heic);
    }
    Ok(Cursor::new(head).chain(source))
}

/// A coding of pictures.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Coding {
    Av1,
    Avc,
    Hevc,
    Jpeg,
    Jpeg2000,
    Uncompressed,
    Vvc,
}

impl Coding {
    /// The coding of a file that begins with these bytes: `None` if it is not HEIF.
    ///
    /// The major brand decides, if it promises a coding. Among the compatible brands AV1 comes first, which every
    /// build decodes.
    pub(crate) fn of_file(head: &[u8]) -> Option<Self> {
        let (major, compatible) = brands(head)?;
        let codings = || compatible.iter().filter_map(|brand| Self::of_brand(*brand));
        let is_av1 = || codings().any(|coding| coding == Self::Av1);
        match Self::of_brand(major) {
            Some(coding) => Some(coding),
            None if is_av1() => Some(Self::Av1),
            None if is_structural(major) => codings().next().or(Some(Self::Av1)),
            None => None,
        }
    }

    /// The coding that a brand promises (ISO/IEC 23008-12, annexes B to L; AV1 Image File Format, section 6).
    fn of_brand(brand: [u8; 4]) -> Option<Self> {
        Some(match &brand {
            b"MA1A" | b"MA1B" | b"avif" | b"avio" | b"avis" => Self::Av1,
            b"avci" | b"avcs" => Self::Avc,
            b"heic" | b"heim" | b"heis" | b"heix" | b"hevc" | b"hevm" | b"hevs" | b"hevx" => Self::Hevc,
            b"jpeg" | b"jpgs" => Self::Jpeg,
            b"j2is" | b"j2ki" => Self::Jpeg2000,
            b"unif" => Self::Uncompressed,
            b"vvic" | b"vvis" => Self::Vvc,
            _ => return None,
        })
    }

    /// The coding of an item of this type, or of the samples of a track.
    pub(crate) fn of_item(kind: [u8; 4]) -> Option<Self> {
        Some(match &kind {
            b"av01" => Self::Av1,
            b"avc1" | b"avc3" => Self::Avc,
            b"hev1" | b"hvc1" => Self::Hevc,
            b"jpeg" | b"mjpg" => Self::Jpeg,
            b"j2k1" | b"j2ki" => Self::Jpeg2000,
            b"unci" | b"uncv" => Self::Uncompressed,
            b"vvc1" | b"vvi1" => Self::Vvc,
            _ => return None,
        })
    }

    /// The refusal of a coding that is not decoded; `None` for AV1, and with the feature `heic` for HEVC.
    pub(crate) fn refusal(self) -> Option<Error> {
        let what = match self {
            Self::Av1 => return None,
            Self::Avc => "a HEIF picture that holds AVC (H.264)",
            Self::Hevc if cfg!(feature = "heic") => return None,
            Self::Hevc => return Some(Error::Heic),
            Self::Jpeg => "a HEIF picture that holds JPEG",
            Self::Jpeg2000 => "a HEIF picture that holds JPEG 2000",
            Self::Uncompressed => "a HEIF picture that holds uncompressed pixels",
            Self::Vvc => "a HEIF picture that holds VVC (H.266)",
        };
        Some(Error::Unsupported { what: Cow::Borrowed(what) })
    }
}

/// The major brand and the compatible brands in the first bytes of a file; `None` without an `ftyp` box (ISO/IEC
/// 14496-12, section 4.3).
fn brands(head: &[u8]) -> Option<([u8; 4], &[[u8; 4]])> {
    let ([length, kind, major, _version], compatible) = head.as_chunks().0.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let count = (length / 4).saturating_sub(4);
    (kind == b"ftyp").then(|| (*major, compatible.get(..count).unwrap_or(compatible)))
}

/// Returns `true` for brands of HEIF that promise no coding.
fn is_structural(brand: [u8; 4]) -> bool {
    matches!(&brand, b"1pic" | b"miaf" | b"mif1" | b"mif2" | b"mif3" | b"msf1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_heic_is_told_by_its_brands_and_others_are_read_from_their_beginning() {
        let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic and the rest".as_slice();
        assert!(matches!(refuse_heic(heic), Err(Error::Heic)));
        let other = [7; 100];
        let mut bytes = Vec::new();
        refuse_heic(other.as_slice()).unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, other);
    }

    #[test]
    fn brands_tell_the_coding() {
        let cases: [(&[u8], Option<Coding>); 13] = [
            (b"avif\0\0\0\0", Some(Coding::Av1)),
            (b"mif1\0\0\0\0mif1avif", Some(Coding::Av1)),
            (b"mif1\0\0\0\0mif1heicavif", Some(Coding::Av1)),
            (b"isom\0\0\0\0isomavis", Some(Coding::Av1)),
            (b"mif1\0\0\0\0mif1miaf", Some(Coding::Av1)),
            (b"heic\0\0\0\0mif1avif", Some(Coding::Hevc)),
            (b"msf1\0\0\0\0msf1hevc", Some(Coding::Hevc)),
            (b"mif1\0\0\0\0mif1jpeg", Some(Coding::Jpeg)),
            (b"jpgs\0\0\0\0", Some(Coding::Jpeg)),
            (b"avci\0\0\0\0mif1", Some(Coding::Avc)),
            (b"mif2\0\0\0\0vvic", Some(Coding::Vvc)),
            (b"isom\0\0\0\0mp41avc1", None),
            (b"qt  \0\0\0\0", None),
        ];
        for (brands, coding) in cases {
            let length = u32::try_from(brands.len() + 8).unwrap().to_be_bytes();
            let head = [&length, b"ftyp".as_slice(), brands, b"avif"].concat();
            assert_eq!(Coding::of_file(&head), coding, "{}", brands.escape_ascii());
        }
        assert_eq!(Coding::of_file(b"\0\0\0\x18ftyp"), None);
    }
}
