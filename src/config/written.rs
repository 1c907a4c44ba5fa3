//! One rule as text, whether variables or the file hold it.
//!
//! Both sources of configuration meet in this form, so that a value means the same, and is refused in the
//! same words, wherever it stands.

use super::environment::Environment;
use super::mistake::Written;

/// One rule as text. What is left out is `None`.
#[derive(Debug, Default)]
pub(super) struct WrittenRule {
    pub(super) source_bucket: Option<Written>,
    pub(super) prefix: Option<Written>,
    pub(super) suffixes: Option<Vec<Written>>,
    pub(super) target_bucket: Option<Written>,
    pub(super) template: Option<Written>,
    pub(super) cache_control: Option<Written>,
    pub(super) storage_class: Option<Written>,
    pub(super) acl: Option<Written>,
    pub(super) thumbnails: Option<Vec<WrittenThumbnail>>,
    pub(super) format: Option<Written>,
    pub(super) quality: Option<Written>,
    pub(super) background: Option<Written>,
    pub(super) heic: Option<Written>,
}

/// One thumbnail as text.
#[derive(Clone, Debug)]
pub(super) struct WrittenThumbnail {
    pub(super) name: Option<String>,
    pub(super) process: Written,
}

impl WrittenThumbnail {
    /// Splits `<name>=<process>`. An equals sign after a slash belongs to a base64 colour.
    pub(super) fn entry(entry: Written) -> Self {
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
    pub(super) fn entries(&self) -> Vec<Self> {
        let list = self.value.trim_end();
        let list = list.strip_suffix(';').unwrap_or(list);
        list.split(';').map(|entry| Self::new(self.setting.clone(), entry.trim())).collect()
    }
}

impl WrittenRule {
    /// The rule that variables describe.
    pub(super) fn of_environment(environment: &Environment) -> Self {
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
