//! Errors of COS: code, status and message (436/7730).

use std::io;

use crate::cos::wire::xml_writer;

/// Error code with its HTTP status and usual message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ErrorCode {
    pub(crate) name: &'static str,
    pub(crate) status: u16,
    pub(crate) message: &'static str,
}

macro_rules! codes {
    ($($constant:ident = $status:literal $name:literal $message:literal;)*) => {
        impl ErrorCode {
            $(pub(crate) const $constant: Self = Self { name: $name, status: $status, message: $message };)*

            /// Every code that the local COS returns on its own.
            const ALL: &'static [Self] = &[$(Self::$constant),*];
        }
    };
}

codes! {
    ACCESS_DENIED = 403 "AccessDenied" "Access Denied.";
    ACCESS_FORBIDDEN = 403 "AccessForbidden" "CORSResponse: This CORS request is not allowed. This is usually because the evaluation of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.";
    APPEND_POSITION_ERR = 409 "AppendPositionErr" "The position does not equal the length of the object.";
    BAD_DIGEST = 400 "BadDigest" "The Content-MD5 you specified did not match what we received.";
    BUCKET_ALREADY_OWNED = 409 "BucketAlreadyOwnedByYou" "The bucket you are trying to create already exists, and you are the owner.";
    BUCKET_NOT_EMPTY = 409 "BucketNotEmpty" "The bucket you tried to delete is not empty.";
    CONTENT_SHA256_MISMATCH = 400 "XAmzContentSHA256Mismatch" "The provided 'x-amz-content-sha256' header does not match what was computed.";
    ENTITY_TOO_SMALL = 400 "EntityTooSmall" "Your proposed upload is smaller than the minimum allowed size.";
    EXPIRED_TOKEN = 400 "ExpiredToken" "The provided token has expired.";
    FILE_ALREADY_EXISTS = 409 "FileAlreadyExists" "The file already exists and overwriting is forbidden.";
    INCORRECT_NUMBER_OF_FILES = 400 "IncorrectNumberOfFilesInPostRequest" "POST requires exactly one file upload per request.";
    INTERNAL_ERROR = 500 "InternalError" "We encountered an internal error. Please try again.";
    INVALID_ACCESS_KEY_ID = 403 "InvalidAccessKeyId" "The Access Key Id you provided does not exist in our records.";
    INVALID_ARGUMENT = 400 "InvalidArgument" "Invalid Argument.";
    INVALID_BUCKET_NAME = 400 "InvalidBucketName" "The specified bucket is not valid.";
    INVALID_DIGEST = 400 "InvalidDigest" "The Content-MD5 you specified was invalid.";
    INVALID_OBJECT_NAME = 400 "InvalidObjectName" "The specified object name is not valid.";
    INVALID_OBJECT_STATE = 403 "InvalidObjectState" "The operation is not valid for the object's storage class.";
    INVALID_PART = 400 "InvalidPart" "One or more of the specified parts could not be found.";
    INVALID_PART_ORDER = 400 "InvalidPartOrder" "The list of parts was not in ascending order.";
    INVALID_POLICY_DOCUMENT = 400 "InvalidPolicyDocument" "The content of the form does not meet the conditions specified in the policy document.";
    INVALID_RANGE = 416 "InvalidRange" "The requested range is not satisfiable.";
    INVENTORY_FULL = 400 "InventoryFull" "The number of inventory configurations of the bucket has reached the limit.";
    INVENTORY_NOT_FOUND = 404 "InventoryConfigurationNotFoundError" "The specified inventory configuration does not exist.";
    KEY_TOO_LONG = 400 "KeyTooLong" "Your key is too long.";
    MALFORMED_POST_REQUEST = 400 "MalformedPOSTRequest" "The body of your POST request is not well-formed multipart/form-data.";
    MALFORMED_XML = 400 "MalformedXML" "The XML you provided was not well-formed or did not validate against our published schema.";
    METADATA_TOO_LARGE = 400 "MetadataTooLarge" "Your metadata headers exceed the maximum allowed metadata size.";
    METHOD_NOT_ALLOWED = 405 "MethodNotAllowed" "The specified method is not allowed against this resource.";
    MISSING_CONTENT_LENGTH = 411 "MissingContentLength" "You must provide the Content-Length HTTP header.";
    NOT_IMPLEMENTED = 501 "NotImplemented" "This operation is not part of the local COS.";
    NOT_MODIFIED = 304 "NotModified" "Not modified.";
    NO_SUCH_BUCKET = 404 "NoSuchBucket" "The specified bucket does not exist.";
    NO_SUCH_CORS_CONFIGURATION = 404 "NoSuchCORSConfiguration" "The CORS configuration does not exist.";
    NO_SUCH_KEY = 404 "NoSuchKey" "The specified key does not exist.";
    NO_SUCH_TAG_SET = 404 "NoSuchTagSet" "The TagSet does not exist.";
    NO_SUCH_UPLOAD = 404 "NoSuchUpload" "The specified multipart upload does not exist.";
    NO_SUCH_VERSION = 404 "NoSuchVersion" "The specified version does not exist.";
    OBJECT_NOT_APPENDABLE = 409 "ObjectNotAppendable" "The object is not appendable.";
    PATH_STYLE_DOMAIN_FORBIDDEN = 403 "PathStyleDomainForbidden" "The bucket you are attempting to access must be addressed using COS virtual-styled domain.";
    PRECONDITION_FAILED = 412 "PreconditionFailed" "At least one of the preconditions you specified did not hold.";
    REQUEST_TIME_TOO_SKEWED = 403 "RequestTimeTooSkewed" "The difference between the request time and the current time is too large.";
    RESTORE_ALREADY_IN_PROGRESS = 409 "RestoreAlreadyInProgress" "Object restore is already in progress.";
    RESTORE_NON_ARCHIVE_OBJECT = 405 "RestoreNonArchiveObject" "The object is not in an archive storage class.";
    SERVICE_UNAVAILABLE = 503 "ServiceUnavailable" "Please reduce your request rate.";
    SIGNATURE_DOES_NOT_MATCH = 403 "SignatureDoesNotMatch" "The Signature you specified is invalid.";
    SLOW_DOWN = 503 "SlowDown" "Reduce your request rate.";
}

