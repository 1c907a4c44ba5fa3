//! Answers of COS: every error code that a request of the function can meet, and answers that COS does not give.

use scf_local::{Fault, FaultKind};

use crate::row::Expected::{self, Fatal, Permanent, Skipped, Stored, StoredStale, Transient};
use crate::row::{Change, Group, Injection, Row};
use crate::setup::{Options, SOURCE};

/// As often as a fault may be met.
const ALWAYS: u32 = 99;

/// Error codes of COS (436/7730) with the request that meets each.
#[rustfmt::skip]
const CODES: [(&str, u16, &str, Expected); 58] = [
    ("GET", 301, "PermanentRedirect", Permanent("cos.redirected")),
    ("GET", 400, "ExpiredToken", Fatal("cos.credentials")),
    ("PUT", 400, "ExpiredToken", Fatal("cos.credentials")),
    ("PUT", 400, "BadDigest", Transient("cos.unavailable")),
    ("PUT", 400, "EntitySizeNotMatch", Transient("cos.unavailable")),
    ("PUT", 400, "EntityTooLarge", Permanent("cos.refused")),
    ("PUT", 400, "EntityTooSmall", Permanent("cos.refused")),
    ("PUT", 400, "IncompleteBody", Transient("cos.unavailable")),
    ("PUT", 400, "InvalidArgument", Permanent("cos.refused")),
    ("GET", 400, "InvalidBucketName", Permanent("cos.refused")),
    ("PUT", 400, "InvalidDigest", Transient("cos.unavailable")),
    ("PUT", 400, "InvalidLocationConstraint", Permanent("cos.refused")),
    ("PUT", 400, "InvalidObjectName", Permanent("cos.refused")),
    ("PUT", 400, "InvalidRequest", Permanent("cos.refused")),
    ("PUT", 400, "InvalidSHA1Digest", Transient("cos.unavailable")),
    ("GET", 400, "InvalidURI", Permanent("cos.refused")),
    ("PUT", 400, "KeyTooLong", Permanent("cos.refused")),
    ("PUT", 400, "MalformedXML", Permanent("cos.refused")),
    ("PUT", 400, "NotSupportedStorageClass", Permanent("cos.refused")),
    ("PUT", 400, "RequestTimeout", Transient("cos.unavailable")),
    ("PUT", 400, "UserNetworkTooSlow", Transient("cos.unavailable")),
    ("GET", 402, "PaymentRequired", Permanent("cos.account")),
    ("GET", 403, "AccessDenied", Permanent("cos.denied")),
    ("PUT", 403, "AccessDenied", Permanent("cos.denied")),
    ("GET", 403, "AccessForbidden", Permanent("cos.denied")),
    ("PUT", 403, "BucketLocked", Permanent("cos.locked")),
    ("GET", 403, "InvalidAccessKeyId", Fatal("cos.credentials")),
    ("GET", 403, "InvalidObjectState", Permanent("cos.archived")),
    ("GET", 403, "InvalidToken", Fatal("cos.credentials")),
    ("PUT", 403, "KmsException", Permanent("cos.encryption")),
    ("GET", 403, "KmsKeyDisabled", Permanent("cos.encryption")),
    ("GET", 403, "RequestTimeTooSkewed", Transient("cos.clock")),
    ("GET", 403, "SignatureDoesNotMatch", Fatal("cos.credentials")),
    ("PUT", 403, "SSEHeaderNotAllowed", Permanent("cos.encryption")),
    ("GET", 403, "SsecDecryptHeaderInvalid", Permanent("cos.encryption")),
    ("GET", 404, "NoSuchBucket", Permanent("cos.not_found")),
    ("PUT", 404, "NoSuchBucket", Permanent("cos.not_found")),
    ("GET", 404, "NoSuchKey", Skipped("skip.source_gone")),
    ("GET", 404, "NoSuchVersion", Skipped("skip.source_gone")),
    ("GET", 405, "MethodNotAllowed", Permanent("cos.refused")),
    ("PUT", 409, "FileAlreadyExists", Transient("cos.exists")),
    ("GET", 409, "InvalidObjectState", Permanent("cos.archived")),
    ("PUT", 409, "ObjectLocked", Permanent("cos.locked")),
    ("PUT", 409, "PathConflict", Permanent("cos.refused")),
    ("PUT", 409, "QuotaConflict", Permanent("cos.account")),
    ("PUT", 409, "UploadConflict", Transient("cos.unavailable")),
    ("PUT", 411, "MissingContentLength", Permanent("cos.refused")),
    ("GET", 412, "PreconditionFailed", Transient("cos.changed")),
    ("GET", 416, "InvalidRange", Permanent("cos.refused")),
    ("GET", 429, "TooManyRequests", Transient("cos.unavailable")),
    ("GET", 451, "DomainAuditFailed", Permanent("cos.refused")),
    ("GET", 451, "UnavailableForLegalReasons", Permanent("cos.blocked")),
    ("GET", 500, "InternalError", Transient("cos.unavailable")),
    ("PUT", 500, "InternalError", Transient("cos.unavailable")),
    ("PUT", 501, "NotImplemented", Permanent("cos.refused")),
    ("PUT", 503, "KmsFreqControl", Transient("cos.unavailable")),
    ("PUT", 503, "ServiceUnavailable", Transient("cos.unavailable")),
    ("GET", 503, "SlowDown", Transient("cos.unavailable")),
];

