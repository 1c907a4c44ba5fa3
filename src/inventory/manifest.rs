//! `manifest.json` of a report: its source, its columns and its data files (436/30622).

use md5::{Digest, Md5};
use serde_json::Value;

use crate::inventory::error::Error;
use crate::inventory::file_check::Expected;
use crate::inventory::schema::Schema;
use crate::object::{self, Bucket};
use crate::text::excerpt;

/// Content of a manifest.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Manifest {
    /// Bucket whose objects are listed.
    pub source: Bucket,
    /// Bucket of the report; `None` if the manifest does not tell.
    pub destination: Option<Bucket>,
    /// Columns of the data files.
    pub schema: Schema,
    /// Data files, in the destination bucket.
    pub files: Vec<DataFile>,
    /// Number and size of the objects.
    pub counts: ObjectCounts,
}

/// Data file of a report.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DataFile {
    /// Key in the destination bucket, as the manifest writes it.
    pub key: String,
    /// Bytes of the file.
    pub size: Option<u64>,
    /// MD5 of the file.
    pub md5: Option<[u8; 16]>,
}

/// Numbers of a report; `None` for those that the manifest does not tell.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ObjectCounts {
    /// Objects that COS looked at.
    pub listed: Option<u64>,
    /// Their size, bytes.
    pub listed_bytes: Option<u64>,
    /// Objects that passed the filter, which are the rows of the report.
    pub filtered: Option<u64>,
    /// Their size, bytes.
    pub filtered_bytes: Option<u64>,
}

impl Manifest {
    /// Parses a manifest. Members that it does not know are ignored, and numbers may be texts.
    ///
    /// # Errors
    /// [`Error::Manifest`], [`Error::SourceBucket`] or [`Error::Format`] when it is none, or not one of CSV
    /// files.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let document: Value = serde_json::from_slice(bytes)
            .map_err(|error| Error::Manifest(format!("it is no JSON ({error})")))?;
        if !document.is_object() {
            return Err(Error::Manifest("it is no JSON object".to_owned()));
        }
        let format = text(document.get("fileFormat")).unwrap_or_else(|| "CSV".to_owned());
        if !format.eq_ignore_ascii_case("csv") {
            return Err(Error::Format(excerpt(&format)));
        }
        let number = |name| number(document.get(name));
        Ok(Self {
            source: bucket(&document, "source").map_err(Error::SourceBucket)?,
            destination: bucket(&document, "destination").ok(),
            schema: schema(document.get("fileSchema"))?,
            files: files(document.get("files"))?,
            counts: ObjectCounts {
                listed: number("listObjectCount"),
                listed_bytes: number("listStorageSize"),
                filtered: number("filterObjectCount"),
                filtered_bytes: number("filterStorageSize"),
            },
        })
    }

    /// Compares a manifest with the file `manifest.checksum` beside it, which holds its MD5 in hexadecimal.
    ///
    /// # Errors
    /// [`Error::ChecksumFile`] when that is no MD5, [`Error::Damaged`] when it is another one.
    pub fn verify_checksum(bytes: &[u8], checksum_file: &[u8]) -> Result<(), Error> {
        let checksum = String::from_utf8_lossy(checksum_file);
        let word = checksum.split_whitespace().next().unwrap_or_default();
        let expected = md5(word).ok_or_else(|| Error::ChecksumFile(excerpt(&checksum)))?;
        let found: [u8; 16] = Md5::digest(bytes).into();
        if found == expected {
            return Ok(());
        }
        let (expected, found) = (hex::encode(expected), hex::encode(found));
        Err(Error::Damaged { file: "the manifest", expected, found })
    }

    /// What the rows of a data file are checked against.
    #[must_use]
    pub fn expected(&self, file: &DataFile) -> Expected {
        Expected { bucket: Some(self.source.clone()), size: file.size, md5: file.md5 }
    }
}

/// Reads a bucket, whose app id stands apart, at the end of its name, or in both places.
fn bucket(document: &Value, role: &str) -> Result<Bucket, object::Error> {
    let part = |name| text(document.get(format!("{role}{name}"))).unwrap_or_default();
    let (name, app_id) = (part("Bucket"), part("Appid"));
    // A destination may be written as a resource, qcs::cos:<region>::<bucket>.
    let name = name.rsplit(':').next().unwrap_or_default();
    if app_id.is_empty() || name.ends_with(&format!("-{app_id}")) {
        Bucket::parse(name)
    } else {
        Bucket::from_parts(name, &app_id)
    }
}

fn schema(value: Option<&Value>) -> Result<Schema, Error> {
    let names = match value {
        Some(Value::Array(names)) => {
            let names: Vec<_> = names.iter().filter_map(|name| text(Some(name))).collect();
            names.join(",")
        }
        other => text(other).unwrap_or_default(),
    };
    let missing = || Error::Manifest(format!("its fileSchema {:?} has no column Key", excerpt(&names)));
    Schema::parse(&names).ok_or_else(missing)
}

/// Reads the list of data files; a report without objects may have none.
fn files(value: Option<&Value>) -> Result<Vec<DataFile>, Error> {
    let file = |value: &Value| {
        let key = text(value.get("key")).filter(|key| !key.is_empty());
        let key = key.ok_or_else(|| Error::Manifest("one of its files has no key".to_owned()))?;
        let md5 = text(value.get("md5Checksum")).and_then(|text| md5(&text));
        Ok(DataFile { key, size: number(value.get("size")), md5 })
    };
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(files)) => files.iter().map(file).collect(),
        Some(_) => Err(Error::Manifest("its files are no list".to_owned())),
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn number(value: Option<&Value>) -> Option<u64> {
    text(value)?.parse().ok()
}

