//! Generated ids of requests, versions and uploads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

static COUNT: AtomicU64 = AtomicU64::new(1);

/// Generates a request id in the form of COS: four hexadecimal groups in base64.
pub(crate) fn request() -> String {
    let (nanoseconds, count) = unique();
    STANDARD.encode(format!(
        "{:x}_{:x}_{:x}_{count:x}",
        nanoseconds >> 30,
        nanoseconds & 0x3fff_ffff,
        std::process::id()
    ))
}

/// Generates a version id. As in COS, ids of later versions sort first.
pub(crate) fn version() -> String {
    let (nanoseconds, count) = unique();
    format!("MTg{:016x}{count:08x}", u64::MAX.saturating_sub(nanoseconds))
}

/// Generates an upload id.
pub(crate) fn upload() -> String {
    let (nanoseconds, count) = unique();
    format!("{nanoseconds:x}{count:016x}")
}

/// Returns the time in nanoseconds and a counter.
fn unique() -> (u64, u64) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (u64::try_from(since.as_nanos()).unwrap_or(u64::MAX), COUNT.fetch_add(1, Ordering::Relaxed))
}
