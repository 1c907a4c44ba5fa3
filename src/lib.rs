//! cos-thumbnailer: the thumbnail function for Tencent Cloud.

pub mod cause;
pub mod config;
pub mod cos;
pub mod event;
pub mod http;
pub mod imaging;
pub mod object;
pub mod recipe;
pub mod runtime;
pub mod service;
