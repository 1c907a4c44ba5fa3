//! Runs `scripts/clients` with three clients against a local COS whose events invoke this function.
//!
//! Needs `python3` with `venv`. The first run installs packages; the environments stay in the target folder.

use std::path::Path;
use std::process::Command;

use scf_local::{Cos, CosOptions, ScfApi, ScfApiOptions, ScfOptions, Trigger};

const SOURCE: &str = "photos-1250000000";
const TARGET: &str = "photosresized-1250000000";

/// A client with the signature of COS, and a library and a program with that of S3. All are quick to install.
const CLIENTS: [&str; 3] = ["boto3", "opendal", "s3cmd"];

#[tokio::test(flavor = "multi_thread")]
async fn uploads_and_removals_of_three_clients_make_and_remove_thumbnails() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("cos");
    let buckets = vec![SOURCE.to_owned(), TARGET.to_owned()];
    let cos = Cos::start(CosOptions { root: root.clone(), buckets, ..CosOptions::default() }).await.unwrap();
    let mut environment = cos.environment();
    environment.push(("COS_ENDPOINT".to_owned(), cos.endpoint()));
    environment.push(("TENCENTCLOUD_REGION".to_owned(), "ap-guangzhou".to_owned()));
    let program = env!("CARGO_BIN_EXE_cos-thumbnailer").into();
    let function = ScfOptions { program, environment, memory_mb: 512, ..ScfOptions::default() };
    let api_options = ScfApiOptions { function, instances: Some(2), ..ScfApiOptions::default() };
    let api = ScfApi::start(api_options).await.unwrap();
    let trigger = Trigger { bucket: SOURCE.to_owned(), ..Trigger::default() };
    let deliveries = trigger.deliver_to(cos.notifications(), api.pool(), |_, _| {});
    let mut command = Command::new("python3");
    command.arg("scripts/clients").args(["--attach", &cos.endpoint(), "--root"]).arg(&root);
    command.arg("--environments").arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients")).args(CLIENTS);
    let run = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = tokio::select! {
        output = run => output.unwrap(),
        () = deliveries => panic!("the COS stopped"),
    };
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{table}\n{}", String::from_utf8_lossy(&output.stderr));
    for client in CLIENTS {
        let row = table.lines().find(|line| line.starts_with(&format!("| {client} "))).unwrap();
        let cells: Vec<&str> =
            row.split('|').skip(3).map(str::trim).filter(|cell| !cell.is_empty()).collect();
        assert_eq!(cells.len(), 9, "{row}");
        assert!(cells.iter().all(|cell| ["yes", "–"].contains(cell)), "{row}");
        assert!(row.ends_with("| yes | yes | yes |"), "deletions, thumbnails and removals: {row}");
    }
}
