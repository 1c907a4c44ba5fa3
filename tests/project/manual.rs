//! Shell completion and the man page, which `scripts/manual` writes from the help texts.

use std::collections::BTreeSet;
use std::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_cos-thumbnailer");

#[test]
fn completion_and_man_page_are_up_to_date() {
    let output = Command::new("scripts/manual")
        .args(["--check", "--program", PROGRAM])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The completions that bash offers for the last of these words.
fn completed(words: &[&str]) -> Vec<String> {
    let script = r#"
        source manual/cos-thumbnailer.bash
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        $(complete -p cos-thumbnailer | sed 's/.*-F \([^ ]*\) .*/\1/')
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let mut command = Command::new("bash");
    let output = command.args(["-euc", script, "bash", "cos-thumbnailer"]).args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_options_values_and_files() {
    assert_eq!(completed(&["tri"]), ["triggers"]);
    assert_eq!(completed(&["help", "ren"]), ["render"]);
    assert_eq!(completed(&["check", "--"]), ["--config", "--help"]);
    assert_eq!(completed(&["check", "--config", "examples/av"]), ["examples/avatar.json"]);
    assert_eq!(completed(&["sync", "--mode", "invoke-"]), ["invoke-async"]);
    assert_eq!(completed(&["sync", "--orphans", ""]), ["report", "remove", "ignore"]);
    assert_eq!(completed(&["sync", "--region", ""]), [""; 0]);
    assert_eq!(completed(&["render", "events/photos/la"]), ["events/photos/lake.jpg"]);
    assert_eq!(completed(&["render", "--format", "we"]), ["webp"]);
}

/// Options that a source file of commands reads.
fn in_source(file: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap();
    let long = code.split("Long(\"").skip(1).filter_map(|rest| rest.split('"').next());
    // An arm of a match over names.
    let arms = code.lines().filter_map(|line| line.trim().strip_prefix('"'));
    let arms = arms
        .filter_map(|line| line.split_once('"'))
        .filter(|(_, rest)| rest.contains("=> ") || rest.ends_with("=>"));
    let names = long.chain(arms.map(|(name, _)| name));
    names
        .filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
        .map(|name| format!("--{name}"))
        .collect()
}

#[test]
fn every_option_that_a_command_reads_is_completed() {
    let table: [(&str, &[&str]); 5] = [
        ("src/command/check.rs", &["check"]),
        ("src/command/deployment.rs", &["policy", "triggers"]),
        ("src/command/doctor.rs", &["doctor"]),
        ("src/command/render/options.rs", &["render"]),
        ("src/command/schema.rs", &["schema"]),
    ];
    for (file, commands) in table {
        let completed: BTreeSet<String> =
            commands.iter().flat_map(|command| completed(&[command, "--"])).collect();
        assert_eq!(completed, in_source(file), "{file}");
    }
    let completed: BTreeSet<String> = completed(&["sync", "--"]).into_iter().collect();
    let missing: Vec<_> = completed
        .iter()
        .filter(|option| !in_source("src/command/sync/options.rs").contains(*option))
        .collect();
    assert!(missing.is_empty() && completed.len() > 20, "{missing:?}");
}

#[test]
fn the_man_page_has_every_command_and_option() {
    let page = std::fs::read_to_string("manual/cos-thumbnailer.1").unwrap();
    let macros = ["TH", "SH", "SS", "PP", "TP", "B", "br", "nf", "fi"];
    for line in page.lines().filter_map(|line| line.strip_prefix('.')) {
        let name = line.split(' ').next().unwrap();
        assert!(macros.contains(&name), "{line}");
    }
    for text in [".SS sync, verify", ".SS policy, triggers", ".B \\-\\-keep\\-going", ".SH EXIT STATUS"] {
        assert!(page.lines().any(|line| line == text), "{text}");
    }
    // groff, where it is installed, has nothing to complain about.
    if let Ok(output) =
        Command::new("groff").args(["-man", "-Tascii", "-ww", "manual/cos-thumbnailer.1"]).output()
    {
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
