//! Requests and answers of the XML API, and the signatures on them.

pub(crate) mod dates;
pub(crate) mod error;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod signature;
pub(crate) mod xml;
pub(crate) mod xml_writer;
