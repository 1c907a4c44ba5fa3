//! One rule whose parts are valid each by itself, and how it becomes a [`Rule`].
//!
//! Parts that the file leaves out come from the environment, then from the defaults; only when all are
//! together can it be said whether they fit each other.

use std::fmt::Display;

use crate::object::Bucket;
use crate::object::{Acl, StorageClass};
use crate::recipe::{Format, Quality, Rgb};

use super::mistake::{Findings, Mistake, Written};
use super::rule::{Heic, Rule, SourcePattern, ThumbnailRule};
use super::source::written::{WrittenRule, WrittenThumbnail};
use super::syntax::thumbnail::{Defaults, Process};
use super::syntax::values;
use super::template::Template;

/// The name of the only thumbnail of a rule when its text is no name, and it has none of its own.
const LONE_NAME: &str = "thumbnail";

/// One rule, each part valid by itself. What is left out comes from [`Parts::or`], then from the defaults.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    source_bucket: Option<Bucket>,
    prefix: Option<String>,
    suffixes: Option<Vec<String>>,
    target_bucket: Option<Bucket>,
    /// With the setting it stands in, for mistakes that show only together with the thumbnails.
    template: Option<(Written, Template)>,
    cache_control: Option<String>,
    storage_class: Option<StorageClass>,
    acl: Option<Acl>,
    thumbnails: Option<Vec<(WrittenThumbnail, Process)>>,
    format: Option<Format>,
    quality: Option<Quality>,
    background: Option<Rgb>,
    heic: Option<Heic>,
}

impl Parts {
    /// Parses every part and keeps the mistakes.
    pub(super) fn parse(written: WrittenRule, findings: &mut Findings) -> Self {
        let suffixes = written.suffixes.map(|suffixes| {
            let parse = |suffix: &Written| findings.note(suffix.parse(values::suffix));
            suffixes.iter().filter_map(parse).collect()
        });
        let thumbnails = written.thumbnails.map(|thumbnails| parse_thumbnails(thumbnails, findings));
        Self {
            suffixes,
            thumbnails,
            source_bucket: parse(written.source_bucket.as_ref(), values::bucket, findings),
            prefix: parse(written.prefix.as_ref(), values::prefix, findings),
            target_bucket: parse(written.target_bucket.as_ref(), values::bucket, findings),
            template: parse(written.template.as_ref(), Template::parse, findings)
                .and_then(|template| written.template.map(|written| (written, template))),
            cache_control: parse(written.cache_control.as_ref(), values::cache_control, findings),
            storage_class: parse(written.storage_class.as_ref(), values::storage_class, findings),
            acl: parse(written.acl.as_ref(), values::acl, findings),
            format: parse(written.format.as_ref(), values::format, findings),
            quality: parse(written.quality.as_ref(), values::quality, findings),
            background: parse(written.background.as_ref(), values::background, findings),
            heic: parse(written.heic.as_ref(), values::heic, findings),
        }
    }

    /// These parts, with what they leave out taken from `defaults`.
    pub(super) fn or(self, defaults: &Self) -> Self {
        let defaults = defaults.clone();
        Self {
            source_bucket: self.source_bucket.or(defaults.source_bucket),
            prefix: self.prefix.or(defaults.prefix),
            suffixes: self.suffixes.or(defaults.suffixes),
            target_bucket: self.target_bucket.or(defaults.target_bucket),
            template: self.template.or(defaults.template),
            cache_control: self.cache_control.or(defaults.cache_control),
            storage_class: self.storage_class.or(defaults.storage_class),
            acl: self.acl.or(defaults.acl),
            thumbnails: self.thumbnails.or(defaults.thumbnails),
            format: self.format.or(defaults.format),
            quality: self.quality.or(defaults.quality),
            background: self.background.or(defaults.background),
            heic: self.heic.or(defaults.heic),
        }
    }

    /// The rule, with defaults for what is left out everywhere.
    pub(super) fn into_rule(self, label: String, findings: &mut Findings) -> Option<Rule> {
        let defaults = Defaults {
            format: self.format,
            quality: self.quality.unwrap_or_default(),
            background: self.background.unwrap_or(Rgb::WHITE),
        };
        let thumbnails = match self.thumbnails {
            Some(thumbnails) => named(thumbnails, &defaults, findings)?,
            None => vec![defaults.thumbnail()],
        };
        let template = match self.template {
            Some((written, template)) => {
                findings.note(check_apart(&label, &written, &template, &thumbnails))?;
                let suffixes = self.suffixes.as_deref().unwrap_or_default();
                findings.note(check_sources(&label, &written, &template, &thumbnails, suffixes))?;
                template
            }
            None if thumbnails.len() == 1 => Template::key(),
            None => Template::name_and_key(),
        };
        let rule = Rule {
            label,
            source: SourcePattern {
                bucket: self.source_bucket,
                prefix: self.prefix.unwrap_or_default(),
                suffixes: self.suffixes.unwrap_or_default(),
            },
            target_bucket: self.target_bucket,
            template,
            cache_control: self.cache_control,
            storage_class: self.storage_class,
            acl: self.acl,
            heic: self.heic.unwrap_or_default(),
            thumbnails,
        };
        findings.note(check_convention(&rule))?;
        Some(rule)
    }
}

