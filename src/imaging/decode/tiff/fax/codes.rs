//! Codes of fax: run lengths (ITU-T T.4, tables 2 and 3) and two-dimensional modes (T.4, table 4; T.6, table 1).

/// Longest code of a run, bits.
const LONGEST_RUN: u16 = 13;

/// Longest code of a mode that is decoded, bits.
const LONGEST_MODE: u16 = 7;

/// Looks up codes by the bits ahead. An entry holds the value in its upper twelve bits and the length of the code in
/// its lower four; 0 if no code begins with these bits.
type Lookup<const ENTRIES: usize> = [u16; ENTRIES];

/// White runs of 0 to 63 pixels.
const WHITE: &str = "00110101 000111 0111 1000 1011 1100 1110 1111 10011 10100 00111 01000 001000 000011 110100 110101 \
    101010 101011 0100111 0001100 0001000 0010111 0000011 0000100 0101000 0101011 0010011 0100100 0011000 00000010 \
    00000011 00011010 00011011 00010010 00010011 00010100 00010101 00010110 00010111 00101000 00101001 00101010 \
    00101011 00101100 00101101 00000100 00000101 00001010 00001011 01010010 01010011 01010100 01010101 00100100 \
    00100101 01011000 01011001 01011010 01011011 01001010 01001011 00110010 00110011 00110100";

/// White runs of 64, 128, … 1728 pixels, which another run of the colour follows.
const WHITE_MAKE_UP: &str = "11011 10010 010111 0110111 00110110 00110111 01100100 01100101 01101000 01100111 \
    011001100 011001101 011010010 011010011 011010100 011010101 011010110 011010111 011011000 011011001 011011010 \
    011011011 010011000 010011001 010011010 011000 010011011";

/// Black runs of 0 to 63 pixels.
const BLACK: &str = "0000110111 010 11 10 011 0011 0010 00011 000101 000100 0000100 0000101 0000111 00000100 00000111 \
    000011000 0000010111 0000011000 0000001000 00001100111 00001101000 00001101100 00000110111 00000101000 00000010111 \
    00000011000 000011001010 000011001011 000011001100 000011001101 000001101000 000001101001 000001101010 \
    000001101011 000011010010 000011010011 000011010100 000011010101 000011010110 000011010111 000001101100 \
    000001101101 000011011010 000011011011 000001010100 000001010101 000001010110 000001010111 000001100100 \
    000001100101 000001010010 000001010011 000000100100 000000110111 000000111000 000000100111 000000101000 \
    000001011000 000001011001 000000101011 000000101100 000001011010 000001100110 000001100111";

/// Black runs of 64, 128, … 1728 pixels, which another run of the colour follows.
const BLACK_MAKE_UP: &str = "0000001111 000011001000 000011001001 000001011011 000000110011 000000110100 000000110101 \
    0000001101100 0000001101101 0000001001010 0000001001011 0000001001100 0000001001101 0000001110010 0000001110011 \
    0000001110100 0000001110101 0000001110110 0000001110111 0000001010010 0000001010011 0000001010100 0000001010101 \
    0000001011010 0000001011011 0000001100100 0000001100101";

/// Runs of 1792, 1856, … 2560 pixels of either colour, which another run of the colour follows.
const LONG_MAKE_UP: &str = "00000001000 00000001100 00000001101 000000010010 000000010011 000000010100 000000010101 \
    000000010110 000000010111 000000011100 000000011101 000000011110 000000011111";

/// The codes of the modes: pass, horizontal, and vertical by 0, 1, 2, 3, -1, -2 and -3 pixels (T.4, table 4).
const MODES: &str = "0001 001 1 011 000011 0000011 010 000010 0000010";

static WHITE_RUNS: Lookup<{ 1 << LONGEST_RUN }> = runs(WHITE, WHITE_MAKE_UP);
static BLACK_RUNS: Lookup<{ 1 << LONGEST_RUN }> = runs(BLACK, BLACK_MAKE_UP);
static TWO_DIMENSIONAL: Lookup<{ 1 << LONGEST_MODE }> =
    with_codes([0; 1 << LONGEST_MODE], LONGEST_MODE, MODES, 0, 1);

/// A code of a two-dimensional row: the position of the next change of colour.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Mode {
    /// Two runs follow.
    Horizontal,
    /// None before the change after the next one of the row above.
    Pass,
    /// This many pixels to the right of the next change of the row above.
    Vertical(i8),
}

