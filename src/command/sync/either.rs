//! The parts of a run that the options choose among.

use std::path::PathBuf;

use cos_thumbnailer::object::Bucket;
use cos_thumbnailer::sync::{
    Answer, Batch, Checkpoint, CheckpointError, CheckpointFile, CheckpointObject, Checkpoints, CosStore,
    DeployedFunction, Inventory, InventoryError, Invoker, Job, Listing, LocalFunction, QueuedFunction,
    SourcePage, Sources, StoreError,
};

use super::options::Place;

/// The function.
pub(super) enum AnyInvoker<'a> {
    Deployed(DeployedFunction<'a>),
    Local(LocalFunction<'a>),
    Queued(QueuedFunction<'a, DeployedFunction<'a>, CosStore>),
}

impl Invoker for AnyInvoker<'_> {
    async fn invoke(&self, batch: &Batch) -> Answer {
        match self {
            Self::Deployed(function) => function.invoke(batch).await,
            Self::Local(function) => function.invoke(batch).await,
            Self::Queued(function) => function.invoke(batch).await,
        }
    }
}

/// The place of the checkpoint.
pub(super) enum AnyCheckpoints {
    File(CheckpointFile),
    Object(Box<CheckpointObject>),
}

impl Checkpoints for AnyCheckpoints {
    async fn save(&self, checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
        match self {
            Self::File(file) => file.save(checkpoint).await,
            Self::Object(object) => object.save(checkpoint).await,
        }
    }
}

impl AnyCheckpoints {
    /// Lets another driver have the checkpoint.
    pub(super) async fn release(self) {
        if let Self::Object(object) = self {
            object.release().await;
        }
    }
}

/// The sources.
pub(super) enum AnySources<'a> {
    Inventory(Box<Inventory<'a>>),
    Listing(Listing<'a, CosStore>),
}

impl AnySources<'_> {
    /// Number of sources, if it is known without counting.
    pub(super) fn total(&self) -> Option<u64> {
        match self {
            Self::Inventory(inventory) => inventory.total(),
            Self::Listing(_) => None,
        }
    }
}

impl Sources for AnySources<'_> {
    async fn next_page(&mut self) -> Result<Option<SourcePage>, StoreError> {
        match self {
            Self::Inventory(inventory) => inventory.next_page().await,
            Self::Listing(listing) => listing.next_page().await,
        }
    }
}

/// Opens the checkpoint of a job.
pub(super) async fn open(
    place: &Place,
    store: &CosStore,
    job: &str,
) -> Result<(AnyCheckpoints, Checkpoint), CheckpointError> {
    match place {
        Place::File(path) => {
            let (file, checkpoint) = CheckpointFile::open(path, job)?;
            Ok((AnyCheckpoints::File(file), checkpoint))
        }
        Place::Object(bucket, key) => {
            let (object, checkpoint) =
                CheckpointObject::open(store.clone(), bucket, key.clone(), job).await?;
            Ok((AnyCheckpoints::Object(Box::new(object)), checkpoint))
        }
    }
}

/// The checkpoint of a source, in this folder.
pub(super) fn default_place(source: &Bucket) -> Place {
    Place::File(PathBuf::from(format!("{source}.sync.json")))
}

/// Name of a place, as the options take it.
pub(super) fn name(place: &Place) -> String {
    match place {
        Place::File(path) => path.display().to_string(),
        Place::Object(bucket, key) => format!("cos://{bucket}/{key}"),
    }
}

/// The sources of an inventory report.
pub(super) async fn inventory<'a>(
    place: &Place,
    job: &'a Job,
    store: &'a CosStore,
    after: &str,
) -> Result<AnySources<'a>, InventoryError> {
    let inventory = match place {
        Place::File(path) if path.is_dir() => {
            Inventory::of_file(job, store, &path.join("manifest.json"), after).await?
        }
        Place::File(path) => Inventory::of_file(job, store, path, after).await?,
        Place::Object(bucket, key) => Inventory::of_object(job, store, bucket, key.clone(), after).await?,
    };
    Ok(AnySources::Inventory(Box::new(inventory)))
}
