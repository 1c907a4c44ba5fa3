//! The command `render`: formats, options, standard streams, and files that it must not destroy.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Output, Stdio};

use crate::command_line::{program, run, stderr, stdout};

const PHOTO: &str = "events/photos/lake.jpg";

/// 768 x 512 pixels, of which a job takes a tenth of the time.
const SMALL_PHOTO: &str = "tests/data/kodim23-768x512.png";

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
    assert!(fs::read(&jpeg).unwrap().starts_with(&[0xff, 0xd8]));
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
fn render_reports_mistakes() {
    let table: [(&[&str], &str); 8] = [
        (&["render"], "SRC and at least one DST"),
        (&["render", PHOTO], "SRC and at least one DST"),
        (&["render", "nowhere.jpg", "/tmp/never.jpg"], "nowhere.jpg"),
        (&["render", "Cargo.toml", "/tmp/never.jpg"], "Cargo.toml: the content is not a picture"),
        (&["render", "--process", "imageMogr2/bright/8", PHOTO, "/tmp/never.jpg"], "bright"),
        (&["render", "--quality", "0", PHOTO, "/tmp/never.jpg"], "QUALITY"),
        (&["render", PHOTO, "/tmp/never.bmp"], "bmp"),
        (&["render", "--box", "2000", "--memory", "1", PHOTO, "/tmp/never.jpg"], "MB of memory"),
    ];
    for (arguments, word) in table {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(stderr(&output).contains(word), "{arguments:?}: {}", stderr(&output));
        assert_eq!(stderr(&output).lines().count(), 1, "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn render_serve_answers_each_job_with_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.webp");
    let job = |source: &str, mode: &str| serde_json::json!({"src": source, "dst": target, "box": 100, "fmt": "webp", "q": 75, "mode": mode});
    let lines = format!(
        "{}\nnonsense\n{}\n{}\n{}\n{}\n",
        job(PHOTO, "default"),
        job("nowhere", "default"),
        job(PHOTO, "multi"),
        job("-", "default"),
        job(target.to_str().unwrap(), "default")
    );
    let mut child =
        program().args(["render", "--serve"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let answers: Vec<serde_json::Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 6);
    assert!(answers[0]["err"].is_null() && answers[0]["wall_ms"].as_f64().unwrap() > 0.0, "{}", answers[0]);
    assert!(answers[0]["cpu_ms"].as_f64().unwrap() > 0.0 && answers[0]["rss_kb"].as_u64().unwrap() > 1000);
    assert!(answers[1]["err"].as_str().unwrap().contains("not a job"));
    assert!(answers[2]["err"].as_str().unwrap().contains("nowhere"));
    assert!(answers[3]["err"].is_null(), "{}", answers[3]);
    assert!(answers[4]["err"].as_str().unwrap().contains("src and dst must be files"));
    assert!(answers[5]["err"].as_str().unwrap().contains("is the source itself"));
    assert_eq!(image::open(&target).unwrap().width(), 100);
    let largest = folder.path().join("a.webp.1600.webp");
    assert_eq!(image::open(largest).unwrap().width(), 1600);
}

#[test]
fn render_serve_makes_all_thumbnails_of_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let job = |members: serde_json::Value| {
        let mut job = serde_json::json!({"src": SMALL_PHOTO, "dst": folder.path().join("t"), "bucket": "photos-1250000000", "key": "a.jpg",
            "settings": [["THUMBNAILS", "whole=150x150;card=100x100/fit/cover/gravity/west;subject=100x100/fit/cover/gravity/auto;turned=imageMogr2/thumbnail/60x/rotate/45"],
                ["FORMAT", "webp"]]});
        job.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        job
    };
    let file = r#"{"rules":[{"source":{"prefix":"other/"},"thumbnails":"90x90"}]}"#;
    let jobs = [
        job(serde_json::json!({})),
        job(serde_json::json!({"only": [1], "lossless": true})),
        job(serde_json::json!({"only": [4]})),
        job(serde_json::json!({"settings": [["QUALITY", "101"]]})),
        job(serde_json::json!({"settings": [], "file": file})),
        job(serde_json::json!({"settings": [], "file": file, "key": "other/a.jpg"})),
        job(
            serde_json::json!({"only": [1], "src": folder.path().join("t1.png"), "encode": {"format": "webp", "quality": 80}}),
        ),
    ];
    let answers = served(&jobs);
    let all = answers[0]["thumbnails"].as_array().unwrap();
    let (full_width, full_height) =
        (answers[0]["width"].as_f64().unwrap(), answers[0]["height"].as_f64().unwrap());
    let part = |index: usize| -> Vec<f64> { serde_json::from_value(all[index]["part"].clone()).unwrap() };
    assert_eq!(part(0), [0.0, 0.0, full_width, full_height]);
    // Scaled by whole pixels, 150 x 100 of which the left 100 x 100 are kept.
    assert_eq!(part(1), [0.0, 0.0, full_width * 100.0 / 150.0, full_height]);
    assert!(part(2)[0] > 0.0 && part(2)[2..] == part(1)[2..], "{:?}", part(2));
    assert!(all[3]["part"].is_null(), "a turned picture shows no rectangle");
    for (thumbnail, name) in all.iter().zip(["whole", "card", "subject", "turned"]) {
        assert_eq!((thumbnail["name"].as_str(), thumbnail["format"].as_str()), (Some(name), Some("webp")));
        let picture = image::open(thumbnail["dst"].as_str().unwrap()).unwrap();
        assert_eq!(Some(u64::from(picture.width())), thumbnail["width"].as_u64());
    }
    assert_eq!(answers[1]["thumbnails"].as_array().unwrap().len(), 1);
    assert!(answers[1]["thumbnails"][0]["dst"].as_str().unwrap().ends_with("t1.png"));
    // Encoded alone, the pixels give the file of the first job.
    assert_eq!(answers[6]["thumbnails"][0]["bytes"], all[1]["bytes"], "{}", answers[6]);
    for (answer, part) in answers[2..].iter().zip(["no such thumbnail", "QUALITY", "no rule covers a.jpg"]) {
        assert!(answer["err"].as_str().unwrap().contains(part), "{answer}");
    }
    assert!(answers[5]["err"].is_null() && answers[5]["thumbnails"][0]["width"] == 90, "{}", answers[5]);
}

#[test]
fn render_serve_keeps_the_limit_of_bytes_in_another_form() {
    let folder = tempfile::tempdir().unwrap();
    let job = |members: serde_json::Value| {
        let mut job = serde_json::json!({"src": SMALL_PHOTO, "dst": folder.path().join("t"), "bucket": "photos-1250000000",
            "key": "a.jpg", "settings": [["THUMBNAILS", "icon=100x100/max_bytes/2k"]]});
        job.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        job
    };
    let drawn = folder.path().join("t0.png");
    let answers = served(&[
        job(serde_json::json!({"lossless": true})),
        job(serde_json::json!({"src": drawn, "encode": {"format": "webp", "quality": 95}})),
        job(serde_json::json!({"src": drawn, "dst": folder.path().join("u"), "encode": {"format": "png"}})),
    ]);
    let [png, webp, limited_png] = [0, 1, 2].map(|index: usize| &answers[index]["thumbnails"][0]);
    assert!(png["bytes"].as_u64().unwrap() > 2048, "{png}");
    assert!(webp["max_bytes"] == 2048 && webp["bytes"].as_u64().unwrap() <= 2048, "{webp}");
    assert!(limited_png["err"].as_str().unwrap().contains("bytes"), "{limited_png}");
}

/// The answers of `render --serve` to these jobs.
fn served(jobs: &[serde_json::Value]) -> Vec<serde_json::Value> {
    let mut child =
        program().args(["render", "--serve"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for job in jobs {
        writeln!(stdin, "{job}").unwrap();
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Names of the files in a folder, in order.
fn files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// Runs `render` in a folder with these arguments.
fn render_in(folder: &Path, arguments: &[&str]) -> Output {
    program().current_dir(folder).arg("render").args(arguments).output().unwrap()
}

/// A folder with the photo as `photo.jpg`.
fn folder_with_photo() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(PHOTO, folder.path().join("photo.jpg")).unwrap();
    folder
}

#[test]
fn target_that_is_the_source_is_refused_in_every_spelling() {
    let folder = folder_with_photo();
    let path = folder.path();
    fs::create_dir(path.join("sub")).unwrap();
    symlink("photo.jpg", path.join("link.jpg")).unwrap();
    symlink("link.jpg", path.join("link-to-link.jpg")).unwrap();
    symlink(".", path.join("here")).unwrap();
    fs::hard_link(path.join("photo.jpg"), path.join("hard.jpg")).unwrap();
    let absolute = path.join("photo.jpg");
    let before = files(path);
    let spellings = [
        "photo.jpg",
        "./photo.jpg",
        "sub/../photo.jpg",
        "here/photo.jpg",
        "link.jpg",
        "link-to-link.jpg",
        "hard.jpg",
        absolute.to_str().unwrap(),
    ];
    for spelling in spellings {
        // The other target is not written either, whether it comes first or last.
        for targets in [[spelling, "other.jpg"], ["other.jpg", spelling]] {
            let output = render_in(path, &["photo.jpg", targets[0], targets[1]]);
            assert_eq!(output.status.code(), Some(1), "{spelling}");
            assert!(
                stderr(&output).contains(&format!("{spelling} is the source itself")),
                "{}",
                stderr(&output)
            );
            assert_eq!(files(path), before, "{spelling}");
            assert_eq!(fs::read(&absolute).unwrap(), fs::read(PHOTO).unwrap(), "{spelling}");
        }
    }
    // The source is a link to the target.
    let output = render_in(path, &["link.jpg", "photo.jpg"]);
    assert!(stderr(&output).contains("photo.jpg is the source itself"), "{}", stderr(&output));
}

#[test]
fn target_that_is_the_file_behind_standard_input_is_refused() {
    let folder = folder_with_photo();
    let path = folder.path().join("photo.jpg");
    let mut command = program();
    command.current_dir(folder.path()).args(["render", "-", "photo.jpg"]).stdin(File::open(&path).unwrap());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("photo.jpg is the source itself"), "{}", stderr(&output));
    let mut command = program();
    let appended = File::options().append(true).open(&path).unwrap();
    command.current_dir(folder.path()).args(["render", "photo.jpg", "-"]).stdout(appended);
    let output = command.output().unwrap();
    assert!(stderr(&output).contains("standard output is the source itself"), "{}", stderr(&output));
    assert_eq!(fs::read(path).unwrap(), fs::read(PHOTO).unwrap());
}

#[test]
fn two_targets_that_are_one_file_are_refused() {
    let folder = folder_with_photo();
    let path = folder.path();
    symlink(".", path.join("here")).unwrap();
    fs::write(path.join("old.jpg"), "old").unwrap();
    fs::hard_link(path.join("old.jpg"), path.join("hard.jpg")).unwrap();
    let before = files(path);
    for targets in [["a.jpg", "./a.jpg"], ["a.jpg", "here/a.jpg"], ["old.jpg", "hard.jpg"], ["-", "-"]] {
        let output = render_in(path, &["photo.jpg", targets[0], targets[1]]);
        assert_eq!(output.status.code(), Some(1), "{targets:?}");
        let sentence =
            if targets == ["-", "-"] { "standard output takes one thumbnail" } else { "is the same file as" };
        assert!(stderr(&output).contains(sentence), "{targets:?}: {}", stderr(&output));
        assert_eq!(files(path), before, "{targets:?}");
        assert_eq!(fs::read(path.join("old.jpg")).unwrap(), b"old");
    }
    // Devices may be named several times.
    assert!(render_in(path, &["photo.jpg", "/dev/null", "/dev/null"]).status.success());
}

#[test]
fn impossible_target_does_not_stop_the_others() {
    let folder = folder_with_photo();
    let path = folder.path();
    fs::create_dir(path.join("folder.jpg")).unwrap();
    let output = render_in(path, &["photo.jpg", "a.jpg", "nowhere/b.jpg", "c.bmp", "folder.jpg", "d.webp"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(files(path), ["a.jpg", "d.webp", "folder.jpg", "photo.jpg"]);
    let lines: Vec<&str> = stdout(&output).lines().collect();
    assert!(
        lines.len() == 2 && lines[0].starts_with("a.jpg  jpeg") && lines[1].starts_with("d.webp  webp"),
        "{lines:?}"
    );
    let mut errors: Vec<&str> = stderr(&output).lines().collect();
    errors.sort_unstable();
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(errors[0].starts_with("cos-thumbnailer: c.bmp: ") && errors[0].contains("bmp"), "{errors:?}");
    assert!(
        errors[1].starts_with("cos-thumbnailer: folder.jpg cannot be written: Is a directory"),
        "{errors:?}"
    );
    assert!(
        errors[2].starts_with("cos-thumbnailer: nowhere/b.jpg cannot be written: No such file"),
        "{errors:?}"
    );
}

#[test]
fn older_targets_are_replaced_as_a_whole() {
    let folder = folder_with_photo();
    let path = folder.path();
    fs::create_dir(path.join("sub")).unwrap();
    fs::write(path.join("sub/old.jpg"), "old").unwrap();
    fs::set_permissions(path.join("sub/old.jpg"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("sub/old.jpg", path.join("link.jpg")).unwrap();
    // A reader that has the older file open keeps its whole content.
    let mut old = File::open(path.join("sub/old.jpg")).unwrap();
    let output = render_in(path, &["photo.jpg", "link.jpg"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let mut content = String::new();
    std::io::Read::read_to_string(&mut old, &mut content).unwrap();
    assert_eq!(content, "old");
    assert!(fs::symlink_metadata(path.join("link.jpg")).unwrap().is_symlink());
    assert!(fs::read(path.join("sub/old.jpg")).unwrap().starts_with(&[0xff, 0xd8]));
    assert_eq!(fs::metadata(path.join("sub/old.jpg")).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(files(&path.join("sub")), ["old.jpg"]);
}

/// Runs the program with the photo as standard input.
fn piped(arguments: &[&str]) -> Output {
    let mut command = program();
    command.arg("render").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let photo = fs::read(PHOTO).unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&photo));
    let output = child.wait_with_output().unwrap();
    // The program may end before it has read everything.
    let _ = writer.join().unwrap();
    output
}

#[test]
fn dash_is_standard_input_and_output() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.png");
    let same = folder.path().join("b.png");
    let target = target.to_str().unwrap();
    assert!(run(&["render", "--box", "60", PHOTO, target]).status.success());
    let output = piped(&["--box", "60", "--format", "png", "-", "-", same.to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(output.stdout, fs::read(target).unwrap());
    assert_eq!(output.stdout, fs::read(&same).unwrap());
    let report: Vec<&str> = stderr(&output).lines().collect();
    assert!(report[0].starts_with("standard output  png 60x40  "), "{report:?}");
    assert!(report.len() == 2 && report[1].contains("b.png  png 60x40  "), "{report:?}");
    // Standard output without a format has that of the source.
    assert!(piped(&["-", "-"]).stdout.starts_with(&[0xff, 0xd8]));
    let output = piped(&["--box", "2000", "--memory", "1", "-", "-"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty() && stderr(&output).contains("standard input: "), "{}", stderr(&output));
}
