//! The language of values: from the text of one setting, or of one thumbnail, to its meaning.

#[cfg(test)]
mod effect_tests;
pub(super) mod form;
mod image_mogr2;
mod image_view2;
pub(super) mod options;
mod plain;
mod refusal;
mod sizes;
#[cfg(test)]
mod tests;
pub(super) mod thumbnail;
pub(super) mod values;
mod watermark;
mod words;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Texts as Tencent writes them: URL-safe base64, with or without its padding.
const TENCENT_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The text of a value in base64.
fn base64_text(value: &str) -> Option<String> {
    String::from_utf8(TENCENT_BASE64.decode(value).ok()?).ok()
}
