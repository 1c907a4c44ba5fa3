//! Metadata: what a JPEG says of itself beside pixels (JFIF; Exif 2.32, section 4.7.2; ICC.1, annex B.4; Adobe TN
//! 5116; XMP, part 3, section 1.1.3; JPEG systems, ISO/IEC 19566-5, for JUMBF).

/// Most bytes of an ICC profile that are kept.
const LONGEST_PROFILE: usize = 4 * 1024 * 1024;

/// Most segments of an ICC profile: their count has one byte (ICC.1, annex B.4).
const MOST_PROFILE_PARTS: usize = 255;

/// Bytes of a JFIF segment up to the size of its preview (JFIF 1.02, page 5). Libjpeg takes none for one that is
/// shorter.
const JFIF_LENGTH: usize = 14;

/// Beginning of a segment with the main packet of XMP.
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// Where a segment of JUMBF has the type of its box, and the label of that box: behind `JP`, an instance and a number,
/// two box headers of which the second has a type of 16 bytes, and a byte of flags.
const JUMBF_TYPE: usize = 12;
const JUMBF_LABEL: usize = 41;

/// Content of application segments, as far as it matters to a thumbnail.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    /// The first block of EXIF, from its TIFF header on.
    pub exif: Option<Vec<u8>>,
    /// The first main packet of XMP. Extended ones, of packets longer than a segment, are not read.
    pub xmp: Option<Vec<u8>>,
    /// The first label of AI-generated content that is a segment of its own: the JSON behind `AIGC` in APP11.
    pub aigc: Option<Vec<u8>>,
    /// True when there is a manifest of C2PA.
    pub has_c2pa: bool,
    /// Colour transform in Adobe's segment, if there is one: 0 none, 1 `YCbCr`, 2 YCCK.
    pub adobe: Option<u8>,
    /// True when there is a JFIF segment.
    pub is_jfif: bool,
    /// True when 255 is full ink, as in TIFF. In JPEG files it is 0, so [`Head::read`](crate::Head::read) leaves this
    /// false.
    pub has_tiff_inks: bool,
    /// Number, count and content of the segments of an ICC profile.
    profile: Vec<(u8, u8, Vec<u8>)>,
}

impl Metadata {
    /// True when a segment of this marker may have something to keep.
    pub(super) fn is_kept(marker: u8) -> bool {
        matches!(marker, 0xe0..=0xe2 | 0xeb | 0xee)
    }

    /// Takes what matters of a segment.
    pub(super) fn take(&mut self, marker: u8, content: &[u8]) {
        match marker {
            0xe0 => self.is_jfif |= content.starts_with(b"JFIF\0") && content.len() >= JFIF_LENGTH,
            0xe1 => {
                // One byte of padding follows, by the standard zero.
                if let Some([_, exif @ ..]) = content.strip_prefix(b"Exif\0") {
                    self.exif.get_or_insert_with(|| exif.to_vec());
                } else if let Some(packet) = content.strip_prefix(XMP) {
                    self.xmp.get_or_insert_with(|| packet.to_vec());
                }
            }
            0xe2 => {
                if let Some([number, count, data @ ..]) = content.strip_prefix(b"ICC_PROFILE\0")
                    && self.profile.len() < MOST_PROFILE_PARTS
                    && self.profile_bytes().saturating_add(data.len()) <= LONGEST_PROFILE
                {
                    self.profile.push((*number, *count, data.to_vec()));
                }
            }
            0xeb => match content.strip_prefix(b"AIGC") {
                Some(json) => {
                    self.aigc.get_or_insert_with(|| json.to_vec());
                }
                None => self.has_c2pa |= is_c2pa(content),
            },
            // Libjpeg passes over one that is cut short.
            0xee if content.starts_with(b"Adobe") => self.adobe = content.get(11).copied().or(self.adobe),
            _ => (),
        }
    }

    /// The ICC profile, put together of its segments in the order of their numbers; `None` unless all are there.
    #[must_use]
    pub fn profile(&self) -> Option<Vec<u8>> {
        let mut parts: Vec<&(u8, u8, Vec<u8>)> = self.profile.iter().collect();
        parts.sort_by_key(|(number, _, _)| *number);
        let complete = (1..).zip(&parts).all(|(expected, (number, count, _))| {
            usize::from(*number) == expected && usize::from(*count) == parts.len()
        });
        (complete && !parts.is_empty())
            .then(|| parts.iter().flat_map(|(_, _, data)| data.iter().copied()).collect())
    }

    /// Most bytes that the metadata takes: what is kept, and [`Self::profile`] once more.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let others = [&self.exif, &self.xmp, &self.aigc].into_iter().flatten().map(Vec::len).sum();
        self.profile_bytes().saturating_mul(2).saturating_add(others)
    }

    fn profile_bytes(&self) -> usize {
        self.profile.iter().map(|(_, _, data)| data.len()).sum()
    }
}

/// True for the first segment of a manifest of C2PA: a box of JUMBF with its label.
fn is_c2pa(content: &[u8]) -> bool {
    let at = |from: usize, bytes: &[u8]| content.get(from..).is_some_and(|rest| rest.starts_with(bytes));
    at(0, b"JP") && at(JUMBF_TYPE, b"jumb") && at(JUMBF_LABEL, b"c2pa\0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profile_is_joined_in_order_and_only_if_complete() {
        let part = |number: u8, count: u8, data: &[u8]| {
            [b"ICC_PROFILE\0", [number, count].as_slice(), data].concat()
        };
        let mut metadata = Metadata::default();
        metadata.take(0xe2, &part(2, 2, b"cd"));
        assert_eq!(metadata.profile(), None);
        metadata.take(0xe2, &part(1, 2, b"ab"));
        assert_eq!(metadata.profile().as_deref(), Some(&b"abcd"[..]));
    }

    #[test]
    fn application_segments_are_told_apart_by_their_beginnings() {
        let jumbf = |label: &[u8]| [&b"JP\0\x01\0\0\0\x01....jumb....jumd"[..], &[7; 17], label].concat();
        let mut metadata = Metadata::default();
        for content in
            [&b"http://ns.adobe.com/xmp/extension/\0x"[..], b"Exif\0\0II", &[XMP, b"first"].concat()]
        {
            metadata.take(0xe1, content);
        }
        metadata.take(0xe1, &[XMP, b"second"].concat());
        metadata.take(0xeb, &jumbf(b"other\0"));
        metadata.take(0xeb, b"AIGC{}");
        assert_eq!(
            (metadata.exif.as_deref(), metadata.xmp.as_deref()),
            (Some(&b"II"[..]), Some(&b"first"[..]))
        );
        assert_eq!((metadata.aigc.as_deref(), metadata.has_c2pa), (Some(&b"{}"[..]), false));
        assert_eq!(metadata.bytes(), 9);
        metadata.take(0xeb, &jumbf(b"c2pa\0"));
        assert!(metadata.has_c2pa);
    }
}
