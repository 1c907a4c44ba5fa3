//! The commands beside the function: `render`, `check`, `policy`, `triggers`, `--help` (`doctor` needs a COS:
//! `end_to_end`).

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

use cos_thumbnailer::config::SETTINGS;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cos-thumbnailer"));
    command.env_clear();
    command
}

fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

const PHOTO: &str = "events/photos/lake.jpg";

#[test]
fn render_makes_files_in_the_format_of_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (jpeg, png, webp, gif) = (path("a.jpg"), path("b.png"), path("c.webp"), path("d.GIF"));
    let output = run(&["render", "--box", "150", PHOTO, &jpeg, &png, &webp, &gif]);
    assert!(output.status.success(), "{}", stderr(&output));
    for (file, format) in [(&jpeg, "jpeg"), (&png, "png"), (&webp, "webp"), (&gif, "gif")] {
        assert!(stdout(&output).contains(&format!("{file}  {format} 150x100  ")), "{}", stdout(&output));
    }
    assert_eq!(image::open(&png).unwrap().width(), 150);
    assert!(std::fs::read(&jpeg).unwrap().starts_with(&[0xff, 0xd8]));
}

#[test]
fn render_takes_the_syntax_of_tencent() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("card.png");
    let process = "imageMogr2/thumbnail/!40x30r/gravity/center/crop/40x30";
    let output = run(&["render", "--process", process, PHOTO, target.to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));
    let picture = image::open(&target).unwrap();
    assert_eq!((picture.width(), picture.height()), (40, 30));
}

#[test]
fn render_says_what_is_wrong() {
    let table: [(&[&str], &str); 7] = [
        (&["render", PHOTO], "SRC and at least one DST"),
        (&["render", "nowhere.jpg", "/tmp/never.jpg"], "nowhere.jpg"),
        (&["render", "Cargo.toml", "/tmp/never.jpg"], "Cargo.toml: the content is not a picture"),
        (&["render", "--process", "imageMogr2/blur/8x5", PHOTO, "/tmp/never.jpg"], "blur"),
        (&["render", "--quality", "0", PHOTO, "/tmp/never.jpg"], "QUALITY"),
        (&["render", PHOTO, "/tmp/never.bmp"], "bmp"),
        (&["render", "--memory", "1", PHOTO, "/tmp/never.jpg"], "MB of memory"),
    ];
    for (arguments, word) in table {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(stderr(&output).contains(word), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn served_jobs_are_answered_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.webp");
    let job = |source: &str, mode: &str| serde_json::json!({"src": source, "dst": target, "box": 100, "fmt": "webp", "q": 75, "mode": mode});
    let lines = format!(
        "{}\nnonsense\n{}\n{}\n",
        job(PHOTO, "default"),
        job("nowhere", "default"),
        job(PHOTO, "multi")
    );
    let mut child =
        program().args(["render", "--serve"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let answers: Vec<serde_json::Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 4);
    assert!(answers[0]["err"].is_null() && answers[0]["wall_ms"].as_f64().unwrap() > 0.0, "{}", answers[0]);
    assert!(answers[0]["cpu_ms"].as_f64().unwrap() > 0.0 && answers[0]["rss_kb"].as_u64().unwrap() > 1000);
    assert!(answers[1]["err"].as_str().unwrap().contains("not a job"));
    assert!(answers[2]["err"].as_str().unwrap().contains("nowhere"));
    assert!(answers[3]["err"].is_null(), "{}", answers[3]);
    assert_eq!(image::open(&target).unwrap().width(), 100);
    let largest = folder.path().join("a.webp.1600.webp");
    assert_eq!(image::open(largest).unwrap().width(), 1600);
}

#[test]
fn check_says_what_the_settings_mean() {
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
fn policy_and_triggers_say_what_is_missing() {
    let table: [(&[&str], &str); 6] = [
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

#[test]
fn help_names_every_setting() {
    let output = run(&["--help"]);
    for setting in SETTINGS.map(|setting| setting.name) {
        assert!(stdout(&output).contains(setting), "--help lacks {setting}");
    }
    assert!(stdout(&run(&["--version"])).starts_with("cos-thumbnailer "));
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
fn unknown_words_are_refused() {
    for arguments in
        [&["rendre"][..], &["--hlep"], &["check", "more"], &["doctor", "more"], &["render", "--bix", "3"]]
    {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(!stderr(&output).is_empty());
    }
}
