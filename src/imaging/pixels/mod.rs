//! Operations on the pixels of a [`Picture`](crate::imaging::picture::Picture).
//!
//! - [`reduce`]: box averaging in integer cells while a source is decoded;
//! - [`resize`]: resampling to any size, with Lanczos or box kernels;
//! - [`split_alpha`] and [`linear_light`]: the forms that pixels take for resampling;
//! - [`canvas`]: padding, and rotation by any angle;
//! - [`sharpen`]: unsharp masking;
//! - [`subject`]: the window of a smart crop.
//!
//! Nothing here knows formats or profiles. Every operation gives the same bytes for the same input.

pub(crate) mod canvas;
pub(crate) mod linear_light;
pub(crate) mod reduce;
pub(crate) mod resize;
pub(crate) mod sharpen;
pub(crate) mod split_alpha;
pub(crate) mod subject;
