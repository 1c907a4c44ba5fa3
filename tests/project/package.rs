//! The check of `scripts/package` on the program for the zip, and the crates in the program.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn check(program: &Path) -> Output {
    Command::new("python3").args(["scripts/package", "--check"]).arg(program).output().unwrap()
}

#[track_caller]
fn refusal(program: &Path) -> String {
    let output = check(program);
    assert!(!output.status.success(), "{} was taken", program.display());
    String::from_utf8(output.stderr).unwrap()
}

/// Compiles C with these options.
fn built(folder: &tempfile::TempDir, name: &str, source: &str, options: &[&str]) -> PathBuf {
    let (file, program) = (folder.path().join(format!("{name}.c")), folder.path().join(name));
    std::fs::write(&file, source).unwrap();
    let status = Command::new("gcc").arg("-o").args([&program, &file]).args(options).status().unwrap();
    assert!(status.success(), "{name}");
    program
}

const MAIN: &str = "int main(void) { return 0; }";

#[test]
fn program_that_needs_a_newer_glibc_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    // A library named libc.so.6 with one symbol of this glibc version, and a program that needs the symbol.
    let version = |number: &str| {
        let source = "int wanted(void); int call(void) { return wanted(); }";
        let script = format!("GLIBC_{number} {{ global: wanted; }};");
        let map = folder.path().join("map");
        std::fs::write(&map, script).unwrap();
        let option = format!("-Wl,--version-script={}", map.display());
        let nothing = ["-shared", "-nostdlib", "-fPIC"];
        let library = "int wanted(void) { return 0; }";
        let library = built(
            &folder,
            "libc.so.6",
            library,
            &[&nothing[..], &[&option, "-Wl,-soname,libc.so.6"]].concat(),
        );
        built(
            &folder,
            &format!("needs-{number}"),
            source,
            &[&nothing[..], &[library.to_str().unwrap()]].concat(),
        )
    };
    let told = check(&version("2.17"));
    assert_eq!(String::from_utf8_lossy(&told.stdout), "glibc 2.17; libc.so.6\n", "{told:?}");
    let told = refusal(&version("2.18"));
    assert!(told.contains("needs glibc 2.18, and CentOS 7 has 2.17"), "{told}");
}

#[test]
fn program_that_needs_a_library_centos_7_lacks_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let library =
        built(&folder, "libelsewhere.so", "", &["-shared", "-nostdlib", "-Wl,-soname,libelsewhere.so.3"]);
    let options = ["-Wl,--no-as-needed", library.to_str().unwrap()];
    let told = refusal(&built(&folder, "library", MAIN, &options));
    assert!(told.contains("needs libelsewhere.so.3, which CentOS 7 does not have"), "{told}");
    let told = refusal(&built(&folder, "folder", MAIN, &["-Wl,-rpath,/opt/lib"]));
    assert!(told.contains("looks for libraries in a folder of its own"), "{told}");
    let script = folder.path().join("script");
    std::fs::write(&script, "#!/bin/sh\nexec ./program\n").unwrap();
    assert!(refusal(&script).contains("is not a program for x86-64"));
}

#[test]
fn a_file_that_cannot_be_read_is_told_in_one_sentence() {
    for option in ["--check", "--config"] {
        let output = Command::new("scripts/package").args([option, "nosuch.json"]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let sentence = "package: nosuch.json cannot be read: No such file or directory\n";
        assert_eq!(String::from_utf8_lossy(&output.stderr), sentence, "{option}");
    }
}

#[test]
fn every_script_explains_itself_and_does_nothing_else() {
    let mut scripts = 0;
    let entries = std::fs::read_dir("scripts").unwrap().map(|entry| entry.unwrap().path());
    for path in entries.chain(["fuzz/miri".into()]) {
        if !path.is_file() {
            continue;
        }
        scripts += 1;
        let output = Command::new(&path).arg("--help").output().unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty() && help.lines().count() > 2, "{}: {help}", path.display());
        assert!(help.contains("scripts/") || help.starts_with("usage: "), "{}: {help}", path.display());
    }
    assert!(scripts >= 10, "only {scripts} scripts were found");
}

/// Names of the crates in the program.
fn crates() -> Vec<String> {
    let arguments =
        ["tree", "--locked", "--package", "cos-thumbnailer", "--edges", "normal", "--prefix", "none"];
    let output = Command::new(env!("CARGO")).args(arguments).args(["--features", "asm"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn program_contains_nothing_of_scf_local_and_of_development() {
    let crates = crates();
    assert!(crates.iter().any(|name| name == "fast_image_resize"), "{crates:?}");
    let foreign = [
        "axum",
        "clap",
        "heic-rs",
        "rust_h265",
        "scf-local",
        "libfuzzer-sys",
        "jpeg-decoder",
        "openssl-sys",
        "aws-lc-rs",
    ];
    let found: Vec<_> = crates.iter().filter(|name| foreign.contains(&name.as_str())).collect();
    assert!(found.is_empty(), "{found:?}");
    // The program has its own texts and none of scf-local.
    let program = std::fs::read(env!("CARGO_BIN_EXE_cos-thumbnailer")).unwrap();
    let contains = |text: &str| memchr::memmem::find(&program, text.as_bytes()).is_some();
    let journal = std::fs::read_to_string("local/src/cos/admin.rs").unwrap();
    assert!(journal.contains("/-/journal"));
    assert!(!contains("/-/journal"), "the program serves the journal of scf-local");
    assert!(contains("TENCENTCLOUD_SECRETID"));
}
