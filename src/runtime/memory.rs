//! Memory of this process: its peak, and how much of it the allocator may keep.

use std::env;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Settings of glibc's allocator: heaps, and bytes (mallopt(3)). From version 2.22 on it keeps up to 64 MB of free memory at
/// the top of each heap, and has a heap for each thread; a small function has no room for them. Blocks from 1 MiB on come
/// from the system and return to it at once. When 2 MiB of the others are free at the top, all but 1.5 return: with less
/// kept, the system has to clear memory more often, and what is kept differs more from one event to the next.
const ALLOCATOR: [(&str, &str); 4] = [
    ("MALLOC_ARENA_MAX", "1"),
    ("MALLOC_MMAP_THRESHOLD_", "1048576"),
    ("MALLOC_TOP_PAD_", "1572864"),
    ("MALLOC_TRIM_THRESHOLD_", "2097152"),
];

/// Variable of more settings of glibc, joined by colons.
const TUNABLES: &str = "GLIBC_TUNABLES";

/// What all names of the allocator's settings begin with there.
const OF_ALLOCATOR: &str = "glibc.malloc.";

/// From glibc 2.26 on, each thread keeps small blocks that it has freed, for itself. The heap counts them as used: one of
/// 544 bytes at its top kept 6 MB below it from going back to the system. Without them, a JPEG takes 0.1 % more
/// instructions, and a JPEG XL 1.4 %.
const NO_BLOCKS_OF_THREADS: &str = "glibc.malloc.tcache_count=0";

/// Highest resident memory of the process so far, KiB.
#[must_use]
pub fn peak_memory_kib() -> Option<u64> {
    // In one piece: the system makes the text anew for each read.
    let mut status = [0; 8192];
    let length = File::open("/proc/self/status").and_then(|mut file| file.read(&mut status)).ok()?;
    let status = std::str::from_utf8(status.get(..length)?).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

/// The first minor version of glibc 2 whose heaps keep free memory. The platform's own image has 2.17.
const KEEPS_FREE_MEMORY: u32 = 22;

/// Starts the program again, in this process, so that its allocator keeps little free memory. This takes 0.8 ms.
///
/// The allocator reads its settings before `main`, so that they cannot be made here. Returns if they are made already, by
/// this function or by the user, if the C library does not need them, or if the system does not start the program: it
/// works without them, and takes more memory.
pub fn restart_with_small_heap() {
    let tunables = env::var(TUNABLES).unwrap_or_default();
    let is_set =
        ALLOCATOR.iter().any(|(name, _)| env::var_os(name).is_some()) || tunables.contains(OF_ALLOCATOR);
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    if is_set || glibc_minor(&maps).is_some_and(|minor| minor < KEEPS_FREE_MEMORY) {
        return;
    }
    let Ok(program) = env::current_exe() else { return };
    let mut program = Command::new(program);
    let mut arguments = env::args_os();
    if let Some(name) = arguments.next() {
        program.arg0(name);
    }
    // It only returns if it fails.
    let _ = program.args(arguments).envs(ALLOCATOR).env(TUNABLES, with_tunable(&tunables)).exec();
}

/// These settings of glibc, and that of the allocator.
fn with_tunable(tunables: &str) -> String {
    if tunables.is_empty() {
        NO_BLOCKS_OF_THREADS.to_owned()
    } else {
        format!("{tunables}:{NO_BLOCKS_OF_THREADS}")
    }
}

/// The minor version of glibc, by the name of its file among those that the process has mapped (proc(5)). From 2.34 on the
/// name has no version.
fn glibc_minor(maps: &str) -> Option<u32> {
    maps.lines().find_map(|line| line.rsplit_once("/libc-2.")?.1.strip_suffix(".so")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_tunables_are_kept() {
        assert_eq!(with_tunable(""), "glibc.malloc.tcache_count=0");
        assert_eq!(with_tunable("glibc.cpu.x86_ibt=on"), "glibc.cpu.x86_ibt=on:glibc.malloc.tcache_count=0");
    }

    #[test]
    fn older_versions_of_glibc_are_recognised() {
        let maps = |file: &str| {
            format!(
                "00400000-00452000 r-xp 00000000 08:02 173521 /var/user/bootstrap\n\
                 7f5c1000-7f5c3000 r-xp 00000000 08:02 135522 {file}\n"
            )
        };
        assert_eq!(glibc_minor(&maps("/usr/lib64/libc-2.17.so")), Some(17));
        assert_eq!(glibc_minor(&maps("/lib/x86_64-linux-gnu/libc-2.31.so")), Some(31));
        assert_eq!(glibc_minor(&maps("/usr/lib/x86_64-linux-gnu/libc.so.6")), None);
        assert_eq!(glibc_minor(""), None);
    }
}
