//! `scf-local watch` rebuilds and restarts the function when its files change.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod support;

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use scf_local::CosOptions;
use support::Request;

/// A project whose build copies one file, and whose function tells its content.
struct Watched {
    folder: tempfile::TempDir,
    process: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    address: std::net::SocketAddr,
}

impl Watched {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let reporter = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/reporter.py");
        let script = format!("#!/bin/sh\nFLAVOUR=$(cat built) exec {}\n", reporter.display());
        std::fs::create_dir(folder.path().join("src")).unwrap();
        for (name, text) in [("src/flavour", "vanilla"), ("bootstrap", &script)] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path().join("bootstrap"), mode).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_scf-local"));
        command.args(["watch", "--port", "0", "--scf-port", "0", "--build"]);
        command.arg("echo building && ! grep -q broken src/flavour && cp src/flavour built");
        let mut process = command.current_dir(folder.path()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = lines.by_ref().map(Result::unwrap).find(|line| line.starts_with("COS ")).unwrap();
        let address = address.split("http://").nth(1).unwrap().split([',', ' ']).next().unwrap();
        let address = address.parse().unwrap();
        Self { folder, process, lines, address }
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn find(&mut self, start: &str) -> String {
        self.lines.by_ref().map(Result::unwrap).find(|line| line.starts_with(start)).unwrap()
    }

    /// Uploads a photo and returns what the function says about it.
    fn said(&mut self, key: &str) -> String {
        let CosOptions { secret_id, secret_key, .. } = CosOptions::default();
        let request = Request::new("PUT", key).body(b"photo").sign_as(&secret_id, &secret_key);
        assert_eq!(request.send_to(self.address).unwrap().status, 200);
        self.find("seen")
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[test]
fn a_change_of_a_source_is_built_and_started() {
    let mut watched = Watched::start();
    assert_eq!(watched.said("/a.jpg"), "seen a.jpg http vanilla");
    watched.write("src/flavour", "mint");
    assert_eq!(watched.find("src/"), "src/flavour changed");
    watched.find("restarted");
    assert_eq!(watched.said("/b.jpg"), "seen b.jpg http mint");
}

#[test]
fn a_failed_build_leaves_the_former_program_running() {
    let mut watched = Watched::start();
    watched.write("src/flavour", "broken");
    watched.find("src/flavour changed");
    watched.find("building");
    assert_eq!(watched.said("/a.jpg"), "seen a.jpg http vanilla");
    watched.write("src/flavour", "mended");
    watched.find("restarted");
    assert_eq!(watched.said("/b.jpg"), "seen b.jpg http mended");
}

#[test]
fn a_change_of_the_configuration_restarts_without_a_build() {
    let mut watched = Watched::start();
    assert_eq!(watched.said("/a.jpg"), "seen a.jpg http vanilla");
    watched.write("built", "what a restart shows");
    watched.write("thumbnails.json", "{}");
    watched.find("thumbnails.json changed");
    // A build would print a line before.
    assert_eq!(watched.lines.next().unwrap().unwrap(), "restarted");
    assert_eq!(watched.said("/b.jpg"), "seen b.jpg http what a restart shows");
}
