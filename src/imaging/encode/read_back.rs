//! Pixels of a file that an encoder has just written, as other programs see them. The encoder of AVIF tells its own.

use thumbnail_jpeg::Scale;

use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Depth, Layout, Picture};
use crate::recipe::Format;

/// Decodes a file of this format and size.
///
/// # Errors
/// The decoder's description; such as of a format that is not read here.
pub(super) fn pixels(file: &[u8], format: Format, size: Size) -> Result<Picture, String> {
    match format {
        Format::Jpeg => {
            let mut samples = Vec::new();
            thumbnail_jpeg::decode(file, Scale::Full, |row| samples.extend_from_slice(row))
                .map_err(|error| error.to_string())?;
            let is_grey = u64::try_from(samples.len()).is_ok_and(|length| length == size.pixels());
            let layout = if is_grey { Layout::Grey } else { Layout::Rgb };
            Ok(Picture { size, layout, depth: Depth::Eight, samples })
        }
        Format::WebP => webp(file, size),
        Format::Avif | Format::Gif | Format::Png => Err("it is not read back".to_owned()),
    }
}

#[cfg(feature = "libwebp")]
fn webp(file: &[u8], size: Size) -> Result<Picture, String> {
    let (samples, ..) = webpx::decode_rgba(file).map_err(|error| error.error().to_string())?;
    Ok(Picture { size, layout: Layout::RgbAlpha, depth: Depth::Eight, samples }.drop_opaque_alpha())
}

#[cfg(not(feature = "libwebp"))]
fn webp(_file: &[u8], _size: Size) -> Result<Picture, String> {
    Err("it is not read back".to_owned())
}
