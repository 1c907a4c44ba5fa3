//! The commands `help`, `check`, `policy` and `triggers`. `doctor` needs a COS: `end_to_end` tests it; `render` has its own
//! file.

use std::process::{Command, Output};

use cos_thumbnailer::config::SETTINGS;

pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cos-thumbnailer"));
    command.env_clear();
    command
}

pub fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

pub fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

pub fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[test]
fn check_describes_the_settings() {
    let output = program().arg("check").env("THUMBNAILS", "small=150x150").output().unwrap();
    assert!(output.status.success());
    assert!(
        stdout(&output).contains("small") && stdout(&output).contains("150 x 150"),
        "{}",
        stdout(&output)
    );
    let output = program().arg("check").env("THUMBNAILS", "tiny").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("THUMBNAILS"), "{}", stderr(&output));
}

#[test]
fn policy_and_triggers_follow_the_configuration() {
    let run = |command: &str| {
        let output = program()
            .args([command, "--source", "photos-1250000000"])
            .env("TENCENTCLOUD_REGION", "ap-guangzhou")
            .env("SOURCE_PREFIX", "up/")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let policy = run("policy");
    assert_eq!(policy["version"], "2.0");
    assert!(
        policy.to_string().contains("qcs::cos:ap-guangzhou:uid/1250000000:photosresized-1250000000/up/*")
    );
    let triggers = run("triggers");
    assert_eq!(
        triggers["triggers"][0],
        serde_json::json!({"bucket": "photos-1250000000", "region": "ap-guangzhou", "event": "cos:ObjectCreated:*",
            "prefix": "up/"})
    );
    assert_eq!(triggers["triggers"].as_array().unwrap().len(), 3);
}

#[test]
fn policy_of_sync_names_function_report_and_checkpoint() {
    let shared = ["--region", "ap-guangzhou", "--source", "photos-1250000000"];
    let policy = |arguments: &[&str]| {
        let output = run(&[&["policy"], &shared[..], arguments].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output).to_owned()
    };
    let plain = policy(&["--sync"]);
    assert!(
        plain.contains("\"qcs::scf:ap-guangzhou::namespace/default/function/cos-thumbnailer\""),
        "{plain}"
    );
    assert!(!plain.contains("GetObject") && !plain.contains("PutObject"), "{plain}");
    let places = [
        "--sync",
        "--function",
        "images/thumbs",
        "--inventory",
        "cos://reports-1250000000/inv/125/photos/nightly/20241103/manifest.json",
        "--checkpoint",
        "cos://state-1250000000/photos.json",
    ];
    let full = policy(&places);
    for resource in [
        "qcs::scf:ap-guangzhou::namespace/images/function/thumbs",
        "qcs::cos:ap-guangzhou:uid/1250000000:reports-1250000000/inv/125/photos/nightly/*",
        "qcs::cos:ap-guangzhou:uid/1250000000:state-1250000000/photos.json*",
    ] {
        assert!(full.contains(&format!("\"{resource}\"")), "{full}");
    }
    assert!(!policy(&[]).contains("qcs::scf:"));
}

#[test]
fn policy_and_triggers_name_missing_arguments() {
    let table: [(&[&str], &str); 10] = [
        (&["policy", "--region", "ap-guangzhou", "--source", "photos-125", "--function", "x"], "add --sync"),
        (&["policy", "--sync", "--checkpoint", "photos.json"], "write cos://BUCKET/KEY"),
        (&["policy", "--sync", "--inventory", "cos://reports-125"], "write cos://BUCKET/KEY"),
        (&["triggers", "--sync"], "--sync"),
        (&["policy", "--source", "photos-1250000000"], "name it with --region"),
        (&["policy", "--region", "guangzhou"], "it must read like ap-guangzhou"),
        (&["triggers", "--region", "ap-guangzhou"], "name those with --source BUCKET"),
        (&["triggers", "--region", "ap-guangzhou", "--source", "photos"], "it must read <name>-<appid>"),
        (&["triggers", "--regions", "ap-guangzhou"], "--regions"),
        (&["policy", "--region"], "--region"),
    ];
    for (arguments, word) in table {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(stderr(&output).contains(word), "{arguments:?}: {}", stderr(&output));
    }
}

const COMMANDS: [&str; 8] = ["check", "doctor", "policy", "render", "schema", "sync", "triggers", "verify"];

#[test]
fn every_spelling_of_help_gives_the_help_of_the_command() {
    for command in COMMANDS {
        let help = run(&["help", command]);
        assert!(help.status.success(), "{}", stderr(&help));
        assert!(stdout(&help).contains(&format!("cos-thumbnailer {command}")), "{}", stdout(&help));
        for option in ["--help", "-h"] {
            assert_eq!(stdout(&run(&[command, option])), stdout(&help), "{command} {option}");
        }
    }
}

#[test]
fn help_names_every_command() {
    let help = run(&["--help"]);
    assert!(help.status.success());
    assert_eq!(stdout(&run(&["help"])), stdout(&help));
    for command in COMMANDS {
        assert!(stdout(&help).contains(&format!("\n  cos-thumbnailer {command} ")), "{}", stdout(&help));
    }
}

#[test]
fn version_names_commit_and_features() {
    let output = run(&["--version"]);
    let version = stdout(&output);
    let lines: Vec<&str> = version.lines().collect();
    assert_eq!(lines[0], concat!("cos-thumbnailer ", env!("CARGO_PKG_VERSION")));
    // A build of the tests names no commit; one of scripts/package has all 40 digits.
    let commit = lines[1].strip_prefix("commit    ").unwrap();
    let digits = commit.trim_end_matches("-modified");
    let is_hash = digits.len() == 40 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    assert!(is_hash || commit.starts_with("unknown, "), "{version}");
    let features = lines[2].strip_prefix("features  ").unwrap();
    assert_eq!(features.split(", ").any(|name| name == "libwebp"), cfg!(feature = "libwebp"), "{version}");
    assert_eq!(lines.len(), 3, "{version}");
}

#[test]
fn schema_prints_the_schema_of_the_examples() {
    let schema = run(&["schema"]);
    assert_eq!(stdout(&schema), include_str!("../../examples/thumbnails.schema.json"));
    assert!(schema.status.success() && !run(&["schema", "x"]).status.success());
}

/// The README shows the commonest settings, and so does the help; `cos-thumbnailer help check` lists all.
#[test]
fn help_and_readme_name_the_same_settings() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let help = run(&["--help"]);
    for setting in SETTINGS.map(|setting| setting.name) {
        let in_readme = readme.contains(&format!("\n| `{setting}`"));
        assert_eq!(stdout(&help).contains(&format!("\n  {setting} ")), in_readme, "{setting}");
    }
}

