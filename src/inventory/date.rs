//! Times of rows: ISO 8601 in any of its usual forms.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Reads a time such as `2024-05-03T08:15:42Z`, also with fractions, with a blank instead of `T`, and with
/// an offset such as `+08:00`; without a zone it is in UTC. `None` for other texts.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let (local, ahead) = split_offset(text.trim())?;
    let local = local.strip_suffix(['Z', 'z']).unwrap_or(local).replacen('t', "T", 1);
    let time = humantime::parse_rfc3339_weak(&local).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let seconds = time.as_secs().checked_add_signed(ahead.checked_neg()?)?;
    UNIX_EPOCH.checked_add(Duration::new(seconds, time.subsec_nanos()))
}

/// Parts a time from its offset, in seconds east of UTC; 0 without one.
fn split_offset(text: &str) -> Option<(&str, i64)> {
    // The date has hyphens, too. It is 10 characters long.
    let Some(sign) = text.get(10..)?.find(['+', '-']).map(|at| at.saturating_add(10)) else {
        return Some((text, 0));
    };
    let (local, offset) = text.split_at_checked(sign)?;
    let digits: String = offset.chars().filter(char::is_ascii_digit).collect();
    let is_offset =
        matches!(offset.len(), 3 | 5 | 6) && digits.len() == if offset.len() == 3 { 2 } else { 4 };
    let number = |range| digits.get(range).unwrap_or("0").parse::<i64>().ok();
    let seconds = number(0..2)?.checked_mul(3600)?.checked_add(number(2..4).unwrap_or(0).checked_mul(60)?)?;
    is_offset.then_some((local.trim_end(), if offset.starts_with('-') { -seconds } else { seconds }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_time() {
        let expected = UNIX_EPOCH + Duration::from_secs(1_714_724_142);
        for text in [
            "2024-05-03T08:15:42Z",
            "2024-05-03T08:15:42.000Z",
            "2024-05-03t08:15:42z",
            "2024-05-03 08:15:42",
            " 2024-05-03T08:15:42 ",
            "2024-05-03T16:15:42+08:00",
            "2024-05-03T16:15:42.000+0800",
            "2024-05-03 16:15:42 +0800",
            "2024-05-02T22:45:42-09:30",
            "2024-05-03T16:15:42+08",
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
        assert_eq!(parse("2024-05-03T08:15:42.25Z"), Some(expected + Duration::from_millis(250)));
    }

    #[test]
    fn other_texts_are_no_times() {
        for text in [
            "",
            "yesterday",
            "2024-05-03",
            "2024-13-03T08:15:42Z",
            "2024-05-03T08:15:42+8:00:00",
            "图图图图片片",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
