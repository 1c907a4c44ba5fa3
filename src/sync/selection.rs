//! Selection of sources: by key, and by the time of their upload.

use std::fmt;
use std::time::{Duration, SystemTime};

use glob::Pattern;

use crate::sync::Source;

/// The sources that a sync is about; the default is all.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Beginning of keys.
    pub prefix: String,
    /// Key after which the sources begin.
    pub start_after: Option<String>,
    /// Only uploads at this time or later.
    pub newer: Option<TimeLimit>,
    /// Only uploads before this time.
    pub older: Option<TimeLimit>,
    /// Pattern of whole keys.
    pub pattern: Option<Pattern>,
}

/// A time that limits a selection. One that was given as an age counts back from the beginning of the job, also in a run
/// that resumes it later.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TimeLimit {
    time: SystemTime,
    age: Option<Duration>,
}

/// An option of a selection that cannot be read.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub enum SelectionError {
    /// Not a pattern.
    #[error("{0} is not a pattern of keys: {1}; write one like photos/**/*.jpg")]
    Pattern(String, String),
    /// Neither a time nor an age.
    #[error("{0} is neither a time nor an age; write one like 2026-11-01, 2026-11-01T08:00:00Z or 7days")]
    Time(String),
}

impl Selection {
    /// Parses a pattern of keys: `*` is anything but a slash, `**` is any folders.
    ///
    /// # Errors
    /// [`SelectionError::Pattern`].
    pub fn parse_pattern(text: &str) -> Result<Pattern, SelectionError> {
        Pattern::new(text).map_err(|error| SelectionError::Pattern(text.to_owned(), error.msg.to_owned()))
    }

    /// Parses a time: a date, a time of RFC 3339, or an age such as `7days` before `now`.
    ///
    /// # Errors
    /// [`SelectionError::Time`].
    pub fn parse_time(text: &str, now: SystemTime) -> Result<TimeLimit, SelectionError> {
        let with_time = if text.contains(['T', ' ']) { text.to_owned() } else { format!("{text}T00:00:00Z") };
        let by_age = || {
            let age = humantime::parse_duration(text).ok()?;
            Some(TimeLimit { time: now.checked_sub(age)?, age: Some(age) })
        };
        humantime::parse_rfc3339_weak(&with_time)
            .ok()
            .map(|time| TimeLimit { time, age: None })
            .or_else(by_age)
            .ok_or_else(|| SelectionError::Time(text.to_owned()))
    }

    /// Lets ages count back from the time at which the job began.
    pub(super) fn begin_at(&mut self, began: SystemTime) {
        for limit in [&mut self.newer, &mut self.older].into_iter().flatten() {
            if let Some(time) = limit.age.and_then(|age| began.checked_sub(age)) {
                limit.time = time;
            }
        }
    }

    /// Returns `true` for a selected key.
    #[must_use]
    pub fn takes_key(&self, key: &str) -> bool {
        let options = glob::MatchOptions { require_literal_separator: true, ..glob::MatchOptions::new() };
        key.starts_with(&self.prefix)
            && self.start_after.as_ref().is_none_or(|after| key > after.as_str())
            && self.pattern.as_ref().is_none_or(|pattern| pattern.matches_with(key, options))
    }

    /// Returns `true` for a selected source. One whose time is unknown is selected whatever its time.
    #[must_use]
    pub fn takes(&self, source: &Source) -> bool {
        let time = source.last_modified;
        self.takes_key(source.key.as_str())
            && self.newer.zip(time).is_none_or(|(newer, time)| time >= newer.time)
            && self.older.zip(time).is_none_or(|(older, time)| time < older.time)
    }
}

/// Prints the age, or else the time.
impl fmt::Display for TimeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.age {
            Some(age) => write!(f, "{} ago", humantime::format_duration(age)),
            None => write!(f, "{}", humantime::format_rfc3339(self.time)),
        }
    }
}

