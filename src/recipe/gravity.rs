//! The part of an image that a window shows: a place, a point, or the subject.

use std::fmt;

/// Part of an image that a window shows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Gravity {
    /// Most salient part, taken for the subject.
    Auto,
    /// Surroundings of a point.
    Focus(Focus),
    /// Upper left corner, the first of the nine positions.
    #[default]
    NorthWest,
    /// Middle of the upper edge.
    North,
    /// Upper right corner.
    NorthEast,
    /// Middle of the left edge.
    West,
    /// Middle.
    Center,
    /// Middle of the right edge.
    East,
    /// Lower left corner.
    SouthWest,
    /// Middle of the lower edge.
    South,
    /// Lower right corner.
    SouthEast,
}

impl Gravity {
    /// Nine positions, row by row.
    pub const POSITIONS: [Self; 9] = [
        Self::NorthWest,
        Self::North,
        Self::NorthEast,
        Self::West,
        Self::Center,
        Self::East,
        Self::SouthWest,
        Self::South,
        Self::SouthEast,
    ];
}

/// Prints a position by its name in Tencent's syntax, and a point by its coordinates.
impl fmt::Display for Gravity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Focus(focus) => return focus.fmt(f),
            Self::NorthWest => "northwest",
            Self::North => "north",
            Self::NorthEast => "northeast",
            Self::West => "west",
            Self::Center => "center",
            Self::East => "east",
            Self::SouthWest => "southwest",
            Self::South => "south",
            Self::SouthEast => "southeast",
        })
    }
}

/// Point of an image, which comes as near to the middle of a window as the edges allow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Focus {
    /// Distance from the left edge, ten-thousandths of the width.
    pub x: u16,
    /// Distance from the upper edge, ten-thousandths of the height.
    pub y: u16,
}

impl Focus {
    /// Whole side, in these units.
    pub const WHOLE: u16 = 10_000;

    /// Parses `<x>x<y>`, each from 0 to 1 with at most four decimals: `0.31x0.62`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (x, y) = text.split_once('x')?;
        Some(Self { x: ten_thousandths(x)?, y: ten_thousandths(y)? })
    }
}

/// Prints the form that [`Focus::parse`] takes, without needless zeros.
impl fmt::Display for Focus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |part: u16| f64::from(part) / f64::from(Self::WHOLE);
        write!(f, "{}x{}", text(self.x), text(self.y))
    }
}

/// Parses a decimal fraction to ten-thousandths.
fn ten_thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > 4 {
        return None;
    }
    let decimals: u16 = format!("{decimals:0<4}").parse().ok()?;
    let part = whole.parse::<u16>().ok()?.checked_mul(Focus::WHOLE)?.checked_add(decimals)?;
    (part <= Focus::WHOLE).then_some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_two_fractions() {
        for (text, x, y, shown) in [
            ("0.31x0.62", 3100, 6200, "0.31x0.62"),
            ("0x1", 0, 10_000, "0x1"),
            ("1.0x0.0005", 10_000, 5, "1x0.0005"),
            ("0.5000x00.5", 5000, 5000, "0.5x0.5"),
        ] {
            let focus = Focus::parse(text).unwrap();
            assert_eq!((focus.x, focus.y), (x, y), "{text}");
            assert_eq!(focus.to_string(), shown, "{text}");
        }
        for text in [
            "",
            "x",
            "0.5",
            "0.5x",
            "1.1x0",
            "1x1.0001",
            "0.12345x0",
            ".5x.5",
            "5.x1",
            "-1x0",
            "9x9",
            "0,5x0,5",
        ] {
            assert_eq!(Focus::parse(text), None, "{text}");
        }
    }
}
