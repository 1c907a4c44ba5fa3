//! The documented file, and forms of it that Tencent does not rule out.

use std::io::Write;
use std::time::{Duration, UNIX_EPOCH};

use flate2::Compression;
use flate2::write::GzEncoder;
use md5::{Digest, Md5};

use super::*;
use crate::inventory::manifest::Manifest;
use crate::object::{Bucket, ETag, Key};

const MANIFEST: &[u8] = include_bytes!("../../../tests/data/inventory/manifest.json");
const FILE: &[u8] = include_bytes!("../../../tests/data/inventory/rows.csv.gz");
/// What `FILE` holds.
const TEXT: &str = "\"1250000000\",\"pics\",\"photos/2024/a%20b.jpg\",\"2483911\",\"2024-05-03T08:15:42Z\",\
    \"9b2cf535f27731c974343645a3985328\",\"Standard\",\"False\",\"\"\n\
    \"1250000000\",\"pics\",\"photos/%E6%B5%B7/%2B1.png\",\"91234\",\"2024-05-03T08:15:43Z\",\
    \"1b8e2a3f0d7c4c6e9f00aa11bb22cc33-2\",\"Standard\",\"True\",\"\"\n";

fn documented() -> [Row; 2] {
    let row = |key, size, seconds, etag| Row {
        key: Key::parse(key).unwrap(),
        size: Some(size),
        etag: Some(ETag::parse(etag).unwrap()),
        last_modified: Some(UNIX_EPOCH + Duration::from_secs(seconds)),
        storage_class: Some("Standard".to_owned()),
        raw_plus: false,
    };
    [
        row("photos/2024/a b.jpg", 2_483_911, 1_714_724_142, "9b2cf535f27731c974343645a3985328"),
        row("photos/海/+1.png", 91_234, 1_714_724_143, "1b8e2a3f0d7c4c6e9f00aa11bb22cc33-2"),
    ]
}

fn schema() -> Schema {
    Manifest::parse(MANIFEST).unwrap().schema
}

