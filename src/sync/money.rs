//! What a run uses, and what that costs.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Use of the platform.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Usage {
    /// Invocations that ran.
    pub invocations: u64,
    /// Milliseconds that they are billed for.
    pub billed_ms: u64,
    /// Requests of the function to COS.
    pub requests: u64,
}

impl Usage {
    /// Adds another use.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            invocations: self.invocations.saturating_add(other.invocations),
            billed_ms: self.billed_ms.saturating_add(other.billed_ms),
            requests: self.requests.saturating_add(other.requests),
        }
    }

    /// The same use several times.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self {
            invocations: self.invocations.saturating_mul(count),
            billed_ms: self.billed_ms.saturating_mul(count),
            requests: self.requests.saturating_mul(count),
        }
    }

    /// GB-seconds of a function with this memory, MB (583/12284).
    #[must_use]
    pub fn gb_seconds(&self, memory_mb: u64) -> f64 {
        number(memory_mb) / 1024.0 * number(self.billed_ms) / 1000.0
    }
}

/// Prices of SCF and COS, without free quotas and packages.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// Currency, such as `USD`.
    pub currency: String,
    /// Date of the price list.
    pub date: String,
    /// Price of a GB-second.
    pub gb_second: f64,
    /// Price of 10,000 invocations.
    pub invocations_10k: f64,
    /// Price of 10,000 requests to COS.
    pub requests_10k: f64,
}

/// The international list prices (583/12281 and the price list of COS).
impl Default for Prices {
    fn default() -> Self {
        Self {
            currency: "USD".to_owned(),
            date: "2024-12-24".to_owned(),
            gb_second: 0.000_016_7,
            invocations_10k: 0.002,
            requests_10k: 0.002,
        }
    }
}

/// A price list that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PriceError {
    /// Not the JSON of a price list.
    #[error("the prices cannot be read: {0}; write them as docs/sync.md shows")]
    Json(serde_json::Error),
    /// A number below zero, or none.
    #[error("the price {0} is not a number from 0 on; correct it")]
    Number(&'static str),
}

impl Prices {
    /// Parses a price list, JSON.
    ///
    /// # Errors
    /// [`PriceError`].
    pub fn parse(text: &str) -> Result<Self, PriceError> {
        let prices: Self = serde_json::from_str(text).map_err(PriceError::Json)?;
        let numbers = [
            ("gb_second", prices.gb_second),
            ("invocations_10k", prices.invocations_10k),
            ("requests_10k", prices.requests_10k),
        ];
        match numbers.into_iter().find(|(_, price)| !price.is_finite() || *price < 0.0) {
            Some((name, _)) => Err(PriceError::Number(name)),
            None => Ok(prices),
        }
    }

    /// The cost of a use by a function with this memory, MB.
    #[must_use]
    pub fn cost(&self, usage: &Usage, memory_mb: u64) -> f64 {
        usage.gb_seconds(memory_mb) * self.gb_second
            + number(usage.invocations) * self.invocations_10k / 10_000.0
            + number(usage.requests) * self.requests_10k / 10_000.0
    }
}

/// The deployed function, as far as its cost depends on it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FunctionSize {
    /// Memory, MB.
    pub memory_mb: u64,
    /// Time limit of one invocation.
    pub time_limit: Duration,
}

#[expect(clippy::cast_precision_loss, reason = "a cost with 53 bits is exact enough")]
pub(super) fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_price_page_and_a_million_photographs() {
        let usage = Usage { invocations: 1, billed_ms: 1760, requests: 0 };
        assert!((usage.gb_seconds(256) - 0.44).abs() < 1e-9);
        let million = Usage { invocations: 1, billed_ms: 800, requests: 4 }.times(1_000_000);
        let cost = Prices::default().cost(&million, 1024);
        assert!((cost - (13.36 + 0.2 + 0.8)).abs() < 0.01, "{cost}");
    }

    #[test]
    fn prices_are_read_and_checked() {
        let text = |price: &str| {
            format!(
                r#"{{"currency":"CNY","date":"2026-11-01","gb_second":{price},"invocations_10k":0.01,"requests_10k":0.01}}"#
            )
        };
        assert_eq!(Prices::parse(&text("0.0001")).unwrap().currency, "CNY");
        assert!(Prices::parse(&text("-1")).is_err());
        assert!(Prices::parse("{}").is_err());
    }
}
