//! Words between slashes, read from left to right, and the arguments among them.

use std::ops::RangeInclusive;

use super::refusal::Refusal;
use super::sizes::{self, Flaw};
use crate::config::source::watermark_files::WatermarkFiles;

/// Forms of values that Tencent's own operations have as well.
pub(super) const SWITCH: &str = "0 or 1";
pub(super) const NUMBER_TO_100: &str = "<n> from 1 to 100";

/// The words of one text.
pub(super) struct Words<'a> {
    words: std::iter::Peekable<std::str::Split<'a, char>>,
    /// Files that a word may name.
    files: &'a WatermarkFiles,
}

impl<'a> Words<'a> {
    /// All words.
    pub(super) fn new(text: &'a str, files: &'a WatermarkFiles) -> Self {
        Self { words: text.split('/').peekable(), files }
    }

    /// The words after the first, which the caller knows.
    pub(super) fn after_first(text: &'a str, files: &'a WatermarkFiles) -> Self {
        let mut words = Self::new(text, files);
        words.next();
        words
    }

    pub(super) fn next(&mut self) -> Option<&'a str> {
        self.words.next()
    }

    pub(super) fn next_is(&mut self, word: &str) -> bool {
        self.words.next_if(|next| *next == word).is_some()
    }

    /// `true` if there are no words, or only a slash.
    pub(super) fn are_none(&mut self) -> bool {
        self.words.peek().is_none_or(|first| first.is_empty())
    }

    pub(super) fn peek(&mut self) -> Option<&'a str> {
        self.words.peek().copied()
    }

    /// The next word, as the argument of an operation.
    pub(super) fn argument(
        &mut self,
        operation: &'static str,
        form: &'static str,
    ) -> Result<Argument<'a>, Refusal> {
        let files = self.files;
        Argument::new(operation, self.next().unwrap_or_default(), form, files)
    }
}

/// The argument of an operation or option.
#[derive(Clone, Copy, Debug)]
pub(super) struct Argument<'a> {
    operation: &'static str,
    /// Not empty.
    pub(super) text: &'a str,
    /// Form of the argument, for people.
    form: &'static str,
    /// Files that the argument may name.
    pub(super) files: &'a WatermarkFiles,
}

impl<'a> Argument<'a> {
    pub(super) fn new(
        operation: &'static str,
        text: &'a str,
        form: &'static str,
        files: &'a WatermarkFiles,
    ) -> Result<Self, Refusal> {
        if text.is_empty() {
            return Err(Refusal::Argument { operation, form });
        }
        Ok(Self { operation, text, form, files })
    }

    /// One of few words.
    pub(super) fn choice<T: Copy>(self, choices: &[(&str, T)]) -> Result<T, Refusal> {
        self.known(choices.iter().find(|(word, _)| *word == self.text).map(|(_, choice)| *choice))
    }

    /// `0` or `1`.
    pub(super) fn switch(self) -> Result<bool, Refusal> {
        self.choice(&[("0", false), ("1", true)])
    }

    /// A whole number.
    pub(super) fn number(self, allowed: RangeInclusive<u32>) -> Result<u32, Refusal> {
        self.sound(sizes::number(self.text, self.operation, allowed))
    }

    /// The value that was found for the text, or the refusal of the text.
    pub(super) fn known<T>(self, value: Option<T>) -> Result<T, Refusal> {
        value.ok_or_else(|| self.refuse(Flaw::Form))
    }

    /// The value that the text was parsed to, or its refusal.
    pub(super) fn sound<T>(self, value: Result<T, Flaw>) -> Result<T, Refusal> {
        value.map_err(|flaw| self.refuse(flaw))
    }

    pub(super) fn refuse(self, flaw: Flaw) -> Refusal {
        let Self { operation, text, form, .. } = self;
        match flaw {
            Flaw::Form => Refusal::Form { operation, argument: text.to_owned(), form },
            Flaw::Range { number, what, allowed } => Refusal::range(number, what, &allowed),
            Flaw::Hundredths { number, what, allowed } => Refusal::hundredths(number, what, &allowed),
        }
    }
}

/// Fills a place that can be filled only once.
pub(super) fn once<T>(place: &mut Option<T>, value: T, operation: &'static str) -> Result<(), Refusal> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Refusal::Repeated(operation)),
    }
}
