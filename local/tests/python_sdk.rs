//! The official Python SDKs against the local COS and the cloud API.
//!
//! Needs `python3` with `venv`. The SDKs are installed from the package index once, into the target folder.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::path::{Path, PathBuf};
use std::process::Command;

use scf_local::{Cos, CosOptions, ScfApi, ScfApiOptions, ScfOptions};

/// Packages of one environment, with a module that shows that they are installed.
struct Environment {
    folder: &'static str,
    packages: &'static [&'static str],
    module: &'static str,
}

const COS: Environment =
    Environment { folder: "python-sdk", packages: &["cos-python-sdk-v5==1.9.44"], module: "qcloud_cos" };

/// The versions that `scripts/deploy` installs.
const SCF: Environment = Environment {
    folder: "python-sdk-scf",
    packages: &["tencentcloud-sdk-python-common==3.1.195", "tencentcloud-sdk-python-scf==3.1.100"],
    module: "tencentcloud.scf",
};

impl Environment {
    /// Returns an interpreter that has the packages, and installs them if they are missing.
    fn python(&self) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(self.folder);
        let python = folder.join("bin/python");
        let has_packages = |python: &Path| {
            let check = Command::new(python).args(["-c", &format!("import {}", self.module)]).output();
            check.is_ok_and(|output| output.status.success())
        };
        if !has_packages(&python) {
            let made = Command::new("python3").args(["-m", "venv"]).arg(&folder).status().unwrap();
            assert!(made.success(), "python3 -m venv failed");
            let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
            let installed = Command::new(&python).args(pip).args(self.packages).status().unwrap();
            assert!(installed.success(), "{:?} cannot be installed", self.packages);
        }
        python
    }

    /// Runs a script in the folder of this file, which must end with the words "all done".
    fn run(&self, script: &str, arguments: &[&str]) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script);
        let output = Command::new(self.python()).arg(script).args(arguments).output().unwrap();
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && stdout.contains("all done"), "{stdout}\n{stderr}");
    }
}

#[tokio::test]
async fn the_official_sdk_works_with_strict_signatures() {
    let folder = tempfile::tempdir().unwrap();
    let buckets = ["photos", "reports", "versioned"].map(|name| format!("{name}-1250000000")).to_vec();
    let options =
        CosOptions { root: folder.path().to_owned(), strict: true, buckets, ..CosOptions::default() };
    let cos = Cos::start(options.clone()).await.unwrap();
    let port = cos.address().port().to_string();
    COS.run("python_sdk.py", &[&port, &options.secret_id, &options.secret_key]);
    let refused = cos.journal().iter().filter(|request| request.status == 403).count();
    assert_eq!(refused, 3, "only the unknown credentials and the changed URL are refused");
}

#[tokio::test]
async fn the_official_sdk_invokes_the_function() {
    let folder = tempfile::tempdir().unwrap();
    let count = folder.path().join("count").display().to_string();
    let options = ScfApiOptions {
        function: ScfOptions {
            program: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bootstrap.py"),
            memory_mb: 256,
            environment: vec![("COUNT_FILE".to_owned(), count)],
            ..ScfOptions::default()
        },
        session_token: Some("session-token".to_owned()),
        ..ScfApiOptions::default()
    };
    let api = ScfApi::start(options.clone()).await.unwrap();
    let port = api.address().port().to_string();
    SCF.run("python_sdk_scf.py", &[&port, &options.secret_id, &options.secret_key, "session-token"]);
    // The asynchronous event fails twice in the background.
    let begin = std::time::Instant::now();
    while api.counters().pool.retries < 2 || api.counters().pool.waiting > 0 {
        assert!(begin.elapsed() < std::time::Duration::from_secs(20), "{:?}", api.counters());
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(api.counters().pool.events, 1);
}
