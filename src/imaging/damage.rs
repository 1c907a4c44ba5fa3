//! Damaged images: the share that may be lost before rendering is refused.
//!
//! A decoder ends at damage that it cannot pass. [`Reducer`](crate::imaging::pixels::reduce::Reducer) and
//! [`Scatter`](crate::imaging::pixels::reduce::Scatter) fill the gap and count the lost pixels; [`Damage::after`] tells
//! damage from a failure. [`Tolerance`] then applies one rule to all formats.
//!
//! A gap is transparent, or medium grey in a picture without alpha, like blocks that the JPEG reader lost. Browsers show
//! nothing there, other programs black.

use std::num::NonZeroU8;

use crate::imaging::error::Error;
use crate::imaging::source_format::SourceFormat;

/// Reciprocal of the largest share of a picture that may be lost: 1/10. Decoders stop at the damage or resynchronize
/// soon after it. A damaged picture is therefore either almost complete or mostly lost.
const LOSS_DIVISOR: u128 = 10;

/// Damaged images that are rendered.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Tolerance {
    /// Images of which at least 90 % are intact.
    #[default]
    MostlyGood,
    /// No damaged images.
    Nothing,
}

/// Lost share of a picture, in units of equal size, such as pixels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Damage {
    /// Units that could not be decoded and were filled in.
    pub(super) lost: u64,
    /// All units.
    pub(super) total: u64,
}

impl Damage {
    /// No damage. Decoders that refuse damaged files always return this.
    pub(super) const NONE: Self = Self { lost: 0, total: 1 };

    /// The damage of a picture whose pixels ended with `end` and of which `missing` never came. Pixels that are all
    /// there are intact, whatever follows them.
    ///
    /// # Errors
    /// `end` if it is no damage, or if no pixel came: then it says more than a share of 100 %.
    pub(super) fn after(end: Result<(), Error>, missing: Self) -> Result<Self, Error> {
        match end {
            Err(Error::Damaged { .. }) if missing.lost < missing.total => Ok(missing),
            Ok(()) => Ok(missing),
            Err(error) => Err(error),
        }
    }

    /// Lost share in percent, rounded up so that any damage is at least 1 %; `None` without damage.
    fn percent(self) -> Option<NonZeroU8> {
        let percent = (u128::from(self.lost) * 100).div_ceil(u128::from(self.total.max(1))).min(100);
        u8::try_from(percent).ok().and_then(NonZeroU8::new)
    }

    fn is_tolerable(self) -> bool {
        u128::from(self.lost) * LOSS_DIVISOR <= u128::from(self.total)
    }
}

/// A row that ended early.
#[derive(Debug)]
pub(super) struct PartialRow {
    /// Pixels that came.
    pub(super) pixels: usize,
    /// Reason for the end.
    pub(super) error: Error,
}

impl Tolerance {
    /// Returns the lost percentage of a picture that is rendered, `None` without damage.
    ///
    /// # Errors
    /// [`Error::Damaged`] if more is lost than tolerated.
    pub(super) fn judge(self, damage: Damage, format: SourceFormat) -> Result<Option<NonZeroU8>, Error> {
        let Some(percent) = damage.percent() else { return Ok(None) };
        let detail = match self {
            Self::MostlyGood if damage.is_tolerable() => return Ok(Some(percent)),
            Self::MostlyGood => format!("{percent} % of the picture is lost, up to 10 % may be"),
            Self::Nothing => format!("{percent} % of the picture is lost"),
        };
        Err(Error::Damaged { format, detail })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(tolerance: Tolerance, lost: u64, total: u64) -> Result<Option<u8>, String> {
        let judged = tolerance.judge(Damage { lost, total }, SourceFormat::Jpeg);
        judged.map(|percent| percent.map(NonZeroU8::get)).map_err(|error| error.to_string())
    }

    #[test]
    fn loss_up_to_a_tenth_is_tolerated() {
        let mostly = |lost, total| judge(Tolerance::MostlyGood, lost, total);
        assert_eq!(mostly(0, 1000), Ok(None));
        assert_eq!(mostly(1, 1_000_000), Ok(Some(1)), "rounded up to 1 %");
        assert_eq!(mostly(70, 1000), Ok(Some(7)));
        assert_eq!(mostly(100, 1000), Ok(Some(10)));
        assert_eq!(
            mostly(101, 1000).unwrap_err(),
            "the JPEG file is damaged: 11 % of the picture is lost, up to 10 % may be; upload an intact copy"
        );
        assert!(mostly(u64::MAX, u64::MAX).unwrap_err().contains("100 %"));
    }

    #[test]
    fn without_tolerance_any_damage_is_refused() {
        assert_eq!(judge(Tolerance::Nothing, 0, 1000), Ok(None));
        assert_eq!(
            judge(Tolerance::Nothing, 1, 1000).unwrap_err(),
            "the JPEG file is damaged: 1 % of the picture is lost; upload an intact copy"
        );
    }

    #[test]
    fn damage_after_some_pixels_is_counted_and_other_errors_stay() {
        let some = Damage { lost: 1, total: 2 };
        let all = Damage { lost: 2, total: 2 };
        let cut = || Err(Error::damaged(SourceFormat::Bmp, "it ends"));
        assert_eq!(Damage::after(Ok(()), some).unwrap(), some);
        assert_eq!(Damage::after(cut(), some).unwrap(), some);
        assert!(
            matches!(Damage::after(cut(), all), Err(Error::Damaged { detail, .. }) if detail == "it ends")
        );
        assert!(matches!(Damage::after(Err(Error::Cancelled), some), Err(Error::Cancelled)));
    }

    #[test]
    fn inconsistent_counts_do_not_panic() {
        assert!(judge(Tolerance::MostlyGood, 5, 0).is_err());
        assert!(judge(Tolerance::MostlyGood, 7, 5).unwrap_err().contains("100 %"));
        assert_eq!(judge(Tolerance::MostlyGood, 0, 0), Ok(None));
    }
}
