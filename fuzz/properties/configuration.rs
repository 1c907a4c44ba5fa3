//! Loading of any variables and any `thumbnails.json` never panics. Each mistake is one line that names its place and a
//! remedy; a configuration that is accepted prints, loads again as the same, and validates against the schema.
//!
//! An input has lines `NAME=value`, then a line `---` and the file, if there is one.

use std::cell::OnceCell;
use std::thread_local;

use cos_thumbnailer::config::{Config, Environment, Mistake, Mistakes, SETTINGS};
use serde_json::Value;

use super::validator::Validator;

thread_local! {
    static VALIDATOR: OnceCell<Validator> = const { OnceCell::new() };
}

/// Checks the property. `false` if the input is not worth keeping.
pub(crate) fn check(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let (variables, file) = match text.split_once("---\n") {
        Some((variables, file)) => (variables, Some(file)),
        None => (text, None),
    };
    let environment = Environment::from_pairs(variables.lines().filter_map(|line| line.split_once('=')));
    match Config::load(&environment, file) {
        Ok(config) => {
            assert!(!config.rules().is_empty());
            let _ = config.to_string();
            assert_eq!(
                Config::load(&environment, file).as_ref(),
                Ok(&config),
                "it depends on something else"
            );
            if let Some(file) = file {
                validates(file);
            }
        }
        Err(mistakes) => have_places(&mistakes),
    }
    true
}

/// Asserts that the schema refuses nothing that the function takes.
fn validates(file: &str) {
    // The schema speaks of JSON values, in which a member that is written twice cannot be told from one.
    let value: Value =
        serde_json::from_str(file.strip_prefix('\u{feff}').unwrap_or(file)).expect("it was read");
    VALIDATOR.with(|validator| {
        assert!(validator.get_or_init(Validator::new).takes(&value), "{file}");
    });
}

fn have_places(mistakes: &Mistakes) {
    assert!(!mistakes.as_slice().is_empty());
    assert_eq!(mistakes.to_string().lines().count(), mistakes.as_slice().len(), "{mistakes}");
    for mistake in mistakes.as_slice() {
        if let Mistake::Value { setting, rule, .. } = mistake {
            let member = setting.split(['.', '[']).next().unwrap_or_default();
            let variable = member.to_ascii_uppercase();
            let is_known = SETTINGS.iter().any(|setting| setting.name == variable);
            assert!(is_known || matches!(member, "rules" | "thumbnails" | "$schema"), "{mistake}");
            assert!(!rule.is_empty(), "{mistake}");
        }
    }
}
