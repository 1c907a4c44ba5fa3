//! `scripts/invoke` reports mistakes before it builds anything.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a panic fails the test")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// Runs the script with a `cargo` that only reports that it was called, or without one.
fn said(arguments: &[&str], has_cargo: bool) -> String {
    let folder = tempfile::tempdir().unwrap();
    // The tools that the script needs, and nothing else.
    for tool in ["dirname", "sed", "sh"] {
        let found = ["/usr/bin", "/bin"].map(|path| Path::new(path).join(tool));
        let tool_path = found.iter().find(|path| path.exists()).unwrap();
        std::os::unix::fs::symlink(tool_path, folder.path().join(tool)).unwrap();
    }
    if has_cargo {
        let cargo = folder.path().join("cargo");
        std::fs::write(&cargo, "#!/bin/sh\necho it builds >&2\nexit 7\n").unwrap();
        std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = Command::new("scripts/invoke");
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).env("PATH", folder.path());
    let output = command.args(arguments).output().unwrap();
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn mistakes_are_reported_before_the_build() {
    let table: [(&[&str], &str); 6] = [
        (
            &["events/photos/lake.jpg"],
            "invoke: events/photos/lake.jpg is a photo and not an event; to upload it: scripts/invoke events/put.json \
             --image events/photos/lake.jpg\n",
        ),
        (
            &["events/none.json"],
            "invoke: there is no file events/none.json; the example events are in the folder events\n",
        ),
        (
            &["--memroy", "64", "events/put.json"],
            "invoke: there is no option --memroy; it can be one of --bootstrap ",
        ),
        (&["--memory", "128"], "invoke: the event is missing: scripts/invoke events/put.json\n"),
        (&["events/put.json", "x"], "invoke: x is one argument too many; the event is events/put.json\n"),
        (&["events/put.json", "--image=a.jpg", "--quick"], "invoke: there is no option --quick; "),
    ];
    for (arguments, sentence) in table {
        let told = said(arguments, true);
        assert!(told.starts_with(sentence) && !told.contains("it builds"), "{arguments:?}: {told}");
    }
    let taken: [&[&str]; 4] = [
        &["events/put.json"],
        &["-", "--memory", "128"],
        &["--image", "cat.jpg", "events/put.json", "--keep", "--key=x", "--env", "A=b"],
        &["--bootstrap", "./bootstrap", "events/put.json", "--help"],
    ];
    for arguments in taken {
        assert_eq!(said(arguments, true), "it builds\n", "{arguments:?}");
    }
}

#[test]
fn missing_cargo_is_reported_with_its_remedy() {
    let told = said(&["events/put.json"], false);
    assert!(told.starts_with("invoke: cargo is missing") && told.contains("https://rustup.rs"), "{told}");
}

#[test]
fn the_script_knows_the_options_of_the_program() {
    let script = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/invoke")).unwrap();
    let listed = |name: &str| {
        let line = script.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let words = line.trim_matches(['=', '\'']).split(' ');
        words.map(str::to_owned).collect::<Vec<String>>()
    };
    let output = Command::new(env!("CARGO_BIN_EXE_scf-local")).args(["invoke", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let options = help.lines().filter_map(|line| line.strip_prefix("      --"));
    let (mut with_value, mut without): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for option in options {
        let words: Vec<&str> = option.split_whitespace().collect();
        let list = if words.len() > 1 { &mut with_value } else { &mut without };
        list.push(format!("--{}", words[0]));
    }
    with_value.sort_unstable();
    assert_eq!((listed("with_value"), listed("without_value")), (with_value, without), "{help}");
}
