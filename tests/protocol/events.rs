//! Payloads of COS triggers, published and constructed: each decodes to records or is refused with a reason.

use cos_thumbnailer::event;
use cos_thumbnailer::object::Region;

/// A line for each record of a payload.
fn read(file: &str) -> Vec<String> {
    let message = std::fs::read(format!("tests/data/events/{file}.json")).unwrap();
    let home = event::Home { region: Some(Region::parse("ap-nowhere-1").unwrap()), app_id: None };
    let describe = |record: Result<event::Record, event::RejectedRecord>| match record {
        Ok(record) => {
            let version = record.version.map(|version| format!("@{version}")).unwrap_or_default();
            let etag = record.etag.map(|etag| format!(" etag={}", &etag.as_str()[..4])).unwrap_or_default();
            let size = record.size.map(|size| format!(" size={size}")).unwrap_or_default();
            format!(
                "{:?} {} {} {}{version}{size}{etag}",
                record.kind, record.region, record.bucket, record.key
            )
        }
        Err(refused) => format!("refused: {}", refused.error),
    };
    let mut records = Vec::new();
    event::decode(&message, &home, &mut |record| records.push(describe(record))).unwrap();
    records
}

#[test]
fn every_payload_decodes_or_is_refused_with_the_reason() {
    for (file, records) in PAYLOADS {
        assert_eq!(read(file), *records, "{file}");
    }
    let files = std::fs::read_dir("tests/data/events").unwrap().count();
    assert_eq!(files, PAYLOADS.len(), "a payload without a line in the table");
}

/// File and records: kind, region, bucket, key, version, size, ETag.
const PAYLOADS: &[(&str, &[&str])] = &[
    ("01-doc-created-wildcard-2018", &["Created ap-chengdu testpic-1253970026 testfile size=1029"]),
    ("02-doc-created-wildcard-user-meta", &["Created ap-chengdu testpic-1253970026 testfile size=1029"]),
    (
        "03-observed-put-2022-shanghai-punctuation-key",
        &["Created ap-shanghai shelfdemo-1300000001 !!!!!!! size=557 etag=0d73"],
    ),
    (
        "04-observed-put-2022-shanghai-nested-key-a",
        &["Created ap-shanghai fanyi-1300000002 video/inputs/HappyLunarNewYear.mp4 size=2561690 etag=eb6c"],
    ),
    (
        "05-observed-put-2022-shanghai-nested-key-b",
        &["Created ap-shanghai fanyi-1300000002 video/inputs/HappyLunarNewYear.mp4 size=2561690 etag=eb6c"],
    ),
    ("06-observed-put-2020-guangzhou", &["Created ap-guangzhou test-1250000003 xxx.png size=6545739"]),
    (
        "07-observed-form-upload-2019-beijing-v4host-vid",
        &[
            "Created ap-beijing ritchiechen-cos-test-123456 foobar.zip@15945fbff94a6476647d1e08b64ed9f71566028555 size=9755203",
        ],
    ),
    (
        "08-observed-put-2018-beijing-bucket-mismatch",
        &["Created ap-beijing testin0511-1250000004 input/test.mp4 size=56345"],
    ),
    ("09-tool-template-put", &["Created ap-guangzhou testpic-1253970026 testfile size=1029"]),
    ("10-tool-template-post", &["Created ap-guangzhou testpic-1253970026 testfile size=1029"]),
    (
        "11-tool-template-delete-space-in-name",
        &["Removed ap-guangzhou testpic-1253970026 testfile size=1029"],
    ),
    ("12-runtime-test-complete-multipart", &["Created ap-chengdu testpic-1253970026 testfile size=1029"]),
    (
        "13-old-console-template-string-size-bare-key",
        &[
            "refused: \"TestBucket-1251111111\" has upper-case letters, which no COS bucket has; write testbucket-1251111111",
        ],
    ),
    (
        "14-old-console-template-spaces-in-name",
        &[
            "refused: \"bucketname-appId\" is not a bucket name; it must read <name>-<appid>, lower-case letters, digits and hyphens",
        ],
    ),
    (
        "15-old-doc-name-without-cos-prefix",
        &[
            "refused: \"bucketname-appId\" is not a bucket name; it must read <name>-<appid>, lower-case letters, digits and hyphens",
        ],
    ),
    ("16-framework-doc-empty-key", &["refused: \"\" is not an object key: it is empty"]),
    ("constructed-accelerate-url", &["Created ap-guangzhou photos-1250000000 in/a.jpg size=12345 etag=5d41"]),
    (
        "constructed-bucket-name-repeated-in-key",
        &["Created ap-guangzhou photos-1250000000 1250000000/photos/x.jpg size=12345 etag=5d41"],
    ),
    ("constructed-copy", &["Created ap-guangzhou photos-1250000000 in/copied.png size=12345 etag=5d41"]),
    (
        "constructed-created-versioned",
        &["Created ap-guangzhou photos-1250000000 in/a.jpg@MTg0NDUxNTc1NjIzMTQ1MDAwODg size=12345 etag=5d41"],
    ),
    (
        "constructed-dead-letter-envelope",
        &["Created ap-guangzhou photos-1250000000 in/a.jpg size=12345 etag=5d41"],
    ),
    ("constructed-double-slash", &["Created ap-guangzhou photos-1250000000 in//a.jpg size=12345 etag=5d41"]),
    (
        "constructed-folder-marker",
        &["Created ap-guangzhou photos-1250000000 in/new-folder/ size=0 etag=5d41"],
    ),
    (
        "constructed-hyphenated-bucket-name",
        &["Created ap-guangzhou my-photos-2024-x-1250000000 in/a.jpg size=12345 etag=5d41"],
    ),
    (
        "constructed-literal-percent",
        &["Created ap-guangzhou photos-1250000000 100%25/%E4%BD%A0.jpg size=12345 etag=5d41"],
    ),
    ("constructed-new-domain-url", &["Created ap-guangzhou photos-1250000000 in/a.jpg size=12345 etag=5d41"]),
    ("constructed-origin", &["Created ap-guangzhou photos-1250000000 in/pulled.webp size=12345 etag=5d41"]),
    ("constructed-removed-delete", &["Removed ap-guangzhou photos-1250000000 in/a.jpg size=0 etag=5d41"]),
    (
        "constructed-removed-delete-marker-versioned",
        &["Removed ap-guangzhou photos-1250000000 in/a.jpg@MTg0NDUxNTc1NjIzMTQ1MDAwODg size=0 etag=5d41"],
    ),
    (
        "constructed-replication",
        &["Created ap-singapore photos-1250000000 in/replica.jpg size=12345 etag=5d41"],
    ),
    (
        "constructed-restore-completed",
        &["Restored ap-guangzhou photos-1250000000 cold/a.jpg size=12345 etag=5d41"],
    ),
    (
        "constructed-restore-post",
        &["RestoreStarted ap-guangzhou photos-1250000000 cold/a.jpg size=12345 etag=5d41"],
    ),
    (
        "constructed-short-region-only",
        &["Created ap-chongqing photos-1250000000 in/a.jpg size=12345 etag=5d41"],
    ),
    (
        "constructed-two-records-one-message",
        &[
            "Created ap-guangzhou photos-1250000000 in/a.jpg size=12345 etag=5d41",
            "Created ap-guangzhou photos-1250000000 in/big.tif size=73400320 etag=9b2c",
        ],
    ),
    (
        "constructed-unicode-space-plus",
        &["Created ap-guangzhou photos-1250000000 图片/猫 1+2.jpg size=12345 etag=5d41"],
    ),
];
