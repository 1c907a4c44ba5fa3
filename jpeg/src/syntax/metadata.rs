//! Metadata: what a JPEG says of itself beside pixels (JFIF; Exif 2.32, section 4.7.2; ICC.1, annex B.4; Adobe TN
//! 5116).

/// Most bytes of an ICC profile that are kept.
const LONGEST_PROFILE: usize = 4 * 1024 * 1024;

/// Most segments of an ICC profile: their count has one byte (ICC.1, annex B.4).
const MOST_PROFILE_PARTS: usize = 255;

/// Bytes of a JFIF segment up to the size of its preview (JFIF 1.02, page 5). Libjpeg takes none for one that is
/// shorter.
const JFIF_LENGTH: usize = 14;

/// Content of application segments, as far as it matters to a thumbnail.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    /// The first block of EXIF, from its TIFF header on.
    pub exif: Option<Vec<u8>>,
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
        matches!(marker, 0xe0..=0xe2 | 0xee)
    }

    /// Takes what matters of a segment.
    pub(super) fn take(&mut self, marker: u8, content: &[u8]) {
        match marker {
            0xe0 => self.is_jfif |= content.starts_with(b"JFIF\0") && content.len() >= JFIF_LENGTH,
            0xe1 => {
                // One byte of padding follows, by the standard zero.
                if let Some([_, exif @ ..]) = content.strip_prefix(b"Exif\0") {
                    self.exif.get_or_insert_with(|| exif.to_vec());
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
        self.profile_bytes().saturating_mul(2).saturating_add(self.exif.as_ref().map_or(0, Vec::len))
    }

    fn profile_bytes(&self) -> usize {
        self.profile.iter().map(|(_, _, data)| data.len()).sum()
    }
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
}
