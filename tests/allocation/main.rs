//! Allocations against the budget: what a rendering allocates never exceeds the memory that it is allowed by more than a
//! constant, whatever the file says about itself.
//!
//! The allocator counts what Rust allocates, AV1 included, but not what libwebp does. All files are one test, because the
//! count is that of the process.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic and print")]

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use cos_thumbnailer::imaging::{Cancel, Limits, Tolerance, Upright, render};
use cos_thumbnailer::recipe::{Animation, Blur, Format, Gravity, Recipe, Step, Watermark, WatermarkPicture};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What the budget does not count, as `imaging/limits.rs` says: fixed tables and buffers, bytes.
const NOT_COUNTED: usize = 3 << 20;

/// Memory that renderings are allowed, bytes.
const ALLOWED: [usize; 5] = [1 << 18, 1 << 20, 1 << 22, 1 << 24, 1 << 26];

/// JPEG XL whose hidden frames are refused once the decoder has allocated pages for the first, and touched none:
/// `pictures/memory_peak.rs` measures them.
const UNTOUCHED: [&str; 1] = ["blend-modes.jxl"];

/// All files in a folder and in those below.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// The most bytes that were allocated at any time while a file was rendered within `allowed` bytes.
fn allocated(file: &[u8], recipes: &[&Recipe], allowed: usize) -> usize {
    let limits = Limits {
        max_pixels: 250_000_000,
        memory: u64::try_from(allowed).unwrap(),
        damage: Tolerance::MostlyGood,
        threads: NonZeroUsize::MIN,
    };
    ALLOCATOR.reset_peak_usage();
    let before = ALLOCATOR.current_usage();
    // Whether it is made or refused does not matter.
    let _ =
        render(file, u64::try_from(file.len()).ok(), recipes, Upright::ByExif, &limits, &Cancel::default());
    ALLOCATOR.peak_usage().saturating_sub(before)
}

#[test]
fn nothing_is_allocated_outside_of_the_budget() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["tests/data", "fuzz/seeds/formats", "fuzz/findings/formats"] {
        files(&root.join(folder), &mut paths);
    }
    let small = Recipe::fit_inside(300, 300);
    let moving =
        Recipe { format: Some(Format::Gif), animation: Animation::Keep, ..Recipe::fit_inside(64, 64) };
    let large = Recipe { format: Some(Format::Png), ..Recipe::fit_inside(1000, 1000) };
    let picture = WatermarkPicture::new("a.png", b"", 1, vec![[9, 8, 7, 99]]).unwrap();
    let watermark = Watermark { picture, gravity: Gravity::Center, x: 3, y: 3, opacity: 90, is_tiled: true };
    let mut effects = Recipe { format: Some(Format::Png), ..Recipe::fit_inside(200, 200) };
    effects.steps.extend([
        Step::Blur(Blur { radius: 50, sigma: 9000 }),
        Step::Watermark(watermark),
        Step::Round { radius: None },
    ]);
    let mut over = Vec::new();
    for path in &paths {
        let file = std::fs::read(path).unwrap();
        for recipes in [vec![&small], vec![&large, &small, &moving, &effects]] {
            for allowed in ALLOWED {
                let most = allocated(&file, &recipes, allowed);
                let is_untouched = UNTOUCHED.iter().any(|name| path.ends_with(name));
                if most > allowed + NOT_COUNTED && !is_untouched {
                    over.push(format!("{}: {most} bytes of {allowed}", path.display()));
                }
            }
        }
    }
    println!("{} files", paths.len());
    assert!(paths.len() > 500, "{}", paths.len());
    assert!(over.is_empty(), "{over:#?}");
}
