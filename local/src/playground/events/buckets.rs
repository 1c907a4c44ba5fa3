//! The buckets as they are, and as they change.

use std::collections::BTreeMap;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde::Serialize;
use tokio::time::timeout;

use crate::playground::service::Service;

/// Most objects of a bucket that are listed.
const MAX_OBJECTS: usize = 200;

/// Longest wait for a change.
const WAIT: Duration = Duration::from_secs(10);

/// Buckets at one moment.
#[derive(Debug, Serialize)]
pub(in crate::playground) struct BucketsReport {
    /// Number of the latest change.
    revision: u64,
    buckets: Vec<BucketReport>,
}

#[derive(Debug, Serialize)]
struct BucketReport {
    name: String,
    objects: Vec<ObjectReport>,
}

#[derive(Debug, Serialize)]
struct ObjectReport {
    key: String,
    bytes: u64,
    /// Without its quotes.
    etag: String,
    /// Seconds since the Unix epoch.
    modified: u64,
    /// Stamp of a thumbnail.
    stamp: Option<StampReport>,
}

/// Source that the function wrote into the metadata of a thumbnail.
#[derive(Debug, Serialize)]
struct StampReport {
    /// `<bucket>/<key>`, not encoded.
    source: String,
    /// ETag of the source, without its quotes.
    etag: String,
}

impl StampReport {
    /// Reads the metadata that docs/guarantees.md describes.
    fn read(headers: &BTreeMap<String, String>) -> Option<Self> {
        let text = |name: &str| headers.get(&format!("x-cos-meta-thumbnail-{name}"));
        let source = percent_decode_str(text("source")?).decode_utf8_lossy().into_owned();
        Some(Self { source, etag: text("etag").map_or_else(String::new, |etag| unquoted(etag)) })
    }
}

impl Service {
    /// Lists buckets when there is a change after `seen`, or after a while.
    pub(in crate::playground) async fn buckets(
        &self,
        names: Vec<String>,
        seen: Option<u64>,
    ) -> BucketsReport {
        let mut changes = self.changes.clone();
        if let Some(seen) = seen {
            // Without a change, the page asks again.
            let _ = timeout(WAIT, changes.wait_for(|count| *count != seen)).await;
        }
        let revision = *changes.borrow();
        let buckets = names.into_iter().map(|name| BucketReport { objects: self.objects(&name), name });
        BucketsReport { revision, buckets: buckets.collect() }
    }

    fn objects(&self, bucket: &str) -> Vec<ObjectReport> {
        let versions = self.cos.versions(bucket, MAX_OBJECTS).into_iter();
        let object = versions.map(|(key, version)| ObjectReport {
            key,
            bytes: version.size,
            etag: unquoted(&version.etag),
            modified: version.modified,
            stamp: StampReport::read(&version.headers),
        });
        object.collect()
    }
}

fn unquoted(etag: &str) -> String {
    etag.trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_names_its_source_as_it_is() {
        let headers = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let stamped = headers(&[
            ("x-cos-meta-thumbnail-source", "in-1/a%20b/%E7%8C%AB.jpg"),
            ("x-cos-meta-thumbnail-etag", "\"5d41\""),
        ]);
        let stamp = StampReport::read(&stamped).unwrap();
        assert_eq!((stamp.source.as_str(), stamp.etag.as_str()), ("in-1/a b/猫.jpg", "5d41"));
        assert!(StampReport::read(&headers(&[("content-type", "image/jpeg")])).is_none());
    }
}
