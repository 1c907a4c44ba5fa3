//! The official Python SDK against the local COS.
//!
//! Needs `python3` with `venv`. The SDK is installed from the package index once, into the target folder.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::path::{Path, PathBuf};
use std::process::Command;

use scf_local::{Cos, CosOptions};

const SDK: &str = "cos-python-sdk-v5==1.9.44";

/// Returns an interpreter that has the SDK, and installs it if it is missing.
fn python() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-sdk");
    let python = folder.join("bin/python");
    let has_sdk = |python: &Path| {
        let check = Command::new(python).args(["-c", "import qcloud_cos"]).output();
        check.is_ok_and(|output| output.status.success())
    };
    if !has_sdk(&python) {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&folder).status().unwrap();
        assert!(made.success(), "python3 -m venv failed");
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", SDK];
        let installed = Command::new(&python).args(pip).status().unwrap();
        assert!(installed.success(), "{SDK} cannot be installed");
    }
    python
}

#[tokio::test]
async fn the_official_sdk_works_with_strict_signatures() {
    let folder = tempfile::tempdir().unwrap();
    let options = CosOptions { root: folder.path().to_owned(), strict: true, ..CosOptions::default() };
    let cos = Cos::start(options.clone()).await.unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python_sdk.py");
    let output = Command::new(python())
        .arg(script)
        .args([&cos.address().port().to_string(), &options.secret_id, &options.secret_key])
        .output()
        .unwrap();
    let text =
        format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("all done"), "{text}");
    let refused = cos.journal().iter().filter(|request| request.status == 403).count();
    assert_eq!(refused, 3, "only the unknown credentials and the changed URL are refused");
}
