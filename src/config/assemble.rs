//! A rule whose values are valid each by itself, and how it becomes a [`Rule`].
//!
//! A value that the file leaves out comes from the environment, then from the defaults. Whether the values fit each
//! other can be checked only when all are known.

use std::fmt::Display;

use crate::object::Bucket;
use crate::object::{Acl, StorageClass};
use crate::recipe::{AiLabels, Format, Propagator, Quality, Rgb};

use super::collisions::{self, Collision, Example};
use super::manifest::ManifestTemplate;
use super::mistake::{Findings, Mistake, Written};
use super::prefix::KeyPrefix;
use super::rule::{Collisions, Heic, KeptLabels, Rule, SourcePattern, ThumbnailRule};
use super::source::watermark_files::WatermarkFiles;
use super::source::written::{WrittenRule, WrittenThumbnail};
use super::syntax::thumbnail::{Defaults, Process};
use super::syntax::values;
use super::target::TargetBucket;
use super::template::Template;

/// The name of the only thumbnail of a rule where it has no name, and its text cannot be one.
const LONE_NAME: &str = "thumbnail";

/// A rule whose values are valid each by itself. Missing ones come from [`PartialRule::or`], then from the defaults.
#[derive(Clone, Debug)]
pub(super) struct PartialRule {
    source_bucket: Option<Bucket>,
    prefix: Option<KeyPrefix>,
    suffixes: Option<Vec<String>>,
    /// With its setting, for mistakes that show only together with the prefix.
    target_bucket: Option<(Written, TargetBucket)>,
    /// As written: its placeholders depend on the prefix.
    template: Option<Written>,
    collisions: Option<Collisions>,
    cache_control: Option<String>,
    storage_class: Option<StorageClass>,
    acl: Option<Acl>,
    thumbnails: Option<Vec<(WrittenThumbnail, Process)>>,
    format: Option<Format>,
    quality: Option<Quality>,
    background: Option<Rgb>,
    heic: Option<Heic>,
    /// As written, like the template.
    manifest: Option<Written>,
    aigc_label: Option<KeptLabels>,
    aigc_propagator: Option<Propagator>,
}

impl PartialRule {
    /// Parses every value and keeps the mistakes.
    pub(super) fn parse(written: WrittenRule, files: &WatermarkFiles, findings: &mut Findings) -> Self {
        let suffixes = written.suffixes.map(|suffixes| {
            let parse = |suffix: &Written| findings.note(suffix.parse(values::suffix));
            suffixes.iter().filter_map(parse).collect()
        });
        let thumbnails = written.thumbnails.map(|thumbnails| parse_thumbnails(thumbnails, files, findings));
        Self {
            suffixes,
            thumbnails,
            source_bucket: parse(written.source_bucket.as_ref(), values::bucket, findings),
            prefix: parse(written.prefix.as_ref(), values::prefix, findings),
            target_bucket: parse(written.target_bucket.as_ref(), values::target_bucket, findings)
                .and_then(|bucket| written.target_bucket.map(|written| (written, bucket))),
            template: parse(written.template.as_ref(), Template::check, findings).and(written.template),
            collisions: parse(written.collisions.as_ref(), values::collisions, findings),
            cache_control: parse(written.cache_control.as_ref(), values::cache_control, findings),
            storage_class: parse(written.storage_class.as_ref(), values::storage_class, findings),
            acl: parse(written.acl.as_ref(), values::acl, findings),
            format: parse(written.format.as_ref(), values::format, findings),
            quality: parse(written.quality.as_ref(), values::quality, findings),
            background: parse(written.background.as_ref(), values::background, findings),
            heic: parse(written.heic.as_ref(), values::heic, findings),
            manifest: parse(written.manifest.as_ref(), ManifestTemplate::check, findings)
                .and(written.manifest),
            aigc_label: parse(written.aigc_label.as_ref(), values::aigc_label, findings),
            aigc_propagator: parse(written.aigc_propagator.as_ref(), values::aigc_propagator, findings),
        }
    }