/// Prints all members in one form, which names the selection in a checkpoint.
impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { prefix, start_after, newer, older, pattern } = self;
        let pattern = pattern.as_ref().map(Pattern::as_str);
        let [newer, older] = [newer, older].map(|limit| limit.as_ref().map(ToString::to_string));
        write!(
            f,
            "prefix {prefix:?}, after {start_after:?}, newer {newer:?}, older {older:?}, match {pattern:?}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Key;

    fn source(key: &str, seconds: Option<u64>) -> Source {
        let time = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        Source {
            key: Key::parse(key).unwrap(),
            length: None,
            etag: None,
            last_modified: seconds.map(time),
            is_archived: false,
        }
    }

    #[test]
    fn keys_are_selected_by_prefix_marker_and_pattern() {
        let selection = Selection {
            prefix: "in/".to_owned(),
            start_after: Some("in/b".to_owned()),
            pattern: Some(Selection::parse_pattern("in/**/*.jpg").unwrap()),
            ..Selection::default()
        };
        for (key, taken) in [
            ("in/c.jpg", true),
            ("in/c/d.jpg", true),
            ("in/a.jpg", false),
            ("in/b", false),
            ("in/c.png", false),
            ("out/c.jpg", false),
        ] {
            assert_eq!(selection.takes_key(key), taken, "{key}");
        }
        let flat = Selection {
            pattern: Some(Selection::parse_pattern("in/*.jpg").unwrap()),
            ..Selection::default()
        };
        assert!(flat.takes_key("in/c.jpg") && !flat.takes_key("in/c/d.jpg"));
        assert!(Selection::parse_pattern("in/[").is_err());
    }

    #[test]
    fn times_are_dates_moments_or_ages() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(10 * 86_400);
        for (text, seconds) in [
            ("1970-01-03", 2 * 86_400),
            ("1970-01-03T00:00:01Z", 2 * 86_400 + 1),
            ("1970-01-03 00:00:02", 2 * 86_400 + 2),
            ("7days", 3 * 86_400),
            ("12h", 10 * 86_400 - 43_200),
        ] {
            let time = Selection::parse_time(text, now).unwrap().time;
            assert_eq!(time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs(), seconds, "{text}");
        }
        for text in ["", "yesterday", "2026-13-01", "99999999999999years"] {
            assert!(Selection::parse_time(text, now).is_err(), "{text}");
        }
    }

    #[test]
    fn sources_are_selected_by_their_time() {
        let at = |seconds| {
            Some(TimeLimit { time: SystemTime::UNIX_EPOCH + Duration::from_secs(seconds), age: None })
        };
        let selection = Selection { newer: at(10), older: at(20), ..Selection::default() };
        for (seconds, taken) in
            [(Some(9), false), (Some(10), true), (Some(19), true), (Some(20), false), (None, true)]
        {
            assert_eq!(selection.takes(&source("a", seconds)), taken, "{seconds:?}");
        }
    }

    #[test]
    fn an_age_names_the_same_selection_at_any_time_and_counts_from_the_beginning_of_the_job() {
        let day = |day: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(day * 86_400);
        let at = |now| Selection {
            newer: Some(Selection::parse_time("2days", now).unwrap()),
            ..Selection::default()
        };
        let (first, mut resumed) = (at(day(10)), at(day(11)));
        assert_eq!(first.to_string(), resumed.to_string());
        let upload = source("a", Some(8 * 86_400 + 5));
        assert!(first.takes(&upload) && !resumed.takes(&upload));
        resumed.begin_at(day(10));
        assert!(resumed.takes(&upload), "the first run would have taken it");
        let moment = |text| Selection {
            newer: Some(Selection::parse_time(text, day(10)).unwrap()),
            ..Selection::default()
        };
        assert_ne!(moment("1970-01-03").to_string(), moment("1970-01-04").to_string());
    }
}
