//! cos-thumbnailer: the thumbnail function for Tencent Cloud.

pub mod event;
pub mod object;
pub mod recipe;
pub mod service;
