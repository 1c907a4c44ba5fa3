//! Settings of all rules, which variables or the file hold.

use std::fmt;

use super::environment::Environment;
use super::file::File;
use crate::config::mistake::{Findings, Mistake, Written};
use crate::config::settings::Settings;
use crate::config::syntax::values;

/// Reads the settings of all rules.
pub(in crate::config) fn read(environment: &Environment, file: &File, findings: &mut Findings) -> Settings {
    let default = Settings::default();
    let mut both = BothPlaces { environment, file, findings };
    Settings {
        max_pixels: both.agreed("MAX_PIXELS", values::max_pixels).unwrap_or(default.max_pixels),
        on_damage: both.agreed("ON_DAMAGE", values::on_damage).unwrap_or_default(),
        on_failure: both.agreed("ON_FAILURE", values::on_failure).unwrap_or_default(),
        on_foreign: both.agreed("ON_FOREIGN", values::on_foreign).unwrap_or_default(),
        log_level: both.agreed("LOG_LEVEL", values::log_level).unwrap_or_default(),
        domain: both.agreed("COS_DOMAIN", values::domain).unwrap_or_default(),
        endpoint: both.agreed("COS_ENDPOINT", values::endpoint),
    }
}

/// The two places where a setting can be written.
struct BothPlaces<'a> {
    environment: &'a Environment,
    file: &'a File,
    findings: &'a mut Findings,
}

impl BothPlaces<'_> {
    /// The value of a setting, which may be written in both places only if it is the same.
    fn agreed<T: PartialEq, E: fmt::Display>(
        &mut self,
        variable: &str,
        parser: fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let mut parse =
            |written: Written| self.findings.note(written.parse(parser)).map(|value| (written, value));
        let in_environment = self.environment.written(variable).and_then(&mut parse);
        let in_file = self.file.written(&variable.to_ascii_lowercase()).cloned().and_then(parse);
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
    use crate::config::{Config, LogLevel, OnDamage, OnFailure};
    use crate::object::{Domain, Endpoint};
    use crate::reconcile::OnForeign;

    #[test]
    fn settings_come_from_either_place() {
        let variables = [("MAX_PIXELS", "1000"), ("COS_ENDPOINT", "http://127.0.0.1:9000")];
        let file = r#"{"max_pixels": 1000, "on_damage": "fail", "on_failure": "error", "on_foreign": "overwrite",
            "log_level": "debug", "cos_domain": "internal"}"#;
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
