//! Coefficients to rows of pixels.

pub(crate) mod block_row;
pub(crate) mod color;
mod passes;
pub(crate) mod rows;
mod small_blocks;
pub(crate) mod streamed;
pub(crate) mod transform;
mod upsample;
mod vector;
