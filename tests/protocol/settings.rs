//! Sources of the settings: which file and variables `check`, `policy`, `triggers` and `doctor` read and report.

use std::path::Path;
use std::process::Command;

use cos_thumbnailer::config::SETTINGS;

use crate::command_line::{stderr, stdout};

/// The program without variables, started in a folder.
fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cos-thumbnailer"));
    command.env_clear().current_dir(folder);
    command
}

/// A folder with a file of this name, and the path of the file.
fn folder_with(name: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join(name);
    let text = r#"{"rules":[{"source":{"bucket":"photos-1250000000","prefix":"in/"}}],"max_pixels":1234}"#;
    std::fs::write(&path, text).unwrap();
    (folder, path.to_str().unwrap().to_owned())
}

const WHERE: [&str; 2] = ["--region", "ap-guangzhou"];

#[test]
fn commands_read_and_report_the_file_of_the_option_config() {
    let (folder, path) = folder_with("mine.json");
    let run = |arguments: &[&str]| {
        let arguments = [arguments, &["--config", "mine.json"]].concat();
        program(folder.path()).args(arguments).env("QUALITY", "7").env("ACL", "private").output().unwrap()
    };
    let places = format!("settings: from {path} and 2 variables\n");

    let check = run(&["check"]);
    assert!(stdout(&check).starts_with(&places) && stdout(&check).contains("1234"), "{}", stdout(&check));
    assert!(stdout(&check).contains("quality 7") && check.status.success());

    for command in ["policy", "triggers"] {
        let output = run(&[&[command][..], &WHERE].concat());
        assert_eq!(stderr(&output), places);
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(json.to_string().contains("in/"), "{json}");
    }

    let doctor = run(&[&["doctor"][..], &WHERE].concat());
    assert!(stdout(&doctor).starts_with(&places), "{}", stdout(&doctor));
    let doctor = run(&[&["doctor", "--json"][..], &WHERE].concat());
    assert_eq!(stderr(&doctor), places);
    let json: serde_json::Value = serde_json::from_slice(&doctor.stdout).unwrap();
    assert!(json["findings"].is_array(), "{json}");
}

#[test]
fn ignored_file_in_the_current_folder_is_reported() {
    const HINT: &str = "thumbnails.json in this folder is not read; use --config thumbnails.json\n";
    let (folder, path) = folder_with("thumbnails.json");
    let table: [(&str, &[&str]); 4] =
        [("check", &[]), ("policy", &WHERE), ("triggers", &WHERE), ("doctor", &WHERE)];
    for (command, arguments) in table {
        let said = |more: &[&str], code_root: Option<&Path>| {
            let mut command_line = program(folder.path());
            command_line.arg(command).args(arguments).args(more);
            code_root.map(|root| command_line.env("USER_CODE_ROOT", root));
            let output = command_line.output().unwrap();
            format!("{}{}", stdout(&output), stderr(&output))
        };
        let ignored = said(&[], None);
        assert!(ignored.contains(HINT) && ignored.contains("settings: the defaults"), "{command}: {ignored}");
        let by_option = said(&["--config", "thumbnails.json"], None);
        let by_variable = said(&[], Some(folder.path()));
        for read in [by_option, by_variable] {
            assert!(!read.contains(HINT), "{command}: {read}");
            assert!(read.contains(&format!("settings: from {path}\n")), "{command}: {read}");
        }
    }
}

#[test]
fn missing_folder_or_file_is_a_mistake() {
    let folder = tempfile::tempdir().unwrap();
    for command in [&["check"][..], &["policy", "--region", "ap-guangzhou"], &["doctor"]] {
        let output = program(folder.path()).args(command).env("USER_CODE_ROOT", "/nowhere").output().unwrap();
        let said = format!("{}{}", stdout(&output), stderr(&output));
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("USER_CODE_ROOT is \"/nowhere\"; there is no such folder"), "{said}");
        let output = program(folder.path()).args(command).args(["--config", "none.json"]).output().unwrap();
        let said = format!("{}{}", stdout(&output), stderr(&output));
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("none.json cannot be read"), "{said}");
    }
}

