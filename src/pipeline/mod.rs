//! The one place where network and pixels meet: a visit is carried out, its source fetched and rendered, its thumbnails
//! stored or taken away.
//!
//! The source streams into the decoder, which runs on a thread of its own, through a bounded channel: decoding
//! starts with the first bytes, and a slow side holds the other back instead of filling memory.

mod body;
mod decoder_thread;
mod heic;
mod memory;
mod reading;
mod rendering;
mod visit_runner;
mod writing;

pub use self::decoder_thread::DecoderThreads;
pub use self::memory::MemoryPool;
use crate::cos::Session;
use crate::imaging::Limits;
use crate::reconcile::OnForeign;

/// What the thumbnails of one invocation are made with.
#[derive(Debug)]
pub struct Pipeline<'a> {
    /// Requests to COS.
    pub session: &'a Session,
    /// The thread of the decoder.
    pub decoders: &'a DecoderThreads,
    /// What pictures may take; of the memory, each only what it holds of `memory`.
    pub limits: Limits,
    /// What the records of the invocation have together.
    pub memory: &'a MemoryPool,
    /// What becomes of objects of others under the keys of thumbnails.
    pub on_foreign: OnForeign,
}
