//! Texts for errors, logs and answers: one printable form of whatever comes from outside.
//!
//! Keys, headers, configuration values and bodies of errors may hold anything. `sentence`, [`Printable`] and [`json`]
//! are the doors through which they leave this program, so no text can forge a line, hide another or reorder it.

use std::error::Error;
use std::fmt::{self, Write as _};

use serde::Serialize;

/// Most characters of a sentence. The texts from outside in it are shorter, so only a list in it can be cut.
const MAX_SENTENCE: usize = 2000;

/// Joins the message of an error and those of its causes by colons, in printable form. A cause that the text before it
/// already quotes is left out.
#[must_use]
pub(crate) fn sentence(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    Printable(&first(&text, MAX_SENTENCE)).to_string()
}

/// Returns the first 100 characters, which is all that errors repeat of a text from outside.
pub(crate) fn excerpt(text: &str) -> String {
    first(text, 100)
}

/// Returns the first characters, and an ellipsis for the others.
pub(crate) fn first(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Writes a value as JSON on one line. The texts in it keep their characters; those without a shape of their own are
/// escaped (RFC 8259, 7).
///
/// # Errors
/// Those of the serializer.
pub fn json(value: &impl Serialize) -> serde_json::Result<String> {
    let text = serde_json::to_string(value)?;
    if !text.contains(is_unprintable) {
        return Ok(text);
    }
    let mut escaped = String::with_capacity(text.len().saturating_mul(2));
    for character in text.chars() {
        if is_unprintable(character) {
            // All such characters stand in strings, and serde_json has escaped the control characters among them.
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    Ok(escaped)
}

/// Prints a text from outside on one line: characters without a shape of their own are escaped, as in `\u{a}`.
#[derive(Clone, Copy, Debug)]
pub struct Printable<'a>(pub &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if is_unprintable(character) {
                write!(f, "{}", character.escape_unicode())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

/// Returns `true` for characters that end a line, change the direction of others, or cannot be seen: control characters,
/// separators, and the format characters of Unicode (Cc, Zl, Zp, Cf) that names have no use for. The joiners U+200C and
/// U+200D stay: Persian, Indic and emoji names need them.
fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{words}")]
    struct Layer {
        words: &'static str,
        source: Option<Box<Self>>,
    }

    fn layers(words: &[&'static str]) -> Option<Box<Layer>> {
        let (first, rest) = words.split_first()?;
        Some(Box::new(Layer { words: first, source: layers(rest) }))
    }

    #[test]
    fn causes_follow_once() {
        let error = layers(&["the upload failed: no route", "no route", "cable"]).unwrap();
        assert_eq!(sentence(error.as_ref()), "the upload failed: no route: cable");
    }

    #[test]
    fn a_text_cannot_forge_hide_or_reorder_what_is_printed() {
        let table = [
            ("a.jpg\n{\"level\":\"error\"}\r", "a.jpg\\u{a}{\"level\":\"error\"}\\u{d}"),
            ("\u{1b}[2J\0\u{85}", "\\u{1b}[2J\\u{0}\\u{85}"),
            ("gpj\u{202e}.exe\u{2066}", "gpj\\u{202e}.exe\\u{2066}"),
            (
                "a\u{2028}b\u{2029}c\u{feff}\u{200b}\u{e0041}",
                "a\\u{2028}b\\u{2029}c\\u{feff}\\u{200b}\\u{e0041}",
            ),
            (
                "图片/猫 1+2%.jpg \\ 👨\u{200d}👩 می\u{200c}خواهم",
                "图片/猫 1+2%.jpg \\ 👨\u{200d}👩 می\u{200c}خواهم",
            ),
        ];
        for (text, printed) in table {
            assert_eq!(Printable(text).to_string(), printed);
            assert_eq!(Printable(printed).to_string(), printed, "a second time changes nothing");
            let line = json(&text).unwrap();
            assert!(!line.contains(is_unprintable), "{line}");
            assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
        }
    }

    #[test]
    fn sentences_are_printable_and_bounded() {
        let layer = Layer { words: "key a\nb", source: layers(&["\u{202e}"]) };
        assert_eq!(sentence(&layer), "key a\\u{a}b: \\u{202e}");
        #[derive(Debug, thiserror::Error)]
        #[error("{}", "x".repeat(100_000))]
        struct Long;
        assert_eq!(sentence(&Long).chars().count(), MAX_SENTENCE + 1);
    }
}
