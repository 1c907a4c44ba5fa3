//! Search for the highest quality whose file fits a limit of bytes.
//!
//! The search knows no format: it calls an encoder with a quality and looks at the length of the file. It assumes that
//! files grow with quality. Where an encoder breaks that, the result still fits, but a higher quality may fit too.

/// Lowest quality that is tried; below, a JPEG shows its blocks.
pub(super) const LOWEST: u8 = 10;

/// Trials after which the highest quality that fits is certain.
pub(super) const ENOUGH_TRIALS: u32 = 8;

/// The highest quality from [`LOWEST`] to `tried - 1` whose file has at most `limit` bytes, and the file; `None` if none
/// fits.
///
/// `tried` is a quality, at most 100, whose file is too large. Halving the range of at most 90 qualities encodes at
/// most seven files: each try leaves at most half of the rest, 90 -> 45 -> 22 -> 11 -> 5 -> 2 -> 1 -> 0. With fewer
/// `trials` the quality may be lower than the highest that fits; the last one is at [`LOWEST`] if none fitted before, so
/// that a file is found if that one fits.
///
/// # Errors
/// The first error of `encode`.
pub(super) fn below<E>(
    trials: u32,
    tried: u8,
    limit: u64,
    mut encode: impl FnMut(u8) -> Result<Vec<u8>, E>,
) -> Result<Option<(u8, Vec<u8>)>, E> {
    let mut best = None;
    // Invariant: qualities below `low` fit or are below the lowest, and those above `high` do not fit. `high` does not
    // underflow, since `quality` is at least LOWEST.
    let (mut low, mut high) = (LOWEST, tried.saturating_sub(1));
    for left in (0..trials).rev() {
        if low > high {
            break;
        }
        let quality = if left == 0 && best.is_none() { low } else { low.midpoint(high) };
        let file = encode(quality)?;
        if fits(&file, limit) {
            best = Some((quality, file));
            low = quality + 1;
        } else {
            high = quality - 1;
        }
    }
    Ok(best)
}

/// `true` if a file has at most `limit` bytes.
pub(super) fn fits(file: &[u8], limit: u64) -> bool {
    u64::try_from(file.len()).is_ok_and(|length| length <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches among files with ten bytes per step of quality.
    fn search(tried: u8, limit: u64) -> (Option<usize>, Vec<u8>) {
        let mut tries = Vec::new();
        let best = below::<()>(ENOUGH_TRIALS, tried, limit, |quality| {
            tries.push(quality);
            Ok(vec![0; usize::from(quality) * 10])
        });
        let best = best.unwrap();
        assert!(best.as_ref().is_none_or(|(quality, file)| usize::from(*quality) * 10 == file.len()));
        (best.map(|(_, file)| file.len()), tries)
    }

    #[test]
    fn few_tries_find_a_quality_if_the_lowest_fits() {
        for (tried, limit, expected) in
            [(80, 795, 61), (80, 300, 26), (80, 150, 10), (80, 99, 0), (11, 500, 10), (10, 500, 0)]
        {
            let mut tries = 0;
            let best = below::<()>(3, tried, limit, |quality| {
                tries += 1;
                Ok(vec![0; usize::from(quality) * 10])
            });
            let length = best.unwrap().map_or(0, |(_, file)| file.len());
            assert!(length as u64 <= limit && tries <= 3, "{tried} {limit}: {length}");
            assert!(length >= expected * 10, "{tried} {limit}: {length}");
        }
    }

    #[test]
    fn the_highest_quality_that_fits_is_found_in_seven_tries() {
        for tried in 1..=100_u8 {
            for limit in 0..1000_u64 {
                let (length, tries) = search(tried, limit);
                let highest = u64::from(tried - 1).min(limit / 10);
                let expected = (highest >= u64::from(LOWEST)).then_some(highest * 10);
                assert_eq!(length.map(|length| length as u64), expected, "{tried} {limit}");
                assert!(tries.len() <= 7, "{tries:?}");
            }
        }
    }
}
