//! The document of an inventory job (436/30625): reading, rules, writing.

use serde::{Deserialize, Serialize};

use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::xml;

/// Optional fields besides `x-cos-meta-…`, in the order of the columns.
const FIELDS: [&str; 8] = [
    "Size",
    "LastModifiedDate",
    "ETag",
    "StorageClass",
    "IsMultipartUploaded",
    "ReplicationStatus",
    "Tag",
    "Crc64",
];

/// The document `InventoryConfiguration`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct InventoryConfiguration {
    #[serde(default, rename = "@xmlns", skip_serializing)]
    _namespace: Option<String>,
    pub(crate) id: String,
    /// Only in periodic jobs. The Python SDK of COS sends `True`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) is_enabled: Option<String>,
    pub(crate) included_object_versions: IncludedVersions,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<Filter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    optional_fields: Option<OptionalFields>,
    /// Only in periodic jobs.
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<Schedule>,
    destination: Destination,
}

/// Versions in a report.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum IncludedVersions {
    All,
    Current,
}

/// Objects in a report.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Filter {
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    and: Option<And>,
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<Period>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct And {
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    #[serde(default, rename = "Tag", skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag>,
}

/// Tag that an object must have.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Tag {
    pub(crate) key: String,
    pub(crate) value: String,
}

