//! cos-thumbnailer: the thumbnail function for Tencent Cloud.

pub mod cause;
pub mod config;
pub mod cos;
pub mod credentials;
pub mod error;
pub mod event;
pub mod http;
pub mod imaging;
pub mod object;
pub mod plan;
pub mod recipe;
pub mod report;
pub mod runtime;
pub mod service;
