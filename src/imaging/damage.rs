//! Pictures of which a part is lost: which of them are rendered all the same.
//!
//! A decoder that can go on after damage fills the gap and counts; whether what it made is good enough is
//! decided here, for all formats alike.

use std::num::NonZeroU8;

use crate::imaging::error::Error;
use crate::imaging::source_format::SourceFormat;

/// The largest part of a picture that may be lost: a tenth. Decoding stops at the damage or finds its way again
/// soon after, so that a broken picture is either almost whole or mostly lost.
const TENTH: u128 = 10;

/// Which damaged pictures are rendered.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Tolerance {
    /// Those of which at least 90 % are good.
    #[default]
    MostlyGood,
    /// None.
    Nothing,
}

/// What a decoder lost of a picture, in parts of one size, such as the blocks of JPEG.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Damage {
    /// Parts that could not be decoded and were made up.
    pub(super) lost: u64,
    /// All parts.
    pub(super) all: u64,
}

impl Damage {
    /// The picture is whole, or its decoder refuses what is not.
    pub(super) const NONE: Self = Self { lost: 0, all: 1 };

    /// The percentage, rounded up, so that no damage shows as none.
    fn percent(self) -> Option<NonZeroU8> {
        let percent = (u128::from(self.lost) * 100).div_ceil(u128::from(self.all.max(1))).min(100);
        u8::try_from(percent).ok().and_then(NonZeroU8::new)
    }

    fn is_mostly_good(self) -> bool {
        u128::from(self.lost) * TENTH <= u128::from(self.all)
    }
}

impl Tolerance {
    /// How many percent are lost of a picture that may go on; [`Error::Damaged`] for one that may not.
    pub(super) fn judge(self, damage: Damage, format: SourceFormat) -> Result<Option<NonZeroU8>, Error> {
        let Some(percent) = damage.percent() else { return Ok(None) };
        let detail = match self {
            Self::MostlyGood if damage.is_mostly_good() => return Ok(Some(percent)),
            Self::MostlyGood => format!("{percent} % of the picture is lost, up to 10 % may be"),
            Self::Nothing => format!("{percent} % of the picture is lost"),
        };
        Err(Error::Damaged { format, detail })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(tolerance: Tolerance, lost: u64, all: u64) -> Result<Option<u8>, String> {
        let judged = tolerance.judge(Damage { lost, all }, SourceFormat::Jpeg);
        judged.map(|percent| percent.map(NonZeroU8::get)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_tenth_may_be_lost_and_nothing_beyond_it() {
        let mostly = |lost, all| judge(Tolerance::MostlyGood, lost, all);
        assert_eq!(mostly(0, 1000), Ok(None));
        assert_eq!(mostly(1, 1_000_000), Ok(Some(1)), "little is not nothing");
        assert_eq!(mostly(70, 1000), Ok(Some(7)));
        assert_eq!(mostly(100, 1000), Ok(Some(10)));
        assert_eq!(
            mostly(101, 1000).unwrap_err(),
            "the JPEG file is damaged: 11 % of the picture is lost, up to 10 % may be; upload an intact copy"
        );
        assert!(mostly(u64::MAX, u64::MAX).unwrap_err().contains("100 %"));
    }

    #[test]
    fn without_tolerance_only_whole_pictures_pass() {
        assert_eq!(judge(Tolerance::Nothing, 0, 1000), Ok(None));
        assert_eq!(
            judge(Tolerance::Nothing, 1, 1000).unwrap_err(),
            "the JPEG file is damaged: 1 % of the picture is lost; upload an intact copy"
        );
    }

    #[test]
    fn counts_that_make_no_sense_are_no_panic() {
        assert!(judge(Tolerance::MostlyGood, 5, 0).is_err());
        assert!(judge(Tolerance::MostlyGood, 7, 5).unwrap_err().contains("100 %"));
        assert_eq!(judge(Tolerance::MostlyGood, 0, 0), Ok(None));
    }
}
