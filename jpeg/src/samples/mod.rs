//! Coefficients to rows of pixels.
//!
//! A [`transform`] turns a [`block_row`] into samples, with the arithmetic of `passes` and, for blocks of few
//! samples, `small_blocks`; all of them compute in the numbers of [`vector`](crate::vector). [`rows`]
//! gathers samples of all components, `upsample` and `interpolate` bring them to one resolution, and [`color`] makes
//! pixels of them. [`streamed`] does all that with the MCUs of a scan as they come.

pub(crate) mod block_row;
pub(crate) mod color;
mod interpolate;
mod passes;
pub(crate) mod rows;
mod small_blocks;
pub(crate) mod streamed;
pub(crate) mod transform;
mod upsample;
