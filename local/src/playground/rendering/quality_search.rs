//! The quality at which a format looks as good as another thumbnail: a secant search on the score.

/// Most qualities that are tried.
const MOST_TRIALS: usize = 4;

/// Difference of scores that nobody sees.
const CLOSE: f64 = 0.3;

/// Points of score that a step of quality changes, about the middle of the scale; the first guess of the slope.
const USUAL_SLOPE: f64 = 0.6;

/// A search for the quality with a wanted score.
pub(super) struct QualitySearch {
    wanted: f64,
    /// Qualities and their scores, in the order in which they were tried.
    tried: Vec<(u8, f64)>,
}

impl QualitySearch {
    pub(super) fn new(wanted: f64) -> Self {
        Self { wanted, tried: Vec::new() }
    }

    /// Returns the quality to try next; `None` if the search is at its end.
    pub(super) fn next(&self) -> Option<u8> {
        let Some(&(last, score)) = self.tried.last() else { return Some(80) };
        let is_close = self.tried.iter().any(|(_, score)| (score - self.wanted).abs() <= CLOSE);
        if is_close || self.tried.len() >= MOST_TRIALS {
            return None;
        }
        let slope = self.slope().unwrap_or(USUAL_SLOPE);
        let guess = f64::from(last) + (self.wanted - score) / slope;
        // The quality lies between the best that is too low and the worst that is good enough.
        let below =
            self.tried.iter().filter(|(_, score)| *score < self.wanted).map(|(quality, _)| *quality).max();
        let above =
            self.tried.iter().filter(|(_, score)| *score >= self.wanted).map(|(quality, _)| *quality).min();
        let least = below.map_or(1, |quality| quality.saturating_add(1));
        let most = above.map_or(100, |quality| quality.saturating_sub(1));
        // Without a quality between them, one of the two is the nearest.
        (least <= most).then(|| nearest_quality(guess).clamp(least, most))
    }

    /// Takes the score of a quality.
    pub(super) fn tell(&mut self, quality: u8, score: f64) {
        self.tried.push((quality, score));
    }

    /// Returns the index of the trial whose score is nearest to the wanted one.
    pub(super) fn best(&self) -> Option<usize> {
        let distance = |(_, (_, score)): &(usize, &(u8, f64))| (score - self.wanted).abs();
        let trials = self.tried.iter().enumerate();
        trials.min_by(|one, other| distance(one).total_cmp(&distance(other))).map(|(index, _)| index)
    }

    /// Points of score per step of quality, between the last two trials.
    fn slope(&self) -> Option<f64> {
        let [.., (quality_before, score_before), (quality, score)] = self.tried.as_slice() else {
            return None;
        };
        let slope = (score - score_before) / (f64::from(*quality) - f64::from(*quality_before));
        (slope > 0.01).then_some(slope)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 1 and 100")]
fn nearest_quality(guess: f64) -> u8 {
    guess.round().clamp(1.0, 100.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The quality that is found on a curve of scores, and the number of trials.
    fn found(wanted: f64, curve: impl Fn(f64) -> f64) -> (u8, usize) {
        let mut search = QualitySearch::new(wanted);
        while let Some(quality) = search.next() {
            search.tell(quality, curve(f64::from(quality)));
        }
        let best = search.best().unwrap();
        (search.tried[best].0, search.tried.len())
    }

    #[test]
    fn the_quality_is_found_in_few_trials() {
        // Flat in the middle and steep at both ends, as measured curves are.
        let curve = |quality: f64| 60.0 + 0.4 * (quality - 50.0) + 0.000_1 * (quality - 50.0).powi(3);
        for quality in [30_u8, 45, 60, 75, 80, 88, 95] {
            let (found, trials) = found(curve(f64::from(quality)), curve);
            assert!(
                found.abs_diff(quality) <= 2 && trials <= MOST_TRIALS,
                "{found} for {quality}, {trials} trials"
            );
        }
    }

    #[test]
    fn scores_out_of_reach_end_at_the_ends_of_the_scale() {
        let curve = |quality: f64| 30.0 + 0.5 * quality;
        assert_eq!(found(99.0, curve).0, 100);
        assert_eq!(found(-20.0, curve).0, 1);
    }

    #[test]
    fn a_flat_or_falling_curve_ends_too() {
        assert!(found(80.0, |_| 70.0).1 <= MOST_TRIALS);
        assert!(found(80.0, |quality| 100.0 - quality).1 <= MOST_TRIALS);
    }
}