/// Statuses of HEAD, which has no error document.
const OF_HEAD: [(u16, Expected); 6] = [
    (400, Fatal("cos.credentials")),
    (403, Permanent("cos.denied")),
    (405, Permanent("cos.refused")),
    (451, Permanent("cos.blocked")),
    (500, Transient("cos.unavailable")),
    (503, Transient("cos.unavailable")),
];

pub fn rows() -> Vec<Row> {
    let status = |status, code: &str| FaultKind::Status { status, code: code.to_owned() };
    let mut rows: Vec<Row> = CODES
        .into_iter()
        .map(|(method, number, code, expected)| {
            row(
                format!("every {method}: {number} {code}"),
                always(status(number, code)).method(method),
                expected,
            )
        })
        .collect();
    rows.extend(OF_HEAD.map(|(number, expected)| {
        row(format!("every HEAD: {number}"), always(status(number, "")).method("HEAD"), expected)
    }));
    let busy = status(503, "SlowDown");
    let odd = [
        ("three requests: 503 SlowDown", Fault::new(busy.clone()).times(3), Stored),
        ("HEAD of the source: 503 SlowDown, three times", of_source("HEAD", busy).times(3), Stored),
        (
            "GET: 404 NoSuchKey once, as before an upload is seen everywhere",
            once("GET", status(404, "NoSuchKey")),
            Stored,
        ),
        (
            "HEAD of the source after the upload: 404, although it is there",
            of_source("HEAD", status(404, "")),
            Stored,
        ),
        (
            "every GET: 200 with an error document",
            always(status(200, "InternalError")).method("GET"),
            Transient("cos.protocol"),
        ),
        (
            "every PUT: 200 with an error document",
            always(status(200, "InternalError")).method("PUT"),
            Transient("cos.protocol"),
        ),
        ("GET: 304 without being asked", once("GET", status(304, "")), Transient("cos.protocol")),
        ("every GET: 307 to another host", always(elsewhere()).method("GET"), Permanent("cos.redirected")),
        ("every HEAD: 307 to another host", always(elsewhere()).method("HEAD"), Permanent("cos.redirected")),
        ("every PUT: 307 to another host", always(elsewhere()).method("PUT"), Permanent("cos.redirected")),
    ];
    rows.extend(odd.map(|(fault, injected, expected)| row(fault, injected, expected)));
    rows.extend(headers());
    rows.extend(changes());
    rows.extend(stale());
    for (words, offset) in [("an hour ahead", 3600), ("an hour behind", -3600)] {
        let options = Options { clock_offset: offset, ..Options::default() };
        let fault = format!("the clock of COS is {words}");
        rows.push(Row::new(Group::Cos, fault, Injection::Setup, Stored).options(options));
    }
    rows
}

