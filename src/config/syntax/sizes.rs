//! Numbers, sizes and the geometries of Tencent's `thumbnail` operation (1045/33713), from text.
//!
//! Every number is digits only and within its bounds. The caller decides which forms it takes.

use std::ops::RangeInclusive;

use crate::recipe::{Geometry, Scaling};

/// Longest and shortest side that can be written. Tencent treats larger ones as 10,000 (460/36620); we refuse
/// them, since a thumbnail of another size than the one written surprises.
pub(super) const SIDES: RangeInclusive<u32> = 1..=10_000;

/// Pixels of `<Area>@`: up to what Tencent's output may have (460/36620).
const AREAS: RangeInclusive<u32> = 1..=250_000_000;

const PERCENTAGES: RangeInclusive<u32> = 1..=1_000;

/// All forms of a geometry, for people.
pub(super) const FORMS: &str =
    "<W>x<H>, <W>x, x<H> (each also with > or <), !<W>x<H>r, <W>x<H>!, <Area>@, !<s>p, !<s>px or !x<s>p";

/// The reason why a text is not a number, size or geometry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Flaw {
    /// It does not read like one.
    Form,
    /// A number in it is too small or too large.
    Range { number: String, what: &'static str, allowed: RangeInclusive<u32> },
    /// A number with decimals is too small or too large. The bounds are in hundredths.
    Hundredths { number: String, what: &'static str, allowed: RangeInclusive<u16> },
}

/// Parses any of [`FORMS`].
pub(super) fn geometry(text: &str) -> Result<Geometry, Flaw> {
    if let Some(area) = text.strip_suffix('@') {
        return number(area, "an area", AREAS).map(|area| Geometry::Area(area.into()));
    }
    if let Some(size) = text.strip_suffix('!') {
        return both_sides(size).map(|(width, height)| Geometry::Exact { width, height });
    }
    if let Some(marked) = text.strip_prefix('!') {
        return match marked.strip_suffix('r') {
            Some(size) => both_sides(size).map(|(width, height)| {
                let scaling = Scaling::Both;
                Geometry::Cover { width, height, scaling }
            }),
            None => percentages(marked),
        };
    }
    let (size, scaling) = match (text.strip_suffix('>'), text.strip_suffix('<')) {
        (Some(size), _) => (size, Scaling::ShrinkOnly),
        (None, Some(size)) => (size, Scaling::EnlargeOnly),
        (None, None) => (text, Scaling::Both),
    };
    sides(size).map(|(width, height)| Geometry::Fit { width, height, scaling })
}

/// Parses `<s>p`, `<s>px` or `x<s>p`.
fn percentages(text: &str) -> Result<Geometry, Flaw> {
    let percentage = |digits: &str| number(digits, "a percentage", PERCENTAGES);
    if let Some(width) = text.strip_suffix("px") {
        return percentage(width).map(|width| Geometry::Percent { width, height: 100 });
    }
    let both = text.strip_suffix('p').ok_or(Flaw::Form)?;
    match both.strip_prefix('x') {
        Some(height) => percentage(height).map(|height| Geometry::Percent { width: 100, height }),
        None => percentage(both).map(|both| Geometry::Percent { width: both, height: both }),
    }
}

fn both_sides(text: &str) -> Result<(u32, u32), Flaw> {
    match sides(text)? {
        (Some(width), Some(height)) => Ok((width, height)),
        (None, _) | (_, None) => Err(Flaw::Form),
    }
}

/// Parses `<W>x<H>`, `<W>x` or `x<H>`, pixels.
pub(super) fn sides(text: &str) -> Result<(Option<u32>, Option<u32>), Flaw> {
    let side = |digits: &str| match digits {
        "" => Ok(None),
        digits => number(digits, "a side", SIDES).map(Some),
    };
    let (width, height) = text.split_once('x').ok_or(Flaw::Form)?;
    match (side(width)?, side(height)?) {
        (None, None) => Err(Flaw::Form),
        sides => Ok(sides),
    }
}

/// Parses `<W>:<H>`.
pub(super) fn ratio(text: &str) -> Result<(u32, u32), Flaw> {
    let part = |digits: &str| number(digits, "a part of a ratio", SIDES);
    let (across, down) = text.split_once(':').ok_or(Flaw::Form)?;
    Ok((part(across)?, part(down)?))
}

/// Parses a number with at most two decimals, as hundredths; `allowed` is in hundredths as well.
pub(super) fn hundredths(text: &str, what: &'static str, allowed: RangeInclusive<u16>) -> Result<u16, Flaw> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !is_digits(decimals) || decimals.len() > 2 {
        return Err(Flaw::Form);
    }
    let hundredths = format!("{whole}{decimals:0<2}").parse().ok();
    hundredths.filter(|number| allowed.contains(number)).ok_or_else(|| Flaw::Hundredths {
        number: text.to_owned(),
        what,
        allowed,
    })
}

