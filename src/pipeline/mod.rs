//! Pipeline of a visit: sends its requests, renders the source, and uploads or removes thumbnails.
//!
//! This is the only module that knows both network and pixels. It decides nothing about thumbnails:
//! `reconcile` names each next step.
//!
//! The source streams through a bounded channel to a decoder thread. Decoding starts with the first bytes,
//! and back-pressure keeps memory bounded.

mod body;
mod decoder_thread;
mod heic;
mod memory;
mod reading;
mod rendering;
mod visit_runner;
mod writing;

pub(crate) use self::decoder_thread::DecoderThreads;
pub(crate) use self::memory::MemoryPool;
use crate::cos::Session;
use crate::imaging::Limits;
use crate::reconcile::OnForeign;

/// Resources that the records of one invocation share.
#[derive(Debug)]
pub(crate) struct Pipeline<'a> {
    /// Session for requests to COS.
    pub session: &'a Session,
    /// Decoder threads.
    pub decoders: &'a DecoderThreads,
    /// Limits of one image. Its memory is further limited by its reservation from `memory`.
    pub limits: Limits,
    /// Memory for the pixels of all records.
    pub memory: &'a MemoryPool,
    /// Treatment of foreign objects under the keys of thumbnails.
    pub on_foreign: OnForeign,
}
