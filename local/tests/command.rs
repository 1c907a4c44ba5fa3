//! The program itself, with a function that answers as the thumbnail function does.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed as it should")]

mod support;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use bytes::Bytes;
use scf_local::{Object, event};
use support::{BUCKET, Request};

const PROGRAM: &str = env!("CARGO_BIN_EXE_scf-local");

fn reporter() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/reporter.py")
}

/// A folder with an event and a photo, as a project has them.
struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    fn new(name: &str, key: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let object = Object {
            bytes: Bytes::from_static(b"photo"),
            headers: [("content-type".to_owned(), "image/jpeg".to_owned())].into(),
            etag: String::new(),
            version: None,
            request_id: String::new(),
        };
        let message = event::created(name, BUCKET, "ap-shanghai", key, &object);
        std::fs::create_dir_all(folder.path().join("events/photos")).unwrap();
        std::fs::write(folder.path().join("events/event.json"), message.to_string()).unwrap();
        std::fs::write(folder.path().join("events/photos/any.jpg"), "photo").unwrap();
        Self { folder }
    }

    fn invoke(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(PROGRAM);
        command.args(["invoke", "events/event.json", "--bootstrap"]).arg(reporter()).args(arguments);
        command.current_dir(self.folder.path()).output().unwrap()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn an_event_becomes_a_table_and_files() {
    let project = Project::new("cos:ObjectCreated:Put", "in/cat.jpg");
    let output = project.invoke(&["--env", "FLAVOUR=vanilla"]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.first(), Some(&"seen in/cat.jpg http vanilla"), "{said}");
    assert!(lines.iter().any(|line| line.starts_with("source ") && line.ends_with("outcome")), "{said}");
    assert!(said.contains("200x150 webp"), "{said}");
    let file = format!(".local/cos/{BUCKET}/in/cat.jpg");
    assert!(lines.contains(&file.as_str()), "{said}");
    assert_eq!(std::fs::read(project.folder.path().join(file)).unwrap(), b"photo");
}

#[test]
fn failures_show_in_the_exit_code() {
    let cases = [
        ("in/bad.jpg", "failed source.damaged: no end"),
        ("in/crash.jpg", "the process ended during the invocation"),
    ];
    for (key, text) in cases {
        let output = Project::new("cos:ObjectCreated:Put", key).invoke(&[]);
        assert!(!output.status.success(), "{key}");
        assert!(said(&output).contains(text), "{}", said(&output));
    }
}

#[test]
fn an_event_without_a_photo_is_just_delivered() {
    let project = Project::new("cos:ObjectRemove:Delete", "in/cat.jpg");
    std::fs::remove_dir_all(project.folder.path().join("events/photos")).unwrap();
    let output = project.invoke(&["--root", "elsewhere"]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(!project.folder.path().join("elsewhere").join(BUCKET).exists());
}

#[test]
fn what_is_missing_is_named_with_the_remedy() {
    let project = Project::new("cos:ObjectCreated:Put", "in/cat.jpg");
    let output = Command::new(PROGRAM)
        .args(["invoke", "events/event.json", "--bootstrap", "none"])
        .current_dir(project.folder.path())
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(
        said(&output).contains("no program at none; build it, or name it with --bootstrap"),
        "{}",
        said(&output)
    );
    std::fs::remove_dir_all(project.folder.path().join("events/photos")).unwrap();
    assert!(said(&project.invoke(&[])).contains("name one with --image"));
}

/// A command that serves, and what it prints.
struct Served {
    process: std::process::Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Served {
    fn start(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    fn find(&mut self, start: &str) -> String {
        self.lines.by_ref().map(Result::unwrap).find(|line| line.starts_with(start)).unwrap()
    }

    fn second_word(&mut self, start: &str) -> String {
        let line = self.find(start);
        line.split_whitespace().nth(1).unwrap_or_default().trim_end_matches(',').to_owned()
    }

    /// Reads the printed address and credentials, and uploads with them.
    fn upload(&mut self, targets: &[&str]) {
        let address = self.second_word("COS ").replace("http://", "").parse().unwrap();
        let (id, key) = (self.second_word("SecretId "), self.second_word("SecretKey "));
        for target in targets {
            let request = Request::new("PUT", target).body(b"photo").sign_as(&id, &key);
            assert_eq!(request.send_to(address).unwrap().status, 200);
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[test]
fn an_upload_to_the_served_bucket_runs_the_function() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["serve", "--port", "0", "--suffix", ".jpg", "--bootstrap"]).arg(reporter());
    let mut served = Served::start(command.current_dir(folder.path()));
    served.upload(&["/notes.txt", "/cat.jpg"]);
    assert_eq!(served.find("seen"), "seen cat.jpg http ");
    assert!(served.find("photos-1250000000/cat.jpg").contains("stored"));
}

#[test]
fn an_invocation_that_is_kept_goes_on_serving_its_bucket() {
    let project = Project::new("cos:ObjectCreated:Put", "in/cat.jpg");
    let mut command = Command::new(PROGRAM);
    command.args(["invoke", "events/event.json", "--keep", "--bootstrap"]).arg(reporter());
    let mut served = Served::start(command.current_dir(project.folder.path()));
    assert!(served.find("photos-1250000000/in/cat.jpg").contains("stored"));
    served.upload(&["/dog.jpg"]);
    assert!(served.find("photos-1250000000/dog.jpg").contains("stored"));
}
