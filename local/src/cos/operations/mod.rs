//! Operations of the XML API, as methods of [`Service`](crate::cos::service::Service).

pub(crate) mod acl;
mod append;
mod bucket;
mod cors;
mod form;
mod inventory;
mod listing;
mod multipart;
mod object;
mod processing;
mod tagging;
mod upload_listing;
mod versions;