#[test]
fn outcomes_document_lists_every_code() {
    let document = std::fs::read_to_string("docs/outcomes.md").unwrap();
    let mut codes = 0;
    for file in ["src/error.rs", "src/cos/error.rs", "src/report/entry.rs"] {
        let text = std::fs::read_to_string(file).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        for literal in text.split('"').skip(1).step_by(2) {
            let family = literal.split('.').next().unwrap();
            let is_code = ["config", "cos", "event", "image", "skip", "target"].contains(&family)
                && literal.len() > family.len() + 1
                && literal.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'.');
            if is_code {
                codes += 1;
                assert!(document.contains(&format!("`{literal}`")), "docs/outcomes.md lacks {literal}");
            }
        }
    }
    assert!(codes > 30, "only {codes} codes were found");
}

#[test]
fn unknown_arguments_are_refused() {
    let table: [(&[&str], &str); 8] = [
        (&["rendre"], "there is no command rendre"),
        (&["help", "rendre"], "there is no command rendre"),
        (&["help", "check", "doctor"], "doctor"),
        (&["help", "--hlep"], "--hlep"),
        (&["--hlep"], "--hlep"),
        (&["check", "more"], "more"),
        (&["doctor", "more"], "more"),
        (&["render", "--bix", "3"], "--bix"),
    ];
    for (arguments, word) in table {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(stderr(&output).contains(word), "{arguments:?}: {}", stderr(&output));
    }
}
