//! Requests, responses and documents of the XML API.

pub(crate) mod acl;
pub(crate) mod cors;
pub(crate) mod error;
pub(crate) mod form;
pub(crate) mod inventory;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod tagging;
pub(crate) mod xml;
pub(crate) mod xml_writer;