/// Wrong headers.
fn headers() -> Vec<Row> {
    let table = [
        ("GET: wrong ETag", once("GET", header("ETag", "\"0\"")), Stored),
        ("every GET: wrong ETag", always(header("ETag", "\"0\"")).method("GET"), Stored),
        ("GET: no ETag", once("GET", header("ETag", "")), Transient("cos.protocol")),
        ("PUT: no ETag", once("PUT", header("ETag", "")), Transient("cos.protocol")),
        ("HEAD of the source: wrong ETag", of_source("HEAD", header("ETag", "\"0\"")), Stored),
        ("HEAD of the source: no ETag", of_source("HEAD", header("ETag", "")), Transient("cos.protocol")),
        ("GET: wrong CRC-64", once("GET", header("x-cos-hash-crc64ecma", "1")), Stored),
        ("GET: no CRC-64", once("GET", header("x-cos-hash-crc64ecma", "")), Stored),
        ("HEAD of the source: wrong CRC-64", of_source("HEAD", header("x-cos-hash-crc64ecma", "1")), Stored),
        ("GET: Content-Length 100 bytes too small", once("GET", header("Content-Length", "449648")), Stored),
        ("GET: Content-Length 100 bytes too large", once("GET", header("Content-Length", "449848")), Stored),
        ("GET: no Content-Length", once("GET", header("Content-Length", "")), Transient("cos.protocol")),
        ("every answer: no Date", always(header("Date", "")), Stored),
    ];
    table.map(|(fault, injected, expected)| row(fault, injected, expected)).into()
}

/// Removals, and uploads whose thumbnail has an object in its place.
fn changes() -> Vec<Row> {
    let status = |status, code: &str| FaultKind::Status { status, code: code.to_owned() };
    let removals = [
        ("every DELETE: 403 AccessDenied", status(403, "AccessDenied"), Permanent("cos.denied")),
        ("every DELETE: 409 ObjectLocked", status(409, "ObjectLocked"), Permanent("cos.locked")),
        ("every DELETE: 503 SlowDown", status(503, "SlowDown"), Transient("cos.unavailable")),
    ];
    let removals = removals.map(|(fault, kind, expected)| {
        row(fault, always(kind).method("DELETE"), expected).change(Change::Removal)
    });
    let replacements = [
        ("HEAD of a stale thumbnail: 404, although it is there", once("HEAD", status(404, "")), Stored),
        ("PUT over a stale thumbnail: 503 SlowDown", once("PUT", status(503, "SlowDown")), Stored),
        (
            "every PUT over a stale thumbnail: 403",
            always(status(403, "AccessDenied")).method("PUT"),
            Permanent("cos.denied"),
        ),
    ];
    let replacements = replacements
        .map(|(fault, injected, expected)| row(fault, injected, expected).change(Change::Replacement));
    let foreign = [
        ("HEAD of the thumbnail: 404, although an object of the user is there", status(404, "")),
        ("HEAD of an object of the user in place of the thumbnail: 503 SlowDown", status(503, "SlowDown")),
    ];
    let foreign = foreign
        .map(|(fault, kind)| row(fault, once("HEAD", kind), Skipped("skip.foreign")).change(Change::Foreign));
    removals.into_iter().chain(replacements).chain(foreign).collect()
}

/// Answers of a replica that has not heard of the last upload.
fn stale() -> Vec<Row> {
    let old = |method| of_source(method, FaultKind::PreviousVersion);
    let table = [
        ("GET: the object before the last upload", vec![old("GET")], Stored),
        ("HEAD of the source after the upload: the object before the last upload", vec![old("HEAD")], Stored),
        ("GET and HEAD: the object before the last upload", vec![old("GET"), old("HEAD")], StoredStale),
        ("every GET: the object before the last upload", vec![old("GET").times(ALWAYS)], StoredStale),
    ];
    let row = |(fault, faults, expected): (&str, _, _)| {
        Row::new(Group::Cos, fault, Injection::Stale(faults), expected)
    };
    table.map(row).into()
}

fn row(fault: impl Into<String>, injected: Fault, expected: Expected) -> Row {
    Row::new(Group::Cos, fault, Injection::Cos(vec![injected]), expected)
}

fn always(kind: FaultKind) -> Fault {
    Fault::new(kind).times(ALWAYS)
}

fn once(method: &str, kind: FaultKind) -> Fault {
    Fault::new(kind).method(method)
}

/// A fault of the first such request to the bucket of the sources.
fn of_source(method: &str, kind: FaultKind) -> Fault {
    once(method, kind).bucket(SOURCE)
}

fn header(name: &str, value: &str) -> FaultKind {
    FaultKind::Header { name: name.to_owned(), value: value.to_owned() }
}

fn elsewhere() -> FaultKind {
    FaultKind::Redirect("http://example-1250000000.cos.ap-beijing.myqcloud.com/".to_owned())
}
