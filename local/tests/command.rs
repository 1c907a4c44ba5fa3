//! The commands of the program, with a function that responds as the thumbnail function does.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a panic fails the test")]

mod support;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use bytes::Bytes;
use scf_local::{CosOptions, Object, event};
use support::cloud_api::Call;
use support::{BUCKET, Request};

const PROGRAM: &str = env!("CARGO_BIN_EXE_scf-local");

/// The command `serve` on free ports.
const SERVE: [&str; 5] = ["serve", "--port", "0", "--scf-port", "0"];

fn reporter() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/reporter.py")
}

/// Folder with an event and a photo, laid out as in a project.
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

fn output_text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn an_event_gives_a_table_and_files() {
    let project = Project::new("cos:ObjectCreated:Put", "in/cat.jpg");
    let output = project.invoke(&["--env", "FLAVOUR=vanilla"]);
    let text = output_text(&output);
    assert!(output.status.success(), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.first(), Some(&"seen in/cat.jpg http vanilla"), "{text}");
    assert!(lines.iter().any(|line| line.starts_with("source ") && line.ends_with("outcome")), "{text}");
    assert!(text.contains("200x150 webp"), "{text}");
    let file = format!(".local/cos/{BUCKET}/in/cat.jpg");
    assert!(lines.contains(&file.as_str()), "{text}");
    assert_eq!(std::fs::read(project.folder.path().join(file)).unwrap(), b"photo");
}

#[test]
fn failures_give_an_exit_code() {
    let cases = [
        ("in/bad.jpg", "failed source.damaged: no end"),
        ("in/crash.jpg", "the process ended during the invocation"),
    ];
    for (key, text) in cases {
        let output = Project::new("cos:ObjectCreated:Put", key).invoke(&[]);
        assert!(!output.status.success(), "{key}");
        assert!(output_text(&output).contains(text), "{}", output_text(&output));
    }
}

#[test]
fn an_event_without_a_photo_is_delivered() {
    let project = Project::new("cos:ObjectRemove:Delete", "in/cat.jpg");
    std::fs::remove_dir_all(project.folder.path().join("events/photos")).unwrap();
    let output = project.invoke(&["--root", "elsewhere"]);
    assert!(output.status.success(), "{}", output_text(&output));
    assert!(!project.folder.path().join("elsewhere").join(BUCKET).exists());
}

#[test]
fn missing_files_are_reported_with_a_remedy() {
    let project = Project::new("cos:ObjectCreated:Put", "in/cat.jpg");
    let output = Command::new(PROGRAM)
        .args(["invoke", "events/event.json", "--bootstrap", "none"])
        .current_dir(project.folder.path())
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(
        output_text(&output).contains("there is no program at none; build it, or pass --bootstrap"),
        "{}",
        output_text(&output)
    );
    std::fs::remove_dir_all(project.folder.path().join("events/photos")).unwrap();
    assert!(output_text(&project.invoke(&[])).contains("pass one with --image"));
}

#[test]
fn a_photo_in_place_of_an_event_is_told() {
    let project = Project::new("cos:ObjectCreated:Put", "in/cat.jpg");
    std::fs::write(project.folder.path().join("cat.jpg"), b"\xff\xd8\xff\xe0").unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.arg("invoke").args(arguments).arg("--bootstrap").arg(reporter());
        let output = command.current_dir(project.folder.path()).output().unwrap();
        assert!(!output.status.success());
        output_text(&output)
    };
    let text = run(&["cat.jpg"]);
    assert!(text.contains("cat.jpg is not an event") && text.contains("--image cat.jpg"), "{text}");
    assert!(run(&["events/photos/any.jpg"]).contains("is not JSON"));
    assert!(run(&["events/event.json", "--memory", "16"]).contains("steps of 128"));
    assert!(run(&["events/event.json", "--timeout", "0"]).contains("1 to 900 seconds"));
}

