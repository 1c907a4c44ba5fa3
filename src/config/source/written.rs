//! One rule as text, whether variables or the file hold it.
//!
//! Both sources of configuration meet in this form, so that a value means the same, and is refused in the
//! same words, wherever it stands.

use super::environment::Environment;
use crate::config::mistake::Written;

/// One rule as text. What is left out is `None`.
#[derive(Debug, Default)]
pub(in crate::config) struct WrittenRule {
    pub(in crate::config) source_bucket: Option<Written>,
    pub(in crate::config) prefix: Option<Written>,
    pub(in crate::config) suffixes: Option<Vec<Written>>,
    pub(in crate::config) target_bucket: Option<Written>,
    pub(in crate::config) template: Option<Written>,
    pub(in crate::config) cache_control: Option<Written>,
    pub(in crate::config) storage_class: Option<Written>,
    pub(in crate::config) acl: Option<Written>,
    pub(in crate::config) thumbnails: Option<Vec<WrittenThumbnail>>,
    pub(in crate::config) format: Option<Written>,
    pub(in crate::config) quality: Option<Written>,
    pub(in crate::config) background: Option<Written>,
    pub(in crate::config) heic: Option<Written>,
}

/// One thumbnail as text.
#[derive(Clone, Debug)]
pub(in crate::config) struct WrittenThumbnail {
    pub(in crate::config) name: Option<String>,
    pub(in crate::config) process: Written,
}

impl WrittenThumbnail {
    /// Splits `<name>=<process>`. An equals sign after a slash belongs to a base64 colour.
    pub(in crate::config) fn entry(entry: Written) -> Self {
        match entry.value.split_once('=') {
            Some((name, process)) if !name.contains('/') => Self {
                name: Some(name.trim().to_owned()),
                process: Written::new(entry.setting, process.trim()),
            },
            _ => Self { name: None, process: entry },
        }
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
            cache_control: environment.written("CACHE_CONTROL"),
            storage_class: environment.written("STORAGE_CLASS"),
            acl: environment.written("ACL"),
            thumbnails: list("THUMBNAILS")
                .map(|entries| entries.into_iter().map(WrittenThumbnail::entry).collect()),
            format: environment.written("FORMAT"),
            quality: environment.written("QUALITY"),
            background: environment.written("BACKGROUND"),
            heic: environment.written("HEIC"),
        }
    }
}
