//! Tags of objects and buckets: the document (436/34838, 42709), and the header `x-cos-tagging`.

use percent_encoding::{percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::UNRESERVED;
use crate::cos::wire::xml;

/// Longest key and value of a tag, in characters.
const KEY_MAX: usize = 127;
const VALUE_MAX: usize = 255;

/// The document `Tagging`.
#[derive(Deserialize, Serialize)]
struct Tagging {
    #[serde(rename = "TagSet")]
    set: TagSet,
}

/// Tags of one object or bucket.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct TagSet {
    #[serde(rename = "Tag", default)]
    tags: Vec<Tag>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    value: String,
}

impl TagSet {
    /// Reads a document of at most `max` tags.
    pub(crate) fn read(body: &[u8], max: usize) -> Result<Self, CosError> {
        let Tagging { set } = xml::read(body)?;
        set.checked(max)
    }

    /// Reads the header, `a=b&c=d` with encoded names and values.
    pub(crate) fn read_header(text: &str, max: usize) -> Result<Self, CosError> {
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let tags = pairs.map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            Tag { key: decode(key), value: decode(value) }
        });
        Self { tags: tags.collect() }.checked(max)
    }

    fn checked(self, max: usize) -> Result<Self, CosError> {
        let is_valid = |tag: &Tag| {
            let length = tag.key.chars().count();
            (1..=KEY_MAX).contains(&length) && tag.value.chars().count() <= VALUE_MAX
        };
        let mut keys: Vec<&str> = self.tags.iter().map(|tag| tag.key.as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        if self.tags.len() <= max && keys.len() == self.tags.len() && self.tags.iter().all(is_valid) {
            Ok(self)
        } else {
            let message = format!(
                "Tags have different keys of 1 to {KEY_MAX} characters, and there are at most {max}."
            );
            Err(CosError::with_message(ErrorCode::INVALID_ARGUMENT, message))
        }
    }

    /// Writes the document.
    pub(crate) fn document(&self) -> Result<String, CosError> {
        xml::write(&Tagging { set: self.clone() })
    }

    /// Writes the header.
    pub(crate) fn header(&self) -> String {
        let encode = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
        let pairs: Vec<String> =
            self.tags.iter().map(|tag| format!("{}={}", encode(&tag.key), encode(&tag.value))).collect();
        pairs.join("&")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_and_document_express_the_same_tags() {
        let tags = TagSet::read_header("a=b%20c&%E7%8C%AB=", 10).unwrap();
        let document = "<Tagging><TagSet><Tag><Key>a</Key><Value>b c</Value></Tag><Tag><Key>猫</Key><Value/></Tag>\
            </TagSet></Tagging>";
        assert_eq!(tags.document().unwrap(), document);
        assert_eq!(TagSet::read(document.as_bytes(), 10).unwrap(), tags);
        assert_eq!(tags.header(), "a=b%20c&%E7%8C%AB=");
        for text in ["a=1&a=2", "a=1&b=2&c=3", "=1"] {
            assert_eq!(TagSet::read_header(text, 2).unwrap_err().code(), "InvalidArgument", "{text}");
        }
    }
}