#[test]
fn the_object_gets_the_key_of_the_option() {
    let project = Project::new("cos:ObjectCreated:Put", "in/cat.jpg");
    let text = output_text(&project.invoke(&["--key", "other/猫.jpg"]));
    assert!(text.contains("seen other/猫.jpg http"), "{text}");
    assert!(project.folder.path().join(".local/cos").join(BUCKET).join("other/猫.jpg").exists(), "{text}");
    std::fs::write(project.folder.path().join("events/event.json"), r#"{"Records":[]}"#).unwrap();
    assert!(output_text(&project.invoke(&["--key", "x"])).contains("--key needs an event with one record"));
}

#[test]
fn the_object_of_a_removal_is_gone_when_its_event_comes() {
    let project = Project::new("cos:ObjectCreated:Put", "in/cat.jpg");
    let file = project.folder.path().join(".local/cos").join(BUCKET).join("in/cat.jpg");
    assert!(project.invoke(&[]).status.success() && file.exists());
    let event = project.folder.path().join("events/event.json");
    let text = std::fs::read_to_string(&event).unwrap();
    std::fs::write(&event, text.replace("ObjectCreated:Put", "ObjectRemove:Delete")).unwrap();
    assert!(project.invoke(&[]).status.success());
    assert!(!file.exists());
}

/// Running command that serves, with its output.
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

    /// Uploads to the printed address with the printed credentials.
    fn upload(&mut self, region: &str, targets: &[&str]) {
        let address = self.second_word("COS ").replace("http://", "").parse().unwrap();
        let (id, key) = (self.second_word("SecretId "), self.second_word("SecretKey "));
        for target in targets {
            let host = format!("{BUCKET}.cos.{region}.myqcloud.com");
            let request = Request::new("PUT", target).header("Host", &host).body(b"photo").sign_as(&id, &key);
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
    command.args(SERVE).args(["--suffix", ".jpg", "--bootstrap"]).arg(reporter());
    let mut served = Served::start(command.current_dir(folder.path()));
    served.upload("ap-guangzhou", &["/notes.txt", "/cat.jpg"]);
    assert_eq!(served.find("seen"), "seen cat.jpg http ");
    assert!(served.find("photos-1250000000/cat.jpg").contains("stored"));
}

#[test]
fn uploads_and_calls_run_on_several_instances() {
    let folder = tempfile::tempdir().unwrap();
    let meeting = tempfile::tempdir().unwrap();
    let variable = format!("MEETING={}", meeting.path().display());
    let mut command = Command::new(PROGRAM);
    command.args(SERVE).args(["--instances", "2", "--function-name", "thumbs", "--env", &variable]);
    command.arg("--bootstrap").arg(reporter());
    let mut served = Served::start(command.current_dir(folder.path()));
    let cos = served.second_word("COS ");
    assert_eq!(served.find("COS_ENDPOINT="), format!("COS_ENDPOINT={cos}"));
    let scf = served.find("SCF_ENDPOINT=").replace("SCF_ENDPOINT=http://", "").parse().unwrap();
    let parameters = serde_json::json!({ "FunctionName": "thumbs", "Event": r#"{"Records":[]}"# });
    let response = Call::new("InvokeFunction", parameters).send_to(scf);
    assert_eq!(response["Result"]["InvokeResult"], 0, "{response}");
    let CosOptions { secret_id, secret_key, .. } = CosOptions::default();
    let address = cos.replace("http://", "").parse().unwrap();
    for key in ["/meet-1.jpg", "/meet-2.jpg"] {
        let request = Request::new("PUT", key).body(b"photo").sign_as(&secret_id, &secret_key);
        assert_eq!(request.send_to(address).unwrap().status, 200);
    }
    let first_words = served.lines.by_ref().map(|line| line.unwrap().split(' ').next().unwrap().to_owned());
    let is_event = |word: &String| ["cos:ObjectCreated:Put", "seen"].contains(&word.as_str());
    let events: Vec<String> = first_words.filter(is_event).take(4).collect();
    // Both begin before one ends.
    assert_eq!(events, ["seen", "seen", "cos:ObjectCreated:Put", "cos:ObjectCreated:Put"]);
}

#[test]
fn an_invocation_with_keep_continues_to_serve_its_bucket() {
    let project = Project::new("cos:ObjectCreated:Put", "in/cat.jpg");
    let mut command = Command::new(PROGRAM);
    command.args(["invoke", "events/event.json", "--keep", "--port", "0", "--bootstrap"]).arg(reporter());
    let mut served = Served::start(command.current_dir(project.folder.path()));
    assert!(served.find("photos-1250000000/in/cat.jpg").contains("stored"));
    served.upload("ap-shanghai", &["/dog.jpg"]);
    assert!(served.find("photos-1250000000/dog.jpg").contains("stored"));
}

#[test]
fn ways_in_and_refusals_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(SERVE).args(["--no-function", "--host-suffix", "twin"]);
    let mut served = Served::start(command.current_dir(folder.path()));
    let address = served.second_word("COS ").replace("http://", "");
    assert!(served.find("as a proxy").contains(&format!("http_proxy=http://{address}")));
    let names = served.find("by name");
    assert!(
        names.contains(&format!("{BUCKET}.localhost:")) && names.contains(&format!("{BUCKET}.twin:")),
        "{names}"
    );
    assert!(served.find("by path").contains(&format!("http://{address}/{BUCKET}")));
    let CosOptions { secret_id, .. } = CosOptions::default();
    let address = address.parse().unwrap();
    Request::new("GET", "/cat.jpg").sign_as(&secret_id, "wrong").send_to(address).unwrap();
    assert!(served.find("refused: GET").ends_with("/cat.jpg"));
    assert!(served.find("  403").contains("SignatureDoesNotMatch"));
    assert_eq!(served.find("  FormatString"), "  FormatString:");
    let misspelt =
        Request::new("PUT", "/cat.jpg").header("Host", "photo-1250000000.cos.ap-guangzhou.myqcloud.com");
    let CosOptions { secret_key, .. } = CosOptions::default();
    misspelt.body(b"x").sign_as(&secret_id, &secret_key).send_to(address).unwrap();
    assert!(served.find("  ->").contains(&format!("buckets: {BUCKET}, photosresized-1250000000")));
}

#[test]
fn completion_and_man_pages_come_from_the_command_line() {
    let text = |form: &str| {
        let output = Command::new(PROGRAM).args(["completion", form]).output().unwrap();
        assert!(output.status.success(), "{}", output_text(&output));
        output_text(&output)
    };
    for form in ["bash", "zsh", "fish", "man"] {
        let text = text(form);
        for word in ["scf", "invoke", "serve", "watch", "variable"] {
            assert!(text.contains(word), "{form} has no {word}: {text}");
        }
    }
    let words =
        "COMP_WORDS=(scf-local inv); COMP_CWORD=1; _scf__local scf-local inv scf-local; echo ${COMPREPLY[@]}";
    let script = format!("{}\n{words}", text("bash"));
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    assert_eq!(output_text(&output), "invoke\n");
}
