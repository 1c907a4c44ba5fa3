//! Operations on the pixels of a [`Picture`](crate::imaging::picture::Picture).
//!
//! - [`source_scaler`]: scaling of [rows](source_rows) to all sizes while a source is decoded, each by a
//!   [`picture_scaler`];
//! - [`row_band`]: rows that come in tiles;
//! - [`reduce`]: box averaging in integer cells, before the kernel;
//! - [`alpha`] and [`linear_light`]: the forms that pixels take for that;
//! - [`resize`]: resampling of small pictures to smaller ones;
//! - [`placeholder`]: ThumbHash and dominant colour;
//! - [`canvas`]: padding, and rotation by any angle;
//! - [`sharpen`]: unsharp masking;
//! - [`blur`]: Gaussian blur;
//! - [`corners`]: round corners;
//! - [`overlay`]: the pixels of watermarks;
//! - [`subject`]: the window of a smart crop.
//!
//! Nothing here knows formats or profiles. Every operation gives the same bytes for the same input.

pub(crate) mod alpha;
pub(crate) mod blur;
pub(crate) mod canvas;
pub(crate) mod corners;
pub(crate) mod linear_light;
pub(crate) mod overlay;
pub(crate) mod picture_scaler;
pub(crate) mod placeholder;
pub(crate) mod reduce;
pub(crate) mod resize;
pub(crate) mod row_band;
pub(crate) mod sharpen;
pub(crate) mod source_rows;
pub(crate) mod source_scaler;
pub(crate) mod subject;
