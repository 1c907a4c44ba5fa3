//! `scripts/deploy` and `scripts/undeploy`, through Tencent's own command line tool, against a recorder that speaks the
//! cloud API; and `deploy/terraform`, compared with them. The tests themselves are `deploy/tests`.
//!
//! Needs `python3` with `venv`, and the package index once; the environments are kept in the target folder.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed as it should")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// A reader of Terraform's language, and what it needs.
const PACKAGES: [&str; 3] = ["python-hcl2==8.1.4", "lark==1.3.1", "regex==2026.11.19"];

/// An interpreter that has the reader.
fn python() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("deploy-tests");
    let python = folder.join("bin/python");
    let has_reader = |python: &Path| {
        let check = Command::new(python).args(["-c", "import hcl2"]).output();
        check.is_ok_and(|output| output.status.success())
    };
    if !has_reader(&python) {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&folder).status().unwrap();
        assert!(made.success(), "python3 -m venv failed");
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        let installed = Command::new(&python).args(pip).args(PACKAGES).status().unwrap();
        assert!(installed.success(), "{PACKAGES:?} cannot be installed");
    }
    python
}

#[test]
fn scripts_and_terraform_bring_about_what_the_program_says() {
    let output = Command::new(python())
        .args(["-m", "unittest", "discover", "--start-directory", "deploy/tests"])
        .env("BOOTSTRAP", env!("CARGO_BIN_EXE_cos-thumbnailer"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("OK") && !said.contains("Ran 0 tests"), "{said}");
}
