//! Bodies of form uploads (`multipart/form-data`), as far as POST Object (436/14690) reads them.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::CosRequest;

/// Largest text field, in bytes (436/14690 limits all fields but the file to 20 KB).
const FIELD_MAX: usize = 20 << 10;

/// Fields of a form upload.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Form {
    /// Text fields by lower-case name, except for the file.
    pub(crate) fields: BTreeMap<String, String>,
    /// Name that the browser gives the file.
    pub(crate) file_name: String,
    pub(crate) file: Bytes,
}

impl Form {
    /// Returns whether a request uploads a form.
    pub(crate) fn is_in(request: &CosRequest) -> bool {
        request.header("content-type").is_some_and(|kind| kind.starts_with("multipart/form-data"))
    }

    /// Reads the body of a request. The file must be the last field.
    pub(crate) async fn read(request: &CosRequest) -> Result<Self, CosError> {
        let kind = request.header("content-type").unwrap_or_default();
        let boundary = multer::parse_boundary(kind).map_err(malformed)?;
        let body = request.body.clone();
        let whole = futures_util::stream::once(async move { Ok::<_, std::io::Error>(body) });
        let mut parts = multer::Multipart::new(whole, boundary);
        let (mut fields, mut file) = (BTreeMap::new(), None);
        while let Some(part) = parts.next_field().await.map_err(malformed)? {
            let name = part.name().unwrap_or_default().to_ascii_lowercase();
            let file_name = part.file_name().unwrap_or_default().to_owned();
            let bytes = part.bytes().await.map_err(malformed)?;
            match (name.as_str(), &file) {
                ("file", None) => file = Some((file_name, bytes)),
                ("file", Some(_)) => return Err(ErrorCode::INCORRECT_NUMBER_OF_FILES.into()),
                (_, Some(_)) => {
                    let message =
                        format!("The field {name} comes after the file, which must be the last field.");
                    return Err(CosError::with_message(ErrorCode::MALFORMED_POST_REQUEST, message));
                }
                (_, None) => {
                    let text = String::from_utf8(bytes.to_vec()).ok().filter(|text| text.len() <= FIELD_MAX);
                    fields.insert(name, text.ok_or(ErrorCode::MALFORMED_POST_REQUEST)?);
                }
            }
        }
        let (file_name, file) = file.ok_or(ErrorCode::INCORRECT_NUMBER_OF_FILES)?;
        Ok(Self { fields, file_name, file })
    }

    /// Returns the text of a field.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

fn malformed(error: impl std::fmt::Display) -> CosError {
    CosError::with_message(ErrorCode::MALFORMED_POST_REQUEST, format!("The form is malformed: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(parts: &[(&str, &str)]) -> Result<Form, CosError> {
        let mut body = String::new();
        for (disposition, value) in parts {
            body += &format!("--b\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{value}\r\n");
        }
        let headers = [("content-type".to_owned(), "multipart/form-data; boundary=b".to_owned())];
        let mut request = CosRequest::for_tests("POST", "/", &headers);
        request.body = Bytes::from(body + "--b--\r\n");
        Form::read(&request).await
    }

    #[tokio::test]
    async fn fields_come_before_the_file() {
        let file = (r#"name="file"; filename="猫.jpg""#, "pixels\r\n--c");
        let form = read(&[(r#"name="Key""#, "in/${filename}"), file]).await.unwrap();
        assert_eq!((form.field("key"), form.file_name.as_str()), (Some("in/${filename}"), "猫.jpg"));
        assert_eq!(form.file, "pixels\r\n--c");
        let late = read(&[file, (r#"name="key""#, "k")]).await.unwrap_err();
        assert!(late.code() == "MalformedPOSTRequest" && late.message().contains("key comes after"));
        assert_eq!(read(&[file, file]).await.unwrap_err().code(), "IncorrectNumberOfFilesInPostRequest");
        let none = read(&[(r#"name="key""#, "k")]).await.unwrap_err();
        assert_eq!(none.code(), "IncorrectNumberOfFilesInPostRequest");
    }
}
