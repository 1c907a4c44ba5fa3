//! What a target allocates, beside what it is allowed.

use libfuzzer_sys::Corpus;
use peak_alloc::PeakAlloc;

use super::limits::MEMORY;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What the budget does not count, as `imaging/limits.rs` says, bytes.
const NOT_COUNTED: usize = 3 << 20;

/// Checks a property, and that it allocates little more than a rendering may.
pub(crate) fn check(property: fn(&[u8]) -> bool, data: &[u8]) -> Corpus {
    ALLOCATOR.reset_peak_usage();
    let before = ALLOCATOR.current_usage();
    let keep = property(data);
    let most = ALLOCATOR.peak_usage().saturating_sub(before);
    assert!(most <= MEMORY + NOT_COUNTED, "{most} bytes of {MEMORY}");
    if keep { Corpus::Keep } else { Corpus::Reject }
}
