//! Images through the renderer: formats, suites, operations, colours, animations, damaged and hostile files, memory.
//!
//! The tests that measure can share this process. `memory_peak` renders in child processes and reads the peak of each.
//! `decoder_threads` looks for threads named `jpeg`; every other test here allows the JPEG reader only one thread.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may panic and print"
)]

mod animation;
mod avif;
mod comparison;
mod cut_files;
mod decoder_threads;
mod files;
mod fixture;
mod formats {
    #[cfg(feature = "heic")]
    mod heic;
    #[cfg(feature = "jxl")]
    mod jxl;
    mod rare;
}
mod hostile;
mod labels;
mod memory_limit;
mod memory_peak;
mod operations;
mod png_colors;
mod suites;
mod thumbnails;
mod tiff;