    /// This rule, with missing values taken from `defaults`.
    pub(super) fn or(self, defaults: &Self) -> Self {
        let defaults = defaults.clone();
        Self {
            source_bucket: self.source_bucket.or(defaults.source_bucket),
            prefix: self.prefix.or(defaults.prefix),
            suffixes: self.suffixes.or(defaults.suffixes),
            target_bucket: self.target_bucket.or(defaults.target_bucket),
            template: self.template.or(defaults.template),
            collisions: self.collisions.or(defaults.collisions),
            cache_control: self.cache_control.or(defaults.cache_control),
            storage_class: self.storage_class.or(defaults.storage_class),
            acl: self.acl.or(defaults.acl),
            thumbnails: self.thumbnails.or(defaults.thumbnails),
            format: self.format.or(defaults.format),
            quality: self.quality.or(defaults.quality),
            background: self.background.or(defaults.background),
            heic: self.heic.or(defaults.heic),
            manifest: self.manifest.or(defaults.manifest),
            aigc_label: self.aigc_label.or(defaults.aigc_label),
            aigc_propagator: self.aigc_propagator.or(defaults.aigc_propagator),
        }
    }

    /// The rule, with defaults for values that are missing everywhere.
    pub(super) fn into_rule(self, label: String, findings: &mut Findings) -> Option<Rule> {
        let defaults = Defaults {
            format: self.format,
            quality: self.quality.unwrap_or_default(),
            background: self.background.unwrap_or(Rgb::WHITE),
            ai_labels: ai_labels(self.aigc_label.unwrap_or_default(), self.aigc_propagator),
        };
        let thumbnails = match self.thumbnails {
            Some(thumbnails) => named(thumbnails, &defaults, findings)?,
            None => vec![defaults.thumbnail()],
        };
        let thumbnails = with_placeholders(thumbnails, self.manifest.is_some());
        let source = SourcePattern {
            bucket: self.source_bucket,
            prefix: self.prefix.unwrap_or_default(),
            suffixes: self.suffixes.unwrap_or_default(),
        };
        let collisions = self.collisions.unwrap_or_default();
        let template = match self.template {
            Some(written) => {
                let template = written.parse(|text| Template::parse_for(text, &source.prefix));
                let template = findings.note(template)?;
                if let Some(collision) = collisions::find(&template, &thumbnails, &source, collisions) {
                    findings.push(written.refuse(sentence(&label, &template, &collision)));
                    return None;
                }
                template
            }
            None if thumbnails.len() == 1 => Template::key(),
            None => Template::name_and_key(),
        };
        let target_bucket = match self.target_bucket {
            Some((written, bucket)) => {
                Some(findings.note(check_segment(&written, bucket, &source.prefix))?)
            }
            None => None,
        };
        let manifest = match self.manifest {
            Some(written) => {
                let manifest = written.parse(|text| ManifestTemplate::parse_for(text, &source.prefix));
                let manifest = findings.note(manifest)?;
                if let Some(collision) =
                    collisions::find_of_manifest(&manifest, &template, &thumbnails, &source, collisions)
                {
                    findings.push(written.refuse(manifest_sentence(&label, &collision)));
                    return None;
                }
                Some(manifest)
            }
            None => None,
        };
        let rule = Rule {
            label,
            source,
            target_bucket,
            template,
            collisions,
            cache_control: self.cache_control,
            storage_class: self.storage_class,
            acl: self.acl,
            heic: self.heic.unwrap_or_default(),
            manifest,
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
    files: &WatermarkFiles,
    findings: &mut Findings,
) -> Vec<(WrittenThumbnail, Process)> {
    let parse = |thumbnail: WrittenThumbnail| {
        let process = Process::read(&thumbnail, files, findings);
        if let Some(name) = &thumbnail.name {
            let name = Written::new(thumbnail.text.setting.clone(), name.clone());
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
    for (WrittenThumbnail { name, text: written, .. }, process) in thumbnails {
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

/// The thumbnails, with the facts that a manifest needs of them.
fn with_placeholders(mut thumbnails: Vec<ThumbnailRule>, has_manifest: bool) -> Vec<ThumbnailRule> {
    for thumbnail in &mut thumbnails {
        thumbnail.recipe.placeholder = has_manifest;
    }
    thumbnails
}

/// The rule that a template of manifests breaks whose keys collide, and the remedy.
fn manifest_sentence(label: &str, collision: &Collision) -> String {
    match collision {
        Collision::Forgotten(part) => format!(
            "sources of {label} that differ only in their {part} could share one manifest; write {{key}}.json"
        ),
        Collision::Nameless(..) | Collision::Shared(_) => format!(
            "two manifests, or a manifest and a thumbnail, of {label} could share one key; write {{key}}.json, or a folder \
             of their own, as in manifests/{{key}}.json"
        ),
    }
}

/// The rule that a template breaks whose target keys collide, and the remedy.
fn sentence(label: &str, template: &Template, collision: &Collision) -> String {
    let remedy = match collision {
        Collision::Forgotten("extension") => {
            "write {key}.{ext}, put {hash} into it, take sources of one SOURCE_SUFFIX only, or set COLLISIONS=first, \
             by which the first source has the key"
        }
        Collision::Forgotten(_) => {
            "write {dir}{stem}, or {key}, put {hash} into it, or set COLLISIONS=first, by which the first source has the \
             key"
        }
        Collision::Nameless(..) => "put {name} into it, as in {name}/{key}",
        Collision::Shared(_) if template.has_name() => "separate {name} by a slash, as in {name}/{key}",
        Collision::Shared(_) => "write {dir}{stem}.{ext}, or {key}, or put {hash} into it",
    };
    let fact = match collision {
        Collision::Forgotten(part) => format!(
            "sources of {label} that differ only in their {part} could share one key for their thumbnails"
        ),
        Collision::Nameless(one, other) => {
            format!("thumbnails {one:?} and {other:?} of {label} could share one key for a source")
        }
        Collision::Shared(None) => format!("two thumbnails of {label} could share one key"),
        Collision::Shared(Some(Example { one, other, target })) => {
            let ((one, first), (other, second)) = (one, other);
            format!(
                "in {label} thumbnail {one:?} of {first} and thumbnail {other:?} of {second} would share the key {target}"
            )
        }
    };
    format!("{fact}; {remedy}")
}

/// Refuses a target bucket that names another segment than the source prefix.
fn check_segment(
    written: &Written,
    bucket: TargetBucket,
    prefix: &KeyPrefix,
) -> Result<TargetBucket, Mistake> {
    match bucket.segment_name() {
        Some(name) if prefix.segment_name() != Some(name) => Err(written.refuse(format!(
            "the source prefix has no folder {{{name}}}, as in {{{name}}}/uploads/; write it there, or leave it out here"
        ))),
        _ => Ok(bucket),
    }
}

/// The treatment of labels. Where they are dropped, a propagator has none to be named in.
fn ai_labels(kept: KeptLabels, propagator: Option<Propagator>) -> AiLabels {
    match kept {
        KeptLabels::All => AiLabels::Keep { propagator },
        KeptLabels::None => AiLabels::Drop,
    }
}

/// Refuses a source bucket whose conventional target bucket has no possible name.
fn check_convention(rule: &Rule) -> Result<(), Mistake> {
    let Some(source) = &rule.source.bucket else { return Ok(()) };
    rule.target_bucket(source).map(drop).map_err(|_| {
        Written::new(format!("{}.source.bucket", rule.label), source.as_str())
            .refuse("its name with \"resized\" after it is too long for a bucket; give target.bucket as well")
    })
}