fn parse<T, E: Display>(
    written: Option<&Written>,
    parser: fn(&str) -> Result<T, E>,
    findings: &mut Findings,
) -> Option<T> {
    written.and_then(|written| findings.note(written.parse(parser)))
}

fn parse_thumbnails(
    thumbnails: Vec<WrittenThumbnail>,
    findings: &mut Findings,
) -> Vec<(WrittenThumbnail, Process)> {
    let parse = |thumbnail: WrittenThumbnail| {
        let process = findings.note(thumbnail.process.parse(Process::parse));
        if let Some(name) = &thumbnail.name {
            let name = Written::new(thumbnail.process.setting.clone(), name.clone());
            findings.note(name.parse(values::thumbnail_name))?;
        }
        process.map(|process| (thumbnail, process))
    };
    thumbnails.into_iter().filter_map(parse).collect()
}

/// Gives every thumbnail its name and its recipe. `None` when there was a mistake.
fn named(
    thumbnails: Vec<(WrittenThumbnail, Process)>,
    defaults: &Defaults,
    findings: &mut Findings,
) -> Option<Vec<ThumbnailRule>> {
    let before = findings.len();
    let alone = thumbnails.len() == 1;
    let mut rules: Vec<ThumbnailRule> = Vec::new();
    for (WrittenThumbnail { name, process: written }, process) in thumbnails {
        let name = match name {
            Some(name) => name,
            None if values::thumbnail_name(&written.value).is_ok() => written.value.clone(),
            None if alone => LONE_NAME.to_owned(),
            None => {
                let word = written.value.split('/').next().unwrap_or_default();
                findings.push(written.refuse(format!("in a list it needs a name; write name={word}/…")));
                continue;
            }
        };
        if rules.iter().any(|rule| rule.name == name) {
            findings.push(written.refuse(format!("two thumbnails are named {name:?}; rename one")));
        }
        rules.push(ThumbnailRule { name, recipe: process.into_recipe(defaults) });
    }
    (findings.len() == before).then_some(rules)
}

/// Refuses a template that may put two thumbnails of one source on one key.
fn check_apart(
    label: &str,
    written: &Written,
    template: &Template,
    thumbnails: &[ThumbnailRule],
) -> Result<(), Mistake> {
    for (index, one) in thumbnails.iter().enumerate() {
        for other in thumbnails.iter().skip(index.saturating_add(1)) {
            if template.tells_apart(one.recipe.format, other.recipe.format) {
                continue;
            }
            let (one, other) = (&one.name, &other.name);
            let remedy = if template.has_name() {
                "separate {name} from what follows by a slash or dot"
            } else {
                "put {name} into it, as in {name}/{key}"
            };
            return Err(written.refuse(format!(
                "thumbnails {one:?} and {other:?} of {label} could share one key for a source; {remedy}"
            )));
        }
    }
    Ok(())
}

/// Refuses a template that may put thumbnails of two sources on one key, as `a.jpg` and `a.png` on `a.webp`.
fn check_sources(
    label: &str,
    written: &Written,
    template: &Template,
    thumbnails: &[ThumbnailRule],
    suffixes: &[String],
) -> Result<(), Mistake> {
    let one_extension = match suffixes {
        [suffix] => suffix
            .rsplit_once('.')
            .is_some_and(|(_, extension)| !extension.is_empty() && !extension.contains('/')),
        _ => false,
    };
    let mut formats = thumbnails.iter().map(|thumbnail| thumbnail.recipe.format);
    let Some(forgotten) = formats.find_map(|format| template.forgets(format, one_extension)) else {
        return Ok(());
    };
    let remedy = match forgotten {
        "extension" => "write {key}.{ext}, or take sources of one SOURCE_SUFFIX only",
        _ => "write {dir}{stem}, or {key}",
    };
    Err(written.refuse(format!(
        "sources of {label} that differ only in their {forgotten} could share one key for their thumbnails; {remedy}"
    )))
}

/// Refuses a source bucket whose conventional target no bucket can have as its name.
fn check_convention(rule: &Rule) -> Result<(), Mistake> {
    let Some(source) = &rule.source.bucket else { return Ok(()) };
    rule.target_bucket(source).map(drop).map_err(|_| {
        Written::new(format!("{}.source.bucket", rule.label), source.as_str())
            .refuse("its name with \"resized\" after it is too long for a bucket; give target.bucket as well")
    })
}
