//! Multipart uploads under way.
//!
//! Parts are in memory until the upload is completed or aborted; a restart loses them.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use md5::{Digest, Md5};

use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::xml;

/// Smallest size of every part but the last, in bytes.
const PART_MIN: usize = 1 << 20;

/// Multipart upload under way.
#[derive(Clone, Debug)]
pub(crate) struct MultipartUpload {
    pub(crate) key: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) initiated: u64,
    pub(crate) parts: BTreeMap<u16, UploadedPart>,
}

/// Part of an upload.
#[derive(Clone, Debug)]
pub(crate) struct UploadedPart {
    pub(crate) bytes: Bytes,
    pub(crate) digest: [u8; 16],
    pub(crate) uploaded: u64,
}

impl UploadedPart {
    /// Returns the ETag with its quotes.
    pub(crate) fn etag(&self) -> String {
        format!("\"{}\"", hex::encode(self.digest))
    }
}

impl MultipartUpload {
    /// Returns the whole object and its ETag, which is the MD5 of the MD5s of the parts, with their number.
    pub(crate) fn assemble(&self, list: &xml::CompleteUploadRequest) -> Result<(Bytes, String), CosError> {
        if list.parts.is_empty() {
            return Err(ErrorCode::MALFORMED_XML.into());
        }
        if !list.parts.is_sorted_by(|earlier, later| earlier.number < later.number) {
            return Err(ErrorCode::INVALID_PART_ORDER.into());
        }
        let (mut whole, mut digest) = (BytesMut::new(), Md5::new());
        for (index, entry) in list.parts.iter().enumerate() {
            let part = self
                .parts
                .get(&entry.number)
                .filter(|part| hex::encode(part.digest) == entry.etag.trim_matches('"'))
                .ok_or(ErrorCode::INVALID_PART)?;
            let is_last = index.saturating_add(1) == list.parts.len();
            if !is_last && part.bytes.len() < PART_MIN {
                return Err(ErrorCode::ENTITY_TOO_SMALL.into());
            }
            whole.extend_from_slice(&part.bytes);
            digest.update(part.digest);
        }
        let etag = format!("\"{}-{}\"", hex::encode(digest.finalize()), list.parts.len());
        Ok((whole.freeze(), etag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(sizes: &[usize]) -> MultipartUpload {
        let parts = sizes.iter().zip(1_u16..).map(|(size, number)| {
            let bytes = Bytes::from(vec![b'x'; *size]);
            (number, UploadedPart { digest: Md5::digest(&bytes).into(), bytes, uploaded: 0 })
        });
        MultipartUpload {
            key: "k".to_owned(),
            headers: BTreeMap::new(),
            initiated: 0,
            parts: parts.collect(),
        }
    }

    fn list(upload: &MultipartUpload, numbers: &[u16]) -> xml::CompleteUploadRequest {
        let etag = |number| upload.parts.get(number).map_or_else(String::new, UploadedPart::etag);
        let parts = numbers.iter().map(|number| xml::CompletedPart { number: *number, etag: etag(number) });
        xml::CompleteUploadRequest { parts: parts.collect() }
    }

    #[test]
    fn only_a_complete_list_in_order_is_assembled() {
        let good = upload(&[PART_MIN, 3]);
        let (bytes, etag) = good.assemble(&list(&good, &[1, 2])).unwrap();
        assert_eq!(bytes.len(), PART_MIN + 3);
        assert!(etag.ends_with("-2\""), "{etag}");
        let small = upload(&[3, 3]);
        let cases = [
            (&good, vec![2, 1], "InvalidPartOrder"),
            (&good, vec![1, 3], "InvalidPart"),
            (&small, vec![1, 2], "EntityTooSmall"),
            (&good, vec![], "MalformedXML"),
        ];
        for (upload, numbers, code) in cases {
            assert_eq!(upload.assemble(&list(upload, &numbers)).unwrap_err().code(), code);
        }
    }
}