fn read(schema: &Schema, file: &[u8]) -> Vec<Row> {
    rows(schema, file, Expected::default()).collect::<Result<_, _>>().unwrap()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn bucket() -> Expected {
    Expected { bucket: Some(Bucket::parse("pics-1250000000").unwrap()), ..Expected::default() }
}

#[test]
fn the_documented_file_is_read_and_verified() {
    let manifest = Manifest::parse(MANIFEST).unwrap();
    let expected = manifest.expected(&manifest.files[0]);
    assert!(expected.md5.is_some() && expected.size.is_some() && expected.bucket.is_some());
    let read: Result<Vec<_>, _> = rows(&manifest.schema, FILE, expected).collect();
    assert_eq!(read.unwrap(), documented());
}

#[test]
fn forms_that_are_not_documented_are_read_as_well() {
    let unquoted = TEXT.replace('"', "");
    let header = "Appid, Bucket, Key, Size, LastModifiedDate, ETag, StorageClass, IsMultipartUploaded, ReplicationStatus";
    let members = [gzip(&unquoted.as_bytes()[..100]), gzip(&unquoted.as_bytes()[100..])].concat();
    for file in [
        TEXT.as_bytes(),
        unquoted.as_bytes(),
        unquoted.trim_end().as_bytes(),
        unquoted.replace('\n', "\r\n").as_bytes(),
        unquoted.replace(',', ", ").as_bytes(),
        TEXT.replace(',', ", ").as_bytes(),
        format!("{header}\n{unquoted}").as_bytes(),
        format!("\u{feff}\"AppID\",\"BUCKET\",\"KEY\"\n\n{TEXT}").as_bytes(),
        unquoted.replace("pics", "pics-1250000000").as_bytes(),
        unquoted.replace("%20", " ").replace("%E6%B5%B7", "%e6%b5%b7").as_bytes(),
        unquoted.replace("photos/", "photos%2F").as_bytes(),
        unquoted.replace(":15:42Z", ":15:42.000Z").replace("T08:15:43Z", " 16:15:43+08:00").as_bytes(),
        // The quotes belong to the ETag.
        TEXT.replace("9b2c", "\"\"9b2c").replace("5328", "5328\"\"").as_bytes(),
        &members,
    ] {
        let rows: Result<Vec<_>, _> = rows(&schema(), file, bucket()).collect();
        assert_eq!(rows.unwrap(), documented(), "{}", String::from_utf8_lossy(file));
    }
    assert_eq!(read(&schema(), b""), []);
    assert_eq!(read(&schema(), &gzip(b"")), []);
    assert_eq!(read(&schema(), header.as_bytes()), []);
}

#[test]
fn columns_are_those_of_the_schema() {
    let schema = Schema::parse("Key, x-cos-meta-note, Size, Unheard").unwrap();
    let row = |key: &str, size, raw_plus| Row {
        key: Key::parse(key).unwrap(),
        size,
        etag: None,
        last_modified: None,
        storage_class: None,
        raw_plus,
    };
    let file = "a+b.jpg,\"c, d\",7,x\nKey,,,\n+,,many\n%2B,,\nx%,\n100%2525\n";
    let expected = [
        row("a+b.jpg", Some(7), true),
        row("Key", None, false),
        row("+", None, true),
        row("+", None, false),
        row("x%", None, false),
        row("100%25", None, false),
    ];
    assert_eq!(read(&schema, file.as_bytes()), expected);
}

#[test]
fn values_that_cannot_be_read_do_not_cost_the_row() {
    let file = "1,pics,a.jpg,many,yesterday,\"a b\",,,\n1,pics,b.jpg,-1,,,\"\"\n";
    for (row, key) in read(&schema(), file.as_bytes()).iter().zip(["a.jpg", "b.jpg"]) {
        assert_eq!(row.key.as_str(), key);
        assert_eq!((row.size, row.last_modified), (None, None));
        assert_eq!((&row.etag, &row.storage_class), (&None, &None));
    }
}

#[test]
fn delete_markers_and_old_versions_are_left_out() {
    let schema = Schema::parse("Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size").unwrap();
    let file = "pics,a,1,True,False,5\npics,a,0,False,False,4\npics,b,2,true,TRUE,\npics,c,null,,,3\n";
    let mut rows = rows(&schema, file.as_bytes(), bucket());
    let keys: Vec<_> = rows.by_ref().map(|row| row.unwrap().key.as_str().to_owned()).collect();
    assert_eq!((keys, rows.left_out()), (vec!["a".to_owned(), "c".to_owned()], 2));
}

#[test]
fn a_bad_row_is_told_with_its_line_and_does_not_end_the_reading() {
    let long = "x".repeat(crate::inventory::record::MAX_LEN + 1);
    let file = format!("pics,a\npics,/b\npics,%FF\nother,c\npics\n\"pics\",\"d\n\"\npics,{long}\npics,e\n");
    let schema = Schema::parse("Bucket,Key").unwrap();
    let read: Vec<_> = rows(&schema, file.as_bytes(), bucket()).collect();
    let fault = |at: usize| match &read[at] {
        Err(error @ Error::Row { line, fault }) if error.is_one_row() => (*line, fault.clone()),
        other => panic!("{at}: {other:?}"),
    };
    assert_eq!(read.len(), 8);
    assert!(matches!(fault(1), (2, RowFault::Key(_))));
    assert_eq!(fault(2), (3, RowFault::NotUtf8("%FF".to_owned())));
    assert_eq!(fault(3), (4, RowFault::Bucket("other".to_owned())));
    assert_eq!(fault(4), (5, RowFault::Short));
    assert_eq!(fault(6), (8, RowFault::TooLong));
    let keys = [0, 5, 7].map(|at| read[at].as_ref().unwrap().key.as_str());
    assert_eq!(keys, ["a", "d", "e"]);
}

#[test]
fn properties_of_either_form_of_a_file_are_accepted() {
    let stored = gzip(TEXT.as_bytes());
    for bytes in [stored.as_slice(), TEXT.as_bytes()] {
        let expected =
            Expected { bucket: None, size: Some(bytes.len() as u64), md5: Some(Md5::digest(bytes).into()) };
        assert_eq!(rows(&schema(), stored.as_slice(), expected).filter_map(Result::ok).count(), 2);
    }
}

#[test]
fn a_damaged_file_is_an_error_at_its_end() {
    let short = Expected { size: Some(191), ..Expected::default() };
    let other = Expected { md5: Some([7; 16]), ..Expected::default() };
    for (expected, fact) in [(short, "190 bytes instead of 191"), (other, "instead of 0707")] {
        let read: Vec<_> = rows(&schema(), FILE, expected).collect();
        assert_eq!(read.len(), 3);
        assert!(read[0].is_ok() && read[1].is_ok());
        let error = read[2].as_ref().unwrap_err();
        assert!(error.to_string().contains(fact) && !error.is_one_row(), "{error}");
        assert_eq!(error.code(), "inventory.damaged");
    }
}

#[test]
fn a_file_that_is_cut_or_followed_by_other_bytes_is_an_error() {
    let followed = [FILE, b"more"].concat();
    for length in 2..FILE.len() {
        let mut read = rows(&schema(), &FILE[..length], Expected::default());
        let error = read.find_map(Result::err).unwrap_or_else(|| panic!("{length} bytes are no error"));
        assert!(matches!(error, Error::Read(_)), "{error}");
        assert!(read.next().is_none());
    }
    assert!(rows(&schema(), followed.as_slice(), Expected::default()).any(|row| row.is_err()));
}
