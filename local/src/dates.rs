//! Dates in headers, documents and signatures.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Short names of the months, as in HTTP dates.
const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// Returns the seconds since the Unix epoch, or `None` for earlier times.
pub(crate) fn seconds(time: SystemTime) -> Option<i64> {
    i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

/// Reads `20240506T070809Z`, the date of AWS signatures, as seconds since the Unix epoch.
pub(crate) fn parse_basic(text: &str) -> Option<i64> {
    let digits = |range: std::ops::Range<usize>| {
        text.get(range).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let month: usize = digits(4..6)?.parse().ok()?;
    let month = month.checked_sub(1).and_then(|index| MONTHS.get(index * 3..index * 3 + 3))?;
    let is_whole = text.len() == 16 && text.get(8..9) == Some("T") && text.ends_with('Z');
    let (year, day) = (digits(0..4)?, digits(6..8)?);
    let (hour, minute, second) = (digits(9..11)?, digits(11..13)?, digits(13..15)?);
    let date = format!("{day} {month} {year} {hour}:{minute}:{second} GMT");
    // The parser demands the day of the week, which this date does not have.
    let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].iter().filter(|_| is_whole);
    let parse = |weekday| httpdate::parse_http_date(&format!("{weekday}, {date}")).ok();
    weekdays.into_iter().find_map(parse).and_then(seconds)
}

/// Formats a date for HTTP headers.
pub(crate) fn http_date(seconds: u64) -> String {
    let time = UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH);
    httpdate::fmt_http_date(time)
}

/// Formats a date for documents: `2024-05-06T07:08:09.000Z`.
pub(crate) fn iso_date(seconds: u64) -> String {
    // Rearranges `Mon, 06 May 2024 07:08:09 GMT`, which avoids calendar arithmetic.
    let text = http_date(seconds);
    let mut words = text.split(' ').skip(1);
    let mut word = || words.next().unwrap_or_default();
    let (day, month, year, time) = (word(), word(), word(), word());
    let month = MONTHS.find(month).unwrap_or_default() / 3 + 1;
    format!("{year}-{month:02}-{day}T{time}.000Z")
}

/// Formats the day of a time: `2024-05-06`.
pub(crate) fn utc_date(seconds: u64) -> String {
    let mut date = iso_date(seconds);
    date.truncate("2024-05-06".len());
    date
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_three_formats() {
        assert_eq!(http_date(1_714_979_289), "Mon, 06 May 2024 07:08:09 GMT");
        assert_eq!(iso_date(1_714_979_289), "2024-05-06T07:08:09.000Z");
        assert_eq!(utc_date(1_714_979_289), "2024-05-06");
    }

    #[test]
    fn basic_dates_are_read() {
        assert_eq!(parse_basic("20240506T070809Z"), Some(1_714_979_289));
        assert_eq!(parse_basic("20130524T000000Z"), Some(1_369_353_600));
        for text in ["20241306T070809Z", "20240006T070809Z", "20240506070809Z", "2024-05-06T07:08Z", "猫"] {
            assert_eq!(parse_basic(text), None, "{text}");
        }
    }
}
