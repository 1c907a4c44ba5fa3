//! Multipart uploads under way.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use md5::{Digest, Md5};

use crate::cos::wire::error::{Code, Error};
use crate::cos::wire::xml;

/// Smallest part but the last, in bytes.
const PART_MIN: usize = 1 << 20;

/// An upload under way.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) key: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) initiated: u64,
    pub(crate) parts: BTreeMap<u16, Part>,
}

#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) bytes: Bytes,
    pub(crate) digest: [u8; 16],
    pub(crate) uploaded: u64,
}

impl Part {
    pub(crate) fn etag(&self) -> String {
        format!("\"{}\"", hex::encode(self.digest))
    }
}

impl Upload {
    /// The whole object and its ETag: the MD5 of the parts' MD5s and their number.
    pub(crate) fn assemble(&self, list: &xml::Complete) -> Result<(Bytes, String), Error> {
        if list.parts.is_empty() {
            return Err(Code::MALFORMED_XML.into());
        }
        if !list.parts.is_sorted_by(|earlier, later| earlier.number < later.number) {
            return Err(Code::INVALID_PART_ORDER.into());
        }
        let (mut whole, mut digest) = (BytesMut::new(), Md5::new());
        for (index, entry) in list.parts.iter().enumerate() {
            let part = self
                .parts
                .get(&entry.number)
                .filter(|part| hex::encode(part.digest) == entry.etag.trim_matches('"'))
                .ok_or(Code::INVALID_PART)?;
            let last = index.saturating_add(1) == list.parts.len();
            if !last && part.bytes.len() < PART_MIN {
                return Err(Code::ENTITY_TOO_SMALL.into());
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

    fn upload(sizes: &[usize]) -> Upload {
        let parts = sizes.iter().zip(1_u16..).map(|(size, number)| {
            let bytes = Bytes::from(vec![b'x'; *size]);
            (number, Part { digest: Md5::digest(&bytes).into(), bytes, uploaded: 0 })
        });
        Upload { key: "k".to_owned(), headers: BTreeMap::new(), initiated: 0, parts: parts.collect() }
    }

    fn list(upload: &Upload, numbers: &[u16]) -> xml::Complete {
        let etag = |number| upload.parts.get(number).map_or_else(String::new, Part::etag);
        let parts = numbers.iter().map(|number| xml::CompletePart { number: *number, etag: etag(number) });
        xml::Complete { parts: parts.collect() }
    }

    #[test]
    fn only_a_complete_list_in_order_makes_an_object() {
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
