//! What one record asks for: a pure function of the record and the configuration.

use crate::config::{Config, Rule};
use crate::error::Error;
use crate::event::{EventKind, Record};
use crate::object;
use crate::object::{Bucket, Key};
use crate::recipe::{Recipe, RecipeHash};
use crate::reconcile::SourceName;
use crate::report::Skip;

/// What to do about a record.
#[derive(Debug)]
pub enum RecordPlan<'a> {
    /// Nothing.
    Skip(Skip),
    /// See to these thumbnails.
    Visit(SourceJob<'a>),
}

/// The thumbnails of one source.
#[derive(Debug)]
pub struct SourceJob<'a> {
    /// The source as the stamps of its thumbnails name it.
    pub source: SourceName,
    /// The rule that covers the source.
    pub rule: &'a Rule,
    /// The bucket thumbnails go to.
    pub bucket: Bucket,
    /// The thumbnails, in the order of the rule.
    pub targets: Vec<Target<'a>>,
}

/// One thumbnail of a source.
#[derive(Debug)]
pub struct Target<'a> {
    /// Its key.
    pub key: Key,
    /// How it is made.
    pub recipe: &'a Recipe,
    /// What its stamp calls that.
    pub hash: RecipeHash,
}

/// Decides which thumbnails a record is about. What is to become of them is not the record's to say: it may be late, or
/// come twice.
///
/// # Errors
/// When thumbnails of this source would start the function again, or have no key they could be stored under.
pub fn plan<'a>(record: &Record, config: &'a Config) -> Result<RecordPlan<'a>, Error> {
    if let Some(skip) = skip(record) {
        return Ok(RecordPlan::Skip(skip));
    }
    let Some(rule) = config.rule_for(&record.bucket, &record.key) else {
        return Ok(RecordPlan::Skip(Skip::NoRule));
    };
    if let Some(found) = config.loop_in(&record.bucket) {
        return Err(Error::Loop(found.to_string()));
    }
    let bucket = rule.target_bucket(&record.bucket)?;
    let recipes: Vec<&Recipe> = rule.thumbnails().iter().map(|thumbnail| &thumbnail.recipe).collect();
    let targets = rule.thumbnails().iter().map(|thumbnail| {
        let key = rule.target_key(&record.key, thumbnail)?;
        let recipe = &thumbnail.recipe;
        Ok(Target { key, recipe, hash: recipe.hash_among(&recipes) })
    });
    let targets = targets.collect::<Result<_, object::Error>>()?;
    let source = SourceName::new(&record.bucket, &record.key);
    Ok(RecordPlan::Visit(SourceJob { source, rule, bucket, targets }))
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
