//! Treatment of the labels of AI-generated content that a source carries.
//!
//! There are two: the implicit label of GB 45438-2025, whose field in metadata is named `AIGC`, and the digital source
//! type of IPTC.

use std::fmt;

/// Treatment of the labels that a source carries. A source without any gets none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AiLabels {
    /// Thumbnails carry none.
    Drop,
    /// Thumbnails carry those of their source.
    Keep {
        /// The service that spreads the thumbnails, named in a label that names none.
        propagator: Option<Propagator>,
    },
}

impl Default for AiLabels {
    fn default() -> Self {
        Self::Keep { propagator: None }
    }
}

/// Name or code of a service that spreads pictures: `ContentPropagator` of the label.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Propagator(String);

impl Propagator {
    /// Most characters. A code by TC260-PG-20252A has 27.
    pub const LONGEST: usize = 128;

    /// Takes 1 to 128 characters of printable ASCII other than space, quotation mark and backslash, which the strictest
    /// known reader of labels takes too.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = |byte| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~');
        let fits = (1..=Self::LONGEST).contains(&text.len()) && text.bytes().all(is_plain);
        fits.then(|| Self(text.to_owned()))
    }

    /// The text, which needs no escapes in JSON.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A part of the canonical form of a recipe, with a semicolon before it; nothing for the default. Quotation marks show
/// where a propagator ends.
impl fmt::Display for AiLabels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drop => f.write_str(";aigc=drop"),
            Self::Keep { propagator: None } => Ok(()),
            Self::Keep { propagator: Some(Propagator(code)) } => write!(f, ";aigc-propagator=\"{code}\""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn propagators_are_printable_ascii_without_escapes() {
        for text in ["001191110102MACQD9K64010001", "a", "!;=/{}~", &"x".repeat(128)] {
            assert_eq!(Propagator::parse(text).map(|code| code.as_str().to_owned()).as_deref(), Some(text));
        }
        for text in ["", "a b", "a\"", "a\\", "传播", "\u{7f}", "\t", &"x".repeat(129)] {
            assert_eq!(Propagator::parse(text), None, "{text}");
        }
    }
}