/// Reads an MD5 in hexadecimal, in either case, with or without quotes.
fn md5(text: &str) -> Option<[u8; 16]> {
    hex::decode(text.trim_matches('"')).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The members that Tencent's page shows (436/30622), for the two rows of the tests of `rows`.
    const MANIFEST: &str = include_str!("../../tests/data/inventory/manifest.json");
    const MD5: &str = "9ed93008cbe7a0e689b407328bd198c8";

    fn with(from: &str, to: &str) -> Result<Manifest, Error> {
        assert!(MANIFEST.contains(from), "{from}");
        Manifest::parse(MANIFEST.replace(from, to).as_bytes())
    }

    #[test]
    fn documented_members_are_read() {
        let manifest = Manifest::parse(MANIFEST.as_bytes()).unwrap();
        assert_eq!(manifest.source.as_str(), "pics-1250000000");
        assert_eq!(manifest.destination.as_ref().map(Bucket::as_str), Some("reports-1250000000"));
        assert_eq!((manifest.schema.key, manifest.schema.size, manifest.schema.etag), (2, Some(3), Some(5)));
        let file = DataFile {
            key: format!("inv/1250000000/pics/nightly/{MD5}.csv.gz"),
            size: Some(190),
            md5: Some(hex::decode(MD5).unwrap().try_into().unwrap()),
        };
        assert_eq!(manifest.files, [file]);
        let counts = ObjectCounts {
            listed: Some(2),
            listed_bytes: Some(2_575_145),
            filtered: Some(2),
            filtered_bytes: Some(2_575_145),
        };
        assert_eq!(manifest.counts, counts);
    }

    #[test]
    fn forms_that_are_not_documented_are_read_as_well() {
        let plain = Manifest::parse(MANIFEST.as_bytes()).unwrap();
        for (from, to) in [
            ("\"sourceBucket\":\"pics\"", "\"sourceBucket\":\"pics-1250000000\""),
            ("\"sourceAppid\":\"1250000000\"", "\"sourceAppid\":1250000000"),
            (
                "\"destinationBucket\":\"reports\"",
                "\"destinationBucket\":\"qcs::cos:ap-guangzhou::reports-1250000000\"",
            ),
            (
                "\"fileFormat\":\"CSV\"",
                "\"fileFormat\":\"csv\", \"version\":\"1\", \"creationTimestamp\":1714724142",
            ),
            ("\"fileFormat\":\"CSV\",", ""),
            ("\"listObjectCount\":\"2\"", "\"listObjectCount\":2"),
            ("\"size\":\"190\"", "\"size\":190"),
            ("\"md5Checksum\":\"9ed93008cbe7a0e6", "\"md5Checksum\":\"9ED93008CBE7A0E6"),
            (
                "\"Appid, Bucket, Key, Size, LastModifiedDate, ETag, StorageClass, IsMultipartUploaded, ReplicationStatus\"",
                "[\"AppID\",\"Bucket\",\"Key\",\"Size\",\"LastModifiedTime\",\"ETag\",\"StorageClass\"]",
            ),
        ] {
            assert_eq!(with(from, to).unwrap(), plain, "{to}");
        }
        let marked = format!("\u{feff}{MANIFEST}\n");
        assert_eq!(Manifest::parse(marked.as_bytes()).unwrap(), plain);
    }

    #[test]
    fn reports_may_have_no_files_and_files_no_checksum() {
        let (start, _) = MANIFEST.split_once("\"files\"").unwrap();
        for files in ["\"files\":[]}", "\"files\":null}", "\"x\":0}"] {
            assert_eq!(Manifest::parse(format!("{start}{files}").as_bytes()).unwrap().files, [], "{files}");
        }
        let files = with(MD5, "unreadable").unwrap().files;
        assert_eq!((files[0].size, files[0].md5), (Some(190), None));
    }

    #[test]
    fn other_documents_are_refused() {
        assert!(matches!(with("\"CSV\"", "\"Parquet\""), Err(Error::Format(format)) if format == "Parquet"));
        assert!(matches!(with("\"pics\"", "\"Pics/\""), Err(Error::SourceBucket(_))));
        assert!(matches!(with("Key, ", ""), Err(Error::Manifest(fact)) if fact.contains("no column Key")));
        assert!(matches!(with("\"key\"", "\"clef\""), Err(Error::Manifest(_))));
        for text in ["", "[]", "<xml/>", "null"] {
            assert!(matches!(Manifest::parse(text.as_bytes()), Err(Error::Manifest(_))), "{text}");
        }
    }

    #[test]
    fn checksums_of_the_manifest() {
        // RFC 1321, A.5.
        let (text, sum) = (b"message digest", "f96b697d7cb7938d525a2f31aaf161d0");
        for file in
            [sum.to_owned(), format!(" {}\r\n", sum.to_uppercase()), format!("\"{sum}\"  manifest.json\n")]
        {
            assert!(Manifest::verify_checksum(text, file.as_bytes()).is_ok(), "{file}");
        }
        let damaged = Manifest::verify_checksum(b"message", sum.as_bytes()).unwrap_err();
        assert!(damaged.to_string().contains(sum), "{damaged}");
        for file in ["", "f96b", "<html>"] {
            let error = Manifest::verify_checksum(text, file.as_bytes()).unwrap_err();
            assert!(matches!(error, Error::ChecksumFile(_)), "{error}");
        }
    }
}
