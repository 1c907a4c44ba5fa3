//! Inventory jobs and reports over HTTP.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a panic fails the test")]

mod support;

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;
use md5::{Digest, Md5};
use scf_local::{Cos, CosOptions, InventoryForm};
use serde_json::Value;
use support::{BUCKET, ID, KEY, Request, Response};

const REPORTS: &str = "reports-1250000000";

struct Setup {
    cos: Cos,
    folder: tempfile::TempDir,
}

async fn start(inventory: InventoryForm) -> Setup {
    let folder = tempfile::tempdir().unwrap();
    let cos = start_in(folder.path(), inventory).await;
    Setup { cos, folder }
}

async fn start_in(folder: &std::path::Path, inventory: InventoryForm) -> Cos {
    let options = CosOptions {
        root: folder.to_owned(),
        secret_id: ID.to_owned(),
        secret_key: KEY.to_owned(),
        buckets: vec![BUCKET.to_owned(), REPORTS.to_owned()],
        inventory,
        ..CosOptions::default()
    };
    Cos::start(options).await.unwrap()
}

/// A job with the members that every job has, and further ones.
fn job(id: &str, versions: &str, more: &str) -> String {
    format!(
        "<InventoryConfiguration><Id>{id}</Id><IncludedObjectVersions>{versions}</IncludedObjectVersions>{more}\
         <Destination><COSBucketDestination><Format>CSV</Format><Bucket>qcs::cos:ap-guangzhou::{REPORTS}</Bucket>\
         <Prefix>inv</Prefix></COSBucketDestination></Destination></InventoryConfiguration>"
    )
}

const DAILY: &str = "<IsEnabled>true</IsEnabled><Schedule><Frequency>Daily</Frequency></Schedule>";

fn fields(names: &[&str]) -> String {
    let names: String = names.iter().map(|name| format!("<Field>{name}</Field>")).collect();
    format!("<OptionalFields>{names}</OptionalFields>")
}

fn send(cos: &Cos, method: &str, id: &str, body: &str) -> Response {
    let target = format!("/?inventory&id={id}");
    Request::new(method, &target).body(body.as_bytes()).sign().send(cos).unwrap()
}

/// The report of the only manifest in the destination: the manifest, and the rows of its files by column name.
fn report(cos: &Cos) -> (Value, Vec<BTreeMap<String, String>>) {
    let keys = cos.keys(REPORTS);
    let manifest_key = keys.iter().find(|key| key.ends_with("/manifest.json")).unwrap();
    let bytes = cos.object(REPORTS, manifest_key).unwrap().bytes;
    let checksum = cos.object(REPORTS, &manifest_key.replace(".json", ".checksum")).unwrap().bytes;
    assert_eq!(checksum, hex::encode(Md5::digest(&bytes)));
    let manifest: Value = serde_json::from_slice(&bytes).unwrap();
    let schema: Vec<String> = text(&manifest["fileSchema"]).split(", ").map(str::to_owned).collect();
    let mut rows = Vec::new();
    for file in manifest["files"].as_array().unwrap() {
        let data = cos.object(REPORTS, text(&file["key"])).unwrap().bytes;
        assert_eq!(text(&file["size"]), data.len().to_string());
        assert_eq!(text(&file["md5Checksum"]), hex::encode(Md5::digest(&data)));
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(GzDecoder::new(&*data));
        for record in reader.records() {
            let record = record.unwrap();
            assert_eq!(record.len(), schema.len(), "{record:?}");
            rows.push(schema.iter().cloned().zip(record.iter().map(str::to_owned)).collect());
        }
    }
    (manifest, rows)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn a_one_time_job_delivers_a_report_that_describes_every_object() {
    let Setup { cos, folder: _folder } = start(InventoryForm::default()).await;
    let headers = [("Content-Type", "image/jpeg"), ("x-cos-tagging", "kind=cat,big"), ("x-cos-meta-a", "b")];
    cos.put(BUCKET, "photos/海/a b+c.jpg", "12345", &headers).await;
    cos.put(BUCKET, "photos/archived", "1", &[("x-cos-storage-class", "ARCHIVE")]).await;
    cos.put(BUCKET, "other.jpg", "1", &[]).await;
    let mut notifications = cos.notifications();
    let more = fields(&[
        "Size",
        "ETag",
        "StorageClass",
        "IsMultipartUploaded",
        "ReplicationStatus",
        "Tag",
        "x-cos-meta-a",
    ]) + "<Filter><Prefix>photos/</Prefix></Filter>";
    let posted = send(&cos, "POST", "all", &job("all", "Current", &more));
    assert!(posted.status == 200 && posted.text().contains("<JobId>"), "{}", posted.text());
    let (manifest, rows) = report(&cos);
    let expected = [
        ("sourceAppid", "1250000000"),
        ("sourceBucket", "photos"),
        ("destinationBucket", "reports"),
        ("fileFormat", "CSV"),
        ("listObjectCount", "3"),
        ("listStorageSize", "7"),
        ("filterObjectCount", "2"),
        ("filterStorageSize", "6"),
        (
            "fileSchema",
            "Appid, Bucket, Key, Size, LastModifiedDate, ETag, StorageClass, IsMultipartUploaded, ReplicationStatus, \
             Tag, x-cos-meta-a",
        ),
    ];
    for (member, value) in expected {
        assert_eq!(manifest[member], value, "{member}");
    }
    let row = rows.iter().find(|row| row["Key"] == "photos/%E6%B5%B7/a%20b%2Bc.jpg").unwrap();
    let etag = hex::encode(Md5::digest("12345"));
    let values = [
        ("Appid", "1250000000"),
        ("Bucket", "photos"),
        ("Size", "5"),
        ("ETag", &etag),
        ("StorageClass", "Standard"),
        ("IsMultipartUploaded", "False"),
        ("Tag", "kind=cat,big"),
        ("x-cos-meta-a", "b"),
    ];
    for (column, value) in values {
        assert_eq!(row[column], value, "{column}");
    }
    assert!(rows.len() == 2 && rows.iter().any(|row| row["StorageClass"] == "ARCHIVE"), "{rows:?}");
    let delivered: Vec<String> =
        std::iter::from_fn(|| notifications.try_recv().ok()).map(|event| event.key).collect();
    assert_eq!(delivered.len(), 3);
    assert!(delivered[0].starts_with("inv/1250000000/photos/all/") && delivered[0].ends_with(".csv.gz"));
    let date = delivered[1].split('/').nth(4).unwrap();
    assert!(date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()), "{delivered:?}");
    assert!(delivered[2].ends_with("/manifest.checksum"));
}

