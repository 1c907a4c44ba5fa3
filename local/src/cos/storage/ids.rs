//! Ids the service makes up: of requests, versions and uploads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

static COUNT: AtomicU64 = AtomicU64::new(1);

/// A request id as COS writes it: four hexadecimal groups in base64.
pub(crate) fn request() -> String {
    let (nanoseconds, count) = unique();
    STANDARD.encode(format!(
        "{:x}_{:x}_{:x}_{count:x}",
        nanoseconds >> 30,
        nanoseconds & 0x3fff_ffff,
        process()
    ))
}

/// A version id: opaque, and later ones sort first, as those of COS do.
pub(crate) fn version() -> String {
    let (nanoseconds, count) = unique();
    format!("MTg{:016x}{count:08x}", u64::MAX.saturating_sub(nanoseconds))
}

/// An upload id.
pub(crate) fn upload() -> String {
    let (nanoseconds, count) = unique();
    format!("{nanoseconds:x}{count:016x}")
}

fn process() -> u32 {
    std::process::id()
}

fn unique() -> (u64, u64) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (u64::try_from(since.as_nanos()).unwrap_or(u64::MAX), COUNT.fetch_add(1, Ordering::Relaxed))
}
