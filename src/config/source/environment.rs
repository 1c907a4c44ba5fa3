//! The variables of the process that are settings.
//!
//! An empty variable counts as not set (SCF does not store empty values), and white space around a value is not
//! part of it. Values of secrets never leave through `Debug` or a mistake.

use std::collections::BTreeMap;
use std::fmt;

use super::table::{SECRET_ID, SECRET_KEY, SETTINGS};
use crate::config::mistake::{Findings, Mistake, Written};

/// Beginnings of the platform's own variables (583/30228), which are never misspelt settings.
const PLATFORM_PREFIXES: [&str; 4] = ["QCLOUD_", "SCF_", "TENCENTCLOUD_", "_SCF_"];

/// The variables of one process.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The variables of this process. Bytes that are not UTF-8 become U+FFFD, which no setting accepts.
    #[must_use]
    pub fn of_process() -> Self {
        let text = |raw: std::ffi::OsString| raw.to_string_lossy().into_owned();
        Self::from_pairs(std::env::vars_os().map(|(name, value)| (text(name), text(value))))
    }

    /// An environment of these variables; of two with one name the later counts.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// The value of a variable without white space around it; `None` when it is not set or empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The value with its name, as parsers want it.
    pub(in crate::config) fn written(&self, name: &str) -> Option<Written> {
        self.get(name).map(|value| Written::new(name, value))
    }

    /// Number of settings that have a value here.
    pub(in crate::config) fn settings_set(&self) -> usize {
        SETTINGS.iter().filter(|setting| self.get(setting.name).is_some()).count()
    }

    /// Reports misspelt settings and half a pair of keys.
    pub(in crate::config) fn check_names(&self, findings: &mut Findings) {
        for name in self.0.keys() {
            if let Some(meant) = meant_by(name) {
                findings.push(Mistake::Unknown { name: name.clone(), meant });
            }
        }
        let half = |set, missing| Mistake::HalfPair { set, missing };
        match (self.get(SECRET_ID), self.get(SECRET_KEY)) {
            (Some(_), None) => findings.push(half(SECRET_ID, SECRET_KEY)),
            (None, Some(_)) => findings.push(half(SECRET_KEY, SECRET_ID)),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
}

/// Shows the values of settings that are not secret, and of everything else only the name.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |name: &str| is_setting(name) && name != SECRET_ID && name != SECRET_KEY;
        f.debug_map()
            .entries(
                self.0.iter().map(|(name, value)| (name, if shown(name) { value.as_str() } else { "***" })),
            )
            .finish()
    }
}

fn is_setting(name: &str) -> bool {
    SETTINGS.iter().any(|setting| setting.name == name)
}

/// The setting that an unknown variable resembles: at most two letters away, or one for a short name.
fn meant_by(name: &str) -> Option<&'static str> {
    let like_a_setting = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    let foreign = PLATFORM_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    if !like_a_setting || foreign || is_setting(name) {
        return None;
    }
    let tolerance = |setting: &str| (setting.len() / 3).min(2);
    SETTINGS
        .iter()
        .map(|setting| (distance(name, setting.name), setting.name))
        .filter(|(away, setting)| *away <= tolerance(setting))
        .min()
        .map(|(_, setting)| setting)
}

/// The Levenshtein distance: the number of letters to insert, drop or replace. Keeps one row of the usual table
/// and overwrites it from left to right.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, x) in from.bytes().enumerate() {
        let mut above_left = index;
        let mut left = index.saturating_add(1);
        for (cell, y) in row.iter_mut().skip(1).zip(to.bytes()) {
            let replaced = above_left.saturating_add(usize::from(x != y));
            above_left = *cell;
            left = replaced.min(left.min(*cell).saturating_add(1));
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_and_blank_variables_are_not_set() {
        let environment = Environment::from_pairs([("A", ""), ("B", " \t"), ("C", " x \u{3000}")]);
        assert_eq!((environment.get("A"), environment.get("B")), (None, None));
        assert_eq!(environment.get("C"), Some("x"));
        assert_eq!(environment.get("D"), None);
    }

    #[test]
    fn near_misses_are_recognised() {
        let table = [
            ("THUMBNAIL", Some("THUMBNAILS")),
            ("TUMBNAILS", Some("THUMBNAILS")),
            ("TARGETBUCKET", Some("TARGET_BUCKET")),
            ("TARGET_BUCKETS", Some("TARGET_BUCKET")),
            ("MAXPIXELS", Some("MAX_PIXELS")),
            ("SOURCE_SUFIX", Some("SOURCE_SUFFIX")),
            ("QUALITIES", None),
            ("QUALTIY", Some("QUALITY")),
            ("COS_SECRETID", Some("COS_SECRET_ID")),
            ("ACLS", Some("ACL")),
            ("ALL", Some("ACL")),
            ("CI", None),
            ("thumbnail", None),
            ("THUMBNAILS", None),
            ("COS_REGION", None),
        ];
        for (name, meant) in table {
            assert_eq!(meant_by(name), meant, "{name}");
        }
    }

    #[test]
    fn no_platform_variable_is_suspected() {
        let platform = [
            "SCF_RUNTIME_API",
            "SCF_RUNTIME_API_PORT",
            "_HANDLER",
            "TENCENTCLOUD_SECRETID",
            "TENCENTCLOUD_SECRETKEY",
            "TENCENTCLOUD_SESSIONTOKEN",
            "TENCENTCLOUD_REGION",
            "TENCENTCLOUD_APPID",
            "TENCENTCLOUD_UIN",
            "TENCENTCLOUD_RUNENV",
            "TENCENTCLOUD_TZ",
            "SCF_FUNCTIONNAME",
            "SCF_FUNCTIONVERSION",
            "SCF_RUNTIME",
            "SCF_NAMESPACE",
            "USER_CODE_ROOT",
            "TRIGGER_SRC",
            "_SCF_SERVER_PORT",
            "PWD",
            "USER",
            "LOGNAME",
            "HOME",
            "LANG",
            "LC_ALL",
            "LD_LIBRARY_PATH",
            "PATH",
            "HOSTNAME",
            "SHLVL",
            "_",
        ];
        for name in platform {
            assert_eq!(meant_by(name), None, "{name}");
        }
    }

    #[test]
    fn debug_shows_settings_and_hides_the_rest() {
        let environment = Environment::from_pairs([
            ("QUALITY", "70"),
            ("COS_SECRET_KEY", "hush1"),
            ("TENCENTCLOUD_SECRETKEY", "hush2"),
        ]);
        assert_eq!(
            format!("{environment:?}"),
            r#"{"COS_SECRET_KEY": "***", "QUALITY": "70", "TENCENTCLOUD_SECRETKEY": "***"}"#
        );
    }
}
