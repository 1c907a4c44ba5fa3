//! Plan of one record: a pure function of the record and the configuration.
//!
//! It names the thumbnails of the source and their keys. Their treatment is decided later, by the visit, from
//! what the buckets hold.

use sha1::{Digest as _, Sha1};

use crate::config::{Config, Rule};
use crate::error::Error;
use crate::event::{EventKind, Record};
use crate::object;
use crate::object::{Bucket, Key};
use crate::recipe::{Recipe, RecipeHash};
use crate::reconcile::SourceName;
use crate::report::Skip;

/// Work that a record asks for.
#[derive(Debug)]
pub(crate) enum RecordPlan<'a> {
    /// None.
    Skip(Skip),
    /// Visit to this source.
    Visit(SourceJob<'a>),
}

/// Thumbnails of one source.
#[derive(Debug)]
pub(crate) struct SourceJob<'a> {
    /// Name of the source in the stamps of its thumbnails.
    pub source: SourceName,
    /// Its number for labels of AI-generated content: the first half of the SHA-1 of `<bucket>/<key>` in hexadecimal digits,
    /// which anybody can compute who knows the object.
    pub propagate_id: String,
    /// Rule that covers the source.
    pub rule: &'a Rule,
    /// Bucket of the thumbnails.
    pub bucket: Bucket,
    /// Thumbnails, in the order of the rule.
    pub targets: Vec<Target<'a>>,
    /// Manifest of the thumbnails, if the rule has one.
    pub manifest: Option<ManifestTarget>,
}

/// Manifest of a source.
#[derive(Debug)]
pub(crate) struct ManifestTarget {
    /// Key.
    pub key: Key,
    /// Hash of all that decides it but the source, for its stamp.
    pub hash: RecipeHash,
}

/// One thumbnail of a source.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    /// Key.
    pub key: Key,
    /// Name in the rule.
    pub name: &'a str,
    /// Recipe.
    pub recipe: &'a Recipe,
    /// Hash of the recipe in the stamp.
    pub hash: RecipeHash,
}

/// Plans the thumbnails of a record. Their treatment does not depend on it: a record may be late, or a
/// duplicate.
///
/// # Errors
/// When thumbnails of this source would trigger the function again, or would have an invalid bucket or key.
pub(crate) fn plan<'a>(record: &Record, config: &'a Config) -> Result<RecordPlan<'a>, Error> {
    if let Some(skip) = skip(record) {
        return Ok(RecordPlan::Skip(skip));
    }
    let Some(rule) = config.rule_for(&record.bucket, &record.key) else {
        return Ok(RecordPlan::Skip(Skip::NoRule));
    };
    if let Some(found) = config.loop_in(&record.bucket) {
        return Err(Error::Loop(found.to_string()));
    }
    let bucket = rule.target_bucket_of(&record.bucket, &record.key)?;
    let recipes: Vec<&Recipe> = rule.thumbnails().iter().map(|thumbnail| &thumbnail.recipe).collect();
    let targets = rule.thumbnails().iter().map(|thumbnail| {
        let key = rule.target_key(&record.key, thumbnail)?;
        let recipe = &thumbnail.recipe;
        Ok(Target { key, name: &thumbnail.name, recipe, hash: recipe.hash_among(&recipes) })
    });
    let targets = targets.collect::<Result<Vec<Target<'_>>, object::Error>>()?;
    let source = SourceName::new(&record.bucket, &record.key);
    let manifest = rule.manifest_key(&record.key)?.map(|key| {
        let thumbnails = targets.iter().map(|target| (target.key.as_str(), &target.hash));
        ManifestTarget { key, hash: RecipeHash::of_manifest(thumbnails) }
    });
    let digest = Sha1::digest(format!("{}/{}", record.bucket, record.key.as_str()));
    let propagate_id = hex::encode(digest.get(..16).unwrap_or_default());
    Ok(RecordPlan::Visit(SourceJob { source, propagate_id, rule, bucket, targets, manifest }))
}

fn skip(record: &Record) -> Option<Skip> {
    match record.kind {
        EventKind::Created | EventKind::Removed | EventKind::Restored => {
            record.key.is_folder_marker().then_some(Skip::FolderMarker)
        }
        EventKind::Other => Some(Skip::Event),
        EventKind::RestoreStarted => Some(Skip::RestoreStarted),
    }
}
