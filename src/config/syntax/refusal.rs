//! Why a text is no way to make a thumbnail, and what to write instead.

use super::sizes::Flaw;

/// Why a text is no way to make a thumbnail. Each reads as the rule that a value breaks.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(in crate::config) enum Refusal {
    #[error("{operation} needs a value: {form}")]
    Argument { operation: &'static str, form: &'static str },
    #[error("{operation} is not supported: {reason}")]
    Foreign { operation: &'static str, reason: &'static str },
    #[error("{argument:?} is not a value of {operation}, which reads {form}")]
    Form { operation: &'static str, argument: String, form: &'static str },
    #[error("{0:?} cannot be joined with |; join imageMogr2/… and imageView2/…")]
    Link(String),
    #[error("{operation} has no effect without {needs}; add that or remove {operation}")]
    Lonely { operation: &'static str, needs: &'static str },
    #[error("{text} names no operation; write one such as {example}")]
    NoOperation { text: &'static str, example: &'static str },
    #[error("{number} is out of range; {what} goes from {least} to {most}")]
    Range { number: String, what: &'static str, least: u32, most: u32 },
    #[error("{0} stands there twice; keep one")]
    Repeated(&'static str),
    #[error(
        "a thumbnail reads 300x300, 300x, x300, each also with options as in 300x300/fit/cover, or imageMogr2/… \
         or imageView2/… in Tencent's syntax"
    )]
    Size,
    #[error("{0} operations are joined with |, at most 10 may be; leave some out")]
    TooMany(usize),
    #[error("{operation:?} is not supported; {form} takes {known}")]
    Unsupported { operation: String, form: &'static str, known: &'static str },
}

impl Refusal {
    /// The refusal of an operation's argument.
    pub(super) fn of(flaw: Flaw, operation: &'static str, argument: &str, form: &'static str) -> Self {
        match flaw {
            Flaw::Form => Self::form(operation, argument, form),
            Flaw::Range { number, what, allowed } => {
                Self::Range { number, what, least: *allowed.start(), most: *allowed.end() }
            }
        }
    }

    pub(super) fn form(operation: &'static str, argument: &str, form: &'static str) -> Self {
        Self::Form { operation, argument: argument.to_owned(), form }
    }

    /// The refusal of an operation that Tencent has and we have not.
    pub(super) fn foreign(name: &str) -> Option<Self> {
        const EFFECT: &str = "effects are left to what shows the picture; remove it";
        const ROUND: &str =
            "round corners where the picture is shown, as with border-radius in CSS; remove it";
        const FOREIGN: [(&str, &str); 10] = [
            ("blur", EFFECT),
            ("bright", EFFECT),
            ("cgif", "thumbnails show the first frame; remove it"),
            ("contrast", EFFECT),
            (
                "ignore-error",
                "a source that cannot become a thumbnail fails with its reason and is never stored in its \
                 place; remove it",
            ),
            ("iradius", ROUND),
            ("rradius", ROUND),
            ("scrop", "no faces are searched for; write thumbnail/!<W>x<H>r/gravity/auto/crop/<W>x<H>"),
            ("style", "styles are stored at Tencent; write what the style says"),
            ("watermark", "thumbnails bear no marks; remove it"),
        ];
        let (operation, reason) = FOREIGN.into_iter().find(|(operation, _)| *operation == name)?;
        Some(Self::Foreign { operation, reason })
    }
}