impl ErrorCode {
    /// Returns the usual message of a code, for injected faults.
    pub(crate) fn message_of(name: &str) -> &'static str {
        Self::ALL.iter().find(|code| code.name == name).map_or("Injected fault.", |code| code.message)
    }
}

/// Error response.
#[derive(Clone, Debug)]
pub(crate) struct CosError {
    pub(crate) status: u16,
    code: String,
    message: String,
    /// Further members of the document, such as the text that was signed.
    details: Vec<(&'static str, String)>,
    /// Advice for the terminal, which the document of COS does not have.
    hint: Option<Box<str>>,
    /// Headers besides the common ones.
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl CosError {
    /// Creates an error with a message of its own.
    pub(crate) fn with_message(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::from(code) }
    }

    /// Creates an error with any code, for injected faults.
    pub(crate) fn injected(status: u16, code: &str) -> Self {
        let message = ErrorCode::message_of(code).to_owned();
        let (details, hint, headers) = (Vec::new(), None, Vec::new());
        Self { status, code: code.to_owned(), message, details, hint, headers }
    }

    /// Adds a member to the document.
    pub(crate) fn detail(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push((name, value.into()));
        self
    }

    /// Adds advice for the terminal.
    pub(crate) fn hint(mut self, text: impl Into<String>) -> Self {
        self.hint = Some(text.into().into_boxed_str());
        self
    }

    /// Adds a header to the response.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Returns the further members of the document.
    pub(crate) fn details(&self) -> &[(&'static str, String)] {
        &self.details
    }

    /// Returns the advice for the terminal.
    pub(crate) fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Returns the name of the code.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// Returns the message.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Writes the XML document in the layout of COS.
    pub(crate) fn document(&self, resource: &str, request_id: &str) -> String {
        let mut text = String::from("<?xml version='1.0' encoding='utf-8' ?>\n<Error>\n");
        let members = [("Code", self.code.as_str()), ("Message", self.message.as_str())];
        let details = self.details.iter().map(|(name, value)| (*name, value.as_str()));
        let identification = [("Resource", resource), ("RequestId", request_id), ("TraceId", request_id)];
        for (name, value) in members.into_iter().chain(details).chain(identification) {
            text.push('\t');
            xml_writer::element(&mut text, name, value);
            text.push('\n');
        }
        text.push_str("</Error>\n");
        text
    }
}

impl From<ErrorCode> for CosError {
    fn from(code: ErrorCode) -> Self {
        Self {
            status: code.status,
            code: code.name.to_owned(),
            message: code.message.to_owned(),
            details: Vec::new(),
            hint: None,
            headers: Vec::new(),
        }
    }
}

impl From<io::Error> for CosError {
    fn from(error: io::Error) -> Self {
        Self::with_message(
            ErrorCode::INTERNAL_ERROR,
            format!("a file of the local COS cannot be read or written: {error}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_equals_that_of_the_service() {
        let error = CosError::from(ErrorCode::NO_SUCH_KEY);
        assert_eq!(
            error.document("b-1250000000.cos.ap-guangzhou.myqcloud.com/a<b", "Tm8="),
            "<?xml version='1.0' encoding='utf-8' ?>\n<Error>\n\t<Code>NoSuchKey</Code>\n\
             \t<Message>The specified key does not exist.</Message>\n\
             \t<Resource>b-1250000000.cos.ap-guangzhou.myqcloud.com/a&lt;b</Resource>\n\
             \t<RequestId>Tm8=</RequestId>\n\t<TraceId>Tm8=</TraceId>\n</Error>\n"
        );
    }
}
