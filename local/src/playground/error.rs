//! Errors of calls, with the status of their answers.

use std::io;

use hyper::StatusCode;

use crate::playground::configuration::ConfigurationError;
use crate::playground::guard::Refusal;

/// Reason why a call has no result.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    /// The call is not what the page sends.
    #[error("the call cannot be read: {0}")]
    Call(String),
    /// The configuration contains something that cannot be tried here.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The local COS refused a request.
    #[error("the local COS answered {status} to {method} {object}: {message}")]
    Cos {
        /// Method of the request.
        method: String,
        /// Bucket and key.
        object: String,
        /// HTTP status.
        status: u16,
        /// `Code` and `Message` of the error document.
        message: String,
    },
    /// The local COS cannot be reached.
    #[error("the local COS cannot be reached: {0}")]
    CosConnection(String),
    /// COS sent no event after an upload.
    #[error("the local COS sent no event for {0}")]
    NoEvent(String),
    /// There is no such address, file or object.
    #[error("there is nothing at this address")]
    NotFound,
    /// A photo must be uploaded before the function can run for it.
    #[error("{0} was not uploaded since this program was started; choose the photo again")]
    NotUploaded(String),
    /// The program of the function cannot be run.
    #[error("the program of the function cannot be run: {0}")]
    Program(io::Error),
    /// The program of the function takes too long.
    #[error("the program of the function did not end within {0} s")]
    ProgramTimeout(u64),
    /// The program of the function rendered nothing, for this reason.
    #[error("the program of the function renders nothing: {0}")]
    Rendering(String),
    /// The request does not come from the page.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The body is larger than allowed.
    #[error("the body is larger than {0} MB")]
    TooLarge(usize),
    /// The files of the function cannot be written.
    #[error("the folder of the function cannot be written: {0}")]
    Folder(io::Error),
}

impl ApiError {
    /// The error of an answer that lacks a thumbnail.
    pub(super) fn nothing_rendered() -> Self {
        Self::Rendering("its answer lacks the thumbnail".to_owned())
    }

    /// Returns the status of the answer.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Call(_) | Self::Configuration(_) => StatusCode::BAD_REQUEST,
            Self::Cos { .. } | Self::CosConnection(_) | Self::NoEvent(_) => StatusCode::BAD_GATEWAY,
            Self::Folder(_) | Self::Program(_) | Self::ProgramTimeout(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::NotUploaded(_) => StatusCode::CONFLICT,
            Self::Refused(_) => StatusCode::FORBIDDEN,
            Self::Rendering(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }
}
