//! Dates in headers, documents and signatures.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Returns the seconds since the Unix epoch, or `None` for earlier times.
pub(crate) fn seconds(time: SystemTime) -> Option<i64> {
    i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

/// Formats a date for HTTP headers.
pub(crate) fn http_date(seconds: u64) -> String {
    let time = UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH);
    httpdate::fmt_http_date(time)
}

/// Formats a date for documents: `2024-05-06T07:08:09.000Z`.
pub(crate) fn iso_date(seconds: u64) -> String {
    // Rearranges `Mon, 06 May 2024 07:08:09 GMT`, which avoids calendar arithmetic.
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
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
}
