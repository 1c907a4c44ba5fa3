//! The target keys of one thumbnail for one class of sources, as a sequence of character sets.

use std::collections::VecDeque;

use crate::config::rule::ThumbnailRule;
use crate::config::template::{Field, Piece, Template};

/// The end of file names in one class of sources.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Tail<'a> {
    /// A dot and any extension, which may be empty.
    Any,
    /// A dot and this extension, in lower case here.
    Known(&'a str),
    /// No dot, but for one at the beginning of the name.
    None,
}

/// A set of characters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Set {
    Any,
    /// One letter, also in the other case where it is ASCII.
    EitherCase(char),
    HexDigit,
    NotSlash,
    NotSlashOrDot,
    One(char),
}

impl Set {
    fn has(self, character: char) -> bool {
        match self {
            Self::Any => true,
            Self::EitherCase(letter) => letter.eq_ignore_ascii_case(&character),
            Self::HexDigit => matches!(character, '0'..='9' | 'a'..='f'),
            Self::NotSlash => character != '/',
            Self::NotSlashOrDot => !matches!(character, '/' | '.'),
            Self::One(only) => only == character,
        }
    }

    /// A character of both sets. The sets of many characters all hold `a`, and the others can be tried one by one.
    fn common(self, other: Self) -> Option<char> {
        let tried = |set: Self| match set {
            Self::Any | Self::HexDigit | Self::NotSlash | Self::NotSlashOrDot => ['a', 'a'],
            Self::EitherCase(letter) => [letter, letter.to_ascii_uppercase()],
            Self::One(only) => [only, only],
        };
        let mut tried = tried(self).into_iter().chain(tried(other));
        tried.find(|character| self.has(*character) && other.has(*character))
    }
}

/// One place of a pattern.
#[derive(Clone, Copy, Debug)]
struct Atom {
    set: Set,
    /// Any number of characters instead of one.
    repeats: bool,
    /// Index of the piece of the template that it belongs to.
    piece: usize,
    /// Index of a digit in the hash that the piece is.
    digit: Option<usize>,
}

/// The way in which two walks have to differ.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Difference {
    /// They do from the start: any common word counts.
    Given,
    /// They do not read all digits of a hash in the same places.
    InHash,
    /// They give a character to different pieces.
    InPieces,
}

impl Difference {
    /// True if the walks differ by a character that both read.
    fn is_at(self, one: &Atom, other: &Atom) -> bool {
        match self {
            Self::Given => true,
            Self::InHash => {
                (one.digit.is_some() || other.digit.is_some())
                    && (one.piece, one.digit) != (other.piece, other.digit)
            }
            Self::InPieces => one.piece != other.piece,
        }
    }
}

/// The target keys of one thumbnail for one class of sources.
#[derive(Debug)]
pub(super) struct Pattern<'a> {
    pub(super) thumbnail: &'a ThumbnailRule,
    tail: Tail<'a>,
    pieces: Vec<Piece>,
    atoms: Vec<Atom>,
}

/// A pair of positions: how many atoms of either pattern are done, and whether the two walks differ by now.
type Position = (usize, usize, bool);

