//! What one record asks for: a pure function of the record and the configuration.

mod stamp;

pub use stamp::{is_stamped, stamp};

use crate::config::{Config, Rule};
use crate::error::Error;
use crate::event::{Kind, Record};
use crate::object::{self, Bucket, Key};
use crate::recipe::Recipe;
use crate::report::Skip;

/// What to do about a record.
#[derive(Debug)]
pub enum Plan<'a> {
    /// Make these thumbnails.
    Make(Job<'a>),
    /// Nothing.
    Skip(Skip),
}

/// The thumbnails of one source.
#[derive(Debug)]
pub struct Job<'a> {
    /// The rule that covers the source.
    pub rule: &'a Rule,
    /// The bucket thumbnails go to.
    pub bucket: Bucket,
    /// The thumbnails, in the order of the rule.
    pub targets: Vec<Target<'a>>,
}

/// One thumbnail to make.
#[derive(Debug)]
pub struct Target<'a> {
    /// Its key.
    pub key: Key,
    /// How it is made.
    pub recipe: &'a Recipe,
}

/// Decides what a record asks for.
///
/// # Errors
/// When thumbnails of this source would start the function again, or have no key they could be stored under.
pub fn plan<'a>(record: &Record, config: &'a Config) -> Result<Plan<'a>, Error> {
    if let Some(skip) = skip(record) {
        return Ok(Plan::Skip(skip));
    }
    let Some(rule) = config.rule_for(&record.bucket, &record.key) else {
        return Ok(Plan::Skip(Skip::NoRule));
    };
    if let Some(found) = config.loop_in(&record.bucket) {
        return Err(Error::Loop(found.to_string()));
    }
    let bucket = rule.target_bucket(&record.bucket)?;
    let targets = rule.thumbnails().iter().map(|thumbnail| {
        let key = rule.target_key(&record.key, thumbnail)?;
        Ok(Target { key, recipe: &thumbnail.recipe })
    });
    let targets = targets.collect::<Result<_, object::Error>>()?;
    Ok(Plan::Make(Job { rule, bucket, targets }))
}

fn skip(record: &Record) -> Option<Skip> {
    match record.kind {
        Kind::Created | Kind::Restored if record.key.is_folder_marker() => Some(Skip::FolderMarker),
        Kind::Created | Kind::Restored if is_stamped(&record.meta) => Some(Skip::OwnThumbnail),
        Kind::Created if record.size == Some(0) => Some(Skip::Empty),
        Kind::Created | Kind::Restored => None,
        Kind::Other => Some(Skip::Event),
        Kind::Removed => Some(Skip::Removed),
        Kind::RestoreStarted => Some(Skip::RestoreStarted),
    }
}