/// Seconds since the Unix epoch.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Period {
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<u64>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct OptionalFields {
    #[serde(default, rename = "Field")]
    fields: Vec<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Schedule {
    frequency: Frequency,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
enum Frequency {
    Daily,
    Monthly,
    Weekly,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct Destination {
    #[serde(rename = "COSBucketDestination")]
    bucket: BucketDestination,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct BucketDestination {
    format: Format,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<String>,
    bucket: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption: Option<Encryption>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
enum Format {
    #[serde(rename = "CSV")]
    Csv,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct Encryption {
    /// Empty. The Python SDK of COS sends `SSECOS`.
    #[serde(alias = "SSECOS", rename = "SSE-COS", skip_serializing_if = "Option::is_none")]
    sse_cos: Option<String>,
}

/// Kind of a job, which decides about the members of its document.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum JobKind {
    OneTime,
    Periodic,
}

impl InventoryConfiguration {
    /// Reads and checks the document of a job with this id, of a bucket in this region.
    pub(crate) fn read(body: &[u8], kind: JobKind, id: &str, region: &str) -> Result<Self, CosError> {
        let job: Self = xml::read(body)?;
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        if job.id != id || !is_name(id) {
            return Err(invalid("The id consists of letters, digits, - _ . and equals the parameter id."));
        }
        let has_schedule = match job.is_enabled.as_deref().map(str::to_ascii_lowercase).as_deref() {
            Some("true" | "false") => job.schedule.is_some(),
            Some(_) => return Err(ErrorCode::MALFORMED_XML.into()),
            None => false,
        };
        let is_complete = match kind {
            JobKind::OneTime => job.is_enabled.is_none() && job.schedule.is_none(),
            JobKind::Periodic => has_schedule,
        };
        if !is_complete {
            return Err(CosError::with_message(
                ErrorCode::MALFORMED_XML,
                "A periodic job needs IsEnabled and Schedule; a one-time job has neither.",
            ));
        }
        if let Some(unknown) = job.chosen().find(|field| !is_field(field)) {
            return Err(invalid(&format!("The optional field {unknown} is unknown.")));
        }
        if !job.tags().is_empty() && !job.chosen().any(|field| field == "Tag") {
            return Err(invalid("A filter by tags needs the optional field Tag."));
        }
        if !job.destination.bucket.bucket.starts_with(&format!("qcs::cos:{region}::"))
            || job.destination_bucket().is_empty()
        {
            return Err(invalid(
                "The destination is qcs::cos:<region>::<bucket-appid>, in the region of the bucket.",
            ));
        }
        Ok(job)
    }

    /// Returns whether a periodic job runs.
    pub(crate) fn is_enabled(&self) -> bool {
        self.is_enabled.as_deref().is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// Returns the full name of the destination bucket.
    pub(crate) fn destination_bucket(&self) -> &str {
        self.destination.bucket.bucket.rsplit_once("::").map_or("", |(_, bucket)| bucket)
    }

    /// Returns the prefix of the report's keys with a slash at its end, or an empty prefix.
    pub(crate) fn destination_prefix(&self) -> String {
        let prefix = self.destination.bucket.prefix.as_deref().unwrap_or_default();
        if prefix.is_empty() { String::new() } else { format!("{}/", prefix.trim_end_matches('/')) }
    }

    /// Returns the prefix of the keys in the report.
    pub(crate) fn prefix(&self) -> &str {
        let Some(filter) = &self.filter else { return "" };
        let inner = filter.and.as_ref().and_then(|and| and.prefix.as_deref());
        filter.prefix.as_deref().or(inner).unwrap_or_default()
    }

    /// Returns the tags that an object must have.
    pub(crate) fn tags(&self) -> &[Tag] {
        let and = self.filter.as_ref().and_then(|filter| filter.and.as_ref());
        and.map_or(&[], |and| &and.tags)
    }

    /// Returns whether a time of storage, in seconds since the Unix epoch, is within the period.
    pub(crate) fn contains(&self, modified: u64) -> bool {
        let Some(period) = self.filter.as_ref().and_then(|filter| filter.period.as_ref()) else {
            return true;
        };
        period.start_time.is_none_or(|start| modified >= start)
            && period.end_time.is_none_or(|end| modified <= end)
    }

    /// Returns the columns after those that every report has, in the order of the report.
    pub(crate) fn optional_columns(&self) -> Vec<&str> {
        let known = FIELDS.into_iter();
        // Every report has it (436/30624).
        let known = known
            .filter(|field| *field == "LastModifiedDate" || self.chosen().any(|chosen| chosen == *field));
        known.chain(self.chosen().filter(|field| !FIELDS.contains(field))).collect()
    }

    /// Returns the optional fields of the document.
    fn chosen(&self) -> impl Iterator<Item = &str> {
        self.optional_fields.iter().flat_map(|fields| fields.fields.iter().map(String::as_str))
    }

    /// Writes the document without its first line.
    pub(crate) fn document(&self) -> Result<String, CosError> {
        quick_xml::se::to_string_with_root("InventoryConfiguration", self)
            .map_err(|error| CosError::with_message(ErrorCode::INTERNAL_ERROR, error.to_string()))
    }
}

fn is_field(name: &str) -> bool {
    FIELDS.contains(&name) || name.strip_prefix("x-cos-meta-").is_some_and(|rest| !rest.is_empty())
}

fn invalid(message: &str) -> CosError {
    CosError::with_message(ErrorCode::INVALID_ARGUMENT, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESTINATION: &str = "<Destination><COSBucketDestination><Format>CSV</Format>\
        <Bucket>qcs::cos:ap-guangzhou::reports-1250000000</Bucket></COSBucketDestination></Destination>";

    /// The example of 436/30625, with a period and a destination in the same region.
    const EXAMPLE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<InventoryConfiguration xmlns="http://....">
    <Id>list1</Id>
    <IsEnabled>true</IsEnabled>
    <Destination>
        <COSBucketDestination>
            <Format>CSV</Format>
            <AccountId>100000000001</AccountId>
            <Bucket>qcs::cos:ap-guangzhou::examplebucket-1250000000</Bucket>
            <Prefix>list1</Prefix>
            <Encryption>
                <SSE-COS></SSE-COS>
            </Encryption>
        </COSBucketDestination>
    </Destination>
    <Schedule>
        <Frequency>Daily</Frequency>
    </Schedule>
    <Filter>
        <And>
            <Prefix>myPrefix</Prefix>
            <Tag><Key>age</Key><Value>18</Value></Tag>
            <Tag><Key>kind</Key><Value>cat</Value></Tag>
        </And>
        <Period><StartTime>1568688761</StartTime><EndTime>1568688762</EndTime></Period>
    </Filter>
    <IncludedObjectVersions>All</IncludedObjectVersions>
    <OptionalFields>
        <Field>Tag</Field>
        <Field>x-cos-meta-a</Field>
        <Field>Size</Field>
    </OptionalFields>
</InventoryConfiguration>"#;

    fn read(body: &str, kind: JobKind) -> Result<InventoryConfiguration, String> {
        let id = if body == EXAMPLE { "list1" } else { "a" };
        InventoryConfiguration::read(body.as_bytes(), kind, id, "ap-guangzhou")
            .map_err(|error| error.code().to_owned())
    }

    #[test]
    fn the_documented_example_is_read_and_written() {
        let job = read(EXAMPLE, JobKind::Periodic).unwrap();
        assert!(job.is_enabled() && job.included_object_versions == IncludedVersions::All);
        assert_eq!(
            (job.destination_bucket(), job.destination_prefix().as_str()),
            ("examplebucket-1250000000", "list1/")
        );
        assert_eq!((job.prefix(), job.tags().len()), ("myPrefix", 2));
        assert_eq!(
            [1_568_688_760, 1_568_688_761, 1_568_688_763].map(|time| job.contains(time)),
            [false, true, false]
        );
        assert_eq!(job.optional_columns(), ["Size", "LastModifiedDate", "Tag", "x-cos-meta-a"]);
        let written = job.document().unwrap();
        let again =
            InventoryConfiguration::read(written.as_bytes(), JobKind::Periodic, "list1", "ap-guangzhou");
        assert_eq!(InventoryConfiguration { _namespace: None, ..job }, again.unwrap());
        assert!(written.contains("<SSE-COS") && !written.contains("xmlns"), "{written}");
    }

    #[test]
    fn incomplete_and_contradictory_documents_are_refused() {
        let with =
            |members: &str| format!("<InventoryConfiguration><Id>a</Id>{members}</InventoryConfiguration>");
        let versions = "<IncludedObjectVersions>Current</IncludedObjectVersions>";
        let schedule = "<IsEnabled>true</IsEnabled><Schedule><Frequency>Weekly</Frequency></Schedule>";
        let one_time = format!("{versions}{DESTINATION}");
        let periodic = format!("{one_time}{schedule}");
        let cases = [
            (JobKind::OneTime, with(&one_time), Ok(())),
            (JobKind::OneTime, with(&periodic), Err("MalformedXML")),
            (JobKind::Periodic, with(&periodic), Ok(())),
            (JobKind::Periodic, with(&periodic.replace("true", "True")), Ok(())),
            (JobKind::Periodic, with(&one_time), Err("MalformedXML")),
            (JobKind::Periodic, with(&periodic.replace("Weekly", "Hourly")), Err("MalformedXML")),
            (JobKind::Periodic, with(&periodic.replace("true", "yes")), Err("MalformedXML")),
            (JobKind::OneTime, with(versions), Err("MalformedXML")),
            (JobKind::OneTime, with(&one_time.replace("CSV", "ORC")), Err("MalformedXML")),
            (JobKind::OneTime, with(&format!("{one_time}<Colour/>")), Err("MalformedXML")),
            (JobKind::OneTime, with(&one_time).replace("<Id>a", "<Id>b"), Err("InvalidArgument")),
            (JobKind::OneTime, with(&one_time.replace("guangzhou", "shanghai")), Err("InvalidArgument")),
            (
                JobKind::OneTime,
                with(&format!("{one_time}<OptionalFields><Field>Colour</Field></OptionalFields>")),
                Err("InvalidArgument"),
            ),
            (
                JobKind::OneTime,
                with(&format!(
                    "{one_time}<Filter><And><Tag><Key>a</Key><Value>b</Value></Tag></And></Filter>"
                )),
                Err("InvalidArgument"),
            ),
        ];
        for (kind, body, expected) in cases {
            let result = read(&body, kind).map(|_| ());
            assert_eq!(result, expected.map_err(str::to_owned), "{kind:?} {body}");
        }
    }
}