#[tokio::test]
async fn all_versions_have_rows_of_their_own() {
    let Setup { cos, folder: _folder } = start(InventoryForm::default()).await;
    cos.versioning(BUCKET, true).unwrap();
    cos.put(BUCKET, "a", "1", &[]).await;
    let latest = cos.put(BUCKET, "a", "22", &[]).await.version.unwrap();
    cos.put(BUCKET, "gone", "1", &[]).await;
    cos.delete(BUCKET, "gone");
    send(&cos, "POST", "v", &job("v", "All", &fields(&["Size", "Crc64"])));
    let (manifest, rows) = report(&cos);
    assert_eq!(
        manifest["fileSchema"],
        "Appid, Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, Crc64"
    );
    assert_eq!(rows.len(), 4);
    let of = |key: &str, is_latest: &str| {
        rows.iter().find(|row| row["Key"] == key && row["IsLatest"] == is_latest).unwrap()
    };
    assert_eq!(
        (of("a", "True")["VersionId"].as_str(), of("a", "True")["Size"].as_str()),
        (latest.as_str(), "2")
    );
    assert_eq!(of("a", "False")["Size"], "1");
    let marker = of("gone", "True");
    assert_eq!(["IsDeleteMarker", "Size", "Crc64"].map(|column| marker[column].as_str()), ["True", "", ""]);
    send(&cos, "POST", "current", &job("current", "Current", "").replace("inv", "other"));
    cos.keys(REPORTS).iter().filter(|key| key.starts_with("inv/")).for_each(|key| cos.delete(REPORTS, key));
    assert_eq!(report(&cos).1.iter().map(|row| row["Key"].as_str()).collect::<Vec<_>>(), ["a"]);
}

#[tokio::test]
async fn rows_are_divided_into_files_without_a_common_order() {
    let form = InventoryForm { rows_per_file: 10, quoted: false, header: false };
    let Setup { cos, folder: _folder } = start(form).await;
    let keys: Vec<String> = (0..35).map(|number| format!("k{number:02}")).collect();
    for key in &keys {
        cos.put(BUCKET, key, "1", &[]).await;
    }
    send(&cos, "POST", "many", &job("many", "Current", ""));
    let (manifest, rows) = report(&cos);
    assert_eq!(manifest["files"].as_array().unwrap().len(), 4);
    let mut listed: Vec<&str> = rows.iter().map(|row| row["Key"].as_str()).collect();
    assert!(!listed.is_sorted());
    listed.sort_unstable();
    assert_eq!(listed, keys);
    let first = cos.object(REPORTS, text(&manifest["files"][0]["key"])).unwrap().bytes;
    let mut plain = String::new();
    GzDecoder::new(&*first).read_to_string(&mut plain).unwrap();
    assert!(plain.lines().count() == 10 && !plain.contains('"'), "{plain}");
}

