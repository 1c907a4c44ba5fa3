//! Storage class and ACL of thumbnails.
//!
//! Both are one word of a fixed list, checked when the configuration is parsed.

/// Storage class of a stored thumbnail (436/7749).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StorageClass(&'static str);

impl StorageClass {
    /// Classes that an object can be uploaded to.
    pub const NAMES: [&'static str; 8] = [
        "STANDARD",
        "MAZ_STANDARD",
        "STANDARD_IA",
        "MAZ_STANDARD_IA",
        "INTELLIGENT_TIERING",
        "MAZ_INTELLIGENT_TIERING",
        "ARCHIVE",
        "DEEP_ARCHIVE",
    ];

    /// Parses one of [`Self::NAMES`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|name| *name == text).map(Self)
    }

    /// Returns the value of `x-cos-storage-class`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

/// Canned ACL of a stored thumbnail (436/7749).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Acl(&'static str);

impl Acl {
    /// Canned ACLs that an object can be uploaded with.
    pub const NAMES: [&'static str; 3] = ["default", "private", "public-read"];

    /// Parses one of [`Self::NAMES`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|name| *name == text).map(Self)
    }

    /// Returns the value of `x-cos-acl`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}
