//! Settings of all rules: limits, logging, and the way to COS.

use crate::object::{Domain, Endpoint};
use crate::reconcile::OnForeign;

/// The settings of all rules.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// Most pixels of a source, 1 to 1,000,000,000. The default is the limit of Tencent's own image processing
    /// (460/36620), so that this function refuses nothing that it takes.
    pub max_pixels: u64,
    /// The treatment of an image that is damaged and still mostly intact.
    pub on_damage: OnDamage,
    /// The answer to the platform for a source that can never become a thumbnail.
    pub on_failure: OnFailure,
    /// The treatment of foreign objects under the keys of thumbnails. They stay by default, because an overwritten
    /// object cannot be restored.
    pub on_foreign: OnForeign,
    /// The amount of logging.
    pub log_level: LogLevel,
    /// The domain of COS that requests go to.
    pub domain: Domain,
    /// The origin that connections go to instead, for tests and private networks.
    pub endpoint: Option<Endpoint>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_pixels: 250_000_000,
            on_damage: OnDamage::default(),
            on_failure: OnFailure::default(),
            on_foreign: OnForeign::default(),
            log_level: LogLevel::default(),
            domain: Domain::default(),
            endpoint: None,
        }
    }
}

/// The amount of logging, from least to most.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum LogLevel {
    /// Failures only.
    Error,
    /// One line for every record as well.
    #[default]
    Info,
    /// Details of every invocation.
    Debug,
}

impl LogLevel {
    /// The word for it in configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// The treatment of an image that is damaged and still mostly intact.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OnDamage {
    /// It fails, like one that is mostly lost.
    Fail,
    /// Its thumbnails are stored, and the outcome says how much of it is damaged.
    #[default]
    Store,
}

/// The answer to the platform for a source that can never become a thumbnail.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OnFailure {
    /// A failed invocation: the platform retries it, and then moves it to the dead letter queue.
    Error,
    /// A successful invocation whose answer reports the failure: a retry would cost and change nothing.
    #[default]
    Response,
}

impl OnFailure {
    /// The word for it in configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Response => "response",
        }
    }
}
