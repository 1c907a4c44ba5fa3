//! See `properties/rendering.rs`. In addition, no rendering may allocate much more than it is allowed.

#![no_main]

#[path = "../properties/rendering.rs"]
mod rendering;

use libfuzzer_sys::{Corpus, fuzz_target};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What the budget does not count, as `imaging/limits.rs` says, bytes.
const NOT_COUNTED: usize = 3 << 20;

fuzz_target!(|data: &[u8]| -> Corpus {
    ALLOCATOR.reset_peak_usage();
    let before = ALLOCATOR.current_usage();
    let keep = rendering::check(data);
    let most = ALLOCATOR.peak_usage().saturating_sub(before);
    assert!(most <= rendering::MEMORY + NOT_COUNTED, "{most} bytes of {}", rendering::MEMORY);
    if keep { Corpus::Keep } else { Corpus::Reject }
});
