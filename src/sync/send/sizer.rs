//! Number of records of a batch, found by measuring.

use std::time::Duration;

use crate::sync::Limits;
use crate::sync::send::limits::MOST_RECORDS;

/// Records of the first batch.
const FIRST: usize = 4;

/// Weight of the newest batch in the mean time of a record.
const NEWEST: f64 = 0.3;

/// A batch should take a fixed time: long enough that the cost of an invocation does not count, and so short that a killed
/// one loses little, and that the rest of the run is spread over all instances.
#[derive(Debug)]
pub(super) struct Sizer {
    fixed: Option<usize>,
    most: usize,
    target: f64,
    size: usize,
    /// Mean seconds of a record.
    per_record: Option<f64>,
}

impl Sizer {
    pub(super) fn new(limits: &Limits) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "floats saturate")]
        let by_rate = limits.rate.map_or(MOST_RECORDS, |rate| rate as usize);
        let most = MOST_RECORDS.min(by_rate).max(1);
        let fixed = limits.batch.map(|batch| batch.clamp(1, most));
        Self { fixed, most, target: limits.batch_time.as_secs_f64(), size: FIRST.min(most), per_record: None }
    }

    /// Records of the next batch.
    pub(super) fn size(&self) -> usize {
        self.fixed.unwrap_or(self.size)
    }

    /// Most records that any batch can have.
    pub(super) fn most(&self) -> usize {
        self.fixed.unwrap_or(self.most)
    }

    /// Notes the time that a batch took.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "floats saturate, and batches have some hundred records"
    )]
    pub(super) fn took(&mut self, records: usize, time: Duration) {
        let newest = time.as_secs_f64() / records.max(1) as f64;
        let mean = self.per_record.map_or(newest, |mean| mean + NEWEST * (newest - mean));
        self.per_record = Some(mean);
        let wanted = (self.target / mean.max(1e-6)) as usize;
        self.size = wanted.clamp(1, self.size.saturating_mul(2).min(self.most));
    }

    /// Notes that a batch was too large for one invocation.
    pub(super) fn was_too_large(&mut self) {
        self.size = (self.size / 2).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_double_until_they_take_their_time() {
        let limits = Limits::for_function("ap-guangzhou", 512, Duration::from_secs(60));
        let mut sizer = Sizer::new(&limits);
        let mut sizes = Vec::new();
        for _ in 0..6 {
            sizes.push(sizer.size());
            sizer.took(sizer.size(), Duration::from_millis(150) * u32::try_from(sizer.size()).unwrap());
        }
        assert_eq!(sizes, [4, 8, 16, 32, 64, 66], "a batch takes 10 s");
        sizer.was_too_large();
        assert_eq!(sizer.size(), 33);
        let limits = Limits { batch: Some(7), ..limits };
        let fixed = Sizer::new(&limits);
        assert_eq!(fixed.size(), 7);
        let slow = Sizer::new(&Limits { rate: Some(2.5), ..limits });
        assert_eq!(slow.size(), 2, "a batch is never more than the rate allows in a second");
    }
}
