//! See `properties/formats.rs`. In addition, no rendering may allocate much more than it is allowed.

#![no_main]

#[path = "../properties/chunks.rs"]
mod chunks;
#[path = "../properties/formats.rs"]
mod formats;

use libfuzzer_sys::{Corpus, fuzz_target};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What the budget does not count, as `imaging/limits.rs` says, bytes.
const NOT_COUNTED: usize = 3 << 20;

fuzz_target!(|data: &[u8]| -> Corpus {
    ALLOCATOR.reset_peak_usage();
    let before = ALLOCATOR.current_usage();
    let keep = formats::check(data);
    let most = ALLOCATOR.peak_usage().saturating_sub(before);
    assert!(most <= formats::MEMORY + NOT_COUNTED, "{most} bytes of {}", formats::MEMORY);
    if keep { Corpus::Keep } else { Corpus::Reject }
});
