//! Multipart uploads (436/7746, 7750, 7742, 7740, 7747).
//!
//! Parts stay in memory until the upload is completed or aborted: a restart of the twin forgets them.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use md5::{Digest, Md5};

use super::error::{Code, Error};
use super::reply::Reply;
use super::request::Request;
use super::service::Service;
use super::store::Versioning;
use super::{ids, iso_date, object, xml};

/// Smallest part but the last, in bytes.
const PART_MIN: usize = 1 << 20;

/// An upload under way.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    key: String,
    headers: BTreeMap<String, String>,
    initiated: u64,
    parts: BTreeMap<u16, Part>,
}

#[derive(Clone, Debug)]
struct Part {
    bytes: Bytes,
    digest: [u8; 16],
    uploaded: u64,
}

impl Part {
    fn etag(&self) -> String {
        format!("\"{}\"", hex::encode(self.digest))
    }
}

impl Service {
    pub(super) fn initiate_upload(&self, request: &Request) -> Result<Reply, Error> {
        let id = ids::upload();
        let upload = Upload {
            key: request.key.clone(),
            headers: object::stored_headers(request)?,
            initiated: self.now(),
            parts: BTreeMap::new(),
        };
        self.store.with(&request.bucket, |bucket| {
            bucket.uploads.insert(id.clone(), upload);
            Ok(())
        })?;
        let mut document = format!("{}<InitiateMultipartUploadResult>", xml::HEAD);
        xml::element(&mut document, "Bucket", &request.bucket);
        xml::element(&mut document, "Key", &request.key);
        xml::element(&mut document, "UploadId", &id);
        document.push_str("</InitiateMultipartUploadResult>");
        Ok(Reply::xml(document))
    }

    pub(super) fn upload_part(&self, request: &Request, id: &str) -> Result<Reply, Error> {
        object::check_digest(request)?;
        let number = request
            .parameter("partNumber")
            .and_then(|text| text.parse().ok())
            .filter(|number| (1..=10_000).contains(number))
            .ok_or_else(|| {
                Error::because(Code::INVALID_ARGUMENT, "partNumber must be between 1 and 10000.")
            })?;
        let digest = Md5::digest(&request.body).into();
        let part = Part { bytes: request.body.clone(), digest, uploaded: self.now() };
        let etag = part.etag();
        self.with_upload(request, id, |upload| {
            upload.parts.insert(number, part);
        })?;
        let crc = super::crc64(&request.body).to_string();
        Ok(Reply::new(200).header("ETag", &etag).header("x-cos-hash-crc64ecma", &crc))
    }

    pub(super) fn complete_upload(
        &self,
        request: &Request,
        id: &str,
        request_id: &str,
    ) -> Result<Reply, Error> {
        let body: xml::Complete = xml::read(&request.body)?;
        let upload = self.with_upload(request, id, |upload| upload.clone())?;
        let (bytes, etag) = upload.assemble(&body)?;
        let mut upcoming = self.upcoming(request, upload.headers, bytes.clone(), request_id);
        upcoming.etag = Some(etag);
        let version = self.store.put(&request.bucket, &request.key, upcoming)?;
        self.abort_upload(request, id)?;
        self.created("cos:ObjectCreated:CompleteMultipartUpload", request, &version, &bytes);
        let mut document = format!("{}<CompleteMultipartUploadResult>", xml::HEAD);
        xml::element(&mut document, "Location", &format!("http://{}", request.resource()));
        xml::element(&mut document, "Bucket", &request.bucket);
        xml::element(&mut document, "Key", &request.key);
        xml::element(&mut document, "ETag", &version.etag);
        document.push_str("</CompleteMultipartUploadResult>");
        let mut reply = Reply::xml(document).header("x-cos-hash-crc64ecma", &version.crc64.to_string());
        if self.versioning(&request.bucket)? == Versioning::Enabled {
            reply.set("x-cos-version-id", &version.id);
        }
        Ok(reply)
    }

    pub(super) fn abort_upload(&self, request: &Request, id: &str) -> Result<Reply, Error> {
        self.with_upload(request, id, |_| ())?;
        self.store.with(&request.bucket, |bucket| {
            bucket.uploads.remove(id);
            Ok(Reply::new(204))
        })
    }

    pub(super) fn list_parts(&self, request: &Request, id: &str) -> Result<Reply, Error> {
        let upload = self.with_upload(request, id, |upload| upload.clone())?;
        let mut document = format!("{}<ListPartsResult>", xml::HEAD);
        xml::element(&mut document, "Bucket", &request.bucket);
        xml::element(&mut document, "Key", &xml::listed(&request.key, is_url_encoded(request)));
        xml::element(&mut document, "UploadId", id);
        xml::element(&mut document, "IsTruncated", "false");
        for (number, part) in &upload.parts {
            document.push_str("<Part>");
            xml::element(&mut document, "PartNumber", &number.to_string());
            xml::element(&mut document, "LastModified", &iso_date(part.uploaded));
            xml::element(&mut document, "ETag", &part.etag());
            xml::element(&mut document, "Size", &part.bytes.len().to_string());
            document.push_str("</Part>");
        }
        document.push_str("</ListPartsResult>");
        Ok(Reply::xml(document))
    }

    pub(super) fn list_uploads(&self, request: &Request) -> Result<Reply, Error> {
        let prefix = request.parameter("prefix").unwrap_or_default();
        let mut document = format!("{}<ListMultipartUploadsResult>", xml::HEAD);
        xml::element(&mut document, "Bucket", &request.bucket);
        xml::element(&mut document, "IsTruncated", "false");
        self.store.with(&request.bucket, |bucket| {
            for (id, upload) in bucket.uploads.iter().filter(|(_, upload)| upload.key.starts_with(prefix)) {
                document.push_str("<Upload>");
                xml::element(&mut document, "Key", &xml::listed(&upload.key, is_url_encoded(request)));
                xml::element(&mut document, "UploadId", id);
                xml::element(&mut document, "Initiated", &iso_date(upload.initiated));
                document.push_str("</Upload>");
            }
            Ok(())
        })?;
        document.push_str("</ListMultipartUploadsResult>");
        Ok(Reply::xml(document))
    }

    /// Works on the upload the request names, which must be one of its key.
    fn with_upload<T>(
        &self,
        request: &Request,
        id: &str,
        work: impl FnOnce(&mut Upload) -> T,
    ) -> Result<T, Error> {
        self.store.with(&request.bucket, |bucket| {
            let upload = bucket.uploads.get_mut(id).filter(|upload| upload.key == request.key);
            upload.map(work).ok_or_else(|| Code::NO_SUCH_UPLOAD.into())
        })
    }
}

impl Upload {
    /// The whole object and its ETag: the MD5 of the parts' MD5s and their number.
    fn assemble(&self, list: &xml::Complete) -> Result<(Bytes, String), Error> {
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

fn is_url_encoded(request: &Request) -> bool {
    request.parameter("encoding-type") == Some("url")
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
