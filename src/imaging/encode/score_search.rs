//! Search for the lowest quality whose file reaches a score.
//!
//! The search knows neither format nor metric: it calls a function with a quality and gets a score and a file. Scores of
//! photographs at one quality differ by some points, yet rise alike with it. So the search goes along the mean score of
//! the qualities: it begins where the mean is the wanted score, moves by as much as that trial missed, and continues as
//! a secant.

use crate::recipe::Format;

/// A score this near to the wanted one ends the search. A quality more is worth up to as much.
const TOLERANCE: f64 = 0.5;

/// Points more than the wanted score for whose mean quality the time of a search is estimated: photographs below the mean
/// need a higher quality.
const MARGIN: f64 = 8.0;

/// Mean scores of photographs at some qualities, both rising.
pub(super) type MeanScores = [(u8, f64)];

/// Those of JPEG, whose qualities look as libjpeg's or a little better (docs/performance.md, "Quality by score").
const JPEG: [(u8, f64); 9] = [
    (10, 15.0),
    (20, 42.0),
    (35, 57.0),
    (50, 66.0),
    (65, 72.0),
    (80, 78.5),
    (90, 84.5),
    (95, 88.0),
    (98, 90.5),
];

/// Those of AVIF at 300 px (docs/performance.md, "AVIF out").
const AVIF: [(u8, f64); 9] = [
    (10, 0.0),
    (20, 34.0),
    (30, 48.5),
    (40, 56.5),
    (50, 62.0),
    (70, 70.5),
    (80, 76.0),
    (90, 83.0),
    (100, 90.5),
];

/// Those of WebP.
const WEBP: [(u8, f64); 9] = [
    (10, 25.0),
    (20, 42.0),
    (35, 53.0),
    (50, 60.0),
    (65, 65.0),
    (80, 72.0),
    (90, 80.0),
    (95, 85.0),
    (100, 89.0),
];

/// The mean scores of a format.
pub(super) fn means(format: Format) -> &'static MeanScores {
    match format {
        Format::Avif => &AVIF,
        Format::Gif | Format::Jpeg | Format::Png => &JPEG,
        Format::WebP => &WEBP,
    }
}

/// The end of a search.
#[derive(Debug, PartialEq)]
pub(super) struct Found<T> {
    pub(super) quality: u8,
    /// Below the wanted score by more than half a point only if no quality reaches it.
    pub(super) score: f64,
    pub(super) file: T,
}

/// The quality that has this score in the mean.
pub(super) fn mean_quality(format: Format, score: u8) -> u8 {
    quality_at(means(format), f64::from(score))
}

/// The highest quality that a search for this score is expected to try: that at which the mean is [`MARGIN`] higher.
pub(super) fn highest_quality(format: Format, score: u8) -> u8 {
    quality_at(means(format), f64::from(score) + MARGIN)
}

/// The file of the lowest quality tried that scores `wanted`, or else of the highest score. At most `most_trials` files
/// are made, at least one; after three, 98 % of photographs are within one point.
///
/// `means` has at least two qualities, and the search stays between the first and the last of them.
///
/// # Errors
/// The first error of `attempt`.
pub(super) fn lowest<T, E>(
    wanted: f64,
    means: &MeanScores,
    most_trials: u32,
    mut attempt: impl FnMut(u8) -> Result<(f64, T), E>,
) -> Result<Found<T>, E> {
    let mut try_quality = |quality| attempt(quality).map(|(score, file)| Found { quality, score, file });
    let mut best = try_quality(quality_at(means, wanted))?;
    let mut tried = vec![(best.quality, best.score)];
    for _ in 1..most_trials {
        if tried.iter().any(|(_, score)| (score - wanted).abs() <= TOLERANCE) {
            break;
        }
        let Some(quality) = next(wanted, means, &tried) else { break };
        let found = try_quality(quality)?;
        tried.push((found.quality, found.score));
        if serves_better(wanted, (found.score, found.quality), (best.score, best.quality)) {
            best = found;
        }
    }
    Ok(best)
}

/// `true` if the first file serves better than the second, each with its score and cost: it reaches the score at a lower
/// cost, or comes nearer to it.
pub(super) fn serves_better<C: Copy + PartialOrd>(wanted: f64, one: (f64, C), other: (f64, C)) -> bool {
    let reaches = |score: f64| score >= wanted - TOLERANCE;
    match (reaches(one.0), reaches(other.0)) {
        (true, true) => one.1 < other.1,
        (false, false) => one.0 > other.0,
        (reaches, _) => reaches,
    }
}

