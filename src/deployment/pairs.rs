//! Ordered pairs of texts, of which the second is a beginning of keys. Policies and triggers are made of them.
//!
//! One plain type serves both, because each further instance of a generic collection enlarges the program.

/// Sorted pairs without doubles.
#[derive(Debug, Default)]
pub(super) struct Pairs(Vec<(String, String)>);

impl Pairs {
    pub(super) fn add(&mut self, first: &str, second: String) {
        let pair = (first.to_owned(), second);
        if let Err(place) = self.0.binary_search(&pair) {
            self.0.insert(place, pair);
        }
    }

    /// Removes pairs whose second text begins with that of another pair with the same first.
    pub(super) fn keep_shortest(&mut self) {
        let mut kept: Vec<(String, String)> = Vec::new();
        // A text sorts directly before everything that begins with it.
        for pair in std::mem::take(&mut self.0) {
            let is_covered = kept.last().is_some_and(|last| last.0 == pair.0 && pair.1.starts_with(&last.1));
            if !is_covered {
                kept.push(pair);
            }
        }
        self.0 = kept;
    }

    /// The pairs in groups with the same first text.
    pub(super) fn groups(&self) -> impl Iterator<Item = &[(String, String)]> {
        self.0.chunk_by(|one, other| one.0 == other.0)
    }

    pub(super) fn into_vec(self) -> Vec<(String, String)> {
        self.0
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, (String, String)> {
        self.0.iter()
    }

    /// Replaces the pairs with this first text by one, whose second is the common beginning of theirs.
    pub(super) fn merge(&mut self, first: &str) {
        let of_first = || self.0.iter().filter(|pair| pair.0 == first).map(|pair| pair.1.as_str());
        let (Some(lowest), Some(highest)) = (of_first().next(), of_first().next_back()) else { return };
        // All pairs between the first and the last in order share what these two share.
        let same = lowest.chars().zip(highest.chars()).take_while(|(one, other)| one == other);
        let shared = same.map(|(character, _)| character).collect();
        self.0.retain(|pair| pair.0 != first);
        self.add(first, shared);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(seconds: &[&str]) -> Pairs {
        let mut pairs = Pairs::default();
        for first in ["x", "y"] {
            seconds.iter().for_each(|second| pairs.add(first, (*second).to_owned()));
        }
        pairs
    }

    fn of_x(pairs: &Pairs) -> Vec<&str> {
        pairs.iter().filter(|pair| pair.0 == "x").map(|pair| pair.1.as_str()).collect()
    }

    #[test]
    fn only_the_shortest_are_kept() {
        let table: [(&[&str], &[&str]); 5] = [
            (&["a/", "a/b/", "b/"], &["a/", "b/"]),
            (&["a/b/", "", "c"], &[""]),
            (&["ab", "a-b", "a", "b"], &["a", "b"]),
            (&["x/", "x/"], &["x/"]),
            (&["猫/", "猫/大", "猪/"], &["猪/", "猫/"]),
        ];
        for (seconds, kept) in table {
            let mut pairs = pairs(seconds);
            pairs.keep_shortest();
            assert_eq!(of_x(&pairs), kept, "{seconds:?}");
            assert_eq!(pairs.groups().map(<[_]>::len).collect::<Vec<_>>(), [kept.len(), kept.len()]);
        }
    }

    #[test]
    fn the_common_beginning_ends_between_characters() {
        let table: [(&[&str], &str); 4] =
            [(&["up/a/", "up/b/"], "up/"), (&["a", "b"], ""), (&["only/"], "only/"), (&["é", "è"], "")];
        for (seconds, shared) in table {
            let mut pairs = pairs(seconds);
            pairs.merge("x");
            assert_eq!(of_x(&pairs), [shared], "{seconds:?}");
            assert_eq!(pairs.groups().count(), 2);
        }
    }
}
