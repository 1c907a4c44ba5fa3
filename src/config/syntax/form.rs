//! Forms of values: what a JSON schema says about the value of a setting or option.
//!
//! A form may take more than the parser, and never takes less: what it refuses is a mistake.

use std::ops::RangeInclusive;

/// The form of a value in `thumbnails.json`. Patterns are regular expressions in the subset that ECMAScript and the
/// crate `regex` share.
#[derive(Clone, Debug)]
pub(in crate::config) enum Form {
    /// Bytes: a number up to the limit, or a text with `k` or `m`.
    Bytes,
    /// A number with decimals.
    Decimal(RangeInclusive<u32>),
    /// A part of a side, 0 to 1.
    Fraction,
    /// A whole number.
    Number(RangeInclusive<u32>),
    /// A whole number, or a text that matches the pattern.
    NumberOr(RangeInclusive<u32>, &'static str),
    /// 0, 1, true or false.
    Switch,
    /// A text that matches the pattern. No number does.
    Text(&'static str),
    /// A text that matches the pattern, or an object with these members, of which the first is needed.
    TextOrMembers(&'static str, fn() -> Vec<(&'static str, Self)>),
    /// A text that matches the pattern, or a number.
    TextOrNumber(&'static str),
    /// One of the words.
    Words(fn() -> Vec<&'static str>),
    /// One of the words, or a text that matches the pattern, or a number.
    WordsOr(fn() -> Vec<&'static str>, &'static str),
}

/// The list that a value may be instead of one text.
#[derive(Clone, Debug)]
pub(in crate::config) struct ListForm {
    /// Separator that joins its items.
    pub(in crate::config) separator: &'static str,
    /// Most items.
    pub(in crate::config) longest: u8,
    pub(in crate::config) item: Form,
}

/// The words of a table.
pub(in crate::config) fn words<T>(table: &[(&'static str, T)]) -> Vec<&'static str> {
    table.iter().map(|(word, _)| *word).collect()
}

/// The value of a word in a table.
pub(in crate::config) fn find<T: Copy>(table: &[(&'static str, T)], text: &str) -> Option<T> {
    table.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
}