#[tokio::test]
async fn an_empty_bucket_gives_a_manifest_without_files() {
    let Setup { cos, folder: _folder } = start(InventoryForm::default()).await;
    send(&cos, "POST", "none", &job("none", "Current", ""));
    let (manifest, rows) = report(&cos);
    assert_eq!((&manifest["listObjectCount"], rows.len()), (&Value::from("0"), 0));
}

#[tokio::test]
async fn periodic_jobs_are_kept_and_run_on_request() {
    let Setup { cos, folder } = start(InventoryForm { header: true, ..InventoryForm::default() }).await;
    cos.put(BUCKET, "a", "1", &[]).await;
    assert_eq!(send(&cos, "PUT", "nightly", &job("nightly", "Current", DAILY)).status, 200);
    assert!(cos.keys(REPORTS).is_empty());
    drop(cos);
    let cos = start_in(folder.path(), InventoryForm { header: true, ..InventoryForm::default() }).await;
    let stored = send(&cos, "GET", "nightly", "");
    assert!(stored.text().contains("<Frequency>Daily</Frequency>"), "{}", stored.text());
    let manifest = cos.run_inventory(BUCKET, "nightly").unwrap();
    assert!(cos.keys(REPORTS).contains(&manifest));
    assert_eq!(report(&cos).1.iter().map(|row| row["Key"].as_str()).collect::<Vec<_>>(), ["Key", "a"]);
    let address = cos.admin_endpoint().replace("http://", "").parse().unwrap();
    let run = |id: &str| {
        Request::new("POST", &format!("/-/inventory/{BUCKET}/{id}")).body(b"").send_to(address).unwrap()
    };
    assert_eq!((run("nightly").status, run("nightly").text().trim()), (200, manifest.as_str()));
    assert_eq!(run("other").status, 409);
    assert_eq!(send(&cos, "DELETE", "nightly", "").status, 204);
    assert!(cos.run_inventory(BUCKET, "nightly").is_err());
}

#[tokio::test]
async fn a_job_that_is_not_enabled_does_not_run() {
    let Setup { cos, folder: _folder } = start(InventoryForm::default()).await;
    send(&cos, "PUT", "idle", &job("idle", "Current", &DAILY.replace("true", "false")));
    assert!(cos.run_inventory(BUCKET, "idle").is_err());
}

#[tokio::test]
async fn mistakes_get_the_documented_codes() {
    let Setup { cos, folder: _folder } = start(InventoryForm::default()).await;
    let one_time = job("a", "Current", "");
    assert_eq!(send(&cos, "POST", "a", &one_time).status, 200);
    send(&cos, "PUT", "p", &job("p", "Current", DAILY));
    let cases = [
        ("GET", "none", String::new(), 404, "InventoryConfigurationNotFoundError"),
        ("DELETE", "none", String::new(), 404, "InventoryConfigurationNotFoundError"),
        ("POST", "a", one_time.clone(), 400, "InvalidArgument"),
        ("POST", "p", job("p", "Current", ""), 400, "InvalidArgument"),
        ("POST", "b", one_time, 400, "InvalidArgument"),
        ("POST", "b", "<InventoryConfiguration>".to_owned(), 400, "MalformedXML"),
        ("PUT", "b", job("b", "Current", ""), 400, "MalformedXML"),
        ("POST", "b", job("b", "Current", "").replace(REPORTS, "none-1250000000"), 404, "NoSuchBucket"),
    ];
    for (method, id, body, status, code) in cases {
        let response = send(&cos, method, id, &body);
        assert_eq!((response.status, response.code()), (status, code), "{method} {id} {body}");
    }
}

#[tokio::test]
async fn the_list_has_pages_of_100_and_a_bucket_1000_jobs() {
    let Setup { cos, folder: _folder } = start(InventoryForm::default()).await;
    for number in 0..1000 {
        let id = format!("j{number:04}");
        assert_eq!(send(&cos, "PUT", &id, &job(&id, "Current", DAILY)).status, 200);
    }
    let full = send(&cos, "PUT", "more", &job("more", "Current", DAILY));
    assert_eq!((full.status, full.code()), (400, "InventoryFull"));
    let (mut token, mut found) = (None, 0);
    for page in 0..10 {
        let parameter = token.map(|token| format!("&continuation-token={token}")).unwrap_or_default();
        let list = Request::new("GET", &format!("/?inventory{parameter}")).sign().send(&cos).unwrap();
        let text = list.text();
        found += text.matches("<Id>j").count();
        assert!(text.contains(&format!("<IsTruncated>{}</IsTruncated>", page < 9)), "{text}");
        token = text
            .split_once("<NextContinuationToken>")
            .and_then(|(_, rest)| rest.split_once('<'))
            .map(|(token, _)| token.to_owned());
    }
    assert_eq!((found, token), (1000, None));
}
