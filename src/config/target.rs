//! Buckets of thumbnails.

use std::fmt;

use super::prefix::is_segment_name;
use crate::object::{self, Bucket};

/// Bucket of the thumbnails of a rule: one, or one for each value of the open segment of its source prefix.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TargetBucket {
    /// This one.
    One(Bucket),
    /// The full name with the segment in it, as in `thumbs-{tenant}-1250000000`.
    OfSegment {
        /// Text before the segment.
        before: String,
        /// Name of the segment.
        name: String,
        /// Text after it. It ends in the app id, which no segment can change.
        after: String,
    },
}

impl TargetBucket {
    /// Parses a full name, in which braces stand for a segment.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let Some((before, rest)) = text.split_once('{') else {
            return Bucket::parse(text).ok().map(Self::One);
        };
        let (name, after) = rest.split_once('}')?;
        let [before, after, name] = [before, after, name].map(str::to_owned);
        let is_name = is_segment_name(&name);
        let pattern = Self::OfSegment { before, name, after };
        // What is a bucket with one letter is one with any word that is not too long.
        (is_name && pattern.bucket("a").is_ok()).then_some(pattern)
    }

    /// The bucket for a value of the segment.
    ///
    /// # Errors
    /// [`object::Error::Bucket`] where no bucket can have this name: with a value in upper case, for instance.
    pub fn bucket(&self, segment: &str) -> Result<Bucket, object::Error> {
        match self {
            Self::One(bucket) => Ok(bucket.clone()),
            Self::OfSegment { before, after, .. } => Bucket::parse(&format!("{before}{segment}{after}")),
        }
    }

    /// The bucket, if it is the same for all sources.
    #[must_use]
    pub fn only(&self) -> Option<&Bucket> {
        if let Self::One(bucket) = self { Some(bucket) } else { None }
    }

    /// The name of the segment in it.
    pub(super) fn segment_name(&self) -> Option<&str> {
        if let Self::OfSegment { name, .. } = self { Some(name) } else { None }
    }

    /// The pattern of its names in CAM policies, and its app id.
    #[must_use]
    pub fn pattern(&self) -> (String, &str) {
        match self {
            Self::One(bucket) => (bucket.as_str().to_owned(), bucket.app_id()),
            Self::OfSegment { before, after, .. } => {
                (format!("{before}*{after}"), after.rsplit_once('-').map_or("", |(_, app_id)| app_id))
            }
        }
    }

    /// True if it is this bucket for some value of the segment.
    #[must_use]
    pub fn may_be(&self, bucket: &Bucket) -> bool {
        match self {
            Self::One(only) => only == bucket,
            Self::OfSegment { before, after, .. } => {
                let rest = bucket.as_str().strip_prefix(before.as_str());
                rest.and_then(|rest| rest.strip_suffix(after.as_str())).is_some_and(|value| !value.is_empty())
            }
        }
    }
}

/// Prints it as in the configuration.
impl fmt::Display for TargetBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(bucket) => bucket.fmt(f),
            Self::OfSegment { before, name, after } => write!(f, "{before}{{{name}}}{after}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_changes_the_name_and_never_the_app_id() {
        let target = TargetBucket::parse("thumbs-{tenant}-125").unwrap();
        assert_eq!(target.to_string(), "thumbs-{tenant}-125");
        assert_eq!(target.pattern(), ("thumbs-*-125".to_owned(), "125"));
        assert_eq!(target.bucket("x-999").unwrap().app_id(), "125");
        for value in ["ACME", "a.b", "图", "a_b", "", &"a".repeat(60)] {
            assert!(target.bucket(value).is_err(), "{value}");
        }
        for text in
            ["thumbs-{tenant}", "{tenant}", "thumbs-{Tenant}-125", "{a}{b}-125", "T-{a}-125", "{a-125"]
        {
            assert_eq!(TargetBucket::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_bucket_that_some_segment_gives_is_known() {
        let bucket = |text| Bucket::parse(text).unwrap();
        for (text, name, may_be) in [
            ("thumbs-{t}-125", "thumbs-a-125", true),
            ("thumbs-{t}-125", "thumbs-125", false),
            ("{t}-125", "photos-125", true),
            ("{t}-125", "photos-126", false),
            ("t-125", "t-125", true),
            ("t-125", "s-125", false),
        ] {
            assert_eq!(TargetBucket::parse(text).unwrap().may_be(&bucket(name)), may_be, "{text} {name}");
        }
        assert_eq!(TargetBucket::parse("t-125").unwrap().only(), Some(&bucket("t-125")));
    }
}
