//! Operations of the XML API, as methods of [`Service`](crate::cos::service::Service).

mod bucket;
mod inventory;
mod multipart;
mod object;
mod processing;