impl<'a> Pattern<'a> {
    pub(super) fn new(
        template: &Template,
        thumbnail: &'a ThumbnailRule,
        in_folder: bool,
        tail: Tail<'a>,
    ) -> Self {
        let pieces = template.pieces(&thumbnail.name, thumbnail.recipe.format);
        let atoms = pieces.iter().enumerate().flat_map(|(index, piece)| {
            let sets = match piece {
                Piece::Fixed(text) => text.chars().map(|c| (Set::One(c), false)).collect(),
                Piece::Open(field) => sets_of(*field, in_folder, tail),
            };
            let is_hash = matches!(piece, Piece::Open(Field::Hash(_)));
            let atom =
                move |(at, (set, repeats))| Atom { set, repeats, piece: index, digit: is_hash.then_some(at) };
            sets.into_iter().enumerate().map(atom)
        });
        Self { atoms: atoms.collect(), thumbnail, tail, pieces }
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// A word of both patterns, as the values that it gives to the pieces of each. The two walks through it have to
    /// differ in this way. Searches breadth first, so that the word is short.
    pub(super) fn meets(&self, other: &Self, difference: Difference) -> Option<(Vec<String>, Vec<String>)> {
        let width = other.atoms.len().saturating_add(1);
        let index = |(i, j, differs): Position| (i * width + j) * 2 + usize::from(differs);
        let end = (self.atoms.len(), other.atoms.len(), true);
        let start = (0, 0, difference == Difference::Given);
        // Where each pair of positions was reached from, and with which character.
        let mut reached: Vec<Option<(Position, Option<char>)>> = vec![None; index(end).saturating_add(1)];
        let mut queue = VecDeque::from([start]);
        while let Some(at) = queue.pop_front() {
            if at == end {
                return Some(self.retrace(other, end, |at| *reached.get(index(at))?));
            }
            for (next, character) in self.steps(other, at, difference).into_iter().flatten() {
                if let Some(free @ None) = reached.get_mut(index(next))
                    && next != start
                {
                    *free = Some((at, character));
                    queue.push_back(next);
                }
            }
        }
        None
    }

    /// The positions after a pair of positions: over the end of a repetition of either, or with a character.
    fn steps(
        &self,
        other: &Self,
        at: Position,
        difference: Difference,
    ) -> [Option<(Position, Option<char>)>; 3] {
        let (i, j, differs) = at;
        let (one, two) = (self.atoms.get(i), other.atoms.get(j));
        let after = |atom: &Atom, at: usize| if atom.repeats { at } else { at + 1 };
        let read = one.zip(two).and_then(|(one, two)| {
            let character = one.set.common(two.set)?;
            Some(((after(one, i), after(two, j), differs || difference.is_at(one, two)), Some(character)))
        });
        let skip =
            |atom: Option<&Atom>, next: Position| atom.filter(|atom| atom.repeats).map(|_| (next, None));
        [skip(one, (i + 1, j, differs)), skip(two, (i, j + 1, differs)), read]
    }

    /// Gives the characters on the way to `end` to the pieces of both patterns.
    fn retrace(
        &self,
        other: &Self,
        end: Position,
        from: impl Fn(Position) -> Option<(Position, Option<char>)>,
    ) -> (Vec<String>, Vec<String>) {
        let mut values = (vec![String::new(); self.pieces.len()], vec![String::new(); other.pieces.len()]);
        let mut at = end;
        while let Some((before, character)) = from(at) {
            let (i, j, _) = before;
            for (pattern, position, values) in [(self, i, &mut values.0), (other, j, &mut values.1)] {
                let piece = pattern.atoms.get(position).map(|atom| atom.piece);
                if let (Some(character), Some(value)) = (character, piece.and_then(|p| values.get_mut(p))) {
                    value.insert(0, character);
                }
            }
            at = before;
        }
        values
    }

    /// The key of the source whose fields have these values.
    pub(super) fn source(&self, values: &[String]) -> String {
        let value = |field| {
            let mut all = self.pieces.iter().zip(values);
            all.find(|(piece, _)| **piece == Piece::Open(field)).map(|(_, value)| value.as_str())
        };
        if let Some(key) = value(Field::Key) {
            return key.to_owned();
        }
        let tail = match (value(Field::DotExt), value(Field::Ext), self.tail) {
            (Some(tail), _, _) => tail.to_owned(),
            (None, _, Tail::None) => String::new(),
            (None, Some(extension), _) | (None, None, Tail::Known(extension)) => format!(".{extension}"),
            (None, None, Tail::Any) => ".".to_owned(),
        };
        let (dir, stem) = (value(Field::Dir).unwrap_or_default(), value(Field::Stem).unwrap_or_default());
        format!("{dir}{stem}{tail}")
    }
}

/// The language of a field in one class of sources: sets of characters, each with whether it repeats.
fn sets_of(field: Field, in_folder: bool, tail: Tail<'_>) -> Vec<(Set, bool)> {
    let extension = || match tail {
        Tail::Any => vec![(Set::NotSlashOrDot, true)],
        Tail::Known(extension) => extension.chars().map(|c| (Set::EitherCase(c), false)).collect(),
        Tail::None => Vec::new(),
    };
    match field {
        Field::Dir if in_folder => vec![(Set::NotSlash, false), (Set::Any, true), (Set::One('/'), false)],
        Field::Dir => Vec::new(),
        Field::DotExt if tail == Tail::None => Vec::new(),
        Field::DotExt => [vec![(Set::One('.'), false)], extension()].concat(),
        Field::Ext => extension(),
        Field::Hash(digits) => (0..digits).map(|_| (Set::HexDigit, false)).collect(),
        Field::Key => {
            let parts = [Field::Dir, Field::Stem, Field::DotExt];
            parts.into_iter().flat_map(|part| sets_of(part, in_folder, tail)).collect()
        }
        Field::Segment => vec![(Set::NotSlash, false), (Set::NotSlash, true)],
        Field::Stem if tail == Tail::None => vec![(Set::NotSlash, false), (Set::NotSlashOrDot, true)],
        Field::Stem => vec![(Set::NotSlash, false), (Set::NotSlash, true)],
    }
}
