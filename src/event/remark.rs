//! Oddities of a record that is handled nevertheless. They are told with its outcome.

use std::fmt;

use serde_json::Value;

use crate::event::Home;
use crate::event::member::text;
use crate::object::{Bucket, Region};
use crate::text::excerpt;

/// One oddity.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Remark {
    /// The key has no `/<appid>/<bucket name>/` before it, which this bucket would have.
    BareKey(Bucket),
    /// The message begins with a byte order mark.
    ByteOrderMark,
    /// This function, or the one in `eventQueue`, belongs to another account than the bucket.
    OtherAccount {
        /// App id of the bucket.
        bucket: String,
        /// App id of the function.
        function: String,
    },
    /// The members name several regions, the best of which is not known.
    RegionMismatch {
        /// Region that is not known.
        named: Region,
        /// Region that was taken.
        taken: Region,
    },
    /// No region of this name is known.
    UnknownRegion(Region),
}

impl Remark {
    /// Compares the account of the bucket with that of this function, and of the one in `eventQueue`. A trigger and its
    /// bucket belong to one account (583/9707).
    pub(super) fn of_accounts(record: &Value, bucket: &Bucket, home: &Home) -> Option<Self> {
        let queue = text(record, "/event/eventQueue").unwrap_or_default();
        let of_queue = queue.split([':', '/']).skip_while(|part| *part != "appid").nth(1);
        let is_other = |id: &&str| {
            !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) && *id != bucket.app_id()
        };
        let function = home.app_id.as_deref().filter(is_other).or_else(|| of_queue.filter(is_other))?;
        Some(Self::OtherAccount { bucket: bucket.app_id().to_owned(), function: excerpt(function) })
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BareKey(bucket) => write!(
                f,
                "the key of the event was taken as it is, because /{}/{}/, which COS writes before it, is missing",
                bucket.app_id(),
                bucket.name()
            ),
            Self::ByteOrderMark => f.write_str(
                "the event begins with a byte order mark, which was skipped; save it as UTF-8 without one",
            ),
            Self::OtherAccount { bucket, function } => write!(
                f,
                "the bucket belongs to app id {bucket} and the function to {function}, but a COS trigger calls functions of \
                 its own account only; check the app id"
            ),
            Self::RegionMismatch { named, taken } => write!(
                f,
                "the event names the region {named}, which COS does not have, and {taken}, which was taken; correct the event"
            ),
            Self::UnknownRegion(region) => write!(
                f,
                "{region} is not a region of COS that this release knows; correct it unless it is new"
            ),
        }
    }
}
