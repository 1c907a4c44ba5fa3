//! A file that must not be larger than so many bytes: a search for the quality that it allows.

/// Lowest quality that is tried; below, a JPEG is a mosaic of squares.
pub(super) const LOWEST: u8 = 10;

/// The best file of at most `limit` bytes, of those of a quality from [`LOWEST`] to one below `tried`, which is
/// too large. At most seven are written, by halving the range.
pub(super) fn below<E>(
    tried: u8,
    limit: u64,
    mut write: impl FnMut(u8) -> Result<Vec<u8>, E>,
) -> Result<Option<Vec<u8>>, E> {
    let mut best = None;
    let (mut low, mut high) = (LOWEST, tried.saturating_sub(1));
    while low <= high {
        let middle = low.midpoint(high);
        let file = write(middle)?;
        if fits(&file, limit) {
            best = Some(file);
            low = middle + 1;
        } else {
            high = middle - 1;
        }
    }
    Ok(best)
}

/// Whether a file is within a limit.
pub(super) fn fits(file: &[u8], limit: u64) -> bool {
    u64::try_from(file.len()).is_ok_and(|length| length <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files of ten bytes for each step of quality.
    fn search(tried: u8, limit: u64) -> (Option<usize>, Vec<u8>) {
        let mut tries = Vec::new();
        let best = below::<()>(tried, limit, |quality| {
            tries.push(quality);
            Ok(vec![0; usize::from(quality) * 10])
        });
        (best.unwrap().map(|file| file.len()), tries)
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