#[test]
fn every_command_has_its_own_help() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["check", "policy", "triggers", "doctor"] {
        for option in ["--help", "-h"] {
            let output = program(folder.path()).args([command, option]).output().unwrap();
            assert!(output.status.success(), "{}", stderr(&output));
            let help = stdout(&output);
            assert!(
                help.contains(&format!("cos-thumbnailer {command}")) && help.contains("--config FILE"),
                "{help}"
            );
        }
    }
    let output = program(folder.path()).args(["check", "--help"]).output().unwrap();
    for setting in SETTINGS {
        let line = format!("  {:<15} {}\n", setting.name, setting.summary);
        assert!(stdout(&output).contains(&line), "{line}");
        assert!(stdout(&output).contains(&format!("(default: {})\n", setting.default)));
    }
}

/// Names of variables in the help of the program are settings, or variables of the platform.
#[test]
fn help_names_existing_settings_only() {
    let folder = tempfile::tempdir().unwrap();
    let output = program(folder.path()).arg("--help").output().unwrap();
    let is_name =
        |word: &&str| word.contains('_') && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    let words = stdout(&output).split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    for name in words.filter(is_name) {
        let of_platform =
            ["SCF_", "TENCENTCLOUD_", "USER_CODE_ROOT"].iter().any(|start| name.starts_with(start));
        assert!(
            of_platform || SETTINGS.iter().any(|setting| setting.name == name),
            "{name} is not a setting"
        );
    }
}

#[test]
fn help_names_the_defaults_of_settings() {
    let folder = tempfile::tempdir().unwrap();
    let output = program(folder.path()).arg("--help").output().unwrap();
    let (mut name, mut defaults) = ("", 0);
    for line in stdout(&output).lines() {
        let word = line.split_whitespace().next().unwrap_or_default();
        name = SETTINGS.iter().map(|setting| setting.name).find(|name| *name == word).unwrap_or(name);
        let default = line.split_once("(default: ").and_then(|(_, rest)| rest.strip_suffix(')'));
        if let Some(default) = default {
            defaults += 1;
            let setting = SETTINGS.iter().find(|setting| setting.name == name).unwrap();
            assert_eq!(setting.default, default, "{line}");
        }
    }
    assert!(defaults >= 6, "only {defaults} defaults are in the help");
}

#[test]
fn an_endpoint_that_is_no_origin_is_refused_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    for endpoint in
        ["http://:", "http://a:99999999", "http://u:PASSWORD@host", "http://a/path", "http://a?x=1"]
    {
        let output = program(folder.path()).arg("check").env("COS_ENDPOINT", endpoint).output().unwrap();
        let said = format!("{}{}", stdout(&output), stderr(&output));
        assert_eq!(output.status.code(), Some(1), "{endpoint}: {said}");
        assert!(said.contains("without user, path or query") && !said.contains("PASSWORD"), "{said}");
    }
    let output =
        program(folder.path()).arg("check").env("COS_ENDPOINT", "http://127.0.0.1:9000").output().unwrap();
    assert!(output.status.success() && stdout(&output).contains("COS_ENDPOINT  http://127.0.0.1:9000"));
}

#[test]
fn a_template_on_which_two_sources_meet_is_refused_with_both() {
    let folder = tempfile::tempdir().unwrap();
    let variables = [("THUMBNAILS", "s=1x1;s-s=2x2"), ("TARGET_KEY", "{dir}{stem}-{name}.{ext}")];
    let output = program(folder.path()).arg("check").envs(variables).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let sentence = "thumbnail \"s\" of a-s.jpg and thumbnail \"s-s\" of a.jpg would share the key a-s-s.jpg";
    assert!(stderr(&output).contains(sentence), "{}", stderr(&output));
    let variables = [("THUMBNAILS", "s=1x1;l=2x2"), ("TARGET_KEY", "{dir}{stem}-{name}.{ext}")];
    assert!(program(folder.path()).arg("check").envs(variables).output().unwrap().status.success());
}