impl Mode {
    /// Bits that [`Self::find`] needs.
    pub(super) const BITS: u32 = LONGEST_MODE as u32;

    /// The mode whose code the next [`Self::BITS`] bits begin with, and the length of the code.
    pub(super) fn find(bits: u32) -> Option<(Self, u32)> {
        let (value, length) = find(&TWO_DIMENSIONAL, bits)?;
        let mode = match value {
            0 => Self::Pass,
            1 => Self::Horizontal,
            2 => Self::Vertical(0),
            3 => Self::Vertical(1),
            4 => Self::Vertical(2),
            5 => Self::Vertical(3),
            6 => Self::Vertical(-1),
            7 => Self::Vertical(-2),
            _ => Self::Vertical(-3),
        };
        Some((mode, length))
    }
}

/// Bits that [`find_run`] needs.
pub(super) const RUN_BITS: u32 = LONGEST_RUN as u32;

/// Shortest run that another run of the same colour follows, pixels.
pub(super) const MAKE_UP: u32 = 64;

/// The run, in pixels, whose code the next [`RUN_BITS`] bits begin with, and the length of the code.
pub(super) fn find_run(is_black: bool, bits: u32) -> Option<(u32, u32)> {
    find(if is_black { &BLACK_RUNS } else { &WHITE_RUNS }, bits)
}

fn find(lookup: &[u16], bits: u32) -> Option<(u32, u32)> {
    let entry = u32::from(*lookup.get(usize::try_from(bits).ok()?)?);
    (entry != 0).then_some((entry >> 4, entry & 15))
}

/// The lookup of all runs of a colour.
const fn runs(terminating: &str, make_up: &str) -> Lookup<{ 1 << LONGEST_RUN }> {
    let lookup = with_codes([0; 1 << LONGEST_RUN], LONGEST_RUN, terminating, 0, 1);
    let lookup = with_codes(lookup, LONGEST_RUN, make_up, 64, 64);
    with_codes(lookup, LONGEST_RUN, LONG_MAKE_UP, 1792, 64)
}

/// Adds codes, which spaces separate. Their values begin with `first` and grow by `step`.
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, which would report an index out of bounds"
)]
const fn with_codes<const ENTRIES: usize>(
    mut lookup: Lookup<ENTRIES>,
    longest: u16,
    codes: &str,
    first: u16,
    step: u16,
) -> Lookup<ENTRIES> {
    let codes = codes.as_bytes();
    let (mut at, mut value) = (0, first);
    while at < codes.len() {
        let (mut code, mut length) = (0_usize, 0);
        while at < codes.len() && codes[at] != b' ' {
            code = code << 1 | (codes[at] & 1) as usize;
            length += 1;
            at += 1;
        }
        at += 1;
        // All entries whose highest bits are the code.
        let free = longest - length;
        let mut entry = code << free;
        while entry < (code + 1) << free {
            assert!(lookup[entry] == 0, "a code is the beginning of another");
            lookup[entry] = value << 4 | length;
            entry += 1;
        }
        value += step;
    }
    lookup
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_have_the_codes_of_the_standard() {
        for (is_black, code, length, run) in [
            (false, 0b0011_0101, 8, 0),
            (false, 0b0011_0100, 8, 63),
            (false, 0b1_1011, 5, 64),
            (false, 0b0_1001_1011, 9, 1728),
            (true, 0b00_0011_0111, 10, 0),
            (true, 0b0000_0110_0111, 12, 63),
            (true, 0b0_0000_0110_0101, 13, 1728),
            (true, 0b0000_0001_1111, 12, 2560),
        ] {
            assert_eq!(
                find_run(is_black, code << (RUN_BITS - length)),
                Some((run, length)),
                "{is_black} {run}"
            );
        }
        assert_eq!(find_run(false, 1), None, "EOL is no run");
    }

    #[test]
    fn modes_have_the_codes_of_the_standard() {
        for (code, length, mode) in [
            (0b0001, 4, Mode::Pass),
            (0b001, 3, Mode::Horizontal),
            (0b1, 1, Mode::Vertical(0)),
            (0b000_0011, 7, Mode::Vertical(3)),
            (0b000_0010, 7, Mode::Vertical(-3)),
        ] {
            assert_eq!(Mode::find(code << (Mode::BITS - length)), Some((mode, length)));
        }
        assert_eq!([Mode::find(0), Mode::find(1)], [None; 2], "EOL and extensions are no modes");
    }
}
