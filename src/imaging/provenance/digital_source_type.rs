//! The property `DigitalSourceType` of the IPTC Photo Metadata Standard: how a picture came about.

/// Beginnings of its values: the vocabulary of IPTC, in both spellings.
const VOCABULARY: [&str; 2] =
    ["http://cv.iptc.org/newscodes/digitalsourcetype/", "https://cv.iptc.org/newscodes/digitalsourcetype/"];

/// Most letters of a code. The longest of the vocabulary has 36.
const LONGEST_CODE: usize = 64;

/// A value as it was found: a URI of the vocabulary, or a code alone, as some writers store it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct DigitalSourceType(String);

impl DigitalSourceType {
    /// Takes a value whose code has letters only, so that it can hold nothing else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let code = VOCABULARY.iter().find_map(|beginning| text.strip_prefix(beginning)).unwrap_or(text);
        let is_code =
            (1..=LONGEST_CODE).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphabetic());
        is_code.then(|| Self(text.to_owned()))
    }

    /// The value, in ASCII that needs no escapes in XML.
    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_of_letters_are_values() {
        for text in [
            "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
            "https://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia",
            "trainedAlgorithmicMedia",
        ] {
            assert_eq!(DigitalSourceType::parse(&format!(" {text}\n")).unwrap().text(), text);
        }
        for text in [
            "",
            "http://cv.iptc.org/newscodes/digitalsourcetype/",
            "http://example.com/digitalsourcetype/trainedAlgorithmicMedia",
            "made by Ann",
            &"x".repeat(65),
        ] {
            assert_eq!(DigitalSourceType::parse(text), None, "{text}");
        }
    }
}
