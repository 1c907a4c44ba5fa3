//! Sync: brings the thumbnails of objects that exist already up to date, through the deployed function.
//!
//! The driver lists the sources (or reads an inventory), finds out which of them need a visit, and sends their records to
//! the function in batches. The function decides what to do, exactly as for an event of a trigger, so twice is once and
//! nothing that is right can go wrong. A function never sends anything itself.
//!
//! ```text
//! sources (listing or inventory, by key) → survey (listing of the targets, HEAD where needed) → tasks
//!   → batches → invoker (SCF, or this machine) → outcomes → report, checkpoint
//! ```
//!
//! Everything is a stream with a bounded window, so memory does not depend on the number of objects. The parts that touch
//! the world are traits: [`Store`] is COS, [`Invoker`] the function, [`Checkpoints`] the place of the checkpoint. Tests drive
//! the same code with models of them, in virtual time.

mod job;
mod money;
mod outcome;
mod plan;
mod record;
mod selection;
mod send;
mod source;
mod store;
mod survey;
mod task;

pub use self::job::{Job, JobError};
pub use self::money::{FunctionSize, PriceError, Prices, Usage};
pub use self::outcome::{RecordKind, RecordOutcome, StoredThumbnail};
pub use self::plan::{Estimate, Plan, Planner, SampleFaults};
pub use self::record::checkpoint::{Checkpoint, CheckpointError, Checkpoints, Phase};
pub use self::record::file::CheckpointFile;
pub use self::record::object::CheckpointObject;
pub use self::record::progress::{Progress, Snapshot};
pub use self::record::report::Report;
pub use self::record::tally::Tally;
pub use self::selection::{Selection, SelectionError, TimeLimit};
pub use self::send::batch::{Batch, Mark};
pub use self::send::deployed::DeployedFunction;
pub use self::send::driver::{Driver, End, Orphans};
pub use self::send::invoker::{Answer, Failure, Invoker};
pub use self::send::limits::Limits;
pub use self::send::local::LocalFunction;
pub use self::send::queue::{Queue, QueuedFunction};
pub use self::source::Source;
pub use self::store::{CosStore, Store, StoreError};
pub use self::survey::inventory::{Inventory, InventoryError};
pub use self::survey::orphans::OrphanSurvey;
pub use self::survey::sources::{Listing, SourcePage, Sources, count_sources};
pub use self::survey::{Survey, Surveyed, Verify};
pub use self::task::{Need, Task};
