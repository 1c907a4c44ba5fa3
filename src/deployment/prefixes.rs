//! Sets of beginnings of keys.

use std::collections::BTreeSet;

/// The prefixes that no shorter one of them covers.
pub(super) fn shortest<'a>(prefixes: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
    let mut kept: BTreeSet<&str> = BTreeSet::new();
    // A prefix sorts directly before everything that begins with it.
    for prefix in prefixes {
        if kept.last().is_none_or(|last| !prefix.starts_with(last)) {
            kept.insert(prefix);
        }
    }
    kept
}

/// How all of them begin.
pub(super) fn common<'a>(prefixes: &BTreeSet<&'a str>) -> &'a str {
    let (Some(first), Some(last)) = (prefixes.first(), prefixes.last()) else { return "" };
    // What the first and the last in order share, all between them share.
    let same = first.chars().zip(last.chars()).take_while(|(one, other)| one == other);
    let length = same.map(|(character, _)| character.len_utf8()).sum();
    first.get(..length).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_shortest_prefixes_are_kept() {
        let table: [(&[&'static str], &[&'static str]); 5] = [
            (&["a/", "a/b/", "b/"], &["a/", "b/"]),
            (&["a/b/", "", "c"], &[""]),
            (&["ab", "a-b", "a", "b"], &["a", "b"]),
            (&["x/", "x/"], &["x/"]),
            (&["猫/", "猫/大", "猪/"], &["猪/", "猫/"]),
        ];
        for (prefixes, kept) in table {
            let set = |texts: &[&'static str]| texts.iter().copied().collect();
            assert_eq!(shortest(&set(prefixes)), set(kept), "{prefixes:?}");
        }
    }

    #[test]
    fn what_prefixes_have_in_common_ends_between_characters() {
        let table: [(&[&str], &str); 4] =
            [(&["up/a/", "up/b/"], "up/"), (&["a", "b"], ""), (&["only/"], "only/"), (&["é", "è"], "")];
        for (prefixes, shared) in table {
            assert_eq!(common(&prefixes.iter().copied().collect()), shared, "{prefixes:?}");
        }
    }
}
