//! Pipeline of a visit: sends its requests, renders the source, and uploads or removes thumbnails.
//!
//! This is the only module that knows both network and pixels. It decides nothing about thumbnails:
//! `reconcile` names each next step.
//!
//! The source streams through a bounded buffer to the decoder thread. The only record of a message is decoded
//! from its first bytes on. Of several, each fills its buffer while it waits for its turn: the thread then works
//! instead of waiting for the network. Back-pressure keeps memory bounded.
//!
//! Thumbnails in AVIF, which takes long, are encoded after all others are stored, if there is time.

mod body;
mod decoder_thread;
mod heic;
mod manifest;
mod manifest_document;
mod memory;
mod reading;
mod recent;
mod rendering;
mod slow_formats;
mod stored_facts;
mod time;
mod visit_runner;
mod writing;

pub(crate) use self::decoder_thread::DecoderThread;
pub(crate) use self::memory::MemoryPool;
pub(crate) use self::recent::RecentRecords;
pub(crate) use self::time::InvocationTime;
use crate::cos::Session;
use crate::imaging::Limits;
use crate::reconcile::OnForeign;

/// Resources that the records of one invocation share.
#[derive(Debug)]
pub(crate) struct Pipeline<'a> {
    /// Session for requests to COS.
    pub session: &'a Session,
    /// Decoder thread.
    pub decoder: &'a DecoderThread,
    /// Limits of one image, but for its memory, which `memory` gives.
    pub limits: Limits,
    /// Memory for the bodies and pixels of all records.
    pub memory: &'a MemoryPool,
    /// Records that ended well in this process.
    pub recent: &'a RecentRecords,
    /// Time for slow encoders.
    pub time: &'a InvocationTime,
    /// Treatment of foreign objects under the keys of thumbnails.
    pub on_foreign: OnForeign,
}
