//! Python with packages of PyPI. Needs `python3` with `venv`; the environment stays in the target folder.

use std::path::{Path, PathBuf};
use std::process::Command;

/// An interpreter with these packages, in an environment of this name. `import` fails without them.
pub(crate) fn with(name: &str, packages: &[&str], import: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let python = folder.join("bin/python");
    let check = Command::new(&python).args(["-c", import]).output();
    if !check.is_ok_and(|output| output.status.success()) {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&folder).status().unwrap();
        assert!(made.success(), "python3 -m venv failed");
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        let installed = Command::new(&python).args(pip).args(packages).status().unwrap();
        assert!(installed.success(), "{packages:?} cannot be installed");
    }
    python
}

/// Runs the tests in a folder with Python's own runner.
pub(crate) fn run_tests(python: &Path, folder: &str) {
    let output = Command::new(python)
        .args(["-m", "unittest", "discover", "--start-directory", folder])
        .env("BOOTSTRAP", env!("CARGO_BIN_EXE_cos-thumbnailer"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("OK") && !said.contains("Ran 0 tests"), "{said}");
}
