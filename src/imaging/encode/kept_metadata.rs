//! Metadata of the source in thumbnails.

use crate::imaging::source_properties::{SourceProperties, supports_metadata};
use crate::recipe::Recipe;

/// Metadata of the source that a thumbnail keeps.
#[derive(Clone, Debug, Default)]
pub(in crate::imaging) struct KeptMetadata<'a> {
    /// ICC profile of the pixels, which are RGB; without one they are sRGB.
    pub(in crate::imaging) profile: Option<&'a [u8]>,
    /// A block of EXIF, from its TIFF header on.
    pub(in crate::imaging) exif: Option<Vec<u8>>,
    /// A packet of XMP, at most 42 KB.
    pub(in crate::imaging) xmp: Option<Vec<u8>>,
}

impl<'a> KeptMetadata<'a> {
    /// The metadata that a recipe keeps of its source.
    pub(in crate::imaging) fn of(properties: &'a SourceProperties, recipe: &Recipe) -> Self {
        let keeps = recipe.keep.copyright && supports_metadata(recipe, properties.format);
        Self {
            profile: properties.kept_profile(recipe),
            exif: if keeps { properties.copyright.to_exif() } else { None },
            xmp: properties.labels(recipe),
        }
    }
}
