//! Images through the renderer: formats, suites, operations, colours, animations, damaged and hostile files, memory.
//!
//! Two tests observe their process and may still share this root. `peaks` measures child processes, one a rendering.
//! `decoder_threads` looks for threads named `jpeg`, and every other test here grants the reader only one thread.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod animation;
mod chunks;
mod decoder_threads;
mod fixture;
mod hostile;
mod memory;
mod nearness;
mod operations;
mod peaks;
mod png_colors;
mod suites;
mod thumbnails;
