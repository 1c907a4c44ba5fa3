//! The boxes of HEIF files: items, where their bytes are, and their properties (ISO/IEC 14496-12; ISO/IEC 23008-12).
//!
//! Nothing here knows of the coding of an item.

pub(super) mod boxes;
pub(super) mod content;
pub(super) mod meta;
pub(super) mod property;