/// Parses digits, and nothing but digits.
pub(super) fn number(digits: &str, what: &'static str, allowed: RangeInclusive<u32>) -> Result<u32, Flaw> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Flaw::Form);
    }
    // Digits that do not fit the type are out of range as well.
    match digits.parse() {
        Ok(number) if allowed.contains(&number) => Ok(number),
        _ => Err(Flaw::Range { number: digits.to_owned(), what, allowed }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_tencent_is_taken() {
        let table = [
            ("300x200", "300x200"),
            ("300x", "300x"),
            ("x200", "x200"),
            ("300x200>", "300x200>"),
            ("300x200<", "300x200<"),
            ("x200>", "x200>"),
            ("1x10000", "1x10000"),
            ("!300x200r", "!300x200r"),
            ("300x200!", "300x200!"),
            ("60000@", "60000@"),
            ("!50p", "!50p,50p"),
            ("!50px", "!50p,100p"),
            ("!x1000p", "!100p,1000p"),
        ];
        for (text, canonical) in table {
            assert_eq!(geometry(text).unwrap().to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn what_reads_like_no_form_is_refused() {
        for text in [
            "", "x", "300", "+3x3", "3x+3", "3 x 3", "3X3", "3x3x3", "3x3>>", "3x3><", "!3x3", "!3xr",
            "!x3r", "3x!", "x3!", "!axbr", "!r", "!p", "!px", "!xp", "!3x3p", "@", "-3@", "!3x3r!", "３x３",
        ] {
            assert_eq!(geometry(text), Err(Flaw::Form), "{text}");
        }
    }

    #[test]
    fn ratios_and_decimals_are_digits_within_bounds() {
        assert_eq!(ratio("16:9"), Ok((16, 9)));
        assert_eq!(ratio("1:10000"), Ok((1, 10_000)));
        for text in [":", "16:", ":9", "16:9:1", "1.5:1", "-1:1", "16/9"] {
            assert_eq!(ratio(text), Err(Flaw::Form), "{text}");
        }
        for text in ["0:1", "1:0", "10001:1"] {
            assert!(matches!(ratio(text), Err(Flaw::Range { .. })), "{text}");
        }
        let sigma = |text| hundredths(text, "s", 1..=10_000);
        for (text, number) in [("5", 500), ("0.5", 50), ("2.05", 205), ("100", 10_000), ("0.01", 1)] {
            assert_eq!(sigma(text), Ok(number), "{text}");
        }
        for text in ["", ".", "5.", ".5", "0.001", "-1", "1e1", "5x"] {
            assert_eq!(sigma(text), Err(Flaw::Form), "{text}");
        }
        for text in ["0", "0.00", "100.01", "99999999"] {
            assert!(matches!(sigma(text), Err(Flaw::Hundredths { .. })), "{text}");
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        let table = [
            ("0x3", "0", "a side"),
            ("3x10001", "10001", "a side"),
            ("99999999999x", "99999999999", "a side"),
            ("!20000x1r", "20000", "a side"),
            ("0@", "0", "an area"),
            ("250000001@", "250000001", "an area"),
            ("!0p", "0", "a percentage"),
            ("!x1001p", "1001", "a percentage"),
        ];
        for (text, culprit, culprit_is) in table {
            let Err(Flaw::Range { number, what, .. }) = geometry(text) else { panic!("{text} was taken") };
            assert_eq!((number.as_str(), what), (culprit, culprit_is), "{text}");
        }
    }
}
