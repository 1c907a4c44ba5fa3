//! Request ids of invocations.

use std::sync::atomic::{AtomicU64, Ordering};

/// Generates an id in the form of the platform, a UUID. All instances and functions of this program draw from one sequence.
pub(crate) fn next() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed) & 0xffff_ffff_ffff;
    format!("{:08x}-0000-4000-8000-{number:012x}", std::process::id())
}
