//! What holds for every rule: limits, logging, and how COS is reached.

use std::fmt;

use crate::object::{Domain, Endpoint};
use crate::reconcile::OnForeign;

use super::mistake::{Findings, Mistake, Written};
use super::source::environment::Environment;
use super::source::file::File;
use super::syntax::values;

/// What holds for every rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// Most pixels of a source, 1 to 1,000,000,000. The default is the limit of Tencent's own image processing
    /// (460/36620), so that nothing it takes is refused here.
    pub max_pixels: u64,
    /// What becomes of a picture that is damaged and still mostly good.
    pub on_damage: OnDamage,
    /// What the platform is told of a source that can never become a thumbnail.
    pub on_failure: OnFailure,
    /// What becomes of objects that somebody else put under the keys of thumbnails. They stay by default, because what is
    /// overwritten is gone.
    pub on_foreign: OnForeign,
    /// How much is logged.
    pub log_level: LogLevel,
    /// Which of COS's domains requests go to.
    pub domain: Domain,
    /// Where connections go instead, for tests and private networks.
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

/// How much is logged. Ordered from least to most.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum LogLevel {
    /// Failures only.
    Error,
    /// One line for every event as well.
    #[default]
    Info,
    /// Every step.
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

/// What becomes of a picture that is damaged and still mostly good.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OnDamage {
    /// It fails, like one that is mostly lost.
    Fail,
    /// Its thumbnails are stored, and the outcome says how much of it is damaged.
    #[default]
    Store,
}

/// What the platform is told of a source that can never become a thumbnail.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OnFailure {
    /// A failed invocation: the platform tries it again, and then moves it to the dead letter queue.
    Error,
    /// A successful one whose answer tells what failed: trying again would only cost.
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

impl Settings {
    pub(super) fn load(environment: &Environment, file: &File, findings: &mut Findings) -> Self {
        let default = Self::default();
        let mut both = Both { environment, file, findings };
        Self {
            max_pixels: both.agreed("MAX_PIXELS", values::max_pixels).unwrap_or(default.max_pixels),
            on_damage: both.agreed("ON_DAMAGE", values::on_damage).unwrap_or_default(),
            on_failure: both.agreed("ON_FAILURE", values::on_failure).unwrap_or_default(),
            on_foreign: both.agreed("ON_FOREIGN", values::on_foreign).unwrap_or_default(),
            log_level: both.agreed("LOG_LEVEL", values::log_level).unwrap_or_default(),
            domain: both.agreed("COS_DOMAIN", values::domain).unwrap_or_default(),
            endpoint: both.agreed("COS_ENDPOINT", values::endpoint),
        }
    }
}

/// The two places where a setting can be written.
struct Both<'a> {
    environment: &'a Environment,
    file: &'a File,
    findings: &'a mut Findings,
}

impl Both<'_> {
    /// The value of a setting, which may be written in both places only if it is the same.
    fn agreed<T: PartialEq, E: fmt::Display>(
        &mut self,
        variable: &str,
        parser: fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let mut parse = |written: Option<Written>| {
            let written = written?;
            self.findings.note(written.parse(parser)).map(|value| (written, value))
        };
        let in_environment = parse(self.environment.written(variable));
        let in_file = parse(self.file.written(&variable.to_ascii_lowercase()));
        match (in_environment, in_file) {
            (Some((environment, value)), Some((file, other))) => {
                if value != other {
                    self.findings.push(Mistake::Contradiction {
                        variable: environment.setting,
                        in_environment: environment.value,
                        member: file.setting,
                        in_file: file.value,
                    });
                }
                Some(value)
            }
            (Some((_, value)), None) | (None, Some((_, value))) => Some(value),
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn settings_come_from_either_place() {
        let variables = [("MAX_PIXELS", "1000"), ("COS_ENDPOINT", "http://127.0.0.1:9000")];
        let file = r#"{"max_pixels": 1000, "on_damage": "fail", "on_failure": "error", "on_foreign": "overwrite", "log_level": "debug",
            "cos_domain": "internal"}"#;
        let config = Config::load(&Environment::from_pairs(variables), Some(file)).unwrap();
        assert_eq!(
            config.settings(),
            &Settings {
                max_pixels: 1000,
                on_damage: OnDamage::Fail,
                on_failure: OnFailure::Error,
                on_foreign: OnForeign::Overwrite,
                log_level: LogLevel::Debug,
                domain: Domain::Internal,
                endpoint: Endpoint::parse("http://127.0.0.1:9000"),
            }
        );
    }

    #[test]
    fn the_two_places_must_agree() {
        let environment = Environment::from_pairs([("MAX_PIXELS", "10")]);
        let mistakes = Config::load(&environment, Some(r#"{"max_pixels": 20}"#)).unwrap_err();
        assert_eq!(
            mistakes.to_string(),
            "MAX_PIXELS is \"10\" but max_pixels in thumbnails.json is \"20\"; remove one of them"
        );
    }
}
