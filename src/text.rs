//! Texts for errors and logs: causes joined in one line, excerpts, and escaped control characters.
//!
//! Texts from outside pass through here before they are printed.

use std::error::Error;
use std::fmt;

/// Joins the message of an error and those of its causes by colons. A cause that the text before it already
/// quotes is left out.
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
    text
}

/// Returns the first 100 characters, which is all that errors repeat of a text from outside.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Prints a text from outside on one line. Control characters are escaped, so that a key cannot forge a log
/// line.
pub(crate) struct Printable<'a>(pub(crate) &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if character.is_control() {
                write!(f, "{}", character.escape_unicode())?;
            } else {
                write!(f, "{character}")?;
            }
        }
        Ok(())
    }
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
}
