//! The language of values: from the text of one setting, or of one thumbnail, to its meaning.

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
mod words;