/// The next quality to try; `None` if all that could be better are tried.
fn next(wanted: f64, means: &MeanScores, tried: &[(u8, f64)]) -> Option<u8> {
    let below = tried.iter().filter(|(_, score)| *score < wanted).max_by_key(|(quality, _)| *quality);
    let above = tried.iter().filter(|(_, score)| *score >= wanted).min_by_key(|(quality, _)| *quality);
    // Between a quality that is too low and one that is high enough the scores rise; outside, as fast as the means.
    let lowest = below.map_or(means.first()?.0, |(quality, _)| quality.saturating_add(1));
    let highest = above.map_or(means.last()?.0, |(quality, _)| quality.saturating_sub(1));
    let mean = match (below, above) {
        (Some(&(low, score)), Some(&(high, higher))) => {
            let (from, to) = (mean_at(means, low), mean_at(means, high));
            from + (to - from) * (wanted - score) / (higher - score)
        }
        _ => {
            let &(quality, score) = tried.last()?;
            mean_at(means, quality) + (wanted - score)
        }
    };
    (lowest <= highest).then(|| quality_at(means, mean).clamp(lowest, highest))
}

/// The mean score at a quality.
fn mean_at(means: &MeanScores, quality: u8) -> f64 {
    let quality = f64::from(quality);
    interpolate(means.iter().map(|(quality, score)| (f64::from(*quality), *score)), quality)
}

/// The quality at which the mean score is this, to the next whole number.
fn quality_at(means: &MeanScores, score: f64) -> u8 {
    let quality = interpolate(means.iter().map(|(quality, score)| (*score, f64::from(*quality))), score);
    // Between two numbers of eight bits.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the qualities of `means`")]
    let quality = quality.round() as u8;
    quality
}

/// The height at `x` of the line through points of rising `x`; beyond its ends, that of the end.
fn interpolate(points: impl Iterator<Item = (f64, f64)>, x: f64) -> f64 {
    let mut last: Option<(f64, f64)> = None;
    for (right, high) in points {
        if x <= right {
            return match last {
                Some((left, low)) => low + (high - low) * (x - left) / (right - left),
                None => high,
            };
        }
        last = Some((right, high));
    }
    last.map_or(0.0, |(_, height)| height)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEANS: [(u8, f64); 5] = [(10, 20.0), (50, 64.0), (75, 75.0), (90, 84.0), (98, 92.0)];

    /// Searches a picture that scores this much more than the mean, and rises by `slope` of it.
    fn search(wanted: f64, more: f64, slope: f64) -> (Found<u8>, usize) {
        let mut trials = 0;
        let found = lowest::<_, ()>(wanted, &MEANS, 5, |quality| {
            trials += 1;
            Ok((75.0 + (mean_at(&MEANS, quality) - 75.0) * slope + more, quality))
        });
        (found.unwrap(), trials)
    }

    #[test]
    fn scores_within_reach_are_met_in_few_trials() {
        for wanted in 50..=88 {
            for more in -6..=6 {
                for slope in [0.7, 1.0, 1.4] {
                    let (found, trials) = search(f64::from(wanted), f64::from(more), slope);
                    let highest = 75.0 + (92.0 - 75.0) * slope + f64::from(more);
                    assert_eq!(found.file, found.quality);
                    assert!(trials <= 5, "{wanted} {more} {slope}: {trials}");
                    if f64::from(wanted) <= highest {
                        let miss = found.score - f64::from(wanted);
                        assert!((-TOLERANCE..=1.5).contains(&miss), "{wanted} {more} {slope}: {miss}");
                    }
                }
            }
        }
    }

    #[test]
    fn one_trial_is_enough_for_the_mean_picture() {
        assert_eq!(search(75.0, 0.0, 1.0), (Found { quality: 75, score: 75.0, file: 75 }, 1));
    }

    #[test]
    fn the_highest_quality_stands_for_a_score_that_none_reaches() {
        let (found, trials) = search(95.0, -20.0, 1.0);
        assert_eq!((found.quality, trials), (98, 1));
        let (found, _) = search(85.0, -20.0, 1.0);
        assert_eq!(found.quality, 98);
    }

    #[test]
    fn the_lowest_quality_stands_for_a_score_that_all_exceed() {
        assert_eq!(search(40.0, 50.0, 1.0).0.quality, 10);
    }

    #[test]
    fn errors_end_the_search() {
        assert_eq!(lowest::<(), _>(75.0, &MEANS, 5, |_| Err("cancelled")), Err("cancelled"));
    }
}
