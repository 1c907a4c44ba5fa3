//! Lists of multipart uploads (436/7736) and of their parts (436/7747).

use crate::cos::operations::listing::{MAX_ENTRIES, owner};
use crate::cos::service::Service;
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::CosRequest;
use crate::cos::wire::response::CosResponse;
use crate::cos::wire::xml_writer;
use crate::dates::iso_date;

impl Service {
    pub(crate) fn list_parts(&self, request: &CosRequest, id: &str) -> Result<CosResponse, CosError> {
        let number = |name: &str, default: usize| match request.parameter(name) {
            None | Some("") => Ok(default),
            Some(text) => text.parse::<usize>().map_err(|_| {
                CosError::with_message(ErrorCode::INVALID_ARGUMENT, format!("{name} is not a number."))
            }),
        };
        let (max, marker) =
            (number("max-parts", MAX_ENTRIES)?.min(MAX_ENTRIES), number("part-number-marker", 0)?);
        let upload = self.with_upload(request, id, |upload| upload.clone())?;
        let mut after = upload.parts.iter().filter(|(number, _)| usize::from(**number) > marker);
        let page: Vec<_> = after.by_ref().take(max).collect();
        let is_truncated = after.next().is_some();
        let mut document = format!("{}<ListPartsResult>", xml_writer::HEAD);
        let mut element = |name: &str, value: &str| xml_writer::element(&mut document, name, value);
        element("Bucket", &request.bucket);
        if is_url_encoded(request) {
            element("EncodingType", "url");
        }
        element("Key", &xml_writer::listed(&request.key, is_url_encoded(request)));
        element("UploadId", id);
        let class = upload.headers.get("x-cos-storage-class").map_or("STANDARD", String::as_str);
        element("StorageClass", class);
        element("PartNumberMarker", &marker.to_string());
        if let Some((number, _)) = page.last().filter(|_| is_truncated) {
            element("NextPartNumberMarker", &number.to_string());
        }
        element("MaxParts", &max.to_string());
        element("IsTruncated", if is_truncated { "true" } else { "false" });
        owner(&mut document, &request.bucket);
        for (number, part) in page {
            document.push_str("<Part>");
            xml_writer::element(&mut document, "PartNumber", &number.to_string());
            xml_writer::element(&mut document, "LastModified", &iso_date(part.uploaded));
            xml_writer::element(&mut document, "ETag", &part.etag());
            xml_writer::element(&mut document, "Size", &part.bytes.len().to_string());
            document.push_str("</Part>");
        }
        document.push_str("</ListPartsResult>");
        Ok(CosResponse::xml(document))
    }

    pub(crate) fn list_uploads(&self, request: &CosRequest) -> Result<CosResponse, CosError> {
        let prefix = request.parameter("prefix").unwrap_or_default();
        let mut document = format!("{}<ListMultipartUploadsResult>", xml_writer::HEAD);
        xml_writer::element(&mut document, "Bucket", &request.bucket);
        if is_url_encoded(request) {
            xml_writer::element(&mut document, "EncodingType", "url");
        }
        xml_writer::element(&mut document, "Prefix", &xml_writer::listed(prefix, is_url_encoded(request)));
        xml_writer::element(&mut document, "IsTruncated", "false");
        self.store.with_bucket(&request.bucket, |bucket| {
            for (id, upload) in bucket.uploads.iter().filter(|(_, upload)| upload.key.starts_with(prefix)) {
                document.push_str("<Upload>");
                let key = xml_writer::listed(&upload.key, is_url_encoded(request));
                xml_writer::element(&mut document, "Key", &key);
                xml_writer::element(&mut document, "UploadId", id);
                xml_writer::element(&mut document, "Initiated", &iso_date(upload.initiated));
                document.push_str("</Upload>");
            }
            Ok(())
        })?;
        document.push_str("</ListMultipartUploadsResult>");
        Ok(CosResponse::xml(document))
    }
}

fn is_url_encoded(request: &CosRequest) -> bool {
    request.parameter("encoding-type") == Some("url")
}
