//! Requests, responses, documents and signatures of the XML API.

pub(crate) mod error;
pub(crate) mod inventory;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod signature;
pub(crate) mod xml;
pub(crate) mod xml_writer;
