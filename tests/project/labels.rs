//! Labels of AI-generated content in thumbnails, read by packages of PyPI: Pillow and exiv2.
//!
//! Needs `python3` with `venv`. The first run installs packages; the environment stays in the target folder.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::python;

/// Readers of XMP: the packet, and its properties.
const PACKAGES: [&str; 2] = ["pillow==12.0.0", "pyexiv2==2.15.5"];

#[test]
fn pillow_and_exiv2_find_labels_in_thumbnails() {
    let folder = tempfile::tempdir().unwrap();
    let mut thumbnails = Vec::new();
    for source in
        ["exiftool.jpg", "exiftool.png", "exiftool.webp", "exiftool.gif", "exiftool.tif", "exiftool.avif"]
    {
        let targets =
            ["jpg", "png", "webp", "avif"].map(|ending| folder.path().join(format!("{source}.{ending}")));
        let source = Path::new("tests/data/labels").join(source);
        let mut render = Command::new(env!("CARGO_BIN_EXE_cos-thumbnailer"));
        let output = render.args(["render", "--box", "8"]).arg(source).args(&targets).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        thumbnails.extend(targets);
    }
    let output = Command::new(python::with("labels", &PACKAGES, "import PIL, pyexiv2"))
        .arg("tests/project/read_labels.py")
        .args(&thumbnails)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<Value> = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect();
    assert_eq!(lines.len(), thumbnails.len());
    for (line, thumbnail) in lines.iter().zip(&thumbnails) {
        let properties = [
            "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType",
            "{http://www.tc260.org.cn/ns/AIGC/1.0/}AIGC",
            "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about",
        ];
        assert_eq!(line["packet"], serde_json::json!(properties), "{}", thumbnail.display());
        assert_eq!(line["label"]["Label"], "1", "{}", thumbnail.display());
        assert_eq!(line["label"]["ContentProducer"], "001191110102EXAMPLE00X10001");
        let source_type = line["source_type"].as_str().unwrap();
        assert!(source_type.ends_with("/trainedAlgorithmicMedia"), "{source_type}");
    }
}
