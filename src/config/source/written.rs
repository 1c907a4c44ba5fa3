//! One rule as text, whether variables or the file hold it.
//!
//! Both places meet in this form, so that a value means the same, and is refused in the same words, wherever it
//! stands.

use super::environment::Environment;
use crate::config::mistake::Written;

/// One rule as text. A member that is left out is `None`.
#[derive(Debug, Default)]
pub(in crate::config) struct WrittenRule {
    pub(in crate::config) source_bucket: Option<Written>,
    pub(in crate::config) prefix: Option<Written>,
    pub(in crate::config) suffixes: Option<Vec<Written>>,
    pub(in crate::config) target_bucket: Option<Written>,
    pub(in crate::config) template: Option<Written>,
    pub(in crate::config) collisions: Option<Written>,
    pub(in crate::config) cache_control: Option<Written>,
    pub(in crate::config) storage_class: Option<Written>,
    pub(in crate::config) acl: Option<Written>,
    pub(in crate::config) thumbnails: Option<Vec<WrittenThumbnail>>,
    pub(in crate::config) format: Option<Written>,
    pub(in crate::config) quality: Option<Written>,
    pub(in crate::config) background: Option<Written>,
    pub(in crate::config) heic: Option<Written>,
    pub(in crate::config) manifest: Option<Written>,
    pub(in crate::config) aigc_label: Option<Written>,
    pub(in crate::config) aigc_propagator: Option<Written>,
}

/// One thumbnail as text.
#[derive(Clone, Debug)]
pub(in crate::config) struct WrittenThumbnail {
    pub(in crate::config) name: Option<String>,
    /// The whole text, or only the size where options are members of their own.
    pub(in crate::config) text: Written,
    /// The options of a thumbnail that is an object.
    pub(in crate::config) options: Option<Vec<WrittenOption>>,
}

/// One option of a thumbnail that is an object.
#[derive(Clone, Debug)]
pub(in crate::config) struct WrittenOption {
    /// Path of the member.
    pub(in crate::config) setting: String,
    pub(in crate::config) word: String,
    pub(in crate::config) value: WrittenValue,
}

/// The value of an option that is a member.
#[derive(Clone, Debug)]
pub(in crate::config) enum WrittenValue {
    List(Vec<String>),
    /// An object, with the texts of its members.
    Members(Vec<(String, String)>),
    /// `null`, as if the member were left out.
    Null,
    Switch(bool),
    /// A text or a number.
    Text(String),
}

impl WrittenThumbnail {
    /// Splits `<name>=<text>`. An equals sign after a slash belongs to a base64 colour.
    pub(in crate::config) fn entry(entry: Written) -> Self {
        let (name, text) = match entry.value.split_once('=') {
            Some((name, text)) if !name.contains('/') => {
                (Some(name.trim().to_owned()), Written::new(entry.setting, text.trim()))
            }
            _ => (None, entry),
        };
        Self { name, text, options: None }
    }
}

impl Written {
    /// The entries of a list that semicolons separate, one of which may stand at its end.
    pub(in crate::config) fn entries(&self) -> Vec<Self> {
        let list = self.value.trim_end();
        let list = list.strip_suffix(';').unwrap_or(list);
        list.split(';').map(|entry| Self::new(self.setting.clone(), entry.trim())).collect()
    }
}

impl WrittenRule {
    /// The rule that variables describe.
    pub(in crate::config) fn of_environment(environment: &Environment) -> Self {
        let list = |name| environment.written(name).map(|list| list.entries());
        Self {
            source_bucket: None,
            prefix: environment.written("SOURCE_PREFIX"),
            suffixes: list("SOURCE_SUFFIX"),
            target_bucket: environment.written("TARGET_BUCKET"),
            template: environment.written("TARGET_KEY"),
            collisions: environment.written("COLLISIONS"),
            cache_control: environment.written("CACHE_CONTROL"),
            storage_class: environment.written("STORAGE_CLASS"),
            acl: environment.written("ACL"),
            thumbnails: list("THUMBNAILS")
                .map(|entries| entries.into_iter().map(WrittenThumbnail::entry).collect()),
            format: environment.written("FORMAT"),
            quality: environment.written("QUALITY"),
            background: environment.written("BACKGROUND"),
            heic: environment.written("HEIC"),
            manifest: environment.written("MANIFEST"),
            aigc_label: environment.written("AIGC_LABEL"),
            aigc_propagator: environment.written("AIGC_PROPAGATOR"),
        }
    }
}
