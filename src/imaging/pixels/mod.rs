//! Operations on pixels.

pub(crate) mod canvas;
pub(crate) mod linear_light;
pub(crate) mod reduce;
pub(crate) mod resize;
pub(crate) mod sharpen;
pub(crate) mod split_alpha;
pub(crate) mod subject;
